"""Many small pictures of values on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from manim import Mobject, VGroup

from scenes.mobjects.field import premultiplied, ramp_between, resampled, squares
from scenes.mobjects.rectangles import corners_of, upright
from scenes.painting.blending import packed
from scenes.painting.fields import pixel_to_unit
from scenes.painting.mobject import Painted, contents
from scenes.painting.values import paint_tiles, paint_values
from scenes.theme import DARK, Theme, rgb

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox

NO_LEVELS, NO_LINE = np.zeros(0, np.float32), np.uint32(0)
SMALL_WEIGHTS = 0.45  # exponent of a weight's share of the largest: below 1, small weights can be seen too

WEIGHT_STEPS = 4097  # many, since colours change fast about zero; odd, so that one of them is zero itself


class Tiles(Painted):
    """Pictures of values side by side, such as the weights of each neuron of a layer; one scale for all.

    Parameters
    ----------
    values : array (N, h, w)
        The first row of each is at the top.
    boxes : array (N, 4)
        Left, right, bottom and top of each, in scene units.
    ramp : array (n, 3) or (n, 4)
        Colours between 0 and 1 for values from `low` to `high`.
    low, high : float
    smooth : bool
        Whether values lie on a grid and are blended, or each fills a cell.
    """

    blended = ("values", "strengths")

    def __init__(
        self,
        values: np.ndarray,
        boxes: np.ndarray,
        ramp: np.ndarray,
        low: float,
        high: float,
        smooth: bool = False,
        opacity: float = 1.0,
    ) -> None:
        if not low < high:
            raise ValueError(f"low={low} must be less than high={high}")
        if len(values) != len(boxes):
            raise ValueError(f"{len(values)} tiles do not match {len(boxes)} boxes")
        super().__init__(corners_of(boxes), None, opacity)
        self.set_values(values)
        self.ramp = premultiplied(np.asarray(ramp)[None])[0]
        self.ramp_words = packed(self.ramp)
        self.low, self.high, self.smooth = float(low), float(high), smooth
        self.strengths = np.ones(len(boxes))

    def set_values(self, values: np.ndarray) -> Tiles:
        """Show other values, (N, h, w)."""
        self.values = np.ascontiguousarray(values, dtype=np.float32)
        return self

    def set_boxes(self, boxes: np.ndarray) -> Tiles:
        """Move and stretch all tiles."""
        self.points = corners_of(boxes)
        return self

    def paint(self, canvas: Canvas) -> None:
        corners = canvas.to_pixels(self.points).reshape(-1, 4, 2)
        strengths = np.minimum(self.opacity * self.strengths, 1.0)
        boxes = standing(corners)
        if boxes is not None:
            paint_tiles(
                canvas.words, canvas.clip, boxes, self.values, strengths, self.ramp_words, self.low, self.high,
                self.smooth,
            )  # fmt: skip
            return
        for place, values, strength in zip(corners, self.values, strengths, strict=True):
            matrix = pixel_to_unit(place)
            if matrix.any() and strength > 0:
                paint_values(
                    canvas.words, canvas.clip, place, matrix, values, self.ramp_words, self.low, self.high,
                    self.smooth, strength, NO_LEVELS, 0.0, NO_LINE,
                )  # fmt: skip

    def imprint(self) -> tuple[Any, ...]:
        scale = (self.low, self.high, self.smooth)
        return (*scale, *contents(self.points, self.values, self.strengths, self.ramp_words))

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, 2.0)

    def as_vectors(self) -> Mobject:
        group = VGroup()
        for place, values, strength in zip(self.points.reshape(-1, 4, 3), self.values, self.strengths, strict=True):
            cells = resampled(values[..., None].astype(np.float64), self.smooth)[..., 0]
            at = np.clip((cells - self.low) / (self.high - self.low), 0, 1) * (len(self.ramp) - 1)
            picture = np.stack([np.interp(at, np.arange(len(self.ramp)), self.ramp[:, c]) for c in range(4)], axis=-1)
            picture[~np.isfinite(cells)] = 0.0
            group.add(*squares(place, picture, self.opacity * float(strength)))
        return group


def standing(corners: np.ndarray) -> np.ndarray | None:
    """Left, right, top and bottom (N, 4) of corners (N, 4, 2) in pixels; None if one of them is turned or mirrored."""
    boxes = upright(corners)
    if boxes is None or (corners[:, 0] > boxes[:, ::2]).any():
        return None
    return boxes


def weight_ramp(theme: Theme = DARK) -> np.ndarray:
    """Opaque colours (n, 4) from the most negative weight over zero, the background, to the most positive."""
    values = np.linspace(-1, 1, WEIGHT_STEPS)
    colours = theme.weight_colours(np.sign(values) * np.abs(values) ** SMALL_WEIGHTS, 1.0)
    ramp = np.ones((len(values), 4))
    ramp[:, :3] = colours[:, 3:] * colours[:, :3] + (1 - colours[:, 3:]) * np.array(rgb(theme.background))
    return ramp


def brightness_ramp(theme: Theme = DARK) -> np.ndarray:
    """Opaque colours (n, 4) from the background, nothing, to a full activation."""
    return ramp_between([(0.0, theme.background, 1.0), (1.0, theme.activation, 1.0)])
