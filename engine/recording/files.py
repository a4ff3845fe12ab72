"""Files that are either whole or do not count: written under another name and renamed, read with their size checked."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import RecordingError

Buffer = bytes | memoryview

# Larger files are memory-mapped, smaller ones read: that is quicker, and a mapping keeps a file descriptor.
MAP_FROM = 1 << 20

# Windows knows text files, and no O_NOFOLLOW
READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
WRITE = os.O_WRONLY | getattr(os, "O_BINARY", 0)
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)

JOIN_UP_TO = 1 << 16  # bytes that are copied together to be written in one call

BLANK = b"00000000"
TEMPORARY = re.compile(r"\.(.+)\.tmp")  # names of files that are being written
DIGITS = re.compile(rb"[0-9a-f]{8}")


def checksum(*chunks: Buffer) -> str:
    """CRC-32 of the chunks one after another, as eight hexadecimal digits.

    It finds every single flipped byte and every burst of up to 32 bits; it is no protection against forgery.
    """
    crc = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
    return f"{crc:08x}"


def sha256(contents: bytes | NDArray[Any]) -> str:
    """SHA-256 (hex) of some bytes, or of those of a C-contiguous array."""
    given = contents if isinstance(contents, bytes) else contents.reshape(-1).view(np.uint8).data
    return hashlib.sha256(given).hexdigest()


def sha256_of_each(arrays: Mapping[str, NDArray[Any]]) -> dict[str, str]:
    """SHA-256 (hex) of C-contiguous arrays by name: of several at a time, and once of one with several names."""
    distinct = {id(array): array for array in arrays.values()}
    with ThreadPoolExecutor() as threads:  # hashing lets other threads run
        digests = dict(zip(distinct, threads.map(sha256, distinct.values()), strict=True))
    return {name: digests[id(array)] for name, array in arrays.items()}


def write_file(path: Path | str, *chunks: Buffer, durable: bool = True) -> None:
    """Write a file whole: under a temporary name in the same folder, then renamed to `path`.

    A process that is killed leaves the old file or the new one, never a part. With `durable` the contents reach the
    disk before the name does, so that the same holds when the power fails.

    Raises
    ------
    RecordingError
        When the file cannot be written, such as on a full disk.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.tmp")
    try:
        try:
            _write(temporary, chunks, durable)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise cannot("written", path, error) from error


def _write(name: str, chunks: Sequence[Buffer], durable: bool) -> None:
    # O_EXCL never follows a link that somebody left under the name
    flags = WRITE | os.O_CREAT | os.O_EXCL
    try:
        file = os.open(name, flags, 0o666)
    except FileExistsError:
        os.unlink(name)
        file = os.open(name, flags, 0o666)
    try:
        write_all(file, chunks)
        if durable:
            os.fsync(file)
    finally:
        os.close(file)


def write_all(file: int, chunks: Sequence[Buffer]) -> int:
    """Write chunks to a file descriptor, and give their number of bytes."""
    size = sum(map(len, chunks))
    for chunk in [b"".join(chunks)] if size < JOIN_UP_TO else chunks:
        written = os.write(file, chunk)
        while written < len(chunk):  # one call may take only a part
            written += os.write(file, memoryview(chunk)[written:])
    return size


class HeldFile:
    """A file that is written to again and again, and stays open meanwhile: opening it takes longer than writing.

    Parameters
    ----------
    path : Path
        Made at the first writing, if it is not there; links are not followed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._size = -1  # what `rewrite` left, if that is known

    def append(self, contents: Buffer) -> None:
        """Add to the end of the file."""
        self._write([contents], os.O_APPEND)

    def rewrite(self, *chunks: Buffer) -> None:
        """Write over what there was, in place, without anything reaching the disk just yet."""
        self._write(chunks, 0)

    def _write(self, chunks: Sequence[Buffer], mode: int) -> None:
        try:
            if self._file is None:
                self._file = os.open(self.path, WRITE | NO_LINKS | os.O_CREAT | mode, 0o666)
            if mode == 0:
                os.lseek(self._file, 0, os.SEEK_SET)
            size = write_all(self._file, chunks)
            if mode == 0 and size != self._size:
                os.ftruncate(self._file, size)
                self._size = size
        except OSError as error:
            raise cannot("written", self.path, error) from error

    def close(self) -> None:
        """Let go of the file; the next writing opens what is there by its name then."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._size = None, -1


def remove(path: Path) -> None:
    """Remove a file that is there or not."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot("removed", path, error) from error


def read_file(path: Path, limit: int | None = None, empty: bool = False, mapped: bool = True) -> Buffer:
    """Read a regular file whole; a large one is memory-mapped instead.

    Parameters
    ----------
    path : Path
    limit : int, optional
        Bytes beyond which the file is refused unread.
    empty : bool
        Whether the file may be empty.
    mapped : bool
        Whether a large file may be memory-mapped.

    Raises
    ------
    RecordingError
        When it is missing, no regular file, empty, too large or unreadable.
    """
    with _opened(path) as (file, size):
        if size == 0 and not empty:
            raise RecordingError(f"{path} is empty: it was damaged after it was written")
        if limit is not None and size > limit:
            raise RecordingError(f"{path} has {size:,} bytes, and no such file has more than {limit:,}: it is damaged")
        return _read_part(file, 0, size, mapped)


def read_parts(path: Path, *parts: tuple[int, int]) -> list[Buffer]:
    """Read some parts of a regular file, each given by where it starts and its size; large ones are memory-mapped.

    Raises
    ------
    RecordingError
        When it is missing, no regular file, too short or unreadable.
    """
    with _opened(path) as (file, size):
        if any(start + length > size for start, length in parts):
            raise RecordingError(f"{path} is damaged: it ends after {size:,} bytes, before what was recorded")
        return [_read_part(file, start, length) for start, length in parts]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """A regular file that is open for reading, and its size."""
    # without O_NONBLOCK, opening a named pipe waits for a writer that never comes
    try:
        file = os.open(path, READ | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise RecordingError(f"{path} is missing") from None
    except OSError as error:
        raise cannot("read", path, error) from error
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise RecordingError(f"{path} is not a regular file")
        yield file, status.st_size
    except (OSError, ValueError) as error:
        raise cannot("read", path, error) from error
    finally:
        os.close(file)


def _read_part(file: int, start: int, size: int, mapped: bool = True) -> Buffer:
    if size >= MAP_FROM and mapped:
        before = start % mmap.ALLOCATIONGRANULARITY  # a mapping starts at a page
        return memoryview(mmap.mmap(file, before + size, access=mmap.ACCESS_READ, offset=start - before))[before:]
    with open(file, "rb", closefd=False) as stream:
        stream.seek(start)
        return stream.read(size)


def flush(paths: Iterable[Path]) -> None:
    """Have the contents of files that were written before reach the disk."""
    for path in paths:
        # a file descriptor for reading is enough, except on Windows
        file = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder reach the disk, where the system can."""
    if os.name == "posix":
        flush([folder])


def cannot(what: str, path: Path | str, error: BaseException) -> RecordingError:
    """Make the error for a file that the system will not let be `what` ("written", "read")."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return RecordingError(f"{path} cannot be {what}: {reason}")
