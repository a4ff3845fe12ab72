"""The four tables of an experiment's TOML file, each a dataclass that checks itself once when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.datasets import Dataset, checked_parameters, entry, load_dataset, read_table
from engine.errors import ConfigurationError
from engine.layers import Layer, layer_from_config
from engine.losses import get_loss
from engine.network import DTYPES
from engine.optimizers import get_optimizer
from engine.schedules import get_schedule
from engine.stopping import EarlyStopping
from engine.validation import check_choice, check_finite, check_keys, check_share, check_table, check_text, check_whole

FULL = "full"  # how TOML, which knows no null, writes a batch of all samples


@dataclass(frozen=True)
class DatasetSection:
    """Which data: one of DATASETS by name with its parameters, or a CSV or NPZ file.

    Parameters
    ----------
    name : str, optional
        Name in DATASETS; either this or `file`.
    file : str, optional
        Path of a CSV, TSV or NPZ file.
    target, features, task
        Which columns of a file to use and how, see `read_table`.
    seed : int
        Decides what is drawn and what is held out. The experiment's own seed leaves the data as they are.
    validation : float
        Share of the samples that is held out, 0 <= validation < 1.
    parameters : mapping
        The data set's parameters other than the seed; those left out get their defaults.
    """

    name: str | None = None
    file: str | None = None
    target: str | None = None
    features: tuple[str, ...] | None = None
    task: str | None = None
    seed: int = 0
    validation: float = 0.0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.name is None) == (self.file is None):
            raise ConfigurationError("[dataset] needs either the name of a data set or the file to read, and not both")
        check_whole("dataset.seed", self.seed, 0, 2**32 - 1)
        object.__setattr__(self, "validation", check_share("dataset.validation", self.validation))
        if self.name is not None:
            self._check_named(check_text("dataset.name", self.name))
            return
        object.__setattr__(self, "file", str(Path(check_text("dataset.file", self.file))))
        if self.target is not None:
            check_text("dataset.target", self.target)
        if self.task is not None:
            check_choice("dataset.task", self.task, ("classification", "regression"))
        if self.features is not None:
            if not isinstance(self.features, (list, tuple)):
                raise ConfigurationError(f"dataset.features={self.features!r} must be a list of column names")
            columns = tuple(check_text("dataset.features", column) for column in self.features)
            object.__setattr__(self, "features", columns)
        check_keys("[dataset]", self.parameters, section_keys(DatasetSection))

    def _check_named(self, name: str) -> None:
        defaults = entry(name).defaults
        for key in ("target", "features", "task"):
            if getattr(self, key) is not None:
                raise ConfigurationError(
                    f"dataset.{key}={getattr(self, key)!r} chooses from a file, and the data set {name!r} is none"
                )
        given = check_table("dataset.parameters", self.parameters)
        common = ("name", "seed", "validation")
        check_keys(f"[dataset] {name!r}", given, [*(key for key in defaults if key != "seed"), *common])
        parameters = defaults | checked_parameters(name, given)
        parameters.pop("seed", None)
        object.__setattr__(self, "parameters", parameters)

    def load(self) -> Dataset:
        """Make or read the data set, all of it; DataError or ConfigurationError when that cannot be done."""
        if self.file is not None:
            return read_table(self.file, self.target, features=self.features, task=self.task)  # type: ignore[arg-type]
        assert self.name is not None
        seed = {"seed": self.seed} if "seed" in entry(self.name).defaults else {}
        return load_dataset(self.name, **self.parameters, **seed)

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        return _fields(self) | dict(self.parameters)


@dataclass(frozen=True)
class NetworkSection:
    """Which layers, from input to output, and in which precision.

    The input's shape comes from the data. The output layer may be left out: when the last layer cannot be the output
    that loss and data need (see `engine.outputs.is_output`), one that can is added.
    """

    layers: tuple[Layer, ...] = ()
    dtype: str = "float32"

    def __post_init__(self) -> None:
        check_choice("network.dtype", self.dtype, DTYPES)
        if not isinstance(self.layers, (list, tuple)):
            raise ConfigurationError(f"network.layers={self.layers!r} must be a list of layers")
        object.__setattr__(self, "layers", tuple(map(_layer, range(len(self.layers)), self.layers)))

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        return {"dtype": self.dtype, "layers": [_stated(layer.config()) for layer in self.layers]}


@dataclass(frozen=True)
class TrainingSection:
    """How to train: see `engine.training.fit`.

    Parameters
    ----------
    loss : str, optional
        Name in LOSSES; the data decide when it is left out.
    optimizer : mapping
        The ``name`` of one of OPTIMIZERS and its settings, or the name alone; kept with all settings stated.
    epochs : int
    batch_size : int or None
        None (in TOML ``"full"``) takes all samples in each step.
    schedule : mapping
        The ``name`` of one of SCHEDULES and its settings, or the name alone; kept with all settings stated.
    clip_norm : float or None
        The longest gradient that is used as it is.
    early_stopping : mapping or None
        Settings of EarlyStopping; None trains all epochs.
    seed : int
        Of the starting weights and of the order of samples. In TOML it stands at the top, outside all tables.
    """

    loss: str | None = None
    optimizer: Mapping[str, Any] = field(default_factory=lambda: {"name": "adam"})
    epochs: int = 200
    batch_size: int | None = 32
    schedule: Mapping[str, Any] = field(default_factory=lambda: {"name": "constant"})
    clip_norm: float | None = None
    early_stopping: Mapping[str, Any] | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("seed", self.seed, 0, 2**63 - 1)
        check_whole("training.epochs", self.epochs, 1)
        if self.batch_size is not None:
            check_whole("training.batch_size", self.batch_size, 1)
        if self.loss is not None:
            get_loss(check_text("training.loss", self.loss))
        if self.clip_norm is not None:
            object.__setattr__(self, "clip_norm", check_finite("training.clip_norm", self.clip_norm, positive=True))
        object.__setattr__(self, "optimizer", _all_settings(get_optimizer(_named("optimizer", self.optimizer))))
        object.__setattr__(self, "schedule", _all_settings(get_schedule(_named("schedule", self.schedule))))
        if self.early_stopping is not None:
            rule = check_table("training.early_stopping", self.early_stopping)
            check_keys("training.early_stopping", rule, [setting.name for setting in fields(EarlyStopping)])
            object.__setattr__(self, "early_stopping", _all_settings(EarlyStopping(**rule)))

    def settings(self) -> dict[str, Any]:
        """What `engine.training.fit` is to be called with; the loss has to be stated."""
        given = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "seed"}
        rule = None if self.early_stopping is None else EarlyStopping(**self.early_stopping)
        return given | {"optimizer": dict(self.optimizer), "schedule": dict(self.schedule), "early_stopping": rule}

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        table = _fields(self) | {"batch_size": FULL if self.batch_size is None else self.batch_size}
        del table["seed"]
        return table


@dataclass(frozen=True)
class RecordingSection:
    """What to keep: a snapshot every so many epochs, and after these optimisation steps (counted from 1)."""

    snapshot_every: int = 1
    snapshot_steps: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_whole("recording.snapshot_every", self.snapshot_every, 1)
        if not isinstance(self.snapshot_steps, (list, tuple)):
            raise ConfigurationError(
                f"recording.snapshot_steps={self.snapshot_steps!r} must be a list of whole numbers"
            )
        steps = {check_whole("recording.snapshot_steps", step, 1) for step in self.snapshot_steps}
        object.__setattr__(self, "snapshot_steps", tuple(sorted(steps)))

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        return {"snapshot_every": self.snapshot_every, "snapshot_steps": list(self.snapshot_steps)}


SECTIONS: dict[str, type[Any]] = {
    "dataset": DatasetSection, "network": NetworkSection, "training": TrainingSection, "recording": RecordingSection,
}  # fmt: skip


def section_keys(section: type[Any]) -> list[str]:
    """The TOML keys that a section knows by itself; its parameters and the seed stand elsewhere."""
    return [part.name for part in fields(section) if part.name != "parameters"]


def _fields(section: Any) -> dict[str, Any]:
    """The section's own keys and values; TOML knows no null, so what is None is left out."""
    values = {key: getattr(section, key) for key in section_keys(type(section))}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in _stated(values).items()}


def _stated(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value is not None}


def _all_settings(made: Any) -> dict[str, Any]:
    """All settings of an optimizer or the like; 1 and 1.0 are one setting, and must give one digest."""
    settings: dict[str, Any] = made.config()
    floats = [setting.name for setting in fields(made) if isinstance(setting.default, float)]
    return settings | {name: float(settings[name]) for name in floats}


def _named(key: str, given: Any) -> str | dict[str, Any]:
    """Hold what names a registry entry to being a name or a table with one."""
    if not isinstance(given, (str, Mapping)):
        raise ConfigurationError(f"training.{key}={given!r} must be a name or a table with one")
    return given if isinstance(given, str) else dict(given)


def _layer(index: int, layer: Any) -> Layer:
    """Make a layer of its table; a layer itself is taken as it is."""
    if isinstance(layer, Layer):
        return layer
    where = f"network.layers[{index}]"
    try:
        return layer_from_config(check_table(where, layer))
    except ConfigurationError as error:
        raise ConfigurationError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None
