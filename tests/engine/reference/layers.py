"""Reference layers: forward, and backward by the textbook chain rule.

A layer keeps from forward what backward needs. `cases` are the settings and input shapes that the tests try.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tests.engine.reference.activations import ACTIVATIONS

Array = NDArray[np.float64]
Weights = dict[str, Array]
Case = tuple[dict[str, Any], tuple[int, ...]]


class ReferenceLayer:
    """Base: `affine` and its backward are a subclass's own; the activation function is the same for all.

    Parameters
    ----------
    settings : dict
        As in the layer's configuration.
    weights : dict of str to ndarray
        By their names within the layer.
    training : bool
        Whether to act as in training, where that is different.
    """

    cases: ClassVar[list[Case]]
    random: ClassVar[bool] = False  # whether the layer does something in training that the reference cannot know

    def __init__(self, settings: dict[str, Any], weights: Weights, training: bool = False) -> None:
        self.settings = settings
        self.weights = weights
        self.training = training
        self.activation = ACTIVATIONS[settings.get("activation", "linear")]

    def forward(self, x: Array) -> Array:
        self.x = x
        self.pre_activation = self.affine(x)
        self.output = self.activation.value(self.pre_activation)
        return self.output

    def backward(self, dy: Array, through_activation: bool = True) -> tuple[Array, Weights]:
        """The gradients with respect to the input and to each weight."""
        return self.affine_backward(self.activation.backward(self.pre_activation, dy) if through_activation else dy)

    def affine(self, x: Array) -> Array:
        raise NotImplementedError

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        raise NotImplementedError


class Dense(ReferenceLayer):
    cases = [
        ({"units": 4}, (3,)),
        ({"units": 1}, (1,)),
        ({"units": 129}, (8,)),
    ]

    def affine(self, x: Array) -> Array:
        return np.einsum("ni,io->no", x, self.weights["weight"]) + self.weights["bias"]

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        gradients = {"weight": np.einsum("ni,no->io", self.x, dz), "bias": np.einsum("no->o", dz)}
        return np.einsum("no,io->ni", dz, self.weights["weight"]), gradients


class Activation(ReferenceLayer):
    cases = [({}, (5,)), ({}, (4, 3))]

    def affine(self, x: Array) -> Array:
        return x

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        return dz, {}


class Dropout(ReferenceLayer):
    cases = [({}, (5,)), ({"rate": 0.2}, (5,))]
    random = True

    def affine(self, x: Array) -> Array:
        return x

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        return dz, {}


class BatchNorm(ReferenceLayer):
    cases = [({}, (5,)), ({"epsilon": 0.1, "momentum": 0.5}, (4, 3))]

    def affine(self, x: Array) -> Array:
        self.places = tuple(range(x.ndim - 1))
        if self.training:
            mean, variance = x.mean(axis=self.places), x.var(axis=self.places)
        else:
            mean, variance = self.weights["running_mean"], self.weights["running_variance"]
        self.inverse = 1 / np.sqrt(variance + self.settings["epsilon"])
        self.normal = (x - mean) * self.inverse
        return self.weights["scale"] * self.normal + self.weights["shift"]

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        gradients = {"scale": (dz * self.normal).sum(axis=self.places), "shift": dz.sum(axis=self.places)}
        gradients |= {name: np.zeros_like(self.inverse) for name in ("running_mean", "running_variance")}
        dnormal = dz * self.weights["scale"]
        if not self.training:
            return dnormal * self.inverse, gradients
        # the mean and the deviation depend on every row: their share of the change is taken out of each channel
        along = (dnormal * self.normal).mean(axis=self.places)
        return self.inverse * (dnormal - dnormal.mean(axis=self.places) - self.normal * along), gradients


class Residual(ReferenceLayer):
    cases = [
        ({"layers": ({"type": "dense", "units": 5, "activation": "tanh"},)}, (5,)),
        ({"layers": ({"type": "dense", "units": 4, "activation": "tanh"}, {"type": "dense", "units": 3})}, (5,)),
        ({"layers": ({"type": "residual", "layers": ({"type": "dense", "units": 2},)},)}, (3,)),
    ]

    def __init__(self, settings: dict[str, Any], weights: Weights, training: bool = False) -> None:
        super().__init__(settings, weights, training)
        self.inner = make_layers(settings["layers"], weights, training)

    def affine(self, x: Array) -> Array:
        y = x
        for layer in self.inner:
            y = layer.forward(y)
        if "projection" not in self.weights:
            return y + x
        self.places = tuple(slice(None, None, -(-old // new)) for old, new in zip(x.shape[:-1], y.shape, strict=False))
        return y + x[self.places] @ self.weights["projection"]

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        gradients: Weights = {}
        d = backward_through(self.inner, dz, gradients)
        if "projection" not in self.weights:
            return d + dz, gradients
        sources = self.x[self.places]
        gradients["projection"] = np.tensordot(sources, dz, axes=(range(dz.ndim - 1),) * 2)
        around = np.zeros_like(self.x)
        around[self.places] = dz @ self.weights["projection"].T
        return d + around, gradients


LAYERS: dict[str, type[ReferenceLayer]] = {
    "dense": Dense,
    "activation": Activation,
    "dropout": Dropout,
    "batch_norm": BatchNorm,
    "residual": Residual,
}


def make_layers(config: Sequence[dict[str, Any]], weights: Weights, training: bool = False) -> list[ReferenceLayer]:
    """Make the layers of a configuration; the weights' names begin with the layer's number."""
    layers = []
    for index, settings in enumerate(config):
        prefix = f"{index}."
        own = {name.removeprefix(prefix): weight for name, weight in weights.items() if name.startswith(prefix)}
        layers.append(LAYERS[settings["type"]](settings, own, training))
    return layers


def backward_through(
    layers: Sequence[ReferenceLayer], d: Array, gradients: Weights, skip_last_activation: bool = False
) -> Array:
    """Give the gradient with respect to the first layer's input, and put those of the weights into `gradients`."""
    for index in reversed(range(len(layers))):
        skip = skip_last_activation and index == len(layers) - 1
        d, own = layers[index].backward(d, through_activation=not skip)
        gradients.update({f"{index}.{name}": value for name, value in own.items()})
    return d
