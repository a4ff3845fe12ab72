"""What one neuron of the first layer sees of the plane."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from engine.analysis.boundary import last_lines
from engine.analysis.isoline import Bounds
from scenes.mobjects.field import ValueField
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import corners_of, outlines
from scenes.mobjects.tiles import brightness_ramp
from scenes.theme import DARK, Theme, Zone


class UnitPlane(VGroup):
    """A neuron's activation over the plane, bright where it is active, and the straight line where its sum is zero.

    Parameters
    ----------
    values : array (h, w)
        The activation, the first row at the top.
    span : tuple of float
        The activations that are dark and bright.
    weight : array (2,)
    bias : float
    bounds : Bounds
        The part of the plane.
    box : array (4,)
        Left, right, bottom and top in the frame; kept as ``home``.
    """

    def __init__(
        self,
        values: np.ndarray,
        span: tuple[float, float],
        weight: np.ndarray,
        bias: float,
        bounds: Bounds,
        box: np.ndarray,
        theme: Theme = DARK,
    ) -> None:
        lines = last_lines(np.reshape(weight, (2, 1)), np.reshape(bias, 1), bounds)
        # a neuron whose line lies elsewhere has none here
        ends = lines[0] if len(lines) else np.full((2, 2), np.nan)
        size = [bounds.right - bounds.left, bounds.top - bounds.bottom]
        self.ends = (ends - [bounds.left, bounds.bottom]) / size
        self.field = ValueField(values, Zone(*box), brightness_ramp(theme), *span)
        self.line = Polylines(np.zeros((1, 2, 2)), theme.highlight, 3.0)
        self.frame = Polylines(outlines(np.array([box])), theme.faint, 2.0)
        super().__init__(self.field, self.line, self.frame)
        self.home = np.asarray(box, dtype=np.float64)
        self.set_box(box)

    def set_box(self, box: np.ndarray) -> UnitPlane:
        """Move and stretch it, to left, right, bottom and top."""
        self.box = np.asarray(box, dtype=np.float64)
        left, right, bottom, top = self.box
        self.field.points = corners_of(self.box[None])
        self.line.set_lines([[left, bottom] + self.ends * [right - left, top - bottom]])
        self.frame.set_lines(outlines(self.box[None]))
        return self
