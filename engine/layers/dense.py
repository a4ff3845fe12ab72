"""The fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.activations import get_activation
from engine.crew import MOST_SHARES
from engine.errors import ConfigurationError
from engine.initializers import get_initializer
from engine.jit import call, inner, kernel, like, part
from engine.layers.activation import activation_operations
from engine.layers.base import INPUTS, OWN, Operation, Parameter, Shape, WeightedLayer, check_count
from engine.products import PRODUCT, block_of, share_of_product

# Up to how many units, each with how many inputs at least, a layer is cut by its inputs: its weights then stay with the
# thread that moves them, and threads tell each other a few sums instead.
FEW_UNITS, MANY_INPUTS = 32, 16


@inner
def sum_of_inputs(run, in_features, out_features, theta, x, y, tape):
    """A share's part of X W, over a block of the inputs; the last share of all adds the parts up."""
    batch, share, shares, size = run[0], run[5], run[6], run[0] * out_features
    if share < shares:
        _, _, start, count = block_of(1, in_features, share, shares)
        target = y if share == 0 else part(tape, (share - 1) * size, size)
        if count == 0:  # there are more shares than blocks
            for i in range(size):
                target[i] = like(x[0], 0)
            return
        call(
            run[PRODUCT],
            (False, False, False, batch, out_features, count, x, start, in_features, theta, start * out_features,
             out_features, target, 0, out_features),
        )  # fmt: skip
    else:
        for p in range(shares - 1):
            added = part(tape, p * size, size)
            for i in range(size):
                y[i] += added[i]


@kernel(counts=False)
def dense_forward(run, dims, constants, theta, x, y, tape):
    """Y = X W + b, with X (batch, in_features), W (in_features, out_features), b (out_features)."""
    batch, in_features, out_features, share, shares = run[0], dims[0], dims[1], run[5], run[6]
    if shares > 1 and tape.size > 0:
        sum_of_inputs(run, in_features, out_features, theta, x, y, tape)
        if share < shares:
            return
        share, shares = 0, 1
    else:
        share_of_product(run, False, x, False, theta, y, batch, out_features, in_features)
    row, rows, column, columns = block_of(batch, out_features, share, shares)
    bias = part(theta, in_features * out_features + column, columns)
    for n in range(row, row + rows):
        outputs = part(y, n * out_features + column, columns)
        for o in range(columns):
            outputs[o] += bias[o]


@kernel(counts=False)
def dense_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dW = Xᵀ dY, db = Σ_n dY_n, dX = dY Wᵀ."""
    batch, in_features, out_features, share, shares = run[0], dims[0], dims[1], run[5], run[6]
    share_of_product(run, True, x, False, dy, dtheta, in_features, out_features, batch)
    first, last = share * out_features // shares, (share + 1) * out_features // shares
    dbias = part(dtheta, in_features * out_features + first, last - first)
    for o in range(dbias.size):
        dbias[o] = like(x[0], 0)
    for n in range(batch):
        doutputs = part(dy, n * out_features + first, last - first)
        for o in range(dbias.size):
            dbias[o] += doutputs[o]
    if dx.size > 0:
        share_of_product(run, False, dy, True, theta, dx, batch, in_features, out_features)


@dataclass(frozen=True)
class Dense(WeightedLayer):
    """A fully connected layer: ``outputs = activation(inputs @ weight + bias)``.

    Parameters
    ----------
    units : int
        Number of outputs (neurons), at least 1.
    activation : str
        A name in ACTIVATIONS.
    weight_init, bias_init : str
        Names in INITIALIZERS, some of which take a number, such as ``"constant:0.5"``.
    l1, l2, trainable
        See WeightedLayer and Layer.

    Notes
    -----
    Takes inputs of shape ``(in_features,)``. Its parameters are ``weight`` (in_features, units) and ``bias``
    (units,).
    """

    units: int
    activation: str = "linear"
    weight_init: str = "glorot_uniform"
    bias_init: str = "zeros"

    name: ClassVar[str] = "dense"
    summary: ClassVar[str] = "fully connected: activation(inputs @ weight + bias)"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "units", self.units)
        get_activation(self.activation)
        get_initializer(self.weight_init)
        get_initializer(self.bias_init)

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        in_features = self._in_features(input_shape)
        return [
            self.weight("weight", (in_features, self.units), self.weight_init, in_features, self.units),
            self.bias("bias", (self.units,), self.bias_init, in_features, self.units),
        ]

    def operations(self, input_shape: Shape) -> list[Operation]:
        in_features = self._in_features(input_shape)
        dims, size = (in_features, self.units), (in_features + 1) * self.units
        work, cut, sums = in_features * self.units, OWN, 0
        if self.units <= FEW_UNITS and in_features >= MANY_INPUTS * self.units:
            cut, sums = INPUTS, (MOST_SHARES - 1) * self.units
        affine = Operation(
            _kernels, (self.units,), dims, parameters=(0, size), tape_per_example=sums, kind="dense", cut=cut, work=work
        )
        return [affine, *activation_operations(self.activation, (self.units,))]

    def _in_features(self, input_shape: Shape) -> int:
        if len(input_shape) != 1:
            raise ConfigurationError(
                f"Dense takes one row of features an example, not the shape {input_shape}: put Flatten() before it"
            )
        return input_shape[0]


def _kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return dense_forward, dense_backward
