"""One process at a time writes into a run directory."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from engine.errors import RecordingError
from engine.recording.files import cannot

LOCK = ".lock"

# A reader holds the lock for some microseconds to see whether it is free; a writer outlasts that.
PATIENCE = 0.1

if sys.platform == "win32":
    import msvcrt

    def _take(file: int, shared: bool) -> None:
        os.lseek(file, 1 << 30, os.SEEK_SET)  # beyond the number in the file, which stays readable
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int, shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


class Lock:
    """The exclusive right to write into a folder; the system takes it back when the process ends, however it ends.

    Raises
    ------
    RecordingError
        When another process, or another Recorder of this one, holds it.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / LOCK
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            self._file: int | None = os.open(path, flags, 0o666)
        except OSError as error:
            raise cannot("written", path, error) from error
        until = time.monotonic() + PATIENCE
        while not _try(self._file, path, shared=False):
            if time.monotonic() > until:
                holder = os.read(self._file, 20).decode(errors="replace").strip()
                self.release()
                raise RecordingError(
                    f"{folder} is being written by {f'process {holder}' if holder.isdigit() else 'another process'}: "
                    "wait until it is done, or write to another directory"
                )
            time.sleep(0.002)
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the right back; a second time does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.release()


def is_locked(folder: Path) -> bool:
    """Whether somebody is writing into a folder."""
    path = folder / LOCK
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return False  # a folder that was never written to, or that nobody here may write to
    try:
        return not _try(file, path, shared=True)
    finally:
        os.close(file)


def _try(file: int, path: Path, shared: bool) -> bool:
    try:
        _take(file, shared)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        raise RecordingError(
            f"{path} cannot be locked ({error.strerror}): record to a disk whose file system has locks"
        ) from error
    return True
