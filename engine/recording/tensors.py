"""Safetensors files with a checksum over every byte.

The format is eight bytes with the length of the header, a JSON header that gives each tensor's dtype, shape and place,
and the tensors' bytes (https://huggingface.co/docs/safetensors). Any safetensors library reads these files. They are
written and read here, rather than with that library, for the checksum and for speed: a network trains an epoch in less
time than the library needs for ten small tensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import RecordingError
from engine.recording.files import BLANK, DIGITS, Buffer, checksum, read_file

Entry = tuple[str, str, tuple[int, ...]]  # name, dtype as numpy writes it ("<f4"), shape

DTYPES = {
    "F16": "<f2", "F32": "<f4", "F64": "<f8", "BOOL": "|b1",
    "I8": "|i1", "I16": "<i2", "I32": "<i4", "I64": "<i8",
    "U8": "|u1", "U16": "<u2", "U32": "<u4", "U64": "<u8",
}  # fmt: skip
CODES = {dtype: code for code, dtype in DTYPES.items()}

COPY_BELOW = 1 << 13  # bytes

START = b'{"__metadata__":{"checksum":"'
DIGITS_AT = 8 + len(START)


@dataclass(frozen=True)
class TensorFile:
    """What was read from a file: the text entries of its header, its tensors (read-only) and its checksum."""

    path: Path
    metadata: dict[str, str]
    tensors: dict[str, NDArray[Any]]
    checksum: str
    contents: memoryview
    start: int

    def flat(self, dtype: str) -> NDArray[Any]:
        """All tensors, which are of this dtype, as one read-only vector without a copy."""
        return as_array(self.contents[self.start :], np.dtype(dtype))


@lru_cache(maxsize=64)
def describe(entries: tuple[Entry, ...]) -> bytes:
    """The part of a header that says which tensors follow, one after another without gaps."""
    described, start = {}, 0
    for name, dtype, shape in entries:
        stop = start + prod(shape) * np.dtype(dtype).itemsize
        described[name] = {"dtype": CODES[dtype], "shape": list(shape), "data_offsets": [start, stop]}
        start = stop
    return json.dumps(described, separators=(",", ":")).encode()[1:]


def as_bytes(array: NDArray[Any]) -> Buffer:
    """The bytes of a C-contiguous array, copied where that is quicker than to have a look at them."""
    return array.tobytes() if array.nbytes < COPY_BELOW else array.reshape(-1).view(np.uint8).data


def pack_tensors(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> list[Buffer]:
    """Put a file together.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        As `plain` gives them.
    metadata : mapping of str to str
        The text entries of its header.

    Returns
    -------
    list of buffers
        The contents of the file, one after another.
    """
    described = describe(tuple([(name, array.dtype.str, array.shape) for name, array in tensors.items()]))
    entries = "".join([f",{json.dumps(name)}:{json.dumps(text)}" for name, text in metadata.items()])
    comma = b"" if described == b"}" else b","
    header = START + BLANK + b'"' + entries.encode() + b"}" + comma + described
    header += b" " * (-len(header) % 8)  # the tensors start at a multiple of eight bytes
    head = len(header).to_bytes(8, "little") + header
    data = [as_bytes(array) for array in tensors.values()]
    digits = checksum(head, *data).encode()
    return [head[:DIGITS_AT] + digits + head[DIGITS_AT + 8 :], *data]


def plain(array: Any) -> NDArray[Any]:
    """The same numbers as a C-contiguous little-endian array.

    Raises
    ------
    RecordingError
        When they are of a type that the format does not have.
    """
    given = np.asarray(array)
    if given.dtype.str in CODES and given.flags.c_contiguous:
        return given
    contiguous = given.astype(given.dtype.newbyteorder("<"), order="C", copy=False)
    if contiguous.dtype.str not in CODES:
        raise RecordingError(f"an array of type {given.dtype} cannot be recorded: give numbers or booleans")
    return contiguous


def read_tensors(path: Path, mapped: bool = True) -> TensorFile:
    """Read a file that `pack_tensors` put together and check every byte of it.

    Parameters
    ----------
    path : Path
    mapped : bool
        Whether a large file may be memory-mapped, which is for files that are never written over.

    Raises
    ------
    RecordingError
        When the file is missing, damaged or not one of ours.
    """
    contents = memoryview(read_file(path, mapped=mapped))
    length = int.from_bytes(contents[:8], "little")
    if bytes(contents[8:DIGITS_AT]) != START or not DIGITS.fullmatch(contents[DIGITS_AT : DIGITS_AT + 8]):
        raise RecordingError(f"{path} is damaged, or was not written by neurofilm: it does not start as such files do")
    if length > len(contents) - 8:
        raise RecordingError(f"{path} is damaged: it ends within its header")
    digits = bytes(contents[DIGITS_AT : DIGITS_AT + 8])
    found = checksum(contents[:DIGITS_AT], BLANK, contents[DIGITS_AT + 8 :])
    if found != digits.decode():
        raise RecordingError(f"{path} is damaged: its checksum does not match its contents")
    try:
        header = json.loads(bytes(contents[8 : 8 + length]))
        metadata = header.pop("__metadata__")
        data, start, tensors = contents[8 + length :], 0, {}
        for name, entry in header.items():
            tensors[name] = _view(data, entry, start)
            start = entry["data_offsets"][1]
        if start != len(data) or not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise RecordingError(f"{path} is not a well-formed safetensors file") from None
    return TensorFile(path, metadata, tensors, found, contents, 8 + length)


def _view(data: memoryview, entry: Mapping[str, Any], expected: int) -> NDArray[Any]:
    """The tensor that a header's entry describes, within the data from `expected` on, without a copy."""
    dtype, shape = np.dtype(DTYPES[entry["dtype"]]), tuple(entry["shape"])
    start, stop = entry["data_offsets"]
    if not all(type(number) is int and number >= 0 for number in (*shape, start, stop)):
        raise ValueError
    if start != expected or stop > len(data) or stop - start != prod(shape) * dtype.itemsize:
        raise ValueError
    return as_array(data[start:stop], dtype).reshape(shape)


def as_array(data: Buffer, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Bytes as a read-only vector of a dtype, without a copy."""
    array: NDArray[Any] = np.frombuffer(data, dtype) if data else np.empty(0, dtype)
    array.flags.writeable = False
    return array
