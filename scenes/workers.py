"""Worker processes on this machine, as an executor: one that dies is replaced, and only its own job is repeated."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from engine.errors import RenderError
from scenes.jobs import begin_worker

ATTEMPTS = 3


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ProcessWorkers(Executor):
    """Runs each job in one of `count` processes.

    Each process is a pool of its own: when one of them dies, the standard library gives up its whole pool.

    Parameters
    ----------
    count : int
        How many processes there are at most; one is started when a job is there for it.

    Attributes
    ----------
    listener : queue
        What workers tell while they are at it: see `scenes.jobs.tell`.
    """

    def __init__(self, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self.listener = self._context.Queue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._own = threading.local()
        self._pools: set[ProcessPoolExecutor] = set()
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._threads.submit(self._run, fn, args, kwargs)

    def _run(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        for _ in range(ATTEMPTS):
            if self._closed:
                break
            pool = getattr(self._own, "pool", None)
            if pool is None:
                pool = ProcessPoolExecutor(1, self._context, begin_worker, (self.listener,))
                self._own.pool = pool
                self._pools.add(pool)
            try:
                return pool.submit(fn, *args, **kwargs).result()
            except BrokenProcessPool:
                self._own.pool = None
                self._pools.discard(pool)
                pool.shutdown(wait=False)
        if self._closed:
            raise RenderError("rendering was stopped")
        raise RenderError(
            f"a worker process died {ATTEMPTS} times at the same scene: there may be too little memory; try --workers 1"
        )

    def processes(self) -> list[int]:
        """Numbers of the processes that are there."""
        return [process for pool in list(self._pools) for process in (getattr(pool, "_processes", None) or {})]

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; with `cancel_futures` at once, whatever they are at."""
        if cancel_futures:
            self._closed = True
            for pool in list(self._pools):
                for process in list((getattr(pool, "_processes", None) or {}).values()):
                    process.terminate()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in list(self._pools):
            pool.shutdown(wait)
        self.listener.close()
