"""Each scene, rendered, against pushing the same finished frames straight into the same encoder.

A whole scene at 1080p60 takes minutes, so a second out of every few is drawn and encoded, and the time of these
seconds is scaled up; building a scene and running through it is counted in full.
"""

from __future__ import annotations

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
GOAL = 1.3
BURST = 2 * RATE  # frames held in memory, 8 MB each


def within(first: int, last: int, every: int) -> list[int]:
    """The frames from `first` up to `last` that lie in the first of every `every` seconds."""
    return [frame for frame in range(first, last) if frame // RATE % every == 0]


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
        self.seconds = 0.0

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
        begin = time.perf_counter()
        for pixels, repeat in self.held:
            self.encoder.write(pixels, repeat)
        self.seconds += time.perf_counter() - begin
        self.held.clear()

    def finish(self) -> None:
        """Encode what is left."""
        self.push()
        begin = time.perf_counter()
        self.encoder.finish()
        self.seconds += time.perf_counter() - begin


@dataclass(frozen=True)
class Times:
    """Seconds that one scene takes.

    Attributes
    ----------
    building : float
        Running through it without drawing a frame; a rendering does that twice.
    drawing : float
        Drawing and encoding beside each other, all frames.
    encoding : float
        The encoder alone, all frames.
    length : float
        Seconds that the scene runs.
    """

    building: float
    drawing: float
    encoding: float
    length: float

    @property
    def ratio(self) -> float:
        """Rendering against the encoder alone."""
        return (2 * self.building + self.drawing) / self.encoding


def scene_times(part: Part, folder: Path, every: int) -> Times:
    """Take the times of one scene."""
    with configured([part], WIDTH, HEIGHT, RATE):
        measure_parts([part])  # compiles what is not yet compiled
        begin = time.perf_counter()
        frames = measure_parts([part]).total
        building = time.perf_counter() - begin
        share = frames / len(within(0, frames, every))
        alone = EncodingAlone(folder / "alone.mp4", every)
        play([part], alone)
        alone.finish()
        begin = time.perf_counter()
        film = SampledFilm(folder / "film.mp4", every)
        play([part], film)
        film.finish()
        drawing = time.perf_counter() - begin - building
    return Times(building, drawing * share, alone.seconds * share, frames / RATE)


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


def report(folder: Path, names: Sequence[str], every: int, epochs: int) -> None:
    """Print a table of ratios."""
    print("\n| scene at 1080p60 | runs, s | building, ms a frame | rendered | encoder alone | ratio | goal |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        for clock in SCENES[name].clocks:
            part = make_part(name, recordings_of(name, folder, epochs), {"clock": clock})
            times = scene_times(part, folder, every)
            title = name if len(SCENES[name].clocks) == 1 else f"{name}, {clock}"
            scale = 1e3 / (times.length * RATE)
            print(
                f"| {title} | {times.length:.0f} | {2 * times.building * scale:.1f} | "
                f"{(2 * times.building + times.drawing) * scale:.1f} | {times.encoding * scale:.1f} | "
                f"{times.ratio:.2f} | {GOAL} |",
                flush=True,
            )
