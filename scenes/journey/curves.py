"""What the outputs say of each class over a training, and under it the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from scenes.journey.scores import PROBABILITY
from scenes.mobjects.number_tiles import BRIGHT, LUMA
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, number_text, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

if TYPE_CHECKING:
    from scenes.journey.course import Course
    from scenes.journey.focus import Focus
    from scenes.mobjects.still import Still

TICKS, NAME, BELOW = 0.75, 0.42, 1.05  # room at the left, above and below the curves
STRIP = (0.12, 0.44)  # how far below the axis the strip of answers begins and ends
EPOCHS = 0.76  # how far below it the numbers of epochs are
APART = 0.32  # least distance between two of them
DOT = 0.08
OWN, TAKEN_FOR, OTHER = 5.0, 3.5, 1.6  # widths of curves
PAD = 0.06  # about a name in the strip
ROUND = (1, 5, 2)  # what numbers at an axis begin with, the most important first
MOST_MULTIPLES = 20


class AnswerCurves(VGroup):
    """A curve for each class, which grows as time passes, and a strip in the colour of the answer.

    Where more happens in training the axis is stretched: it runs as the clock does.

    Parameters
    ----------
    course : Course
    number : int
        Of the example.
    focus : Focus
    zone : Zone

    Attributes
    ----------
    scores : ndarray, (M, K)
    low, high : float
        The ends of the axis.
    runs : list of (float, float, int)
        From when to when, in shares of the playing time, the answer was which class.
    """

    def __init__(self, course: Course, number: int, focus: Focus, zone: Zone, theme: Theme = DARK) -> None:
        self.course, self.focus = course, focus
        self.scores = course.scores_of(number)
        self.low, self.high = span(self.scores, course.scores.kind)
        self.plot = plot = Zone(zone.left + TICKS, zone.right - DOT, zone.bottom + BELOW, zone.top - NAME)
        # those that matter lie over the others, the right one over all
        named = focus.classes[::-1]
        self.order = [k for k in range(len(course.names)) if k not in named] + named
        widths = [OWN if k == named[-1] else TAKEN_FOR if k in named else OTHER for k in self.order]
        colours = focus.colours(np.array(self.order))
        corners = np.array([[[plot.left, plot.top], [plot.left, plot.bottom], [plot.right, plot.bottom]]])
        self.axes = Polylines(corners, theme.faint, 2.0)
        self.lines = Polylines([np.zeros((len(course.moments), 2)) for _ in self.order], colours, np.array(widths))
        self.dots = PointCloud(np.zeros((len(named), 2)), focus.colours(np.array(named)), DOT)
        self.runs = runs_of(course.shares, course.answers[:, number])
        answers = np.array([label for *_, label in self.runs])
        self.strip = Rectangles(np.zeros((len(self.runs), 4)), focus.colours(answers))
        self.labels = [self.label_of(run, theme) for run in self.runs]
        percent = course.scores.kind == PROBABILITY
        ends = [f"{value:.0%}" if percent else number_text(value, "g" if value == round(value) else ".2g")
                for value in (self.low, self.high)]  # fmt: skip
        muted, small, left = theme.muted, TEXT.small, plot.left - 0.14
        below = plot.bottom - EPOCHS
        self.ticks = [
            written(tick_text(moment), (float(self.across(share)), below), edge, small, muted)
            for moment, share, edge in epoch_ticks(course, plot.width)
        ]
        self.texts = [
            written(ends[0], (left, plot.bottom), RIGHT, small, muted),
            written(ends[1], (left, plot.top), RIGHT, small, muted),
            written(course.scores.kind, (plot.left, plot.top + 0.28), LEFT, small, muted),
            written("answer", (left, plot.bottom - sum(STRIP) / 2), RIGHT, small, muted),
            written("epoch", (left, below), RIGHT, small, muted),
            *self.ticks,
        ]
        super().__init__(self.axes, self.strip, self.lines, self.dots, *self.texts)
        self.add(*(label for label in self.labels if label is not None))
        self.strength = 1.0
        self.set_share(0.0)

    def label_of(self, run: tuple[float, float, int], theme: Theme) -> Still | None:
        """The name of the class in its part of the strip; None where there is no room for it."""
        start, end, label = run
        luma = float(np.array(rgb(self.focus.colour(label))) @ LUMA)
        either = sorted((theme.background, theme.text), key=lambda colour: float(np.array(rgb(colour)) @ LUMA))
        middle = (float(self.across((start + end) / 2)), self.plot.bottom - sum(STRIP) / 2)
        name = written(self.focus.names[label], middle, CENTER, TEXT.small, either[0 if luma > BRIGHT else 1])
        return name if name.width + 2 * PAD <= self.plot.width * (end - start) else None

    def set_opacity(self, opacity: float, family: bool = True) -> AnswerCurves:
        super().set_opacity(opacity, family)
        self.strength = opacity
        return self._show_labels()

    def _show_labels(self) -> AnswerCurves:
        """Names are there as soon as the strip has come past them."""
        for label in self.labels:
            if label is not None:
                there = float(label.get_right()[0]) <= float(self.across(self.share))
                label.set_opacity(self.strength if there else 0.0)
        return self

    def across(self, share: float | np.ndarray) -> np.ndarray:
        """Where a part of the playing time is in the frame."""
        return np.asarray(self.plot.left + self.plot.width * np.asarray(share))

    def up(self, score: float | np.ndarray) -> np.ndarray:
        """Where a score is in the frame."""
        return np.asarray(self.plot.bottom + self.plot.height * (np.asarray(score) - self.low) / (self.high - self.low))

    def set_share(self, share: float) -> AnswerCurves:
        """Draw everything up to when a part of the playing time has passed."""
        self.share = share
        shares, now = self.course.shares, self.course.blended(self.scores, share)
        x = self.across(np.minimum(shares, share))
        over = (shares > share)[:, None]
        y = self.up(np.where(over, now, self.scores))
        self.lines.set_lines([np.column_stack([x, y[:, k]]) for k in self.order])
        named = self.order[len(self.order) - len(self.dots.points) :]
        at = float(self.across(share))
        self.dots.set_positions(np.column_stack([np.full(len(named), at), self.up(now[named])]))
        top, bottom = (self.plot.bottom - depth for depth in STRIP)
        self.strip.set_boxes(np.array([
            [float(self.across(min(start, share))), float(self.across(min(end, share))), bottom, top]
            for start, end, _ in self.runs
        ]))  # fmt: skip
        return self._show_labels()


def span(scores: np.ndarray, kind: str) -> tuple[float, float]:
    """The ends of the axis of scores: 0 and 1, or farther where some are beyond."""
    low, high = min(0.0, float(scores.min())), max(0.0, float(scores.max()))
    if kind == PROBABILITY or (low == 0.0 and high <= 1.0):
        return 0.0, 1.0
    return low, max(high, low + 1e-9)


def runs_of(shares: np.ndarray, answers: np.ndarray) -> list[tuple[float, float, int]]:
    """From when to when the answer (M,) was which class; it changes halfway between two moments."""
    halves = (shares[1:] + shares[:-1]) / 2
    flips = np.flatnonzero(answers[1:] != answers[:-1])
    starts, ends = [0.0, *halves[flips]], [*halves[flips], 1.0]
    labels = answers[[0, *(flips + 1)]]
    return [(float(a), float(b), int(k)) for a, b, k in zip(starts, ends, labels, strict=True)]


def epoch_ticks(course: Course, width: float) -> list[tuple[float, float, tuple[int, int]]]:
    """Moments to be written under an axis as wide as that, where they are, and which edge of theirs is there."""
    first, last = float(course.moments[0]), float(course.moments[-1])
    ends = [(last, 1.0, RIGHT)] if last > first else []
    chosen = [(first, 0.0, LEFT), *ends]
    taken = [(0.0, reach(first, LEFT)), *((width - reach(last, RIGHT), width) for _ in ends)]
    # powers of ten first, since early ones lie far apart, then what lies between
    powers = range(7, (-3 if course.single_steps else -1), -1)
    values = [lead * 10.0**power for lead in ROUND for power in powers]
    values += [k * step for step in (10.0**power for power in powers if power >= 0) for k in range(1, 10)]
    values += [step * k for step in (10, 5) for k in range(1, MOST_MULTIPLES)]
    for value in values if last > first else ():
        if not first < value < last:
            continue
        share, half = float(np.interp(value, course.moments, course.shares)), reach(value, CENTER)
        low, high = width * share - half, width * share + half
        if all(high + APART <= left or low - APART >= right for left, right in taken):
            chosen.append((value, share, CENTER))
            taken.append((low, high))
    return sorted(chosen)


def tick_text(moment: float) -> str:
    """A moment under the axis; less than an epoch with its decimals."""
    return f"{moment:,.0f}" if moment == round(moment) else f"{moment:.2g}"


def reach(moment: float, edge: tuple[int, int]) -> float:
    """How far the number of a moment reaches from where it is."""
    return 0.13 * len(tick_text(moment)) / (1 if edge != CENTER else 2)
