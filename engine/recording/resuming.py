"""Going on with a run: what its directory holds is brought back to the last checkpoint."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from engine.errors import RecordingError
from engine.recording.description import RunDescription
from engine.recording.directory import CHECKPOINT, METRICS, PASSING_CHECKPOINTS
from engine.recording.files import remove, write_file
from engine.recording.lines import decode_line, read_lines
from engine.recording.snapshots import cut, rows_of
from engine.recording.tensors import TensorFile, read_tensors


def read_checkpoint(path: Path) -> TensorFile:
    """Read the newest checkpoint of a run directory that is whole.

    Besides the lasting one, which is some seconds old while a run goes on, there are those of the last two epochs.
    One of these is not whole when the process was killed just then, or the power failed before it was on the disk.

    Raises
    ------
    RecordingError
        When there is none yet, or the lasting one is damaged.
    """
    if not (path / CHECKPOINT).exists() and not read_lines(path / METRICS)[0]:
        raise RecordingError(f"{path} holds no epoch to go on from: train it again from the start")
    found = [_read_checkpoint(path / CHECKPOINT)]
    for name in PASSING_CHECKPOINTS:
        with contextlib.suppress(RecordingError):
            found.append(_read_checkpoint(path / name))
    return max(found, key=lambda file: int(file.metadata["epoch"]))


def _read_checkpoint(path: Path) -> TensorFile:
    file = read_tensors(path, mapped=False)
    line = decode_line(file.metadata.get("line", "").encode())
    if line is None or file.metadata.get("epoch") != str(line.epoch) or "parameters" not in file.tensors:
        raise RecordingError(f"{path} is not a checkpoint")
    return file


def repair(path: Path, run: RunDescription) -> dict[str, Any]:
    """Bring metrics.jsonl and the snapshots to the state of the checkpoint, and give it.

    A torn last line and rows of snapshots that no line speaks of are removed. The line of the checkpoint's own epoch is
    added where the process was killed before it wrote it.
    """
    file = read_checkpoint(path)
    own = decode_line(file.metadata["line"].encode())
    assert own is not None
    lines, contents = read_lines(path / METRICS)
    recorded = [line for line in lines if line.epoch <= own.epoch]
    texts = contents.splitlines(keepends=True)[: len(recorded)]
    if not recorded or recorded[-1].epoch < own.epoch:
        recorded.append(own)
        texts.append(file.metadata["line"].encode() + b"\n")
    write_file(path / METRICS, *texts)
    if file.path.name != CHECKPOINT:
        write_file(path / CHECKPOINT, file.contents)
    for name in PASSING_CHECKPOINTS:
        remove(path / name)
    cut(path, run, rows_of(recorded))
    return as_checkpoint(file)


def as_checkpoint(file: TensorFile) -> dict[str, Any]:
    """The epoch and copies of the arrays that training goes on from."""
    return {**{name: array.copy() for name, array in file.tensors.items()}, "epoch": int(file.metadata["epoch"])}


def check_same(path: Path, run: RunDescription, was: RunDescription) -> None:
    """Raise RecordingError unless a run goes on with the network and the data that it was recorded from."""
    if run.network != was.network or run.layout != was.layout:
        raise RecordingError(f"{path} was recorded from another network: it cannot go on with this one")
    for name in sorted(run.data.arrays.keys() | was.data.arrays.keys()):
        if run.data.arrays.get(name) != was.data.arrays.get(name):
            raise RecordingError(f"{path} was recorded from other data ({name} differs): it cannot go on with these")
