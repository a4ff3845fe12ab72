"""Ctrl-C while a compiled loop runs: the first press waits for the end of the epoch, a second one does not."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interruptible(abandon: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Remember the first Ctrl-C; at a second one raise KeyboardInterrupt, or end the compiled loop that is running.

    Python's own handlers have to wait until a compiled loop returns, and two presses until then are one to them. The
    numbers of signals are written into a pipe at once, though, so a thread that waits there sees both.

    Parameters
    ----------
    abandon : callable
        Has the loop end with KeyboardInterrupt; called from another thread.

    Yields
    ------
    callable
        Whether Ctrl-C was pressed.
    """
    pressed = False  # an Event has a lock, for which a second press would wait while the first is being handled

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: pressed  # signals reach the main thread only; elsewhere the caller decides
        return

    def report(unraisable: sys.UnraisableHookArgs) -> None:
        # in a callback of the compiler nothing can be raised, but the loop is abandoned all the same
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            hook(unraisable)

    previous, hook = signal.signal(signal.SIGINT, handle), sys.unraisablehook
    sys.unraisablehook = report
    try:
        with _watched(abandon):
            yield lambda: pressed
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, previous)


@contextmanager
def _watched(abandon: Callable[[], None]) -> Iterator[None]:
    """Call `abandon` from a thread as soon as Ctrl-C has been pressed twice."""
    if os.name != "posix":
        yield  # where only sockets can be written to by a signal, a second press waits for the loop
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def watch() -> None:
        presses = 0
        while numbers := os.read(reader, 64):
            presses += numbers.count(signal.SIGINT)
            if before != -1:
                os.write(before, numbers)  # whoever waited for signals there goes on doing so
            if presses > 1:
                abandon()

    thread = threading.Thread(target=watch, name="ctrl-c", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        thread.join()
        os.close(reader)
