"""Optimizers, in order of complexity: each a scalar rule that moves one parameter, and one loop for all of them.

To add one: write its coefficients and its rule, a dataclass of its settings, and a line in OPTIMIZERS.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError
from engine.jit import kernel, like, specialise
from engine.registry import construct

# --- scalar rules -------------------------------------------------------------------------------------------------
# coefficients(settings, step) -> four float64 numbers c, computed once a step (settings[0] is the learning rate)
# rule(parameter, gradient, first, second, c) -> (parameter, first, second) after the step


@kernel
def sgd_coefficients(settings, step):
    return settings[0], 0.0, 0.0, 0.0


@kernel
def sgd(parameter, gradient, first, second, c):
    """θ ← θ - η g"""
    return parameter - like(parameter, c[0]) * gradient, first, second


@kernel
def momentum_coefficients(settings, step):
    return settings[0], settings[1], 0.0, 0.0


@kernel
def momentum(parameter, gradient, first, second, c):
    """v ← μ v - η g;  θ ← θ + v  (Polyak, 1964)"""
    velocity = like(parameter, c[1]) * first - like(parameter, c[0]) * gradient
    return parameter + velocity, velocity, second


@kernel
def adam_coefficients(settings, step):
    """η √(1 - β₂ᵗ) / (1 - β₁ᵗ), β₁, β₂, ε √(1 - β₂ᵗ)"""
    correction = math.sqrt(1.0 - settings[2] ** step)
    return settings[0] * correction / (1.0 - settings[1] ** step), settings[1], settings[2], settings[3] * correction


@kernel
def adam(parameter, gradient, first, second, c):
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - η m̂ / (√v̂ + ε)  (Kingma and Ba, 2015, §2)"""
    beta1, beta2 = like(parameter, c[1]), like(parameter, c[2])
    first = beta1 * first + like(parameter, 1.0 - c[1]) * gradient
    second = beta2 * second + like(parameter, 1.0 - c[2]) * gradient * gradient
    return parameter - like(parameter, c[0]) * first / (math.sqrt(second) + like(parameter, c[3])), first, second


# --- the loop -----------------------------------------------------------------------------------------------------

rule: Any = None  # each copy of the loop has its own, given by `specialise`
coefficients: Any = None


def update(theta, gradient, first, second, settings, step):
    """Move every parameter by the rule; `first` and `second` are the moments, as long as `theta`."""
    c = coefficients(settings, step)
    for i in range(theta.size):
        theta[i], first[i], second[i] = rule(theta[i], gradient[i], first[i], second[i], c)


# --- registry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Optimizer:
    """Base of the optimizers: a dataclass of settings, the learning rate first.

    Class attributes name the registry entry (`name`, `summary`) and the scalar kernels (`coefficients`, `rule`).
    """

    learning_rate: float

    name: ClassVar[str]
    summary: ClassVar[str]
    coefficients: ClassVar[Any]
    rule: ClassVar[Any]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise ConfigurationError(f"optimizer {self.name!r}: {field.name}={value!r} must be a finite number")
            if field.name in ("learning_rate", "epsilon") and value <= 0:
                raise ConfigurationError(f"optimizer {self.name!r}: {field.name}={value!r} must be above 0")
            if field.name in ("momentum", "beta1", "beta2") and not 0 <= value < 1:
                raise ConfigurationError(f"optimizer {self.name!r}: {field.name}={value!r} must be in [0, 1)")

    def settings(self) -> NDArray[np.float64]:
        """The settings as the kernels read them, float64, in the order of the fields."""
        return np.array([getattr(self, field.name) for field in fields(self)], np.float64)

    def config(self) -> dict[str, Any]:
        """The settings as a JSON-able dict with the registry name as ``name``."""
        return {"name": self.name, **asdict(self)}

    def kernel(self) -> Any:
        """The compiled loop, with signature (theta, gradient, first, second, settings, step)."""
        return _kernel(self.name)


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent: a step against the gradient of each batch."""

    learning_rate: float = 0.1
    name: ClassVar[str] = "sgd"
    summary: ClassVar[str] = "a step against the gradient"
    coefficients: ClassVar[Any] = sgd_coefficients
    rule: ClassVar[Any] = sgd


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent that keeps part of its last step (Polyak, 1964)."""

    learning_rate: float = 0.1
    momentum: float = 0.9
    name: ClassVar[str] = "momentum"
    summary: ClassVar[str] = "a step that keeps part of the last one"
    coefficients: ClassVar[Any] = momentum_coefficients
    rule: ClassVar[Any] = momentum


@dataclass(frozen=True)
class Adam(Optimizer):
    """A step scaled by running moments of the gradient, for each parameter its own (Kingma and Ba, 2015)."""

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    name: ClassVar[str] = "adam"
    summary: ClassVar[str] = "each parameter's own step, from running moments of its gradient"
    coefficients: ClassVar[Any] = adam_coefficients
    rule: ClassVar[Any] = adam


OPTIMIZERS: dict[str, type[Optimizer]] = {optimizer.name: optimizer for optimizer in (SGD, Momentum, Adam)}


@cache
def _kernel(name: str) -> Any:
    optimizer = OPTIMIZERS[name]
    return specialise(update, name, coefficients=optimizer.coefficients, rule=optimizer.rule)


def get_optimizer(optimizer: str | dict[str, Any] | Optimizer) -> Optimizer:
    """Make an optimizer of a name, of settings such as ``{"name": "adam", "learning_rate": 0.01}``, or of itself.

    Raises
    ------
    ConfigurationError
        For an unknown name (with the nearest known ones), or a setting that the optimizer does not have.
    """
    return construct("optimizer", OPTIMIZERS, optimizer)
