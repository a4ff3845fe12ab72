"""A matrix with its real numbers, which may change in every frame."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Numbers in brackets; of a large matrix the first rows and columns and the last one, with dots for the others.

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
    rows, columns : sequence of int, optional
        Which ones are written out, in ascending order, instead of the first and the last.

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
        rows: Sequence[int] | None = None,
        columns: Sequence[int] | None = None,
    ) -> None:
        values = np.atleast_2d(np.asarray(values, dtype=np.float64))
        self.theme, self.signed, self.shape = theme, signed, values.shape
        self.rows = kept(values.shape[0], most[0]) if rows is None else list(rows)
        self.columns = kept(values.shape[1], most[1]) if columns is None else list(columns)
        (slots_y, gaps_y), (slots_x, gaps_x) = slots(self.rows, values.shape[0]), slots(self.columns, values.shape[1])
        count_x, count_y = len(slots_x) + len(gaps_x), len(slots_y) + len(gaps_y)
        widest = -max(float(np.abs(values).max(initial=0.0)), 8.0)
        sample = Readout("", widest, style, size=size)
        high, wide = HIGH * sample.height, WIDE * sample.width
        width, height = count_x * wide, count_y * high
        size *= min(1.0, (zone.width - 0.3) / width, zone.height / height)
        self.size = max(size, TEXT.small)
        sample = Readout("", widest, style, size=self.size)
        high, wide = HIGH * sample.height, WIDE * sample.width
        width, height = count_x * wide, count_y * high
        x, between_x = (zone.center[0] + wide * (np.array(at) - (count_x - 1) / 2) for at in (slots_x, gaps_x))
        y, between_y = (zone.center[1] - high * (np.array(at) - (count_y - 1) / 2) for at in (slots_y, gaps_y))
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
        dots = dots_for(x, y, between_x, between_y)
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


def dots_for(x: np.ndarray, y: np.ndarray, between_x: np.ndarray, between_y: np.ndarray) -> np.ndarray:
    """The dots (D, 2) that stand for columns and rows that are left out, at the places between the others."""
    triple = np.array([-1.6, 0.0, 1.6]) * DOT
    found = [(across + step, at) for across in between_x for at in y for step in triple]
    found += [(at, down + step) for down in between_y for at in x for step in triple]
    found += [(across + step, down - step) for across in between_x for down in between_y for step in triple]
    return np.array(found)


def kept(count: int, most: int) -> list[int]:
    """Which of `count` rows are written out: all, or the first ones and the last."""
    if count <= most:
        return list(range(count))
    return [*range(most - 1), count - 1]


def slots(shown: list[int], count: int) -> tuple[list[int], list[int]]:
    """The places of those that are written out, and between, before and after them those for dots."""
    places: list[int] = []
    gaps: list[int] = []
    at, before = 0, -1
    for number in [*shown, count]:
        if number > before + 1:
            gaps.append(at)
            at += 1
        if number < count:
            places.append(at)
            at += 1
        before = number
    return places, gaps


def brackets(box: Zone, lip: float = 0.12) -> np.ndarray:
    """The square brackets around a matrix, two lines (2, 4, 2)."""
    return np.array(
        [
            [[side + inward, box.top], [side, box.top], [side, box.bottom], [side + inward, box.bottom]]
            for side, inward in ((box.left, lip), (box.right, -lip))
        ]
    )
