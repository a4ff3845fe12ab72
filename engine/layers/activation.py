"""The activation function as a layer of its own, and as the last part of others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.activations import get_activation
from engine.layers.base import Layer, Operation, Shape


def activation_operations(activation: str, shape: Shape) -> list[Operation]:
    """The operation that applies an activation function to outputs of a shape; none where it is linear."""
    if activation == "linear":
        return []
    return [Operation(get_activation(activation).kernels, shape, dims=(shape[-1],), activation=activation)]


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
        entry = get_activation(self.activation)
        return [Operation(entry.kernels, input_shape, dims=(input_shape[-1],), activation=self.activation)]
