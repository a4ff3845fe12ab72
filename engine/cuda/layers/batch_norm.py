"""Batch normalisation on the GPU: a block takes all rows of a channel, and its threads add up in a fixed order."""

from __future__ import annotations

import math

from engine.cuda.linking import device_code
from engine.cuda.team import BLOCK, BLOCKS, ME, SIZE, THREAD, THREADS, add_up_block, barrier, block_barrier
from engine.jit import like


@device_code
def batch_norm_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = γ (x - μ) / √(σ² + ε) + β, channel by channel; see the CPU's for what μ and σ² are."""
    channels, epsilon, momentum, one = dims[0], constants[0], constants[1], like(constants[0], 1)
    rows = x.size // channels
    for c in range(team[BLOCK], channels, team[BLOCKS]):
        mean, variance = theta[2 * channels + c], theta[3 * channels + c]
        if run[1]:
            total = like(epsilon, 0)
            for n in range(team[THREAD], rows, team[THREADS]):
                total += x[n * channels + c]
            shared[team[THREAD]] = total
            add_up_block(team, shared, 1)
            mean, total = shared[0] / like(epsilon, rows), like(epsilon, 0)
            block_barrier()
            for n in range(team[THREAD], rows, team[THREADS]):
                deviation = x[n * channels + c] - mean
                total += deviation * deviation
            shared[team[THREAD]] = total
            add_up_block(team, shared, 1)
            variance = shared[0] / like(epsilon, rows)
            block_barrier()
        if team[THREAD] == 0:
            tape[c] = mean
            tape[channels + c] = one / math.sqrt(variance + epsilon)
            if run[1]:
                theta[2 * channels + c] = momentum * theta[2 * channels + c] + (one - momentum) * mean
                theta[3 * channels + c] = momentum * theta[3 * channels + c] + (one - momentum) * variance
    barrier()
    for i in range(team[ME], x.size, team[SIZE]):
        c = i % channels
        y[i] = theta[c] * (x[i] - tape[c]) * tape[channels + c] + theta[channels + c]


@device_code
def batch_norm_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dβ = Σ dy, dγ = Σ dy x̂, dx = γ / √(σ² + ε) · (dy - dβ/N - x̂ dγ/N); see the CPU's."""
    channels, zero = dims[0], like(constants[0], 0)
    rows = x.size // channels
    for c in range(team[BLOCK], channels, team[BLOCKS]):
        shift, scale = zero, zero
        for n in range(team[THREAD], rows, team[THREADS]):
            i = n * channels + c
            shift += dy[i]
            scale += dy[i] * (x[i] - tape[c]) * tape[channels + c]
        shared[team[THREAD]] = shift
        add_up_block(team, shared, 1)
        shift = shared[0]
        block_barrier()
        shared[team[THREAD]] = scale
        add_up_block(team, shared, 1)
        scale = shared[0]
        block_barrier()
        if team[THREAD] == 0:
            dtheta[c], dtheta[channels + c] = scale, shift
            dtheta[2 * channels + c], dtheta[3 * channels + c] = zero, zero
    barrier()
    share = like(zero, 1.0 / rows if run[1] else 0.0)
    for i in range(team[ME], dx.size, team[SIZE]):
        c = i % channels
        normal = (x[i] - tape[c]) * tape[channels + c]
        dx[i] = theta[c] * tape[channels + c] * (dy[i] - share * (dtheta[channels + c] + normal * dtheta[c]))
