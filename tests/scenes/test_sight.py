"""What hills hide: lines of sight against the facets that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.landscape import Landscape
from scenes.mobjects.sight import clearness
from scenes.mobjects.surface import Surface
from scenes.mobjects.surface_path import HIDDEN, SurfacePath
from scenes.mobjects.terrain import Terrain, TurningView
from scenes.mobjects.view import View
from scenes.theme import Zone

HILLS = [(0.1, -0.1, 0.9), (-0.5, 0.4, 0.4), (0.6, 0.1, -0.3)]


def hilly(view: View | None) -> Surface:
    x, y = np.meshgrid(np.linspace(-1.2, 1.2, 61), np.linspace(-1, 1, 51))
    heights = sum(h * np.exp(-((x - a) ** 2 + (y - b) ** 2) * 12) for a, b, h in HILLS)
    return Surface(heights, ((-1.2, 1.2), (-1.0, 1.0)), 0.8, view=view)


def views() -> list[View]:
    origin = np.array([0.7, -0.3])
    return [
        View(origin, 3.0, 1.0, 2.0),
        View(origin, 2.0, 0.6, 14.0),
        TurningView(origin, 2.5, 0.9, angle=lambda: 2.4),
        View(origin, 2.0, 0.0),
    ]


def is_covered(surface: Surface, place: np.ndarray, slack: float) -> bool:
    """Whether a facet is drawn over a place that lies on the surface, in a plane that is `slack` nearer to the eye."""
    triangles = np.concatenate([surface.facets[:, [0, 1, 2]], surface.facets[:, [0, 2, 3]]])
    corners, depths = surface.points[triangles][..., :2], surface.nearness[triangles]
    x, y = np.linspace(*surface.box[0], surface.shape[1]), np.linspace(*surface.box[1], surface.shape[0])
    nearness = surface.nearness.reshape(surface.shape)
    depth = np.interp(place[0], x, [np.interp(place[1], y, column) for column in nearness.T])
    a, b, c = np.moveaxis(corners - surface.at(*place)[:2], 1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.stack([cross(b, c), cross(c, a), cross(a, b)]) / cross(b - a, c - a)
        over = (shares >= 0).all(axis=0) & ((shares * depths.T).sum(axis=0) > depth + slack)
    return bool(over.any())


def cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])


@pytest.mark.parametrize("view", views())
def test_places_are_clear_unless_a_facet_lies_before_them(view: View) -> None:
    surface = hilly(view)
    places = np.random.default_rng(1).uniform([-1.19, -0.99], [1.19, 0.99], (1000, 2))
    clear = clearness(surface, places, 0.02)
    covered = np.array([is_covered(surface, place, 0.04) for place in places])
    # facets are flat, lines of sight see the ground curved: at a hill's very edge they may differ
    assert np.mean((clear < 1) == covered) > 0.98
    between = (clear > 0) & (clear < 1)
    assert np.mean(between) < 0.1 and np.mean((clear == 0) == covered, where=~between) > 0.99
    assert covered.sum() > 20 if view.tilt > 0 else not covered.any()


def test_without_a_view_everything_is_clear() -> None:
    assert (clearness(hilly(None), np.zeros((3, 2)), 0.1) == 1).all()


def test_places_without_ground_are_clear() -> None:
    surface = hilly(View(tilt=1.0))
    surface.set_heights(np.where(surface.heights > 0.6, np.nan, surface.heights))
    assert (clearness(surface, np.array([[0.1, -0.1], [5.0, 0.0], [np.nan, 0.0]]), 0.02) == 1).all()


def test_a_line_is_faint_where_a_hill_stands_before_it() -> None:
    surface = hilly(views()[0])
    moments = np.linspace(0.0, 1.0, 9)
    places = np.column_stack([np.linspace(-1.0, 1.0, 9), np.full(9, 0.45)])
    path = SurfacePath(surface, moments, places, "#ffffff").set_moment(0.8)
    done = path.fine_moments <= 0.8
    clear = clearness(surface, path.fine_places[done], path.line_width)
    assert path.line.colours is not None and path.casing.colours is not None and path.dots.colours is not None
    assert (clear == 0).any() and (clear == 1).any()
    np.testing.assert_allclose(path.line.colours[done, 3], HIDDEN + (1 - HIDDEN) * clear)
    np.testing.assert_allclose(path.casing.colours[done, 3], clear)
    # the rest of the line lies in the ball, and a dot is as clear as the line there
    assert (path.line.colours[~done, 3] == HIDDEN + (1 - HIDDEN) * path.clear).all()
    np.testing.assert_allclose(path.fine_places[path.whole], places)
    np.testing.assert_array_equal(path.dots.colours[:, 3], path.line.colours[path.whole, 3])
    # what stands still while the eye turns does not jump from clear to hidden
    assert surface.view is not None
    strengths = []
    for time in np.linspace(0, 9, 400):
        surface.view.time = float(time)
        surface.look()
        strengths.append(np.array(path.look().line.colours)[done, 3])
    assert np.ptp(strengths, axis=0).max() > 0.6 and np.abs(np.diff(strengths, axis=0)).max() < 0.4


def test_paths_follow_when_the_eye_goes_on_and_when_the_ground_moves() -> None:
    a = b = np.linspace(-1.0, 1.0, 21)
    losses = a[None, :] ** 2 + b[:, None] ** 2
    view = View()
    terrain = Terrain(Landscape(a, b, losses), Zone(-3, 3, -2, 2), view, [View(tilt=1.0)])
    path = terrain.add_path(np.array([0.0, 1.0]), np.array([[0.5, 0.5], [0.5, 0.5]]), "#ffffff")
    places = []
    for tilt, factor in ((0.0, 1.0), (1.0, 1.0), (1.0, 0.5)):
        view.tilt = tilt
        if factor < 1:
            terrain.surface.set_heights(factor * terrain.surface.heights)
        terrain.look()
        places.append(path.ball.points[0].copy())
        np.testing.assert_allclose(places[-1], terrain.seen(np.array([[0.5, 0.5]]))[0])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).min() > 0.02
