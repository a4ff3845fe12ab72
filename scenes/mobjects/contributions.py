"""How a sum comes about, part by part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.writing import LEFT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

GAP = 0.2


class Contributions(VGroup):
    """Bars one under another, each beginning where the one above has ended: positive ones lead to the right.

    Parameters
    ----------
    parts : sequence of (str, float)
        What each is called, and how much it adds.
    zone : Zone
    """

    def __init__(
        self, parts: Sequence[tuple[str, float]], zone: Zone, theme: Theme = DARK, size: float = TEXT.label
    ) -> None:
        self.values = np.array([value for _, value in parts])
        self.stops = np.concatenate([[0.0], np.cumsum(self.values)])
        row = zone.height / len(parts)
        self.middles = zone.top - row * (np.arange(len(parts)) + 0.5)
        self.thick = min(0.5 * row, 0.34)
        names = [written(name, (zone.left, y), LEFT, size, theme.muted) for (name, _), y in
                 zip(parts, self.middles, strict=True)]  # fmt: skip
        self.readouts = []
        for y, value in zip(self.middles, self.values, strict=True):
            color = theme.positive if value >= 0 else theme.negative
            readout = Readout("", 0.0, "+.2f", -max(99.0, float(np.abs(self.values).max())), size, color)
            self.readouts.append(readout.move_to([zone.right, y, 0], aligned_edge=np.array([1, 0, 0])))
        left = max(float(name.get_right()[0]) for name in names) + GAP
        right = float(self.readouts[0].get_left()[0]) - GAP
        low, high = float(self.stops.min()), max(float(self.stops.max()), 1e-12)
        self.unit = (right - left) / max(high - low, 1e-12)
        self.zero = left - low * self.unit
        colours = [rgb(theme.positive if value >= 0 else theme.negative) for value in self.values]
        self.bars = Rectangles(np.zeros((len(parts), 4)), np.array(colours))
        axis = [[self.zero, zone.top], [self.zero, zone.bottom]]
        self.axis = Polylines(np.array([axis]), theme.faint, 2.0)
        super().__init__(self.axis, self.bars, *names, *self.readouts)
        self.set_progress(float(len(parts)))

    def x_of(self, value: float) -> float:
        """Where a sum ends in the frame."""
        return self.zero + self.unit * value

    def set_progress(self, progress: float) -> Contributions:
        """Show as many parts as `progress` says; a fraction of one grows."""
        shares = np.clip(progress - np.arange(len(self.values)), 0.0, 1.0)
        ends = self.stops[:-1] + self.values * shares
        boxes = []
        for start, end, y in zip(self.stops[:-1], ends, self.middles, strict=True):
            left, right = sorted((self.x_of(start), self.x_of(end)))
            boxes.append((left, right, y - self.thick / 2, y + self.thick / 2))
        self.bars.set_boxes(np.array(boxes))
        for value, share, readout in zip(self.values, shares, self.readouts, strict=True):
            readout.set_value(float(value * share) if share > 0 else "")
        return self
