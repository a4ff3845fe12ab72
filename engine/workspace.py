"""The flat buffers that the kernels of a program work on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.crew import MOST_SHARES, new_board
from engine.layers.base import EXAMPLES
from engine.memory import zeros
from engine.passes import cut_of_pass, last_parameter
from engine.program import THETA_START, THETA_STOP, X_SIZE, Y_SIZE, Y_START, Program, values_per_example


class Workspace(NamedTuple):
    """Buffers for batches of up to `capacity` examples, flat, in the network's dtype."""

    capacity: int
    values: NDArray[Any]
    dvalues: NDArray[Any]
    tape: NDArray[Any]
    targets: NDArray[Any]
    weights: NDArray[Any]
    runs: NDArray[np.int64]  # (threads, 16): each thread's copy of `run`, in lines of the cache of its own
    parts: NDArray[Any]  # the gradients that each share of a batch sums by itself, one after another
    sums: NDArray[np.float64]  # (threads, 8): the loss and the right answers of each share of a batch
    board: NDArray[np.int64]  # where the crew looks


def workspace(program: Program, capacity: int, dtype: np.dtype[Any]) -> Workspace:
    """Allocate the buffers for batches of up to `capacity` examples."""
    values, tape, outputs = values_per_example(program.layout)
    summed = program.layout[program.work[:, 0] == EXAMPLES]
    parts = MOST_SHARES * int((summed[:, THETA_STOP] - summed[:, THETA_START]).max(initial=0))
    for count in (len(program.work), len(program.work) - 1):  # a loss of logits skips the last activation
        if count > 0:
            together, shares = cut_of_pass(program, count, capacity)
            parts = max(parts, (shares - 1) * int(last_parameter(program, together)))
    return Workspace(
        capacity,
        zeros(values * capacity, dtype),
        zeros(values * capacity, dtype),
        zeros(tape * capacity, dtype),
        zeros(outputs * capacity, dtype),
        np.ones(capacity, dtype),
        zeros(MOST_SHARES * 16, np.int64).reshape(MOST_SHARES, 16),
        zeros(parts, dtype),
        zeros(MOST_SHARES * 8, np.float64).reshape(MOST_SHARES, 8),
        new_board(),
    )


def values_after(operations: int, count: int, program: Program, space: Workspace) -> NDArray[Any]:
    """What so many operations made of the first `count` examples of a batch, a row each; 0 gives the data. A view."""
    at = program.layout[max(operations, 1) - 1]
    start, size = (at[Y_START], at[Y_SIZE]) if operations else (0, at[X_SIZE])
    return space.values[start * space.capacity :][: count * size].reshape(count, size)
