"""The gated recurrent unit (Cho et al., 2014)."""

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

sigmoid: Any = None  # the kernels of each dtype have their own, given by `specialise`
tanh: Any = None


@inner(counts=True)
def gru_tape(tape, batch, steps, features, units):
    """The parts of the tape, each of so many values for each example:

    inputs (steps + 1, features + 1 + units + 1), which are x, 1, h, 1; gates (steps, 3 units); the candidate's share
    of the hidden state Rᵀ h + c before the reset gate (steps, units); and scratch space: z of the hidden state
    (3 units), dx (features), dh (units), R dz (units).
    """
    inputs = (steps + 1) * (features + units + 2) * batch
    gates = inputs + 3 * steps * units * batch
    shares = gates + steps * units * batch
    from_hidden = shares + 3 * units * batch
    dinput = from_hidden + features * batch
    dhidden = dinput + units * batch
    return (
        tape[:inputs],
        tape[inputs:gates],
        tape[gates:shares],
        tape[shares:from_hidden],
        tape[from_hidden:dinput],
        tape[dinput:dhidden],
        tape[dhidden:],
    )


@inner(counts=True)
def gru_weights(theta, features, units):
    """The weight on the inputs (features + 1, 3 units) and that on the hidden state (units + 1, 3 units), flat."""
    size = (features + 1) * 3 * units
    return part(theta, 0, size), part(theta, size, (units + 1) * 3 * units)


def gru_forward(run, dims, constants, theta, x, y, tape):
    """With a = Wᵀ x_t + b and s = Rᵀ h_{t-1} + c, each in three parts:

    r = σ(a_r + s_r);  z = σ(a_z + s_z);  n = tanh(a_n + r s_n);  h_t = (1 - z) n + z h_{t-1}.
    """
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    rows, size = features + units + 2, units * batch
    weight, recurrent = gru_weights(theta, features, units)
    inputs, gates, shares, s, _, _, _ = gru_tape(tape, batch, steps, features, units)
    lay_out(x, inputs, batch, steps, features, rows)
    fill_row(inputs, features, batch, steps, rows, 1)
    fill_row(inputs, rows - 1, batch, steps, rows, 1)
    inputs[(features + 1) * batch : (features + 1) * batch + size] = like(theta[0], 0)
    s_r, s_z, s_n = s[:size], s[size : 2 * size], s[2 * size :]
    for t in range(steps):
        a = gates[3 * t * size : 3 * (t + 1) * size]
        first = (t * rows + features + 1) * batch
        hidden = part(inputs, first, (units + 1) * batch)
        multiply(run, True, weight, False, block(inputs, t, rows, batch), a, 3 * units, batch, features + 1)
        multiply(run, True, recurrent, False, hidden, s, 3 * units, batch, units + 1)
        r, z, n = a[:size], a[size : 2 * size], a[2 * size :]
        share = shares[t * size : (t + 1) * size]
        before, h = inputs[first : first + size], inputs[first + rows * batch : first + rows * batch + size]
        for j in range(size):
            reset, update = sigmoid(r[j] + s_r[j]), sigmoid(z[j] + s_z[j])
            candidate = tanh(n[j] + reset * s_n[j])
            share[j] = s_n[j]
            r[j], z[j], n[j] = reset, update, candidate
            h[j] = candidate + update * (before[j] - candidate)
        give_out(h.reshape(units, batch), y, t, steps, dims[3] == 1)


def gru_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """Through time, with dh_t from the output and from step t + 1:

    da_n = dh (1 - z) (1 - n²),  da_z = dh (h_{t-1} - n) z (1 - z),  da_r = da_n s_n r (1 - r);
    ds = [da_r, da_z, da_n r];  d[W; b] = Σ_t [x_t; 1] daᵀ,  d[R; c] = Σ_t [h_{t-1}; 1] dsᵀ;
    dx_t = W da,  dh_{t-1} = dh z + R ds.  On the tape, da takes the place of the gates.
    """
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    rows, size = features + units + 2, units * batch
    weight, recurrent = gru_weights(theta, features, units)
    dweight, drecurrent = gru_weights(dtheta, features, units)
    inputs, gates, shares, ds, dinput, dh, through = gru_tape(tape, batch, steps, features, units)
    s_r, s_z, s_n = ds[:size], ds[size : 2 * size], ds[2 * size :]
    dhidden, one = dh.reshape(units, batch), like(theta[0], 1)
    dh[:], dtheta[:] = like(theta[0], 0), like(theta[0], 0)
    for t in range(steps - 1, -1, -1):
        take_in(dy, dhidden, t, steps, dims[3] == 1)
        a = gates[3 * t * size : 3 * (t + 1) * size]
        r, z, n = a[:size], a[size : 2 * size], a[2 * size :]
        share = shares[t * size : (t + 1) * size]
        first = (t * rows + features + 1) * batch
        before = inputs[first : first + size]
        for j in range(size):
            reset, update, candidate = r[j], z[j], n[j]
            dn = dh[j] * (one - update) * (one - candidate * candidate)
            dz = dh[j] * (before[j] - candidate) * update * (one - update)
            dr = dn * share[j] * reset * (one - reset)
            r[j], z[j], n[j] = dr, dz, dn
            s_r[j], s_z[j], s_n[j] = dr, dz, dn * reset
            dh[j] *= update
        hidden = part(inputs, first, (units + 1) * batch)
        add_product(run, False, block(inputs, t, rows, batch), True, a, dweight, features + 1, 3 * units, batch)
        add_product(run, False, hidden, True, ds, drecurrent, units + 1, 3 * units, batch)
        if dx.size > 0:
            multiply(run, False, weight, False, a, dinput, features, batch, 3 * units)
            copy_out(dinput.reshape(features, batch), dx, t, steps)
        if t > 0:
            multiply(run, False, recurrent, False, ds, through, units, batch, 3 * units)
            for j in range(size):
                dh[j] += through[j]


@dataclass(frozen=True)
class GRU(Recurrent):
    """A gated recurrent unit: a hidden state that an update gate moves towards a candidate.

    ``[r, z] = σ(x_t @ weight + bias + h @ recurrent_weight + recurrent_bias)`` in their columns,
    ``n = tanh(x_t @ weight_n + bias_n + r (h @ recurrent_weight_n + recurrent_bias_n))``, ``h ← (1 - z) n + z h``,
    from h = 0.

    Parameters
    ----------
    units, return_sequences, weight_init, recurrent_init, bias_init, l1, l2, trainable
        See Recurrent.

    Notes
    -----
    Takes inputs of shape ``(steps, features)``. Its parameters are ``weight`` (features, 3 units), ``bias``
    (3 units,), ``recurrent_weight`` (units, 3 units) and ``recurrent_bias`` (3 units,). Their columns belong to the
    reset gate, the update gate and the candidate.

    The reset gate acts after the product with the recurrent weights, as in PyTorch, in cuDNN and in Keras with
    ``reset_after=True`` (the first version of Cho et al., 2014). Their published version resets before it.
    """

    name: ClassVar[str] = "gru"
    summary: ClassVar[str] = "a hidden state with reset and update gates, step by step along a sequence"
    gates: ClassVar[int] = 3

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        features = self.sequence(input_shape)[1]
        return [
            self.weight_parameter(features),
            self.bias_parameter("bias", features),
            self.recurrent_parameter(),
            self.bias_parameter("recurrent_bias", self.units),
        ]

    def operations(self, input_shape: Shape) -> list[Operation]:
        steps, features = self.sequence(input_shape)
        tape = (steps + 1) * (features + self.units + 2) + 4 * steps * self.units + features + 5 * self.units
        return [self.operation(input_shape, _gru_kernels, tape)]

    def states(self, tape: NDArray[Any], batch: int, input_shape: Shape) -> dict[str, NDArray[Any]]:
        """What went on inside, step by step, from the tape of a forward pass.

        Returns
        -------
        dict of str to ndarray, shape (batch, steps, units)
            ``reset_gate``, ``update_gate``, ``candidate`` and ``hidden_state`` after each step.
        """
        steps, features = self.sequence(input_shape)
        inputs, gates, *_ = gru_tape(tape, batch, steps, features, self.units)
        rows, start = features + self.units + 2, features + 1
        values = np.split(in_time(gates, 3 * self.units, batch), 3, axis=-1)
        hidden = in_time(inputs[rows * batch :], rows, batch)[..., start : start + self.units]
        return {**dict(zip(("reset_gate", "update_gate", "candidate"), values, strict=True)), "hidden_state": hidden}


@cache
def _gru_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    rules = {name: ACTIVATIONS[name].rule_for(dtype) for name in ("sigmoid", "tanh")}
    return specialise(gru_forward, dtype.name, **rules), specialise(gru_backward, dtype.name)
