"""The braille plot, read back dot by dot."""

from __future__ import annotations

import math

import numpy as np

from cli.plot import plot

# Unicode's own numbering: dots 1 2 3 7 are the left column from the top, 4 5 6 8 the right one
COLUMN_OF_DOTS = {1: (0, 0), 2: (1, 0), 3: (2, 0), 7: (3, 0), 4: (0, 1), 5: (1, 1), 6: (2, 1), 8: (3, 1)}


def dots(lines: list[str]) -> set[tuple[int, int]]:
    """(row, column) of every raised dot of the curve."""
    found = set()
    for row, line in enumerate(lines[:-1]):
        for column, character in enumerate(line.split("┤")[1]):
            for number, (down, across) in COLUMN_OF_DOTS.items():
                if (ord(character) - 0x2800) >> (number - 1) & 1:
                    found.add((4 * row + down, 2 * column + across))
    return found


def test_a_rising_line_is_a_diagonal() -> None:
    lines = plot(range(16), range(16), width=8, height=4)
    assert dots(lines) == {(15 - k, k) for k in range(16)}


def test_points_lie_where_their_values_say() -> None:
    x = np.arange(40)
    y = np.cos(x / 5)
    drawn = dots(plot(x, y, width=20, height=6))
    for column, value in enumerate(y):
        row = 23 - round((value - y.min()) / (y.max() - y.min()) * 23)
        assert (row, column) in drawn


def test_neighbours_are_joined() -> None:
    drawn = dots(plot([0, 1], [0, 1], width=10, height=10))
    assert {row for row, _ in drawn} == set(range(40))


def test_a_wide_span_is_drawn_as_logarithms_and_says_so() -> None:
    x = np.arange(16)
    lines = plot(x, 10.0**-x, width=8, height=4)
    assert "log" in lines[-1]
    assert dots(lines) == {(k, k) for k in range(16)}


def test_ends_are_labelled() -> None:
    lines = plot([0, 600], [0.25, 0.75], width=30, height=3)
    assert lines[0].lstrip().startswith("0.75")
    assert lines[2].lstrip().startswith("0.25")
    assert lines[-1].split() == ["0", "600"]
    assert len({len(line) for line in lines}) == 1


def test_values_that_are_not_finite_are_left_out() -> None:
    assert dots(plot([0, 1, 2], [1.0, math.nan, 1.0])) == dots(plot([0, 2], [1.0, 1.0]))
    assert plot([0.0], [math.nan]) == ["(nothing to plot yet)"]


def test_one_point() -> None:
    assert len(dots(plot([3], [0.5]))) == 1
