"""The long short-term memory (Hochreiter and Schmidhuber, 1997; with forget gates, Gers et al., 2000)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.activations import ACTIVATIONS
from engine.initializers import Initializer, get_initializer
from engine.jit import inner, like, part, specialise
from engine.layers.base import Operation, Parameter, Shape
from engine.layers.recurrent import (
    Recurrent,
    block,
    check_flag,
    copy_out,
    fill_row,
    give_out,
    in_time,
    lay_out,
    take_in,
)
from engine.products import add_product, multiply

sigmoid: Any = None  # the kernels of each dtype have their own, given by `specialise`
tanh: Any = None


@inner(counts=True)
def lstm_tape(tape, batch, steps, features, units):
    """The parts of the tape, each of so many values for each example:

    inputs (steps + 1, features + units + 1), cells (steps + 1, units) from c_{-1} = 0 on, tanh c (steps, units), gates
    (steps, 4 units), and backward's scratch space: dc (units), d[x, h] (features + units).
    """
    inputs = (steps + 1) * (features + units + 1) * batch
    cells = inputs + (steps + 1) * units * batch
    bounded = cells + steps * units * batch
    gates = bounded + 4 * steps * units * batch
    dcell = gates + units * batch
    return (
        tape[:inputs],
        tape[inputs:cells],
        tape[cells:bounded],
        tape[bounded:gates],
        tape[gates:dcell],
        tape[dcell:],
    )


def lstm_forward(run, dims, constants, theta, x, y, tape):
    """[i, f, g, o] = [σ, σ, tanh, σ](Wᵀ x_t + Rᵀ h_{t-1} + b);  c_t = f c_{t-1} + i g;  h_t = o tanh c_t."""
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    rows, size = features + units + 1, units * batch
    inputs, cells, bounded, gates, _, _ = lstm_tape(tape, batch, steps, features, units)
    lay_out(x, inputs, batch, steps, features, rows)
    fill_row(inputs, rows - 1, batch, steps, rows, 1)
    inputs[features * batch : features * batch + size] = like(theta[0], 0)
    cells[:size] = like(theta[0], 0)
    for t in range(steps):
        z = gates[4 * t * size : 4 * (t + 1) * size]
        multiply(run, True, theta, False, block(inputs, t, rows, batch), z, 4 * units, batch, rows)
        i, f, g, o = z[:size], z[size : 2 * size], z[2 * size : 3 * size], z[3 * size :]
        before, cell = cells[t * size : (t + 1) * size], cells[(t + 1) * size : (t + 2) * size]
        bound = bounded[t * size : (t + 1) * size]
        first = ((t + 1) * rows + features) * batch
        hidden = inputs[first : first + size]
        for j in range(size):
            admitted, kept, candidate, shown = sigmoid(i[j]), sigmoid(f[j]), tanh(g[j]), sigmoid(o[j])
            i[j], f[j], g[j], o[j] = admitted, kept, candidate, shown
            c = kept * before[j] + admitted * candidate
            cell[j] = c
            c = tanh(c)
            bound[j] = c
            hidden[j] = shown * c
        give_out(hidden.reshape(units, batch), y, t, steps, dims[3] == 1)


def lstm_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """Through time, with dh_t from the output and from step t + 1:

    do = dh tanh c_t,  dc += dh o (1 - tanh² c_t),  di = dc g,  df = dc c_{t-1},  dg = dc i,  then dc ← dc f;
    dz_s = ds s (1 - s) for s = i, f, o and dz_g = dg (1 - g²);  d[W; R; b] = Σ_t [x_t; h_{t-1}; 1] dzᵀ;
    dx_t = W dz,  dh_{t-1} = R dz.  On the tape, dz takes the place of the gates.
    """
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    rows, size = features + units + 1, units * batch
    recurrent = part(theta, features * 4 * units, units * 4 * units)
    inputs, cells, bounded, gates, dcell, dinputs = lstm_tape(tape, batch, steps, features, units)
    dh = part(dinputs, features * batch, size)
    dcell[:], dh[:], dtheta[:] = like(theta[0], 0), like(theta[0], 0), like(theta[0], 0)
    for t in range(steps - 1, -1, -1):
        take_in(dy, dh.reshape(units, batch), t, steps, dims[3] == 1)
        z = gates[4 * t * size : 4 * (t + 1) * size]
        i, f, g, o = z[:size], z[size : 2 * size], z[2 * size : 3 * size], z[3 * size :]
        before, bound = cells[t * size : (t + 1) * size], bounded[t * size : (t + 1) * size]
        one = like(theta[0], 1)
        for j in range(size):
            admitted, kept, candidate, shown = i[j], f[j], g[j], o[j]
            dc = dcell[j] + dh[j] * shown * (one - bound[j] * bound[j])
            i[j] = dc * candidate * admitted * (one - admitted)
            f[j] = dc * before[j] * kept * (one - kept)
            g[j] = dc * admitted * (one - candidate * candidate)
            o[j] = dh[j] * bound[j] * shown * (one - shown)
            dcell[j] = dc * kept
        add_product(run, False, block(inputs, t, rows, batch), True, z, dtheta, rows, 4 * units, batch)
        if dx.size > 0:
            multiply(run, False, theta, False, z, dinputs, rows - 1, batch, 4 * units)
            copy_out(dinputs.reshape(rows - 1, batch)[:features], dx, t, steps)
        elif t > 0:
            multiply(run, False, recurrent, False, z, dh, units, batch, 4 * units)


@dataclass(frozen=True)
class LSTM(Recurrent):
    """A long short-term memory: a cell whose gates decide what enters, what stays and what is shown.

    ``[i, f, g, o] = [σ, σ, tanh, σ](x_t @ weight + h @ recurrent_weight + bias)``, ``c ← f c + i g``,
    ``h ← o tanh c``, from h = c = 0.

    Parameters
    ----------
    units, return_sequences, weight_init, recurrent_init, bias_init, l1, l2, trainable
        See Recurrent.
    unit_forget_bias : bool
        Whether the biases of the forget gates start at 1 instead of by `bias_init`, so that the cell keeps what it
        holds until training says otherwise (Jozefowicz et al., 2015).

    Notes
    -----
    Takes inputs of shape ``(steps, features)``. Its parameters are ``weight`` (features, 4 units),
    ``recurrent_weight`` (units, 4 units) and ``bias`` (4 units,). Their columns belong to the gates in the order
    input, forget, cell, output, as in PyTorch and Keras; there are no peepholes.
    """

    unit_forget_bias: bool = True

    name: ClassVar[str] = "lstm"
    summary: ClassVar[str] = "a memory cell with input, forget and output gates, step by step along a sequence"
    gates: ClassVar[int] = 4

    def __post_init__(self) -> None:
        super().__post_init__()
        check_flag(self, "unit_forget_bias")

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        features = self.sequence(input_shape)[1]
        start = remembering(self.bias_init) if self.unit_forget_bias else None
        return [
            self.weight_parameter(features),
            self.recurrent_parameter(),
            self.bias_parameter("bias", features, start),
        ]

    def operations(self, input_shape: Shape) -> list[Operation]:
        steps, features = self.sequence(input_shape)
        blocks = (steps + 1) * (features + 2 * self.units + 1) + 5 * steps * self.units
        return [self.operation(input_shape, _lstm_kernels, blocks + 2 * self.units + features)]

    def states(self, tape: NDArray[Any], batch: int, input_shape: Shape) -> dict[str, NDArray[Any]]:
        """What went on inside, step by step, from the tape of a forward pass.

        Returns
        -------
        dict of str to ndarray, shape (batch, steps, units)
            ``input_gate``, ``forget_gate``, ``cell_gate`` (the candidate values), ``output_gate``, ``cell_state`` and
            ``hidden_state`` after each step.
        """
        steps, features = self.sequence(input_shape)
        inputs, cells, _, gates, _, _ = lstm_tape(tape, batch, steps, features, self.units)
        rows = features + self.units + 1
        values = in_time(gates, 4 * self.units, batch)
        names = ("input_gate", "forget_gate", "cell_gate", "output_gate")
        return {
            **dict(zip(names, np.split(values, 4, axis=-1), strict=True)),
            "cell_state": in_time(cells[self.units * batch :], self.units, batch),
            "hidden_state": in_time(inputs[rows * batch :], rows, batch)[..., features : features + self.units],
        }


def remembering(name: str) -> Initializer:
    """The initializer of an LSTM's bias: 1 for the forget gates, the one of that name for the others."""
    chosen = get_initializer(name)

    def draw(generator: np.random.Generator, shape: Shape, fan_in: int, fan_out: int) -> NDArray[np.float64]:
        values = chosen.draw(generator, shape, fan_in, fan_out)
        units = shape[0] // 4
        values[units : 2 * units] = 1.0
        return values

    return Initializer(name, f"{chosen.summary}, with 1 for the forget gates", draw)


@cache
def _lstm_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    rules = {name: ACTIVATIONS[name].rule_for(dtype) for name in ("sigmoid", "tanh")}
    return specialise(lstm_forward, dtype.name, **rules), specialise(lstm_backward, dtype.name)
