"""The activation function as a layer of its own, and as the last part of others."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from engine.activations import get_activation
from engine.layers.base import EXAMPLES, Layer, Operation, Shape

# What a value costs, in multiplications (see `Operation.work`).
WORK = 16


def activation_operations(activation: str, shape: Shape) -> list[Operation]:
    """The operation that applies an activation function to outputs of a shape; none where it is linear."""
    if activation == "linear":
        return []
    return [_operation(activation, shape)]


@dataclass(frozen=True)
class Activation(Layer):
    """An activation function as a layer of its own: ``outputs = activation(inputs)``, for inputs of any shape.

    Parameters
    ----------
    activation : str
        A name in ACTIVATIONS, other than linear.
    """

    activation: str

    name: ClassVar[str] = "activation"
    summary: ClassVar[str] = "an activation function on its own"

    def __post_init__(self) -> None:
        get_activation(self.activation)

    def operations(self, input_shape: Shape) -> list[Operation]:
        return [_operation(self.activation, input_shape)]


def _operation(activation: str, shape: Shape) -> Operation:
    kernels, work = get_activation(activation).kernels, WORK * prod(shape)
    return Operation(kernels, shape, dims=(shape[-1],), activation=activation, cut=EXAMPLES, work=work)
