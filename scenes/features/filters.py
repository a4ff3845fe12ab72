"""The weights of the first layers, which can be looked at as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.layers import Conv2D, Dense
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.tiles import weight_ramp
from scenes.mobjects.weight_grid import MOST_IMAGES, WeightGrid, weight_images
from scenes.mobjects.writing import written
from scenes.numbers import counted
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from scenes.features.scene import Features
    from scenes.mobjects.still import Still

GRID = Zone(-5.2, 2.4, -2.1, 2.5)
KEY = Zone(3.9, SAFE.right, 1.5, 2.4)
SIDE = (3.9, 0.75)
MATRIX = Zone(SAFE.left, 3.3, -2.1, 2.5)
MOST_ROWS, MOST_COLUMNS = 16, 16
SPACE = 0.12  # between small filters, as a share of their size


def filters(stage: Features) -> None:
    """The first layer's filters, and those of the next."""
    net = stage.net
    first, *later = stage.hidden or [len(net.layers) - 1]
    layer = net.layers[first]
    assert isinstance(layer, (Conv2D, Dense)) or later
    stage.heading("Weights")
    images = first_images(stage, first)
    if images is not None:
        show_first(stage, first, images)
    second = next((k for k in later if isinstance(net.layers[k], Conv2D)), None)
    if second is not None:
        stage.sweep()
        show_later(stage, second)


def first_images(stage: Features, layer: int) -> np.ndarray | None:
    """The weights of the first layer as images (N, h, w); None if its units have more than one."""
    settings = stage.net.layers[layer]
    if isinstance(settings, Conv2D):
        weight = stage.net.weights[f"{layer}.weight"]
        return weight[:, :, 0, :MOST_IMAGES].transpose(2, 0, 1).astype(np.float64)
    if isinstance(settings, Dense):
        shown = range(min(settings.units, MOST_IMAGES))
        return weight_images(stage.net.weights[f"{layer}.weight"], stage.shape, shown).astype(np.float64)
    return None


def show_first(stage: Features, layer: int, images: np.ndarray) -> None:
    """The weights of each unit of the first layer over the pixels that it looks at."""
    theme = stage.theme
    largest = float(np.abs(images).max()) or 1.0
    grid = stage.first_filters = WeightGrid(images, largest, GRID, theme=theme)
    key = ScaleLegend(weight_ramp(theme), -largest, largest, KEY, "weight", theme=theme)
    convolution = isinstance(stage.net.layers[layer], Conv2D)
    noun = "filter" if convolution else "neuron"
    stage.caption("What does a network look for?\nIts first weights can be looked at.")
    stage.fade(grid, key)
    stage.read(TIMING.beat)
    size = f"{images.shape[1]} × {images.shape[2]}"
    total = stage.net.layer_shapes[layer][-1]
    which = f"All {total}" if total == len(images) else f"{len(images)} of {total}"
    which = f"The one {noun} sees" if total == 1 else f"{which} {noun}s see"
    stage.caption(f"{which} {size} pixels each:\nblue wants strokes there, orange none.")
    stage.read(TIMING.beat)
    stage.leave(grid, key)


def show_later(stage: Features, layer: int) -> None:
    """A later convolution: each of its filters has a grid for each map of the layer before."""
    theme = stage.theme
    weight = stage.net.weights[f"{layer}.weight"].astype(np.float64)
    height, width, channels, count = weight.shape
    rows, columns = min(channels, MOST_ROWS), min(count, MOST_COLUMNS)
    shown = weight[:, :, :rows, :columns].transpose(2, 3, 0, 1).reshape(rows * columns, height, width)
    largest = float(np.abs(weight).max()) or 1.0
    grid = stage.later_filters = WeightGrid(shown, largest, MATRIX, theme=theme)
    side = min(MATRIX.width / (columns * (1 + SPACE)), MATRIX.height / (rows * (1 + SPACE)) * width / height)
    grid.set_boxes(matrix_boxes(rows, columns, side, side * height / width))
    grid.frames.set_opacity(0.6)
    key = ScaleLegend(weight_ramp(theme), -largest, largest, KEY, "weight", theme=theme)
    lines = [f"columns: {counted(columns, 'filter')}", f"rows: {counted(rows, 'map')} before"]
    notes = [note(text, k, theme.muted) for k, text in enumerate(lines)]
    stage.caption("A later filter has a grid of weights\nfor each map of the layer before.")
    stage.fade(grid, key, *notes)
    stage.read(TIMING.beat)
    stage.caption("These say little to us.\nBetter to ask what excites them.")
    stage.read(TIMING.beat)
    stage.leave(grid, key, *notes)


def matrix_boxes(rows: int, columns: int, width: float, height: float) -> np.ndarray:
    """Boxes (rows * columns, 4) row by row, in the middle of the zone."""
    across, down = (1 + SPACE) * width, (1 + SPACE) * height
    x = MATRIX.center[0] + across * (np.arange(columns) - (columns - 1) / 2)
    y = MATRIX.center[1] - down * (np.arange(rows) - (rows - 1) / 2)
    x, y = (each.ravel() for each in np.meshgrid(x, y))
    return np.column_stack([x - width / 2, x + width / 2, y - height / 2, y + height / 2])


def note(text: str, number: int, color: str) -> Still:
    """A line beside the picture."""
    return written(text, (SIDE[0], SIDE[1] - 0.4 * number), (-1, 0), TEXT.small, color)
