"""Whose threads compute: those of a network's own kernels or those of BLAS, never both at once.

Both would want every core. A product that BLAS cuts into parts waits for all of them, so one part that has to wait for
a core holds up everything.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS keeps to the thread that calls it, in the whole process."""
    limits: AbstractContextManager[Any] = _blas().limit(limits=1)
    return limits


@cache
def _blas() -> Any:
    # the library that Numba's np.dot calls must be there to be found, and takes long to import
    import scipy.linalg.cython_blas  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
