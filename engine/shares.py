"""The shares into which large operations are cut, and the loop that hands them out to the crew (see `engine.crew`).

Into how many shares an operation is cut depends on sizes alone.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numba import typeof, types
from numpy.typing import NDArray

from engine.atomics import add
from engine.crew import (
    KIND,
    LEAVE,
    LOOPS,
    MOST_SHARES,
    OPERATION,
    PRESENT,
    hand_in,
    helped,
    look_again,
    post,
    take,
    wait,
)
from engine.crew import SHARES as POSTED
from engine.jit import address, call, kernel, part
from engine.layers.base import EXAMPLES, WHOLE
from engine.program import (
    BATCH,
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
    Data,
    Descent,
    Program,
    Workspace,
)
from engine.subnormals import flush_subnormals, restore_subnormals

# Work (see `Operation.work`) from which on it is shared, and the least that makes one of more than two shares.
SHARED_FROM, SHARE_WORK = 800_000, 16_000_000

# The same for the parameters that an optimizer moves.
SHARED_PARAMETERS, SHARE_PARAMETERS = 20_000, 50_000

# The work of copying a value from the examples, which are rarely in the cache.
VALUE_WORK = 10

# Kinds of work on the board.
GATHER, FORWARD, BACKWARD, UPDATE = range(4)


@kernel(counts=False)
def halved(amount, least, size):
    """1 for less than `least`, else 2, 4, … as long as a share is at least `size`: powers of two suit most numbers of
    threads."""
    if amount < least:
        return 1
    shares = 2
    while shares < MOST_SHARES and amount >= 2 * shares * size:
        shares *= 2
    return shares


@kernel(counts=False)
def shares_of(program, k, batch):
    """Into how many shares operation k is cut."""
    cut = program.work[k, 0]
    shares = 1 if cut == WHOLE else halved(program.work[k, 1] * batch, SHARED_FROM, SHARE_WORK)
    return min(shares, batch) if cut == EXAMPLES else shares


@kernel(counts=False)
def shares_of_update(descent, s):
    """Into how many shares the trainable stretch s of the parameters is cut."""
    return halved(descent.segments[s, 1] - descent.segments[s, 0], SHARED_PARAMETERS, SHARE_PARAMETERS)


@kernel(counts=False)
def shares_of_gathering(data, batch):
    """Into how many shares copying a batch is cut."""
    return halved(batch * data.x.shape[1] * VALUE_WORK, SHARED_FROM, SHARE_WORK)


@kernel(counts=False)
def forward(k, first, count, run, program, theta, space):
    """Operation k, for `count` examples from the example `first` on."""
    at, room = program.layout[k], space.capacity
    x = part(space.values, at[X_START] * room + at[X_SIZE] * first, at[X_SIZE] * count)
    y = part(space.values, at[Y_START] * room + at[Y_SIZE] * first, at[Y_SIZE] * count)
    tape = part(space.tape, at[TAPE_START] * room + at[TAPE_SIZE] * first, at[TAPE_SIZE] * count)
    parameters = part(theta, at[THETA_START], at[THETA_STOP] - at[THETA_START])
    call(program.forward[k], (run, program.dims[k], program.constants[k], parameters, x, y, tape))


@kernel(counts=False)
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


@kernel(counts=False)
def forward_share(k, share, shares, run, program, theta, space):
    """A share of operation k. `run` is the thread's own."""
    batch = run[BATCH]
    first, stop = 0, batch
    if program.work[k, 0] == EXAMPLES:
        first, stop = share * batch // shares, (share + 1) * batch // shares
        run[BATCH] = stop - first
    else:
        run[SHARE], run[SHARES] = share, shares
    forward(k, first, stop - first, run, program, theta, space)
    run[BATCH], run[SHARE], run[SHARES] = batch, 0, 1


@kernel(counts=False)
def backward_share(k, share, shares, run, program, theta, space, gradient):
    """A share of operation k backwards. `run` is the thread's own."""
    batch, start, target = run[BATCH], program.layout[k, THETA_START], gradient
    first, stop = 0, batch
    if shares > 1 and program.work[k, 0] == EXAMPLES:
        first, stop = share * batch // shares, (share + 1) * batch // shares
        run[BATCH] = stop - first
        start, target = share * (program.layout[k, THETA_STOP] - start), space.parts
    else:
        run[SHARE], run[SHARES] = share, shares
    backward(k, first, stop - first, run, program, theta, space, target, start)
    run[BATCH], run[SHARE], run[SHARES] = batch, 0, 1


@kernel(counts=False)
def add_up(k, shares, program, space, gradient):
    """The gradient of operation k's parameters: the sum of those of its shares, which lie one after another."""
    start, parts = program.layout[k, THETA_START], space.parts
    size = program.layout[k, THETA_STOP] - start
    for i in range(start, start + size):
        gradient[i] = parts[i - start]
    for p in range(1, shares):
        for i in range(size):
            gradient[start + i] += parts[p * size + i]


@kernel(counts=False)
def gather_share(start, share, shares, run, data, order, space):
    """Copy a share of the examples order[start : start + batch] to the start of the workspace."""
    batch, features, outputs = run[BATCH], data.x.shape[1], data.y.shape[1]
    x, y, weights = data.x.reshape(data.x.size), data.y.reshape(data.y.size), data.weights
    values, targets, chosen = space.values, space.targets, space.weights
    for n in range(share * batch // shares, (share + 1) * batch // shares):
        example = order[start + n]
        source, target = part(x, example * features, features), part(values, n * features, features)
        for i in range(features):
            target[i] = source[i]
        for i in range(outputs):
            targets[n * outputs + i] = y[example * outputs + i]
        chosen[n] = weights[example]


@kernel(counts=False)
def update_share(s, share, shares, run, descent, theta, gradient, moments):
    """Let the optimizer move a share of the trainable stretch s of the parameters."""
    first, last = descent.segments[s, 0], descent.segments[s, 1]
    start, stop = first + share * (last - first) // shares, first + (share + 1) * (last - first) // shares
    count = stop - start
    moved, slope = part(theta, start, count), part(gradient, start, count)
    ones, others = part(moments, start, count), part(moments, theta.size + start, count)
    call(descent.update, (moved, slope, ones, others, descent.settings, run[STEP]))


# --- the loops that offer shares to helpers and do what is left of them: found by their addresses on the board, so that
# they are compiled only where there are helpers, and not once more into every loop that calls them


@kernel(counts=False)
def next_share(board, share, shares):
    """After a share (-1 at first) the next one that the loop itself has to do; -1 when all of them are done."""
    if share >= 0:
        hand_in(board)
    share = take(board, False)
    if share < 0:
        wait(board, shares)
    return share


@kernel(counts=False)
def share_gathering(start, shares, run, data, order, space):
    """Copy a batch in shares."""
    post(space.board, GATHER, start, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        gather_share(start, share, shares, run, data, order, space)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_forward(k, shares, run, program, theta, space):
    """Operation k in shares."""
    post(space.board, FORWARD, k, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        forward_share(k, share, shares, run, program, theta, space)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_backward(k, shares, run, program, theta, space, gradient):
    """Operation k backwards in shares."""
    post(space.board, BACKWARD, k, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        backward_share(k, share, shares, run, program, theta, space, gradient)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_update(s, shares, run, descent, theta, gradient, moments, space):
    """Let the optimizer move the trainable stretch s of the parameters in shares."""
    post(space.board, UPDATE, s, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        update_share(s, share, shares, run, descent, theta, gradient, moments)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def help_out(thread, run, data, order, program, theta, space, gradient, descent, moments):
    """What a helper does: take shares of what is on the board until it shall leave."""
    board, own, looks = space.board, space.runs[thread], 0
    mode = flush_subnormals()
    add(board, PRESENT, 1)
    while not board[LEAVE]:
        share = take(board, True)
        if share < 0:
            looks = look_again(looks)
            continue
        looks = 0
        copy_run(run, own)
        kind, operation, shares = board[KIND], board[OPERATION], board[POSTED]
        if kind == GATHER:
            gather_share(operation, share, shares, own, data, order, space)
        elif kind == FORWARD:
            forward_share(operation, share, shares, own, program, theta, space)
        elif kind == BACKWARD:
            backward_share(operation, share, shares, own, program, theta, space, gradient)
        else:
            update_share(operation, share, shares, own, descent, theta, gradient, moments)
        hand_in(board)
    add(board, PRESENT, -1)
    restore_subnormals(mode)


@kernel(counts=False)
def copy_run(run, own):
    """Copy what `run` says of the batch to a thread's own copy."""
    for i in range(STOP):
        own[i] = run[i]
    own[SHARE], own[SHARES] = 0, 1


def shares_anything(program: Program, descent: Descent, batch: int) -> bool:
    """Whether there is anything that a crew could help with."""
    operations, segments = range(len(program.forward)), range(len(descent.segments))
    return any(shares_of.py_func(program, k, batch) > 1 for k in operations) or any(
        shares_of_update.py_func(descent, s) > 1 for s in segments
    )


def bring_helpers(
    space: Workspace,
    run: NDArray[np.int64],
    data: Data,
    order: NDArray[np.int64],
    program: Program,
    theta: NDArray[Any],
    gradient: NDArray[Any],
    descent: Descent,
    moments: NDArray[Any],
) -> AbstractContextManager[None]:
    """A context in which helpers take shares of what a loop does in `space`."""
    arguments = (run, data, order, program, theta, space, gradient, descent, moments)
    whole = typeof(0)
    loops = {
        GATHER: (share_gathering, (run, data, order, space)),
        FORWARD: (share_forward, (run, program, theta, space)),
        BACKWARD: (share_backward, (run, program, theta, space, gradient)),
        UPDATE: (share_update, (run, descent, theta, gradient, moments, space)),
    }
    for kind, (loop, given) in loops.items():
        if not space.board[LOOPS + kind]:
            space.board[LOOPS + kind] = address(loop, types.void(whole, whole, *map(typeof, given)))
    return helped(space.board, lambda number: help_out(number, *arguments))
