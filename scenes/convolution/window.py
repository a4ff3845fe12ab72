"""One filter: the sum under the window, and the feature map that fills as it slides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VMobject, smooth

from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.number_tiles import NumberTiles
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import arranged, outlines
from scenes.mobjects.still import Still
from scenes.mobjects.tiles import Tiles, brightness_ramp, weight_ramp
from scenes.mobjects.writing import number_text, written
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.convolution.filtering import Filtering
    from scenes.convolution.scene import Convolution

# Close up: the image, and three grids with their numbers.
CLOSE_IMAGE = Zone(SAFE.left, -3.66, -0.95, 2.05)
CLOSE = [Zone(x, x + 3.0, -0.95, 2.05) for x in (-3.24, 0.21, 3.66)]
CLOSE_SIGNS = (-0.015, 3.435)
NAMES_BELOW = -1.25
FORMULA = -1.95
# Sliding: the image, three small grids with the sum under them, the map.
IMAGE, MAP = Zone(SAFE.left, -2.82, -1.5, 2.34), Zone(2.82, SAFE.right, -1.5, 2.34)
SMALL = [Zone(x, x + 1.35, 0.35, 1.7) for x in (-2.47, -0.675, 1.12)]
SMALL_SIGNS = (-0.9, 0.9)
SUM = -0.25
AROUND = np.array([-0.04, 0.04, -0.04, 0.04])  # room between a pixel and the line around it
ALONG = 0.34  # distance of a name from its picture
A_STEP = 0.3  # seconds, at first
SWEEP = 6.0
SHOWN_STEPS = 5


class WindowPicture:
    """The image with the window on it, what it sees times the weights, and the map that fills.

    Parameters
    ----------
    stage : Convolution
    filtering : Filtering
    """

    def __init__(self, stage: Convolution, filtering: Filtering) -> None:
        self.theme, self.filtering = stage.theme, filtering
        theme, largest = stage.theme, float(np.abs(filtering.weight).max()) or 1.0
        scale = largest * max(1.0, abs(stage.low), abs(stage.high))
        self.image = ImagePanel(filtering.image, IMAGE, stage.low, stage.high, theme)
        signed, bright = weight_ramp(theme), brightness_ramp(theme)
        aspect = filtering.weight.shape[1] / filtering.weight.shape[0]
        boxes = [arranged(1, zone, aspect)[0] for zone in SMALL]
        self.seen = NumberTiles(filtering.window(0, 0), boxes[0], bright, stage.low, stage.high, theme=theme)
        self.weights = NumberTiles(filtering.weight, boxes[1], signed, -scale, scale, theme=theme)
        self.products = NumberTiles(filtering.weight, boxes[2], signed, -scale, scale, theme=theme)
        self.grids = (self.seen, self.weights, self.products)
        self.small = np.array(boxes)
        self.large = np.array([arranged(1, zone, aspect)[0] for zone in CLOSE])
        self.places = (self.image.box[0].copy(), ImagePanel(filtering.image, CLOSE_IMAGE).box[0])
        self.window = Polylines(np.zeros((1, 5, 2)), theme.highlight, 3.0)
        faint = np.tile([*rgb(theme.highlight), 0.35], (2, 1))
        self.beams = Polylines(np.zeros((2, 2, 2)), faint, 1.5)
        self.beams_out = Polylines(np.zeros((2, 2, 2)), faint, 1.5)
        rows, columns = filtering.shape
        self.map_box = map_box(filtering, self.places[0], MAP)
        self.most = float(np.abs(filtering.sums).max()) or 1.0
        self.map = Tiles(np.zeros((1, rows, columns)), self.map_box[None], signed, -self.most, self.most)
        self.frame = Polylines(outlines(self.map_box[None]), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        self.cell = Polylines(np.zeros((1, 5, 2)), theme.highlight, 2.5)
        self.result = result_tiles(stage, filtering, self.map_box)
        self.set_map(np.full((rows, columns), np.nan))
        self.show(0, 0)

    def show(self, row: int, column: int) -> None:
        """Put the window at a place."""
        filtering = self.filtering
        self.at = (row, column)
        seen = filtering.window(row, column)
        self.seen.set_values(seen)
        self.products.set_values(seen * filtering.weight)
        box, end = filtering.box(row, column, self.image.box[0]), self.seen.box
        self.window.set_lines(outlines(box[None]))
        self.beams.set_lines(np.array([[[box[1], box[k]], [end[0], end[k]]] for k in (2, 3)]))
        cell = cell_box(self.map_box, filtering.shape, row, column) + AROUND
        self.cell.set_lines(outlines(cell[None]))
        start = self.products.box
        self.beams_out.set_lines(np.array([[[start[1], start[k]], [cell[0], cell[k]]] for k in (2, 3)]))

    def set_map(self, sums: np.ndarray) -> None:
        """Show the sums that are known, (h, w); those that are NaN look as zeros do."""
        self.known = sums
        self.map.set_values(np.nan_to_num(sums)[None])

    def set_close(self, share: float) -> None:
        """Between the sliding picture, 0, and the close one, 1; the numbers go before there is no room for them."""
        for grid, small, large in zip(self.grids, self.small, self.large, strict=True):
            grid.set_box(small + (large - small) * share).show_numbers(float(np.clip(20 * share - 19, 0.0, 1.0)))
        self.image.set_box(self.places[0] + (self.places[1] - self.places[0]) * share)
        self.show(*self.at)


def map_box(filtering: Filtering, image: np.ndarray, zone: Zone) -> np.ndarray:
    """Where a feature map goes: its pixels as large as the image's, if there is room, in the middle of a zone."""
    pixel = (image[1] - image[0]) / filtering.image.shape[1]
    rows, columns = filtering.shape
    pixel = min(pixel, zone.width / columns, zone.height / rows)
    x, y = zone.center[:2]
    return np.array([x - pixel * columns / 2, x + pixel * columns / 2, y - pixel * rows / 2, y + pixel * rows / 2])


def cell_box(
    box: np.ndarray, shape: tuple[int, int], row: int, column: int, size: tuple[int, int] = (1, 1)
) -> np.ndarray:
    """Where some cells of a picture with `shape` cells in a box are, from `row` and `column` on: (4,)."""
    left, right, bottom, top = box
    across, down = (right - left) / shape[1], (top - bottom) / shape[0]
    x, y = left + across * column, top - down * row
    return np.array([x, x + across * size[1], y - down * size[0], y])


def slide_window(stage: Convolution) -> None:
    """The sum under the window, close up; then everywhere."""
    filtering = stage.filtering
    picture = stage.window_picture = WindowPicture(stage, filtering)
    best = filtering.place(int(filtering.sums.argmax()))
    close_up(stage, picture, best)
    slide(stage, picture, best)


def close_up(stage: Convolution, picture: WindowPicture, best: tuple[int, int]) -> None:
    """Pixels times weights, added up, at the place where the filter fits best."""
    theme, filtering = stage.theme, picture.filtering
    rows, columns = filtering.weight.shape
    picture.show(*best)
    picture.set_close(1.0)
    names = [written(text, (box[:2].mean(), box[2] + NAMES_BELOW + 0.95), size=TEXT.label, color=theme.muted)
             for text, box in zip(("pixels", "weights", "products"), picture.large, strict=True)]  # fmt: skip
    signs = [written(text, (x, picture.large[0, 2:].mean()), size=56, color=theme.text)
             for text, x in zip("×=", CLOSE_SIGNS, strict=True)]  # fmt: skip
    stage.heading("A filter")
    stage.caption(f"A filter is a small grid of weights,\nhere {rows} × {columns}.")
    end = picture.large[1]
    start = end - np.array([1, 1, 0, 0]) * end[:2].mean()
    picture.weights.set_box(start)
    stage.fade(picture.weights)
    stage.wait(TIMING.beat + TIMING.quick)
    stage.play_clock(TIMING.beat, lambda share: picture.weights.set_box(start + (end - start) * share), picture.weights)
    stage.caption("It looks at an image through a window\nof its own size.")
    stage.fade(picture.image, picture.window, names[1])
    stage.wait(TIMING.quick)
    stage.add(picture.beams)
    stage.fade(picture.seen, picture.beams, names[0])
    stage.read(TIMING.beat)
    stage.caption("Each pixel is multiplied by its weight,\nand the products are added up.")
    stage.fade(picture.products, *signs, names[2])
    stage.read(TIMING.beat)
    formula = sum_text(stage, filtering, best)
    shown = [number_text(value) for value in stage.sum_shown]
    stage.caption(f"Together they give {shown[0]},\nand with the bias {shown[2]}.")
    stage.fade(formula)
    stage.read(TIMING.beat)
    stage.fade(leaving=(*names, *signs, formula), seconds=TIMING.quick)


def sum_text(stage: Convolution, filtering: Filtering, place: tuple[int, int]) -> Still:
    """The sum of the products, the bias and what comes of them, in numbers."""
    total = float(filtering.sums[place])
    stage.sum_shown = (total - filtering.bias, filtering.bias, total)
    shown = [number_text(value) for value in (total - filtering.bias, abs(filtering.bias), total)]
    off = round(round(total - filtering.bias, 2) + round(filtering.bias, 2) - round(total, 2), 2)
    sign, equals = "+" if filtering.bias >= 0 else "−", "≈" if off else "="
    text = f"sum of the products {shown[0]} {sign} bias {shown[1]} {equals} {shown[2]}"
    return written(text, (0.0, FORMULA), size=TEXT.readout, color=stage.theme.text)


def slide(stage: Convolution, picture: WindowPicture, best: tuple[int, int]) -> None:
    """The window slides over the image, and every sum becomes a pixel of the feature map."""
    theme, filtering = stage.theme, picture.filtering
    stage.play_clock(TIMING.beat + TIMING.quick, lambda share: picture.set_close(1 - share))
    total = sum_readout(stage, picture)
    signs = [written(text, (x, picture.small[0, 2:].mean()), size=44, color=theme.text)
             for text, x in zip("×=", SMALL_SIGNS, strict=True)]  # fmt: skip
    key = ScaleLegend(weight_ramp(theme), -picture.most, picture.most, Zone(MAP.left, MAP.right, -2.4, -1.75),
                      style=".1f", theme=theme)  # fmt: skip
    name = written("sums", (picture.map_box[:2].mean(), picture.map_box[3] + ALONG), size=TEXT.label, color=theme.muted)
    only = np.full(filtering.shape, np.nan)
    only[best] = filtering.sums[best]
    picture.set_map(only)
    stage.caption("The sum becomes one pixel\nof a new picture.")
    stage.fade(picture.map, picture.frame, picture.beams_out, picture.cell, key, name, *signs, total)
    stage.read(TIMING.beat)
    worst = filtering.place(int(filtering.sums.argmin()))
    if filtering.sums[worst] < 0:
        both = only.copy()
        both[worst] = filtering.sums[worst]
        stage.caption("Where strokes meet negative weights,\nthe sum is negative.")
        start, end = np.array(best, dtype=float), np.array(worst, dtype=float)

        def jump(share: float) -> None:
            go_to(picture, total, *np.rint(start + (end - start) * share).astype(int).tolist())
            if share == 1.0:
                picture.set_map(both)

        stage.play_clock(TIMING.beat + TIMING.quick, jump)
        stage.read(TIMING.beat)
    beyond = "" if not any(filtering.before) else "\nbeyond the edge it finds zeros."
    stage.caption(f"So it slides over the whole image{',' if beyond else ', row by row.'}{beyond}")
    last = filtering.sums.size - 1
    steps = min(SHOWN_STEPS, last)

    def sweep(share: float) -> None:
        # a few steps that can be followed, then ever faster
        seconds = share * SWEEP
        slow = steps * A_STEP
        k = seconds / A_STEP if seconds < slow else steps + (last - steps) * ease((seconds - slow) / (SWEEP - slow))
        number = min(last, int(k + 1e-9))
        go_to(picture, total, *filtering.place(number))
        picture.set_map(filtering.filled(number + 1))

    stage.play_clock(SWEEP, sweep, rate_func=lambda t: t)
    stage.read(TIMING.beat)
    leaving = (*signs, total, *picture.grids, picture.window, picture.beams, picture.beams_out, picture.cell)
    activate(stage, picture, leaving, key, name)


def ease(t: float) -> float:
    """From 0 to 1, slowly at first and at the end."""
    return float(smooth(min(max(t, 0.0), 1.0), 6.0))


def go_to(picture: WindowPicture, total: Readout, row: int, column: int) -> None:
    """Put the window at a place and say its sum."""
    picture.show(row, column)
    value = float(picture.filtering.sums[row, column])
    total.set_value(value)
    total.number_color = picture.theme.positive if value >= 0 else picture.theme.negative


def sum_readout(stage: Convolution, picture: WindowPicture) -> Readout:
    """The sum under the window, with the bias."""
    widest = -max(picture.most, 8.0)
    total = Readout("sum + bias", 0.0, ".2f", widest, TEXT.readout, label_color=stage.theme.muted)
    total.move_to([0.0, SUM, 0.0])
    go_to(picture, total, *picture.at)
    return total


def activate(
    stage: Convolution, picture: WindowPicture, leaving: tuple[VMobject, ...], key: ScaleLegend, name: Still
) -> None:
    """The activation function makes of the sums the feature map."""
    theme, filtering = stage.theme, picture.filtering
    weights = int(np.prod(filtering.weight.shape)) + 1
    stage.fade(leaving=leaving, seconds=TIMING.quick)
    shown = {"relu": "ReLU"}.get(filtering.activation, filtering.activation)
    title = written("feature map", (picture.map_box[:2].mean(), picture.map_box[3] + ALONG), size=TEXT.label,
                    color=theme.muted)  # fmt: skip
    if filtering.activation == "relu":
        stage.caption("ReLU keeps what is positive.\nThat is the feature map.")
    elif filtering.activation == "linear":
        stage.caption("That is the feature map.")
    else:
        stage.caption(f"The activation, {shown}, makes of the sums\nthe feature map.")
    picture.result.set_opacity(0.0)
    stage.fade(picture.result, leaving=(picture.map, key, name), seconds=TIMING.beat)
    stage.fade(title, seconds=TIMING.quick)
    stage.read(TIMING.beat)
    pixels, places = int(filtering.image.size), int(filtering.sums.size)
    counts = [
        written(f"{weights:,}", (0.0, 0.95), size=64, color=theme.highlight, bold=True),
        written("weights, with the bias", (0.0, 0.35), size=TEXT.label, color=theme.muted),
        written("instead of", (0.0, -0.3), size=TEXT.label, color=theme.muted),
        written(f"{pixels * places:,}", (0.0, -0.85), size=TEXT.heading, color=theme.text),
    ]
    stage.caption("The same few weights serve every place:\na stroke is a stroke anywhere.")
    stage.fade(*counts[:2])
    stage.read(TIMING.beat)
    stage.caption(f"Wiring {pixels:,} pixels to {places:,} neurons\nwould take a weight for each pair.")
    stage.fade(*counts[2:])
    stage.read(TIMING.beat)
    stage.leave(*counts, title, picture.image, picture.result, picture.frame)


def result_tiles(stage: Convolution, filtering: Filtering, box: np.ndarray) -> Tiles:
    """A feature map as bright as it is active."""
    low, high = min(0.0, float(filtering.results.min())), max(float(filtering.results.max()), 1e-9)
    return Tiles(filtering.results[None], box[None], brightness_ramp(stage.theme), low, high)
