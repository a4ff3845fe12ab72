"""Writes an epoch's files, always in the same order; in a thread, while the next epoch is trained, if it takes long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any

from numpy.typing import NDArray

from engine.recording.description import RunDescription, State, write_description
from engine.recording.directory import (
    CHECKPOINT,
    METRICS,
    PASSING_CHECKPOINTS,
    RUN,
    SNAPSHOTS,
    RunDirectory,
)
from engine.recording.files import Buffer, HeldFile, cannot, checksum, flush, flush_folder, remove, write_file
from engine.recording.lines import Snapshot, decode_line, encode_line, encode_metrics
from engine.recording.snapshots import count_rows, write_header
from engine.recording.tensors import as_bytes, pack_tensors

# Seconds between the moments at which everything recorded so far is made to reach the disk.
FLUSH_EVERY = 5.0

# What takes longer to write, in seconds, is handed over to the thread, which itself costs about a third of that: Python
# runs one thread at a time, and each change takes a while. One in so many is written without it, to see how long it
# takes now.
HAND_OVER_FROM, WRITE_AGAIN = 3e-4, 64


class Writer:
    """Writes epochs into a run directory, one at a time, in a thread.

    What it is given belongs to it: the caller must not change an array afterwards.

    Attributes
    ----------
    run : RunDescription
        What run.json says.
    epoch : int or None
        The last epoch that is in the directory.

    Notes
    -----
    At most one epoch waits for the thread. That of a small network does not: it is written at once. The checkpoint is
    written so that nothing waits for the disk (see `_write_checkpoint`).
    """

    def __init__(
        self, directory: RunDirectory, run: RunDescription, epoch: int | None = None, unflushed: Iterable[Path] = ()
    ) -> None:
        self.run = run
        self.epoch = epoch
        self._directory = directory
        self._rows = count_rows(directory.folder, run)
        self._steps: dict[int, Snapshot] = {}  # since the last epoch
        self._last: tuple[int, NDArray[Any]] | None = None  # the last epoch and its parameters, if it has no snapshot
        self._passing: Path | None = None  # the newest checkpoint, until it is made to last
        self._unflushed = list(unflushed)
        self._flushed = time.monotonic()
        self._held: dict[str, HeldFile] = {}  # what is written to in every epoch
        self._failure: BaseException | None = None
        self._reported = False
        self._given: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self._unwritten = Lock()  # held from when something is given until it is written
        self._seconds, self._writings = 0.0, 0  # that the last writing took which was not handed over, and their number
        self._thread = Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def submit_step(self, step: int, parameters: NDArray[Any]) -> None:
        """Write a snapshot of a single step; raises what went wrong with what was submitted before."""
        self._submit(self._write_step, step, parameters)

    def submit_epoch(
        self, epoch: int, parameters: NDArray[Any], metrics: str, checkpoint: Mapping[str, NDArray[Any]], snapshot: bool
    ) -> None:
        """Write an epoch; raises what went wrong with what was submitted before."""
        self._submit(self._write_epoch, epoch, parameters, metrics, checkpoint, snapshot)

    def settle(self) -> None:
        """Wait until what was submitted is written."""
        with self._unwritten:
            pass

    def close(
        self,
        state: State,
        message: str,
        best: tuple[int, NDArray[Any]] | None = None,
        test: dict[str, float] | None = None,
    ) -> None:
        """Write what was submitted, and how the run ended; raises what went wrong and was not raised yet.

        The best epoch, given with its parameters, gets a snapshot if it has none.
        """
        self._given.put(None)
        self._thread.join()
        self._let_go()
        if self._failure is not None:
            if not self._reported:
                self._check()
            return
        for epoch, parameters in (each for each in (self._last, best) if each is not None):
            self._add_snapshot(epoch, parameters)
        self._flush()
        self.run = replace(
            self.run,
            state=state,
            message=message,
            last_epoch=self.epoch,
            best_epoch=None if best is None else best[0],
            test=test,
        )
        write_description(self._directory.folder / RUN, self.run)
        for name in PASSING_CHECKPOINTS:
            remove(self._directory.folder / name)
        flush_folder(self._directory.folder)

    def _submit(self, write: Callable[..., None], *arguments: Any) -> None:
        """Write what takes little time, else have the thread do it; after what it was given before."""
        if not self._unwritten.acquire(blocking=False):
            try:
                waiting = self._given.get_nowait()
            except Empty:
                self._unwritten.acquire()
            else:  # the processors are busy and the thread has not begun: no use in waiting
                assert waiting is not None
                self._perform(*waiting)
        if self._failure is not None:
            self._unwritten.release()
            self._check()
        self._writings += 1
        if self._seconds > HAND_OVER_FROM and self._writings % WRITE_AGAIN:
            self._given.put((write, *arguments))
            return
        try:
            began = time.perf_counter()
            self._perform(write, *arguments)
            self._seconds = time.perf_counter() - began
        finally:
            self._unwritten.release()
        self._check()

    def _work(self) -> None:
        """What the thread does: write what it is given."""
        while (given := self._given.get()) is not None:
            try:
                self._perform(*given)
            finally:
                self._unwritten.release()

    def _perform(self, write: Callable[..., None], *arguments: Any) -> None:
        """Write; after a failure, or a second Ctrl-C, nothing more is written."""
        if self._failure is not None:
            return
        try:
            write(*arguments)
        except Exception as error:
            self._failure = error
        except BaseException as error:
            self._failure, self._reported = error, True
            raise

    def _check(self) -> None:
        if self._failure is not None:
            self._reported = True
            raise self._failure

    def _write_step(self, step: int, parameters: NDArray[Any]) -> None:
        self._steps[step] = self._write_snapshot(parameters)

    def _write_snapshot(self, parameters: NDArray[Any]) -> Snapshot:
        row = as_bytes(parameters)
        self._hold(SNAPSHOTS).append(row)  # it counts once its epoch's line is written, which holds its checksum
        self._rows += 1
        return Snapshot(self._rows - 1, checksum(row))

    def _write_epoch(
        self, epoch: int, parameters: NDArray[Any], metrics: str, checkpoint: Mapping[str, NDArray[Any]], snapshot: bool
    ) -> None:
        folder, steps = self._directory.folder, self._steps
        line = encode_line(epoch, metrics, self._write_snapshot(parameters) if snapshot else None, steps)
        # The checkpoint holds the line too: if the process is killed between the two, resuming adds it.
        chunks = pack_tensors(checkpoint, {"epoch": str(epoch), "line": line.decode().rstrip()})
        self._write_checkpoint(epoch, chunks)
        self._hold(METRICS).append(line)
        self._steps, self.epoch = {}, epoch
        self._last = None if snapshot else (epoch, parameters)
        if folder != self._directory.path:
            self._flush()
            self._let_go()
            self._directory.publish()
        elif time.monotonic() - self._flushed > FLUSH_EVERY:
            self._flush()

    def _write_checkpoint(self, epoch: int, chunks: list[Buffer]) -> None:
        """Write a checkpoint over the older one of two; the first becomes the lasting one at once.

        A file that is being written over is no loss if the process is killed meanwhile: the checksum tells, and the
        other one holds the epoch before. Renaming new files over the lasting one would be simpler, but then the file
        system brings each to the disk, which takes 0.1 ms when the disk is idle and 4 ms when it is busy; and
        removing old files makes new ones slow (ext4 does not use an inode again for 5 seconds and searches on).
        """
        folder = self._directory.folder
        if self.epoch is None:
            write_file(folder / CHECKPOINT, *chunks, durable=False)
            self._unflushed.append(folder / CHECKPOINT)
        else:
            file = self._hold(PASSING_CHECKPOINTS[epoch % 2])
            file.rewrite(*chunks)
            self._passing = file.path

    def _hold(self, name: str) -> HeldFile:
        """The file of that name in the run directory, which stays open."""
        if name not in self._held:
            self._held[name] = HeldFile(self._directory.folder / name)
        return self._held[name]

    def _let_go(self) -> None:
        """Close the files that are kept open."""
        for file in self._held.values():
            file.close()
        self._held = {}

    def _add_snapshot(self, epoch: int, parameters: NDArray[Any]) -> None:
        """Give an epoch a snapshot after all, in place of its line without."""
        path = self._directory.folder / METRICS
        texts = path.read_bytes().splitlines(keepends=True)
        for number, text in enumerate(texts):
            line = decode_line(text.rstrip()) if text.startswith(b'{"epoch":%d,' % epoch) else None
            if line is not None and line.snapshot is None:
                snapshot = self._write_snapshot(parameters)
                texts[number] = encode_line(epoch, encode_metrics(line.metrics), snapshot, line.steps)
                write_file(path, *texts)

    def _flush(self) -> None:
        """Have everything reach the disk; the checkpoint takes its lasting name."""
        folder = self._directory.folder
        write_header(folder, self.run, self._rows)
        files = [*self._unflushed, folder / METRICS, folder / SNAPSHOTS]
        if self._passing is not None:
            files.append(self._passing)
        try:
            flush(files)
            if self._passing is not None:
                self._let_go()  # a file that stayed open would be the lasting checkpoint
                os.replace(self._passing, folder / CHECKPOINT)
            flush_folder(folder)
        except OSError as error:
            raise cannot("written", folder, error) from error
        self._unflushed, self._passing = [], None
        self._flushed = time.monotonic()
