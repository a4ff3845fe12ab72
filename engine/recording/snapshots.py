"""snapshots.safetensors: the parameters of every snapshot of a run, a row each, in the order in which they came.

It is a safetensors file with one tensor, ``parameters``, of shape (snapshots, parameter_count); run.json says where
each layer's arrays lie in a row. Rows are appended while a run goes on, and the header, which has a fixed length, tells
their number whenever everything is flushed and at the end: a file for each snapshot would take longer to make than a
small network takes for an epoch. Which row an epoch has, and the row's checksum, is in its line of metrics.jsonl.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import RecordingError
from engine.recording.description import RunDescription
from engine.recording.directory import SNAPSHOTS, old_snapshot_file
from engine.recording.files import NO_LINKS, WRITE, cannot, checksum, read_parts
from engine.recording.lines import Line, Snapshot
from engine.recording.tensors import as_array, describe, read_tensors

HEADER = 256  # bytes before the first row

ROWS = re.compile(rb'"shape":\[(\d{1,15}),')


def header(run: RunDescription, rows: int) -> bytes:
    """The beginning of a file of so many rows."""
    described = describe((("parameters", np.dtype(run.dtype).str, (rows, run.parameter_count)),))
    return (HEADER - 8).to_bytes(8, "little") + (b"{" + described).ljust(HEADER - 8)


def _row_size(run: RunDescription) -> int:
    return run.parameter_count * np.dtype(run.dtype).itemsize


def count_rows(folder: Path, run: RunDescription) -> int:
    """How many rows the file in a run's folder has room for."""
    path = folder / SNAPSHOTS
    try:
        return (os.stat(path).st_size - HEADER) // max(_row_size(run), 1)
    except OSError as error:
        raise cannot("read", path, error) from error


def write_header(folder: Path, run: RunDescription, rows: int) -> None:
    """Tell the number of rows in the header of the file in a run's folder."""
    _write(folder / SNAPSHOTS, WRITE | NO_LINKS, header(run, rows))


def cut(folder: Path, run: RunDescription, rows: int) -> None:
    """Make the file one of so many rows; rows that should be there and are not are found by their checksums later."""
    _write(folder / SNAPSHOTS, WRITE | NO_LINKS | os.O_CREAT, header(run, rows), HEADER + rows * _row_size(run))


def _write(path: Path, flags: int, beginning: bytes, size: int | None = None) -> None:
    try:
        file = os.open(path, flags, 0o666)
        try:
            os.write(file, beginning)
            if size is not None:
                os.ftruncate(file, size)
        finally:
            os.close(file)
    except OSError as error:
        raise cannot("written", path, error) from error


def snapshot_file(clock: str, number: int, snapshot: Snapshot) -> str:
    """The file that holds a snapshot, within the run directory."""
    return old_snapshot_file(clock, number) if snapshot.row is None else SNAPSHOTS


def read_snapshot(folder: Path, run: RunDescription, clock: str, number: int, snapshot: Snapshot) -> NDArray[Any]:
    """Read the parameters of a snapshot and check them against the checksum in its line.

    Parameters
    ----------
    folder : Path
        The run directory.
    run : RunDescription
    clock : {"epoch", "step"}
        What `number` counts.
    number : int
    snapshot : Snapshot
        From the line.

    Returns
    -------
    ndarray, shape (parameter_count,), read-only, in the network's dtype
        Memory-mapped if it is large.

    Raises
    ------
    RecordingError
        When the file is missing, or does not hold what was recorded.
    """
    path, size = folder / snapshot_file(clock, number, snapshot), _row_size(run)
    if snapshot.row is None:
        return _read_old_snapshot(path, run, clock, number, snapshot.checksum)
    beginning, row = read_parts(path, (0, HEADER), (HEADER + snapshot.row * size, size))
    found = ROWS.search(beginning)
    if found is None or beginning != header(run, int(found[1])):
        raise RecordingError(f"{path} is damaged, or belongs to another run: it does not start as it did when written")
    if checksum(row) != snapshot.checksum:
        raise RecordingError(
            f"{path} does not hold the snapshot of {clock} {number} that was recorded: it is damaged, or the run was "
            "recorded again since it was opened: open it again"
        )
    return as_array(row, np.dtype(run.dtype))


def _read_old_snapshot(path: Path, run: RunDescription, clock: str, number: int, digits: str) -> NDArray[Any]:
    """The same from a file of its own, as format 1 has it."""
    file = read_tensors(path)
    if file.checksum != digits or file.metadata.get(clock) != str(number):
        raise RecordingError(f"{path} is not the snapshot that this run recorded: open the run again")
    layout = [(slot.name, slot.shape, run.dtype) for slot in run.layout]
    if [(name, tensor.shape, tensor.dtype.name) for name, tensor in file.tensors.items()] != layout:
        raise RecordingError(f"{path} holds the parameters of another network")
    return file.flat(run.dtype)


def rows_of(lines: list[Line]) -> int:
    """How many rows the lines speak of."""
    snapshots = [snapshot for line in lines for snapshot in (line.snapshot, *line.steps.values())]
    return max((each.row + 1 for each in snapshots if each is not None and each.row is not None), default=0)
