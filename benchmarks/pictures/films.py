"""Each scene, rendered, against pushing the same finished frames straight into the same encoder.

A whole scene at 1080p60 takes minutes, so a second out of every few is drawn and encoded, and the time of these
seconds is scaled up; building a scene and running through it is counted in full. What is drawn once for many seconds,
such as a caption, weighs the more for it. Beside the time on the clock, which is what is promised, stands that of the
processors: other work on the machine changes it less.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.encoding import Encoder
from scenes.parts import Part, configured, make_part, measure_parts, play
from scenes.registry import SCENES
from scenes.sinks import FilmSink

WIDTH, HEIGHT, RATE = 1920, 1080, 60
GOAL, SPATIAL_GOAL = 1.3, 2.0
SPATIAL = ("landscape", "descent", "topology")  # scenes of surfaces in space
BURST = 2 * RATE  # frames held in memory, 8 MB each


def within(first: int, last: int, every: int) -> list[int]:
    """The frames from `first` up to `last` that lie in the first of every `every` seconds."""
    return [frame for frame in range(first, last) if frame // RATE % every == 0]


@dataclass(frozen=True)
class Clocks:
    """Seconds by the clock, and of all processors together."""

    wall: float = 0.0
    work: float = 0.0

    @classmethod
    def now(cls) -> Clocks:
        """What the clocks show."""
        return cls(time.perf_counter(), time.process_time())

    def __add__(self, other: Clocks) -> Clocks:
        return Clocks(self.wall + other.wall, self.work + other.work)

    def __sub__(self, other: Clocks) -> Clocks:
        return self + other * -1

    def __mul__(self, factor: float) -> Clocks:
        return Clocks(self.wall * factor, self.work * factor)


class SampledFilm(FilmSink):
    """Renders as a film is rendered, but only one second out of several."""

    def __init__(self, path: Path, every: int) -> None:
        super().__init__(Encoder(path, WIDTH, HEIGHT, RATE))
        self.every = every

    def wants(self, first: int, last: int) -> Iterable[int]:
        return within(first, last, self.every)


class EncodingAlone:
    """Holds finished frames back and pushes them into an encoder in bursts, whose time is taken."""

    def __init__(self, path: Path, every: int) -> None:
        self.encoder, self.every = Encoder(path, WIDTH, HEIGHT, RATE), every
        self.held: list[tuple[np.ndarray, int]] = []
        self.taken = Clocks()

    def wants(self, first: int, last: int) -> Iterable[int]:
        return within(first, last, self.every)

    def buffer(self) -> np.ndarray:
        return np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        self.held.append((pixels, len(frames)))
        if len(self.held) >= BURST:
            self.push()

    def push(self) -> None:
        """Encode what is held."""
        begin = Clocks.now()
        for pixels, repeat in self.held:
            self.encoder.write(pixels, repeat)
        self.taken += Clocks.now() - begin
        self.held.clear()

    def finish(self) -> None:
        """Encode what is left."""
        self.push()
        begin = Clocks.now()
        self.encoder.finish()
        self.taken += Clocks.now() - begin


@dataclass(frozen=True)
class Times:
    """What one scene takes.

    Attributes
    ----------
    building : Clocks
        Running through it without drawing a frame; a rendering does that twice.
    drawing : Clocks
        Drawing and encoding beside each other, all frames.
    encoding : Clocks
        The encoder alone, all frames.
    length : float
        Seconds that the scene runs.
    """

    building: Clocks
    drawing: Clocks
    encoding: Clocks
    length: float

    @property
    def rendering(self) -> Clocks:
        """All that a rendering takes."""
        return self.building * 2 + self.drawing


def scene_times(part: Part, folder: Path, every: int, rounds: int) -> list[Times]:
    """Take the times of one scene some times over, the encoder and the rendering in turn."""
    times = []
    with configured([part], WIDTH, HEIGHT, RATE):
        measure_parts([part])  # compiles what is not yet compiled
        for _ in range(rounds):
            gc.collect()  # or else it falls into one of the two, whose difference is taken
            begin = Clocks.now()
            frames = measure_parts([part]).total
            building = Clocks.now() - begin
            share = frames / len(within(0, frames, every))
            alone = EncodingAlone(folder / "alone.mp4", every)
            play([part], alone)
            alone.finish()
            gc.collect()
            begin = Clocks.now()
            film = SampledFilm(folder / "film.mp4", every)
            play([part], film)
            film.finish()
            drawing = Clocks.now() - begin - building
            times.append(Times(building, drawing * share, alone.taken * share, frames / RATE))
    return times


def recordings_of(scene: str, folder: Path, epochs: int) -> dict[str, Recording]:
    """Recordings of what a scene is told with, trained for some epochs; what stands in where data are not here."""
    return {name: recording_of(name, folder, epochs) for name in SCENES[scene].experiments}


def recording_of(name: str, folder: Path, epochs: int) -> Recording:
    """The recording of an experiment, which is made where it is not there."""
    experiment = load_experiment(name)
    if experiment.fallback:
        experiment = load_experiment(experiment.fallback)
    run, source = folder / experiment.name, experiment.network.weights_of
    if run.exists():
        return Recording(run)
    weights = None if source is None else recording_of(source, folder, epochs).path
    short = experiment.override(epochs=min(epochs, experiment.training.epochs), weights_from=weights)
    return run_experiment(short, run)


def report(folder: Path, names: Sequence[str], every: int, epochs: int, rounds: int) -> None:
    """Print a table of ratios: medians of several rounds."""
    print("\n| scene at 1080p60 | runs, s | building, ms a frame | rendered | encoder alone | ratio | of work | goal |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        goal = SPATIAL_GOAL if name in SPATIAL else GOAL
        for clock in SCENES[name].clocks:
            part = make_part(name, recordings_of(name, folder, epochs), {"clock": clock})
            times = scene_times(part, folder, every, rounds)
            title = name if len(SCENES[name].clocks) == 1 else f"{name}, {clock}"
            scale = 1e3 / (times[0].length * RATE)
            building, rendering, encoding = (
                statistics.median(getattr(one, which).wall for one in times) * scale
                for which in ("building", "rendering", "encoding")
            )
            ratio = statistics.median(one.rendering.wall / one.encoding.wall for one in times)
            work = statistics.median(one.rendering.work / one.encoding.work for one in times)
            print(
                f"| {title} | {times[0].length:.0f} | {2 * building:.1f} | {rendering:.1f} | {encoding:.1f} | "
                f"{ratio:.2f} | {work:.2f} | {goal} |",
                flush=True,
            )
