"""Reference optimizers, as in the papers, on whole vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# step(parameters, gradient, state, t, settings) -> new parameters; `state` begins empty and is the optimizer's to fill
Step = Callable[[Array, Array, dict[str, Array], int, dict[str, Any]], Array]


def sgd(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Robbins and Monro, 1951."""
    return theta - s["learning_rate"] * g


def momentum(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Polyak, 1964: θ_{t+1} = θ_t - η g_t + μ (θ_t - θ_{t-1}), the last step being added again in part."""
    moved = theta - s["learning_rate"] * g + s["momentum"] * (theta - state.get("before", theta))
    state["before"] = theta
    return moved


def nesterov(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Sutskever et al., 2013, eq. 3 and 4, told in the points φ = θ + μ v at which the gradients are taken."""
    velocity = state.get("v", np.zeros_like(g))
    origin = theta - s["momentum"] * velocity
    state["v"] = s["momentum"] * velocity - s["learning_rate"] * g
    return origin + state["v"] + s["momentum"] * state["v"]


def adagrad(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Duchi et al., 2011: the step divided by the root of the sum of all squared gradients so far."""
    state["sum"] = state.get("sum", np.zeros_like(g)) + g**2
    return theta - s["learning_rate"] / (np.sqrt(state["sum"]) + s["epsilon"]) * g


def rmsprop(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Tieleman and Hinton, 2012: the step divided by the root of a running mean of squared gradients."""
    state["mean"] = s["decay"] * state.get("mean", np.zeros_like(g)) + (1 - s["decay"]) * g**2
    return theta - s["learning_rate"] * g / (np.sqrt(state["mean"]) + s["epsilon"])


def adam(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Kingma and Ba, 2015, algorithm 1."""
    state["m"] = s["beta1"] * state.get("m", np.zeros_like(g)) + (1 - s["beta1"]) * g
    state["v"] = s["beta2"] * state.get("v", np.zeros_like(g)) + (1 - s["beta2"]) * g**2
    m_hat = state["m"] / (1 - s["beta1"] ** t)
    v_hat = state["v"] / (1 - s["beta2"] ** t)
    return theta - s["learning_rate"] * m_hat / (np.sqrt(v_hat) + s["epsilon"])


def adamw(theta: Array, g: Array, state: dict[str, Array], t: int, s: dict[str, Any]) -> Array:
    """Loshchilov and Hutter, 2019, algorithm 2, with the decay multiplied by the learning rate as in their code."""
    return adam(theta, g, state, t, s) - s["learning_rate"] * s["weight_decay"] * theta


OPTIMIZERS: dict[str, Step] = {
    "perceptron": sgd,
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}
