"""Measures over the epochs, up to the moment that is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.still import Still
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

ROOM = 1.04  # of the axis above the highest value
TICK_ROOM, EPOCH_ROOM = 0.62, 0.42  # beside and below the curves, in scene units
LINE = 0.34  # from one name to the next
NEAR = 0.12  # how far curves keep from names
BETWEEN = (0.5, 0.35, 0.65, 0.2, 0.8)  # of the way up, where names may stand too
SEEN = 400  # places along a curve that are looked at


@dataclass(frozen=True)
class Series:
    """One measure over the epochs.

    Attributes
    ----------
    label : str
        What it is, written in its colour.
    epochs, values : ndarray, (M,) float64
        Epochs ascending; a value that is NaN leaves a gap.
    colour : str
    """

    label: str
    epochs: np.ndarray
    values: np.ndarray
    colour: str

    def at(self, moment: float) -> float:
        """The value at a moment, in epochs: straight between those that are known, the last one after them."""
        return float(np.interp(moment, self.epochs, self.values))


class Curves(VGroup):
    """Curves that grow with the epochs, and a dot on each at the moment that is shown.

    Parameters
    ----------
    series : mapping of str to Series
        Those drawn last lie over the others.
    zone : Zone
        Axes and their numbers included.
    number : callable
        Writes the highest value beside the axis.
    highest : float, optional
        Top of the axis; by default just above the highest value.
    names : sequence of str
        Which series are named, from the outside in.
    names_below : bool
        Whether the names stand rather at the lower right, where curves that rise leave room, than at the upper right.
        They stand elsewhere where a curve would pass through them.
    marks : sequence of (float, str)
        Epochs with a line and a name, such as the best one.
    axis : str
        What runs to the right, if it is not epochs.
    """

    def __init__(
        self,
        series: Mapping[str, Series],
        zone: Zone,
        number: Callable[[float], str],
        highest: float | None = None,
        names: Sequence[str] = (),
        names_below: bool = False,
        marks: Sequence[tuple[float, str]] = (),
        axis: str = "epoch",
        theme: Theme = DARK,
        size: float = TEXT.small,
    ) -> None:
        self.series = dict(series)
        values = np.concatenate([entry.values[np.isfinite(entry.values)] for entry in self.series.values()])
        top = float(values.max()) if values.size else 0.0
        self.highest = highest if highest is not None else max(top * ROOM if values.size else 1.0, 1e-12)
        top = top if highest is None else highest
        self.first = min(float(entry.epochs[0]) for entry in self.series.values())
        end = max(float(entry.epochs[-1]) for entry in self.series.values())
        self.last = max(end, self.first + 1e-9)
        self.plot = plot = Zone(zone.left + TICK_ROOM, zone.right, zone.bottom + EPOCH_ROOM, zone.top)
        corners = np.array([[[plot.left, plot.top], [plot.left, plot.bottom], [plot.right, plot.bottom]]])
        self.axes = Polylines(corners, theme.faint, 2.0)
        self.colours = {name: entry.colour for name, entry in self.series.items()}
        tints = np.array([rgb(colour) for colour in self.colours.values()])
        self.lines = Polylines([np.zeros((len(entry.epochs), 2)) for entry in self.series.values()], tints, 3.5)
        self.dots = PointCloud(np.zeros((len(self.series), 2)), tints, 0.075)
        named = [
            written(self.series[name].label, (0, 0), LEFT, size, self.series[name].colour, widest=plot.width)
            for name in names
        ]
        self._place_names(named, names_below, highest is None)
        below = plot.bottom - EPOCH_ROOM / 2
        self.texts = [
            written(number(top), (plot.left - 0.12, self.place(self.first, top)[1]), RIGHT, size, theme.muted),
            written("0", (plot.left - 0.12, plot.bottom), RIGHT, size, theme.muted),
            written(f"{self.first:,.0f}", (plot.left, below), CENTER, size, theme.muted),
            written(f"{end:,.0f}", (plot.right, below), RIGHT, size, theme.muted),
            written(axis, (plot.center[0], below), CENTER, size, theme.muted),
        ]
        self.texts += named
        self.marks = tuple(marks)
        rules = [[self.place(epoch, 0.0), self.place(epoch, self.highest)] for epoch, _ in marks]
        extra = [Polylines(np.array(rules), theme.muted, 1.5)] if rules else []
        for epoch, name in marks:
            x = self.place(epoch, 0.0)[0]
            edge = LEFT if x < plot.center[0] else RIGHT
            at = (x + 0.1 * (1 if edge == LEFT else -1), plot.bottom + 0.22)
            self.texts.append(written(name, at, edge, size, theme.muted))
        super().__init__(self.axes, *extra, self.lines, self.dots, *self.texts)
        self.set_moment(self.last)

    def _place_names(self, named: Sequence[Still], below: bool, stretches: bool) -> None:
        """Put the names, one under the other, where no curve passes; where there is no such place, above them all."""
        if not named:
            return
        plot, height = self.plot, LINE * len(named)
        width = max(float(name.width) for name in named)
        rights = (plot.right, plot.left + 0.2 * plot.width + width, plot.left + 0.1 + width)
        tops = (plot.top, plot.bottom + height + 0.06)
        corners = [(right, top) for top in (reversed(tops) if below else tops) for right in rights]
        if not stretches:  # then also halfway up, between curves
            corners += [(right, tops[1] + share * (tops[0] - tops[1])) for share in BETWEEN for right in rights]
        free = (corner for corner in corners if not self._passes(corner[0] - width, corner[0], corner[1], height))
        right, top = next(free, corners[0])
        if stretches and self._passes(right - width, right, top, height):
            right, top = plot.right, plot.top
            self.highest *= plot.height / max(plot.height - height, 0.4 * plot.height)
        for k, name in enumerate(named):
            x = right if right == plot.right else right - width + name.width
            name.shift([x - name.get_right()[0], top - LINE * (k + 0.42) - name.get_center()[1], 0])

    def _passes(self, left: float, right: float, top: float, height: float) -> bool:
        """Whether a curve passes through a part of the plot."""
        for entry in self.series.values():
            known = np.isfinite(entry.values)
            if not known.any():
                continue
            epochs = np.linspace(entry.epochs[known][0], entry.epochs[known][-1], SEEN)
            x = self.plot.left + self.plot.width * (epochs - self.first) / (self.last - self.first)
            y = self.plot.bottom + self.plot.height * (
                np.interp(epochs, entry.epochs[known], entry.values[known]) / self.highest
            )
            within = (x > left - NEAR) & (x < right + NEAR) & (y < top + NEAR) & (y > top - height - NEAR)
            if within.any():
                return True
        return False

    def place(self, epoch: float, value: float) -> np.ndarray:
        """Where an epoch and a value are in the frame, (2,)."""
        plot = self.plot
        share = (epoch - self.first) / (self.last - self.first)
        return np.array([plot.left + plot.width * share, plot.bottom + plot.height * value / self.highest])

    def at(self, moment: float) -> dict[str, float]:
        """The values at a moment, in epochs."""
        return {name: entry.at(moment) for name, entry in self.series.items()}

    def set_moment(self, moment: float) -> Curves:
        """Draw the curves up to a moment, in epochs; one that has ended stays."""
        moment = float(np.clip(moment, self.first, self.last))
        self.moment = moment
        plot = self.plot
        lines, dots = [], []
        for entry in self.series.values():
            reached = min(moment, float(entry.epochs[-1]))
            over = entry.epochs > reached
            x = np.where(over, reached, entry.epochs)
            y = np.where(over, entry.at(reached), entry.values)
            across = (x - self.first) / (self.last - self.first)
            lines.append(
                np.column_stack([plot.left + plot.width * across, plot.bottom + plot.height * y / self.highest])
            )
            dots.append(self.place(reached, entry.at(reached)))
        self.lines.set_lines(lines)
        self.dots.set_positions(np.array(dots))
        return self
