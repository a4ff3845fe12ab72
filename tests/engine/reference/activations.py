"""Reference activations: the value, and the product of dy with the Jacobian."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]


class Elementwise:
    """An activation that acts on every value alone; its Jacobian is diagonal."""

    def __init__(self, value: Callable[[Array], Array], slope: Callable[[Array], Array]) -> None:
        self.value = value
        self.slope = slope

    def backward(self, x: Array, dy: Array) -> Array:
        return dy * self.slope(x)


class Softmax:
    """Probabilities over the last axis; its Jacobian is diag(p) - p pᵀ."""

    def value(self, x: Array) -> Array:
        powers = np.exp(x - x.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def backward(self, x: Array, dy: Array) -> Array:
        p = self.value(x)
        jacobian = np.einsum("...i,ij->...ij", p, np.eye(p.shape[-1])) - np.einsum("...i,...j->...ij", p, p)
        return np.einsum("...i,...ij->...j", dy, jacobian)


def sigmoid(x: Array) -> Array:
    # the two forms are equal; each is used where its exponential cannot overflow
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def sech(x: Array) -> Array:
    return 2 / (np.exp(np.abs(x)) + np.exp(-np.abs(x)))


def _softplus(x: Array) -> Array:
    return np.logaddexp(0, x)


def _density(x: Array) -> Array:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


ACTIVATIONS: dict[str, Elementwise | Softmax] = {
    "step": Elementwise(lambda x: np.where(x > 0, 1.0, 0.0), np.zeros_like),
    "linear": Elementwise(lambda x: x, np.ones_like),
    "relu": Elementwise(lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0.0)),
    "sigmoid": Elementwise(sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": Elementwise(np.tanh, lambda x: sech(x) ** 2),
    "leaky_relu": Elementwise(lambda x: np.where(x > 0, x, x / 100), lambda x: np.where(x > 0, 1.0, 1 / 100)),
    "elu": Elementwise(lambda x: np.where(x > 0, x, np.expm1(-np.abs(x))), lambda x: np.exp(np.minimum(x, 0))),
    "softplus": Elementwise(_softplus, sigmoid),
    "gelu": Elementwise(lambda x: x * ndtr(x), lambda x: ndtr(x) + x * _density(x)),
    "silu": Elementwise(lambda x: x * sigmoid(x), lambda x: sigmoid(x) + x * sigmoid(x) * sigmoid(-x)),
    "softmax": Softmax(),
}
