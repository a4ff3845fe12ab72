"""The fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.activations import get_activation
from engine.errors import ConfigurationError
from engine.initializers import get_initializer
from engine.jit import kernel, like
from engine.layers.activation import activation_operations
from engine.layers.base import Operation, Parameter, Shape, WeightedLayer, check_count

# Products go to BLAS at every size: from 32×16×16 down to 32×2×16 it takes a fifth of what a loop nest does.


@kernel
def dense_forward(run, dims, constants, theta, x, y, tape):
    """Y = X W + b, with X (batch, in_features), W (in_features, out_features), b (out_features)."""
    batch, in_features, out_features = run[0], dims[0], dims[1]
    weight, bias = theta[: in_features * out_features], theta[in_features * out_features :]
    outputs = y.reshape(batch, out_features)
    np.dot(x.reshape(batch, in_features), weight.reshape(in_features, out_features), outputs)
    for n in range(batch):
        for o in range(out_features):
            outputs[n, o] += bias[o]


@kernel
def dense_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dW = Xᵀ dY, db = Σ_n dY_n, dX = dY Wᵀ."""
    batch, in_features, out_features = run[0], dims[0], dims[1]
    size = in_features * out_features
    dweight, dbias = dtheta[:size].reshape(in_features, out_features), dtheta[size:]
    doutputs = dy.reshape(batch, out_features)
    np.dot(x.reshape(batch, in_features).T, doutputs, dweight)
    dbias[:] = like(x[0], 0)
    for n in range(batch):
        for o in range(out_features):
            dbias[o] += doutputs[n, o]
    if dx.size > 0:
        weight = theta[:size].reshape(in_features, out_features)
        np.dot(doutputs, weight.T, dx.reshape(batch, in_features))


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
        Names in INITIALIZERS.
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
        affine = Operation(_dense_kernels, (self.units,), dims, parameters=(0, size))
        return [affine, *activation_operations(self.activation, (self.units,))]

    def _in_features(self, input_shape: Shape) -> int:
        if len(input_shape) != 1:
            raise ConfigurationError(
                f"Dense takes one row of features an example, not the shape {input_shape}: put Flatten() before it"
            )
        return input_shape[0]


def _dense_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return dense_forward, dense_backward
