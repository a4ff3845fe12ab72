"""IDX files, the format of MNIST: a magic number, sizes, and unsigned bytes; plain or gzipped."""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError

LARGEST = 2**31  # bytes that are unpacked at most; MNIST's largest file has 47 million
UNSIGNED_BYTE = 8

# A gzipped file may unpack to so many bytes whatever its size, and to so many times its size beyond that: the format
# allows a thousand times, and real images take a fifth.
ANYWAY = 2**24
MOST_PACKED = 100
CHUNK = 2**20


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        Gzipped where the name ends in ``.gz``.

    Returns
    -------
    ndarray of uint8
        With the dimensions that the file states.

    Raises
    ------
    DataError
        When the file cannot be read, is no IDX file of bytes, or holds more or fewer bytes than it states.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            magic = stream.read(4)
            if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTE or not 1 <= magic[3] <= 4:
                raise DataError(f"{path} is not an IDX file of bytes: it starts with {magic.hex(' ')}")
            sizes = stream.read(4 * magic[3])
            if len(sizes) < 4 * magic[3]:
                raise DataError(f"{path} ends before its sizes do")
            shape = struct.unpack(f">{magic[3]}I", sizes)
            count = math.prod(shape)
            if count > LARGEST:
                raise DataError(f"{path} states {count:,} values: more than {LARGEST:,} are not read")
            _check_count(path, count, stream.tell())
            values = _read(stream, count + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is damaged: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if len(values) != count:
        held = "more" if len(values) > count else f"{len(values):,}"
        raise DataError(f"{path} states {count:,} values and holds {held}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _check_count(path: Path, count: int, start: int) -> None:
    """Compare the number of bytes that a file states with its size, before any memory is asked for."""
    size = path.stat().st_size
    if path.suffix == ".gz":
        if count > max(ANYWAY, MOST_PACKED * size):
            raise DataError(f"{path} would unpack to {count:,} bytes, far more than images do: it is not unpacked")
    elif count != size - start:
        raise DataError(f"{path} states {count:,} values and holds {size - start:,}")


def _read(stream: gzip.GzipFile | io.BufferedReader, most: int) -> bytearray:
    """Read up to so many bytes, with memory for those that are there."""
    values = bytearray()
    while len(values) < most and (chunk := stream.read(min(CHUNK, most - len(values)))):
        values += chunk
    return values
