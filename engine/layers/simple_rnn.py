"""The plain recurrent layer (Elman, 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.activations import ACTIVATIONS
from engine.jit import inner, like, part, specialise
from engine.layers.base import Operation, Parameter, Shape
from engine.layers.recurrent import (
    Recurrent,
    block,
    copy_out,
    fill_row,
    give_out,
    in_time,
    lay_out,
    take_in,
)
from engine.products import add_product, multiply

tanh: Any = None  # the kernels of each dtype have their own, given by `specialise`


@inner(counts=True)
def rnn_tape(tape, batch, steps, features, units):
    """The parts of the tape: inputs (steps + 1, features + units + 1) and backward's dz (units) and d[x, h]."""
    inputs = (steps + 1) * (features + units + 1) * batch
    dz = inputs + units * batch
    return tape[:inputs], tape[inputs:dz], tape[dz:]


def rnn_forward(run, dims, constants, theta, x, y, tape):
    """h_t = tanh(Wᵀ x_t + Rᵀ h_{t-1} + b)."""
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    rows, size = features + units + 1, units * batch
    inputs = rnn_tape(tape, batch, steps, features, units)[0]
    lay_out(x, inputs, batch, steps, features, rows)
    fill_row(inputs, rows - 1, batch, steps, rows, 1)
    inputs[features * batch : features * batch + size] = like(theta[0], 0)
    for t in range(steps):
        first = ((t + 1) * rows + features) * batch
        h = inputs[first : first + size]
        hidden = h.reshape(units, batch)
        multiply(run, True, theta, False, block(inputs, t, rows, batch), h, units, batch, rows)
        for j in range(size):
            h[j] = tanh(h[j])
        give_out(hidden, y, t, steps, dims[3] == 1)


def rnn_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dz_t = dh_t (1 - h_t²);  d[W; R; b] = Σ_t [x_t; h_{t-1}; 1] dz_tᵀ;  dx_t = W dz_t,  dh_{t-1} = R dz_t."""
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    rows, size = features + units + 1, units * batch
    recurrent = part(theta, features * units, units * units)
    inputs, dz, dinputs = rnn_tape(tape, batch, steps, features, units)
    dh = part(dinputs, features * batch, size)
    dh[:], dtheta[:] = like(theta[0], 0), like(theta[0], 0)
    for t in range(steps - 1, -1, -1):
        take_in(dy, dh.reshape(units, batch), t, steps, dims[3] == 1)
        first = ((t + 1) * rows + features) * batch
        h = inputs[first : first + size]
        for j in range(size):
            dz[j] = dh[j] * (like(theta[0], 1) - h[j] * h[j])
        add_product(run, False, block(inputs, t, rows, batch), True, dz, dtheta, rows, units, batch)
        if dx.size > 0:
            multiply(run, False, theta, False, dz, dinputs, rows - 1, batch, units)
            copy_out(dinputs.reshape(rows - 1, batch)[:features], dx, t, steps)
        elif t > 0:
            multiply(run, False, recurrent, False, dz, dh, units, batch, units)


@dataclass(frozen=True)
class SimpleRNN(Recurrent):
    """A plain recurrent layer (Elman, 1990): ``h ← tanh(x_t @ weight + h @ recurrent_weight + bias)``, from h = 0.

    Parameters
    ----------
    units, return_sequences, weight_init, recurrent_init, bias_init, l1, l2, trainable
        See Recurrent.

    Notes
    -----
    Takes inputs of shape ``(steps, features)``. Its parameters are ``weight`` (features, units), ``recurrent_weight``
    (units, units) and ``bias`` (units,).
    """

    name: ClassVar[str] = "simple_rnn"
    summary: ClassVar[str] = "plain recurrence along a sequence: tanh of the inputs and the last hidden state"

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        features = self.sequence(input_shape)[1]
        return [self.weight_parameter(features), self.recurrent_parameter(), self.bias_parameter("bias", features)]

    def operations(self, input_shape: Shape) -> list[Operation]:
        steps, features = self.sequence(input_shape)
        tape = (steps + 1) * (features + self.units + 1) + 2 * self.units + features
        return [self.operation(input_shape, _rnn_kernels, tape)]

    def states(self, tape: NDArray[Any], batch: int, input_shape: Shape) -> dict[str, NDArray[Any]]:
        """What went on inside, step by step, from the tape of a forward pass.

        Returns
        -------
        dict of str to ndarray, shape (batch, steps, units)
            ``hidden_state`` after each step.
        """
        steps, features = self.sequence(input_shape)
        inputs = rnn_tape(tape, batch, steps, features, self.units)[0]
        rows = features + self.units + 1
        return {"hidden_state": in_time(inputs[rows * batch :], rows, batch)[..., features : features + self.units]}


@cache
def _rnn_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return (
        specialise(rnn_forward, dtype.name, tanh=ACTIVATIONS["tanh"].rule_for(dtype)),
        specialise(rnn_backward, dtype.name),
    )
