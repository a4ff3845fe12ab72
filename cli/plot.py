"""A small plot made of braille characters, for a terminal."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A braille character is 2 dots wide and 4 high; the bits of its dots from the top left, column by column
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
BLANK = 0x2800
# From this ratio of the largest to the smallest value on, a linear axis would show only the start of a loss
LOGARITHMIC_FROM = 30.0


def plot(x: ArrayLike, y: ArrayLike, *, width: int = 60, height: int = 8) -> list[str]:
    """Draw y over x, with the ends of both axes as numbers.

    Parameters
    ----------
    x, y : array_like, shape (N,)
        x ascending. Points where y is not finite are left out.
    width, height : int
        Of the curve, in characters.

    Returns
    -------
    list of str
        `height` lines and one for the x axis; the axis of y is logarithmic when the values are positive and
        span more than 1 : 30, and is then marked "log".
    """
    xs, ys = np.asarray(x, float), np.asarray(y, float)
    finite = np.isfinite(ys)
    xs, ys = xs[finite], ys[finite]
    if ys.size == 0:
        return ["(nothing to plot yet)"]
    logarithmic = bool(ys.min() > 0 and ys.max() > LOGARITHMIC_FROM * ys.min())
    levels = np.log(ys) if logarithmic else ys
    across = _scaled(xs, 2 * width)
    down = 4 * height - 1 - _scaled(levels, 4 * height)
    cells = np.zeros((height, width), dtype=int)
    for column, row in _joined(across, down):
        cells[row // 4, column // 2] |= DOTS[row % 4, column % 2]
    labels = [f"{ys.max():.3g}", *[""] * (height - 2), f"{ys.min():.3g}"]
    margin = max(map(len, labels))
    lines = [
        f"{label:>{margin}} ┤{''.join(chr(BLANK + cell) for cell in row)}"
        for label, row in zip(labels, cells, strict=True)
    ]
    ends = f"{xs[0]:g}", f"{xs[-1]:g}"
    scale = "log" if logarithmic else ""
    return [*lines, f"{scale:>{margin}}  {ends[0]}{ends[1]:>{width - len(ends[0])}}"]


def _scaled(values: NDArray[np.float64], dots: int) -> NDArray[np.int64]:
    """Values as whole dots from 0 to dots - 1; in the middle if they are all the same."""
    span = values.max() - values.min()
    if span == 0:
        return np.full(values.shape, dots // 2, dtype=np.int64)
    return np.round((values - values.min()) / span * (dots - 1)).astype(np.int64)


def _joined(across: NDArray[np.int64], down: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The dots of the points and of the straight lines between them."""
    dots = [(int(across[0]), int(down[0]))]
    for column, row in zip(across[1:], down[1:], strict=True):
        last_column, last_row = dots[-1]
        steps = max(abs(int(column) - last_column), abs(int(row) - last_row), 1)
        for step in range(1, steps + 1):
            share = step / steps
            dots.append(
                (
                    math.floor(last_column + share * (int(column) - last_column) + 0.5),
                    math.floor(last_row + share * (int(row) - last_row) + 0.5),
                )
            )
    return dots
