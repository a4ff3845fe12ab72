"""Where two or three pictures, their names and the curves stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.theme import SAFE, TEXT, Zone

LINE = 0.36  # from one line of a name to the next


@dataclass(frozen=True)
class Places:
    """Where everything stands that there is as often as there are recordings.

    Attributes
    ----------
    pictures : tuple of Zone
        Squares.
    chart : Zone
        Of the curves, beside the pictures.
    names : tuple of ((float, float), tuple of int)
        Where each name stands, and which of its points is there.
    widest : float
        Of a name.
    size : float
        Of its letters.
    values : tuple of (float, float)
        Where the value of each stands, under its picture; none where there is no room.
    key : tuple of float
        Where the words stand that say what the colours of weights mean.
    """

    pictures: tuple[Zone, ...]
    chart: Zone
    names: tuple[tuple[tuple[float, float], tuple[int, int]], ...]
    widest: float
    size: float
    key: tuple[float, float]
    values: tuple[tuple[float, float], ...] = ()


WIDE = Zone(-5.6, 5.6, -1.9, 2.2)  # of the curves where there are no pictures

# Two large ones at the edges, the curves between them
_SIDE = 4.0
PAIR = Places(
    pictures=(Zone(SAFE.left, SAFE.left + _SIDE, -2.0, 2.0), Zone(SAFE.right - _SIDE, SAFE.right, -2.0, 2.0)),
    chart=Zone(-2.4, 2.3, -2.0, 2.0),
    names=(((SAFE.left, 2.32), LEFT), ((SAFE.right, 2.32), RIGHT)),
    widest=4.4,
    size=TEXT.label,
    key=(0.0, 2.32),
)

# Three in a row, and the curves where a fourth would be
_GAP = 0.42
_STEP = (SAFE.width + _GAP) / 4
_LEFTS = SAFE.left + _STEP * np.arange(4)
_BOTTOM = -1.25
_ROW = tuple(Zone(float(left), float(left) + _STEP - _GAP, _BOTTOM, _BOTTOM + _STEP - _GAP) for left in _LEFTS)
TRIO = Places(
    pictures=_ROW[:3],
    chart=_ROW[3],
    names=tuple(((float(zone.center[0]), zone.top + 0.34), CENTER) for zone in _ROW[:3]),
    widest=_STEP - _GAP,
    size=TEXT.small,
    key=(float(_ROW[3].center[0]), _ROW[3].top + 0.34),
    values=tuple((float(zone.center[0]), zone.bottom - 0.42) for zone in _ROW[:3]),
)


def title(name: str, at: tuple[float, float], edge: tuple[int, int], colour: str, places: Places) -> list[Still]:
    """A name over its picture, in two lines where one is too short for it; what is longer yet is cut."""
    lines = two_lines(name, places)
    return [
        written(line, (at[0], at[1] + LINE * (len(lines) - 1 - k)), edge, places.size, colour, widest=places.widest)
        for k, line in enumerate(lines)
    ]


def two_lines(name: str, places: Places) -> list[str]:
    """A name that is too wide, broken between words so that as much as there is room for stands in the first line."""

    def fits(text: str) -> bool:
        return bool(Label(text, size=places.size).width <= places.widest)

    words = name.split()
    breaks = [k for k in range(1, len(words)) if fits(" ".join(words[:k]))]
    if fits(name) or not breaks:
        return [name]
    return [" ".join(words[: breaks[-1]]), " ".join(words[breaks[-1] :])]
