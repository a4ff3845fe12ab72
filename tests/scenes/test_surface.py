"""Surfaces: where their facets, contours and places are, what hides what, and no seams between facets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from manim import DEGREES, OUT, RIGHT, ThreeDCamera

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.surface import Surface, contour_levels
from scenes.mobjects.view import View
from scenes.painting.camera import PaintCamera, PaintThreeDCamera
from scenes.theme import DARK, rgb

Picture = Callable[..., np.ndarray]
GROUND = np.array(rgb(DARK.background)) * 255
FINE = 5


def bowl(rows: int = 9, columns: int = 13) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(-3, 3, columns), np.linspace(-2, 2, rows))
    return x * x + y * y


def turned(camera: Any) -> None:
    camera.set_phi(55 * DEGREES)
    camera.set_theta(-70 * DEGREES)


@pytest.mark.parametrize("lines", [{}, {"levels": [2.0, 5.0], "mesh": 2, "line_width": 2.5}])
def test_painted_and_drawn_in_space_look_the_same(picture: Picture, lines: dict[str, Any]) -> None:
    surface = Surface(bowl(), ((-3, 3), (-2, 2)), 0.3, **lines)
    painted = picture(surface, camera=PaintThreeDCamera, prepare=turned)
    drawn = picture(surface, camera=ThreeDCamera, prepare=turned)
    shown = np.abs(drawn[..., :3] - GROUND).max(axis=-1) > 8
    assert shown.sum() > 20_000
    difference = np.abs(painted - drawn)[..., :3].max(axis=-1)
    assert difference[shown].mean() < 4
    assert (difference > 64).sum() < 0.004 * shown.sum()


def test_facets_meet_without_seams_and_cover_what_they_should(picture: Picture) -> None:
    flat = Surface(np.zeros((23, 31)), ((-2.03, 2.17), (-1.51, 1.33)), colours="#ff8040", shading=False)
    flat.rotate(0.3)
    shown = picture(flat)[..., :3]
    x = ((np.arange(854 * FINE) + 0.5) / FINE - 427) / 60
    y = (240 - (np.arange(480 * FINE) + 0.5) / FINE) / 60
    middle = np.array([0.07, -0.09])  # manim turns about the middle of what it turns
    away = np.stack(np.meshgrid(x, y), axis=-1) - middle
    home = away @ np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    far = (np.abs(home) - [2.1, 1.42]).max(axis=-1)  # beyond the edge, in units; a pixel is 1 / 60
    cover = (far < 0).reshape(480, FINE, 854, FINE).mean(axis=(1, 3))[..., None]
    far = far.reshape(480, FINE, 854, FINE)[:, FINE // 2, :, FINE // 2]
    expected = GROUND + (np.array([255, 128, 64]) - GROUND) * cover
    assert (shown[far < -1 / 60] == [255, 128, 64]).all()
    assert (shown[far > 1 / 60] == GROUND.round()).all()
    assert np.abs(shown - expected).max() < 60
    assert abs((shown - expected).mean()) < 0.05


def test_the_near_side_hides_the_far_side(picture: Picture) -> None:
    # a ridge across the middle, seen from aside: what lies behind it is not to be seen
    heights = np.zeros((9, 9))
    heights[4] = 2.0
    colours = np.zeros((8, 8, 3))
    colours[:4], colours[4:] = [1, 0, 0], [0, 0, 1]
    ridge = Surface(heights, ((-2, 2), (-2, 2)), colours=colours, shading=False, view=View(tilt=1.3))
    shown = picture(ridge)
    red, blue = (shown[..., 0] > 200).sum(), (shown[..., 2] > 200).sum()
    ridge.view.time = 9.0  # straight from the front again, as at time 0
    assert np.array_equal(picture(ridge.look()), shown)
    behind = Surface(heights[::-1], ((-2, 2), (-2, 2)), colours=colours[::-1], shading=False, view=View(tilt=1.3))
    swapped = picture(behind)
    assert red > 5000 > 20 * blue
    assert (swapped[..., 2] > 200).sum() == red


def test_the_camera_decides_what_is_in_front(picture: Picture) -> None:
    step = Surface(np.array([[0.0, 0.0], [2.0, 2.0]]), ((-1, 1), (-1, 1)), colours="#ff0000", shading=False)

    def looking(theta: float) -> Callable[[Any], None]:
        def prepare(camera: Any) -> None:
            camera.set_phi(80 * DEGREES)
            camera.set_theta(theta * DEGREES)

        return prepare

    shown = [picture(step, camera=PaintThreeDCamera, prepare=looking(theta)) for theta in (-90, 90)]
    assert all((picture_[..., 0] > 200).sum() > 5000 for picture_ in shown)
    assert not np.array_equal(*shown)


def test_places_lie_on_the_surface() -> None:
    heights = np.random.default_rng(3).normal(size=(4, 6))
    surface = Surface(heights, ((-1, 4), (2, 5)), 0.5)
    x, y = np.meshgrid(np.linspace(-1, 4, 6), np.linspace(2, 5, 4))
    places = surface.at(x.ravel(), y.ravel())
    assert np.allclose(places, np.column_stack([x.ravel(), y.ravel(), 0.5 * heights.ravel()]))
    # in the middle of a facet the mean of its corners
    assert np.allclose(surface.at(-0.5, 2.5), [-0.5, 2.5, 0.5 * heights[:2, :2].mean()])
    assert np.isnan(surface.at([-1.1, 0.0], [3.0, 5.2])).all()
    before = surface.at(0.3, 3.3)
    surface.shift(2 * RIGHT + OUT)
    assert np.allclose(surface.at(0.3, 3.3), before + [2, 0, 1])


def test_places_are_where_the_view_sees_them() -> None:
    view = View(np.array([1.0, -0.5]), 0.8, 1.0, 3.0)
    surface = Surface(bowl(), ((-3, 3), (-2, 2)), 0.2, view=view)
    place = np.array([[1.5, -1.0, 0.2 * (1.5**2 + 1)]])
    assert np.allclose(surface.at(1.5, -1.0)[:2], view.look(place)[0])
    view.time = 5.0
    assert np.allclose(surface.look().at(1.5, -1.0)[:2], view.look(place)[0])


def test_contour_lines_lie_where_the_height_is() -> None:
    surface = Surface(bowl(41, 61), ((-3, 3), (-2, 2)), 2.0, levels=[1.0, 3.0])
    ends = surface.segments()
    for level in (1.0, 3.0):
        here = np.isclose(ends[..., 2], 2 * level).all(axis=1)
        radii = np.hypot(ends[here][..., 0], ends[here][..., 1])
        assert here.sum() > 100
        assert np.abs(radii - np.sqrt(level)).max() < 0.004
        # the pieces make the whole circle
        length = np.linalg.norm(np.diff(ends[here], axis=1), axis=2).sum()
        assert length == pytest.approx(2 * np.pi * np.sqrt(level), rel=0.002)


def test_facets_that_are_not_finite_are_left_out(picture: Picture) -> None:
    heights = np.zeros((5, 5))
    heights[2, 2] = np.nan
    shown = picture(Surface(heights, ((-2, 2), (-2, 2)), colours="#ffffff", shading=False, levels=[0.5]))
    assert (shown[240, 427, :3] == GROUND.round()).all()
    assert (shown[240 - 90, 427, :3] == 255).all() and (shown[240, 427 + 90, :3] == 255).all()


def test_colours_follow_the_heights_and_the_light() -> None:
    ramp = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    slope = np.tile(np.linspace(0.0, 4.0, 5), (3, 1))
    plain = Surface(slope, ramp=ramp, low=-4.0, high=4.0, shading=False)
    assert np.allclose(plain.colours[:4, 0], (np.array([0.5, 1.5, 2.5, 3.5]) + 4) / 8)
    level = Surface(np.zeros((3, 3)), colours="#ffffff")
    steep = Surface(np.tile([0.0, 9.0, 18.0], (3, 1)), colours="#ffffff")
    assert (steep.colours[:, :3] < level.colours[:, :3]).all() and (level.colours[:, :3] > 0.85).all()
    assert plain.set_heights(slope + 4).colours[0, 0] > 0.9


def test_the_scratch_is_clean_afterwards(manim_settings: None) -> None:
    camera = PaintCamera()
    camera.capture_mobjects([Surface(bowl(), view=View(tilt=1.0)), PointCloud(np.zeros((1, 2)), "#ffffff")])
    assert not camera._scratch.samples.any()


@pytest.mark.parametrize(
    ("low", "high", "levels"),
    [(0.0, 1.0, np.arange(1, 10) / 10), (-3.1, 3.1, np.arange(-3.0, 3.5, 0.5)), (1.0, 1.0, []), (0.02, 0.051, None)],
)
def test_contour_levels_are_round(low: float, high: float, levels: Any) -> None:
    found = contour_levels(low, high)
    assert ((found > low) & (found < high)).all()
    if levels is None:
        assert 5 <= len(found) <= 20
    else:
        assert np.allclose(found, levels)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Surface(np.zeros(4)), r"shape \(R, C\) with at least two of each, not \(4,\)"),
        (lambda: Surface(np.zeros((1, 4))), "at least two of each"),
        (lambda: Surface(np.full((3, 3), np.nan)), "must not all be infinite or NaN"),
        (lambda: Surface(np.zeros((3, 3))).set_heights(np.zeros((3, 4))), r"shape \(3, 4\) do not fit"),
    ],
)
def test_heights_that_do_not_fit_are_refused(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
