"""The run directory while it is written: who may, what was there before, and how a new run takes its place.

A new run is put together in the folder ``.new`` within the directory and published from there: the old run's files are
removed, run.json first, ``.new`` becomes ``.ready``, and its files move up, run.json last. A run therefore exists
exactly when run.json does, and a process that is killed on the way leaves what the next one finishes (or, before
anything was published, throws away).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path

from engine.errors import RecordingError
from engine.recording.description import read_description
from engine.recording.files import TEMPORARY, cannot, flush_folder
from engine.recording.lock import LOCK, Lock, is_locked

EXPERIMENT = "experiment.toml"
RUN = "run.json"
DATA = "data.safetensors"
METRICS = "metrics.jsonl"
CHECKPOINT = "checkpoint.safetensors"
SNAPSHOTS = "snapshots.safetensors"
PASSING_CHECKPOINTS = ("checkpoint-even.safetensors", "checkpoint-odd.safetensors")  # of the last two epochs
FILES = (RUN, EXPERIMENT, DATA, METRICS, SNAPSHOTS, CHECKPOINT, *PASSING_CHECKPOINTS)
OLD_SNAPSHOTS = "snapshots"  # a folder of files, as format 1 has it

NEW, READY = ".new", ".ready"
OURS = {*FILES, OLD_SNAPSHOTS, LOCK, NEW, READY}

OLD_SNAPSHOT = re.compile(r"(step-)?\d{6,}\.safetensors")

# How long a reader waits for a run that is just taking the place of another.
PATIENCE = 1.0


def old_snapshot_file(clock: str, number: int) -> str:
    """Where format 1 has the snapshot of an "epoch" or a "step", within the run directory."""
    return f"{OLD_SNAPSHOTS}/{'step-' if clock == 'step' else ''}{number:06d}.safetensors"


def check_free(path: Path, overwrite: bool) -> None:
    """Raise RecordingError unless a new run may be recorded into `path`.

    It may when nothing is there, or only an empty folder, or, with `overwrite`, a run directory.
    """
    if not os.path.lexists(path):
        return
    if not path.is_dir():
        raise RecordingError(f"{path} exists and is not a directory: record to another place")
    entries = {name for name in os.listdir(path) if not _is_temporary(name)}
    if not entries or (LOCK in entries and entries <= {LOCK, NEW}):
        return  # empty, or a run that was stopped before it started
    if READY not in entries:
        if RUN not in entries or not (entries <= OURS or _is_run(path)):
            raise RecordingError(
                f"{path} is not empty and not a run directory: record to another place, or move its files away"
            )
        if not overwrite:
            raise RecordingError(
                f"{path} exists already: ask for it to be overwritten, resume it, or record to another directory"
            )
    snapshots = path / OLD_SNAPSHOTS
    foreign = [n for n in _listing(snapshots) if not OLD_SNAPSHOT.fullmatch(n) and not _is_temporary(n)]
    if foreign:
        raise RecordingError(f"{snapshots} holds {min(foreign)!r}, which is no snapshot: move it away")


def _is_run(path: Path) -> bool:
    try:
        read_description(path / RUN)
    except RecordingError:
        return False
    return True


def _listing(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() and not folder.is_symlink() else []


class RunDirectory:
    """The right to write into a run directory, from `create` or `resume` until `release`.

    Attributes
    ----------
    path : Path
        The run directory.
    folder : Path
        Where the run's files are now: `path`, or a folder in it until `publish`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path
        self._lock: Lock | None = None

    def create(self, overwrite: bool) -> None:
        """Claim a directory for a new run, which is put together in `folder`."""
        check_free(self.path, overwrite)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(self.path)
            settle(self.path)
            _remove_temporaries(self.path)
            check_free(self.path, overwrite)  # what was there may have changed until now
            self.folder = self.path / NEW
            self.folder.mkdir()
        except OSError as error:
            self.release()
            raise cannot("written", self.path, error) from error
        except RecordingError:
            self.release()
            raise

    @property
    def replaces(self) -> bool:
        """Whether another run is there until `publish`."""
        return self.folder != self.path and (self.path / RUN).exists()

    def publish(self) -> None:
        """Put the new run in the place of whatever was there."""
        if self.folder != self.path:
            try:
                _publish(self.path)
            except OSError as error:
                raise cannot("written", self.path, error) from error
            self.folder = self.path

    def resume(self) -> None:
        """Claim a directory with a run in it, and clear away what a killed process left."""
        if not self.path.is_dir():
            raise RecordingError(f"there is no run directory {str(self.path)!r}")
        self._lock = Lock(self.path)
        try:
            settle(self.path)
            for name in (SNAPSHOTS, OLD_SNAPSHOTS):
                if (self.path / name).is_symlink():
                    raise RecordingError(f"{self.path / name} is a link: a run that goes on must hold its own files")
            _remove_temporaries(self.path)
        except OSError as error:
            self.release()
            raise cannot("written", self.path, error) from error
        except RecordingError:
            self.release()
            raise

    def release(self) -> None:
        """Let others write; a run that was never published is thrown away."""
        if self._lock is None:
            return
        if self.folder != self.path:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = self.path
        self._lock.release()
        self._lock = None


def _remove_temporaries(path: Path) -> None:
    """Remove what a killed process was writing."""
    for folder in (path.resolve(), path / OLD_SNAPSHOTS):
        for name in filter(_is_temporary, _listing(folder)):
            (folder / name).unlink()


def _is_temporary(name: str) -> bool:
    """Whether this is a temporary name that `write_file` gives to a file of a run."""
    match = TEMPORARY.fullmatch(name)
    return match is not None and (match[1] in FILES or OLD_SNAPSHOT.fullmatch(match[1]) is not None)


def settle(path: Path) -> None:
    """Finish or throw away what a killed process left unpublished; the caller holds the lock."""
    new = path / NEW
    if (path / READY).exists() or ((new / RUN).exists() and not (path / RUN).exists()):
        _publish(path)
    elif new.is_symlink():
        new.unlink()
    elif new.exists():
        shutil.rmtree(new)


def wait_until_settled(path: Path) -> None:
    """Wait while a run takes the place of another, and finish it where a killed process did not."""
    until = time.monotonic() + PATIENCE
    while not (path / RUN).exists() and ((path / NEW).exists() or (path / READY).exists()):
        if not is_locked(path):
            lock = Lock(path)
            try:
                settle(path)
            except OSError as error:
                raise cannot("written", path, error) from error
            finally:
                lock.release()
        elif time.monotonic() > until:
            return
        else:
            time.sleep(0.005)


def _publish(path: Path) -> None:
    new, ready = path / NEW, path / READY
    if not ready.exists():
        for name in FILES:  # run.json is the first
            (path / name).unlink(missing_ok=True)
        snapshots = path / OLD_SNAPSHOTS
        if snapshots.is_symlink():
            snapshots.unlink()
        elif snapshots.exists():
            for name in _listing(snapshots):
                (snapshots / name).unlink()
            snapshots.rmdir()
        os.replace(new, ready)
    for name in sorted(os.listdir(ready), key=RUN.__eq__):  # run.json is the last
        os.replace(ready / name, path / name)
    ready.rmdir()
    with contextlib.suppress(OSError):
        flush_folder(path)
