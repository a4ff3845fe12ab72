"""What colours mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.tiles import Tiles
from scenes.mobjects.writing import LEFT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

SWATCH = 0.2
GAP = 0.16


class Legend(VGroup):
    """Swatches with names, one under another.

    Parameters
    ----------
    entries : sequence of (str, str)
        Colours and what they mean.
    corner : tuple of float
        Where the upper left corner goes.
    widest : float, optional
        Longer names are made smaller.
    """

    def __init__(
        self,
        entries: Sequence[tuple[str, str]],
        corner: tuple[float, float],
        size: float = TEXT.small,
        widest: float | None = None,
        theme: Theme = DARK,
    ) -> None:
        left, top = corner
        row = 0.36 * size / TEXT.small
        heights = top - row * (np.arange(len(entries)) + 0.5)
        boxes = [(left, left + SWATCH, y - SWATCH / 2, y + SWATCH / 2) for y in heights]
        self.entries = tuple(entries)
        self.swatches = Rectangles(np.array(boxes), np.array([rgb(colour) for colour, _ in entries]))
        self.names = []
        for y, (_, name) in zip(heights, entries, strict=True):
            self.names.append(written(name, (left + SWATCH + GAP, y), LEFT, size, theme.muted, widest=widest))
        super().__init__(self.swatches, *self.names)


class ScaleLegend(VGroup):
    """A bar with all colours of a scale, and the values at its ends.

    Parameters
    ----------
    ramp : array (n, 4)
        See `scenes.mobjects.tiles.weight_ramp`.
    low, high : float
    zone : Zone
        Where it goes: a name at the top if there is one, the bar, the values under it.
    name : str
    style : str
        A format specification for the values.
    ends : tuple of str, optional
        What is written at the ends instead of the values.
    """

    def __init__(
        self,
        ramp: np.ndarray,
        low: float,
        high: float,
        zone: Zone,
        name: str = "",
        style: str = ".2f",
        ends: tuple[str, str] | None = None,
        size: float = TEXT.small,
        theme: Theme = DARK,
    ) -> None:
        self.low, self.high = low, high
        row = 0.34 * size / TEXT.small
        top = zone.top - (row if name else 0.0)
        bar = np.array([[zone.left, zone.right, top - 0.2, top]])
        self.bar = Tiles(np.linspace(low, high, 256)[None, None], bar, ramp, low, high)
        first, last = ends or (value_text(low, style), value_text(high, style))
        marks = [(first, zone.left, -1), (last, zone.right, 1)]
        if low < 0 < high and ends is None:
            marks.append(("0", zone.left + zone.width * (0.0 - low) / (high - low), 0))
        self.texts = []
        if name:
            self.texts.append(written(name, (zone.left, zone.top - row / 2 + 0.05), LEFT, size, theme.muted))
        for text, x, side in marks:
            self.texts.append(written(text, (x, top - 0.42), (side, 0), size, theme.muted))
        super().__init__(self.bar, *self.texts)


def value_text(value: float, style: str) -> str:
    """A number with a real minus sign; zero is written plainly."""
    return "0" if value == 0 else format(value, style).replace("-", "−")
