"""Curves over the steps of a sequence, up to the step that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import LEFT, RIGHT, number_text, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb


class Series(NamedTuple):
    """A curve: its values, its colour, the step of its first value, and its width in manim's stroke units."""

    values: np.ndarray
    colour: str
    start: int = 0
    width: float = 3.0


class SeriesPlot(VGroup):
    """Curves on one scale over steps, which grow with the step that is shown.

    Parameters
    ----------
    series : sequence of Series
    zone : Zone
        Of the curves alone.
    low, high : float
        The values at the lower and upper edge.
    name : str
        What is plotted, at the left of the zone.
    steps : int, optional
        How many there is room for; by default as many as the longest series needs.
    ticks : sequence of float
        Values that are written at the left, under the name if there is one, each with a line across.
    """

    def __init__(
        self,
        series: Sequence[Series],
        zone: Zone,
        low: float,
        high: float,
        name: str = "",
        steps: int | None = None,
        ticks: Sequence[float] = (),
        style: str = "g",
        theme: Theme = DARK,
    ) -> None:
        self.series = [each._replace(values=np.asarray(each.values, dtype=np.float64)) for each in series]
        self.zone, self.low, self.high = zone, float(low), float(high)
        self.steps = steps or max(each.start + len(each.values) for each in self.series)
        lines = np.array([[self.place(0, tick), self.place(self.steps - 1, tick)] for tick in ticks])
        parts: list[Polylines] = [Polylines(lines, theme.faint, 1.5)] if len(lines) else []
        self.curves = [
            Polylines(np.full((1, len(each.values), 2), np.nan), np.array([rgb(each.colour)]), each.width)
            for each in self.series
        ]
        self.texts = []
        for tick in ticks:
            at = (zone.left - 0.15, self.place(0, tick)[1])
            self.texts.append(written(number_text(tick, style), at, RIGHT, TEXT.small, theme.muted))
        if name:
            at = (zone.left, zone.top + 0.24)
            self.texts.append(written(name, at, LEFT, TEXT.small, theme.muted))
        super().__init__(*parts, *self.curves, *self.texts)
        self.set_step(float(self.steps - 1))

    def place(self, step: Any, value: Any) -> np.ndarray:
        """Where steps (from 0) and values are in the frame, (2,) or (N, 2)."""
        zone = self.zone
        across = step / max(self.steps - 1, 1)
        up = np.clip((value - self.low) / (self.high - self.low), -0.1, 1.1)
        return np.stack([zone.left + zone.width * across, zone.bottom + zone.height * up], axis=-1)

    def value_at(self, k: int, step: Any) -> Any:
        """The value of curve `k` at a step, straight between two, or at several."""
        each = self.series[k]
        return np.interp(step - each.start, np.arange(len(each.values)), each.values)

    def set_step(self, step: float) -> SeriesPlot:
        """Draw the curves up to a step, which may lie between two."""
        self.step = step
        for k, (each, curve) in enumerate(zip(self.series, self.curves, strict=True)):
            shown = step - each.start
            at = np.minimum(np.arange(len(each.values)), max(shown, 0.0))
            places = self.place(each.start + at, self.value_at(k, each.start + at))
            if shown < 0:
                places[:] = np.nan
            curve.set_lines(places[None])
        return self
