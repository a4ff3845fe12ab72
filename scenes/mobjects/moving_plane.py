"""The plane with its grid, the data and the decision boundary, anywhere on their way through a network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from manim import VGroup
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from engine.analysis.geometry import END, START, Progress
from engine.analysis.isoline import Bounds
from engine.analysis.passage import Carried, Passage
from scenes.mobjects.layer_course import LayerCourse, smooth
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.space_axes import SpaceAxes
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.mobjects.view import View, corners, largest_unit
from scenes.mobjects.warped_grid import WarpedGrid, grid_lines
from scenes.painting.mobject import Painted
from scenes.theme import DARK, TEXT, Theme, Zone

BOUNDED = {"tanh": 1.0, "sigmoid": 1.0, "softmax": 1.0}  # how far outputs can be from 0
RADII = (0.04, 0.055)  # of points, the smallest and the largest
LINE_SAMPLES = 1500
MARK_AWAY = (0.2, -0.2)  # of the numbers 1 and -1 from where the frame crosses the first axis
ROOM = 0.94  # of the zone's height or width is used at rest


class MovingPlane(VGroup):
    """Grid, data and boundary in one space of a network, or between two.

    Parameters
    ----------
    passage : Passage
    x : array_like, (N, features)
        The data in the input space.
    labels : array_like, (N,)
        Classes, for colours.
    bounds : Bounds
        The part of the input plane that has a grid.
    zone : Zone
        Where it is shown; everything is scaled to fit in.
    curves : sequence of ndarray, (K, features)
        Polylines in the input space that are carried along, such as the decision boundary.
    pace : float
        Of `LayerCourse`.
    across : int
        Lines of the grid in each direction.
    radius : float, optional
        Of the points, in scene units; by default as they can best be told apart.

    Attributes
    ----------
    axes : SpaceAxes
    grid : WarpedGrid, Polylines or None
        The line itself where the input is a line, None where it is a space.
    curve : Polylines or None
    cloud : PointCloud
    courses : list of LayerCourse
        One for each hidden layer.
    view : View
        Its `origin` and `time` may be set from outside; `refresh` shows the change.
    zoom : float
        Multiplies the scale.
    riders : list of (Painted, ndarray)
        Lines and points that stand still in the space that is shown, with the positions (N, 3) of their vertices.
    """

    def __init__(
        self,
        passage: Passage,
        x: ArrayLike,
        labels: ArrayLike,
        bounds: Bounds,
        zone: Zone,
        curves: Sequence[np.ndarray] = (),
        pace: float = 1.0,
        across: int = 21,
        radius: float | None = None,
        theme: Theme = DARK,
    ) -> None:
        self.passage, self.bounds, self.zone = passage, bounds, zone
        self.view = View(zone.center[:2].copy())
        self.zoom = 1.0
        self.layer, self.share = 0, 0.0
        self.riders: list[tuple[Painted, np.ndarray]] = []
        self.points_carried = passage.carry(x)
        self.grid_carried: Carried | None = None
        self.curve_carried: Carried | None = None
        self.grid: Polylines | None = None
        self.curve: Polylines | None = None

        labels = np.asarray(labels)
        self.point_colours = theme.class_colours(labels)
        start = np.zeros((len(labels), 3))
        self.cloud = PointCloud(start, self.point_colours, 0.0)
        self.axes = SpaceAxes((zone.width / 2, zone.height / 2), passage.spatial, theme)
        parts: list[Polylines | PointCloud] = [self.axes]
        if passage.widths[0] <= 2:
            if passage.widths[0] == 2:
                lines = grid_lines(bounds, across, images=self._images)
                self.grid = WarpedGrid(lines, theme=theme)
            else:
                lines = np.linspace(bounds.left, bounds.right, LINE_SAMPLES)[None, :, None]
                self.grid = Polylines(np.zeros((1, LINE_SAMPLES, 3)), theme.grid[0], 2.5)
            self.grid_carried = passage.carry(lines.reshape(-1, passage.widths[0]))
            parts.append(self.grid)
        if len(curves):
            self.curve_carried = passage.carry(np.concatenate(curves))
            # a place on a line is drawn as a dot
            width = 4.0 if passage.widths[0] == 2 else 16.0
            self.curve = Polylines([np.zeros((len(curve), 2)) for curve in curves], theme.text, width)
            parts.append(self.curve)
        self.marks = [Still(Label(text, TEXT.small, theme.muted), opacity=0.0) for text in ("1", "−1")]
        super().__init__(parts[0], *self.marks, *parts[1:], self.cloud)

        self.scales = [self._rest_scale(space) for space in range(passage.layers + 1)]
        if radius is None:
            radius = fitting_radius(self.scales[0] * self.points_carried.inputs[0])
        self.cloud.radius[:] = radius
        self.courses = []
        for k, path in enumerate(passage.paths):
            course = LayerCourse(path, k in passage.projections or k - 1 in passage.projections, pace)
            course.fit(self.scales[k], self.scales[k + 1], partial(self._needed, k))
            self.courses.append(course)
        self.rest(0)

    @property
    def visible(self) -> list[Polylines | PointCloud]:
        """All parts but the curve."""
        return [self.axes, *([self.grid] if self.grid is not None else []), self.cloud]

    # Where things are

    def rest(self, space: int) -> MovingPlane:
        """Show a space at rest: 0 is the input, k the outputs of hidden layer k."""
        return self.place(0, 0.0) if space == 0 else self.place(space - 1, 1.0)

    def place(self, layer: int, share: float) -> MovingPlane:
        """Show everything when `share` of the course through hidden layer number `layer` (from 0) has passed."""
        self.layer, self.share = layer, share
        progress = self.courses[layer].progress(share)
        self.view.unit = self.zoom * self.courses[layer].scale(share)
        self.view.tilt = self._tilt(layer, progress)
        frame_opacity = self._frame_opacity(progress)
        self.axes.place(self.view, frame_opacity)
        for mark, end in zip(self.marks, (1.0, -1.0), strict=True):
            edge = self.view.look(np.array([[end, 0.0, 0.0]]))[0]
            mark.move_to([edge[0] + end * MARK_AWAY[0], edge[1] + MARK_AWAY[1], 0.0])
            mark.set_opacity(frame_opacity * float(np.clip((self.view.unit - 1.0) / 0.6, 0.0, 1.0)))
        if self.grid is not None and self.grid_carried is not None:
            self.grid.points[:, :2] = self.seen(self.grid_carried, progress)
        if self.curve is not None and self.curve_carried is not None:
            self.curve.points[:, :2] = self.seen(self.curve_carried, progress)
        positions = self.passage.positions(self.points_carried, layer, progress)
        if self.passage.spatial:
            order = np.argsort(self.view.depths(positions), kind="stable")
            self.cloud.set_colours(self.point_colours[order])
            positions = positions[order]
        self.cloud.points[:, :2] = self.view.look(positions)
        for rider, positions in self.riders:
            rider.points[:, :2] = self.view.look(positions)
        return self

    def refresh(self) -> MovingPlane:
        """Show the same place again, after `zoom` or the view have changed."""
        return self.place(self.layer, self.share)

    def seen(self, carried: Carried, progress: Progress) -> np.ndarray:
        """Where carried points are in the frame, (N, 2), at a progress through the present layer."""
        return self.view.look(self.passage.positions(carried, self.layer, progress))

    def _tilt(self, layer: int, progress: Progress) -> float:
        """How far the eye has gone down from above, 0 to 1: only spaces with three dimensions are seen from aside."""
        before, after = (float(self.passage.shown_width(layer + k) == 3) for k in (0, 1))
        return before + (after - before) * smooth(_affine_share(progress))

    def _bound(self, space: int) -> float | None:
        """How far from 0 what is shown of a space can be, if there is a limit."""
        if space == 0 or space - 1 in self.passage.projections:
            return None
        return BOUNDED.get(self.passage.paths[space - 1].activation)

    def _frame_opacity(self, progress: Progress) -> float:
        """Of the square from -1 to 1, which is there where what is shown is bounded by it."""
        leaving, arriving = 1 - min(1.0, 2 * _affine_share(progress)), max(progress.shift, progress.activate)
        before, after = (self._bound(self.layer + k) is not None for k in (0, 1))
        return float(max(before * leaving, after * arriving))

    # How large things are

    def _images(self, points: np.ndarray) -> list[np.ndarray]:
        carried = self.passage.carry(points)
        return [self.passage.positions(carried, k, END) for k in range(self.passage.layers)]

    def everything(self, space: int) -> np.ndarray:
        """Where the data and the grid are when a space is at rest, (N, 3)."""
        return self._everything(0, START) if space == 0 else self._everything(space - 1, END)

    def _everything(self, layer: int, progress: Progress) -> np.ndarray:
        """Where the data and the grid are, (N, 3)."""
        carried = [self.points_carried, *([] if self.grid_carried is None else [self.grid_carried])]
        return np.concatenate([self.passage.positions(each, layer, progress) for each in carried])

    def reach(self, space: int) -> np.ndarray:
        """How far from its origin a space has anything to show at rest along each axis, (3,)."""
        bound = self._bound(space)
        if bound is not None:
            # a line has the square about it as its frame too
            return np.where(np.arange(3) < max(2, self.passage.shown_width(space)), bound, 0.0)
        return np.asarray(np.abs(self.everything(space)).max(axis=0))

    def _rest_scale(self, space: int) -> float:
        return self._largest_unit(corners(self.reach(space)), float(self.passage.shown_width(space) == 3))

    def _needed(self, layer: int, progress: Progress) -> float:
        return self._largest_unit(self._everything(layer, progress), self._tilt(layer, progress))

    def _largest_unit(self, positions: np.ndarray, tilt: float) -> float:
        return largest_unit(positions, tilt, ROOM * self.zone.width, ROOM * self.zone.height)


def fitting_radius(positions: np.ndarray) -> float:
    """A radius for points (N, features), in scene units, at which neighbours can be told apart as far as possible."""
    if len(positions) < 2:
        return RADII[1]
    sample = positions[np.linspace(0, len(positions) - 1, min(len(positions), 400)).astype(int)]
    nearest, _ = cKDTree(positions).query(sample, k=2)
    return float(np.clip(0.75 * np.median(nearest[:, 1]), *RADII))


def _affine_share(progress: Progress) -> float:
    """How far a layer has come before its activation, 0 to 1."""
    return (progress.turn + progress.stretch + progress.shift) / 3
