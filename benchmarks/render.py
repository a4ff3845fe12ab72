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
from manim import PI, Dot, Group, ManimColor, Mobject, MovingCamera, VGroup, VMobject, tempconfig

from scenes.encoding import Encoder
from scenes.mobjects.field import Field, ValueField, ramp_between
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.painting.camera import PaintCamera
from scenes.rendering import Part, configured, measure_parts, play
from scenes.sinks import FilmSink
from scenes.stage import Stage
from scenes.theme import DARK, Zone

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


def painted_and_plain() -> dict[str, tuple[Mobject, Mobject]]:
    """Pictures, each as a painted mobject and in the straightforward way: a Dot each, a line each, a Square each."""
    points, colours = data_points()
    lines = twist(grid_lines(), 0.4)
    dots = VGroup(
        *(Dot([*p, 0], radius=0.05, color=ManimColor.from_rgb(c)) for p, c in zip(points, colours, strict=True))
    )
    strokes = VGroup(
        *(
            VMobject(stroke_width=2, stroke_color=DARK.faint).set_points_as_corners(np.pad(line, ((0, 0), (0, 1))))
            for line in lines
        )
    )
    y, x = np.meshgrid(np.linspace(-1, 1, 200), np.linspace(-1, 1, 200), indexing="ij")
    ramp = ramp_between([(0, DARK.classes[0], 1), (1, DARK.classes[1], 1)])
    values = ValueField(np.sin(3 * x) * y, Zone(-2.5, 2.5, -2.5, 2.5), ramp, -1, 1, smooth=False)
    rng = np.random.default_rng(0)
    images = [
        Field(rng.random((28, 28)), Zone(-6 + k % 8 * 1.5, -4.8 + k % 8 * 1.5, k // 8 - 2, k // 8 - 1), smooth=False)
        for k in range(32)
    ]
    return {
        "1000 points and 40 lines": (
            Group(Polylines(lines, DARK.faint, width=2), PointCloud(points, colours, radius=0.05)),
            Group(strokes, dots),
        ),
        "a field of 200 x 200": (values, values.as_vectors()),
        "32 images of 28 x 28": (Group(*images), Group(*(image.as_vectors() for image in images))),
    }


def drawing_ratios(rounds: int) -> list[tuple[str, float, float]]:
    """Milliseconds that drawing takes at 720p, painted and plain."""
    rows = []
    settings = {"pixel_width": 1280, "pixel_height": 720, "frame_height": 8.0, "frame_width": 128 / 9}
    with tempconfig({**settings, "background_color": DARK.background, "verbosity": "ERROR"}):
        for name, (painted, plain) in painted_and_plain().items():
            times: list[tuple[float, float]] = []
            cameras = PaintCamera(), MovingCamera()
            cameras[0].capture_mobjects([painted])
            for _ in range(rounds):
                taken = []
                for camera, mobject in zip(cameras, (painted, plain), strict=True):
                    begin = time.perf_counter()
                    camera.capture_mobjects([mobject])
                    taken.append((time.perf_counter() - begin) * 1e3)
                times.append((taken[0], taken[1]))
            rows.append((name, *(statistics.median(column) for column in zip(*times, strict=True))))
    return rows


def main() -> None:
    """Print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; medians are shown")
    rounds = parser.parse_args().rounds
    print("| drawing at 720p, ms | painted | plain manim | ratio |")
    print("|---|---|---|---|")
    for name, painted, plain in drawing_ratios(rounds):
        print(f"| {name} | {painted:.2f} | {plain:.1f} | {plain / painted:.0f}x |")
    with tempfile.TemporaryDirectory() as folder:
        film, alone, ratio = film_ratio(Path(folder), rounds)
    print("\n| film at 1080p60, ms a frame | rendered | encoder alone | ratio |")
    print("|---|---|---|---|")
    print(f"| 1000 points and 40 lines that bend | {film:.1f} | {alone:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
