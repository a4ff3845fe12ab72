"""Layers that train differently from how they predict: dropout and batch normalisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from engine.jit import kernel, like
from engine.layers.base import EXAMPLES, Layer, Operation, Parameter, Shape, check_number
from engine.random import mix, uniform

# What a value costs dropout, in multiplications (see `Operation.work`).
DROPOUT_WORK = 60


@kernel
def dropout_key(run, number):
    """The key of the random numbers that one operation takes in one optimisation step."""
    return mix(mix(run[3], number), run[2])


@kernel
def dropout_forward(run, dims, constants, theta, x, y, tape):
    """In training y_i = x_i m_i / (1 - rate), where m_i is 0 with probability `rate`, else 1; otherwise y = x."""
    if run[1] == 0:
        y[:] = x
        return
    key, rate, first = dropout_key(run, dims[-1]), constants[0], run[8] * (x.size // run[0])
    scale = like(rate, 1) / (like(rate, 1) - rate)
    for i in range(x.size):
        y[i] = x[i] * scale if uniform(key, first + i) >= rate else like(rate, 0)


@kernel
def dropout_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx_i = dy_i m_i / (1 - rate), with the mask drawn again."""
    if run[1] == 0:
        dx[:] = dy[: dx.size]
        return
    key, rate, first = dropout_key(run, dims[-1]), constants[0], run[8] * (dy.size // run[0])
    scale = like(rate, 1) / (like(rate, 1) - rate)
    for i in range(dx.size):
        dx[i] = dy[i] * scale if uniform(key, first + i) >= rate else like(rate, 0)


@kernel
def batch_norm_forward(run, dims, constants, theta, x, y, tape):
    """y = γ (x - μ) / √(σ² + ε) + β, channel by channel.

    In training μ and σ² are the batch's mean and variance, and the running ones move towards them by 1 - momentum;
    otherwise they are the running ones. The tape holds μ and 1/√(σ² + ε).
    """
    channels, epsilon, momentum = dims[0], constants[0], constants[1]
    rows = x.size // channels
    scale, shift = theta[:channels], theta[channels : 2 * channels]
    running_mean, running_variance = theta[2 * channels : 3 * channels], theta[3 * channels : 4 * channels]
    mean, inverse = tape[:channels], tape[channels : 2 * channels]
    zero, one = like(epsilon, 0), like(epsilon, 1)
    if run[1]:
        mean[:] = zero
        inverse[:] = zero
        for n in range(rows):
            for c in range(channels):
                mean[c] += x[n * channels + c]
        mean /= like(epsilon, rows)
        for n in range(rows):
            for c in range(channels):
                deviation = x[n * channels + c] - mean[c]
                inverse[c] += deviation * deviation
        for c in range(channels):
            variance = inverse[c] / like(epsilon, rows)
            running_mean[c] = momentum * running_mean[c] + (one - momentum) * mean[c]
            running_variance[c] = momentum * running_variance[c] + (one - momentum) * variance
            inverse[c] = one / math.sqrt(variance + epsilon)
    else:
        for c in range(channels):
            mean[c] = running_mean[c]
            inverse[c] = one / math.sqrt(running_variance[c] + epsilon)
    for n in range(rows):
        for c in range(channels):
            y[n * channels + c] = scale[c] * (x[n * channels + c] - mean[c]) * inverse[c] + shift[c]


@kernel
def batch_norm_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """With x̂ = (x - μ) / √(σ² + ε) over N rows: dβ = Σ dy, dγ = Σ dy x̂, and in training, where μ and σ² depend on x,
    dx = γ / √(σ² + ε) · (dy - dβ/N - x̂ dγ/N)  (Ioffe and Szegedy, 2015); otherwise dx = γ / √(σ² + ε) · dy.
    """
    channels = dims[0]
    rows = x.size // channels
    scale, mean, inverse = theta[:channels], tape[:channels], tape[channels : 2 * channels]
    dscale, dshift = dtheta[:channels], dtheta[channels : 2 * channels]
    dtheta[:] = like(x[0], 0)
    for n in range(rows):
        for c in range(channels):
            i = n * channels + c
            dshift[c] += dy[i]
            dscale[c] += dy[i] * (x[i] - mean[c]) * inverse[c]
    share = like(x[0], 1.0 / rows if run[1] else 0.0)
    for n in range(dx.size // channels):
        for c in range(channels):
            i = n * channels + c
            normal = (x[i] - mean[c]) * inverse[c]
            dx[i] = scale[c] * inverse[c] * (dy[i] - share * (dshift[c] + normal * dscale[c]))


@dataclass(frozen=True)
class Dropout(Layer):
    """In training, switch each input off with probability `rate` and scale up the others (Srivastava et al., 2014).

    The mask is a function of the network's seed, the optimisation step and the layer's place, so it can be drawn again
    afterwards. In prediction the layer does nothing.

    Parameters
    ----------
    rate : float
        In [0, 1).
    """

    rate: float = 0.5

    name: ClassVar[str] = "dropout"
    summary: ClassVar[str] = "in training, switches inputs off at random"

    def __post_init__(self) -> None:
        check_number(self, "rate", self.rate, 0, 1)

    def operations(self, input_shape: Shape) -> list[Operation]:
        rate, work = (float(self.rate),), DROPOUT_WORK * prod(input_shape)
        return [Operation(_dropout_kernels, input_shape, constants=rate, kind="dropout", cut=EXAMPLES, work=work)]


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Give each channel (the last axis) mean 0 and variance 1, then a scale and a shift (Ioffe and Szegedy, 2015).

    Training uses the batch's own statistics; prediction uses running ones, which are parameters that no optimizer
    moves, so that a snapshot holds them.

    Parameters
    ----------
    momentum : float
        How much of the running statistics stays at each step, in [0, 1).
    epsilon : float
        Added to the variance.
    """

    momentum: float = 0.9
    epsilon: float = 1e-5

    name: ClassVar[str] = "batch_norm"
    summary: ClassVar[str] = "gives each channel mean 0 and variance 1, then a scale and a shift"

    def __post_init__(self) -> None:
        check_number(self, "momentum", self.momentum, 0, 1)
        check_number(self, "epsilon", self.epsilon, 1e-12)

    def parameters(self, input_shape: Shape) -> list[Parameter]:
        shape = (input_shape[-1],)
        return [
            Parameter("scale", shape, "ones", 1, 1, self.trainable),
            Parameter("shift", shape, "zeros", 1, 1, self.trainable),
            Parameter("running_mean", shape, "zeros", 1, 1, trainable=False),
            Parameter("running_variance", shape, "ones", 1, 1, trainable=False),
        ]

    def operations(self, input_shape: Shape) -> list[Operation]:
        channels = input_shape[-1]
        return [
            Operation(
                _batch_norm_kernels,
                input_shape,
                dims=(channels,),
                constants=(float(self.epsilon), float(self.momentum)),
                parameters=(0, 4 * channels),
                tape_per_example=2 * channels,
                kind="batch_norm",
            )
        ]


def _dropout_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return dropout_forward, dropout_backward


def _batch_norm_kernels(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    return batch_norm_forward, batch_norm_backward
