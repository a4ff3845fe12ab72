"""How likely each class is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import Rectangles, outlines
from scenes.mobjects.writing import RIGHT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

NAMES, NUMBERS = 0.32, 0.2  # shares of the width, at most for the names
GAP = 0.14
WIDEST_NUMBER = "> 99%"
ROW = 0.62  # height of a row, at most


class ProbabilityBars(VGroup):
    """A bar and a number for each class; the most likely one is boxed.

    Parameters
    ----------
    names : sequence of str
        Of the classes.
    zone : Zone
    """

    def __init__(self, names: Sequence[str], zone: Zone, theme: Theme = DARK, size: float = TEXT.label) -> None:
        self.theme = theme
        count = len(names)
        row = min(zone.height / count, ROW)
        size = max(min(size, TEXT.label * row / 0.42), TEXT.small)
        tops = zone.center[1] + row * (count / 2 - np.arange(count))
        middle = tops - row / 2
        numbers = Readout("", "", widest=WIDEST_NUMBER, size=size).width
        labels = [written(name, (0, y), RIGHT, size, theme.text, widest=NAMES * zone.width) for name, y in
                  zip(names, middle, strict=True)]  # fmt: skip
        self.left = zone.left + GAP + max(label.width for label in labels) + GAP
        self.right = zone.right - GAP - numbers - GAP
        for label in labels:
            label.shift([self.left - GAP, 0, 0])
        thick = min(0.55 * row, 0.3)
        self.tracks = np.column_stack(
            [np.full(count, self.left), np.full(count, self.right), middle - thick / 2, middle + thick / 2]
        )
        track = Rectangles(self.tracks, np.tile([*rgb(theme.faint), 0.45], (count, 1)))
        self.bars = Rectangles(self.tracks, np.tile(rgb(theme.activation), (count, 1)))
        self.readouts = []
        for y in middle:
            readout = Readout("", "", widest=WIDEST_NUMBER, size=size, color=theme.text)
            readout.move_to([zone.right - GAP, y, 0], aligned_edge=np.array([1, 0, 0]))
            self.readouts.append(readout)
        self.names = labels
        self.boxes = np.column_stack(
            [np.full(count, zone.left), np.full(count, zone.right), tops - row + 0.02, tops - 0.02]
        )
        self.box = Polylines(outlines(self.boxes[:1]), np.array([[*rgb(theme.highlight), 0.0]]), 2.5)
        super().__init__(track, self.bars, *labels, *self.readouts, self.box)
        self.set_values(np.zeros(count))

    def set_values(self, values: np.ndarray) -> ProbabilityBars:
        """Show other probabilities, (K,)."""
        self.values = np.asarray(values, dtype=np.float64)
        boxes = self.tracks.copy()
        boxes[:, 1] = self.left + (self.right - self.left) * np.clip(self.values, 0.0, 1.0)
        self.bars.set_boxes(boxes)
        for value, readout in zip(self.values, self.readouts, strict=True):
            readout.set_value(percent(float(value)))
        return self

    def choose(self, winner: int, strength: float = 1.0, color: str | None = None) -> ProbabilityBars:
        """Box one class, as visible as `strength` says."""
        self.box.set_lines(outlines(self.boxes[winner : winner + 1]))
        self.box.set_colours(np.array([[*rgb(color or self.theme.highlight), strength]]))
        return self


def percent(share: float) -> str:
    """A probability in whole per cent, never rounded up to certainty; one that is rounded to below 0 has no sign."""
    return WIDEST_NUMBER if share >= 0.995 else f"{max(share, 0.0):.0%}"
