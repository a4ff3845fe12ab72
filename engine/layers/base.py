"""What a layer is: shapes, parameters, and the operations that the machine runs for it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.errors import ConfigurationError
from engine.initializers import Initializer
from engine.validation import check_whole

Shape = tuple[int, ...]

# How the machine may cut an operation into shares for several threads: not at all; by examples, of which the kernels
# then get some; or as its kernels see fit, which read run[SHARE] and run[SHARES]; or so, by the inputs that are summed,
# with one more share forwards that adds up the sums of the others.
WHOLE, EXAMPLES, OWN, INPUTS = range(4)


@dataclass(frozen=True)
class Parameter:
    """An array of trainable values: its name within the layer, its shape and how it starts.

    Attributes
    ----------
    fan_in, fan_out : int
        How many inputs and outputs one value connects, for the initializer.
    trainable : bool
        Whether the optimizer moves it. Running statistics are parameters that it does not move.
    l1, l2 : float
        Weights of the penalties l1 Σ|θ| + l2 Σθ² in what training minimises.
    """

    name: str
    shape: Shape
    initializer: str | Initializer
    fan_in: int
    fan_out: int
    trainable: bool = True
    l1: float = 0.0
    l2: float = 0.0

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Operation:
    """One entry of the machine's table: a forward and a backward kernel and what they need to know.

    The kernels have the signatures::

        forward(run, dims, constants, theta, x, y, tape)
        backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta)

    `run` is int64 ``[batch, training, step, seed, stop, share, shares, whole, first, product]``: the kernels are given
    `batch` of the `whole` examples of a batch, from number `first` on; `product` is for `engine.products`. `dims` are
    the int64 sizes below, `constants` the numbers below, and the rest are flat C-contiguous arrays in the network's
    dtype, cut to size: `x` and `dx` hold the batch of inputs, `y` and `dy` the batch of outputs, `theta` and `dtheta`
    the operation's parameters, `tape` whatever forward leaves for backward. Backward assigns `dx` and `dtheta` (it does
    not add to them). `dx` is empty for a first operation, whose input needs no gradient. Forward may write to
    parameters that are not trainable while run[TRAINING] is 1.

    Attributes
    ----------
    kernels : callable
        ``kernels(dtype) -> (forward, backward)``.
    output_shape : tuple of int
        Shape of one example's output.
    dims, constants : tuple
        What the kernels read. The machine adds the operation's own number as the last of `dims`.
    parameters : (int, int)
        Where `theta` starts and stops within the layer's parameters.
    tape_per_example : int
        Values of tape that one example needs.
    tape_of : int
        For 2, the operation has no tape of its own but shares that of the operation two places before it; 0 for none.
    activation : str or None
        The name of the activation function, when the operation is one.
    kind : str
        What it computes, when it is not one: other devices find their own kernels by it.
    cut : {WHOLE, EXAMPLES, OWN, INPUTS}
        Whether several threads can do it. With EXAMPLES the kernels get a part of the batch like a whole one: what
        they compute for an example must not depend on others. The machine then adds up what the parts assign to
        `dtheta`. With OWN and INPUTS they get everything and do only what belongs to their share; with INPUTS, forward
        is called once more when all shares are done, with run[SHARE] = run[SHARES].
    work : int
        What an example takes, counted in multiplications of a large matrix product (about 15 ps each); with it the
        machine decides into how many shares the operation is cut.
    """

    kernels: Callable[[np.dtype[Any]], tuple[Any, Any]]
    output_shape: Shape
    dims: tuple[int, ...] = ()
    constants: tuple[float, ...] = ()
    parameters: tuple[int, int] = (0, 0)
    tape_per_example: int = 0
    tape_of: int = 0
    activation: str | None = None
    kind: str = ""
    cut: int = WHOLE
    work: int = 0


@dataclass(frozen=True)
class Layer(ABC):
    """Base of all layers: a small dataclass of settings that can say its parameters and operations.

    Subclasses are frozen dataclasses with a class attribute `name` (the registry's) and `summary` (one line). They
    hold no arrays and no shapes: a Network asks them once, with the shape that reaches them.

    Parameters
    ----------
    trainable : bool
        False freezes the layer: the optimizer leaves its parameters as they are.
    """

    trainable: bool = field(default=True, kw_only=True)

    name: ClassVar[str]
    summary: ClassVar[str]

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        """The layer's parameters, in the order in which they lie in the flat vector."""
        return []

    @abstractmethod
    def operations(self, input_shape: Shape) -> list[Operation]:
        """The operations that turn the layer's input into its output, in order; none if it only names the shape anew.

        Raises ConfigurationError when the layer cannot take inputs of this shape.
        """

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one example's output."""
        return self.operations(input_shape)[-1].output_shape

    def config(self) -> dict[str, Any]:
        """The settings as a JSON-able dict with the layer's registry name as ``type``."""
        settings = {each.name: getattr(self, each.name) for each in fields(self)}
        lists = {name: list(value) for name, value in settings.items() if isinstance(value, tuple)}
        return {"type": self.name, **settings, **lists}

    def __str__(self) -> str:
        return type(self).__name__


@dataclass(frozen=True)
class WeightedLayer(Layer):
    """Base of the layers with weights, which can be kept small.

    Parameters
    ----------
    l1, l2 : float
        Training adds l1 Σ|w| + l2 Σw² over the layer's weights (not its biases) to what it minimises.
    """

    l1: float = field(default=0.0, kw_only=True)
    l2: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        check_number(self, "l1", self.l1, 0)
        check_number(self, "l2", self.l2, 0)

    def weight(self, name: str, shape: Shape, initializer: str | Initializer, fan_in: int, fan_out: int) -> Parameter:
        """A parameter that the penalties act on."""
        return Parameter(name, shape, initializer, fan_in, fan_out, self.trainable, self.l1, self.l2)

    def bias(self, name: str, shape: Shape, initializer: str | Initializer, fan_in: int, fan_out: int) -> Parameter:
        """A parameter that they do not act on."""
        return Parameter(name, shape, initializer, fan_in, fan_out, self.trainable)


def check_count(layer: Layer, name: str, value: Any, least: int = 1) -> None:
    """Raise ConfigurationError unless a setting of a layer is a whole number of at least `least`."""
    check_whole(f"{layer}: {name}", value, least)


def check_number(layer: Layer, name: str, value: Any, least: float, below: float = math.inf) -> None:
    """Raise ConfigurationError unless a setting of a layer is a number in [least, below)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value < below:
        limit = f" and below {below:g}" if below < math.inf else ""
        raise ConfigurationError(f"{layer}: {name}={value!r} must be a number of at least {least:g}{limit}")
