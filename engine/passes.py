"""Whole passes in shares: a thread takes some of a batch's examples through all operations, forward and back.

What threads then have to tell each other is the gradient that each sums by itself, and the parameters once they have
moved. Where operations are shared one by one (see `engine.shares`), it is what goes from one operation to the next. To
fetch a number from another core's cache takes several times as long as from a core's own: whichever is less is done.
"""

from __future__ import annotations

import numpy as np

from engine.jit import call, inner, part
from engine.layers.base import INPUTS, OWN, WHOLE
from engine.program import BATCH, FIRST, THETA_START, THETA_STOP, X_SIZE, Y_SIZE, Y_START
from engine.shares import backward, forward, gather, halved

# Work of the forward pass (see `Operation.work`) from which on passes are shared, and the least that makes one of more
# than two shares.
WORK = np.array([400_000, 2_000_000])

# The same for parameters whose gradients are added up.
SUMMED = np.array([20_000, 50_000])

# What a pass is for.
TRAIN, TEST = range(2)


@inner
def last_parameter(program, count):
    """Where the parameters of the first `count` operations end."""
    stop = 0
    for k in range(count):
        stop = max(stop, program.layout[k, THETA_STOP])
    return stop


@inner
def shares_of_pass(program, count, batch):
    """Into how many shares the first `count` operations are cut together; 1 where one of them needs a batch whole."""
    work = 0
    for k in range(count):
        if program.work[k, 0] == WHOLE:
            return 1
        work += program.work[k, 1] * batch
    last, inputs = program.layout[count - 1], program.layout[0, X_SIZE]
    told = last[Y_START] + last[Y_SIZE]
    if program.work[0, 0] == INPUTS:
        told -= inputs  # each thread copies those of the data that it needs
    elif program.work[0, 0] == OWN:
        told -= inputs // 2  # and here those that it needs back again
    shares, values = halved(work, WORK), batch * told
    while shares > 1 and (shares - 1) * last_parameter(program, count) > values:
        shares //= 2
    return min(shares, batch)


@inner
def shares_of_sum(program, count):
    """Into how many shares adding up the gradients of the first `count` operations is cut."""
    return halved(last_parameter(program, count), SUMMED)


@inner
def measure(program, objective, first, count, wide, run, space, totals):
    """Add the loss of `count` examples from `first` on to totals[0] and their right answers to totals[1].

    Leaves dloss/doutput in the workspace. `wide` is how many numbers the target of an example has, `run` the thread's
    own.
    """
    at = program.layout[objective.operations - 1]
    start, size = at[Y_START] * space.capacity + at[Y_SIZE] * first, at[Y_SIZE] * count
    outputs, doutputs = part(space.values, start, size), part(space.dvalues, start, size)
    # with labels as targets there are fewer targets than outputs: the loss knows how many of these it reads
    targets, weights = part(space.targets, wide * first, size), part(space.weights, first, count)
    arguments = (run, objective.dims, objective.constants, outputs, targets, weights, doutputs, totals)
    call(objective.loss, arguments)
    call(objective.accuracy, (run, objective.dims, objective.constants, outputs, targets, totals))


@inner
def pass_share(kind, start, share, shares, run, data, order, program, objective, theta, space, gradient):
    """Take a share of the examples order[start : start + batch] through the network, and back again to TRAIN.

    Their loss and right answers stay in ``space.sums[share]``, the first share's gradient in `gradient`, the others'
    one after another in ``space.parts``. `run` is the thread's own.
    """
    batch, count = run[BATCH], objective.operations
    first, stop = share * batch // shares, (share + 1) * batch // shares
    examples = stop - first
    gather(start, first, stop, 0, data.x.shape[1], data, order, space)
    run[BATCH], run[FIRST] = examples, first
    for k in range(count):
        forward(k, first, examples, run, program, theta, space)
    sums = part(space.sums.reshape(space.sums.size), share * space.sums.shape[1], 2)
    sums[0], sums[1] = 0.0, 0.0
    measure(program, objective, first, examples, data.y.shape[1], run, space, sums)
    if kind == TRAIN:
        size = last_parameter(program, count)
        own = gradient if share == 0 else part(space.parts, (share - 1) * size, size)
        for k in range(count - 1, -1, -1):
            backward(k, first, examples, run, program, theta, space, own, program.layout[k, THETA_START])
    run[BATCH], run[FIRST] = batch, 0


@inner
def sum_share(parts, share, shares, size, space, gradient):
    """Add the gradients of `parts` other shares of a batch to a share of the `size` numbers of the first one."""
    for p in range(parts):
        start, stop = share * size // shares, (share + 1) * size // shares
        total, added = part(gradient, start, stop - start), part(space.parts, p * size + start, stop - start)
        for i in range(total.size):
            total[i] += added[i]


@inner
def add_sums(shares, space, totals):
    """Add the loss and the right answers of all shares of a batch to `totals`."""
    for share in range(shares):
        totals[0] += space.sums[share, 0]
        totals[1] += space.sums[share, 1]
