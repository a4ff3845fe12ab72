"""NPZ files, read without trusting them: no pickle, and no size that the file does not really have."""

from __future__ import annotations

import math
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from engine.errors import DataError

LARGEST = 4 * 2**30  # bytes of one array once unpacked; training holds the data in memory

# An array may unpack to so many bytes whatever it takes in the file, since rows of zeros with a single one pack as well
# as anything; beyond that, to so many times its size in the file.
ANYWAY = 2**29
MOST_PACKED = 500


def read_npz(path: Path, names: tuple[str, ...] = ("x", "y")) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an NPZ file; others are left alone.

    Raises
    ------
    DataError
        When the file is damaged, an array is not there, holds Python objects, or would unpack to more than 4 GiB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            for name in names:
                if name not in held:
                    holds = ", ".join(sorted(held)) or "nothing"
                    raise DataError(f"{path.name} holds {holds}, and arrays named {' and '.join(names)} are needed")
            return {name: _read(path.name, name, archive, held[name]) for name in names}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path.name} is damaged or not an NPZ file: {error}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None


def _read(file: str, name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """Read the very member that was checked: an archive can hold two of one name."""
    with archive.open(member) as stream:
        _check_header(file, name, stream, member)
    with archive.open(member) as stream:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
        if stream.read(1):  # reaching the end has the checksum compared
            raise DataError(f"{file}: {name} holds more than its header states")
    return array


def _check_header(file: str, name: str, stream: IO[bytes], member: zipfile.ZipInfo) -> None:
    """Compare what an array's header promises with the bytes that are there, before any memory is asked for."""
    size = member.file_size
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged header can read like odd Python
            shape, _, dtype = read(stream)
    except Exception as error:  # NumPy's parser raises whatever the damage makes it stumble over
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"{file} is damaged: the header of {name} cannot be read: {reason}") from None
    if dtype.hasobject:
        raise DataError(f"{file}: {name} holds Python objects, which are not read: save it as numbers or text")
    if dtype.itemsize == 0:
        raise DataError(f"{file}: {name} is of type {dtype}, which holds nothing")
    promised = dtype.itemsize * math.prod(shape)
    if promised > LARGEST:
        raise DataError(
            f"{file}: {name} of shape {shape} and type {dtype} would take {promised / 2**30:.1f} GiB of "
            f"memory, and {LARGEST // 2**30} GiB is the most that is read"
        )
    if promised > max(ANYWAY, MOST_PACKED * member.compress_size):
        raise DataError(
            f"{file}: {name} would unpack from {member.compress_size:,} bytes to {promised:,}, far more than data do: "
            "it is not unpacked"
        )
    if stream.tell() + promised != size:
        raise DataError(
            f"{file}: {name} should hold {promised} bytes for shape {shape} and type {dtype}, and holds "
            f"{size - stream.tell()}"
        )
