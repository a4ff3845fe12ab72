"""The data that a network was trained on, as a recording keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from engine.errors import RecordingError
from engine.recording.description import DataDescription, as_json
from engine.recording.directory import DATA, RUN
from engine.recording.files import sha256
from engine.recording.tensors import read_tensors

if TYPE_CHECKING:
    from engine.datasets.dataset import Dataset
    from engine.experiment import Experiment

# Larger data are not copied into the run directory when its experiment can make them again.
STORE_UP_TO = 64 << 20


@dataclass(frozen=True, eq=False)
class RecordedData:
    """What a network was trained on.

    Attributes
    ----------
    name : str
    task : {"classification", "regression"}
    x : ndarray, shape (N, *input_shape), read-only
    y : ndarray, shape (N,) of labels, or (N, k) of targets, read-only
    x_validation, y_validation : ndarray or None
    feature_names : tuple of str
        One for each number of an example; empty where they have no names.
    class_names : tuple of str
        In the order of the labels; empty for regression and where the classes have no names.
    target_names : tuple of str
    image_shape : tuple of int or None
    parameters : dict
        What the data set was made with.
    """

    name: str
    task: str
    x: NDArray[Any]
    y: NDArray[Any]
    x_validation: NDArray[Any] | None
    y_validation: NDArray[Any] | None
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    target_names: tuple[str, ...]
    image_shape: tuple[int, ...] | None
    parameters: dict[str, Any]


def describe_data(arrays: Mapping[str, NDArray[Any]], dataset: Dataset | None, again: bool) -> DataDescription:
    """Describe data that are about to be recorded.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    dataset : Dataset, optional
        What they come from.
    again : bool
        Whether an experiment can make them again.
    """
    described = {
        name: {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": sha256(array)}
        for name, array in arrays.items()
    }
    stored = not again or sum(array.nbytes for array in arrays.values()) <= STORE_UP_TO
    if dataset is None:
        y = arrays["y"]
        task = "classification" if y.dtype.kind in "iub" else "regression"
        classes = [str(label) for label in range(int(y.max()) + 1)] if task == "classification" and y.size else []
        return DataDescription("data", task, described, stored, class_names=classes)
    return DataDescription(
        name=dataset.name,
        task=dataset.task,
        arrays=described,
        stored=stored,
        sha256=dataset.digest,
        parameters=as_json("the data set's parameters", dataset.parameters),
        feature_names=list(dataset.feature_names),
        class_names=list(dataset.class_names),
        target_names=list(dataset.target_names),
        image_shape=None if dataset.image_shape is None else list(dataset.image_shape),
    )


def read_data(path: Path, known: DataDescription, experiment: Experiment | None) -> RecordedData:
    """Read the data of a run directory, or make them again where they were too large to keep.

    Raises
    ------
    RecordingError
        When they are not, to the bit, those that the network was trained on.
    """
    if known.stored:
        where, arrays = str(path / DATA), read_tensors(path / DATA).tensors
    elif experiment is not None:
        where, arrays = f"{path}: the data set that its experiment makes", _make(experiment)
    else:
        raise RecordingError(f"{path / RUN} speaks of neither a copy of the data nor an experiment that makes them")
    for name, described in known.arrays.items():
        array = arrays.get(name)
        if array is None or described != {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "sha256": sha256(array),
        }:
            raise RecordingError(f"{where} has another {name} than the network was trained on")
    return RecordedData(
        name=known.name,
        task=known.task,
        x=arrays["x"],
        y=arrays["y"],
        x_validation=arrays.get("x_validation"),
        y_validation=arrays.get("y_validation"),
        feature_names=tuple(known.feature_names),
        class_names=tuple(known.class_names),
        target_names=tuple(known.target_names),
        image_shape=None if known.image_shape is None else tuple(known.image_shape),
        parameters=known.parameters,
    )


def _make(experiment: Experiment) -> dict[str, NDArray[Any]]:
    train, validation = experiment.dataset_split()
    arrays = {"x": train.x, "y": train.y}
    if validation is not None:
        arrays |= {"x_validation": validation.x, "y_validation": validation.y}
    return arrays
