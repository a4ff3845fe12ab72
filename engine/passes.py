"""Operations one after another in shares: a thread takes some of a batch's examples through them, and back again.

What threads then have to tell each other is the gradient that each sums by itself, and the parameters once they have
moved. Where operations are shared one by one (see `engine.shares`), it is what goes from one operation to the next. To
fetch a number from another core's cache takes several times as long as from a core's own. Which is less decides how
many of a network's first operations are taken together: all, none, or, for instance, the convolutions, which have few
parameters, and not the dense layers behind them.
"""

from __future__ import annotations

import numpy as np

from engine.jit import call, inner, part
from engine.layers.base import INPUTS, OWN, WHOLE
from engine.program import BATCH, FIRST, THETA_START, THETA_STOP, X_SIZE, X_START, Y_SIZE, Y_START
from engine.shares import backward, forward, gather, halved

# Work of the forward pass (see `Operation.work`) from which on it is shared, and the least that makes one of more than
# two shares.
WORK = np.array([400_000, 2_000_000])

# The same for parameters whose gradients are added up.
SUMMED = np.array([20_000, 50_000])

# What it costs to take only some operations together, in numbers that could be told meanwhile: threads meet twice more,
# and one of them does alone what is too little to share.
MIXED = 20_000

# What the machine takes a batch through the network for.
TRAIN, TEST = range(2)

# Which way a share of the operations that are taken together is done.
ROUND, THERE, BACK = range(3)


@inner
def last_parameter(program, count):
    """Where the parameters of the first `count` operations end."""
    stop = 0
    for k in range(count):
        stop = max(stop, program.layout[k, THETA_STOP])
    return stop


@inner
def told_from(program, first, count, batch):
    """How many numbers threads tell each other where operations from `first` up to `count` are shared one by one."""
    if first == count:
        return 0
    last, own, cut = program.layout[count - 1], program.layout[first], program.work[first, 0]
    told = last[Y_START] + last[Y_SIZE] - own[X_START]
    if cut == INPUTS:
        told -= own[X_SIZE]  # each thread takes those of its inputs that it needs
    elif cut == OWN:
        told -= own[X_SIZE] // 2  # and here those that it needs back again
    return batch * told + (MIXED if first > 0 else 0)


@inner
def cut_of_pass(program, count, batch):
    """How many of the first `count` operations are taken together in shares of `batch` examples, and in how many.

    The first of these numbers is 0 where operations are shared one by one, or not at all.
    """
    least, together, cut = told_from(program, 0, count, batch), 0, 1
    most, work, last = least, 0, 0
    for k in range(count):
        if program.work[k, 0] == WHOLE:
            break
        work, last = work + program.work[k, 1] * batch, max(last, program.layout[k, THETA_STOP])
        if k + 1 < count and program.layout[k + 1, THETA_START] < last:
            continue  # within a layer, whose gradients have to be added up together
        shares, behind = min(halved(work, WORK), batch), told_from(program, k + 1, count, batch)
        while shares > 1 and (shares - 1) * last + behind > most:
            shares //= 2
        told = (shares - 1) * last + behind
        if shares > 1 and told <= least:
            least, together, cut = told, k + 1, shares
    return together, cut


@inner
def shares_of_sum(size):
    """Into how many shares adding up gradients of so many parameters is cut."""
    return halved(size, SUMMED)


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
def pass_share(way, start, share, shares, together, run, data, order, program, objective, theta, space, gradient):
    """Take a share of the examples order[start : start + batch] there, back, or both, through `together` operations.

    Where these are all that come before the loss, their loss and right answers stay in ``space.sums[share]``. The
    first share's gradient is in `gradient` then, the others' one after another in ``space.parts``. `run` is the
    thread's own.
    """
    batch = run[BATCH]
    first, stop = share * batch // shares, (share + 1) * batch // shares
    examples = stop - first
    run[BATCH], run[FIRST] = examples, first
    if way != BACK:
        gather(start, first, stop, 0, data.x.shape[1], data, order, space)
        for k in range(together):
            forward(k, first, examples, run, program, theta, space)
    if together == objective.operations:
        sums = part(space.sums.reshape(space.sums.size), share * space.sums.shape[1], 2)
        sums[0], sums[1] = 0.0, 0.0
        measure(program, objective, first, examples, data.y.shape[1], run, space, sums)
    if way != THERE:
        size = last_parameter(program, together)
        own = gradient if share == 0 else part(space.parts, (share - 1) * size, size)
        for k in range(together - 1, -1, -1):
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
