"""Zero lines of functions whose zero lines are known."""

import numpy as np
import pytest

from engine.analysis.isoline import Bounds, densify, segments, zero_lines
from engine.errors import ConfigurationError

SQUARE = Bounds(-1.0, 1.0, -1.0, 1.0)


def circle(points):
    return np.hypot(points[:, 0] - 0.1, points[:, 1]) - 0.7


def test_circle_is_one_closed_line_of_zeros():
    (line,) = zero_lines(circle, SQUARE, 64)
    assert np.abs(circle(line)).max() < 1e-9
    np.testing.assert_array_equal(line[0], line[-1])
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert length == pytest.approx(2 * np.pi * 0.7, rel=1e-3)


def test_neighbours_on_a_line_are_neighbours_on_the_grid():
    (line,) = zero_lines(circle, SQUARE, 64)
    assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() < 1.5 * 2 / 63


def test_open_and_several_lines():
    lines = zero_lines(lambda p: np.abs(p[:, 0] + 0.01) - 0.5, SQUARE, 40)
    assert len(lines) == 2
    for line in lines:
        assert np.ptp(line[:, 1]) == pytest.approx(2)  # from edge to edge


def test_no_line_where_the_sign_does_not_change():
    assert zero_lines(lambda p: 1 + p[:, 0] ** 2, SQUARE, 32) == []


@pytest.mark.parametrize("offset", [0.02, -0.02])
def test_saddle_keeps_its_branches_apart(offset):
    def hyperbola(points):
        return points[:, 0] * points[:, 1] - offset

    lines = zero_lines(hyperbola, SQUARE, 64)
    assert len(lines) == 2
    for line in lines:
        assert np.abs(hyperbola(line)).max() < 1e-9
        # One branch stays in one quadrant.
        assert (np.sign(line[:, 0]) == np.sign(line[0, 0])).all()


SADDLES = [[[1, -1], [-1, 1.5]], [[-1, 1], [1, -1.5]], [[1, -1.5], [-1, 1]], [[-1, 1.5], [1, -1]]]


@pytest.mark.parametrize("values", SADDLES)
def test_every_saddle_cell_gives_two_segments_that_do_not_cross(values):
    two = segments(np.array(values, dtype=float), SQUARE)
    assert two.shape == (2, 2, 2)
    values = np.array(values)
    # The corners of the sign of the middle are joined: the segments cut off the other two.
    middle = np.sign(values.sum())
    cut_off = {(-1, -1): values[0, 0], (1, -1): values[0, 1], (-1, 1): values[1, 0], (1, 1): values[1, 1]}
    for segment in two:
        corner = tuple(np.sign(segment.mean(axis=0)).astype(int).tolist())
        assert np.sign(cut_off[corner]) == -middle


def test_segments_agree_with_the_refined_line():
    points = segments(circle(SQUARE.lattice(128, 128)).reshape(128, 128), SQUARE).reshape(-1, 2)
    assert np.abs(circle(points)).max() < 1e-3


def test_densify_adds_zeros_where_an_image_is_stretched():
    def stretched(points):
        return [points * 10]

    (line,) = zero_lines(circle, SQUARE, 32)
    dense = densify(line, circle, stretched, 0.1)
    assert len(dense) > len(line)
    assert np.abs(circle(dense)).max() < 1e-9
    assert np.linalg.norm(np.diff(stretched(dense)[0], axis=0), axis=1).max() <= 0.1
    assert all((dense == point).all(axis=1).any() for point in line)


def test_bounds_grow_about_their_centre():
    assert Bounds(0, 2, 1, 3).grown(2) == Bounds(-1, 3, 0, 4)


@pytest.mark.parametrize(("function", "resolution"), [(circle, 1), (lambda p: p, 8), (lambda p: p[:, 0] * np.nan, 8)])
def test_bad_input_is_named(function, resolution):
    with pytest.raises(ConfigurationError, match="resolution=1|values of shape"):
        zero_lines(function, SQUARE, resolution)
