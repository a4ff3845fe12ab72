"""What the recurrent layers have in common: sequences in, hidden states out, the step as one matrix product.

Their kernels lay a batch of sequences out in time. Each step t has a block of the tape, its columns the examples::

    inputs (steps + 1, rows, batch)      rows: the features x_t, the hidden state h_{t-1}, ones for the bias

so that a step multiplies all examples' inputs and hidden states by all weights at once, what belongs to one gate lies
together, and one loop over units × batch does the rest.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError
from engine.initializers import Initializer, get_initializer
from engine.jit import inner, like, part
from engine.layers.base import EXAMPLES, Operation, Parameter, Shape, WeightedLayer, check_count

# What the function of a gate costs, in multiplications (see `Operation.work`).
GATE_WORK = 30


@inner(counts=True)
def block(buffer, t, rows, batch):
    """The block (rows, batch) of step t, flat."""
    return part(buffer, t * rows * batch, rows * batch)


@inner(counts=True)
def lay_out(x, inputs, batch, steps, features, rows):
    """Copy sequences x (batch, steps, features) to the first rows of each step's block."""
    for t in range(steps):
        target = block(inputs, t, rows, batch)
        for f in range(features):
            row = part(target, f * batch, batch)
            for n in range(batch):
                row[n] = x[(n * steps + t) * features + f]


@inner(counts=True)
def fill_row(inputs, row, batch, steps, rows, value):
    """Set one row of each step's block."""
    for t in range(steps):
        block(inputs, t, rows, batch)[row * batch : (row + 1) * batch] = like(inputs[0], value)


@inner(counts=True)
def copy_out(values, y, t, steps):
    """Copy values (units, batch) to step t of y (batch, steps, units)."""
    units, batch = values.shape
    for u in range(units):
        row = values[u]
        for n in range(batch):
            y[(n * steps + t) * units + u] = row[n]


@inner(counts=True)
def give_out(hidden, y, t, steps, sequences):
    """Copy the hidden states (units, batch) of step t to the outputs, where they are asked for."""
    if sequences:
        copy_out(hidden, y, t, steps)
    elif t == steps - 1:
        copy_out(hidden, y, 0, 1)


@inner(counts=True)
def take_in(dy, dhidden, t, steps, sequences):
    """Add the output gradients of step t to those of the hidden states (units, batch)."""
    units, batch = dhidden.shape
    outputs, place = (steps, t) if sequences else (1, 0)
    if sequences or t == steps - 1:
        for u in range(units):
            row = dhidden[u]
            for n in range(batch):
                row[n] += dy[(n * outputs + place) * units + u]


@dataclass(frozen=True)
class Recurrent(WeightedLayer):
    """Base of the recurrent layers, which carry a hidden state from one step of a sequence to the next.

    Parameters
    ----------
    units : int
        Length of the hidden state, at least 1.
    return_sequences : bool
        Whether the output is the hidden state after every step, (steps, units), or after the last one, (units,).
    weight_init : str
        A name in INITIALIZERS, for the weights that act on the inputs; each gate's matrix is drawn on its own.
    recurrent_init : str
        The same for the weights that act on the hidden state.
    bias_init : str
        The same for the biases.
    l1, l2, trainable
        See WeightedLayer and Layer.
    """

    units: int
    return_sequences: bool = False
    weight_init: str = "glorot_uniform"
    recurrent_init: str = "orthogonal"
    bias_init: str = "zeros"

    gates: ClassVar[int] = 1  # how many blocks of `units` columns the weights have

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "units", self.units)
        check_flag(self, "return_sequences")
        for initializer in (self.weight_init, self.recurrent_init, self.bias_init):
            get_initializer(initializer)

    @abstractmethod
    def states(self, tape: NDArray[Any], batch: int, input_shape: Shape) -> dict[str, NDArray[Any]]:
        """Copy from the tape of a forward pass what went on inside: name -> array (batch, steps, units)."""

    def weight_parameter(self, features: int) -> Parameter:
        """``weight`` (features, gates · units), which acts on the inputs."""
        shape, initializer = (features, self.gates * self.units), each_gate(self.weight_init, self.gates)
        return self.weight("weight", shape, initializer, features, self.units)

    def recurrent_parameter(self) -> Parameter:
        """``recurrent_weight`` (units, gates · units), which acts on the hidden state."""
        shape, initializer = (self.units, self.gates * self.units), each_gate(self.recurrent_init, self.gates)
        return self.weight("recurrent_weight", shape, initializer, self.units, self.units)

    def bias_parameter(self, name: str, features: int, initializer: str | Initializer | None = None) -> Parameter:
        """A bias (gates · units,)."""
        chosen = self.bias_init if initializer is None else initializer
        return self.bias(name, (self.gates * self.units,), chosen, features, self.units)

    def operation(self, input_shape: Shape, kernels: Any, tape_per_example: int) -> Operation:
        """The one operation of the layer, whose kernels read [steps, features, units, return_sequences]."""
        steps, features = self.sequence(input_shape)
        output_shape = (steps, self.units) if self.return_sequences else (self.units,)
        size = sum(parameter.size for parameter in self.parameters(input_shape))
        dims = (steps, features, self.units, int(self.return_sequences))
        work = steps * (size + GATE_WORK * self.gates * self.units)
        return Operation(
            kernels, output_shape, dims, parameters=(0, size), tape_per_example=tape_per_example, kind=self.name,
            cut=EXAMPLES, work=work,
        )  # fmt: skip

    def sequence(self, input_shape: Shape) -> tuple[int, int]:
        """The numbers of steps and features of an example; ConfigurationError when it is no sequence."""
        if len(input_shape) != 2:
            raise ConfigurationError(
                f"{self} takes sequences of the shape (steps, features), not {input_shape}: give a recurrent layer "
                f"before it return_sequences=True, or reshape the input"
            )
        return input_shape[0], input_shape[1]


def each_gate(name: str, gates: int) -> Initializer:
    """The initializer that draws the block of columns of each gate on its own, as a matrix of that gate's."""
    chosen = get_initializer(name)

    def draw(generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float64]:
        gate_shape = (*shape[:-1], shape[-1] // gates)
        return np.concatenate([chosen.draw(generator, gate_shape, fan_in, fan_out) for _ in range(gates)], axis=-1)

    return Initializer(name, f"{chosen.summary}, for each gate", draw)


def in_time(values: NDArray[Any], rows: int, batch: int) -> NDArray[Any]:
    """Copy blocks (steps, rows, batch) from the tape, as an array (batch, steps, rows)."""
    return np.ascontiguousarray(values.reshape(-1, rows, batch).transpose(2, 0, 1))


def check_flag(layer: Recurrent, name: str) -> None:
    value = getattr(layer, name)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{layer}: {name}={value!r} must be true or false")
