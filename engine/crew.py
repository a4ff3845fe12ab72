"""A crew for the machine's loops: threads that take over shares of what the loop that they help has in hand.

The loop itself does the work and never waits for helpers to come: it posts how many shares there are, takes one after
another like everybody else, and in the end waits only for shares that a helper has begun. So a helper that the system
lets wait costs nothing, and one that is there saves its part. Between two shares a helper looks out for the next one
actively, as sleeping threads take up to 100 µs to wake up, as long as a small network needs for a whole step; it
gives way to whoever else wants the processor. It lives as long as one call of the loop (see `helped`).

What the shares are depends on sizes alone. How many helpers there are decides how fast it goes, and no bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import numba
import numpy as np
from numpy.typing import NDArray

from engine.atomics import add, load, pause, replace, rest, store
from engine.jit import kernel
from engine.memory import zeros

# The most shares of one piece of work, and the most threads that a loop can use.
MOST_SHARES = 8

# Places on the board, an int64 array. Those that several threads write to have a line of the cache each: the ticket
# (the number of the posted work and, four bits each, the first of its shares that nobody has taken and the one after
# the last), how many shares are done, how many helpers look on, whether they shall leave; then what is posted: a kind
# of work, of which operation, in how many shares; and for each kind the address of the loop that offers it.
TICKET, DONE, PRESENT, LEAVE, KIND, OPERATION, SHARES, LOOPS = 0, 16, 32, 48, 64, 65, 66, 67
BOARD = 80

# How often a thread looks before it rests (200 µs or more), and for how many microseconds then. It does not yield the
# processor instead: Linux puts who does so behind all others for milliseconds.
PATIENCE, REST = 20000, 50


def new_board() -> NDArray[np.int64]:
    """A board for one loop and its helpers."""
    return zeros(BOARD, np.int64)


@kernel(counts=False)
def post(board, kind, operation, shares):
    """Offer work to the helpers."""
    board[KIND], board[OPERATION], board[SHARES] = kind, operation, shares
    store(board, DONE, 0)
    store(board, TICKET, ((load(board, TICKET) | 0xFF) + 1) | shares)


@kernel(counts=False)
def take(board, helper):
    """Take a share of what is posted: its number, or -1 when none is left.

    Helpers take the last one, the loop itself the first one, so that each finds much of what it needs in its cache.
    """
    while True:
        ticket = load(board, TICKET)
        first, stop = (ticket >> 4) & 15, ticket & 15
        if first == stop:
            return -1
        if replace(board, TICKET, ticket, ticket - 1 if helper else ticket + 16):
            return stop - 1 if helper else first


@kernel(counts=False)
def hand_in(board):
    """Say that a share is done."""
    add(board, DONE, 1)


@kernel(counts=False)
def wait(board, shares):
    """Wait until all shares are done."""
    looks = 0
    while load(board, DONE) < shares:
        looks = look_again(looks)


@kernel(counts=False)
def look_again(looks):
    """Between two looks at the board, of which there were so many; gives how many there are now."""
    if looks < PATIENCE:
        pause()
    else:
        rest(REST)
    return looks + 1


def count_helpers() -> int:
    """How many helpers a loop can have."""
    return int(min(numba.config.NUMBA_NUM_THREADS, MOST_SHARES)) - 1  # type: ignore[attr-defined]


@cache
def _pool() -> ThreadPoolExecutor:
    """The threads that help, for the whole process."""
    return ThreadPoolExecutor(count_helpers(), thread_name_prefix="crew")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has none of the threads


@contextmanager
def helped(board: NDArray[np.int64], work: Callable[[int], None]) -> Iterator[None]:
    """A context in which helpers look at the board.

    Parameters
    ----------
    board : ndarray
    work : callable
        What a helper does, in its thread, until board[LEAVE]; it is given the helper's number, from 1 on.
    """
    board[LEAVE] = 0
    helpers = [_pool().submit(work, number + 1) for number in range(count_helpers())]
    try:
        yield
    finally:
        board[LEAVE] = 1
        for helper in helpers:
            if not helper.cancel():
                helper.result()  # it works on the loop's arrays
