"""Reference losses, of outputs after the last activation: the loss of each example, and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """A loss of outputs (N, K) and targets (N, K).

    Attributes
    ----------
    value : callable
        Gives each example's loss, (N,).
    gradient : callable
        Gives the derivative of each example's loss with respect to its outputs, (N, K).
    link : str, optional
        The activation that belongs to the loss.
    of_logits : bool
        Whether the loss is a function of what that activation is applied to, not of what it gives.
    """

    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]
    link: str | None = None
    of_logits: bool = False


def _binary(p: Array, t: Array) -> Array:
    return -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean(axis=1)


def _binary_gradient(p: Array, t: Array) -> Array:
    return (-t / p + (1 - t) / (1 - p)) / p.shape[1]


def _huber(y: Array, t: Array) -> Array:
    error = np.abs(y - t)
    return np.where(error <= 1, error**2 / 2, error - 1 / 2).mean(axis=1)


def _sign(t: Array) -> Array:
    return np.where(t > 0, 1.0, -1.0)


def _hinge(y: Array, t: Array) -> Array:
    return np.maximum(0, 1 - _sign(t) * y).mean(axis=1)


def _hinge_gradient(y: Array, t: Array) -> Array:
    return np.where(_sign(t) * y < 1, -_sign(t), 0) / y.shape[1]


def _perceptron(z: Array, t: Array) -> Array:
    return np.maximum(0, -_sign(t) * z).mean(axis=1)


def _perceptron_gradient(z: Array, t: Array) -> Array:
    return np.where(_sign(t) * z <= 0, -_sign(t), 0) / z.shape[1]


def _right_class(p: Array, labels: Array) -> Array:
    return np.arange(p.shape[1]) == labels.astype(int)


def _sparse(p: Array, labels: Array) -> Array:
    return -np.log(p[_right_class(p, labels)])


def _sparse_gradient(p: Array, labels: Array) -> Array:
    return np.where(_right_class(p, labels), -1 / p, 0)


LOSSES: dict[str, Loss] = {
    "mse": Loss(lambda y, t: ((y - t) ** 2).mean(axis=1), lambda y, t: 2 * (y - t) / y.shape[1]),
    "mae": Loss(lambda y, t: np.abs(y - t).mean(axis=1), lambda y, t: np.sign(y - t) / y.shape[1]),
    "huber": Loss(_huber, lambda y, t: np.clip(y - t, -1, 1) / y.shape[1]),
    "hinge": Loss(_hinge, _hinge_gradient),
    "perceptron": Loss(_perceptron, _perceptron_gradient, link="step", of_logits=True),
    "binary_crossentropy": Loss(_binary, _binary_gradient, link="sigmoid"),
    "categorical_crossentropy": Loss(lambda p, t: -(t * np.log(p)).sum(axis=1), lambda p, t: -t / p, link="softmax"),
    "sparse_categorical_crossentropy": Loss(_sparse, _sparse_gradient, link="softmax"),
}
