"""A way that something took over a surface, with a ball at its end."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.sight import clearness
from scenes.mobjects.surface import Surface
from scenes.painting.mobject import Painted
from scenes.theme import DARK, Theme, rgb

CASING = 3.0  # how much wider the dark edge of a line is, in manim's stroke units
MOST_DOTS = 100
HIDDEN = 0.3  # how clear what lies behind a hill is
SPOTS = np.array([[0.0, 0.0], *([np.cos(k), np.sin(k)] for k in np.arange(6) * np.pi / 3)])  # of a ball's disc
EDGE = 0.03  # and that of a ball, in scene units


class SurfacePath(VGroup):
    """A line on a surface through places that were reached at known moments, with a ball at its end.

    Where the places are few, each has a dot. What a hill stands before is faint.

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
        self.whole = np.searchsorted(self.fine, np.arange(len(self.places)))  # which of them are the places themselves
        line = np.full((1, len(self.fine), 2), np.nan)
        ground = theme.background
        self.casing = Polylines(line, ground, width + CASING, per_vertex=True)
        self.line = Polylines(line, colour, width, per_vertex=True)
        self.line_width = width / 100
        tints = np.tile(rgb(colour), (len(self.places), 1))
        self.dots = PointCloud(np.zeros((len(self.places), 2)), tints, 0.0)
        self.rim = PointCloud(np.zeros((1, 2)), ground, radius + EDGE)
        self.ball = PointCloud(np.zeros((1, 2)), colour, radius)
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
        line = np.where(over[:, None], here, self.fine_places)
        seen = self.surface.at(*np.concatenate([here[None], line, self.places]).T)
        clear = self._clearness(here, line)
        self.clear = clear[0]
        faint = HIDDEN + (1 - HIDDEN) * clear
        # the dark edge parts the line from the ground that it lies on, not from a hill before it
        for lines, strengths in ((self.casing, clear), (self.line, faint)):
            lines.set_lines(seen[None, 1 : 1 + len(line)])
            set_strengths(lines, strengths[1:])
        for discs, positions, strengths in (
            (self.dots, seen[1 + len(line) :], faint[1:][self.whole]),
            (self.rim, seen[:1], faint[:1]),
            (self.ball, seen[:1], faint[:1]),
        ):
            discs.set_positions(positions)
            set_strengths(discs, strengths)
        self.dots.radius = np.where(self.moments <= self.moment + 1e-9, self.dot_radius, 0.0)
        return self

    def _clearness(self, here: np.ndarray, line: np.ndarray) -> np.ndarray:
        """How clear the ball at a place and the line's vertices (N, 2) are, (1 + N,)."""
        radius, count = float(self.ball.radius[0]), len(SPOTS)
        spots = np.concatenate([0.7 * radius * SPOTS, np.zeros_like(line)])
        reach = np.concatenate([np.full(count, radius), np.full(len(line), self.line_width)])
        clear = clearness(self.surface, np.concatenate([np.tile(here, (count, 1)), line]), reach, spots)
        # what is still to come lies in the ball
        vertices = np.where(self.fine_moments > self.moment, clear[:count].mean(), clear[count:])
        return np.concatenate([clear[:count].mean(keepdims=True), vertices])


def set_strengths(painted: Painted, strengths: np.ndarray) -> None:
    """Give the parts of a painted mobject other opacities, (N,); never in place, since copies may share its colours."""
    assert painted.colours is not None
    painted.colours = np.column_stack([painted.colours[:, :3], strengths])
