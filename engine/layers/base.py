"""What a layer is: shapes, parameters, and the operations that the machine runs for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from math import prod
from typing import Any, ClassVar

import numpy as np

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Parameter:
    """An array of trainable values: its name within the layer, its shape and how it starts.

    `fan_in` and `fan_out` are the numbers of inputs and outputs that one value connects, for the initializer.
    """

    name: str
    shape: Shape
    initializer: str
    fan_in: int
    fan_out: int

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Operation:
    """One entry of the machine's table: a forward and a backward kernel and what they need to know.

    The kernels have the signatures::

        forward(run, dims, constants, theta, x, y, tape)
        backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta)

    `run` is int64 ``[batch, training, step, seed]``, `dims` the int64 sizes below, `constants` the numbers below, and
    the rest are flat C-contiguous arrays in the network's dtype, cut to size: `x` and `dx` hold the batch of inputs,
    `y` and `dy` the batch of outputs, `theta` and `dtheta` the layer's parameters, `tape` whatever forward leaves
    for backward. Backward assigns `dx` and `dtheta` (it does not add to them). `dx` is empty for a first operation,
    whose input needs no gradient.

    Attributes
    ----------
    kernels : callable
        ``kernels(dtype) -> (forward, backward)``.
    output_shape : tuple of int
        Shape of one example's output.
    dims, constants : tuple
        What the kernels read.
    reads_parameters : bool
        Whether `theta` is the layer's parameters (else it is empty).
    tape_per_example : int
        Values of tape that one example needs.
    activation : str or None
        The name of the activation function, when the operation is one.
    """

    kernels: Callable[[np.dtype[Any]], tuple[Any, Any]]
    output_shape: Shape
    dims: tuple[int, ...] = ()
    constants: tuple[float, ...] = ()
    reads_parameters: bool = False
    tape_per_example: int = 0
    activation: str | None = None


class Layer(ABC):
    """Base of all layers: a small dataclass of settings that can say its parameters and operations.

    Subclasses are frozen dataclasses with a class attribute `name` (the registry's) and `summary` (one line). They
    hold no arrays and no shapes: a Network asks them once, with the shape that reaches them.
    """

    name: ClassVar[str]
    summary: ClassVar[str]

    @abstractmethod
    def parameters(self, input_shape: Shape) -> list[Parameter]:
        """The layer's parameters, in the order in which they lie in the flat vector."""

    @abstractmethod
    def operations(self, input_shape: Shape) -> list[Operation]:
        """The operations that turn the layer's input into its output, in order.

        Raises ConfigurationError when the layer cannot take inputs of this shape.
        """

    def config(self) -> dict[str, Any]:
        """The settings as a JSON-able dict with the layer's registry name as ``type``."""
        settings = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {"type": self.name, **settings}

    def __str__(self) -> str:
        return type(self).__name__
