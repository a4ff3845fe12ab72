"""Pooling and enlarging on the GPU. Gradients are collected by the place that gets them: no two threads add to one."""

from __future__ import annotations

from engine.cuda.linking import device_code
from engine.cuda.team import ME, SIZE
from engine.jit import like


@device_code
def place_of(dims, at):
    """Image, row, column and channel of window value `at` in flat order: (n, i, j, c)."""
    channels, windows_down, windows_right = dims[2], dims[7], dims[8]
    window = at // channels
    row = window // windows_right
    return row // windows_down, row % windows_down, window % windows_right, at % channels


@device_code
def windows_of(dims, at):
    """Image, channel and the first and last windows, down and right, that see value `at` of the images."""
    height, width, channels, size_down, size_right, down, right, windows_down, windows_right = (
        dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6], dims[7], dims[8],
    )  # fmt: skip
    place = at // channels
    h, w = place // width % height, place % width
    i_first, j_first = max(0, (h - size_down + down) // down), max(0, (w - size_right + right) // right)
    i_last, j_last = min(h // down, windows_down - 1), min(w // right, windows_right - 1)
    return place // (width * height), at % channels, i_first, i_last, j_first, j_last


@device_code
def max_pool_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = the largest value that the window sees; tape = its place in the image (the first of equals)."""
    height, width, channels = dims[0], dims[1], dims[2]
    for at in range(team[ME], y.size, team[SIZE]):
        image, i, j, c = place_of(dims, at)
        start, best, where = image * height * width * channels, x[0], 0
        for p in range(dims[3]):
            for q in range(dims[4]):
                place = ((i * dims[5] + p) * width + j * dims[6] + q) * channels
                value = x[start + place + c]
                if p + q == 0 or value > best:
                    best, where = value, place
        y[at] = best
        tape[at] = where


@device_code
def max_pool_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx = dy where the largest value was, summed over the windows that found it there, else 0."""
    channels, windows_down, windows_right = dims[2], dims[7], dims[8]
    for at in range(team[ME], dx.size, team[SIZE]):
        image, c, i_first, i_last, j_first, j_last = windows_of(dims, at)
        total, place = like(x[0], 0), at - image * dims[0] * dims[1] * channels - c
        for i in range(i_first, i_last + 1):
            for j in range(j_first, j_last + 1):
                window = ((image * windows_down + i) * windows_right + j) * channels + c
                if tape[window] == place:
                    total += dy[window]
        dx[at] = total


@device_code
def collect(team, dims, scale, values, collected):
    """collected = scale · Σ of the values that the window sees."""
    height, width, channels = dims[0], dims[1], dims[2]
    for at in range(team[ME], collected.size, team[SIZE]):
        image, i, j, c = place_of(dims, at)
        total = like(scale, 0)
        for p in range(dims[3]):
            for q in range(dims[4]):
                place = (image * height + i * dims[5] + p) * width + j * dims[6] + q
                total += scale * values[place * channels + c]
        collected[at] = total


@device_code
def spread(team, dims, scale, values, images):
    """images = scale · Σ of the values of the windows that see the place."""
    channels, windows_down, windows_right = dims[2], dims[7], dims[8]
    for at in range(team[ME], images.size, team[SIZE]):
        image, c, i_first, i_last, j_first, j_last = windows_of(dims, at)
        total = like(scale, 0)
        for i in range(i_first, i_last + 1):
            for j in range(j_first, j_last + 1):
                total += scale * values[((image * windows_down + i) * windows_right + j) * channels + c]
        images[at] = total


@device_code
def average_pool_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = c Σ x over what the window sees, with c = 1 / its area."""
    collect(team, dims, constants[0], x, y)


@device_code
def average_pool_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx = c Σ dy over the windows that see it."""
    spread(team, dims, constants[0], dy, dx)


@device_code
def upsample_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = x of the window that sees it: windows lie on y."""
    spread(team, dims, constants[0], x, y)


@device_code
def upsample_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dx = Σ dy over what the window sees."""
    collect(team, dims, constants[0], dy, dx)
