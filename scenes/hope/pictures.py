"""An image in the colours of its parts, and its edges, which can be moved apart."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.hope.anatomy import Anatomy, Edges
from scenes.mobjects.field import ramp_between
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles
from scenes.theme import DARK, Theme, rgb

STROKE_COLOURS = (0, 3, 2, 4, 6)  # of the classes' palette, one after the other
LOOP_COLOUR = 1
CLEAR = 1.25  # edges are drawn stronger than they are steep


def part_colours(anatomy: Anatomy, theme: Theme) -> list[str]:
    """A colour for each part: one for loops, others for the strokes."""
    strokes = [theme.class_colour(STROKE_COLOURS[k % len(STROKE_COLOURS)]) for k in range(anatomy.strokes)]
    return [theme.class_colour(LOOP_COLOUR)] * anatomy.loops + strokes


def tint(colour: str) -> np.ndarray:
    """From nothing to a colour, (n, 4)."""
    return ramp_between([(0.0, colour, 0.0), (1.0, colour, 1.0)])


class PartsPicture(VGroup):
    """The pixels of an image, each in the colour of its part.

    Parameters
    ----------
    anatomy : Anatomy
    box : array (4,)
        Left, right, bottom and top of the whole image.
    high : float
        The number of a full pixel.

    Attributes
    ----------
    layers : list of Tiles
        One for each part.
    """

    def __init__(self, anatomy: Anatomy, box: np.ndarray, high: float, theme: Theme = DARK) -> None:
        self.anatomy = anatomy
        self.box = np.asarray(box, dtype=np.float64)
        self.layers = [
            Tiles(piece[None], self.box[None], tint(colour), 0.0, high)
            for piece, colour in zip(anatomy.pieces, part_colours(anatomy, theme), strict=True)
        ]
        self.frame = Polylines(outlines(self.box[None]), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        super().__init__(*self.layers, self.frame)

    def set_box(self, box: np.ndarray) -> PartsPicture:
        """Move and stretch it, all parts in their places."""
        return self.set_boxes(np.tile(box, (len(self.layers), 1)), box)

    def set_boxes(self, boxes: np.ndarray, frame: np.ndarray) -> PartsPicture:
        """Move and stretch the parts, each to its own box (parts, 4), and the frame (4,)."""
        self.box = np.asarray(frame, dtype=np.float64)
        for layer, box in zip(self.layers, boxes, strict=True):
            layer.set_boxes(np.asarray(box)[None])
        self.frame.set_lines(outlines(self.box[None]))
        return self


class EdgesPicture(VGroup):
    """Short edges in the colours of the parts that they belong to.

    Parameters
    ----------
    anatomy : Anatomy
    edges : Edges
    box : array (4,)
        Of the image. Edges may lie a little outside of it, where the image ends; apart, they are within it.
    spread : float
        How much farther from the middle edges are once they are apart, as a multiple of their own size.

    Attributes
    ----------
    tiles : list of Tiles
        One for each edge.
    apart : float
        From 0, where they are in the image, to 1.
    fit : float
        So much smaller they are, at most, to be within the box.
    """

    def __init__(
        self, anatomy: Anatomy, edges: Edges, box: np.ndarray, spread: float = 1.3, theme: Theme = DARK
    ) -> None:
        self.edges, self.spread, self.apart = edges, spread, 0.0
        rows, columns = edges.slope.shape
        height, width = rows - 2 * edges.border, columns - 2 * edges.border
        colours, strength = part_colours(anatomy, theme), np.clip(CLEAR * edges.slope, 0.0, 1.0)
        self.tiles, corners = [], []
        for mask, owner in zip(edges.masks, edges.owners, strict=True):
            top, bottom, left, right = _corners(mask)
            crop = (strength * mask)[top:bottom, left:right]
            self.tiles.append(Tiles(crop[None], np.zeros((1, 4)), tint(colours[owner]), 0.0, 1.0, smooth=True))
            corners.append([left, right, bottom, top])
        # across and up from the middle, in widths of the image
        across = (np.array(corners).reshape(-1, 4) - [columns / 2, columns / 2, rows / 2, rows / 2]) / width
        self.places = across * [1, 1, -1, -1]
        farthest = np.abs(self.places).max(axis=0, initial=0.0).reshape(2, 2).max(axis=1)
        self.fit = float(min(1.0, 0.5 / max(farthest[0], 0.5), 0.5 * height / width / max(farthest[1], 1e-9)))
        self.frame = Polylines(outlines(np.zeros((1, 4))), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        super().__init__(*self.tiles, self.frame)
        self.set_box(box)

    def set_box(self, box: np.ndarray, apart: float | None = None) -> EdgesPicture:
        """Move and stretch it, and set how far apart the edges are."""
        self.box = np.asarray(box, dtype=np.float64)
        self.apart = self.apart if apart is None else apart
        left, right, bottom, top = self.box
        whole = (right - left) * (1 + (self.fit - 1) * self.apart)
        own = whole * (1 + (1 / self.spread - 1) * self.apart)  # the scale of each edge, where it is
        for tile, place in zip(self.tiles, self.places, strict=True):
            x, y = (place[0] + place[1]) / 2, (place[2] + place[3]) / 2
            middle = np.array([left + right + 2 * whole * x, bottom + top + 2 * whole * y]) / 2
            half = own * np.array([place[1] - x, place[3] - y])
            tile.set_boxes(np.array([[middle[0] - half[0], middle[0] + half[0],
                                      middle[1] - half[1], middle[1] + half[1]]]))  # fmt: skip
        self.frame.set_lines(outlines(self.box[None]))
        return self


def _corners(mask: np.ndarray) -> tuple[int, int, int, int]:
    """First and last rows and columns of a mask, with some room, the last ones excluded."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = max(0, int(rows[0]) - 1), max(0, int(columns[0]) - 1)
    return top, min(len(mask), int(rows[-1]) + 2), left, min(mask.shape[1], int(columns[-1]) + 2)
