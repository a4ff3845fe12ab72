"""A network as a table of compiled kernels: what `engine.machine` runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numba import from_dtype, types
from numpy.typing import NDArray

from engine.jit import address
from engine.layers.base import Operation, Shape

# Columns of Program.layout: where an operation's arrays lie. Starts count values of one example; the loops multiply
# by the capacity of the workspace.
THETA_START, THETA_STOP, X_START, X_SIZE, Y_START, Y_SIZE, TAPE_START, TAPE_SIZE = range(8)

# Entries of `run`, which every kernel can read. Those behind STOP are the machine's to set, in each thread's own copy;
# PRODUCT is the address of the matrix product (see `engine.products`).
BATCH, TRAINING, STEP, SEED, STOP, SHARE, SHARES, EXAMPLES_IN_ALL, FIRST, PRODUCT = range(10)


class Program(NamedTuple):
    """What the loops need to know of a network; one row for each operation."""

    forward: NDArray[np.int64]
    backward: NDArray[np.int64]
    dims: NDArray[np.int64]
    constants: NDArray[Any]
    layout: NDArray[np.int64]
    work: NDArray[np.int64]  # (K, 2): how an operation may be cut into shares, and the work that an example makes


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


def no_descent(dtype: np.dtype[Any]) -> Descent:
    """A descent that moves nothing."""
    return Descent(
        0, np.zeros(1), np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64), np.zeros((0, 2), dtype), np.inf
    )


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


@cache
def entry(compiled: Any, kind: str, dtype_name: str) -> int:
    """Where a kernel of a kind is for arrays of a dtype: looked for once, since networks are often built anew."""
    return address(compiled, signatures(dtype_name)[kind])


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
    return Program(
        np.array([entry(forward, "forward", dtype.name) for forward, _ in kernels], np.int64),
        np.array([entry(backward, "backward", dtype.name) for _, backward in kernels], np.int64),
        *lay_out(operations, spans, input_shape, dtype),
        np.array([(operation.cut, operation.work) for operation in operations], np.int64),
    )


def lay_out(
    operations: Sequence[Operation], spans: Sequence[tuple[int, int]], input_shape: Shape, dtype: np.dtype[Any]
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
    """The `dims`, `constants` and `layout` of a program; see `assemble`."""
    layout = np.zeros((len(operations), 8), np.int64)
    dims = np.zeros((len(operations), 1 + max((len(operation.dims) for operation in operations), default=0)), np.int64)
    constants = np.zeros((len(operations), max((1, *(len(operation.constants) for operation in operations)))), dtype)
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
