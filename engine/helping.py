"""The loops that offer shares of the work to helpers and do what is left of it, and the loop of a helper.

The machine finds the former by their addresses on the board, so that they are compiled only where there are helpers,
and not once more into every loop that calls them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numba import typeof, types
from numpy.typing import NDArray

from engine.atomics import add
from engine.crew import KIND, LEAVE, LOOPS, OPERATION, PRESENT, hand_in, helped, look_again, post, take, wait
from engine.crew import SHARES as POSTED
from engine.jit import address, kernel
from engine.passes import cut_of_pass, last_parameter, pass_share, sum_share
from engine.program import Data, Descent, Objective, Program
from engine.shares import (
    backward_share,
    copy_run,
    forward_share,
    gather_share,
    shares_of,
    shares_of_update,
    update_share,
)
from engine.subnormals import flush_subnormals, restore_subnormals
from engine.workspace import Workspace

# Kinds of work on the board. Behind the last come the ways of a pass, whose loops are one (see `engine.passes`).
GATHER, FORWARD, BACKWARD, UPDATE, SUM, PASS = range(6)


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
    post(space.board, np.int64(GATHER), start, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        gather_share(start, share, shares, run, data, order, space)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_forward(k, shares, run, program, theta, space):
    """Operation k in shares."""
    post(space.board, np.int64(FORWARD), k, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        forward_share(k, share, shares, run, program, theta, space)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_backward(k, shares, run, program, theta, space, gradient):
    """Operation k backwards in shares."""
    post(space.board, np.int64(BACKWARD), k, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        backward_share(k, share, shares, run, program, theta, space, gradient)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_update(s, shares, run, descent, theta, gradient, moments, space):
    """Let the optimizer move the trainable stretch s of the parameters in shares."""
    post(space.board, np.int64(UPDATE), s, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        update_share(s, share, shares, run, descent, theta, gradient, moments)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_pass(way, start, shares, together, run, data, order, program, objective, theta, space, gradient):
    """Take a batch through operations together in shares."""
    post(space.board, PASS + way, start, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        pass_share(way, start, share, shares, together, run, data, order, program, objective, theta, space, gradient)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def share_sum(parts, shares, size, space, gradient):
    """Add up gradients in shares."""
    post(space.board, np.int64(SUM), parts, shares)
    share = next_share(space.board, -1, shares)
    while share >= 0:
        sum_share(parts, share, shares, size, space, gradient)
        share = next_share(space.board, share, shares)


@kernel(counts=False)
def help_out(thread, run, data, order, program, objective, theta, space, gradient, descent, moments):
    """What a helper does: take shares of what is on the board until it shall leave."""
    board, own, looks = space.board, space.runs[thread], 0
    together, _ = cut_of_pass(program, objective.operations, space.capacity)
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
        if kind >= PASS:
            way, start = kind - PASS, operation
            pass_share(
                way, start, share, shares, together, own, data, order, program, objective, theta, space, gradient
            )
        elif kind == SUM:
            sum_share(operation, share, shares, last_parameter(program, together), space, gradient)
        elif kind == GATHER:
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


def shares_anything(program: Program, objective: Objective, descent: Descent, batch: int) -> bool:
    """Whether there is anything that a crew could help with."""
    operations, segments = range(len(program.forward)), range(len(descent.segments))
    return (
        cut_of_pass(program, objective.operations, batch)[1] > 1
        or any(shares_of(program, k, batch) > 1 for k in operations)
        or any(shares_of_update(descent, s) > 1 for s in segments)
    )


def bring_helpers(
    space: Workspace,
    run: NDArray[np.int64],
    data: Data,
    order: NDArray[np.int64],
    program: Program,
    objective: Objective,
    theta: NDArray[Any],
    gradient: NDArray[Any],
    descent: Descent,
    moments: NDArray[Any],
) -> AbstractContextManager[None]:
    """A context in which helpers take shares of what a loop does in `space`.

    Loops that the network has no use for are not compiled.
    """
    arguments = (run, data, order, program, objective, theta, space, gradient, descent, moments)
    together, _ = cut_of_pass(program, objective.operations, space.capacity)
    loops = helping_loops(arguments, together > 0, together < objective.operations)
    for kind, (loop, given) in loops.items():
        if not space.board[LOOPS + kind]:
            space.board[LOOPS + kind] = address_for(loop, given)
    return helped(space.board, lambda number: help_out(number, *arguments))


def address_for(loop: Any, given: tuple[Any, ...]) -> int:
    """Where a loop is that is compiled for arguments of the types of those that are given."""
    return address(loop, types.void(*map(typeof, given)))


def helping_loops(
    arguments: tuple[Any, ...], in_passes: bool, one_by_one: bool
) -> dict[int, tuple[Any, tuple[Any, ...]]]:
    """The loops that offer shares of operations taken together, one by one, or both, and what they are given; by kind.

    They share the arguments of `help_out`, behind its first.
    """
    run, data, order, program, objective, theta, space, gradient, descent, moments = arguments
    number = 0
    loops: dict[int, tuple[Any, tuple[Any, ...]]] = {}
    loops[UPDATE] = (share_update, (number, number, run, descent, theta, gradient, moments, space))
    if in_passes:
        to_pass = (number, number, number, number, run, data, order, program, objective, theta, space, gradient)
        loops[PASS] = (share_pass, to_pass)
        loops[SUM] = (share_sum, (number, number, number, space, gradient))
    else:
        loops[GATHER] = (share_gathering, (number, number, run, data, order, space))
    if one_by_one:
        loops[FORWARD] = (share_forward, (number, number, run, program, theta, space))
        loops[BACKWARD] = (share_backward, (number, number, run, program, theta, space, gradient))
    return loops
