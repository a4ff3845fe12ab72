"""A film rendered by one worker and by several: how many times faster several are.

Networks are trained before, for some epochs; what is counted is what is left of `neurofilm film`, from measuring the
scenes to joining their segments. Nothing is kept from one rendering to the next.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pictures.films import Clocks, recording_of
from engine.recording import Recording
from scenes.films import Film
from scenes.parts import find_film
from scenes.production import Studio
from scenes.rendering import render_film
from scenes.workers import ProcessWorkers, available_cores

GOAL = 1.6  # with two workers on two cores


@dataclass(frozen=True)
class Rendering:
    """What a rendering took, and how long the film is that it left."""

    taken: Clocks
    seconds: float


def rendered(film: Film, recordings: Mapping[str, Recording], workers: int, quality: str) -> Rendering:
    """Render a film in an empty folder; one worker is this process, as for the command."""
    with TemporaryDirectory() as folder:
        begin = clocks()
        pool = ProcessWorkers(workers) if workers > 1 else None
        try:
            studio = None if pool is None else Studio(pool, workers)
            result = render_film(film, recordings, Path(folder) / "film.mp4", quality=quality, studio=studio)
        finally:
            if pool is not None:
                pool.shutdown()
        return Rendering(clocks() - begin, result.seconds)


def clocks() -> Clocks:
    """Seconds by the clock, and those that this process and all that have ended of its own have worked."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Clocks(time.perf_counter(), sum(usage.ru_utime + usage.ru_stime for usage in usages))


def report(folder: Path, name: str, workers: int, epochs: int, turns: int, quality: str) -> None:
    """Print how long a film takes with one worker and with several, medians of several turns."""
    film = find_film(name)
    recordings = {name: recording_of(film.sources.get(name, name), folder, epochs) for name in film.recordings}
    rendered(film, recordings, 1, "l")  # compiles what is not yet compiled
    both = [
        (rendered(film, recordings, 1, quality), rendered(film, recordings, workers, quality)) for _ in range(turns)
    ]
    one, several = (statistics.median(pair[k].taken.wall for pair in both) for k in (0, 1))
    faster = statistics.median(pair[0].taken.wall / pair[1].taken.wall for pair in both)
    work = statistics.median(pair[1].taken.work / pair[0].taken.work for pair in both)
    print(
        f"\n| film, {available_cores()} cores | runs, s | one worker, s | {workers} workers, s | faster | work | goal |"
    )
    print("|---|---|---|---|---|---|---|")
    print(f"| {name} | {both[0][0].seconds:.0f} | {one:.0f} | {several:.0f} | {faster:.2f}x | {work:.2f} | {GOAL}x |")
