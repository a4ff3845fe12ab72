"""An experiment: data, network, training and recording in one TOML file, checked once when it is read."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import tomli_w

from engine import ready_made
from engine.dataset_section import DatasetSection, load_data
from engine.datasets import Dataset
from engine.datasets.tables import SUFFIXES
from engine.errors import ConfigurationError, RecordingError, nearest
from engine.network import Network
from engine.outputs import default_loss, with_output
from engine.overrides import changed_network, changed_recording, changed_training
from engine.sections import (
    FULL,
    SECTIONS,
    NetworkSection,
    RecordingSection,
    TrainingSection,
    section_keys,
)
from engine.validation import check_keys, check_table, check_text

LARGEST_FILE = 1 << 20  # bytes of a TOML file

PRESETS = resources.files("engine") / "experiments"


@dataclass(frozen=True)
class Experiment:
    """All that is needed to run a training again.

    Attributes
    ----------
    fallback : str
        The shipped experiment that shows the same where this one's data cannot be had; empty if there is none.

    Raises
    ------
    ConfigurationError
        One sentence that names the key, its value and the rule.
    """

    name: str
    dataset: DatasetSection
    network: NetworkSection = field(default_factory=NetworkSection)
    training: TrainingSection = field(default_factory=TrainingSection)
    recording: RecordingSection = field(default_factory=RecordingSection)
    description: str = ""
    fallback: str = ""

    def __post_init__(self) -> None:
        for key in ("name", "description", "fallback"):
            check_text(key, getattr(self, key))
        if (
            not self.name
            or Path(self.name).name != self.name
            or self.name.startswith(".")
            or not self.name.isprintable()
        ):
            raise ConfigurationError(f"name={self.name!r} must be able to name a folder: no slashes, no dot in front")

    # --- TOML ---------------------------------------------------------------------------------------------------------

    @classmethod
    def from_toml(cls, source: str | PathLike[str]) -> Experiment:
        """Read an experiment.

        Parameters
        ----------
        source : path or str
            A path ending in ``.toml``, or the TOML text itself. A data file in it is looked for beside the TOML file.
        """
        if isinstance(source, str) and ("\n" in source or not source.endswith(".toml")):
            return cls._from_text(source, "the experiment", Path.cwd())
        path = Path(source)
        try:
            if path.exists() and not path.is_dir() and not path.is_file():
                raise ConfigurationError(f"{path} is not a regular file")
            with path.open("rb") as file:
                contents = file.read(LARGEST_FILE + 1)
            if len(contents) > LARGEST_FILE:
                raise ConfigurationError(f"{path} has more than {LARGEST_FILE:,} bytes, and no experiment is so long")
            text = contents.decode()
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path} is not UTF-8 text, as a TOML file must be") from None
        return cls._from_text(text, str(path), path.parent)

    @classmethod
    def _from_text(cls, text: str, where: str, folder: Path) -> Experiment:
        try:
            table = tomllib.loads(text)
        except ValueError as error:  # also numbers of thousands of digits
            raise ConfigurationError(f"{where} is not valid TOML: {error}") from None
        except RecursionError:
            raise ConfigurationError(f"{where} is nested too deeply") from None
        try:
            return cls._from_table(table, folder)
        except RecursionError:
            raise ConfigurationError(f"{where} is nested too deeply") from None
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None

    @classmethod
    def _from_table(cls, table: dict[str, Any], folder: Path) -> Experiment:
        check_keys("the experiment", table, ["name", "description", "fallback", "seed", *SECTIONS])
        for needed in ("name", "dataset"):
            if needed not in table:
                raise ConfigurationError(f"{needed!r} is missing, and every experiment needs one")
        parts = {key: check_table(f"[{key}]", table.get(key, {})) for key in SECTIONS}
        own = {key: parts["dataset"].pop(key) for key in section_keys(DatasetSection) if key in parts["dataset"]}
        for paths, keys in ((own, ("file", "folder")), (parts["network"], ("weights_from",))):
            for key in keys:
                if isinstance(paths.get(key), str):
                    if not paths[key].isprintable():
                        raise ConfigurationError(f"{key}={paths[key]!r} cannot be a path: it has control characters")
                    paths[key] = str((folder / paths[key]).resolve())
        parts["dataset"] = own | {"parameters": parts["dataset"]}
        for key in ("network", "training", "recording"):
            check_keys(f"[{key}]", parts[key], [name for name in section_keys(SECTIONS[key]) if name != "seed"])
        parts["training"]["seed"] = table.get("seed", 0)
        if parts["training"].get("batch_size") == FULL:
            parts["training"]["batch_size"] = None
        sections = {key: section(**parts[key]) for key, section in SECTIONS.items()}
        texts = {key: table.get(key, "") for key in ("description", "fallback")}
        return cls(name=table["name"], **texts, **sections)

    def to_toml(self) -> str:
        """Write the experiment with every setting stated, so that it means the same whatever the defaults become."""
        return tomli_w.dumps(self.table())

    def table(self) -> dict[str, Any]:
        """The experiment as a TOML document."""
        top = {"name": self.name, "description": self.description, "seed": self.training.seed}
        if self.fallback:
            top["fallback"] = self.fallback
        return top | {key: getattr(self, key).table() for key in SECTIONS}

    # --- making and changing ------------------------------------------------------------------------------------------

    @classmethod
    def for_file(cls, path: str | PathLike[str], target: str | None = None) -> Experiment:
        """Make a sensible experiment for a CSV or NPZ file: two hidden layers of 16 tanh units, a fifth held out.

        The file is read, so that a file that cannot be used is refused here, and so that the output layer and the
        loss are stated: sigmoid and binary cross-entropy for two classes, softmax and categorical cross-entropy for
        more, linear and mean squared error for numbers.
        """
        return ready_made.for_file(path, target)

    @classmethod
    def for_folder(
        cls, path: str | PathLike[str], *, size: int | tuple[int, int] | None = None, colour: bool | None = None
    ) -> Experiment:
        """Make a sensible experiment for a folder of images: a small convolutional network, a fifth held out.

        Parameters
        ----------
        path : path
            Holds a folder of images for each class.
        size, colour
            What the images are brought to, see `engine.datasets.images.read_images`.
        """
        return ready_made.for_folder(path, size, colour)

    def override(
        self,
        *,
        layers: Sequence[int] | str | None = None,
        activation: str | None = None,
        loss: str | None = None,
        optimizer: str | None = None,
        learning_rate: float | None = None,
        epochs: int | None = None,
        batch_size: int | str | None = None,
        seed: int | None = None,
        snapshot_every: int | None = None,
        snapshot_log: int | None = None,
        target: str | None = None,
        weights_from: str | PathLike[str] | None = None,
        freeze: str | None = None,
    ) -> Experiment:
        """Give the experiment with some settings changed; None leaves a setting as it is.

        Parameters
        ----------
        layers : sequence of int, or str
            Units of the hidden layers, as ``(16, 16)`` or ``"16,16"``; none at all with ``()`` or ``""``. The output
            layer is not among them: it follows from the data.
        activation : str
            Of all hidden layers.
        loss : str
            Where the output layer does not suit the new loss, it is replaced by one that does.
        optimizer : str
            Another optimizer begins with its own default settings; the same one keeps them.
        learning_rate, epochs, batch_size, seed, snapshot_every, snapshot_log
            As in the TOML file; `seed` is the experiment's, which leaves the data as they are.
        target : str
            Column of the file to predict. Output layer and, unless given, loss are chosen anew.
        weights_from : path
            A run whose weights the layers start with, wherever the shapes are the same.
        freeze : str
            Layers that keep their weights, such as ``"0-3"``.
        """
        network = changed_network(self, layers, activation, loss, target)
        section, weights = network.network, None if weights_from is None else str(Path(weights_from).resolve())
        if weights is not None or freeze is not None:
            section = replace(section, freeze=freeze)
            if weights is not None:  # in place of what the experiment names itself
                section = replace(section, weights_from=weights, weights_of=None)
        return replace(
            network,
            network=section,
            training=changed_training(network.training, optimizer, learning_rate, epochs, batch_size, seed),
            recording=changed_recording(network.recording, snapshot_every, snapshot_log),
        )

    def resolved(self, data: Dataset | None = None) -> Experiment:
        """State what the data decide where it was left out, the loss and the output layer."""
        data = load_data(self.dataset) if data is None else data
        loss = self.training.loss or default_loss(self.network.layers, data)
        layers = tuple(with_output(self.network.layers, loss, data))
        return replace(self, network=replace(self.network, layers=layers), training=replace(self.training, loss=loss))

    # --- using --------------------------------------------------------------------------------------------------------

    def dataset_split(self) -> tuple[Dataset, Dataset | None]:
        """Make or read the data and hold the validation share out; (train, None) where nothing is held out."""
        train, validation, _ = load_data(self.dataset).split_three(
            self.dataset.validation, self.dataset.test, self.dataset.seed
        )
        return train, validation

    def dataset_parts(self) -> tuple[Dataset, Dataset | None, Dataset | None]:
        """The parts to train on, to validate with and to test with; None where there is none.

        The test part is the share that is held out for it, or the one that the data set comes with.
        """
        train, validation, test = load_data(self.dataset).split_three(
            self.dataset.validation, self.dataset.test, self.dataset.seed
        )
        return train, validation, self.dataset.own_test() if test is None else test

    def build_network(self, train: Dataset | None = None) -> Network:
        """Build the untrained network for these data (the experiment's own unless given)."""
        data = load_data(self.dataset) if train is None else train
        complete = self.resolved(data)
        return Network(complete.network.layers, data.input_shape, seed=self.training.seed, dtype=self.network.dtype)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over everything that decides the run: all settings but name, description and fallback.

        Files count by their contents, not by their paths, and so do weights that are taken from another run. What was
        left out for the data to decide counts as decided. DataError when the data file cannot be read.
        """
        table = self.resolved().table() | {"dataset": self.dataset.content()}
        for key in ("name", "description", "fallback"):
            table.pop(key, None)
        if self.network.weights_from is not None:
            table["network"]["weights_from"] = _weights_digest(self.network.weights_from)
        return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


def list_experiments() -> list[str]:
    """Names of the experiments that are shipped, in alphabetical order."""
    return sorted(preset.name.removesuffix(".toml") for preset in PRESETS.iterdir() if preset.name.endswith(".toml"))


def load_experiment(
    name_or_path: str | PathLike[str],
    target: str | None = None,
    weights_from: str | PathLike[str] | None = None,
    **images: Any,
) -> Experiment:
    """Find an experiment.

    Parameters
    ----------
    name_or_path : str or path
        A name from `list_experiments`, a TOML file, a run directory (its ``experiment.toml`` is read), a data file,
        for which `Experiment.for_file` makes one, or a folder of images, for which `Experiment.for_folder` does.
    target : str, optional
        Column of the data file to predict.
    weights_from : path, optional
        A run whose weights are taken. An experiment made for a data file or a folder takes its hidden layers too.
    **images
        ``size`` and ``colour`` of the images of a folder.

    Raises
    ------
    ConfigurationError
        When there is none of this name (with the nearest known ones), or it does not make sense.
    DataError
        When it is a data file or a folder that cannot be used.
    """
    path, name = Path(name_or_path), str(name_or_path)
    images = {key: value for key, value in images.items() if value is not None}
    known = list_experiments()
    is_run = any((path / file).is_file() for file in ("experiment.toml", "run.json"))
    if name not in known and path.is_dir() and not is_run:
        if target is not None:
            raise ConfigurationError(f"target={target!r} chooses a column of a file, and {name} is a folder of images")
        return ready_made.with_features(Experiment.for_folder(path, **images), weights_from)
    for key, value in images.items():
        raise ConfigurationError(f"{key}={value!r} is about the pictures of a folder, and {name} is none")
    if path.suffix.lower() in SUFFIXES:
        return ready_made.with_features(Experiment.for_file(path, target), weights_from)
    if name in known:
        experiment = Experiment.from_toml((PRESETS / f"{name}.toml").read_text(encoding="utf-8"))
    elif path.suffix == ".toml":
        experiment = Experiment.from_toml(path)
    elif (path / "experiment.toml").is_file():
        experiment = Experiment.from_toml(path / "experiment.toml")
    elif is_run:
        raise ConfigurationError(f"{path} was not recorded from an experiment, which would say how to run it again")
    else:
        raise nearest("experiment", name, known)
    if target is not None or weights_from is not None:
        experiment = experiment.override(target=target, weights_from=weights_from)
    return experiment


def _weights_digest(run: str) -> str:
    """SHA-256 (hex) over the weights that are taken from a run; over its path when they cannot be read any more."""
    from engine.recording import Recording  # which reads experiments: importing it above would be a circle

    try:
        recording = Recording(run)
        return hashlib.sha256(recording.parameters(recording.final_epoch).tobytes()).hexdigest()
    except RecordingError:
        return hashlib.sha256(run.encode()).hexdigest()
