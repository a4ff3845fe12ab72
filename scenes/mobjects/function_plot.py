"""Axes for functions of one number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import CENTER, RIGHT, number_text, written
from scenes.theme import DARK, TEXT, Theme, Zone

BELOW, BESIDE = 0.4, 0.55  # room for numbers, in scene units


class FunctionPlot(VGroup):
    """Lines at some values with their numbers, and where a number and its function's value are in the frame.

    Parameters
    ----------
    x, y : tuple of float
        Lowest and highest that are shown.
    zone : Zone
        Numbers included.
    x_ticks, y_ticks : sequence of float
        Values with a line across; they are written below and at the left.
    x_name, y_name : str
        What the axes show: written below at the right end, and above the left edge.
    style : str
        A format specification for the numbers.
    numbers : bool
        Whether they are written at all.
    equal : bool
        Whether a unit is equally long along both axes, so that slopes are seen as they are; the plot is then centred
        in what the zone leaves.
    """

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        zone: Zone,
        x_ticks: Sequence[float] = (),
        y_ticks: Sequence[float] = (),
        x_name: str = "",
        y_name: str = "",
        style: str = "g",
        numbers: bool = True,
        equal: bool = False,
        theme: Theme = DARK,
    ) -> None:
        self.x, self.y = x, y
        plot = Zone(
            zone.left + (BESIDE if y_ticks and numbers else 0.0),
            zone.right,
            zone.bottom + (BELOW if (x_ticks and numbers) or x_name else 0.0),
            zone.top - (BELOW if y_name else 0.0),
        )
        if equal:
            unit = min(plot.width / (x[1] - x[0]), plot.height / (y[1] - y[0]))
            width, height = unit * (x[1] - x[0]) / 2, unit * (y[1] - y[0]) / 2
            cx, cy = plot.center[:2]
            plot = Zone(cx - width, cx + width, cy - height, cy + height)
        self.plot = plot
        lines = [[self.place(at, y[0]), self.place(at, y[1])] for at in x_ticks]
        lines += [[self.place(x[0], at), self.place(x[1], at)] for at in y_ticks]
        widths = [2.0 if at == 0 else 1.0 for at in (*x_ticks, *y_ticks)]
        self.grid = Polylines(np.array(lines).reshape(-1, 2, 2), theme.faint, np.array(widths))
        below, beside = plot.bottom - BELOW / 2 - 0.02, plot.left - 0.14
        self.texts = [
            written(number_text(at, style), (self.place(at, 0)[0], below), CENTER, TEXT.small, theme.muted)
            for at in (x_ticks if numbers else ())
        ]
        self.texts += [
            written(number_text(at, style), (beside, self.place(0, at)[1]), RIGHT, TEXT.small, theme.muted)
            for at in (y_ticks if numbers else ())
        ]
        if x_name:
            self.texts.append(written(x_name, (plot.right, below), RIGHT, TEXT.small, theme.muted))
        if y_name:
            at = (plot.left, plot.top + BELOW / 2 + 0.04)
            self.texts.append(written(y_name, at, (-1, 0), TEXT.small, theme.muted))
        super().__init__(self.grid, *self.texts)

    def place(self, x: float, y: float) -> np.ndarray:
        """Where a number and a value are in the frame, (2,)."""
        return self.places(np.array([x]), np.array([y]))[0]

    def places(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Where numbers (N,) and values (N,) are in the frame, (N, 2), within the plot or not."""
        across = (np.asarray(x, np.float64) - self.x[0]) / (self.x[1] - self.x[0])
        up = (np.asarray(y, np.float64) - self.y[0]) / (self.y[1] - self.y[0])
        plot = self.plot
        return np.column_stack([plot.left + plot.width * across, plot.bottom + plot.height * up])

    def curve(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The same (N, 2) for a line: NaN, which leaves a gap, where it is outside the plot."""
        found = self.places(x, y)
        found[(np.asarray(y) < self.y[0]) | (np.asarray(y) > self.y[1])] = np.nan
        return found
