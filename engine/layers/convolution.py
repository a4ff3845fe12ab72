"""The convolution of images: unfolded into what the windows see, it is one matrix product an image."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.activations import get_activation
from engine.errors import ConfigurationError
from engine.initializers import get_initializer
from engine.jit import inner, kernel, like
from engine.layers.activation import activation_operations
from engine.layers.base import EXAMPLES, Operation, Parameter, Shape, WeightedLayer, check_count
from engine.layers.windows import Pair, Windows, check_pair, crop, fold, padded, unfold, unfold_taps, windows
from engine.products import add_product, multiply

PADDINGS = ("valid", "same")

# What unfolding a window costs: so many multiplications for each value.
UNFOLDING = 8


# Numbers of unfolded windows that are held at once: they stay in a core's own cache.
HELD = 16384


@kernel
def convolution_forward(run, dims, constants, theta, x, y, tape):
    """Y_n = U(X_n) Θ: row (i, j) of U(X_n) is what window (i, j) sees and a 1, and Θ is the weight above the bias.

    Some lines of windows at a time.
    """
    batch, lines, width, filters = run[0], dims[7], dims[8], dims[13]
    taps, along = theta.size // filters, is_contiguous(dims)
    most = lines_at_once(lines, width * taps)
    images, buffer = x.reshape(batch, x.size // batch), np.empty(most * width * taps, x.dtype)
    for n in range(batch):
        image = padded(images[n], dims)
        for i in range(0, lines, most):
            count = min(most, lines - i)
            places, at = count * width, (n * lines + i) * width * filters
            unfolded = buffer[: places * taps]
            unfold_with_ones(image, dims, i, count, unfolded)
            multiply(run, along, unfolded, False, theta, y[at : at + places * filters], places, filters, taps)


@kernel
def convolution_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dΘ = Σ_n U(X_n)ᵀ dY_n, and dX_n = Uᵀ(dY_n Θᵀ)."""
    batch, lines, width, filters = run[0], dims[7], dims[8], dims[13]
    taps, along = theta.size // filters, is_contiguous(dims)
    most = lines_at_once(lines, width * taps)
    images, buffer = x.reshape(batch, x.size // batch), np.empty(most * width * taps, x.dtype)
    dtheta[:] = like(x[0], 0)
    for n in range(batch):
        image = padded(images[n], dims)
        dimage = np.zeros(image.size if dx.size > 0 else 0, x.dtype)
        for i in range(0, lines, most):
            count = min(most, lines - i)
            places, at = count * width, (n * lines + i) * width * filters
            unfolded, doutputs = buffer[: places * taps], dy[at : at + places * filters]
            unfold_with_ones(image, dims, i, count, unfolded)
            add_product(run, not along, unfolded, False, doutputs, dtheta, taps, filters, places)
            if dx.size > 0:
                multiply(run, False, doutputs, True, theta, unfolded, places, taps, filters)
                fold(unfolded, dims, i, count, dimage)
        if dx.size > 0:
            crop(dimage, dims, dx[n * images.shape[1] : (n + 1) * images.shape[1]])


@inner(counts=True)
def lines_at_once(lines, size):
    """How many of the lines of windows are unfolded together, each to so many numbers."""
    return min(max(HELD // size, 1), lines)


@inner(counts=True)
def is_contiguous(dims):
    """Whether neighbouring windows see neighbouring values: one channel, and windows that move right by 1."""
    return dims[2] * dims[6] == 1


@inner(counts=True)
def unfold_with_ones(image, dims, first, count, unfolded):
    """What lines of windows see, and a 1 for each: a row a window, or a row a tap where windows are contiguous."""
    places, one = count * dims[8], like(image[0], 1)
    if is_contiguous(dims):
        unfold_taps(image, dims, first, count, unfolded)
        unfolded[unfolded.size - places :] = one
    else:
        unfold(image, dims, first, count, unfolded)
        taps = unfolded.size // places
        for row in range(places):
            unfolded[(row + 1) * taps - 1] = one


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
