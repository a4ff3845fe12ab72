"""metrics.jsonl: one line an epoch, which is there as a whole or does not count.

A line is a JSON object: the epoch, its metrics, the row and the checksum of its snapshot (if it has one), those of the
snapshots of single steps that led to it, and a checksum of the line itself. So a line is also the promise that the
epoch's snapshots are in place. Numbers are written so that they read back to the same bits; NaN is ``null``, infinity
``1e999``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import RecordingError
from engine.recording.files import DIGITS, checksum, read_file

RESERVED = ("epoch", "snapshot", "steps", "checksum")

LIMIT = 1 << 29  # bytes of metrics.jsonl that are read, over two million epochs' worth
ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))

MOST_ROWS = 10**12  # of snapshots.safetensors: more than fits on any disk

NUMBERS_LIMIT = 1 << 27  # numbers of all columns together, with the gaps

TAIL = re.compile(rb',"checksum":"([0-9a-f]{8})"\}')
TAIL_LENGTH = len(',"checksum":"00000000"}')


class Snapshot(NamedTuple):
    """Where a snapshot is and what it was: its row in snapshots.safetensors, None where it is a file of its own."""

    row: int | None
    checksum: str


@dataclass(frozen=True)
class Line:
    """One epoch: its metrics, its snapshot and those of the steps before it."""

    epoch: int
    metrics: dict[str, Any] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    steps: dict[int, Snapshot] = field(default_factory=dict)


def encode_metrics(metrics: Mapping[str, Any]) -> str:
    """The metrics as the inside of a JSON object.

    Raises
    ------
    RecordingError
        When a metric has a name of ours or is not a number or an array of numbers.
    """
    values = {}
    for name, value in metrics.items():
        if name == "epoch":
            continue  # every line starts with it
        if not isinstance(name, str) or name in RESERVED:
            raise RecordingError(f"a metric cannot be called {name!r}: {', '.join(RESERVED)} are taken")
        values[name] = float(value) if isinstance(value, float | int) else _numbers(name, value)
    try:
        return ENCODER.encode(values)[1:-1]
    except ValueError:  # NaN or infinity, which JSON has no words for
        return ",".join(f"{json.dumps(name)}:{_with_words(value)}" for name, value in values.items())


def _numbers(name: str, value: Any) -> Any:
    try:
        return np.asarray(value, np.float64).tolist()
    except (TypeError, ValueError):
        raise RecordingError(f"the metric {name} is {value!r}: give a number or an array of numbers") from None


def _with_words(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_with_words, value))}]"
    if math.isfinite(value):
        return repr(value)
    return "null" if math.isnan(value) else "1e999" if value > 0 else "-1e999"


def encode_line(epoch: int, metrics: str, snapshot: Snapshot | None, steps: Mapping[int, Snapshot]) -> bytes:
    """A line of the file, with its end."""
    text = f'{{"epoch":{epoch}'
    if metrics:
        text += f",{metrics}"
    if snapshot is not None:
        text += f',"snapshot":{_encode_snapshot(snapshot)}'
    if steps:
        text += ',"steps":{' + ",".join(f'"{n}":{_encode_snapshot(each)}' for n, each in steps.items()) + "}"
    line = text.encode()
    return line + f',"checksum":"{checksum(line)}"}}\n'.encode()


def _encode_snapshot(snapshot: Snapshot) -> str:
    return f'"{snapshot.checksum}"' if snapshot.row is None else f'[{snapshot.row},"{snapshot.checksum}"]'


def read_lines(path: Path) -> tuple[list[Line], bytes]:
    """Read every finished line.

    Returns
    -------
    lines : list of Line
        In the order of the epochs.
    contents : bytes
        The finished lines as they are in the file. A last line without its end, which a killed process leaves, is
        left out.

    Raises
    ------
    RecordingError
        When the file is missing or a finished line of it is damaged.
    """
    contents = bytes(read_file(path, LIMIT, empty=True))
    contents = contents[: contents.rfind(b"\n") + 1]
    lines: list[Line] = []
    for number, text in enumerate(contents.split(b"\n")[:-1], start=1):
        line = decode_line(text)
        if line is None or (lines and line.epoch <= lines[-1].epoch):
            raise RecordingError(f"{path} is damaged: line {number} is not what was written")
        lines.append(line)
    return lines, contents


def decode_line(text: bytes) -> Line | None:
    """Read one line without its end; None when it is not exactly what `encode_line` wrote."""
    tail = TAIL.fullmatch(text, max(0, len(text) - TAIL_LENGTH))
    if tail is None or checksum(text[:-TAIL_LENGTH]).encode() != tail[1]:
        return None
    try:
        values = json.loads(text[:-TAIL_LENGTH] + b"}")
        epoch, given = values.pop("epoch"), values.pop("snapshot", None)
        snapshot = None if given is None else _decode_snapshot(given)
        steps = {int(step): _decode_snapshot(given) for step, given in values.pop("steps", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if type(epoch) is not int or epoch < 0 or any(step < 1 for step in steps):
        return None
    return Line(epoch, values, snapshot, steps)


def _decode_snapshot(given: Any) -> Snapshot:
    row, digits = (None, given) if isinstance(given, str) else given
    if not (row is None or (type(row) is int and 0 <= row < MOST_ROWS)) or not DIGITS.fullmatch(digits.encode()):
        raise ValueError
    return Snapshot(row, digits)


def columns(path: Path, lines: Sequence[Line]) -> dict[str, NDArray[np.float64]]:
    """The metrics of all epochs, one array a name.

    Returns
    -------
    dict of str to ndarray, shape (epochs,) or (epochs, *shape of one value), float64
        NaN where a line has no value.
    """
    found: dict[str, NDArray[np.float64]] = {"epoch": np.array([line.epoch for line in lines], np.float64)}
    total = 0
    for row, line in enumerate(lines):
        for name, value in line.metrics.items():
            try:
                numbers = np.asarray(value, np.float64)
            except (TypeError, ValueError, OverflowError):
                raise RecordingError(f"{path}: {name!r} of epoch {line.epoch} is not a number") from None
            if name not in found:
                total += len(lines) * numbers.size
                if total > NUMBERS_LIMIT:
                    raise RecordingError(f"{path}: there are more than {NUMBERS_LIMIT:,} metrics, which is too many")
                found[name] = np.full((len(lines), *numbers.shape), np.nan)
            if found[name].shape[1:] != numbers.shape:
                raise RecordingError(
                    f"{path}: {name!r} of epoch {line.epoch} has the shape {numbers.shape}, and "
                    f"{found[name].shape[1:]} before"
                )
            found[name][row] = numbers
    return found
