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

from engine.elementary import sign
from engine.errors import ConfigurationError
from engine.jit import kernel, like, specialise
from engine.registry import construct

# --- scalar rules -------------------------------------------------------------------------------------------------
# coefficients(settings, step) -> five float64 numbers c, computed once a step (settings[0] is the learning rate)
# rule(parameter, gradient, first, second, c) -> (parameter, first, second) after the step


@kernel
def sgd_coefficients(settings, step):
    return settings[0], 0.0, 0.0, 0.0, 0.0


@kernel
def sgd(parameter, gradient, first, second, c):
    """θ ← θ - η g"""
    return parameter - like(parameter, c[0]) * gradient, first, second


@kernel
def momentum_coefficients(settings, step):
    return settings[0], settings[1], 0.0, 0.0, 0.0


@kernel
def heavy_ball(parameter, gradient, first, second, c):
    """v ← μ v - η g;  θ ← θ + v  (Polyak, 1964)"""
    velocity = like(parameter, c[1]) * first - like(parameter, c[0]) * gradient
    return parameter + velocity, velocity, second


@kernel
def nesterov(parameter, gradient, first, second, c):
    """v ← μ v - η g;  θ ← θ + μ v - η g  (Sutskever et al., 2013)"""
    step = like(parameter, c[0]) * gradient
    velocity = like(parameter, c[1]) * first - step
    return parameter + like(parameter, c[1]) * velocity - step, velocity, second


@kernel
def adagrad_coefficients(settings, step):
    return settings[0], settings[1], 0.0, 0.0, 0.0


@kernel
def adagrad(parameter, gradient, first, second, c):
    """s ← s + g²;  θ ← θ - η g / (√s + ε)  (Duchi et al., 2011)"""
    first = first + gradient * gradient
    return parameter - like(parameter, c[0]) * gradient / (math.sqrt(first) + like(parameter, c[1])), first, second


@kernel
def rmsprop_coefficients(settings, step):
    return settings[0], settings[1], settings[2], 0.0, 0.0


@kernel
def rmsprop(parameter, gradient, first, second, c):
    """s ← ρ s + (1 - ρ) g²;  θ ← θ - η g / (√s + ε)  (Tieleman and Hinton, 2012)"""
    first = like(parameter, c[1]) * first + like(parameter, 1.0 - c[1]) * gradient * gradient
    return parameter - like(parameter, c[0]) * gradient / (math.sqrt(first) + like(parameter, c[2])), first, second


@kernel
def adam_coefficients(settings, step):
    """η √(1 - β₂ᵗ) / (1 - β₁ᵗ), β₁, β₂, ε √(1 - β₂ᵗ)"""
    correction = math.sqrt(1.0 - settings[2] ** step)
    rate = settings[0] * correction / (1.0 - settings[1] ** step)
    return rate, settings[1], settings[2], settings[3] * correction, 0.0


@kernel
def adam(parameter, gradient, first, second, c):
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  θ ← θ - η m̂ / (√v̂ + ε)  (Kingma and Ba, 2015, §2)"""
    beta1, beta2 = like(parameter, c[1]), like(parameter, c[2])
    first = beta1 * first + like(parameter, 1.0 - c[1]) * gradient
    second = beta2 * second + like(parameter, 1.0 - c[2]) * gradient * gradient
    return parameter - like(parameter, c[0]) * first / (math.sqrt(second) + like(parameter, c[3])), first, second


@kernel
def adamw_coefficients(settings, step):
    """Those of Adam, and η λ"""
    rate, beta1, beta2, epsilon, _ = adam_coefficients(settings, step)
    return rate, beta1, beta2, epsilon, settings[0] * settings[4]


@kernel
def adamw(parameter, gradient, first, second, c):
    """Adam's step, after θ ← θ - η λ θ  (Loshchilov and Hutter, 2019)"""
    return adam(parameter - like(parameter, c[4]) * parameter, gradient, first, second, c)


@kernel
def penalty_slope(parameter, l1, l2):
    """The derivative of l1 |θ| + l2 θ²: l1 sign θ + 2 l2 θ"""
    return l1 * sign(parameter) + like(parameter, 2) * l2 * parameter


# --- the loops ----------------------------------------------------------------------------------------------------
# One for each number of moments that a rule keeps: those it does not keep are neither read nor written.

rule: Any = None  # each copy of a loop has its own, given by `specialise`
coefficients: Any = None


def update_without_moments(theta, gradient, first, second, settings, step):
    """Move every parameter by a rule that keeps nothing."""
    c, nothing = coefficients(settings, step), like(theta[0], 0)
    for i in range(theta.size):
        theta[i] = rule(theta[i], gradient[i], nothing, nothing, c)[0]


def update_with_first(theta, gradient, first, second, settings, step):
    """Move every parameter by a rule that keeps `first`, as long as `theta`."""
    c, nothing = coefficients(settings, step), like(theta[0], 0)
    for i in range(theta.size):
        theta[i], first[i], _ = rule(theta[i], gradient[i], first[i], nothing, c)


def update_with_both(theta, gradient, first, second, settings, step):
    """Move every parameter by a rule that keeps `first` and `second`, as long as `theta`."""
    c = coefficients(settings, step)
    for i in range(theta.size):
        theta[i], first[i], second[i] = rule(theta[i], gradient[i], first[i], second[i], c)


UPDATES = (update_without_moments, update_with_first, update_with_both)

# --- registry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Optimizer:
    """Base of the optimizers: a dataclass of settings, the learning rate first.

    Class attributes name the registry entry (`name`, `summary`), the scalar kernels (`coefficients`, `rule`) and how
    many moments the rule keeps (`moments`: none, the first, or both).
    """

    learning_rate: float

    name: ClassVar[str]
    summary: ClassVar[str]
    coefficients: ClassVar[Any]
    rule: ClassVar[Any]
    moments: ClassVar[int]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise ConfigurationError(f"optimizer {self.name!r}: {field.name}={value!r} must be a finite number")
            if value < 0 or (value == 0 and field.name in ("learning_rate", "epsilon")):
                raise ConfigurationError(f"optimizer {self.name!r}: {field.name}={value!r} must be above 0")
            if field.name in ("momentum", "decay", "beta1", "beta2") and not 0 <= value < 1:
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
class PerceptronRule(Optimizer):
    """The perceptron's learning rule (Rosenblatt, 1958): θ ← θ + η (t - y) x, with one example a batch.

    It is for one layer with activation "step" and goes with the loss "perceptron", whose gradient is -(t - y) x.
    """

    learning_rate: float = 1.0
    name: ClassVar[str] = "perceptron"
    summary: ClassVar[str] = "the perceptron's rule, for one layer with a step"
    coefficients: ClassVar[Any] = sgd_coefficients
    rule: ClassVar[Any] = sgd
    moments: ClassVar[int] = 0


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent: a step against the gradient of each batch."""

    learning_rate: float = 0.1
    name: ClassVar[str] = "sgd"
    summary: ClassVar[str] = "a step against the gradient"
    coefficients: ClassVar[Any] = sgd_coefficients
    rule: ClassVar[Any] = sgd
    moments: ClassVar[int] = 0


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent that keeps part of its last step (Polyak, 1964)."""

    learning_rate: float = 0.1
    momentum: float = 0.9
    name: ClassVar[str] = "momentum"
    summary: ClassVar[str] = "a step that keeps part of the last one"
    coefficients: ClassVar[Any] = momentum_coefficients
    rule: ClassVar[Any] = heavy_ball  # not `momentum`: within the class that is the setting
    moments: ClassVar[int] = 1


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """Momentum that looks ahead: the gradient is taken where the velocity leads (Nesterov, 1983)."""

    learning_rate: float = 0.1
    momentum: float = 0.9
    name: ClassVar[str] = "nesterov"
    summary: ClassVar[str] = "momentum that looks ahead"
    coefficients: ClassVar[Any] = momentum_coefficients
    rule: ClassVar[Any] = nesterov
    moments: ClassVar[int] = 1


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """A step divided by the root of all squared gradients so far, for each parameter its own (Duchi et al., 2011)."""

    learning_rate: float = 0.01
    epsilon: float = 1e-8
    name: ClassVar[str] = "adagrad"
    summary: ClassVar[str] = "each parameter's step shrinks with its gradients so far"
    coefficients: ClassVar[Any] = adagrad_coefficients
    rule: ClassVar[Any] = adagrad
    moments: ClassVar[int] = 1


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """A step divided by the root of a running mean of squared gradients (Tieleman and Hinton, 2012)."""

    learning_rate: float = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8
    name: ClassVar[str] = "rmsprop"
    summary: ClassVar[str] = "each parameter's step over its recent gradients"
    coefficients: ClassVar[Any] = rmsprop_coefficients
    rule: ClassVar[Any] = rmsprop
    moments: ClassVar[int] = 1


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
    moments: ClassVar[int] = 2


@dataclass(frozen=True)
class AdamW(Optimizer):
    """Adam with weight decay that is no part of the gradient (Loshchilov and Hutter, 2019)."""

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    name: ClassVar[str] = "adamw"
    summary: ClassVar[str] = "Adam with weight decay of its own"
    coefficients: ClassVar[Any] = adamw_coefficients
    rule: ClassVar[Any] = adamw
    moments: ClassVar[int] = 2


OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.name: optimizer for optimizer in (PerceptronRule, SGD, Momentum, Nesterov, Adagrad, RMSprop, Adam, AdamW)
}


@cache
def _kernel(name: str) -> Any:
    optimizer = OPTIMIZERS[name]
    return specialise(UPDATES[optimizer.moments], name, coefficients=optimizer.coefficients, rule=optimizer.rule)


def get_optimizer(optimizer: str | dict[str, Any] | Optimizer) -> Optimizer:
    """Make an optimizer of a name, of settings such as ``{"name": "adam", "learning_rate": 0.01}``, or of itself.

    Raises
    ------
    ConfigurationError
        For an unknown name (with the nearest known ones), or a setting that the optimizer does not have.
    """
    return construct("optimizer", OPTIMIZERS, optimizer)
