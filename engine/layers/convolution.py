"""The convolution of images: unfolded into what the windows see, it is one matrix product an image."""

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
from engine.layers.window_tiles import HEIGHT, make_window_tile
from engine.layers.windows import Pair, Windows, check_pair, crop, fold, pad, padded, windows
from engine.products import multiply, pack
from engine.tiles import WIDEST
from engine.vectors import VECTOR, lanes

PADDINGS = ("valid", "same")

# What moving a number to or from a window costs, in multiplications.
UNFOLDING = 8

# Numbers of windows that are held at once: they stay in a core's own cache.
HELD = 16384

# How many rows are added up side by side.
ROWS_AT_ONCE = 16

# Vectors of half the length suit few filters, where processors work through two of them in the time of a whole one.
HALVES = VECTOR == 64

# The functions for tiles, by how many vectors of columns they have.
short = make_window_tile(1, 2)
narrow, medium, wide = (make_window_tile(min(vectors, WIDEST)) for vectors in (1, 2, 3))


@kernel
def convolution_forward(run, dims, constants, theta, x, y, tape):
    """Y_n = U(X_n) W + b: row (i, j) of U(X_n) is what window (i, j) sees."""
    batch, filters, size = run[0], dims[13], lanes(x)
    x_size, y_size, taps = x.size // batch, y.size // batch, theta.size // filters - 1
    places, most = y_size // filters, WIDEST * size
    windows_at, taps_at, rows = window_table(dims), tap_table(dims), rows_at(places, filters)
    image, weights = padded(dims, x), np.empty((taps + 1) * min(most, filters + size), x.dtype)
    for first in range(0, filters, most):
        columns = min(filters - first, most)
        width = (columns + size - 1) // size * size
        pack(theta, first, filters, weights, taps + 1, columns, width)
        for n in range(batch):
            pad(x, n * x_size, dims, image)
            add_product(
                image, windows_at, places, taps_at, taps, weights, 0, width, weights, taps * width, 0,
                y, n * y_size + first, rows, columns,
            )  # fmt: skip


@kernel
def convolution_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dW = Σ_n U(X_n)ᵀ dY_n, db = Σ_n Σ_ij dY_n,ij, and dX_n = Uᵀ(dY_n Wᵀ)."""
    batch, filters = run[0], dims[13]
    x_size, y_size, taps = x.size // batch, y.size // batch, theta.size // filters - 1
    places, most = y_size // filters, WIDEST * lanes(x)
    windows_at, taps_at, rows = window_table(dims), tap_table(dims), rows_at(taps, filters)
    image = padded(dims, x)
    dtheta[:] = like(x[0], 0)
    for n in range(batch):
        pad(x, n * x_size, dims, image)
        for first in range(0, filters, most):
            add_product(
                image, taps_at, taps, windows_at, places, dy, n * y_size + first, filters, dtheta, first, 1,
                dtheta, first, rows, min(filters - first, most),
            )  # fmt: skip
    add_rows(dy, filters, dtheta[taps * filters :])
    if dx.size > 0:
        return_to_images(run, dims, theta, dy, dx)


@inner(counts=True)
def add_product(a, at, count, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns):
    """C = S + U B, for as many columns as a tile may have (see `make_window_tile`)."""
    vectors = (columns + lanes(c) - 1) // lanes(c)
    for row in range(0, count, HEIGHT):
        if HALVES and 2 * columns <= lanes(c):
            short(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)
        elif vectors == 1:
            narrow(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)
        elif vectors == 2:
            medium(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)
        else:
            wide(a, at, row, to, length, b, b_start, b_row, s, s_start, follows, c, c_start, rows, columns)


@inner(counts=True)
def return_to_images(run, dims, theta, dy, dx):
    """dX_n = Uᵀ(dY_n Wᵀ), some lines of windows at a time."""
    batch, lines, width, filters = run[0], dims[7], dims[8], dims[13]
    taps, x_size = theta.size // filters - 1, dx.size // batch
    transposed = np.empty(taps * filters, dx.dtype)
    for t in range(taps):
        for f in range(filters):
            transposed[f * taps + t] = theta[t * filters + f]
    most = min(max(HELD // (width * taps), 1), lines)
    seen, dimage = np.empty(most * width * taps, dx.dtype), padded(dims, dx)
    for n in range(batch):
        dimage[:] = like(dx[0], 0)
        for i in range(0, lines, most):
            count = min(most, lines - i)
            places, at = count * width, (n * lines + i) * width * filters
            dseen = seen[: places * taps]
            multiply(run, False, dy[at : at + places * filters], False, transposed, dseen, places, taps, filters)
            fold(dseen, dims, i, count, dimage)
        crop(dimage, dims, dx, n * x_size)


@inner(counts=True)
def window_table(dims):
    """Where each window begins in a padded image."""
    channels, _, _, down, right, lines, width = dims[2:9]
    count = lines * width
    at = np.empty(count + HEIGHT, np.int64)
    for i in range(lines):
        for j in range(width):
            at[i * width + j] = (i * down * dims[10] + j * right) * channels
    at[count:] = at[count - 1]
    return at


@inner(counts=True)
def tap_table(dims):
    """Where each tap of a window lies behind the window's beginning."""
    span = dims[4] * dims[2]
    count = dims[3] * span
    at = np.empty(count + HEIGHT, np.int64)
    for p in range(dims[3]):
        for t in range(span):
            at[p * span + t] = p * dims[10] * dims[2] + t
    at[count:] = at[count - 1]
    return at


@inner(counts=True)
def rows_at(count, width):
    """Where rows begin that lie one after the other."""
    at = np.empty(count + HEIGHT, np.int64)
    for i in range(at.size):
        at[i] = min(i, count - 1) * width
    return at


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
        work = prod(laid.counts) * (size // self.filters) * (self.filters + UNFOLDING)
        affine = Operation(
            _convolution_kernels, shape, dims, parameters=(0, size), kind="convolution", cut=EXAMPLES, work=work
        )
        return [affine, *activation_operations(self.activation, shape)]

    def _windows(self, input_shape: Shape) -> Windows:
        size, strides = check_pair(self, "kernel_size", self.kernel_size), check_pair(self, "strides", self.strides)
        return windows(self, "kernel_size", input_shape, size, strides, self.padding)


def _convolution_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return convolution_forward, convolution_backward
