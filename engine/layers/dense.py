"""The fully connected layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from engine.activations import get_activation
from engine.errors import ConfigurationError
from engine.initializers import get_initializer
from engine.jit import like, specialise
from engine.layers.activation import activation_operations
from engine.layers.base import Operation, Parameter, Shape, WeightedLayer, check_count
from engine.products import product, shared_product

# Layers with at least so many weights have products worth sharing out among threads.
SHARED_WEIGHTS = 2**15

multiply: Any = None  # the product of matrices: each copy of the kernels has its own, given by `specialise`


def dense_forward(run, dims, constants, theta, x, y, tape):
    """Y = X W + b, with X (batch, in_features), W (in_features, out_features), b (out_features)."""
    batch, in_features, out_features = run[0], dims[0], dims[1]
    multiply(False, x, False, theta, y, batch, out_features, in_features)
    bias, outputs = theta[in_features * out_features :], y.reshape(batch, out_features)
    for n in range(batch):
        for o in range(out_features):
            outputs[n, o] += bias[o]


def dense_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dW = Xᵀ dY, db = Σ_n dY_n, dX = dY Wᵀ."""
    batch, in_features, out_features = run[0], dims[0], dims[1]
    multiply(True, x, False, dy, dtheta, in_features, out_features, batch)
    dbias, doutputs = dtheta[in_features * out_features :], dy.reshape(batch, out_features)
    dbias[:] = like(x[0], 0)
    for n in range(batch):
        for o in range(out_features):
            dbias[o] += doutputs[n, o]
    if dx.size > 0:
        multiply(False, dy, True, theta, dx, batch, in_features, out_features)


@cache
def _kernels(shared: bool) -> tuple[Any, Any]:
    name, chosen = ("shared", shared_product) if shared else ("alone", product)
    return specialise(dense_forward, name, multiply=chosen), specialise(dense_backward, name, multiply=chosen)


def _shared_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return _kernels(True)


def _lone_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return _kernels(False)


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
        kernels = _shared_kernels if in_features * self.units >= SHARED_WEIGHTS else _lone_kernels
        affine = Operation(kernels, (self.units,), dims, parameters=(0, size), kind="dense")
        return [affine, *activation_operations(self.activation, (self.units,))]

    def _in_features(self, input_shape: Shape) -> int:
        if len(input_shape) != 1:
            raise ConfigurationError(
                f"Dense takes one row of features an example, not the shape {input_shape}: put Flatten() before it"
            )
        return input_shape[0]
