"""A way that something took over a surface, with a ball at its end."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.surface import Surface
from scenes.theme import DARK, Theme, rgb

CASING = 3.0  # how much wider the dark edge of a line is, in manim's stroke units
MOST_DOTS = 100
HIDDEN = 0.3  # how clear a ball is behind a hill
SAMPLES = np.array([[0.0, 0.0], *([np.cos(k), np.sin(k)] for k in np.arange(6) * np.pi / 3)])  # of a ball's disc
EDGE = 0.03  # and that of a ball, in scene units


class SurfacePath(VGroup):
    """A line on a surface through places that were reached at known moments, with a ball at its end.

    Where the places are few, each has a dot.

    Parameters
    ----------
    surface : Surface
        On which it lies, wherever that is seen.
    moments : array (M,)
        Ascending.
    places : array (M, 2)
        In the units of the surface's box. Between them the line runs straight over the ground.
    colour : str
    width : float
        In manim's stroke units.
    radius : float
        Of the ball, in scene units; the dots are smaller.
    """

    def __init__(
        self,
        surface: Surface,
        moments: np.ndarray,
        places: np.ndarray,
        colour: str,
        width: float = 3.5,
        radius: float = 0.11,
        theme: Theme = DARK,
    ) -> None:
        self.surface = surface
        self.moments = np.asarray(moments, np.float64)
        self.places = np.asarray(places, np.float64)
        # as fine as the surface, so that the line follows it up and down
        (x0, x1), (y0, y1) = surface.box
        rows, columns = surface.shape
        cell = min((x1 - x0) / (columns - 1), (y1 - y0) / (rows - 1))
        lengths = np.linalg.norm(np.diff(self.places, axis=0), axis=1)
        pieces = np.maximum(1, np.ceil(2 * lengths / cell)).astype(int)
        steps = [k + np.arange(count) / count for k, count in enumerate(pieces)]
        self.fine = np.concatenate([*steps, [len(self.places) - 1.0]])
        number = np.arange(len(self.places))
        self.fine_moments = np.interp(self.fine, number, self.moments)
        self.fine_places = self.between(self.fine)
        line = np.full((1, len(self.fine), 2), np.nan)
        ground = theme.background
        self.casing = Polylines(line, ground, width + CASING, opacity=1.0)
        self.line = Polylines(line, colour, width)
        tints = np.tile(rgb(colour), (len(self.places), 1))
        self.dots = PointCloud(np.zeros((len(self.places), 2)), tints, 0.0)
        self.rim = PointCloud(np.zeros((1, 2)), ground, radius + EDGE)
        self.ball = PointCloud(np.zeros((1, 2)), colour, radius)
        self.rim_colours = np.array([[*rgb(ground), 1.0]])
        self.ball_colours = np.array([[*rgb(colour), 1.0]])
        self.dot_radius = 0.4 * radius if len(self.places) <= MOST_DOTS else 0.0
        super().__init__(self.casing, self.line, self.dots, self.rim, self.ball)
        self.set_moment(float(self.moments[0]))

    def between(self, numbers: np.ndarray) -> np.ndarray:
        """Places with numbers that need not be whole, (N, 2)."""
        whole = np.arange(len(self.places))
        return np.column_stack([np.interp(numbers, whole, self.places[:, axis]) for axis in (0, 1)])

    def at(self, moment: float) -> np.ndarray:
        """The place at a moment, (2,)."""
        return np.array([np.interp(moment, self.moments, self.places[:, axis]) for axis in (0, 1)])

    def set_moment(self, moment: float) -> SurfacePath:
        """Draw the way up to a moment."""
        self.moment = float(np.clip(moment, self.moments[0], self.moments[-1]))
        return self.look()

    def look(self) -> SurfacePath:
        """Lie where the surface is seen now."""
        here = self.at(self.moment)
        over = self.fine_moments > self.moment
        places = np.where(over[:, None], here, self.fine_places)
        seen = self.surface.at(places[:, 0], places[:, 1])
        for line in (self.casing, self.line):
            line.set_lines(seen[None])
        self.dots.set_positions(self.surface.at(self.places[:, 0], self.places[:, 1]))
        self.dots.radius = np.where(self.moments <= self.moment + 1e-9, self.dot_radius, 0.0)
        ball = self.surface.at(here[:1], here[1:])
        self.rim.set_positions(ball)
        self.ball.set_positions(ball)
        self.clear = clearness(self.surface, here, float(self.ball.radius[0]))
        for disc, colours in ((self.rim, self.rim_colours), (self.ball, self.ball_colours)):
            disc.set_colours(colours * [1.0, 1.0, 1.0, HIDDEN + (1 - HIDDEN) * self.clear])
        return self


def clearness(surface: Surface, place: np.ndarray, radius: float) -> float:
    """How much of a ball on a surface is seen, 0 to 1: the rest is behind what lies nearer to the eye.

    Parameters
    ----------
    surface : Surface
        With a view; without one all is seen.
    place : array (2,)
        Where it is, in the units of the surface's box.
    radius : float
        In scene units.
    """
    if surface.view is None:
        return 1.0
    rows, columns = surface.shape
    (x0, x1), (y0, y1) = surface.box
    across, up = (place - [x0, y0]) / [x1 - x0, y1 - y0] * [columns - 1, rows - 1]
    c, r = min(max(int(across), 0), columns - 2), min(max(int(up), 0), rows - 2)
    cell = surface.nearness.reshape(rows, columns)[r : r + 2, c : c + 2]
    s, t = across - c, up - r
    depth = float(np.array([1 - t, t]) @ cell @ np.array([1 - s, s]))
    center = surface.at(place[0], place[1])[:2]
    triangles = np.concatenate([surface.facets[:, [0, 1, 2]], surface.facets[:, [0, 2, 3]]])
    corners, depths = surface.points[triangles][..., :2], surface.nearness[triangles]
    # the ground that the ball lies on is no cover, though a part of it is nearer
    near = depths.max(axis=1) > depth + 2 * radius
    near &= (corners.min(axis=1) < center + radius).all(axis=1) & (corners.max(axis=1) > center - radius).all(axis=1)
    first, second, third = np.moveaxis(corners[near], 1, 0)
    area = _cross(second - first, third - first)
    with np.errstate(divide="ignore", invalid="ignore"):
        hidden = 0
        for sample in center + 0.7 * radius * SAMPLES:
            shares = np.stack([_cross(second - sample, third - sample), _cross(third - sample, first - sample)]) / area
            shares = np.concatenate([shares, 1 - shares.sum(axis=0, keepdims=True)])
            over = (shares >= 0).all(axis=0) & ((shares * depths[near].T).sum(axis=0) > depth + 2 * radius)
            hidden += bool(over.any())
    return 1 - hidden / len(SAMPLES)


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray(first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0])
