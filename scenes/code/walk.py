"""A walk over the map: what the decoder makes of codes that no image has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from manim import Mobject, linear

from scenes.code.autoencoder import DEEP, POINTS, Autoencoder
from scenes.code.chart import Chart, corners_of_codes
from scenes.code.charting import colours_of
from scenes.code.dials import Dials, kind_like, said_of_ends
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import in_rows
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.theme import SAFE, TIMING, Zone

if TYPE_CHECKING:
    from scenes.code.scene import Code

MAP, IMAGE = Zone(SAFE.left, 0.6, -2.3, 2.7), Zone(1.9, 6.1, -1.15, 2.65)
DIALS = Zone(1.55, 6.45, -2.4, -1.4)
EVERYTHING = Zone(SAFE.left, SAFE.right, -2.45, 2.8)
LEAST = 0.02  # of the codes lie beyond each edge of what is walked over
SECONDS = 14.0
ROWS = 10
Way = Callable[[Any], np.ndarray]  # from shares of the time, 0 to 1, to codes


def play(stage: Code) -> None:
    """From kind to kind over the map, then one dial at a time, then the whole map."""
    autoencoder = stage.choose(DEEP)
    theme = stage.theme
    x = autoencoder.x[:POINTS]
    codes = autoencoder.codes(x)
    labels = None if autoencoder.labels is None else autoencoder.labels[:POINTS]
    low, high = corners_of_codes([codes])
    chart = Chart(codes, colours_of(labels, len(x), theme), MAP, low, high, theme=theme)
    chart.cloud.set_opacity(0.4)
    way = path(codes, labels)
    start = way(0.0)
    image = ImagePanel(autoencoder.rebuilt(start[None])[0], IMAGE, autoencoder.low, autoencoder.high, theme)
    at = PointCloud(chart.place(start[None]), theme.highlight, 0.11, theme.background)
    trail = Polylines(np.tile(chart.place(start[None]), (200, 1))[None], theme.highlight, 2.5)
    dials = Dials(*ends_of_dials(codes), DIALS, theme)

    def go(code: np.ndarray) -> None:
        at.set_positions(chart.place(code[None]))
        image.set_image(autoencoder.rebuilt(code[None])[0])
        dials.set_code(code)

    def follow(share: float) -> None:
        go(way(share))
        trail.set_lines(chart.place(way(share * np.linspace(0, 1, 200)))[None])

    stage.heading("A walk over the map")
    stage.caption("Any two numbers are a code:\nthe decoder makes an image of them.")
    follow(0.0)
    stage.fade(chart.frame, *([chart.axes] if chart.axes is not None else []), chart.cloud, trail, at, image, dials)
    chart.cloud.set_opacity(0.4)
    moved = (at, trail, image, dials)
    stage.play_clock(SECONDS / 2, lambda share: follow(share / 2), *moved, rate_func=linear)
    stage.caption("Between two kinds it makes images\nthat nobody has drawn.")
    stage.play_clock(SECONDS / 2, lambda share: follow(0.5 + share / 2), *moved, rate_func=linear)
    stage.read(TIMING.beat)
    stage.fade(leaving=(trail,), seconds=TIMING.quick)
    turn_dials(stage, autoencoder, codes, way(1.0), go, (at, image, dials))
    leaving = (chart.frame, *([chart.axes] if chart.axes is not None else []), chart.cloud, at, image, dials)
    stage.fade(leaving=leaving, seconds=TIMING.quick)
    whole(stage, autoencoder, codes)


def ends_of_dials(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest that the two numbers are turned to."""
    return np.quantile(codes, LEAST, axis=0), np.quantile(codes, 1 - LEAST, axis=0)


def turn_dials(
    stage: Code,
    autoencoder: Autoencoder,
    codes: np.ndarray,
    start: np.ndarray,
    go: Callable[[np.ndarray], None],
    moved: tuple[Mobject, ...],
) -> None:
    """Turn one of the two numbers up from its lowest while the other stays in the middle, then the other."""
    ends, middle = ends_of_dials(codes), np.median(codes, axis=0)
    stage.heading("Two dials")
    for axis, which in enumerate(("first", "second")):
        low, high = middle.copy(), middle.copy()
        low[axis], high[axis] = (end[axis] for end in ends)
        stage.caption(f"Turn the {which} number alone,\nand watch what it does.")

        for a, b, seconds in ((start, low, TIMING.hold), (low, high, 2 * TIMING.slow + TIMING.beat)):

            def turn(share: float, a: np.ndarray = a, b: np.ndarray = b) -> None:
                go(a + share * (b - a))

            stage.play_clock(seconds, turn, *moved)
        if autoencoder.labels is not None:
            pictures = autoencoder.rebuilt(np.array([low, high]))
            kinds = [kind_like(picture, autoencoder.x, autoencoder.labels) for picture in pictures]
            stage.caption(said_of_ends(kinds[0], kinds[1], autoencoder.names))
            stage.read(TIMING.beat)
        start = high


def path(codes: np.ndarray, labels: np.ndarray | None) -> Way:
    """A way through the middles of all kinds, from each to the nearest that is left."""
    kinds = [codes] if labels is None else [codes[labels == k] for k in np.unique(labels)]
    middles = [np.median(kind, axis=0) for kind in kinds]
    if len(middles) < 3:
        low, high = np.quantile(codes, 0.1, axis=0), np.quantile(codes, 0.9, axis=0)
        middles = [np.array(corner) for corner in (low, (high[0], low[1]), high, (low[0], high[1]))]
    order = [min(range(len(middles)), key=lambda k: middles[k][0])]
    while len(order) < len(middles):
        left = [k for k in range(len(middles)) if k not in order]
        order.append(min(left, key=lambda k: float(np.linalg.norm(middles[k] - middles[order[-1]]))))
    stops = np.array([middles[k] for k in order])
    last = len(stops) - 1

    def way(share: float | np.ndarray) -> np.ndarray:
        # each piece in the same time, at rest at both ends
        at = np.asarray(share) * last
        piece = np.minimum(np.floor(at).astype(int), last - 1)
        done = at - piece
        done = (done * done * (3 - 2 * done))[..., None]
        return np.asarray((1 - done) * stops[piece] + done * stops[piece + 1])

    return way


def whole(stage: Code, autoencoder: Autoencoder, codes: np.ndarray) -> None:
    """What the decoder makes of codes all over the map."""
    height, width = autoencoder.shape
    columns = int(ROWS * EVERYTHING.width / EVERYTHING.height * height / width)
    lattice, boxes = lattice_of(codes, columns)
    tiles = Tiles(autoencoder.rebuilt(lattice), boxes, brightness_ramp(stage.theme), autoencoder.low, autoencoder.high)
    stage.heading("The whole map")
    stage.caption(f"{len(lattice)} codes, evenly spaced,\nand what they are rebuilt to.")
    stage.fade(tiles)
    stage.read(2 * TIMING.slow)


def lattice_of(codes: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (ROWS * columns, 2) all over the map, from the upper left on, and their boxes in the frame."""
    lows, highs = ends_of_dials(codes)
    first, second = np.meshgrid(np.linspace(lows[0], highs[0], columns), np.linspace(highs[1], lows[1], ROWS))
    size = min(EVERYTHING.height / (ROWS * 1.06), EVERYTHING.width / (columns * 1.06))
    return np.column_stack([first.ravel(), second.ravel()]), in_rows(
        ROWS * columns, columns, EVERYTHING, size, 1.0, 0.06
    )
