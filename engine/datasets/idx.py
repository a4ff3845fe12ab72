"""IDX files, the format of MNIST: a magic number, sizes, and unsigned bytes; plain or gzipped."""

from __future__ import annotations

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

MOST_SIZES = 4
GZIP = 31  # zlib's name for that format
HEADER = 2**16  # bytes that gzip may need before and for the first of the contents


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
        head = _contents(path, 4 + 4 * MOST_SIZES)
        magic = head[:4]
        if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTE or not 1 <= magic[3] <= MOST_SIZES:
            raise DataError(f"{path} is not an IDX file of bytes: it starts with {magic.hex(' ')}")
        start = 4 + 4 * magic[3]
        if len(head) < start:
            raise DataError(f"{path} ends before its sizes do")
        shape = struct.unpack(f">{magic[3]}I", head[4:start])
        count = math.prod(shape)
        if count > LARGEST:
            raise DataError(f"{path} states {count:,} values: more than {LARGEST:,} are not read")
        _check_count(path, count, start)
        contents = _contents(path, start + count + 1, whole=True)
    except (EOFError, zlib.error) as error:
        raise DataError(f"{path} is damaged: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    held = len(contents) - start
    if held != count:
        raise DataError(f"{path} states {count:,} values and holds {'more' if held > count else f'{held:,}'}")
    return np.frombuffer(contents, np.uint8, offset=start).reshape(shape)


def _check_count(path: Path, count: int, start: int) -> None:
    """Compare the number of bytes that a file states with its size, before any memory is asked for."""
    size = path.stat().st_size
    if path.suffix == ".gz":
        if count > max(ANYWAY, MOST_PACKED * size):
            raise DataError(f"{path} would unpack to {count:,} bytes, far more than images do: it is not unpacked")
    elif count != size - start:
        raise DataError(f"{path} states {count:,} values and holds {size - start:,}")


def _contents(path: Path, most: int, whole: bool = False) -> bytes:
    """Up to so many bytes of what a file holds, unpacked; EOFError where these, which are all, end in the middle.

    They are unpacked by few calls of zlib: during each, other threads run, which they take their time to end.
    """
    packed = path.suffix == ".gz"
    with path.open("rb") as file:
        rest = file.read(most + HEADER if packed else most)
    if not packed:
        return rest
    parts, left = [], most
    while rest and left:
        unpacking = zlib.decompressobj(GZIP)
        parts.append(unpacking.decompress(rest, left))
        left -= len(parts[-1])
        if whole and left and not unpacking.eof:
            raise EOFError("it ends before its contents do")
        rest = unpacking.unused_data.lstrip(b"\0")  # gzip allows for several parts, and for padding
    return b"".join(parts)
