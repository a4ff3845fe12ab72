"""All filters of the first layer: each finds something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.convolution.window import IMAGE
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import arranged, outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.weight_grid import WeightGrid
from scenes.numbers import counted
from scenes.theme import SAFE, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.convolution.scene import Convolution

ZONE = Zone(-2.2, SAFE.right, -2.3, 2.6)
MOST = 18
FILTER, GAP = 0.45, 0.1  # side of a filter and its distance, as shares of its map's height
OTHERS = 4  # images that pass by


def all_filters(stage: Convolution) -> None:
    """Every filter with its map of the image, and of others."""
    theme = stage.theme
    count = len(stage.filterings)
    shown = list(range(min(count, MOST)))
    rows, columns = stage.filterings[0].shape
    wide = columns / rows
    cells = arranged(len(shown), ZONE, wide + FILTER + GAP, 0.14)
    side = cells[:, 3] - cells[:, 2]
    maps, small = cells.copy(), cells.copy()
    maps[:, 0] = cells[:, 1] - side * wide
    middle = (cells[:, 2] + cells[:, 3]) / 2
    small[:, 1] = cells[:, 0] + side * FILTER
    small[:, 2], small[:, 3] = middle - side * FILTER / 2, middle + side * FILTER / 2
    image = ImagePanel(stage.image, IMAGE, stage.low, stage.high, theme)
    filters = WeightGrid(np.stack([stage.filterings[k].weight for k in shown]), stage.largest, ZONE, theme=theme)
    filters.set_boxes(small)
    first = stage.maps_of(stage.example)[shown]
    pictures = stage.filter_maps = Tiles(first, maps, brightness_ramp(theme), *stage.bright)
    frames = Polylines(outlines(maps), np.tile([*rgb(theme.muted), 0.8], (len(shown), 1)), 1.5)
    stage.heading(counted(count, "filter"))
    stage.caption(f"This layer has {counted(count, 'filter')}:\neach makes a map of its own.")
    pictures.strengths = np.zeros(len(shown))
    filters.light(np.zeros(len(shown)))
    stage.fade(image)
    tints = np.tile([*rgb(theme.muted), 0.8], (len(shown), 1))

    def appear(share: float) -> None:
        come = np.clip(share * (len(shown) + 2) / 2 - np.arange(len(shown)) / 2, 0.0, 1.0)
        filters.light(np.clip(2 * come, 0.0, 1.0))
        pictures.strengths = np.clip(2 * come - 1, 0.0, 1.0)
        frames.set_colours(tints * np.column_stack([np.ones((len(shown), 3)), pictures.strengths]))

    stage.play_clock(0.5 * len(shown) + TIMING.beat, appear, filters, pictures, frames, rate_func=lambda t: t)
    stage.read(TIMING.beat)
    others = stage.other_images(OTHERS)
    if others:
        stage.caption("Another image, the same filters:\nother places respond.")
    for number in others:
        change_image(stage, image, pictures, number, shown)
        stage.wait(0.7)
    stage.leave(image, filters, pictures, frames)


def change_image(stage: Convolution, image: ImagePanel, pictures: Tiles, number: int, shown: list[int]) -> None:
    """Blend to another image and its maps."""
    before, after = image.picture.values[0].copy(), stage.image_of(number)
    maps_before, maps_after = pictures.values.copy(), stage.maps_of(stage.x[number])[shown]

    def change(share: float) -> None:
        image.set_image(before + (after - before) * share)
        pictures.set_values(maps_before + (maps_after - maps_before) * share)

    stage.play_clock(0.4, change, image, pictures)
