"""A grey image in a frame."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import arranged, outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.theme import DARK, Theme, Zone, rgb


class ImagePanel(VGroup):
    """An image as the network sees it: the larger a number, the brighter its pixel.

    Parameters
    ----------
    image : array (h, w)
    zone : Zone
        The image is made as large as fits, in the middle.
    low, high : float
        The numbers of a dark and of a bright pixel.
    """

    def __init__(self, image: np.ndarray, zone: Zone, low: float = 0.0, high: float = 1.0, theme: Theme = DARK) -> None:
        image = np.asarray(image)
        self.box = arranged(1, zone, image.shape[1] / image.shape[0])
        self.picture = Tiles(image[None], self.box, brightness_ramp(theme), low, high)
        self.frame = Polylines(outlines(self.box), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        super().__init__(self.picture, self.frame)

    def set_image(self, image: np.ndarray) -> ImagePanel:
        """Show another image, (h, w), in the same place."""
        self.picture.set_values(np.asarray(image)[None])
        return self

    def set_box(self, box: np.ndarray) -> ImagePanel:
        """Move and stretch it, to (4,): left, right, bottom and top."""
        self.box = np.asarray(box, dtype=np.float64).reshape(1, 4)
        self.picture.set_boxes(self.box)
        self.frame.set_lines(outlines(self.box))
        return self
