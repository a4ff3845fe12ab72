"""The compiled loops that run a network: a whole epoch runs inside one of them, with no Python between batches.

They are compiled once for all networks of one dtype, and walk the `Program` that a network becomes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.crew import LOOPS, PRESENT
from engine.helping import BACKWARD, FORWARD, GATHER, PASS, SUM, UPDATE
from engine.jit import call, inner, kernel, like, part
from engine.layers.base import EXAMPLES, INPUTS
from engine.optimizers import penalty_slope
from engine.passes import (
    BACK,
    ROUND,
    THERE,
    add_sums,
    cut_of_pass,
    last_parameter,
    pass_share,
    shares_of_sum,
    sum_share,
)
from engine.passes import TEST as TEST
from engine.passes import TRAIN as TRAIN
from engine.passes import measure as measure_part
from engine.program import BATCH as BATCH
from engine.program import EXAMPLES_IN_ALL as EXAMPLES_IN_ALL
from engine.program import PRODUCT as PRODUCT
from engine.program import SEED as SEED
from engine.program import SHARES as SHARES
from engine.program import STEP as STEP
from engine.program import STOP as STOP
from engine.program import TRAINING as TRAINING
from engine.program import X_SIZE as X_SIZE
from engine.program import X_START as X_START
from engine.program import Y_SIZE as Y_SIZE
from engine.program import Y_START as Y_START
from engine.program import Data as Data
from engine.program import Descent as Descent
from engine.program import Objective as Objective
from engine.program import Program as Program
from engine.program import assemble as assemble
from engine.program import lay_out as lay_out
from engine.program import no_descent
from engine.program import signatures as signatures
from engine.program import values_per_example as values_per_example
from engine.random import permute
from engine.shares import (
    add_up,
    backward_share,
    copy_run,
    forward_share,
    gather_share,
    shares_of,
    shares_of_gathering,
    shares_of_update,
    update_share,
)
from engine.subnormals import flush_subnormals, restore_subnormals
from engine.workspace import Workspace as Workspace
from engine.workspace import values_after as values_after
from engine.workspace import workspace as workspace


@kernel(counts=False)
def forward_pass(program, first, stop, run, theta, space):
    """Run the operations from `first` up to `stop` on the batch that lies in ``space.values``: data at its start."""
    own, batch = space.runs[0], run[BATCH]
    copy_run(run, own)
    for k in range(first, stop):
        shares = shares_of(program, k, batch)
        if shares > 1 and space.board[LOOPS + FORWARD] and space.board[PRESENT]:
            call(space.board[LOOPS + FORWARD], (k, shares, own, program, theta, space))
        else:
            for share in range(shares):
                forward_share(k, share, shares, own, program, theta, space)
        if shares > 1 and program.work[k, 0] == INPUTS:
            forward_share(k, shares, shares, own, program, theta, space)


@kernel(counts=False)
def backward_pass(program, first, stop, run, theta, space, gradient):
    """Run the operations from `first` up to `stop` backwards, from what ``space.dvalues`` holds to `gradient`."""
    own, batch = space.runs[0], run[BATCH]
    copy_run(run, own)
    for k in range(stop - 1, first - 1, -1):
        shares = shares_of(program, k, batch)
        if shares > 1 and space.board[LOOPS + BACKWARD] and space.board[PRESENT]:
            call(space.board[LOOPS + BACKWARD], (k, shares, own, program, theta, space, gradient))
        else:
            for share in range(shares):
                backward_share(k, share, shares, own, program, theta, space, gradient)
        if shares > 1 and program.work[k, 0] == EXAMPLES:
            add_up(k, shares, program, space, gradient)


@kernel(counts=False)
def measure(program, objective, run, space, totals):
    """Add the batch's loss to totals[0] and its right answers to totals[1]; leave dloss/doutput in the workspace."""
    own = space.runs[0]
    copy_run(run, own)
    measure_part(program, objective, np.int64(0), run[BATCH], np.int64(1), own, space, totals)


@kernel(counts=False)
def gather(data, order, start, batch, space):
    """Copy the examples order[start : start + batch] to the start of the workspace."""
    own, shares = space.runs[0], shares_of_gathering(data, batch)
    own[BATCH] = batch
    if shares > 1 and space.board[LOOPS + GATHER] and space.board[PRESENT]:
        call(space.board[LOOPS + GATHER], (start, shares, own, data, order, space))
    else:
        gather_share(start, np.int64(0), np.int64(1), own, data, order, space)


@kernel(counts=False)
def take_together(way, start, shares, together, data, order, program, objective, theta, space, gradient):
    """Take the batch's examples there, back, or both, through `together` operations in shares; see `pass_share`."""
    own = space.runs[0]
    if space.board[LOOPS + PASS] and space.board[PRESENT]:
        arguments = (way, start, shares, together, own, data, order, program, objective, theta, space, gradient)
        call(space.board[LOOPS + PASS], arguments)
    else:
        for share in range(shares):
            pass_share(
                way, start, share, shares, together, own, data, order, program, objective, theta, space, gradient
            )


@inner
def add_gradients(parts, size, space, gradient):
    """Add the gradients of `parts` other shares of a batch to the `size` numbers of the first one."""
    shares = shares_of_sum(size)
    if shares > 1 and space.board[LOOPS + SUM] and space.board[PRESENT]:
        call(space.board[LOOPS + SUM], (parts, shares, size, space, gradient))
    else:
        sum_share(parts, np.int64(0), np.int64(1), size, space, gradient)


@kernel(counts=False)
def take_batch(kind, program, objective, theta, gradient, data, order, start, run, space, totals):
    """Take the examples order[start : start + batch] through the network and, to TRAIN, back again.

    Adds their loss to totals[0] and their right answers to totals[1]; back again, leaves the loss's gradient.
    """
    count, batch = objective.operations, run[BATCH]
    together, shares = cut_of_pass(program, count, space.capacity)
    shares = min(shares, batch)
    if together == 0:
        gather(data, order, start, batch, space)
    else:
        copy_run(run, space.runs[0])
        way = np.int64(ROUND if kind == TRAIN and together == count else THERE)
        take_together(way, start, shares, together, data, order, program, objective, theta, space, gradient)
    if together == count:
        add_sums(shares, space, totals)
    else:
        forward_pass(program, together, count, run, theta, space)
        measure(program, objective, run, space, totals)
        if kind == TRAIN:
            backward_pass(program, together, count, run, theta, space, gradient)
            if together > 0:
                way = np.int64(BACK)
                take_together(way, start, shares, together, data, order, program, objective, theta, space, gradient)
    if kind == TRAIN and together > 0:
        add_gradients(shares - 1, last_parameter(program, together), space, gradient)


@inner
def penalise(descent, theta, gradient):
    """Add the gradient of the penalties l1 Σ|θ| + l2 Σθ²."""
    for p in range(descent.penalised.shape[0]):
        start, l1, l2 = descent.penalised[p, 0], descent.penalties[p, 0], descent.penalties[p, 1]
        count = descent.penalised[p, 1] - start
        parameters, slopes = part(theta, start, count), part(gradient, start, count)
        for i in range(count):
            slopes[i] += penalty_slope(parameters[i], l1, l2)


@inner
def clip(descent, gradient):
    """Shorten a gradient that is longer than the limit: g ← g · limit / ‖g‖ (Pascanu et al., 2013)."""
    if not np.isfinite(descent.clip_norm):
        return
    square = 0.0
    for s in range(descent.segments.shape[0]):
        start = descent.segments[s, 0]
        slopes = part(gradient, start, descent.segments[s, 1] - start)
        for i in range(slopes.size):
            square += slopes[i] * slopes[i]
    norm = np.sqrt(square)
    if norm > descent.clip_norm:
        scale = like(gradient[0], descent.clip_norm / norm)
        for i in range(gradient.size):
            gradient[i] *= scale


@kernel
def norms(vector, spans):
    """The Euclidean norm of each stretch of a vector, float64; 0 for an empty one.

    Not NumPy's: the threads of its BLAS would wait for the processor while ours have it.
    """
    lengths = np.zeros(spans.shape[0])
    for s in range(spans.shape[0]):
        stretch, square = vector[spans[s, 0] : spans[s, 1]], 0.0
        for i in range(stretch.size):
            square += np.float64(stretch[i]) * np.float64(stretch[i])
        lengths[s] = np.sqrt(square)
    return lengths


@inner
def descend(descent, theta, gradient, moments, space):
    """Let the optimizer move every trainable stretch of the parameters."""
    for s in range(descent.segments.shape[0]):
        shares = shares_of_update(descent, s)
        if shares > 1 and space.board[PRESENT]:
            call(
                space.board[LOOPS + UPDATE],
                (s, shares, space.runs[0], descent, theta, gradient, moments, space),
            )
        else:
            update_share(s, np.int64(0), np.int64(1), space.runs[0], descent, theta, gradient, moments)


@kernel(counts=False)
def run_batches(
    kind, program, objective, descent, rates, theta, gradient, moments, data, order, space, run, first, last, totals
):
    """Take the batches `first` … `last` - 1 of the epoch that `order` lays out, and to TRAIN an optimisation step each.

    Adds to `totals`: the loss summed over examples, the right answers, the examples. Stops at a loss that is not
    finite, and before the next batch once another thread sets run[STOP]. In training, `rates` holds the learning rate
    of each of the epoch's steps, and run[STEP] counts them, from 1 for the optimizer.

    One loop for both, since what it calls is compiled into it.
    """
    mode = flush_subnormals()
    for batch in range(first, last):
        if run[STOP]:
            break
        start = batch * space.capacity
        run[BATCH] = min(space.capacity, order.size - start)
        run[STEP] += kind == TRAIN
        take_batch(kind, program, objective, theta, gradient, data, order, start, run, space, totals)
        totals[2] += run[BATCH]
        if kind == TRAIN:
            if not np.isfinite(totals[0]):
                break
            penalise(descent, theta, gradient)
            clip(descent, gradient)
            descent.settings[0] = rates[batch]
            descend(descent, theta, gradient, moments, space)
    restore_subnormals(mode)


@kernel(counts=False)
def lay_out_epoch(order, seed, epoch, shuffle):
    """Fill `order` with the sequence in which the epoch takes the examples."""
    if shuffle:
        permute(order, seed, epoch)
    else:
        for i in range(order.size):
            order[i] = i


def evaluate_batches(
    program: Program,
    objective: Objective,
    theta: NDArray[Any],
    data: Data,
    order: NDArray[np.int64],
    space: Workspace,
    run: NDArray[np.int64],
    totals: NDArray[np.float64],
    outputs: NDArray[Any] | None = None,
) -> None:
    """Add to `totals` the loss summed over all examples, the right answers, the examples, without training.

    `outputs` gets what the loss is measured on, a row an example: logits where it takes these.
    """
    descent, rates, capacity = no_descent(theta.dtype), np.zeros(0), space.capacity
    batches = -(-order.size // capacity)
    for first in range(0, batches, batches if outputs is None else 1):
        last = batches if outputs is None else first + 1
        run_batches(
            TEST, program, objective, descent, rates, theta, theta, theta, data, order, space, run, first, last, totals
        )
        if outputs is not None:
            some = outputs[first * capacity : last * capacity]
            some[:] = values_after(objective.operations, len(some), program, space)
