"""A small picture whose cells have their numbers written in them."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles
from scenes.mobjects.writing import number_text
from scenes.theme import DARK, TEXT, Theme, rgb

ROOM = 1.05  # how much wider than a number its cell must be
LUMA = np.array([0.2126, 0.7152, 0.0722])
BRIGHT = 0.45  # cells brighter than this have dark numbers


class NumberTiles(VGroup):
    """A grid of values as colours, with a number in each cell where there is room for it.

    Parameters
    ----------
    values : array (h, w)
        The first row is at the top.
    box : array (4,)
        Left, right, bottom and top, in scene units.
    ramp : array (n, 3) or (n, 4)
        Colours between 0 and 1 for values from `low` to `high`; see `scenes.mobjects.tiles`.
    low, high : float
    style : str
        A format specification for the numbers.
    widest : float, optional
        A number as wide as any to come; by default the largest value, with a sign where `low` is below 0.
    """

    def __init__(
        self,
        values: np.ndarray,
        box: np.ndarray,
        ramp: np.ndarray,
        low: float,
        high: float,
        style: str = ".2f",
        size: float = TEXT.small,
        theme: Theme = DARK,
        widest: float | None = None,
    ) -> None:
        values = np.asarray(values, dtype=np.float64)
        self.theme, self.ramp, self.shape = theme, np.asarray(ramp), values.shape
        self.box = np.asarray(box, dtype=np.float64)
        self.tiles = Tiles(values[None], self.box[None], ramp, low, high)
        self.frame = Polylines(outlines(self.box[None]), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        if widest is None:
            widest = max(float(np.abs(values).max(initial=0.0)), 0.88) * (-1 if low < 0 else 1)
        self.numbers = [Readout("", 0.0, style, widest, size) for _ in range(values.size)]
        self.numbers_opacity = 1.0
        super().__init__(self.tiles, self.frame, *self.numbers)
        self.set_values(values)
        self.set_box(self.box)

    @property
    def values(self) -> np.ndarray:
        """What is shown, (h, w)."""
        return self.tiles.values[0]

    @property
    def legible(self) -> bool:
        """Whether the cells have room for their numbers."""
        left, right, bottom, top = self.box
        cell = min((right - left) / self.shape[1] / self.numbers[0].width, (top - bottom) / self.shape[0] / 0.3)
        return bool(cell >= ROOM)

    def set_values(self, values: np.ndarray, numbers: np.ndarray | None = None) -> NumberTiles:
        """Show other values, (h, w) as before; other numbers may be written in their cells, none where one is NaN."""
        self.tiles.set_values(np.asarray(values)[None])
        tiles = self.tiles
        share = np.clip((np.nan_to_num(tiles.values[0]) - tiles.low) / (tiles.high - tiles.low), 0.0, 1.0)
        colours = self.ramp[np.round(share * (len(self.ramp) - 1)).astype(int), :3]
        dark = colours @ LUMA > BRIGHT
        either = (self.theme.background, self.theme.text)
        by_lightness = sorted(either, key=lambda colour: float(np.array(rgb(colour)) @ LUMA))
        written = tiles.values[0] if numbers is None else np.asarray(numbers)
        for number, value, on_bright in zip(self.numbers, written.ravel(), dark.ravel(), strict=True):
            number.set_value("" if np.isnan(value) else number_text(float(value), number.style))
            number.number_color = by_lightness[0 if on_bright else 1]
        return self

    def set_box(self, box: np.ndarray) -> NumberTiles:
        """Move and stretch it, to (4,); numbers keep their size, and are seen only where there is room for them."""
        self.box = np.asarray(box, dtype=np.float64).reshape(4)
        self.tiles.set_boxes(self.box[None])
        self.frame.set_lines(outlines(self.box[None]))
        for number, center in zip(self.numbers, self.centers().reshape(-1, 2), strict=True):
            number.move_to([*center, 0.0])
        return self._show_numbers()

    def centers(self) -> np.ndarray:
        """The middles of the cells, (h, w, 2)."""
        left, right, bottom, top = self.box
        rows, columns = self.shape
        x = left + (right - left) * (np.arange(columns) + 0.5) / columns
        y = top - (top - bottom) * (np.arange(rows) + 0.5) / rows
        return np.stack(np.meshgrid(x, y), axis=-1)

    def show_numbers(self, opacity: float) -> NumberTiles:
        """Set how visible the numbers are, on top of the whole."""
        self.numbers_opacity = opacity
        return self._show_numbers()

    def set_opacity(self, opacity: float, family: bool = True) -> NumberTiles:
        super().set_opacity(opacity, family)
        return self._show_numbers()

    @property
    def opacity_of_numbers(self) -> float:
        """How visible the numbers are in all."""
        return self.tiles.opacity * self.numbers_opacity * self.legible

    def _show_numbers(self) -> NumberTiles:
        for number in self.numbers:
            number.set_opacity(self.opacity_of_numbers)
        return self
