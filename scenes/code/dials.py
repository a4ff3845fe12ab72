"""The two numbers of a code as dials that can be turned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.writing import LEFT, written
from scenes.numbers import class_name, shortened
from scenes.theme import DARK, TEXT, Theme, Zone

NAMES = ("first", "second")
BEFORE, BEHIND = 1.05, 1.05  # room for the name and for the number, in scene units
NEAREST = 25  # most similar images that are asked what they show
LONGEST = 10  # letters of a class in a sentence


class Dials(VGroup):
    """A track for each of the two numbers, with a knob where it is, and the number.

    Parameters
    ----------
    low, high : array (2,)
        The numbers at the two ends of the tracks; a knob stays between them.
    zone : Zone
    """

    def __init__(self, low: np.ndarray, high: np.ndarray, zone: Zone, theme: Theme = DARK) -> None:
        self.low, self.high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        self.left, self.right = zone.left + BEFORE, zone.right - BEHIND
        self.heights = zone.top - zone.height * np.array([0.25, 0.75])
        tracks = [[[self.left, y], [self.right, y]] for y in self.heights]
        self.tracks = Polylines(np.array(tracks), theme.faint, 4.0)
        self.names = [written(name, (zone.left, y), LEFT, TEXT.small, theme.muted)
                      for name, y in zip(NAMES, self.heights, strict=True)]  # fmt: skip
        self.knobs = PointCloud(np.zeros((2, 2)), theme.highlight, 0.13, theme.background)
        widest = -float(np.abs([self.low, self.high]).max())
        self.numbers = [Readout("", 0.0, ".2f", widest, TEXT.label, theme.highlight) for _ in NAMES]
        for number, y in zip(self.numbers, self.heights, strict=True):
            number.move_to([zone.right, y, 0], aligned_edge=np.array([1, 0, 0]))
        super().__init__(self.tracks, *self.names, self.knobs, *self.numbers)
        self.set_code(self.low)

    def set_code(self, code: np.ndarray) -> Dials:
        """Turn both to a code (2,)."""
        share = np.clip((np.asarray(code) - self.low) / (self.high - self.low), 0.0, 1.0)
        self.knobs.set_positions(np.column_stack([self.left + share * (self.right - self.left), self.heights]))
        for value, number in zip(code, self.numbers, strict=True):
            number.set_value(float(value))
        return self


def kind_like(image: np.ndarray, x: np.ndarray, labels: np.ndarray) -> int:
    """What most of those images of x (N, pixels) show that are most like an image: by their squared difference."""
    away = ((x - np.asarray(image, dtype=x.dtype).ravel()) ** 2).sum(axis=1)
    nearest = np.argsort(away, kind="stable")[:NEAREST]
    return int(np.bincount(np.asarray(labels)[nearest]).argmax())


def said_of_ends(low: int, high: int, names: Sequence[str]) -> str:
    """What the picture looks like when a dial is turned down, and when it is turned up."""
    first, second = (class_name(shortened(names[kind], LONGEST)) for kind in (low, high))
    if low == high:
        return f"Turned down and turned up,\nits picture is most like {first}."
    return f"Turned down, its picture is most like\n{first}, turned up like {second}."
