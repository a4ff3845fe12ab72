"""One unit of the first layer: its weights, what excites it most, and what least."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from manim import linear, smooth

from engine.layers import Conv2D, Dense
from scenes.features.filters import first_images
from scenes.features.units import field_of
from scenes.images import most_excited
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.matrix import MOST_ROWS, kept
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp, weight_ramp
from scenes.mobjects.weight_grid import WeightGrid
from scenes.mobjects.writing import CENTER, LEFT, number_text, written
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.features.scene import Features
    from scenes.mobjects.still import Still

WEIGHTS = Zone(SAFE.left, -3.56, -0.9, 2.2)
KEY = Zone(SAFE.left, -3.56, -2.3, -1.2)
ROWS = (Zone(-2.7, SAFE.right, 0.55, 1.85), Zone(-2.7, SAFE.right, -1.75, -0.45))
NUMBER, TITLE = 0.24, 0.3  # distances of a number below its picture, and of a title above a row
SHOWN = 6
SEARCHED = 1000  # images
A_PIECE, MOVING = 0.55, 0.6  # seconds for a piece, and the share of them in which weights move on to it
OVER = 0.65  # opacity of weights that lie over a piece


class Extremes(NamedTuple):
    """What excites a unit most, or least.

    Attributes
    ----------
    pieces : ndarray, (k, h, w)
        The parts of images that it sees.
    sums : ndarray, (k,)
        What it adds up there, with its bias, before its activation function.
    numbers : ndarray of int, (k,)
        Of the images.
    """

    pieces: np.ndarray
    sums: np.ndarray
    numbers: np.ndarray


def extremes(stage: Features, layer: int, unit: int | None = None) -> tuple[int, Extremes, Extremes]:
    """A unit of a layer, what excites it most and what least; by default the unit that tells images apart most."""
    settings = stage.net.layers[layer]
    if unit is None and isinstance(settings, Dense):
        # the one that the scene `neuron` looks at
        unit = most_excited(stage.net, layer, stage.recording.data.x, kept(settings.units, MOST_ROWS))[0]
    x = stage.x[:SEARCHED]
    sums = np.asarray(stage.net.pre_activations(x)[layer], dtype=np.float64)
    spread = sums.reshape(len(x), -1, sums.shape[-1])
    chosen = int(spread.max(axis=1).std(axis=0).argmax()) if unit is None else unit
    of_unit, field = spread[:, :, chosen], field_of(stage, layer)
    found = []
    for sign in (1, -1):
        at = (sign * of_unit).argmax(axis=1)
        best = np.argsort(-sign * of_unit[np.arange(len(x)), at], kind="stable")[:SHOWN]
        places = [np.unravel_index(int(at[k]), sums.shape[1:-1]) if sums.ndim == 4 else () for k in best]
        pieces = [
            field.box([int(each) for each in place]).cut(image)
            for place, image in zip(places, stage.images(best), strict=True)
        ]
        found.append(Extremes(np.array(pieces), of_unit[best, at[best]], best))
    return chosen, found[0], found[1]


def one_unit(stage: Features) -> None:
    """The weights of one unit beside what it adds up to much over, and to little."""
    theme = stage.theme
    layer = stage.hidden[0] if stage.hidden else len(stage.net.layers) - 1
    images = first_images(stage, layer)
    if images is None:
        return  # a block of layers has no weights that could be laid over an image
    stage.unit, most, least = extremes(stage, layer)
    stage.unit_extremes = (most, least)
    if stage.unit >= len(images):
        weight = stage.net.weights[f"{layer}.weight"]
        shape = stage.shape if isinstance(stage.net.layers[layer], Dense) else weight.shape[:2]
        images = weight.reshape(-1, weight.shape[-1])[:, stage.unit].reshape(1, *shape).astype(np.float64)
    else:
        images = images[stage.unit : stage.unit + 1]
    largest = float(np.abs(images).max()) or 1.0
    grid = WeightGrid(images, largest, WEIGHTS, theme=theme)
    key = ScaleLegend(weight_ramp(theme), -largest, largest, KEY, "weight", theme=theme)
    noun = "filter" if isinstance(stage.net.layers[layer], Conv2D) else "neuron"
    stage.heading(f"{noun.capitalize()} {stage.unit + 1} of the first layer")
    weigh(stage, grid, key, images, noun)
    shown: list[Tiles | Polylines] = []
    texts = []
    for zone, found, title in zip(ROWS, (most, least), ("most", "least"), strict=True):
        boxes = row_boxes(zone, len(found.pieces), found.pieces.shape[1:])
        tiles = Tiles(found.pieces, boxes, brightness_ramp(theme), stage.low, stage.high)
        frames = Polylines(outlines(boxes), np.tile([*rgb(theme.muted), 0.6], (len(boxes), 1)), 1.2)
        name = written(f"excite it {title}", (boxes[0, 0], zone.top + TITLE), LEFT, TEXT.label, theme.text)
        sums = [
            written(number_text(float(value)), (box[:2].mean(), box[2] - NUMBER), CENTER, TEXT.small, theme.muted)
            for value, box in zip(found.sums, boxes, strict=True)
        ]
        bias = float(stage.net.weights[f"{layer}.bias"][stage.unit])
        stage.caption(said_of(title, bool((found.sums < bias).all())))
        stage.fade(tiles, frames, name, seconds=TIMING.quick)
        lay_over(stage, WeightGrid(images, largest, WEIGHTS, theme=theme), boxes, sums)
        stage.read(TIMING.quick)
        shown += [tiles, frames]
        texts += [name, *sums]
    stage.read(TIMING.beat)
    stage.leave(grid, key, *shown, *texts)


def weigh(stage: Features, grid: WeightGrid, key: ScaleLegend, images: np.ndarray, noun: str) -> None:
    """The weights of either sign by themselves, then all."""
    positive, negative = np.maximum(images, 0), np.minimum(images, 0)
    grid.set_images(positive)
    stage.caption(f"Where a weight is positive,\nthe {noun} wants strokes.")
    stage.fade(grid, key)
    stage.read(TIMING.beat)
    stage.caption("Where one is negative, it wants none.")
    stage.play_clock(TIMING.beat, lambda share: grid.set_images(positive + share * (negative - positive)), grid)
    stage.read(TIMING.beat)
    stage.caption("And near zero it does not care.")
    stage.play_clock(TIMING.beat, lambda share: grid.set_images(negative + share * positive), grid)
    stage.read(TIMING.beat)


def lay_over(stage: Features, copy: WeightGrid, boxes: np.ndarray, sums: list[Still]) -> None:
    """A copy of the weights is laid over one piece after the other; each sum comes when it has arrived there."""
    stops = np.concatenate([copy.boxes, boxes])
    count = len(boxes)
    for text in sums:
        text.set_opacity(0.0)

    def slide(share: float) -> None:
        at = share * (count + 1)
        leg = min(int(at), count - 1)
        way = smooth(min(1.0, (at - leg) / MOVING))
        copy.set_boxes((stops[leg] + (stops[leg + 1] - stops[leg]) * way)[None])
        copy.set_opacity(OVER * float(np.clip(count + 1 - at, 0.0, 1.0)))
        for k, text in enumerate(sums):
            text.set_opacity(float(np.clip((at - k - MOVING) / (1 - MOVING), 0.0, 1.0)))

    stage.play_clock(A_PIECE * (count + 1), slide, copy, *sums, rate_func=linear)
    stage.remove(copy)


def said_of(title: str, against: bool) -> str:
    """What is to be seen of a row; of the smallest sums whether the products themselves are below zero."""
    if title == "most":
        return "Its largest sums: here it finds\nwhat it is looking for."
    if against:
        return "Its smallest sums: strokes lie\nwhere its weights are negative."
    return "Its smallest sums: here it finds\nlittle of what it looks for."


def row_boxes(zone: Zone, count: int, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes (count, 4) of pieces of a shape in a row from the left of a zone."""
    step = zone.width / SHOWN
    aspect = shape[1] / shape[0]
    height = min(zone.height, 0.85 * step / aspect)
    x = zone.left + step * np.arange(count)
    middle = zone.center[1]
    return np.column_stack(
        [x, x + height * aspect, np.full(count, middle - height / 2), np.full(count, middle + height / 2)]
    )
