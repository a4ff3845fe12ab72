"""The epoch on the GPU: the loops of `engine.machine`, walked by all threads of a launch, a barrier after each part.

A network is a table with a row for each operation, as on the CPU, but no addresses: the code of all operations that it
uses is compiled into one kernel, which finds that of a row by the row's number for its kind.
"""

from __future__ import annotations

import math
from typing import Any

import numba.cuda

from engine.cuda.linking import device_code, device_view
from engine.cuda.team import BLOCK, BLOCKS, ME, SIZE, THREAD, add_up_block, copy_values, first_of
from engine.jit import like
from engine.optimizers import penalty_slope

cuda: Any = numba.cuda

# Columns of the table.
(
    KIND, RULE, FUSES, THETA_START, THETA_STOP, X_START, X_SIZE, Y_START, Y_SIZE, TAPE_START, TAPE_SIZE, WAYS,
) = range(12)  # fmt: skip
DIMS = WAYS + 4  # each of an operation's products has a column that says how it is computed

# What a launch is given as `numbers`.
(
    MODE, TRAINING, CAPACITY, FIRST, LAST, OPERATIONS, STEP, SEED, PARAMETERS, VALUES, TAPE, TARGETS, ITEM, WIDE,
) = range(14)  # fmt: skip
EVALUATE, DIFFERENTIATE, TRAIN = range(3)

forward_of: Any = None  # all that follows is given by a Linker
backward_of: Any = None
loss_of_rows: Any = None
count_right: Any = None
move: Any = None
MOMENTS: Any = None
REAL: Any = None
SCRATCH: Any = None
barrier: Any = None
block_barrier: Any = None


# --- through the network ------------------------------------------------------------------------------------------


@device_code
def forward_pass(team, shared, table, constants, count, capacity, run, theta, values, tape):
    """Run the first `count` operations on the batch that lies at the start of `values`.

    An activation function that follows an operation that can apply it is no part of its own.
    """
    batch = run[0]
    for k in range(count):
        row = table[k]
        if k > 0 and row[RULE] > 0 and table[k - 1, FUSES] == 1:
            continue
        x_at, y_at, tape_at = row[X_START] * capacity, row[Y_START] * capacity, row[TAPE_START] * capacity
        x, y = values[x_at : x_at + row[X_SIZE] * batch], values[y_at : y_at + row[Y_SIZE] * batch]
        code = table[k + 1, RULE] if row[FUSES] == 1 and k + 1 < count else 0
        after = table[k + 1, Y_START] * capacity if code > 0 else y_at
        forward_of(
            row[KIND], team, shared, row[WAYS:DIMS], run, row[DIMS:], constants[k],
            theta[row[THETA_START] : row[THETA_STOP]], x, y, tape[tape_at : tape_at + row[TAPE_SIZE] * batch],
            code, values[after : after + y.size],
        )  # fmt: skip
        barrier()


@device_code
def backward_pass(team, shared, table, constants, count, capacity, run, theta, values, dvalues, tape, gradient):
    """Run the first `count` operations backwards, from the output gradient in `dvalues` to `gradient`."""
    batch = run[0]
    for k in range(count - 1, -1, -1):
        row = table[k]
        if row[RULE] > 0 and k + 1 < count and table[k + 1, FUSES] == 1:
            continue
        x_at, y_at, tape_at = row[X_START] * capacity, row[Y_START] * capacity, row[TAPE_START] * capacity
        x_size, y_size = row[X_SIZE] * batch, row[Y_SIZE] * batch
        code = table[k - 1, RULE] if row[FUSES] == 1 and k > 0 else 0
        # The data need no gradient: an empty dx tells the first operation so.
        first = k - 1 if code > 0 else k
        dx_at = table[first, X_START] * capacity
        dx_size = x_size if first > 0 else 0
        backward_of(
            row[KIND], team, shared, row[WAYS:DIMS], run, row[DIMS:], constants[k],
            theta[row[THETA_START] : row[THETA_STOP]], values[x_at : x_at + x_size], values[y_at : y_at + y_size],
            tape[tape_at : tape_at + row[TAPE_SIZE] * batch], dvalues[y_at : y_at + y_size],
            dvalues[dx_at : dx_at + dx_size], gradient[row[THETA_START] : row[THETA_STOP]], code,
            values[dx_at : dx_at + x_size],
        )  # fmt: skip
        barrier()


@device_view
def totals_of(totals, thread):
    """A thread's loss and right answers."""
    return totals[1 + 2 * thread : 3 + 2 * thread]


@device_code
def measure(team, row, loss_dims, loss_constants, numbers, run, values, dvalues, targets, weights, totals):
    """Add this thread's share of the loss and of the right answers to its totals, leave dloss/doutput in `dvalues`.

    The loops of the CPU are called for one row at a time, or one output where each counts by itself. In totals[0] stays
    the number of a step whose loss is not finite.
    """
    item, features, at = numbers[ITEM], row[Y_SIZE], row[Y_START] * numbers[CAPACITY]
    items, wide = run[0] * features // item, numbers[WIDE]
    alone, share = (1, run[1], run[2], run[3], 0, 0, 1, 1), like(loss_constants[0], 1.0 / items)
    mine = totals_of(totals, team[ME])
    for n in range(team[ME], items, team[SIZE]):
        example, start, stop = n * item // features, at + n * item, at + (n + 1) * item
        outputs, doutputs = values[start:stop], dvalues[start:stop]
        target, weight = targets[n * wide : (n + 1) * wide], weights[example : example + 1]
        loss_of_rows(alone, loss_dims, loss_constants, outputs, target, weight, doutputs, mine)
        count_right(alone, loss_dims, loss_constants, outputs, target, mine)
        for i in range(item):
            doutputs[i] *= share
        if not math.isfinite(mine[0]):
            totals[0] = run[2]


# --- steps --------------------------------------------------------------------------------------------------------


@device_code
def gather(team, order, start, batch, x, y, w, values, targets, weights):
    """Copy the examples order[start : start + batch] to the workspace."""
    features, outputs = x.size // w.size, y.size // w.size
    for i in range(team[ME], batch * features, team[SIZE]):
        values[i] = x[order[start + i // features] * features + i % features]
    for i in range(team[ME], batch * outputs, team[SIZE]):
        targets[i] = y[order[start + i // outputs] * outputs + i % outputs]
    for i in range(team[ME], batch, team[SIZE]):
        weights[i] = w[order[start + i]]


@device_code
def clip(team, shared, segments, gradient, clip_norm, partial):
    """Shorten a gradient that is longer than the limit: g ← g · limit / ‖g‖."""
    square = like(gradient[0], 0)
    for s in range(segments.shape[0]):
        for i in range(first_of(team, segments[s, 0]), segments[s, 1], team[SIZE]):
            square += gradient[i] * gradient[i]
    shared[team[THREAD]] = square
    add_up_block(team, shared, 1)
    if team[THREAD] == 0:
        partial[team[BLOCK]] = shared[0]
    barrier()
    whole = 0.0
    for block in range(team[BLOCKS]):
        whole += partial[block]
    norm = math.sqrt(whole)
    if norm > clip_norm:
        scale = like(gradient[0], clip_norm / norm)
        for i in range(team[ME], gradient.size, team[SIZE]):
            gradient[i] *= scale


@device_code
def descend(
    team, shared, segments, penalised, penalties, theta, gradient, first, second, coefficients, clip_norm, partial
):
    """Add the penalties' gradient, clip, and let the optimizer move every trainable parameter."""
    for p in range(penalised.shape[0]):
        for i in range(first_of(team, penalised[p, 0]), penalised[p, 1], team[SIZE]):
            gradient[i] += penalty_slope(theta[i], penalties[p, 0], penalties[p, 1])
    if math.isfinite(clip_norm):
        clip(team, shared, segments, gradient, clip_norm, partial)
    c = (coefficients[0], coefficients[1], coefficients[2], coefficients[3], coefficients[4])
    nothing = like(theta[0], 0)
    for s in range(segments.shape[0]):
        for i in range(first_of(team, segments[s, 0]), segments[s, 1], team[SIZE]):
            if MOMENTS == 0:
                theta[i] = move(theta[i], gradient[i], nothing, nothing, c)[0]
            elif MOMENTS == 1:
                theta[i], first[i], _ = move(theta[i], gradient[i], first[i], nothing, c)
            else:
                theta[i], first[i], second[i] = move(theta[i], gradient[i], first[i], second[i], c)


@device_code
def take_steps(
    team, shared, table, constants, loss_dims, loss_constants, state, space, x, y, w, order, coefficients, segments,
    penalised, penalties, clip_norm, totals, partial, numbers,
):  # fmt: skip
    """Go through the batches FIRST … LAST - 1 of the epoch that `order` lays out.

    MODE says whether to measure the loss only, to find its gradient too, or to train. Stops at a loss that is not
    finite. The launch that begins with the first batch sets the totals to 0.
    """
    capacity, count, parameters = numbers[CAPACITY], numbers[OPERATIONS], numbers[PARAMETERS]
    theta, gradient = state[:parameters], state[parameters : 2 * parameters]
    first, second = state[2 * parameters : 3 * parameters], state[3 * parameters : 4 * parameters]
    dvalues_at = numbers[VALUES] * capacity
    tape_at = 2 * dvalues_at
    targets_at = tape_at + numbers[TAPE] * capacity
    weights_at = targets_at + numbers[TARGETS] * capacity
    values, dvalues, tape = space[:dvalues_at], space[dvalues_at:tape_at], space[tape_at:targets_at]
    targets, weights = space[targets_at:weights_at], space[weights_at : weights_at + capacity]
    start = numbers[FIRST] * capacity
    if start == 0:
        mine = totals_of(totals, team[ME])
        mine[0], mine[1] = 0.0, 0.0
        if team[ME] == 0:
            totals[0] = 0.0
    gather(team, order, start, min(capacity, order.size - start), x, y, w, values, targets, weights)
    barrier()
    for batch in range(numbers[FIRST], numbers[LAST]):
        start = batch * capacity
        step = numbers[STEP] + batch - numbers[FIRST]
        run = (min(capacity, order.size - start), numbers[TRAINING], step, numbers[SEED])
        forward_pass(team, shared, table, constants, count, capacity, run, theta, values, tape)
        measure(
            team, table[count - 1], loss_dims, loss_constants, numbers, run, values, dvalues, targets, weights, totals
        )  # fmt: skip
        barrier()
        if numbers[MODE] != EVALUATE:
            if numbers[MODE] == TRAIN and totals[0] != 0:
                return
            backward_pass(team, shared, table, constants, count, capacity, run, theta, values, dvalues, tape, gradient)
        if numbers[MODE] == TRAIN:
            descend(
                team, shared, segments, penalised, penalties, theta, gradient, first, second, coefficients[batch],
                clip_norm, partial,
            )  # fmt: skip
        start += capacity
        if batch + 1 < numbers[LAST]:
            gather(team, order, start, min(capacity, order.size - start), x, y, w, values, targets, weights)
        barrier()


# --- launches -----------------------------------------------------------------------------------------------------


@device_code
def in_grid(
    table, constants, loss_dims, loss_constants, state, space, x, y, w, order, coefficients, segments, penalised,
    penalties, clip_norm, totals, partial, numbers,
):  # fmt: skip
    """Take steps with all blocks; what they work on stays in the GPU's memory and its caches."""
    shared = cuda.shared.array(SCRATCH, REAL)
    team = (cuda.grid(1), cuda.gridsize(1), cuda.blockIdx.x, cuda.gridDim.x, cuda.threadIdx.x, cuda.blockDim.x)
    take_steps(
        team, shared, table, constants, loss_dims, loss_constants, state, space, x, y, w, order, coefficients, segments,
        penalised, penalties, clip_norm, totals, partial, numbers,
    )  # fmt: skip


@device_code
def in_block(
    table, constants, loss_dims, loss_constants, state, space, x, y, w, order, coefficients, segments, penalised,
    penalties, clip_norm, totals, partial, numbers,
):  # fmt: skip
    """Take steps with one block, for a network so small that all it works on fits into shared memory."""
    shared = cuda.shared.array(0, REAL)
    team = (cuda.grid(1), cuda.gridsize(1), cuda.blockIdx.x, cuda.gridDim.x, cuda.threadIdx.x, cuda.blockDim.x)
    state_at, space_at = cuda.blockDim.x, cuda.blockDim.x + state.size
    inner_state, inner_space = shared[state_at:space_at], shared[space_at : space_at + space.size]
    copy_values(team, state, inner_state)
    barrier()
    take_steps(
        team, shared, table, constants, loss_dims, loss_constants, inner_state, inner_space, x, y, w, order,
        coefficients, segments, penalised, penalties, clip_norm, totals, partial, numbers,
    )  # fmt: skip
    barrier()
    copy_values(team, inner_state, state)


@device_code
def forward_in_grid(table, constants, theta, values, tape, capacity, batch, count):
    """Run the first `count` operations on a batch, without training."""
    shared = cuda.shared.array(SCRATCH, REAL)
    team = (cuda.grid(1), cuda.gridsize(1), cuda.blockIdx.x, cuda.gridDim.x, cuda.threadIdx.x, cuda.blockDim.x)
    forward_pass(team, shared, table, constants, count, capacity, (batch, 0, 0, 0), theta, values, tape)
