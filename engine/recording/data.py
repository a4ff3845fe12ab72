"""The data that a network was trained on, as a recording keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from engine.datasets.dataset import as_arrays
from engine.errors import RecordingError
from engine.recording.description import DataDescription, as_json
from engine.recording.directory import DATA, RUN
from engine.recording.files import sha256_of_each
from engine.recording.tensors import read_tensors

if TYPE_CHECKING:
    from engine.datasets.dataset import Dataset
    from engine.experiment import Experiment

# Larger data are not copied into the run directory when its experiment can make them again.
STORE_UP_TO = 64 << 20

ARRAYS = tuple(f"{name}{part}" for name in ("x", "y", "labels") for part in ("", "_validation", "_test"))


@dataclass(frozen=True, eq=False)
class RecordedData:
    """What a network was trained on.

    Attributes
    ----------
    name : str
    task : {"classification", "regression"}
    x : ndarray, shape (N, *input_shape), read-only
    y : ndarray, shape (N,) of labels, or (N, k) of targets, read-only
    x_validation, y_validation, x_test, y_test : ndarray or None
    labels, labels_validation, labels_test : ndarray or None
        Classes of the examples that are not the target, as for an autoencoder.
    label_names : tuple of str
        What those classes are called.
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
    x_test: NDArray[Any] | None = None
    y_test: NDArray[Any] | None = None
    labels: NDArray[Any] | None = None
    labels_validation: NDArray[Any] | None = None
    labels_test: NDArray[Any] | None = None
    label_names: tuple[str, ...] = ()

    @property
    def holds_out(self) -> bool:
        """Whether there are examples that were held out from training."""
        return self.x_validation is not None and self.y_validation is not None and len(self.x_validation) > 0

    @property
    def unseen(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The examples and targets that were held out from training, or those of the training where none were."""
        if self.x_validation is not None and self.y_validation is not None and len(self.x_validation) > 0:
            return self.x_validation, self.y_validation
        return self.x, self.y

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays that there are, by name."""
        found = {name: getattr(self, name) for name in ARRAYS}
        return {name: array for name, array in found.items() if array is not None}


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """What a recording notes of the data set that its data come from, without holding on to it."""
    return {
        "name": dataset.name,
        "task": dataset.task,
        "parameters": as_json("the data set's parameters", dataset.parameters),
        "feature_names": list(dataset.feature_names),
        "class_names": list(dataset.class_names),
        "target_names": list(dataset.target_names),
        "label_names": list(dataset.label_names),
        "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
    }


def describe_data(
    arrays: Mapping[str, NDArray[Any]], dataset: Mapping[str, Any] | None, again: bool, sequences: bool = False
) -> DataDescription:
    """Describe data that are about to be recorded.

    Parameters
    ----------
    arrays : mapping of str to ndarray
    dataset : mapping, optional
        What they come from, as `describe_dataset` says it.
    again : bool
        Whether an experiment can make them again.
    sequences : bool
        Whether bare arrays (N, a, b) are sequences of b numbers, and not grey images.
    """
    digests = sha256_of_each(arrays)
    described = {
        name: {"dtype": array.dtype.name, "shape": list(array.shape), "sha256": digests[name]}
        for name, array in arrays.items()
    }
    stored = not again or sum(array.nbytes for array in arrays.values()) <= STORE_UP_TO
    if dataset is None:
        y = arrays["y"]
        task = "classification" if y.dtype.kind in "iub" else "regression"
        classes = [str(label) for label in range(int(y.max()) + 1)] if task == "classification" and y.size else []
        shape = image_shape(arrays["x"].shape[1:], sequences)
        return DataDescription("data", task, described, stored, class_names=classes, image_shape=shape)
    return DataDescription(arrays=described, stored=stored, **dataset)


def image_shape(shape: tuple[int, ...], sequences: bool) -> list[int] | None:
    """The shape of an example as an image, if it is one: (H, W), (H, W, 1) or (H, W, 3)."""
    if (len(shape) == 2 and not sequences) or (len(shape) == 3 and shape[2] in (1, 3)):
        return list(shape)
    return None


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
        where, arrays = f"{path}: the data set that its experiment makes", as_arrays(*experiment.dataset_parts())
    else:
        raise RecordingError(f"{path / RUN} speaks of neither a copy of the data nor an experiment that makes them")
    digests = sha256_of_each({name: arrays[name] for name in known.arrays if name in arrays})
    for name, described in known.arrays.items():
        array = arrays.get(name)
        if array is None or described != {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "sha256": digests[name],
        }:
            raise RecordingError(f"{where} has another {name} than the network was trained on")
    for name, classes in (("y", known.class_names), ("labels", known.label_names)):
        labels = arrays[name] if name in known.arrays else None
        if classes and labels is not None and labels.size and not 0 <= labels.min() <= labels.max() < len(classes):
            raise RecordingError(f"{where} has labels in {name} that are outside its {len(classes)} classes")
    kept: dict[str, Any] = {name: arrays[name] if name in known.arrays else None for name in ARRAYS}
    return RecordedData(
        name=known.name,
        task=known.task,
        **kept,
        feature_names=tuple(known.feature_names),
        class_names=tuple(known.class_names),
        target_names=tuple(known.target_names),
        image_shape=None if known.image_shape is None else tuple(known.image_shape),
        parameters=known.parameters,
        label_names=tuple(known.label_names),
    )
