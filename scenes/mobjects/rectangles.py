"""Filled rectangles, and where several things of one shape go in a zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from manim import ManimColor, Mobject, Polygon, VGroup

from scenes.painting.boxes import paint_boxes
from scenes.painting.fields import paint_picture, pixel_to_unit
from scenes.painting.mobject import Painted, as_colours, contents
from scenes.theme import Zone

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox


FULL = 1.25  # how much smaller boxes may be for rows that are all full


class Rectangles(Painted):
    """Filled rectangles, such as bars and swatches.

    Parameters
    ----------
    boxes : array (N, 4)
        Left, right, bottom and top of each, in scene units.
    colours : array (N, 3) or (N, 4)
        Between 0 and 1.
    """

    def __init__(self, boxes: np.ndarray, colours: np.ndarray, opacity: float = 1.0) -> None:
        super().__init__(corners_of(boxes), colours, opacity)

    def set_boxes(self, boxes: np.ndarray) -> Rectangles:
        """Move and stretch all of them; there must be as many as before."""
        self.points = corners_of(boxes)
        return self

    def set_colours(self, colours: np.ndarray) -> Rectangles:
        """Recolour, with one row for each."""
        self.colours = as_colours(colours)
        return self

    def paint(self, canvas: Canvas) -> None:
        assert self.colours is not None
        corners = canvas.to_pixels(self.points).reshape(-1, 4, 2)
        boxes = upright(corners)
        if boxes is not None:
            paint_boxes(canvas.words, canvas.clip, boxes, self.colours, self.opacity)
            return
        for place, colour in zip(corners, self.colours, strict=True):
            matrix = pixel_to_unit(place)
            if matrix.any() and colour[3] > 0:
                texture = np.array([[[*(colour[:3] * colour[3]), colour[3]]]], np.float32) * np.float32(255)
                paint_picture(canvas.pixels, canvas.clip, place, matrix, texture, False, self.opacity)

    def imprint(self) -> tuple[Any, ...]:
        return contents(self.points, self.colours)

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, 2.0)

    def as_vectors(self) -> Mobject:
        assert self.colours is not None
        group = VGroup()
        for place, colour in zip(self.points.reshape(-1, 4, 3), self.colours, strict=True):
            shape = Polygon(*place, stroke_width=0)
            group.add(shape.set_fill(ManimColor.from_rgb(colour[:3]), opacity=float(colour[3]) * self.opacity))
        return group


def upright(corners: np.ndarray) -> np.ndarray | None:
    """Boxes (N, 4) with left, right, top and bottom of corners (N, 4, 2) in pixels; None if one of them is turned."""
    (left, top), (right, bottom) = corners[:, 0].T, corners[:, 2].T
    level = (corners[:, 1, 1] == top) & (corners[:, 3, 1] == bottom)
    plumb = (corners[:, 1, 0] == right) & (corners[:, 3, 0] == left)
    nowhere = np.isnan(corners).any(axis=(1, 2))
    if not (level & plumb | nowhere).all():
        return None
    # mirrored ones look the same
    return np.column_stack([np.minimum(left, right), np.maximum(left, right), np.minimum(top, bottom),
                            np.maximum(top, bottom)])  # fmt: skip


def corners_of(boxes: np.ndarray) -> np.ndarray:
    """The corners (4 N, 3) of boxes (N, 4): upper left, upper right, lower right, lower left of each."""
    left, right, bottom, top = np.asarray(boxes, dtype=np.float64).T
    x, y = np.stack([left, right, right, left], axis=1), np.stack([top, top, bottom, bottom], axis=1)
    return np.stack([x, y, np.zeros_like(x)], axis=2).reshape(-1, 3)


def arranged(count: int, zone: Zone, aspect: float = 1.0, gap: float = 0.15) -> np.ndarray:
    """Boxes (count, 4) in rows, as large as fit in a zone, centred in it.

    Parameters
    ----------
    count : int
    zone : Zone
    aspect : float
        Width by height of each.
    gap : float
        Between neighbours, as a share of a box's height.
    """
    best_columns, height, best = 1, 0.0, 0.0
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        fits = min(zone.width / (aspect * columns + gap * (columns - 1)), zone.height / (rows + gap * (rows - 1)))
        # of equally large ones the arrangement without a half-empty row looks calmer
        full = count % columns == 0
        score = fits * (FULL if full else 1.0)
        if score > best:
            best, best_columns, height = score, columns, fits
    return in_rows(count, best_columns, zone, height, aspect, gap)


def in_rows(count: int, columns: int, zone: Zone, height: float, aspect: float = 1.0, gap: float = 0.15) -> np.ndarray:
    """Boxes (count, 4) of one height in rows of `columns`, centred in a zone; see `arranged`."""
    rows = -(-count // columns)
    width, space = aspect * height, gap * height
    x0, y0 = zone.center[:2] + [-(columns * (width + space) - space) / 2, (rows * (height + space) - space) / 2]
    row, column = np.divmod(np.arange(count), columns)
    left, top = x0 + column * (width + space), y0 - row * (height + space)
    return np.column_stack([left, left + width, top - height, top])


def outlines(boxes: np.ndarray) -> np.ndarray:
    """Closed lines (N, 5, 2) around boxes (N, 4)."""
    corners = corners_of(boxes).reshape(-1, 4, 3)[..., :2]
    return np.concatenate([corners, corners[:, :1]], axis=1)
