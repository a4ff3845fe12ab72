"""The making of a film: what is missing of it is rendered, here or by workers, and the pieces are put together."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import RenderError
from scenes.jobs import job_of, measure, measure_job, render_job, render_segments
from scenes.joining import check_piece
from scenes.parts import Part
from scenes.remote import measure_remotely, pack, render_remotely
from scenes.segments import Length, Segment, SegmentFolder, Size, cut, group, part_key
from scenes.sinks import Progress
from scenes.workers import ATTEMPTS

JOBS_PER_WORKER = 4  # about; fewer jobs share less of a part's building, more of them leave workers idle at the end
POLL = 0.1  # seconds between looks at what workers tell


@dataclass(frozen=True)
class Studio:
    """Who renders.

    Attributes
    ----------
    executor : Executor
        Processes on this machine (`scenes.workers.ProcessWorkers`), or anything with the same interface.
    workers : int
        How many jobs it does at once.
    ship : callable, optional
        For executors elsewhere, which have none of this machine's files: takes a packed recording, and gives what is
        to be handed to jobs in its place.
    """

    executor: Executor
    workers: int = 1
    ship: Callable[[bytes], Any] | None = None


class Production:
    """What is rendered of some parts, and what is still to be.

    Parameters
    ----------
    parts : sequence of Part
    size : Size
    folder : SegmentFolder
    studio : Studio, optional
        Who renders; without one it is done in this process.
    progress : Progress, optional
    """

    def __init__(
        self,
        parts: Sequence[Part],
        size: Size,
        folder: SegmentFolder,
        studio: Studio | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.parts, self.size, self.folder = list(parts), size, folder
        self.studio, self.progress = studio, progress
        self._shipped: dict[tuple[str, str], Any] = {}
        self.keys = [part_key(part, size, folder.format_name) for part in self.parts]
        self.lengths: list[Length] = []
        self.segments: list[list[Segment]] = []

    def measure(self) -> None:
        """See how long the parts are, where that is not known."""
        known: list[Length | None] = [None if key is None else self.folder.length(key) for key in self.keys]
        elsewhere: list[int] = []
        for k, (part, key) in enumerate(zip(self.parts, self.keys, strict=True)):
            if known[k] is None and key is not None and self.studio is not None:
                elsewhere.append(k)
            elif known[k] is None:
                known[k] = self._keep(k, measure(part, self.size))
        if self.studio is not None and elsewhere:
            studio = self.studio
            for k, length in self._results(lambda k: self._submit_measure(studio, self.parts[k]), elsewhere):
                known[k] = self._keep(k, length)
        self.lengths = [length for length in known if length is not None]
        for k, (part, length) in enumerate(zip(self.parts, self.lengths, strict=True)):
            if length.frames == 0:
                raise RenderError(f"the scene {part.scene.__name__} shows nothing: it has no frames")
            key = self.keys[k]
            # what has no key is rendered anew each time, under a name that nobody else has
            self.segments.append(cut(key or f"passing {k} {id(self)}", length.frames, self.size.rate))

    def _submit_measure(self, studio: Studio, part: Part) -> Future[Length]:
        if studio.ship is None:
            return studio.executor.submit(measure_job, job_of(part), self.size)
        return studio.executor.submit(measure_remotely, job_of(part), self.size, *self._packs(studio, part))

    def _submit_render(self, studio: Studio, k: int, run: Sequence[Segment], number: int) -> Future[Any]:
        part, length, folder = self.parts[k], self.lengths[k], self.folder
        if studio.ship is None:
            where = (str(folder.path.resolve()), folder.format_name)
            return studio.executor.submit(render_job, job_of(part), length, run, *where, self.size, number)
        packs = self._packs(studio, part)
        return studio.executor.submit(render_remotely, job_of(part), length, run, folder.format_name, self.size, *packs)

    def _packs(self, studio: Studio, part: Part) -> list[Any]:
        """The part's recordings as they are handed to jobs elsewhere, each sent once."""
        assert studio.ship is not None
        packs = []
        for recording in part.recordings.values():
            which = (recording.name, recording.digest)
            if which not in self._shipped:
                self._shipped[which] = studio.ship(pack(recording))
            packs.append(self._shipped[which])
        return packs

    def _keep(self, k: int, length: Length) -> Length:
        key = self.keys[k]
        if key is not None:
            self.folder.keep_length(key, length)
        return length

    @property
    def frames(self) -> int:
        return sum(length.frames for length in self.lengths)

    @property
    def starts(self) -> list[int]:
        """The number of each part's first frame in the film."""
        return [sum(length.frames for length in self.lengths[:k]) for k in range(len(self.lengths))]

    def locate(self, part: int, share: float) -> tuple[int, int]:
        """Which segment of the film, and which of its frames, is shown when `share` of a part has passed."""
        frame = min(int(share * self.lengths[part].frames), self.lengths[part].frames - 1)
        before = sum(len(segments) for segments in self.segments[:part])
        for k, segment in enumerate(self.segments[part]):
            if segment.first <= frame < segment.end:
                return before + k, frame - segment.first
        raise AssertionError("segments cover their part")

    def render(self) -> list[Path]:
        """Render what is missing, and give the files of all segments in order."""
        missing = [
            [segment for segment in segments if key is None or self.folder.find(segment) is None]
            for key, segments in zip(self.keys, self.segments, strict=True)
        ]
        left = sum(segment.frames for segments in missing for segment in segments)
        counter = Counter(self.frames - left, self.progress)
        if self.studio is not None:
            self._render_elsewhere(self.studio, missing, left, counter)
        for k, segments in enumerate(missing):
            if self.studio is None or self.keys[k] is None:
                for run in group(segments, self.frames):
                    render_segments(self.parts[k], self.lengths[k], run, self.folder, self.size, counter.add)
        found = [self.folder.find(segment) for segments in self.segments for segment in segments]
        if None in found:
            raise RenderError(
                f"a segment vanished from {self.folder.path} while the film was rendered: render it again"
            )
        return [path for path in found if path is not None]

    def _render_elsewhere(
        self, studio: Studio, missing: Sequence[Sequence[Segment]], left: int, counter: Counter
    ) -> None:
        most = max(self.size.rate, left // (JOBS_PER_WORKER * studio.workers))
        runs = [
            (k, run) for k, segments in enumerate(missing) if self.keys[k] is not None for run in group(segments, most)
        ]
        # the longest first, so that none of them is what all others wait for at the end
        runs.sort(key=lambda each: each[1][0].first - each[1][-1].end)
        results = self._results(
            lambda number: self._submit_render(studio, *runs[number], number),
            range(len(runs)),
            lambda: counter.listen(getattr(studio.executor, "listener", None)),
        )
        for number, rendered in results:
            run = runs[number][1]
            if rendered is not None:
                self._put(run, rendered)
            counter.finish(number, run)

    def _results(
        self, submit: Callable[[int], Future[Any]], numbers: Iterable[int], look: Callable[[], None] | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Numbers and results of jobs as they are done; those that a cluster gave up with a worker are sent again."""
        waiting = list(numbers)
        for _ in range(ATTEMPTS):
            futures = {submit(number): number for number in waiting}
            waiting = []
            for future in _completed(futures, look):
                if future.cancelled():
                    waiting.append(futures[future])
                else:
                    yield futures[future], future.result()
            if not waiting:
                return
            # the recordings were lost with the worker that held them
            self._shipped.clear()
        raise RenderError(f"the cluster gave up a job {ATTEMPTS} times: its workers' logs say what they died of")

    def _put(self, run: Sequence[Segment], rendered: Any) -> None:
        """Keep segments that came from elsewhere, if they are what was asked for."""
        whole = isinstance(rendered, list) and all(isinstance(content, bytes) for content in rendered)
        if not whole or len(rendered) != len(run):
            raise RenderError("a worker did not send back the segments that it was asked for")
        for segment, content in zip(run, rendered, strict=True):
            check_piece(content, self.folder.format_name, self.size, segment.frames)
            self.folder.put(segment, content)

    def discard_passing(self) -> None:
        """Remove segments that nobody can use again."""
        for key, segments in zip(self.keys, self.segments, strict=False):
            for segment in segments if key is None else ():
                path = self.folder.find(segment)
                if path is not None:
                    path.unlink(missing_ok=True)


class Counter:
    """How many frames are done, those of unfinished jobs included."""

    def __init__(self, done: int, progress: Progress | None) -> None:
        self.done, self.progress = done, progress
        self.running: dict[int, int] = {}
        self.finished: set[int] = set()
        self.show()

    def add(self, frames: int) -> None:
        """Count frames that were drawn in this process."""
        self.done += frames
        self.show()

    def listen(self, listener: Any) -> None:
        """Count what workers tell."""
        while listener is not None:
            try:
                number, frames = listener.get_nowait()
            except queue.Empty:
                break
            if number not in self.finished:
                self.running[number] = self.running.get(number, 0) + frames
        self.show()

    def finish(self, number: int, run: Sequence[Segment]) -> None:
        """Count a job as done, whatever was told of it."""
        self.finished.add(number)
        self.running.pop(number, None)
        self.add(sum(segment.frames for segment in run))

    def show(self) -> None:
        if self.progress is not None:
            self.progress.update(self.done + sum(self.running.values()))


def _completed(futures: dict[Future[Any], int], look: Any = None) -> Iterator[Future[Any]]:
    """Futures as they are done; when one of them fails, or the caller stops, the others are cancelled."""
    left = set(futures)
    try:
        while left:
            done, left = wait(left, timeout=POLL, return_when=FIRST_COMPLETED)
            if look is not None:
                look()
            yield from done
    finally:
        for future in left:
            future.cancel()
