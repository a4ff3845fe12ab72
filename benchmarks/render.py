"""How long pictures take, each as a ratio measured in one run.

A film: frames drawn and encoded, against the same finished frames pushed straight into the same encoder. Painted
mobjects: against the straightforward manim version of the same picture, drawing only.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from manim import PI

from scenes.encoding import Encoder
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.rendering import Part, configured, measure_parts, play
from scenes.sinks import FilmSink
from scenes.stage import Stage
from scenes.theme import DARK

WIDTH, HEIGHT, RATE = 1920, 1080, 60


def twist(points: np.ndarray, amount: float) -> np.ndarray:
    """Turn points (..., 2) the more the farther out they are."""
    angle = amount * np.hypot(points[..., 0], points[..., 1])
    x, y = np.cos(angle), np.sin(angle)
    return np.stack([x * points[..., 0] - y * points[..., 1], y * points[..., 0] + x * points[..., 1]], axis=-1)


def grid_lines(count: int = 20, samples: int = 121) -> np.ndarray:
    """`count` upright and `count` level lines over a square, float64 (2 * count, samples, 2)."""
    across, along = np.linspace(-2.5, 2.5, count), np.linspace(-2.5, 2.5, samples)
    upright = np.stack(np.broadcast_arrays(across[:, None], along[None, :]), axis=-1)
    return np.concatenate([upright, upright[..., ::-1]])


def data_points(count: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 2) of two classes and their colours."""
    rng = np.random.default_rng(0)
    return rng.uniform(-2.5, 2.5, (count, 2)), DARK.class_colours(rng.integers(0, 2, count))


class Warping(Stage):
    """1000 points and a grid of 40 lines that bend for three seconds, with caption, heading and read-outs."""

    def construct(self) -> None:
        lines = grid_lines()
        points, colours = data_points()
        grid = Polylines(lines, DARK.faint, width=2)
        cloud = PointCloud(points, colours, radius=0.05, outline=DARK.background)
        self.heading("Layer 2 of 5: tanh", "2 → 2 neurons")
        self.caption("The network bends the plane layer by layer, and never tears it.")
        epoch = self.readout("epoch", "d", widest=600)
        loss = self.readout("loss", ".4f", widest=1.0)
        self.add(grid, cloud)

        def bend(alpha: float) -> None:
            grid.set_lines(twist(lines, alpha * PI / 6))
            cloud.set_positions(twist(points, alpha * PI / 6))
            epoch.set_value(600 * alpha)
            loss.set_value(1 - alpha)

        self.play_clock(3.0, bend)


class KeepingSink:
    """Keeps all frames in memory."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []

    def wants(self, first: int, last: int) -> range:
        return range(first, last)

    def buffer(self) -> np.ndarray:
        return np.zeros((HEIGHT, WIDTH, 4), np.uint8)

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        self.frames += [pixels] * len(frames)


def film_ratio(folder: Path, rounds: int) -> tuple[float, float, float]:
    """Milliseconds a frame of rendering and of encoding alone, and the median of their ratios."""
    parts = [Part(Warping, {}, {})]
    rendering, encoding = [], []
    with configured(parts, WIDTH, HEIGHT, RATE):
        measure_parts(parts)
        kept = KeepingSink()
        play(parts, kept)
        frames = len(kept.frames)
        for _ in range(rounds):
            begin = time.perf_counter()
            encoder = Encoder(folder / "alone.mp4", WIDTH, HEIGHT, RATE)
            for pixels in kept.frames:
                encoder.write(pixels)
            encoder.finish()
            encoding.append((time.perf_counter() - begin) / frames * 1e3)
            begin = time.perf_counter()
            sink = FilmSink(Encoder(folder / "film.mp4", WIDTH, HEIGHT, RATE))
            play(parts, sink)
            sink.finish()
            rendering.append((time.perf_counter() - begin) / frames * 1e3)
    ratios = [a / b for a, b in zip(rendering, encoding, strict=True)]
    return statistics.median(rendering), statistics.median(encoding), statistics.median(ratios)


def main() -> None:
    """Print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        film, alone, ratio = film_ratio(Path(folder), rounds)
    print(f"1080p60, 1000 points and 40 lines: {film:.1f} ms a frame, encoder alone {alone:.1f} ms, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
