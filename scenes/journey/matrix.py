"""A confusion matrix that fills: right answers on the diagonal, mistakes beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from scenes.journey.course import told_apart
from scenes.mobjects.field import ramp_between
from scenes.mobjects.number_tiles import NumberTiles
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.theme import DARK, TEXT, Theme, Zone

if TYPE_CHECKING:
    from scenes.journey.course import Course
    from scenes.mobjects.still import Still

MOST_CLASSES, KEPT = 12, 9  # classes with rows of their own, all of them; or else so many, and the others in one column
OTHER = "other"
NAMES, TITLE, COLUMNS = 1.5, 0.36, 0.36  # room at the left and above
WIDEST_CELL = 2.3
LARGE = 22.0  # size of numbers in cells of a unit's width
SHORT = 9  # letters of a name
SMALL_MISTAKES = 0.4  # exponent of a mistake's share of its row: below 1, few can be seen too


class Confusion:
    """Counts of which class was taken for which, of the classes that are shown.

    Parameters
    ----------
    course : Course
    always : list of int
        Classes that are shown in any case, the most important first.

    Attributes
    ----------
    rows : list of int
        The classes with a row and a column: all, or where there are many those with the most mistakes at the end.
    elided : bool
        Whether there are others, all answers of which are counted in a last column.
    counts : ndarray of int, (M, rows, columns)
    """

    def __init__(self, course: Course, always: list[int]) -> None:
        every = len(course.names)
        self.elided = every > MOST_CLASSES
        self.rows = list(range(every)) if not self.elided else self._kept(course, always)
        place = np.full(every, len(self.rows))
        place[self.rows] = np.arange(len(self.rows))
        columns = len(self.rows) + self.elided
        ours = place[course.y] < len(self.rows)
        row = place[course.y[ours]]
        self.counts = np.array([
            np.bincount(row * columns + place[answers[ours]], minlength=len(self.rows) * columns)
            for answers in course.answers
        ]).reshape(len(course.answers), len(self.rows), columns)  # fmt: skip
        self.place = place

    def _kept(self, course: Course, always: list[int]) -> list[int]:
        last, every = course.answers[-1], len(course.names)
        wrong = last != course.y
        mistakes = np.bincount(course.y[wrong], minlength=every) + np.bincount(last[wrong], minlength=every)
        order = [*always[:KEPT], *(int(k) for k in np.argsort(-mistakes, kind="stable") if k not in always)]
        return sorted(order[:KEPT])

    @property
    def examples(self) -> int:
        """How many examples are counted."""
        return int(self.counts[0].sum())


class ConfusionMatrix(NumberTiles):
    """Counts in cells with colours: the larger its share of a row, the fuller is a cell's colour.

    Parameters
    ----------
    course : Course
    confusion : Confusion
    followed : tuple of int and ndarray (M,)
        The class of the example whose cell is outlined, and its answers.
    zone : Zone
        Of the matrix and its names.
    """

    def __init__(
        self, course: Course, confusion: Confusion, followed: tuple[int, np.ndarray], zone: Zone, theme: Theme = DARK
    ) -> None:
        self.course, self.confusion = course, confusion
        counts = confusion.counts
        _, rows, columns = counts.shape
        totals = np.maximum(counts[0].sum(axis=1, keepdims=True), 1)
        shares = counts / totals
        right = np.eye(rows, columns, dtype=bool)
        self.tints = np.where(right, shares, -(shares**SMALL_MISTAKES))
        ramp = ramp_between([(0.0, theme.loss, 1.0), (0.5, theme.background, 1.0), (1.0, theme.accuracy, 1.0)])
        names = told_apart([course.names[k] for k in confusion.rows], SHORT)
        room = NAMES
        left, top = zone.left + room, zone.top - TITLE - COLUMNS
        width = min((zone.right - left) / columns, WIDEST_CELL)
        height = min((top - zone.bottom) / rows, 0.75 * width)
        # small ones stand in the middle, and have larger numbers
        left += (zone.right - left - width * columns) / 2
        top -= (top - zone.bottom - height * rows) / 2
        box = np.array([left, left + width * columns, top - height * rows, top])
        widest, size = max(float(counts.max()), 1.0), min(max(TEXT.small, LARGE * width), TEXT.heading)
        super().__init__(self.tints[0], box, ramp, -1.0, 1.0, ".0f", size, theme, widest)
        edges_x = box[0] + width * np.arange(1, columns)
        edges_y = box[3] - height * np.arange(1, rows)
        between = [np.array([[x, box[2]], [x, box[3]]]) for x in edges_x]
        between += [np.array([[box[0], y], [box[1], y]]) for y in edges_y]
        self.grid = Polylines(between, theme.background, 2.0)
        places = self.centers()
        muted = theme.muted
        heads = [*names, *([OTHER] if confusion.elided else [])]
        self.column_names = self.heads(heads, places[0, :, 0], top + COLUMNS / 2, theme)
        if any(head.width > 0.94 * width for head in self.column_names[: len(names)]):
            # in the order of the rows, whose names then have numbers
            numbers = [f"{k + 1}" for k in range(len(names))]
            names = [f"{number} {name}" for number, name in zip(numbers, names, strict=True)]
            heads[: len(names)] = numbers
            self.column_names = self.heads(heads, places[0, :, 0], top + COLUMNS / 2, theme)
        self.row_names = [
            written(name, (box[0] - 0.15, float(y)), RIGHT, TEXT.small, theme.text, widest=room - 0.2)
            for name, y in zip(names, places[:, 0, 1], strict=True)
        ]
        self.titles = [
            written("is", (box[0] - 0.15, top + COLUMNS / 2), RIGHT, TEXT.small, muted),
            written("says", (box[0], top + COLUMNS + TITLE / 2), LEFT, TEXT.small, muted),
        ]
        label, answers = followed
        self.cells = np.column_stack([np.full(len(answers), confusion.place[label]), confusion.place[answers]])
        self.outline = Polylines(np.zeros((1, 5, 2)), theme.text, 4.5)
        self.names = VGroup(*self.row_names, *self.column_names, *self.titles)
        self.add(self.grid, self.names)
        self.remove(self.frame)
        self.add(self.frame)  # over the lines between cells
        self.step = (width, height)
        self.set_share(0.0)

    def heads(self, names: list[str], x: np.ndarray, y: float, theme: Theme) -> list[Still]:
        """Names over the columns."""
        return [written(name, (float(at), y), CENTER, TEXT.small, theme.text)
                for name, at in zip(names, x, strict=True)]  # fmt: skip

    def set_share(self, share: float) -> ConfusionMatrix:
        """Show the counts of when a part of the playing time has passed: of the nearest moment, the colours blended."""
        k = self.course.nearest(share)
        counts = self.confusion.counts[k]
        self.set_values(self.course.blended(self.tints, share), np.where(counts > 0, counts, np.nan))
        self.put_outline(*self.cells[k])
        return self

    def put_outline(self, row: int, column: int) -> ConfusionMatrix:
        """Outline a cell."""
        x, y = self.centers()[row, column]
        width, height = self.step
        self.outline.set_lines(outlines(np.array([[x - width / 2, x + width / 2, y - height / 2, y + height / 2]])))
        return self
