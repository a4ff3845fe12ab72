"""Pooling, which shrinks images, and its counterpart, which enlarges them: each channel by itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.errors import ConfigurationError
from engine.jit import inner, kernel, like
from engine.layers.base import EXAMPLES, Layer, Operation, Shape
from engine.layers.windows import Pair, Windows, check_pair, image_shape, windows
from engine.vectors import lanes, largest

# The tape holds places in an image as float32, which tells this many of them apart.
MOST_PLACES = 2**24

# What a value of the larger image costs, in multiplications (see `Operation.work`).
WORK = 20


@kernel
def max_pool_forward(run, dims, constants, theta, x, y, tape):
    """y = the largest value that the window sees; tape = where its place begins in the image (the first of equals)."""
    x_size, y_size = x.size // run[0], y.size // run[0]
    for n in range(run[0]):
        first, last = n * y_size, (n + 1) * y_size
        find_largest(x[n * x_size : (n + 1) * x_size], dims, y[first:last], tape[first:last])


@inner(counts=True)
def find_largest(image, dims, values, places):
    width, channels, size_down, size_right, down, right, windows_down, windows_right = dims[1:9]
    for i in range(windows_down):
        for j in range(windows_right):
            at, first = (i * down * width + j * right) * channels, (i * windows_right + j) * channels
            for c in range(0, channels, lanes(image)):
                largest(image, at, width * channels, channels, size_down, size_right, c, values, places, first)


@kernel
def max_pool_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx = dy where the largest value was, summed over the windows that found it there, else 0."""
    if dx.size > 0:
        x_size, y_size = dx.size // run[0], dy.size // run[0]
        for n in range(run[0]):
            first, last = n * y_size, (n + 1) * y_size
            return_to_places(dy[first:last], tape[first:last], dims[2], dx[n * x_size : (n + 1) * x_size])


@inner(counts=True)
def return_to_places(values, places, channels, image):
    image[:] = like(values[0], 0)
    for first in range(0, values.size, channels):
        value, place = values[first : first + channels], places[first : first + channels]
        for c in range(channels):
            # unsigned: an index that might be negative would have to be tested for it
            image[np.uint64(place[c]) + np.uint64(c)] += value[c]


@kernel
def average_pool_forward(run, dims, constants, theta, x, y, tape):
    """y = c Σ x over what the window sees, with c = 1 / its area."""
    x_size, y_size = x.size // run[0], y.size // run[0]
    for n in range(run[0]):
        collect(x[n * x_size : (n + 1) * x_size], dims, constants[0], y[n * y_size : (n + 1) * y_size])


@kernel
def average_pool_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx = c Σ dy over the windows that see it."""
    if dx.size > 0:
        x_size, y_size = dx.size // run[0], dy.size // run[0]
        for n in range(run[0]):
            spread(dy[n * y_size : (n + 1) * y_size], dims, constants[0], dx[n * x_size : (n + 1) * x_size])


@kernel
def upsample_forward(run, dims, constants, theta, x, y, tape):
    """y = x of the window that sees it: `average_pool_backward` with c = 1 and windows that lie on y."""
    x_size, y_size = x.size // run[0], y.size // run[0]
    for n in range(run[0]):
        spread(x[n * x_size : (n + 1) * x_size], dims, constants[0], y[n * y_size : (n + 1) * y_size])


@kernel
def upsample_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx = Σ dy over what the window sees."""
    if dx.size > 0:
        x_size, y_size = dx.size // run[0], dy.size // run[0]
        for n in range(run[0]):
            collect(dy[n * y_size : (n + 1) * y_size], dims, constants[0], dx[n * x_size : (n + 1) * x_size])


@inner(counts=True)
def collect(image, dims, scale, values):
    """values[i, j] = scale · Σ image[i·down : i·down + size₀, j·right : j·right + size₁]"""
    width, channels, size_down, size_right, down, right, windows_down, windows_right = dims[1:9]
    for i in range(windows_down):
        for j in range(windows_right):
            first = (i * windows_right + j) * channels
            value = values[first : first + channels]
            for p in range(size_down):
                for q in range(size_right):
                    at = ((i * down + p) * width + j * right + q) * channels
                    source, new = image[at : at + channels], p + q == 0
                    for c in range(channels):
                        value[c] = scale * source[c] + (like(scale, 0) if new else value[c])


@inner(counts=True)
def spread(values, dims, scale, image):
    """image[i·down : i·down + size₀, j·right : j·right + size₁] += scale · values[i, j], from zero."""
    width, channels, size_down, size_right, down, right, windows_down, windows_right = dims[1:9]
    image[:] = like(scale, 0)
    for i in range(windows_down):
        for j in range(windows_right):
            first = (i * windows_right + j) * channels
            value = values[first : first + channels]
            for p in range(size_down):
                for q in range(size_right):
                    at = ((i * down + p) * width + j * right + q) * channels
                    target = image[at : at + channels]
                    for c in range(channels):
                        target[c] += scale * value[c]


@dataclass(frozen=True)
class Pool2D(Layer):
    """Base of the layers that put one number in the place of what a window sees.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of the windows.
    strides : int or (int, int), optional
        How far the windows move down and right; by default their size, so that they lie side by side.

    Notes
    -----
    Takes inputs of shape ``(height, width, channels)``. Rows and columns at the end that fill no window are left out.
    """

    pool_size: int | Pair = 2
    strides: int | Pair | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "pool_size", check_pair(self, "pool_size", self.pool_size))
        strides = self.pool_size if self.strides is None else self.strides
        object.__setattr__(self, "strides", check_pair(self, "strides", strides))

    def _windows(self, input_shape: Shape) -> Windows:
        size, strides = check_pair(self, "pool_size", self.pool_size), check_pair(self, "strides", self.strides)
        return windows(self, "pool_size", input_shape, size, strides)


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """Shrinks images to the largest value in each window, channel by channel.

    Parameters
    ----------
    pool_size, strides
        See Pool2D.
    """

    name: ClassVar[str] = "max_pool2d"
    summary: ClassVar[str] = "shrinks images to the largest value in each window"

    def operations(self, input_shape: Shape) -> list[Operation]:
        laid = self._windows(input_shape)
        if prod(input_shape) > MOST_PLACES:
            raise ConfigurationError(
                f"MaxPool2D takes images of up to {MOST_PLACES:,} values, not {prod(input_shape):,}: shrink them "
                f"first, such as by strides in a convolution"
            )
        shape = (*laid.counts, input_shape[2])
        places, work = prod(shape), WORK * prod(input_shape)
        kernels = _max_pool_kernels
        return [Operation(kernels, shape, laid.dims, tape_per_example=places, kind="max_pool", cut=EXAMPLES, work=work)]


@dataclass(frozen=True)
class AvgPool2D(Pool2D):
    """Shrinks images to the mean of each window, channel by channel.

    Parameters
    ----------
    pool_size, strides
        See Pool2D.
    """

    name: ClassVar[str] = "avg_pool2d"
    summary: ClassVar[str] = "shrinks images to the mean of each window"

    def operations(self, input_shape: Shape) -> list[Operation]:
        laid = self._windows(input_shape)
        shape, share, work = (*laid.counts, input_shape[2]), (1.0 / prod(laid.size),), WORK * prod(input_shape)
        kernels = _average_pool_kernels
        return [Operation(kernels, shape, laid.dims, share, kind="average_pool", cut=EXAMPLES, work=work)]


@dataclass(frozen=True)
class UpSample2D(Layer):
    """Enlarges images: each value is repeated (nearest neighbour).

    Parameters
    ----------
    size : int or (int, int)
        How often it is repeated down and right.

    Notes
    -----
    Takes inputs of shape ``(height, width, channels)``.
    """

    size: int | Pair = 2

    name: ClassVar[str] = "upsample2d"
    summary: ClassVar[str] = "enlarges images by repeating each value"

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", check_pair(self, "size", self.size))

    def operations(self, input_shape: Shape) -> list[Operation]:
        height, width, channels = image_shape(self, input_shape)
        size = check_pair(self, "size", self.size)
        shape = (height * size[0], width * size[1], channels)
        laid = Windows(shape, size, size)
        work = WORK * prod(shape)
        return [Operation(_upsample_kernels, shape, laid.dims, (1.0,), kind="upsample", cut=EXAMPLES, work=work)]


def _max_pool_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return max_pool_forward, max_pool_backward


def _average_pool_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return average_pool_forward, average_pool_backward


def _upsample_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return upsample_forward, upsample_backward
