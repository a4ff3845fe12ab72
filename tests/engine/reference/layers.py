"""Reference layers: forward, and backward by the textbook chain rule.

A layer keeps from forward what backward needs. `cases` are the settings and input shapes that the tests try.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.layers.dense import LOOP_LIMIT
from tests.engine.reference.activations import ACTIVATIONS

Array = NDArray[np.float64]
Weights = dict[str, Array]
Case = tuple[dict[str, Any], tuple[int, ...]]


class ReferenceLayer:
    """Base: `affine` and its backward are a subclass's own; the activation function is the same for all."""

    cases: ClassVar[list[Case]]

    def __init__(self, settings: dict[str, Any], weights: Weights) -> None:
        self.settings = settings
        self.weights = weights
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
        ({"units": LOOP_LIMIT // 8}, (8,)),
        ({"units": LOOP_LIMIT // 8 + 1}, (8,)),
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


LAYERS: dict[str, type[ReferenceLayer]] = {"dense": Dense, "activation": Activation}
