"""The convolution of images: a matrix product, in which one factor is what windows see of an image."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.activations import get_activation
from engine.errors import ConfigurationError
from engine.initializers import get_initializer
from engine.jit import inner, kernel, like, part
from engine.layers.activation import activation_operations
from engine.layers.base import EXAMPLES, Operation, Parameter, Shape, WeightedLayer, check_count
from engine.layers.window_products import multiply_seen, table_of_rows
from engine.layers.windows import (
    Pair,
    Windows,
    check_pair,
    crop,
    pad,
    padded,
    tables_by_columns,
    tap_table,
    window_table,
    windows,
)
from engine.products import pack
from engine.tiles import WIDEST
from engine.vectors import MASKS, lanes

PADDINGS = ("valid", "same")

# What a tap costs beside the multiplications by its filters, in multiplications.
TAP = 8

# How many rows are added up side by side.
ROWS_AT_ONCE = 16


@kernel
def convolution_forward(run, dims, constants, theta, x, y, tape):
    """Y_n = U(X_n) W + b: row (i, j) of U(X_n) is what window (i, j) sees."""
    batch, filters, size = run[0], dims[13], lanes(x)
    x_size, y_size, taps = x.size // batch, y.size // batch, theta.size // filters - 1
    places, most = y_size // filters, WIDEST * size
    windows_at, taps_at, rows = window_table(dims), tap_table(dims), table_of_rows(places, filters)
    image, weights = padded(dims, x), np.empty((taps + 1) * min(most, filters + size), x.dtype)
    for first in range(0, filters, most):
        columns = min(filters - first, most)
        width = (columns + size - 1) // size * size
        pack(theta, first, filters, weights, taps + 1, columns, width)  # the last row is the bias
        for n in range(batch):
            pad(x, n * x_size, dims, image)
            multiply_seen(
                image, windows_at, places, taps_at, taps, weights, 0, width, weights, taps * width, 0,
                y, n * y_size + first, rows, columns,
            )  # fmt: skip


@kernel
def convolution_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dW = Σ_n U(X_n)ᵀ dY_n, db = Σ_n Σ_ij dY_n,ij, and dX_n = Uᵀ(dY_n Wᵀ)."""
    batch, filters, size = run[0], dims[13], lanes(x)
    x_size, y_size, taps = x.size // batch, y.size // batch, theta.size // filters - 1
    places, most = y_size // filters, WIDEST * size
    windows_at, taps_at, rows = window_table(dims), tap_table(dims), table_of_rows(taps, filters)
    image, packed = padded(dims, x), np.empty(0 if MASKS else places * min(most, filters + size), x.dtype)
    dtheta[:] = like(x[0], 0)
    for n in range(batch):
        pad(x, n * x_size, dims, image)
        for first in range(0, filters, most):
            columns = min(filters - first, most)
            doutputs, start, stride = dy, n * y_size + first, filters
            if not MASKS:
                width = (columns + size - 1) // size * size
                pack(dy, start, filters, packed, places, columns, width)
                doutputs, start, stride = packed, 0, width
            multiply_seen(
                image, taps_at, taps, windows_at, places, doutputs, start, stride, dtheta, first, 1,
                dtheta, first, rows, columns,
            )  # fmt: skip
    add_rows(dy, filters, dtheta[taps * filters :])
    if dx.size > 0:
        return_to_images(dims, windows_at, theta, dy, dx, batch)


@inner(counts=True)
def return_to_images(dims, windows_at, theta, dy, dx, batch):
    """dX_n = Uᵀ(dY_n Wᵀ): to each line of what a window sees, one line of the windows after the other."""
    size_down, filters, most = dims[3], dims[13], WIDEST * lanes(dx)
    line, span = dims[10] * dims[2], dims[4] * dims[2]
    x_size, y_size, taps = dx.size // batch, dy.size // batch, size_down * span
    transposed = np.empty(taps * filters + most, dx.dtype)  # and room to read a whole tile at the end
    for t in range(taps):
        for f in range(filters):
            transposed[f * taps + t] = theta[t * filters + f]
    dimage, each = padded(dims, dx), table_of_rows(filters, 1)
    columns_at, outputs_at, count = tables_by_columns(dims, windows_at)
    for n in range(batch):
        dimage[:] = like(dx[0], 0)
        outputs = dy[n * y_size : (n + 1) * y_size]
        for p in range(size_down):
            for first in range(0, span, most):
                start = p * line + first
                multiply_seen(
                    outputs, outputs_at, count, each, filters, transposed, p * span + first, taps, dimage, start, 1,
                    dimage, start, columns_at, min(span - first, most),
                )  # fmt: skip
        crop(dimage, dims, dx, n * x_size)


@inner(counts=True)
def add_rows(rows, width, sums):
    """sums ← sums + Σ_n rows_n, all flat. Many rows make one long loop, of which the compiler makes vectors."""
    many = ROWS_AT_ONCE * width
    together = np.zeros(many, rows.dtype)
    for start in range(0, rows.size, many):
        some = part(rows, start, min(many, rows.size - start))
        for i in range(some.size):
            together[i] += some[i]
    for start in range(0, many, width):
        for i in range(width):
            sums[i] += together[start + i]


@dataclass(frozen=True)
class Conv2D(WeightedLayer):
    """A convolution of images: ``outputs[i, j] = activation(Σ window(i, j) · weight + bias)``.

    Parameters
    ----------
    filters : int
        Number of output channels, at least 1.
    kernel_size : int or (int, int)
        Height and width of the windows.
    strides : int or (int, int)
        How far the windows move down and right.
    padding : {"valid", "same"}
        "valid": windows lie where they fit entirely. "same": zeros around the image let ceil(height / stride) ×
        ceil(width / stride) windows fit, with more zeros after than before where that is not even.
    activation : str
        A name in ACTIVATIONS.
    weight_init, bias_init : str
        Names in INITIALIZERS.
    l1, l2, trainable
        See WeightedLayer and Layer.

    Notes
    -----
    Takes inputs of shape ``(height, width, channels)``. Its parameters are ``weight`` (kernel height, kernel width,
    channels, filters) and ``bias`` (filters,). As everywhere in deep learning, the windows are not mirrored: this is
    a cross-correlation.
    """

    filters: int
    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str = "valid"
    activation: str = "linear"
    weight_init: str = "glorot_uniform"
    bias_init: str = "zeros"

    name: ClassVar[str] = "conv2d"
    summary: ClassVar[str] = "convolution of images with learned filters"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self, "filters", self.filters)
        object.__setattr__(self, "kernel_size", check_pair(self, "kernel_size", self.kernel_size))
        object.__setattr__(self, "strides", check_pair(self, "strides", self.strides))
        if self.padding not in PADDINGS:
            raise ConfigurationError(f"{self}: padding={self.padding!r} must be one of {', '.join(PADDINGS)}")
        get_activation(self.activation)
        get_initializer(self.weight_init)
        get_initializer(self.bias_init)

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        laid = self._windows(input_shape)
        channels, area = laid.shape[2], laid.size[0] * laid.size[1]
        fans = area * channels, area * self.filters
        return [
            self.weight("weight", (*laid.size, channels, self.filters), self.weight_init, *fans),
            self.bias("bias", (self.filters,), self.bias_init, *fans),
        ]

    def operations(self, input_shape: Shape) -> list[Operation]:
        laid = self._windows(input_shape)
        shape = (*laid.counts, self.filters)
        size = sum(parameter.size for parameter in self.parameters(input_shape))
        dims = (*laid.dims, self.filters)
        work = prod(laid.counts) * (size // self.filters) * (self.filters + TAP)
        affine = Operation(
            _convolution_kernels, shape, dims, parameters=(0, size), kind="convolution", cut=EXAMPLES, work=work
        )
        return [affine, *activation_operations(self.activation, shape)]

    def _windows(self, input_shape: Shape) -> Windows:
        size, strides = check_pair(self, "kernel_size", self.kernel_size), check_pair(self, "strides", self.strides)
        return windows(self, "kernel_size", input_shape, size, strides, self.padding)


def _convolution_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return convolution_forward, convolution_backward
