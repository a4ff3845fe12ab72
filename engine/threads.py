"""Threads of NumPy's and SciPy's linear algebra, which our own kernels do without.

BLAS cuts a product into a part for each core and waits for all of them by giving its own core away again and again.
With other work on the machine, a product that takes 0.2 ms on one thread took 30 ms on two. It also adds up in another
order then, so that the last bits depend on the number of cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

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
    import scipy.linalg  # noqa: F401  # its BLAS must be there to be found
    from threadpoolctl import ThreadpoolController

    return list(ThreadpoolController().select(user_api="blas").lib_controllers)
