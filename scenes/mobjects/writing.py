"""Text that stands in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.theme import DARK, TEXT

LEFT, CENTER, RIGHT = (-1, 0), (0, 0), (1, 0)  # which edge of a text is where it is said to be
HALF_LETTER = 0.26  # how far the baseline lies below the middle of a line, in em


def written(
    text: str,
    at: Sequence[float],
    edge: tuple[int, int] = CENTER,
    size: float = TEXT.small,
    color: str = DARK.muted,
    bold: bool = False,
    widest: float | None = None,
) -> Still:
    """A line of text with its edge or corner at a place.

    Parameters
    ----------
    text : str
    at : sequence of float
        x and y, in scene units.
    edge : tuple of int
        Which point of the text is there: (-1, 0) is the middle of its left edge, (0, 1) the middle of its top.
        Texts with their middle at one height stand on one line.
    widest : float, optional
        A wider text is cut, in scene units.
    """
    label = Label(text, size=size, color=color, bold=bold)
    shown = text
    while widest is not None and label.width > widest and len(shown) > 1:
        # as many letters as there is room for, at least one less than before
        shown = shown[: min(len(shown) - 1, max(1, int(len(shown) * widest / label.width)))].rstrip()
        label = Label(shown + "…", size=size, color=color, bold=bold)
    if edge[1] == 0:
        align = {-1: "left", 0: "center", 1: "right"}[edge[0]]
        return Still(label.stand_on(at[0], at[1] - HALF_LETTER * size / 96, align))
    return Still(label.move_to([*at, 0], aligned_edge=np.array([*edge, 0])))


def number_text(value: float, style: str = ".2f") -> str:
    """A number with a real minus sign, which zero has not."""
    text = format(value, style)
    return (text.removeprefix("-") if float(text.replace(",", "")) == 0 else text).replace("-", "−")
