"""Schedules: how the learning rate changes in the course of training.

To add one: write a dataclass with `factors` and give it a line in SCHEDULES.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError
from engine.registry import construct


@dataclass(frozen=True)
class Schedule:
    """Base of the schedules: what the optimizer's learning rate is multiplied by, step by step."""

    name: ClassVar[str]
    summary: ClassVar[str]

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
                raise ConfigurationError(f"schedule {self.name!r}: {each.name}={value!r} must be at least 0")

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        """The factors for steps that lie at `epochs` (3.5 is half-way through the fourth epoch) of `total` epochs."""
        raise NotImplementedError

    def config(self) -> dict[str, Any]:
        """The settings as a JSON-able dict with the registry name as ``name``."""
        return {"name": self.name, **asdict(self)}


@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate stays as it is."""

    name: ClassVar[str] = "constant"
    summary: ClassVar[str] = "the learning rate as it is"

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        return np.ones_like(epochs)


@dataclass(frozen=True)
class Step(Schedule):
    """Multiply by `factor` every `every` epochs."""

    every: float = 10
    factor: float = 0.5
    name: ClassVar[str] = "step"
    summary: ClassVar[str] = "multiplied by factor, every so many epochs"

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        return self.factor ** np.floor(epochs / max(self.every, 1e-9))


@dataclass(frozen=True)
class Exponential(Schedule):
    """Multiply by `factor` each epoch, smoothly."""

    factor: float = 0.95
    name: ClassVar[str] = "exponential"
    summary: ClassVar[str] = "multiplied by factor each epoch, smoothly"

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        return self.factor**epochs


@dataclass(frozen=True)
class Cosine(Schedule):
    """Fall along half a cosine from 1 to `lowest` at the last epoch (Loshchilov and Hutter, 2017)."""

    lowest: float = 0.0
    name: ClassVar[str] = "cosine"
    summary: ClassVar[str] = "falls along half a cosine to the last epoch"

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        return self.lowest + (1 - self.lowest) * 0.5 * (1 + np.cos(np.pi * np.minimum(epochs / total, 1)))


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Rise in a straight line over the first `epochs` epochs, then stay."""

    epochs: float = 5
    name: ClassVar[str] = "warm_up"
    summary: ClassVar[str] = "rises over the first epochs, then stays"

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        return np.minimum((epochs + 1e-3) / max(self.epochs, 1e-3), 1.0)


@dataclass(frozen=True)
class Plateau(Schedule):
    """Multiply by `factor` when the loss has not fallen for `patience` epochs.

    It watches the validation loss, or the training loss where there is none.
    """

    factor: float = 0.5
    patience: float = 10
    name: ClassVar[str] = "plateau"
    summary: ClassVar[str] = "multiplied by factor when the loss stops falling"

    def factors(self, epochs: NDArray[np.float64], total: int) -> NDArray[np.float64]:
        return np.ones_like(epochs)

    def observe(self, state: NDArray[np.float64], loss: float) -> None:
        """Update ``state = [factor so far, best loss, epochs since]`` with the loss of an epoch."""
        if loss < state[1]:
            state[1:] = loss, 0
        else:
            state[2] += 1
            if state[2] > self.patience:
                state[0], state[2] = state[0] * self.factor, 0


SCHEDULES: dict[str, type[Schedule]] = {
    schedule.name: schedule for schedule in (Constant, Step, Exponential, Cosine, WarmUp, Plateau)
}


def get_schedule(schedule: str | dict[str, Any] | Schedule) -> Schedule:
    """Make a schedule of a name, of settings such as ``{"name": "step", "every": 20}``, or of itself.

    Raises
    ------
    ConfigurationError
        For an unknown name or setting, with the nearest known ones.
    """
    return construct("schedule", SCHEDULES, schedule)
