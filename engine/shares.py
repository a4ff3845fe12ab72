"""The shares into which large operations are cut, for several threads (see `engine.crew`).

Into how many shares an operation is cut depends on sizes alone.
"""

from __future__ import annotations

import numpy as np

from engine.crew import MOST_SHARES
from engine.jit import call, inner, part
from engine.layers.base import EXAMPLES, WHOLE
from engine.products import block_of
from engine.program import (
    BATCH,
    EXAMPLES_IN_ALL,
    FIRST,
    PRODUCT,
    SHARE,
    SHARES,
    STEP,
    STOP,
    TAPE_SIZE,
    TAPE_START,
    THETA_START,
    THETA_STOP,
    X_SIZE,
    X_START,
    Y_SIZE,
    Y_START,
)

# Work (see `Operation.work`) from which on it is shared, and the least that makes one of more than two shares. These
# are arrays since Numba compiles a kernel anew for each constant that it is called with.
WORK = np.array([300_000, 16_000_000])

# The same for the parameters that an optimizer moves.
PARAMETERS = np.array([20_000, 50_000])

# The work of copying a value from the examples, which are rarely in the cache.
VALUE_WORK = 20


@inner
def halved(amount, limits):
    """1 for less than limits[0], else 2, 4, … as long as a share is at least limits[1]: powers of two suit most numbers
    of threads."""
    if amount < limits[0]:
        return 1
    shares = 2
    while shares < MOST_SHARES and amount >= 2 * shares * limits[1]:
        shares *= 2
    return shares


@inner
def shares_of(program, k, batch):
    """Into how many shares operation k is cut."""
    cut = program.work[k, 0]
    shares = 1 if cut == WHOLE else halved(program.work[k, 1] * batch, WORK)
    return min(shares, batch) if cut == EXAMPLES else shares


@inner
def shares_of_update(descent, s):
    """Into how many shares the trainable stretch s of the parameters is cut."""
    return halved(descent.segments[s, 1] - descent.segments[s, 0], PARAMETERS)


@inner
def shares_of_gathering(data, batch):
    """Into how many shares copying a batch is cut."""
    return halved(batch * data.x.shape[1] * VALUE_WORK, WORK)


@inner
def forward(k, first, count, run, program, theta, space):
    """Operation k, for `count` examples from the example `first` on."""
    at, room = program.layout[k], space.capacity
    x = part(space.values, at[X_START] * room + at[X_SIZE] * first, at[X_SIZE] * count)
    y = part(space.values, at[Y_START] * room + at[Y_SIZE] * first, at[Y_SIZE] * count)
    tape = part(space.tape, at[TAPE_START] * room + at[TAPE_SIZE] * first, at[TAPE_SIZE] * count)
    parameters = part(theta, at[THETA_START], at[THETA_STOP] - at[THETA_START])
    call(program.forward[k], (run, program.dims[k], program.constants[k], parameters, x, y, tape))


@inner
def backward(k, first, count, run, program, theta, space, gradient, start):
    """Operation k backwards; the gradient of its parameters goes to `gradient` from `start` on."""
    at, room = program.layout[k], space.capacity
    x_start, y_start = at[X_START] * room + at[X_SIZE] * first, at[Y_START] * room + at[Y_SIZE] * first
    x, y = part(space.values, x_start, at[X_SIZE] * count), part(space.values, y_start, at[Y_SIZE] * count)
    tape = part(space.tape, at[TAPE_START] * room + at[TAPE_SIZE] * first, at[TAPE_SIZE] * count)
    dy = part(space.dvalues, y_start, at[Y_SIZE] * count)
    # The data need no gradient: an empty dx tells the first operation so.
    dx = part(space.dvalues, x_start, at[X_SIZE] * count if k > 0 else 0)
    size = at[THETA_STOP] - at[THETA_START]
    parameters, dparameters = part(theta, at[THETA_START], size), part(gradient, start, size)
    call(program.backward[k], (run, program.dims[k], program.constants[k], parameters, x, y, tape, dy, dx, dparameters))


@inner
def forward_share(k, share, shares, run, program, theta, space):
    """A share of operation k. `run` is the thread's own."""
    batch = run[BATCH]
    first, stop = 0, batch
    if program.work[k, 0] == EXAMPLES:
        first, stop = share * batch // shares, (share + 1) * batch // shares
        run[BATCH], run[FIRST] = stop - first, first
    else:
        run[SHARE], run[SHARES] = share, shares
    forward(k, first, stop - first, run, program, theta, space)
    run[BATCH], run[FIRST], run[SHARE], run[SHARES] = batch, 0, 0, 1


@inner
def backward_share(k, share, shares, run, program, theta, space, gradient):
    """A share of operation k backwards. `run` is the thread's own."""
    batch, start, target = run[BATCH], program.layout[k, THETA_START], gradient
    first, stop = 0, batch
    if shares > 1 and program.work[k, 0] == EXAMPLES:
        first, stop = share * batch // shares, (share + 1) * batch // shares
        run[BATCH], run[FIRST] = stop - first, first
        start, target = share * (program.layout[k, THETA_STOP] - start), space.parts
    else:
        run[SHARE], run[SHARES] = share, shares
    backward(k, first, stop - first, run, program, theta, space, target, start)
    run[BATCH], run[FIRST], run[SHARE], run[SHARES] = batch, 0, 0, 1


@inner
def add_up(k, shares, program, space, gradient):
    """The gradient of operation k's parameters: the sum of those of its shares, which lie one after another."""
    start = program.layout[k, THETA_START]
    size = program.layout[k, THETA_STOP] - start
    total, first = part(gradient, start, size), part(space.parts, 0, size)
    for i in range(size):
        total[i] = first[i]
    for p in range(1, shares):
        added = part(space.parts, p * size, size)
        for i in range(size):
            total[i] += added[i]


@inner
def gather(start, first, stop, column, columns, data, order, space):
    """Copy the examples order[start + first : start + stop] to their places, from `first` on, in the workspace.

    Of their features `columns` from `column` on; with the first of these go the targets.
    """
    features, outputs = data.x.shape[1], data.y.shape[1]
    x, y, weights = data.x.reshape(data.x.size), data.y.reshape(data.y.size), data.weights
    values, targets, chosen = space.values, space.targets, space.weights
    for n in range(first, stop):
        example = order[start + n]
        source = part(x, example * features + column, columns)
        target = part(values, n * features + column, columns)
        for i in range(columns):
            target[i] = source[i]
        if column == 0:
            answer, goal = part(y, example * outputs, outputs), part(targets, n * outputs, outputs)
            for i in range(outputs):
                goal[i] = answer[i]
            chosen[n] = weights[example]


@inner
def gather_share(start, share, shares, run, data, order, space):
    """Copy a share of the examples order[start : start + batch] to the start of the workspace.

    Where there are more features than examples, it is some features of all: those of which a dense layer's share of
    the gradient is made.
    """
    row, rows, column, columns = block_of(run[BATCH], data.x.shape[1], share, shares)
    if columns > 0:
        gather(start, row, row + rows, column, columns, data, order, space)


@inner
def update_share(s, share, shares, run, descent, theta, gradient, moments):
    """Let the optimizer move a share of the trainable stretch s of the parameters."""
    first, last = descent.segments[s, 0], descent.segments[s, 1]
    start, stop = first + share * (last - first) // shares, first + (share + 1) * (last - first) // shares
    count = stop - start
    moved, slope = part(theta, start, count), part(gradient, start, count)
    ones, others = part(moments, start, count), part(moments, theta.size + start, count)
    call(descent.update, (moved, slope, ones, others, descent.settings, run[STEP]))


@inner
def copy_run(run, own):
    """Copy what `run` says of the batch to a thread's own copy."""
    for i in range(STOP):
        own[i] = run[i]
    own[SHARE], own[SHARES], own[EXAMPLES_IN_ALL], own[FIRST], own[PRODUCT] = 0, 1, run[BATCH], 0, run[PRODUCT]
