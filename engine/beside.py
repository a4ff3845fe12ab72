"""Something computed in a thread of its own, beside what its caller does until it needs the result."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def beside(compute: Callable[[], T]) -> Future[T]:
    """Begin to compute; the result, or the exception, is had from what is given."""
    thread = ThreadPoolExecutor(1)
    try:
        return thread.submit(compute)
    finally:
        thread.shutdown(wait=False)
