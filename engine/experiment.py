"""An experiment: data, network, training and recording in one TOML file, checked once when it is read."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import tomli_w

from engine.datasets import Dataset
from engine.datasets.tables import SUFFIXES, readable_file
from engine.errors import ConfigurationError, nearest
from engine.layers import Dense, Layer, layer_from_config
from engine.losses import get_loss
from engine.network import Network
from engine.outputs import default_loss, hidden_layers, is_output, output_layer, with_output
from engine.sections import (
    FULL,
    SECTIONS,
    DatasetSection,
    NetworkSection,
    RecordingSection,
    TrainingSection,
    section_keys,
)
from engine.validation import check_keys, check_table, check_text

PRESETS = resources.files("engine") / "experiments"


@dataclass(frozen=True)
class Experiment:
    """All that is needed to run a training again.

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

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_text("description", self.description)
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
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path} is not UTF-8 text, as a TOML file must be") from None
        return cls._from_text(text, str(path), path.parent)

    @classmethod
    def _from_text(cls, text: str, where: str, folder: Path) -> Experiment:
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{where} is not valid TOML: {error}") from None
        try:
            return cls._from_table(table, folder)
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error}") from None

    @classmethod
    def _from_table(cls, table: dict[str, Any], folder: Path) -> Experiment:
        check_keys("the experiment", table, ["name", "description", "seed", *SECTIONS])
        for needed in ("name", "dataset"):
            if needed not in table:
                raise ConfigurationError(f"{needed!r} is missing, and every experiment needs one")
        parts = {key: check_table(f"[{key}]", table.get(key, {})) for key in SECTIONS}
        own = {key: parts["dataset"].pop(key) for key in section_keys(DatasetSection) if key in parts["dataset"]}
        if isinstance(own.get("file"), str):
            own["file"] = str((folder / own["file"]).resolve())
        parts["dataset"] = own | {"parameters": parts["dataset"]}
        for key in ("network", "training", "recording"):
            check_keys(f"[{key}]", parts[key], [name for name in section_keys(SECTIONS[key]) if name != "seed"])
        parts["training"]["seed"] = table.get("seed", 0)
        if parts["training"].get("batch_size") == FULL:
            parts["training"]["batch_size"] = None
        sections = {key: section(**parts[key]) for key, section in SECTIONS.items()}
        return cls(name=table["name"], description=table.get("description", ""), **sections)

    def to_toml(self) -> str:
        """Write the experiment with every setting stated, so that it means the same whatever the defaults become."""
        return tomli_w.dumps(self.table())

    def table(self) -> dict[str, Any]:
        """The experiment as a TOML document."""
        top = {"name": self.name, "description": self.description, "seed": self.training.seed}
        return top | {key: getattr(self, key).table() for key in SECTIONS}

    # --- making and changing ------------------------------------------------------------------------------------------

    @classmethod
    def for_file(cls, path: str | PathLike[str], target: str | None = None) -> Experiment:
        """Make a sensible experiment for a CSV or NPZ file: two hidden layers of 16 tanh units, a fifth held out.

        The file is read, so that a file that cannot be used is refused here, and so that the output layer and the
        loss are stated: sigmoid and binary cross-entropy for two classes, softmax and categorical cross-entropy for
        more, linear and mean squared error for numbers.
        """
        section = DatasetSection(file=str(Path(path).resolve()), target=target, validation=0.2)
        return cls(
            name=Path(path).stem.strip(". ") or "data",
            description=f"Made for {Path(path).name}",
            dataset=section,
            network=NetworkSection((Dense(16, "tanh"), Dense(16, "tanh"))),
            training=TrainingSection(optimizer={"name": "adam", "learning_rate": 0.01}, epochs=100),
        ).resolved()

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
        target: str | None = None,
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
        learning_rate, epochs, batch_size, seed, snapshot_every
            As in the TOML file; `seed` is the experiment's, which leaves the data as they are.
        target : str
            Column of the file to predict. Output layer and, unless given, loss are chosen anew.
        """
        changed = self._override_network(layers, activation, loss, target)
        training, given = changed.training, {"epochs": epochs, "batch_size": batch_size, "seed": seed}
        settings: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        if batch_size == FULL:
            settings["batch_size"] = None
        if optimizer is not None and optimizer != training.optimizer["name"]:
            training = replace(training, optimizer={"name": optimizer})
        if learning_rate is not None:
            settings["optimizer"] = {**training.optimizer, "learning_rate": learning_rate}
        training = replace(training, **settings)
        recording = changed.recording
        if snapshot_every is not None:
            recording = replace(recording, snapshot_every=snapshot_every)
        return replace(changed, training=training, recording=recording)

    def _override_network(
        self, layers: Sequence[int] | str | None, activation: str | None, loss: str | None, target: str | None
    ) -> Experiment:
        if layers is None and activation is None and loss is None and target is None:
            return self
        units = None if layers is None else parse_layers(layers)
        if loss is not None:
            get_loss(loss)
        if target is not None and self.dataset.file is None:
            raise ConfigurationError(
                f"target={target!r} chooses a column of a file, and the experiment {self.name!r} "
                f"makes its own data, {self.dataset.name!r}"
            )
        data = load_data(self.dataset)
        old_loss = self.training.loss or default_loss(self.network.layers, data)
        hidden = hidden_layers(self.network.layers, old_loss, data)
        output = list(self.network.layers[len(hidden) :])
        if units is not None:
            kept = next((layer.config().get("activation") for layer in hidden), None) or "tanh"
            hidden = [Dense(count, activation=kept) for count in units]
        if activation is not None:
            hidden = [_with_activation(layer, activation) for layer in hidden]
        section = self.dataset if target is None else replace(self.dataset, target=target)
        data = load_data(section)
        new_loss = loss or (default_loss([], data) if target is not None else old_loss)
        if not is_output([*hidden, *output], new_loss, data) or not output:
            output = [output_layer(new_loss, data)]
        return replace(
            self,
            dataset=section,
            network=replace(self.network, layers=(*hidden, *output)),
            training=replace(self.training, loss=new_loss),
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
        return load_data(self.dataset).split(self.dataset.validation, self.dataset.seed)

    def build_network(self, train: Dataset | None = None) -> Network:
        """Build the untrained network for these data (the experiment's own unless given)."""
        data = load_data(self.dataset) if train is None else train
        complete = self.resolved(data)
        return Network(complete.network.layers, data.input_shape, seed=self.training.seed, dtype=self.network.dtype)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over everything that decides the run: all settings but name and description.

        A data file counts by its contents, not by its path. What was left out for the data to decide counts as
        decided. DataError when the data file cannot be read.
        """
        table = self.resolved().table()
        del table["name"], table["description"]
        if self.dataset.file is not None:
            table["dataset"]["file"] = hashlib.sha256(readable_file(self.dataset.file).read_bytes()).hexdigest()
        return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()


def list_experiments() -> list[str]:
    """Names of the experiments that are shipped, in alphabetical order."""
    return sorted(preset.name.removesuffix(".toml") for preset in PRESETS.iterdir() if preset.name.endswith(".toml"))


def load_experiment(name_or_path: str | PathLike[str], target: str | None = None) -> Experiment:
    """Find an experiment.

    Parameters
    ----------
    name_or_path : str or path
        A name from `list_experiments`, a TOML file, a run directory (its ``experiment.toml`` is read), or a data file,
        for which `Experiment.for_file` makes one.
    target : str, optional
        Column of the data file to predict.

    Raises
    ------
    ConfigurationError
        When there is none of this name (with the nearest known ones), or it does not make sense.
    DataError
        When it is a data file that cannot be used.
    """
    path, name = Path(name_or_path), str(name_or_path)
    if path.suffix.lower() in SUFFIXES:
        return Experiment.for_file(path, target)
    if name in list_experiments():
        experiment = Experiment.from_toml((PRESETS / f"{name}.toml").read_text(encoding="utf-8"))
    elif path.suffix == ".toml":
        experiment = Experiment.from_toml(path)
    elif (path / "experiment.toml").is_file():
        experiment = Experiment.from_toml(path / "experiment.toml")
    else:
        raise nearest("experiment", name, list_experiments())
    return experiment if target is None else experiment.override(target=target)


def load_data(section: DatasetSection) -> Dataset:
    """Load the section's data; the last few are kept, since an experiment asks for its data several times."""
    description = json.dumps({key: getattr(section, key) for key in [*section_keys(DatasetSection), "parameters"]})
    if section.file is None:
        return _load_data(description, None)
    stat = readable_file(section.file).stat()
    return _load_data(description, (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=4)
def _load_data(description: str, stamp: tuple[int, int] | None) -> Dataset:
    return DatasetSection(**json.loads(description)).load()


def parse_layers(layers: Sequence[int] | str) -> list[int]:
    """Read the units of hidden layers, as ``"16,16"`` or a sequence; ConfigurationError where they are not."""
    parts: list[Any] = [part.strip() for part in layers.split(",")] if isinstance(layers, str) else list(layers)
    if parts == [""]:
        return []
    units = [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]
    for unit in units:
        if isinstance(unit, bool) or not isinstance(unit, int) or unit < 1:
            given = layers if isinstance(layers, str) else ",".join(map(str, layers))
            raise ConfigurationError(f"layers={given!r} must be whole numbers of at least 1 with commas, such as 16,16")
    return units


def _with_activation(layer: Layer, activation: str) -> Layer:
    config = layer.config()
    return layer_from_config(config | {"activation": activation}) if "activation" in config else layer
