"""Text that stands in a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.theme import DARK, TEXT

LEFT, CENTER, RIGHT = (-1, 0), (0, 0), (1, 0)  # which edge of a text is where it is said to be


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
    widest : float, optional
        A wider text is made smaller, in scene units.
    """
    label = Label(text, size=size, color=color, bold=bold)
    if widest is not None and label.width > widest:
        label.scale(widest / label.width)
    if edge[1] == 0:
        # letters with and without descenders stand on one line
        reference = Label("x", size=size)
        offset = reference.height / 2
        label.move_to([*at, 0], aligned_edge=np.array([edge[0], 0, 0]))
        label.shift([0, at[1] - offset - label.baseline, 0])
        return Still(label)
    return Still(label.move_to([*at, 0], aligned_edge=np.array([*edge, 0])))
