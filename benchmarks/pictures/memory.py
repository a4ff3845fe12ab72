"""How much memory grows over a long scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.parts import Part, configured, play
from scenes.stage import Stage
from scenes.theme import DARK

GOAL = 150.0
SETTLED = 0.1  # share of the frames after which caches are full


class LongScene(Stage):
    """Captions, headings, read-outs, fades, points and lines that come and go for as long as is asked for."""

    seconds = 180.0

    def construct(self) -> None:
        rng = np.random.default_rng(0)
        epoch = self.readout("epoch", "d", widest=100_000)
        beat = 0
        while self.now < self.seconds:
            beat += 1
            cloud = PointCloud(rng.normal(size=(400, 2)), self.theme.class_colours(np.arange(400)))
            lines = Polylines(rng.normal(size=(20, 60, 2)), self.theme.faint, 2.0)
            self.heading(f"Beat {beat}", f"after {self.now:.0f} seconds")
            self.caption(f"This is what is said in beat {beat}.")
            self.fade(lines, cloud, seconds=0.5)
            start = cloud.points.copy()

            def move(share: float, cloud: PointCloud = cloud, start: np.ndarray = start, beat: int = beat) -> None:
                cloud.points[:] = start * (1 + share)
                epoch.set_value(1000 * beat + 1000 * share)

            self.play_clock(2.0, move, cloud, epoch)
            self.fade(leaving=[lines, cloud], seconds=0.5)


class Watching:
    """Draws frames and remembers how much memory the process holds."""

    def __init__(self, height: int, width: int) -> None:
        self.pixels = np.zeros((height, width, 4), np.uint8)
        self.megabytes: list[float] = []

    def wants(self, first: int, last: int) -> Iterable[int]:
        return range(first, last)

    def buffer(self) -> np.ndarray:
        return self.pixels

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        self.megabytes.append(resident())


def resident() -> float:
    """Megabytes that this process holds in memory (Linux)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def growth(seconds: float, width: int, height: int, rate: int) -> float:
    """Megabytes by which memory grows over a scene of some seconds, once its caches are full."""
    scene = type("LongScene", (LongScene,), {"seconds": seconds})
    part = Part(scene, {}, {"theme": DARK.name})
    with configured([part], width, height, rate):
        sink = Watching(height, width)
        play([part], sink)
    settled = int(SETTLED * len(sink.megabytes))
    return max(sink.megabytes[settled:]) - sink.megabytes[settled]


def report() -> None:
    """Print how much memory grows over three minutes."""
    print("\n| memory over 3 minutes at 720p30 | MB | goal |")
    print("|---|---|---|")
    print(f"| growth | {growth(180.0, 1280, 720, 30):.0f} | below {GOAL:g} |")
