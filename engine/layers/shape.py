"""Layers that only name the shape anew. They compute nothing: the values stay where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from engine.errors import ConfigurationError
from engine.layers.base import Layer, Operation, Shape


@dataclass(frozen=True)
class Flatten(Layer):
    """Makes one row of features of any shape, as Dense takes it."""

    name: ClassVar[str] = "flatten"
    summary: ClassVar[str] = "makes one row of features of an image or a sequence"

    def operations(self, input_shape: Shape) -> list[Operation]:
        return []

    def output_shape(self, input_shape: Shape) -> Shape:
        return (prod(input_shape),)


@dataclass(frozen=True)
class Reshape(Layer):
    """Gives the values of an example another shape; their order stays (the last axis runs fastest).

    Parameters
    ----------
    shape : tuple of int
        Such as ``(28, 28, 1)``. One size may be -1: it becomes what is left.
    """

    shape: Shape

    name: ClassVar[str] = "reshape"
    summary: ClassVar[str] = "gives the values another shape, such as that of an image"

    def __post_init__(self) -> None:
        shape = tuple(self.shape) if isinstance(self.shape, (list, tuple)) else (self.shape,)
        whole = all(isinstance(size, int) and not isinstance(size, bool) for size in shape)
        if not shape or not whole or any(size < 1 and size != -1 for size in shape) or shape.count(-1) > 1:
            raise ConfigurationError(
                f"Reshape: shape={self.shape!r} must hold whole numbers of at least 1, of which one may be -1"
            )
        object.__setattr__(self, "shape", shape)

    def operations(self, input_shape: Shape) -> list[Operation]:
        return []

    def output_shape(self, input_shape: Shape) -> Shape:
        values, known = prod(input_shape), prod(size for size in self.shape if size != -1)
        shape = tuple(values // known if size == -1 else size for size in self.shape)
        if prod(shape) != values:
            raise ConfigurationError(
                f"Reshape: shape={self.shape} cannot hold the {values} values of the shape {input_shape}"
            )
        return shape
