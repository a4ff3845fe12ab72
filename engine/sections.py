"""The four tables of an experiment's TOML file, each a dataclass that checks itself once when it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from engine.class_weights import check_class_weights
from engine.dataset_section import DatasetSection
from engine.errors import ConfigurationError, nearest
from engine.layers import Layer, layer_from_config
from engine.losses import get_loss
from engine.network_settings import DTYPES
from engine.optimizers import get_optimizer
from engine.schedules import get_schedule
from engine.stopping import EarlyStopping
from engine.validation import check_choice, check_finite, check_keys, check_table, check_text, check_whole

FULL = "full"  # how TOML, which knows no null, writes a batch of all samples


@dataclass(frozen=True)
class NetworkSection:
    """Which layers, from input to output, and in which precision.

    The input's shape comes from the data. The output layer may be left out: when the last layer cannot be the output
    that loss and data need (see `engine.outputs.is_output`), one that can is added.

    Parameters
    ----------
    layers : sequence of Layer
    dtype : {"float32", "float64"}
    weights_from : str, optional
        Path of a run whose last (or best) weights the layers start with, wherever the shapes are the same.
    weights_of : str, optional
        Name of a shipped experiment whose run is meant, in place of a path: it is to be trained first.
    freeze : str, optional
        Numbers of layers that keep their weights, such as ``"0-3"`` or ``"0,2"``: another way to say
        ``trainable = false`` in each of them, which is how it is kept.
    """

    layers: tuple[Layer, ...] = ()
    dtype: str = "float32"
    weights_from: str | None = None
    weights_of: str | None = None
    freeze: str | None = None

    def __post_init__(self) -> None:
        check_choice("network.dtype", self.dtype, DTYPES)
        if not isinstance(self.layers, (list, tuple)):
            raise ConfigurationError(f"network.layers={self.layers!r} must be a list of layers")
        object.__setattr__(self, "layers", tuple(map(_layer, range(len(self.layers)), self.layers)))
        if self.weights_from is not None:
            check_text("network.weights_from", self.weights_from)
        if self.weights_of is not None:
            self._check_source(check_text("network.weights_of", self.weights_of))
        if self.freeze is not None:
            frozen = parse_range("network.freeze", self.freeze, len(self.layers))
            layers = (
                replace(layer, trainable=False) if index in frozen else layer for index, layer in enumerate(self.layers)
            )
            object.__setattr__(self, "layers", tuple(layers))
            object.__setattr__(self, "freeze", None)

    def _check_source(self, name: str) -> None:
        from engine.experiment import list_experiments  # which uses this module: importing it above would be a circle

        if name not in (known := list_experiments()):
            raise nearest("experiment", name, known)
        if self.weights_from is not None:
            raise ConfigurationError(
                f"network.weights_of={name!r} and weights_from={self.weights_from!r} both say where weights are taken "
                "from: give one of them"
            )

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        return _fields(self) | {"layers": [_stated(layer.config()) for layer in self.layers]}


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
    class_weights : "balanced", mapping or None
        How much the examples of each class count, such as ``{ 0 = 1.0, 1 = 3.0 }``; see `engine.class_weights`.
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
    class_weights: str | Mapping[str, float] | None = None
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
        if self.class_weights is not None:
            weights = check_class_weights("training.class_weights", self.class_weights)
            object.__setattr__(self, "class_weights", weights)
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
    """What to keep.

    Parameters
    ----------
    snapshot_every : int
        Epochs from one snapshot to the next.
    snapshot_steps : sequence of int
        Optimisation steps, counted from 1, after which there is a snapshot too.
    snapshot_log : int
        How many snapshots there are besides while the number of steps grows tenfold: with 10, after the steps 1, 2, 3,
        4, 5, 6, 8, 10, 13, 16, 20, …, since most of the change comes early. 0 for none.
    confusion : bool
        Whether the metrics hold how often each class was taken for each (see `engine.confusion`).
    """

    snapshot_every: int = 1
    snapshot_steps: tuple[int, ...] = ()
    snapshot_log: int = 0
    confusion: bool = True

    def __post_init__(self) -> None:
        check_whole("recording.snapshot_every", self.snapshot_every, 1)
        check_whole("recording.snapshot_log", self.snapshot_log, 0, 1000)
        if not isinstance(self.confusion, bool):
            raise ConfigurationError(f"recording.confusion={self.confusion!r} must be true or false")
        if not isinstance(self.snapshot_steps, (list, tuple)):
            raise ConfigurationError(
                f"recording.snapshot_steps={self.snapshot_steps!r} must be a list of whole numbers"
            )
        steps = {check_whole("recording.snapshot_steps", step, 1) for step in self.snapshot_steps}
        object.__setattr__(self, "snapshot_steps", tuple(sorted(steps)))

    def steps(self, total: int) -> list[int]:
        """The steps after which there is a snapshot in a training of `total` steps."""
        steps = set(self.snapshot_steps)
        if self.snapshot_log:
            count = math.floor(math.log10(total) * self.snapshot_log + 1e-9) + 1
            steps |= {round(10 ** (k / self.snapshot_log)) for k in range(count)}
        return sorted(steps)

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        return _fields(self)


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


def parse_range(key: str, given: Any, count: int) -> set[int]:
    """Read numbers such as ``"0-3"`` or ``"0,2"``, each below `count`; ConfigurationError where they are not."""
    numbers: set[int] = set()
    for part in check_text(key, given).replace(" ", "").split(","):
        first, _, last = part.partition("-")
        last = last if "-" in part else first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
            raise ConfigurationError(f"{key}={given!r} must be numbers of layers, such as 0-3 or 0,2")
        if int(last) >= count:
            raise ConfigurationError(
                f"{key}={given!r}: there is no layer {last}; they are numbered from 0 to {count - 1}"
                if count
                else f"{key}={given!r}: there are no layers"
            )
        numbers |= set(range(int(first), int(last) + 1))
    return numbers
