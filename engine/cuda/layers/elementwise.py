"""Layers on the GPU that act on each value, or each row, by itself: activations, dropout, the ways round layers."""

from __future__ import annotations

from typing import Any

from engine.activations import softmax_backward, softmax_forward
from engine.cuda.linking import Code, device_code
from engine.cuda.team import ME, SIZE
from engine.jit import like
from engine.layers.regularization import dropout_key
from engine.random import uniform

activate: Any = None
slope: Any = None
rows_forward: Any = Code(softmax_forward)  # the same loop over rows as on the CPU, one row a call
rows_backward: Any = Code(softmax_backward)


@device_code
def activation_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y_i = rule(x_i); `dims[1]` numbers the rule."""
    for i in range(team[ME], x.size, team[SIZE]):
        y[i] = activate(dims[1], x[i])


@device_code
def activation_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx_i = dy_i · derivative(x_i, y_i)"""
    for i in range(team[ME], dx.size, team[SIZE]):
        dx[i] = dy[i] * slope(dims[1], x[i], y[i])


@device_code
def softmax_rows_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    features = dims[0]
    for n in range(team[ME], x.size // features, team[SIZE]):
        start, stop = n * features, (n + 1) * features
        rows_forward(run, dims, constants, theta, x[start:stop], y[start:stop], tape)


@device_code
def softmax_rows_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    features = dims[0]
    for n in range(team[ME], dx.size // features, team[SIZE]):
        start, stop = n * features, (n + 1) * features
        rows_backward(
            run, dims, constants, theta, x[start:stop], y[start:stop], tape, dy[start:stop], dx[start:stop], dtheta
        )


@device_code
def mask(key, i, value, rate):
    """The value scaled up, or 0 with probability `rate`."""
    return value * (like(rate, 1) / (like(rate, 1) - rate)) if uniform(key, i) >= rate else like(rate, 0)


@device_code
def dropout_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """In training y_i = x_i m_i / (1 - rate), with the mask that the CPU draws; otherwise y = x."""
    key = dropout_key(run, dims[dims.size - 1])
    for i in range(team[ME], x.size, team[SIZE]):
        y[i] = mask(key, i, x[i], constants[0]) if run[1] else x[i]


@device_code
def dropout_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx_i = dy_i m_i / (1 - rate)"""
    key = dropout_key(run, dims[dims.size - 1])
    for i in range(team[ME], dx.size, team[SIZE]):
        dx[i] = mask(key, i, dy[i], constants[0]) if run[1] else dy[i]


@device_code
def branch_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = x, and tape = x."""
    for i in range(team[ME], x.size, team[SIZE]):
        y[i] = x[i]
        tape[i] = x[i]


@device_code
def branch_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx = dy + tape, where merge left its gradient."""
    for i in range(team[ME], dx.size, team[SIZE]):
        dx[i] = dy[i] + tape[i]


@device_code
def merge_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = x + tape."""
    for i in range(team[ME], x.size, team[SIZE]):
        y[i] = x[i] + tape[i]


@device_code
def merge_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx = dy, and tape = dy for branch."""
    for i in range(team[ME], dx.size, team[SIZE]):
        dx[i] = dy[i]
        tape[i] = dy[i]
