"""Whose threads compute, and how many: those of the kernels as long as they help, never those of BLAS.

BLAS cuts a product into a part for each core and waits for all of them by giving its own core away again and again.
With other work on the machine, a product that takes 0.2 ms on one thread took 30 ms on two. Kernels share out what is
large themselves (see `engine.products`), and both at once would want every core twice.

Whether several threads are faster than one depends on the network, the machine and what else it does, so it is
measured again and again. It changes no bits: what is shared out, and how, depends on sizes alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from time import perf_counter
from typing import Any

import numba

# About how long a turn lasts, in seconds, and after how many turns the other number of threads is tried again.
TURN = 0.03
TRY_AGAIN = 30

_lock = Lock()
_inside = 0  # how many are in the context: the first one sets the numbers of threads, the last one puts them back
_before: list[int] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """A context in which BLAS keeps to the thread that calls it, in the whole process."""
    global _inside
    with _lock:
        if _inside == 0:
            _before[:] = [library.get_num_threads() for library in _libraries()]
            _set([1] * len(_before))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _set(_before)


def _set(threads: list[int]) -> None:
    for library, before, wanted in zip(_libraries(), _before, threads, strict=True):
        if before != 1:
            library.set_num_threads(wanted)


@cache
def _libraries() -> list[Any]:
    # the library that the kernels call must be there to be found, and takes long to import
    import scipy.linalg.cython_blas  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


class Crew:
    """Chooses for each turn of a training whether one thread computes or all, by what was faster lately.

    Parameters
    ----------
    helps : bool
        Whether there are kernels that share their work out; without any, one thread computes.
    """

    def __init__(self, helps: bool) -> None:
        self.most = numba.get_num_threads() if helps else 1
        self.batches = 1  # in the next turn
        self._seconds: dict[int, float] = {}  # a batch takes, by number of threads
        self._turns = 0

    @property
    def threads(self) -> int:
        """How many threads the next turn has."""
        if self.most == 1:
            return 1
        if len(self._seconds) < 2:
            return 1 if self.most in self._seconds else self.most
        best = min(self._seconds, key=self._seconds.__getitem__)
        other = self.most if best == 1 else 1
        return other if self._turns % TRY_AGAIN == 0 else best

    @contextmanager
    def turn(self, batches: int) -> Iterator[None]:
        """Compute so many batches on `threads` threads; `batches` then holds what about fills the next turn."""
        threads, began = self.threads, perf_counter()
        numba.set_num_threads(threads)
        try:
            yield
        finally:
            numba.set_num_threads(self.most)
        seconds = (perf_counter() - began) / batches
        if self._turns > 0:  # the first one warms up
            self._seconds[threads] = seconds
        self._turns += 1
        self.batches = max(1, int(TURN / seconds))
