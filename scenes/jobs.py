"""What a worker does: measure a part of a film, or render some of its segments.

A job says in plain values what is to be shown, so that another process, on this machine or another one, makes the same
part of it and with it the same pictures.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import RenderError
from engine.recording import Recording
from engine.threads import one_blas_thread
from scenes.encoding import Encoder
from scenes.films import Telling
from scenes.frames import FrameCounter
from scenes.parts import Part, configured, play_part
from scenes.segments import Length, Segment, SegmentFolder, Size, code_digest, scene_name
from scenes.stage import BaseStage

# manim's configuration is one for the whole process
_alone = threading.Lock()

Report = Callable[[int], object]  # takes the number of frames that were drawn since the last time


@dataclass(frozen=True)
class Source:
    """Where a worker has a recording from: a run directory, which must still hold what its digest says."""

    path: str
    digest: str


@dataclass(frozen=True)
class Job:
    """A part of a film in plain values.

    Attributes
    ----------
    scene : str
        ``"module:class"`` in the package `scenes`.
    recordings : tuple of (str, Source)
    options : dict
    telling : Telling
    code : str
        The digest of the sources that are to draw it.
    """

    scene: str
    recordings: tuple[tuple[str, Source], ...]
    options: Mapping[str, Any]
    telling: Telling
    code: str


def job_of(part: Part) -> Job:
    """What another process needs to make the part; for parts that have a key (see `scenes.segments.part_key`)."""
    name = scene_name(part)
    assert name is not None
    sources = tuple(
        (name, Source(str(Path(recording.path).resolve()), recording.digest))
        for name, recording in part.recordings.items()
    )
    return Job(name, sources, dict(part.options), part.telling, code_digest())


def part_of(job: Job, open_source: Callable[[Source], Recording] | None = None) -> Part:
    """The part that a job describes.

    Raises
    ------
    RenderError
        When this process has other sources than the one that asks, or a recording changed meanwhile.
    """
    if job.code != code_digest():
        raise RenderError(
            "a worker has other sources or libraries than the process that it works for: give both the same, and "
            "change nothing while a film is rendered"
        )
    module, _, name = job.scene.partition(":")
    scene = getattr(import_module(module), name, None) if module.startswith("scenes.") else None
    if not (isinstance(scene, type) and issubclass(scene, BaseStage)):
        raise RenderError(f"there is no scene {job.scene!r}")
    opened = open_source or open_run
    recordings = {name: opened(source) for name, source in job.recordings}
    return Part(scene, recordings, dict(job.options), telling=job.telling)


@lru_cache(maxsize=16)
def open_run(source: Source) -> Recording:
    """A recording that other parts may be told with too: what it has read and computed is kept."""
    recording = Recording(source.path)
    if recording.digest != source.digest:
        raise RenderError(f"{source.path} was changed while the film was rendered: render it again")
    recording.check_network()
    return recording


def measure(part: Part, size: Size) -> Length:
    """How long a part is and what it says, without drawing."""
    with _working(part, size):
        return play_part(part, FrameCounter())[0]


def render_segments(
    part: Part, length: Length, segments: Sequence[Segment], folder: SegmentFolder, size: Size, report: Report
) -> None:
    """Render segments that follow on one another, in one go, each into its own file as soon as it is drawn."""
    sink = SegmentSink(segments, folder, size, report)
    with _working(part, size):
        try:
            play_part(part, sink, length)
        except Enough:
            pass
        finally:
            sink.close()
    if sink.missing:
        raise RenderError(
            f"the scene {part.scene.__name__} had {length.frames} frames when it was measured, and fewer when drawn"
        )


def measure_job(job: Job, size: Size) -> Length:
    """`measure`, in a worker."""
    return measure(part_of(job), size)


def render_job(job: Job, length: Length, segments: Sequence[Segment], folder: str, format_name: str, size: Size,
               number: int) -> None:  # fmt: skip
    """`render_segments`, in a worker on this machine; what a worker that died had finished is not done again."""
    kept = SegmentFolder(Path(folder), format_name)
    missing = [segment for segment in segments if kept.find(segment) is None]
    if missing:
        render_segments(part_of(job), length, missing, kept, size, lambda count: tell(number, count))


def tell(number: int, frames: int) -> None:
    """Tell the process that asked how many frames of job `number` were drawn, where it listens."""
    if _listener is not None:
        _listener.put((number, frames))


_listener: Any = None


def begin_worker(listener: Any) -> None:
    """Prepare a worker process: it keeps to one core, and ends with the process that started it."""
    import multiprocessing
    import signal

    global _listener
    _listener = listener
    # Ctrl-C reaches the whole group of processes, and it is for the one that asks to decide what ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, name="parent", daemon=True).start()


class Enough(Exception):
    """All frames that were asked for are drawn."""


class SegmentSink:
    """Encodes frames into segments, in the thread that draws them.

    A worker keeps to one core: a thread for the encoder would take the time of another worker.
    """

    def __init__(self, segments: Sequence[Segment], folder: SegmentFolder, size: Size, report: Report) -> None:
        self.missing = list(segments)
        self.folder, self.size, self.report = folder, size, report
        self._free: list[np.ndarray] = []
        self._encoder: Encoder | None = None
        self._file: Any = None

    def wants(self, first: int, last: int) -> Iterable[int]:
        if not self.missing:
            raise Enough
        return range(max(first, self.missing[0].first), min(last, self.missing[-1].end))

    def buffer(self) -> np.ndarray:
        return self._free.pop() if self._free else np.zeros((self.size.height, self.size.width, 4), np.uint8)

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        frames = list(frames)
        while frames:
            segment = self.missing[0]
            count = sum(frame < segment.end for frame in frames)
            if self._encoder is None:
                self._open(segment)
            assert self._encoder is not None
            self._encoder.write(pixels, count)
            self.report(count)
            if frames[count - 1] == segment.end - 1:
                self._finish()
            del frames[:count]
        self._free.append(pixels)

    def _open(self, segment: Segment) -> None:
        self._file = self.folder.writing(segment)
        path = self._file.__enter__()
        size = self.size
        self._encoder = Encoder(path, size.width, size.height, size.rate, self.folder.format_name, threads=1)

    def _finish(self) -> None:
        assert self._encoder is not None
        encoder, self._encoder = self._encoder, None
        try:
            encoder.finish()
        except BaseException as error:
            self._leave(error)
            raise
        self._leave(None)
        del self.missing[0]

    def _leave(self, error: BaseException | None) -> None:
        file, self._file = self._file, None
        file.__exit__(type(error) if error else None, error, None)

    def close(self) -> None:
        """Drop a segment that is not finished."""
        if self._encoder is None:
            return
        encoder, self._encoder = self._encoder, None
        encoder.abort()
        with suppress(Enough):
            self._leave(Enough())


@contextmanager
def _working(part: Part, size: Size) -> Iterator[None]:
    """One part at a time, on one thread, so that numbers are rounded alike wherever it is rendered."""
    import numba

    with _alone, one_blas_thread(), configured([part], size.width, size.height, size.rate):
        threads = numba.get_num_threads()
        numba.set_num_threads(1)
        try:
            yield
        finally:
            numba.set_num_threads(threads)
