"""A matrix with its real numbers, which may change in every frame."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.writing import number_text
from scenes.theme import DARK, TEXT, Theme, Zone

MOST_ROWS, MOST_COLUMNS = 6, 4
WIDE, HIGH = 1.25, 1.9  # distances of entries, in widths and heights of a number
DOT = 0.05  # distance of the dots that stand for what is left out


class Matrix(VGroup):
    """Numbers in brackets; of a large matrix the first rows and columns and the last one, with dots between.

    Parameters
    ----------
    values : array (rows, columns)
    zone : Zone
    style : str
        A format specification for the entries.
    most : tuple of int
        Rows and columns that are written out, at most.
    signed : bool
        Whether positive and negative numbers have the colours of weights.

    Attributes
    ----------
    rows, columns : list of int
        Which ones are written out.
    """

    def __init__(
        self,
        values: np.ndarray,
        zone: Zone,
        style: str = ".2f",
        most: tuple[int, int] = (MOST_ROWS, MOST_COLUMNS),
        signed: bool = True,
        size: float = TEXT.label,
        theme: Theme = DARK,
    ) -> None:
        values = np.atleast_2d(np.asarray(values, dtype=np.float64))
        self.theme, self.signed, self.shape = theme, signed, values.shape
        self.rows, self.columns = kept(values.shape[0], most[0]), kept(values.shape[1], most[1])
        slots_y, slots_x = slots(self.rows, values.shape[0]), slots(self.columns, values.shape[1])
        widest = -max(float(np.abs(values).max(initial=0.0)), 8.0)
        sample = Readout("", widest, style, size=size)
        high, wide = HIGH * sample.height, WIDE * sample.width
        width, height = (max(slots_x) + 1) * wide, (max(slots_y) + 1) * high
        size *= min(1.0, (zone.width - 0.3) / width, zone.height / height)
        self.size = max(size, TEXT.small)
        sample = Readout("", widest, style, size=self.size)
        high, wide = HIGH * sample.height, WIDE * sample.width
        width, height = (max(slots_x) + 1) * wide, (max(slots_y) + 1) * high
        x = zone.center[0] + wide * (np.array(slots_x) - max(slots_x) / 2)
        y = zone.center[1] - high * (np.array(slots_y) - max(slots_y) / 2)
        self.entries = []
        for at_y in y:
            row = []
            for at_x in x:
                entry = Readout("", 0.0, style, widest, size=self.size, color=theme.text)
                row.append(entry.move_to([at_x, at_y, 0]))
            self.entries.append(row)
        self.box = Zone(zone.center[0] - width / 2 - 0.1, zone.center[0] + width / 2 + 0.1,
                        zone.center[1] - height / 2, zone.center[1] + height / 2)  # fmt: skip
        self.brackets = Polylines(brackets(self.box), theme.muted, 2.0)
        dots = self._dots(x, y, wide, high)
        super().__init__(*(entry for row in self.entries for entry in row), self.brackets)
        if len(dots):
            self.add(PointCloud(dots, theme.muted, 0.02))
        self.set_values(values)

    def set_values(self, values: np.ndarray) -> Matrix:
        """Show other numbers, (rows, columns) as before."""
        values = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if values.shape != self.shape:
            raise ValueError(f"a matrix of shape {self.shape} cannot take values of shape {values.shape}")
        for row, entries in zip(self.rows, self.entries, strict=True):
            for column, entry in zip(self.columns, entries, strict=True):
                value = float(values[row, column])
                entry.set_value(number_text(value, entry.style))
                if self.signed:
                    entry.number_color = self.theme.positive if value >= 0 else self.theme.negative
        return self

    def _dots(self, x: np.ndarray, y: np.ndarray, wide: float, high: float) -> np.ndarray:
        """The dots that stand for the rows and columns that are left out."""
        across = x[-2] / 2 + x[-1] / 2 if len(self.columns) < self.shape[1] else None
        down = y[-2] / 2 + y[-1] / 2 if len(self.rows) < self.shape[0] else None
        triple = np.array([-1.6, 0.0, 1.6]) * DOT
        found = []
        if across is not None:
            found += [(across + step, at) for at in y for step in triple]
        if down is not None:
            found += [(at, down + step) for at in x for step in triple]
        if across is not None and down is not None:
            found += [(across + step, down - step) for step in triple]
        return np.array(found)


def kept(count: int, most: int) -> list[int]:
    """Which of `count` rows are written out: all, or the first ones and the last."""
    if count <= most:
        return list(range(count))
    return [*range(most - 1), count - 1]


def slots(shown: list[int], count: int) -> list[int]:
    """The places of those that are written out; one is kept free for dots where some are left out."""
    return [*range(len(shown))] if len(shown) == count else [*range(len(shown) - 1), len(shown)]


def brackets(box: Zone, lip: float = 0.12) -> np.ndarray:
    """The square brackets around a matrix, two lines (2, 4, 2)."""
    return np.array(
        [
            [[side + inward, box.top], [side, box.top], [side, box.bottom], [side + inward, box.bottom]]
            for side, inward in ((box.left, lip), (box.right, -lip))
        ]
    )
