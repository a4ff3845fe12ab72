"""The compiled program: a table of kernels for one network, and the loops that walk it.

A network becomes a `Program`: addresses of kernels and the sizes they need. Everything that changes lies in flat
buffers, the `Workspace`. The loops below are compiled once for all networks of one dtype, and a whole epoch runs
inside one of them: no Python between batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numba import from_dtype, types
from numpy.typing import NDArray

from engine.jit import address, call, kernel, like, part
from engine.layers.base import Operation, Shape
from engine.optimizers import penalty_slope
from engine.random import permute
from engine.subnormals import flush_subnormals, restore_subnormals

# Columns of Program.layout: where an operation's arrays lie. Starts count values of one example; the loops multiply
# by the capacity of the workspace.
THETA_START, THETA_STOP, X_START, X_SIZE, Y_START, Y_SIZE, TAPE_START, TAPE_SIZE = range(8)

# Entries of `run`, which every kernel can read.
BATCH, TRAINING, STEP, SEED, STOP = range(5)


class Program(NamedTuple):
    """What the loops need to know of a network; one row for each operation."""

    forward: NDArray[np.int64]
    backward: NDArray[np.int64]
    dims: NDArray[np.int64]
    constants: NDArray[Any]
    layout: NDArray[np.int64]


class Workspace(NamedTuple):
    """Buffers for batches of up to `capacity` examples, flat, in the network's dtype."""

    capacity: int
    values: NDArray[Any]
    dvalues: NDArray[Any]
    tape: NDArray[Any]
    targets: NDArray[Any]
    weights: NDArray[Any]


class Objective(NamedTuple):
    """The loss and the count of right answers, as the loops call them."""

    operations: int  # how many operations come before the loss: it may skip the last activation
    loss: int
    accuracy: int
    dims: NDArray[np.int64]
    constants: NDArray[Any]


class Descent(NamedTuple):
    """How the parameters move once their gradient is known."""

    update: int  # the optimizer's loop
    settings: NDArray[np.float64]  # the optimizer's; the learning rate comes first
    segments: NDArray[np.int64]  # (S, 2): the stretches of parameters that are trainable
    penalised: NDArray[np.int64]  # (P, 2): the stretches with a penalty
    penalties: NDArray[Any]  # (P, 2): their l1 and l2
    clip_norm: float  # the largest norm that a gradient may have; inf for no limit


class Data(NamedTuple):
    """Examples: x (N, features), y (N, outputs), weights (N,), C-contiguous, in the network's dtype."""

    x: NDArray[Any]
    y: NDArray[Any]
    weights: NDArray[Any]


# --- building -----------------------------------------------------------------------------------------------------


@cache
def signatures(dtype_name: str) -> dict[str, Any]:
    """The one signature of each kind of kernel, for arrays of a dtype."""
    ints, reals = types.Array(types.int64, 1, "C"), types.Array(from_dtype(np.dtype(dtype_name)), 1, "C")
    doubles = types.Array(types.float64, 1, "C")
    return {
        "forward": types.void(ints, ints, *[reals] * 5),
        "backward": types.void(ints, ints, *[reals] * 8),
        "loss": types.void(ints, ints, *[reals] * 5, doubles),
        "accuracy": types.void(ints, ints, *[reals] * 3, doubles),
        "update": types.void(*[reals] * 4, doubles, types.int64),
    }


def assemble(
    operations: Sequence[Operation], spans: Sequence[tuple[int, int]], input_shape: Shape, dtype: np.dtype[Any]
) -> Program:
    """Compile the kernels of a network and lay out its buffers.

    Parameters
    ----------
    operations : sequence of Operation
        In the order in which they run.
    spans : sequence of (int, int)
        For each operation, where its parameters lie in the flat vector.
    input_shape : tuple of int
        Shape of one example.
    dtype : dtype
        float32 or float64.
    """
    kernels = [operation.kernels(dtype) for operation in operations]
    signature = signatures(dtype.name)
    return Program(
        np.array([address(forward, signature["forward"]) for forward, _ in kernels], np.int64),
        np.array([address(backward, signature["backward"]) for _, backward in kernels], np.int64),
        *lay_out(operations, spans, input_shape, dtype),
    )


def lay_out(
    operations: Sequence[Operation], spans: Sequence[tuple[int, int]], input_shape: Shape, dtype: np.dtype[Any]
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
    """The `dims`, `constants` and `layout` of a program; see `assemble`."""
    layout = np.zeros((len(operations), 8), np.int64)
    dims = np.zeros((len(operations), 1 + max(len(operation.dims) for operation in operations)), np.int64)
    constants = np.zeros((len(operations), max(1, *(len(operation.constants) for operation in operations), 1)), dtype)
    x_start, x_size, tape_start = 0, prod(input_shape), 0
    for k, (operation, span) in enumerate(zip(operations, spans, strict=True)):
        y_size = prod(operation.output_shape)
        tape = (tape_start, operation.tape_per_example)
        if operation.tape_of:
            shared = layout[k - operation.tape_of]
            tape = (int(shared[TAPE_START]), int(shared[TAPE_SIZE]))
        layout[k] = (*span, x_start, x_size, x_start + x_size, y_size, *tape)
        dims[k, : len(operation.dims)] = operation.dims
        dims[k, -1] = k
        constants[k, : len(operation.constants)] = operation.constants
        x_start, x_size = x_start + x_size, y_size
        tape_start += operation.tape_per_example
    return dims, constants, layout


def values_per_example(layout: NDArray[np.int64]) -> tuple[int, int, int]:
    """How many values one example takes: all operations' inputs and outputs, the tape, the last outputs alone."""
    last = layout[-1]
    tape = int((layout[:, TAPE_START] + layout[:, TAPE_SIZE]).max())
    return int(last[Y_START] + last[Y_SIZE]), tape, int(last[Y_SIZE])


def workspace(program: Program, capacity: int, dtype: np.dtype[Any]) -> Workspace:
    """Allocate the buffers for batches of up to `capacity` examples."""
    values, tape, outputs = values_per_example(program.layout)
    return Workspace(
        capacity,
        np.zeros(values * capacity, dtype),
        np.zeros(values * capacity, dtype),
        np.zeros(tape * capacity, dtype),
        np.zeros(outputs * capacity, dtype),
        np.ones(capacity, dtype),
    )


# --- the loops ----------------------------------------------------------------------------------------------------


@kernel
def cut(buffer, start, size, space, batch):
    """The part of a buffer that holds `batch` examples of `size` values each."""
    return part(buffer, start * space.capacity, size * batch)


@kernel
def forward_pass(program, count, run, theta, space):
    """Run the first `count` operations on the batch that lies at the start of ``space.values``."""
    batch = run[BATCH]
    for k in range(count):
        at = program.layout[k]
        x = cut(space.values, at[X_START], at[X_SIZE], space, batch)
        y = cut(space.values, at[Y_START], at[Y_SIZE], space, batch)
        tape = cut(space.tape, at[TAPE_START], at[TAPE_SIZE], space, batch)
        parameters = part(theta, at[THETA_START], at[THETA_STOP] - at[THETA_START])
        call(program.forward[k], (run, program.dims[k], program.constants[k], parameters, x, y, tape))


@kernel
def backward_pass(program, count, run, theta, space, gradient):
    """Run the first `count` operations backwards, from the output gradient in ``space.dvalues`` to `gradient`."""
    batch = run[BATCH]
    for k in range(count - 1, -1, -1):
        at = program.layout[k]
        x = cut(space.values, at[X_START], at[X_SIZE], space, batch)
        y = cut(space.values, at[Y_START], at[Y_SIZE], space, batch)
        tape = cut(space.tape, at[TAPE_START], at[TAPE_SIZE], space, batch)
        dy = cut(space.dvalues, at[Y_START], at[Y_SIZE], space, batch)
        # The data need no gradient: an empty dx tells the first operation so.
        dx = cut(space.dvalues, at[X_START], at[X_SIZE] if k > 0 else 0, space, batch)
        parameters = part(theta, at[THETA_START], at[THETA_STOP] - at[THETA_START])
        dparameters = part(gradient, at[THETA_START], at[THETA_STOP] - at[THETA_START])
        call(
            program.backward[k],
            (run, program.dims[k], program.constants[k], parameters, x, y, tape, dy, dx, dparameters),
        )


@kernel
def measure(program, objective, run, space, totals):
    """Add the batch's loss to totals[0] and its right answers to totals[1]; leave dloss/doutput in the workspace."""
    at = program.layout[objective.operations - 1]
    outputs = cut(space.values, at[Y_START], at[Y_SIZE], space, run[BATCH])
    doutputs = cut(space.dvalues, at[Y_START], at[Y_SIZE], space, run[BATCH])
    targets = space.targets[: run[BATCH] * at[Y_SIZE]]
    weights = space.weights[: run[BATCH]]
    arguments = (run, objective.dims, objective.constants, outputs, targets, weights, doutputs, totals)
    call(objective.loss, arguments)
    call(objective.accuracy, (run, objective.dims, objective.constants, outputs, targets, totals))


@kernel
def gather(data, order, start, batch, space):
    """Copy the examples order[start : start + batch] to the start of the workspace."""
    features, outputs = data.x.shape[1], data.y.shape[1]
    for n in range(batch):
        example = order[start + n]
        source, target = data.x[example], data.y[example]
        for i in range(features):
            space.values[n * features + i] = source[i]
        for i in range(outputs):
            space.targets[n * outputs + i] = target[i]
        space.weights[n] = data.weights[example]


@kernel
def penalise(descent, theta, gradient):
    """Add the gradient of the penalties l1 Σ|θ| + l2 Σθ²."""
    for p in range(descent.penalised.shape[0]):
        l1, l2 = descent.penalties[p, 0], descent.penalties[p, 1]
        for i in range(descent.penalised[p, 0], descent.penalised[p, 1]):
            gradient[i] += penalty_slope(theta[i], l1, l2)


@kernel
def clip(descent, gradient):
    """Shorten a gradient that is longer than the limit: g ← g · limit / ‖g‖ (Pascanu et al., 2013)."""
    if not np.isfinite(descent.clip_norm):
        return
    square = 0.0
    for s in range(descent.segments.shape[0]):
        for i in range(descent.segments[s, 0], descent.segments[s, 1]):
            square += gradient[i] * gradient[i]
    norm = np.sqrt(square)
    if norm > descent.clip_norm:
        scale = like(gradient[0], descent.clip_norm / norm)
        for i in range(gradient.size):
            gradient[i] *= scale


@kernel
def norms(vector, spans):
    """The Euclidean norm of each stretch of a vector, float64; 0 for an empty one.

    Not NumPy's: its BLAS is another one than that of the kernels, whose threads would wait for the processor.
    """
    lengths = np.zeros(spans.shape[0])
    for s in range(spans.shape[0]):
        stretch, square = vector[spans[s, 0] : spans[s, 1]], 0.0
        for i in range(stretch.size):
            square += np.float64(stretch[i]) * np.float64(stretch[i])
        lengths[s] = np.sqrt(square)
    return lengths


@kernel
def descend(descent, theta, gradient, moments, step):
    """Let the optimizer move every trainable stretch of the parameters."""
    size = theta.size
    for s in range(descent.segments.shape[0]):
        start, stop = descent.segments[s, 0], descent.segments[s, 1]
        first, second = moments[start:stop], moments[size + start : size + stop]
        call(descent.update, (theta[start:stop], gradient[start:stop], first, second, descent.settings, step))


@kernel
def train_batches(
    program, objective, descent, rates, theta, gradient, moments, data, order, space, run, first, last, totals
):
    """Take the optimisation steps for the batches `first` … `last` - 1 of the epoch that `order` lays out.

    `rates` holds the learning rate of each of the epoch's steps. Adds to `totals`: the loss summed over examples,
    the right answers, the examples. Stops at a loss that is not finite, and before the next batch once another thread
    sets run[STOP]. Counts steps in run[STEP], which numbers from 1 for the optimizer.
    """
    mode = flush_subnormals()
    take_steps(
        program, objective, descent, rates, theta, gradient, moments, data, order, space, run, first, last, totals
    )
    restore_subnormals(mode)


@kernel
def take_steps(
    program, objective, descent, rates, theta, gradient, moments, data, order, space, run, first, last, totals
):
    """The loop of `train_batches`."""
    for batch in range(first, last):
        if run[STOP]:
            return
        start = batch * space.capacity
        run[BATCH] = min(space.capacity, order.size - start)
        run[STEP] += 1
        gather(data, order, start, run[BATCH], space)
        forward_pass(program, objective.operations, run, theta, space)
        measure(program, objective, run, space, totals)
        totals[2] += run[BATCH]
        if not np.isfinite(totals[0]):
            return
        backward_pass(program, objective.operations, run, theta, space, gradient)
        penalise(descent, theta, gradient)
        clip(descent, gradient)
        descent.settings[0] = rates[batch]
        descend(descent, theta, gradient, moments, run[STEP])


@kernel
def lay_out_epoch(order, seed, epoch, shuffle):
    """Fill `order` with the sequence in which the epoch takes the examples."""
    if shuffle:
        permute(order, seed, epoch)
    else:
        for i in range(order.size):
            order[i] = i


@kernel
def evaluate_batches(program, objective, theta, data, order, space, run, totals):
    """Add to `totals` the loss summed over all examples, the right answers, the examples, without training."""
    mode = flush_subnormals()
    for start in range(0, order.size, space.capacity):
        run[BATCH] = min(space.capacity, order.size - start)
        gather(data, order, start, run[BATCH], space)
        forward_pass(program, objective.operations, run, theta, space)
        measure(program, objective, run, space, totals)
        totals[2] += run[BATCH]
    restore_subnormals(mode)
