"""Where finished frames go: to an encoder in a thread of its own, or into memory as stills."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from scenes.encoding import Encoder
from scenes.frames import FrameSink

FRAMES_AHEAD = 4  # that may wait for the encoder; 8 MB each at 1080p


class Progress(Protocol):
    """Who wants to know how a rendering goes."""

    def start(self, total: int | None) -> None: ...

    def update(self, frame: int) -> None: ...

    def stop(self) -> None: ...


class FilmSink:
    """Encodes every frame, in a thread beside the one that draws.

    Parameters
    ----------
    encoder : Encoder
    progress : Progress, optional
    step : int
        Encode every `step`-th frame only.
    """

    def __init__(self, encoder: Encoder, progress: Progress | None = None, step: int = 1) -> None:
        self.encoder = encoder
        self.progress = progress
        self.step = step
        self.frames = 0
        shape = (encoder.height, encoder.width, 4)
        self._free: queue.Queue[np.ndarray] = queue.Queue()
        for _ in range(FRAMES_AHEAD):
            self._free.put(np.zeros(shape, np.uint8))
        self._waiting: queue.Queue[tuple[np.ndarray, int] | None] = queue.Queue()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._encode, name="encoder", daemon=True)
        self._thread.start()

    def wants(self, first: int, last: int) -> Iterable[int]:
        return range(first + -first % self.step, last, self.step)

    def buffer(self) -> np.ndarray:
        self._check()
        return self._free.get()

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        self._waiting.put((pixels, len(frames)))
        self.frames += len(frames)
        if self.progress is not None:
            self.progress.update(frames[-1] + 1)

    def finish(self) -> None:
        """Wait for the encoder and close the file."""
        self._waiting.put(None)
        self._thread.join()
        self._check()
        self.encoder.finish()

    def abort(self) -> None:
        """Drop what is waiting and close the file as it is."""
        self._failure = self._failure or InterruptedError("rendering was interrupted")
        self._waiting.put(None)
        self._thread.join()
        self.encoder.abort()

    def _encode(self) -> None:
        while (item := self._waiting.get()) is not None:
            pixels, repeat = item
            try:
                if self._failure is None:
                    self.encoder.write(pixels, repeat)
            except BaseException as failure:  # handed to the drawing thread, which raises it
                self._failure = failure
            self._free.put(pixels)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


class StillSink:
    """Keeps chosen frames.

    Parameters
    ----------
    height, width : int
    frames : iterable of int

    Attributes
    ----------
    stills : dict of int to ndarray, uint8 (H, W, 4)
    """

    def __init__(self, height: int, width: int, frames: Iterable[int], progress: Progress | None = None) -> None:
        self.shape = (height, width, 4)
        self.chosen = sorted(set(frames))
        self.progress = progress
        self.stills: dict[int, np.ndarray] = {}

    def wants(self, first: int, last: int) -> Iterable[int]:
        return [frame for frame in self.chosen if first <= frame < last]

    def buffer(self) -> np.ndarray:
        return np.zeros(self.shape, np.uint8)

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        self.stills.update((frame, pixels) for frame in frames)
        if self.progress is not None:
            self.progress.update(len(self.stills))


class FadingSink:
    """Lets the first frames of a part come out of the background, and the last ones go back into it.

    Parameters
    ----------
    sink : FrameSink
        Where the frames go.
    first, end : int
        The part's first frame, and the one after its last.
    frames : int
        How many frames each fade takes.
    background : tuple of float
        Red, green and blue between 0 and 1.
    """

    def __init__(
        self, sink: FrameSink, first: int, end: int, frames: int, background: tuple[float, float, float]
    ) -> None:
        self.sink = sink
        self.first, self.end, self.frames = first, end, frames
        self.background = np.array([*background, 1.0]) * 255

    def wants(self, first: int, last: int) -> Iterable[int]:
        return self.sink.wants(first, last)

    def buffer(self) -> np.ndarray:
        return self.sink.buffer()

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        clear = [frame for frame in frames if self.strength(frame) == 1.0]
        before = [frame for frame in frames if frame < self.first + self.frames]
        after = [frame for frame in frames if frame >= self.end - self.frames]
        # one picture is handed on in the order of its frames; what is faded is a copy until the picture is used up
        for frame in before:
            self._put_faded(frame, pixels, last=frame == frames[-1])
        if clear:
            self._put_clear(clear, pixels, last=clear[-1] == frames[-1])
        for frame in after:
            self._put_faded(frame, pixels, last=frame == frames[-1])

    def strength(self, frame: int) -> float:
        """How much of the picture is to be seen in a frame, 0 to 1."""
        if self.frames == 0:
            return 1.0
        return min((frame - self.first) / self.frames, (self.end - 1 - frame) / self.frames, 1.0)

    def _put_faded(self, frame: int, pixels: np.ndarray, last: bool) -> None:
        faded = pixels if last else self.sink.buffer()
        np.rint(self.background + self.strength(frame) * (pixels - self.background), out=faded, casting="unsafe")
        self.sink.put([frame], faded)

    def _put_clear(self, frames: Sequence[int], pixels: np.ndarray, last: bool) -> None:
        if last:
            self.sink.put(frames, pixels)
            return
        copy = self.sink.buffer()
        np.copyto(copy, pixels)
        self.sink.put(frames, copy)
