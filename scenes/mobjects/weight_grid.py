"""The weights of a layer: an image for each neuron, or one matrix."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import arranged, outlines
from scenes.mobjects.tiles import Tiles, weight_ramp
from scenes.theme import DARK, Theme, Zone, rgb

FRAME = 1.5  # stroke of the line around each image
MOST_IMAGES = 32


class WeightGrid(VGroup):
    """The weights of each neuron as an image over the pixels that it looks at; blue positive, orange-red negative.

    Parameters
    ----------
    images : array (N, h, w)
        See `weight_images` and `weight_matrix`.
    largest : float
        The weight that gets the full colour; keep it while others change, so that they can be compared.
    zone : Zone
        The images are made as large as fit.
    """

    def __init__(self, images: np.ndarray, largest: float, zone: Zone, gap: float = 0.15, theme: Theme = DARK) -> None:
        self.theme, self.largest = theme, float(largest)
        height, width = images.shape[1:]
        self.boxes = arranged(len(images), zone, width / height, gap)
        self.tiles = Tiles(images, self.boxes, weight_ramp(theme), -self.largest, self.largest)
        self.frames = Polylines(outlines(self.boxes), theme.muted, FRAME)
        super().__init__(self.tiles, self.frames)
        self.light(np.ones(len(images)))

    def set_images(self, images: np.ndarray) -> WeightGrid:
        """Show other weights of the same neurons, (N, h, w)."""
        self.tiles.set_values(images)
        return self

    def light(self, strengths: np.ndarray, chosen: int | None = None) -> WeightGrid:
        """Set how bright each image is, (N,) between 0 and 1, and which one's frame is highlighted."""
        self.tiles.strengths = np.asarray(strengths, dtype=np.float64)
        colours = np.tile([*rgb(self.theme.muted), 0.8], (len(self.boxes), 1))
        colours[:, 3] *= strengths
        if chosen is not None:
            colours[chosen] = (*rgb(self.theme.highlight), 1.0)
        self.frames.set_colours(colours)
        return self

    def set_boxes(self, boxes: np.ndarray) -> WeightGrid:
        """Move and stretch the images, to (N, 4): left, right, bottom and top of each."""
        self.boxes = np.asarray(boxes, dtype=np.float64)
        self.tiles.set_boxes(self.boxes)
        self.frames.set_lines(outlines(self.boxes))
        return self


def weight_images(weight: np.ndarray, shape: tuple[int, ...], neurons: list[int] | range | None = None) -> np.ndarray:
    """The weights (h * w, units) of neurons over an image of the given shape as images (N, h, w)."""
    weight = np.asarray(weight)
    chosen = weight if neurons is None else weight[:, list(neurons)]
    return np.ascontiguousarray(chosen.T.reshape(-1, shape[0], shape[1]))


def weight_matrix(weight: np.ndarray) -> np.ndarray:
    """The weights (in_features, units) as one image (1, units, in_features): a row for each neuron."""
    return np.ascontiguousarray(np.asarray(weight).T[None])
