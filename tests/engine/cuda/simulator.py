"""Numba's CUDA simulator, with all blocks of a grid at once and its threads one after another.

Numba's own runs one block at a time, so that a grid cannot wait for itself, and its threads race each other. Here one
thread runs at a time, up to its next barrier; then the next one. In which order is up to the test: where a barrier is
missing, another order gives other numbers. A barrier that not all threads reach is an error, as it would be a hang on
a GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numba.cuda.simulator import kernel, kernelapi

BLOCK, GRID, DONE = "block", "grid", "done"

Order = Callable[[list["Thread"]], list["Thread"]]


class Thread(threading.Thread):
    """One thread of a launch; it runs while it is the one whose turn it is."""

    def __init__(self, function: Any, arguments: Any, block: tuple[int, ...], thread: tuple[int, ...]) -> None:
        super().__init__(daemon=True)
        self.function, self.arguments = function, arguments
        self.blockIdx, self.threadIdx = kernelapi.Dim3(*block), kernelapi.Dim3(*thread)
        self.turn, self.paused = threading.Lock(), threading.Lock()
        self.turn.acquire()
        self.paused.acquire()
        self.waits_for = ""
        self.error: BaseException | None = None

    def run(self) -> None:
        self.turn.acquire()
        try:
            if self.waits_for != DONE:
                with np.errstate(over="ignore"):  # whole numbers wrap around in kernels
                    self.function(*self.arguments)
        except BaseException as error:
            self.error = error
        self.waits_for = DONE
        self.paused.release()

    def pause(self, barrier: str) -> None:
        self.waits_for = barrier
        self.paused.release()
        self.turn.acquire()
        if self.waits_for == DONE:
            raise SystemExit

    def syncthreads(self) -> None:
        self.pause(BLOCK)

    def go_on(self) -> None:
        self.turn.release()
        self.paused.acquire()
        if self.error is not None:
            raise self.error


def run_grid(function: Any, grid: tuple[int, ...], block: tuple[int, ...], arguments: Any, order: Order) -> None:
    blocks = [
        [Thread(function, arguments, where, thread) for thread in np.ndindex(*block)] for where in np.ndindex(*grid)
    ]
    everyone = [thread for each in blocks for thread in each]
    for thread in everyone:
        thread.start()
    ready = everyone
    try:
        while ready:
            for thread in order(ready):
                thread.go_on()
            ready = []
            for each in blocks:
                reached = {thread.waits_for for thread in each}
                if len(reached) > 1:
                    raise AssertionError(f"threads of one block wait at different barriers: {sorted(reached)}")
                if reached == {BLOCK}:
                    ready += each
            if not ready:
                reached = {thread.waits_for for thread in everyone}
                if len(reached) > 1:
                    raise AssertionError(f"blocks wait at different barriers: {sorted(reached)}")
                ready = everyone if reached == {GRID} else []
    except BaseException:
        for thread in everyone:
            if thread.waits_for != DONE:
                thread.waits_for = DONE
                thread.turn.release()
        raise


class Shared:
    """Shared memory: each block has its own."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.blocks: dict[tuple[int, ...], Any] = {}

    def array(self, shape: Any, dtype: Any) -> Any:
        place: Any = threading.current_thread()
        block = tuple(place.blockIdx)
        if block not in self.blocks:
            width = np.dtype(str(dtype))
            count = self.size // width.itemsize if shape == 0 else shape
            self.blocks[block] = np.full(count, np.nan, width)  # what was never written is seen
        return self.blocks[block]


@contextmanager
def simulated_grid(order: Order) -> Iterator[None]:
    """A context in which kernels run so."""

    class Manager:
        def __init__(self, function: Any, grid: tuple[int, ...], block: tuple[int, ...], debug: bool) -> None:
            self.function, self.grid, self.block = function, grid, block

        def run(self, where: tuple[int, ...], *arguments: Any) -> None:
            if all(at == count - 1 for at, count in zip(where, self.grid, strict=True)):  # called for every block
                run_grid(self.function, self.grid, self.block, arguments, order)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "BlockManager", Manager)
        patch.setattr(kernel, "FakeWithinKernelCUDAArray", lambda array: array._ary)
        patch.setattr(kernelapi, "FakeCUDAShared", Shared)
        patch.setattr(kernelapi.GridGroup, "sync", lambda self: threading.current_thread().pause(GRID))  # type: ignore[attr-defined]
        yield


def forwards(threads: list[Thread]) -> list[Thread]:
    return threads


def backwards(threads: list[Thread]) -> list[Thread]:
    return threads[::-1]
