"""The plane with its grid, the data and the decision boundary, anywhere on their way through a network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from manim import VGroup
from numpy.typing import ArrayLike

from engine.analysis.geometry import END, START, Progress
from engine.analysis.isoline import Bounds
from engine.analysis.passage import Carried, Passage
from scenes.mobjects.layer_course import LayerCourse, smooth
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.space_axes import SpaceAxes
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.mobjects.view import View, fitting
from scenes.mobjects.warped_grid import TONES, WarpedGrid, grid_lines
from scenes.theme import DARK, TEXT, Theme, Zone

BOUNDED = {"tanh": 1.0, "sigmoid": 1.0, "softmax": 1.0}  # how far outputs can be from 0
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
        radius: float = 0.046,
        theme: Theme = DARK,
    ) -> None:
        self.passage, self.bounds, self.zone = passage, bounds, zone
        self.view = View(zone.center[:2].copy())
        self.zoom = 1.0
        self.layer, self.share = 0, 0.0
        self.points_carried = passage.carry(x)
        self.grid_carried: Carried | None = None
        self.curve_carried: Carried | None = None
        self.grid: Polylines | None = None
        self.curve: Polylines | None = None

        labels = np.asarray(labels)
        self.point_colours = theme.class_colours(labels)
        start = np.zeros((len(labels), 3))
        self.cloud = PointCloud(start, self.point_colours, radius)
        self.axes = SpaceAxes((zone.width / 2, zone.height / 2), passage.spatial, theme)
        parts: list[Polylines | PointCloud] = [self.axes]
        if passage.widths[0] <= 2:
            if passage.widths[0] == 2:
                lines = grid_lines(bounds, across, images=self._images)
                self.grid = WarpedGrid(lines)
            else:
                lines = np.linspace(bounds.left, bounds.right, LINE_SAMPLES)[None, :, None]
                self.grid = Polylines(np.zeros((1, LINE_SAMPLES, 3)), TONES[0], 2.5)
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
        self.view.unit, self.view.tilt = self.zoom * self.courses[layer].scale(share), self.tilt
        frame_opacity = self.frame_opacity
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
        return self

    def refresh(self) -> MovingPlane:
        """Show the same place again, after `zoom` or the view have changed."""
        return self.place(self.layer, self.share)

    def seen(self, carried: Carried, progress: Progress) -> np.ndarray:
        """Where carried points are in the frame, (N, 2), at a progress through the present layer."""
        return self.view.look(self.passage.positions(carried, self.layer, progress))

    @property
    def affine_share(self) -> float:
        """How far the present layer has come before its activation, 0 to 1."""
        progress = self.courses[self.layer].progress(self.share)
        return (progress.turn + progress.stretch + progress.shift) / 3

    @property
    def tilt(self) -> float:
        """How far the eye has gone down from above, 0 to 1: only spaces with three dimensions are seen from aside."""
        ends = [float(self.passage.shown_width(self.layer + k) == 3) for k in (0, 1)]
        return ends[0] + (ends[1] - ends[0]) * smooth(self.affine_share)

    @property
    def frame_opacity(self) -> float:
        """Of the square from -1 to 1, which is there where outputs are bounded by it."""
        progress = self.courses[self.layer].progress(self.share)
        before = self.layer > 0 and self.passage.paths[self.layer - 1].activation in BOUNDED
        after = self.passage.paths[self.layer].activation in BOUNDED
        leaving, arriving = 1 - min(1.0, 2 * self.affine_share), max(progress.shift, progress.activate)
        return float(max(before * leaving, after * arriving))

    # How large things are

    def _images(self, points: np.ndarray) -> list[np.ndarray]:
        carried = self.passage.carry(points)
        return [self.passage.positions(carried, k, END) for k in range(self.passage.layers)]

    def _extent(self, layer: int, progress: Progress) -> np.ndarray:
        """The largest distance of anything from the origin along each axis, (3,)."""
        shown = [self.passage.positions(self.points_carried, layer, progress)]
        if self.grid_carried is not None:
            shown.append(self.passage.positions(self.grid_carried, layer, progress))
        return np.asarray(np.abs(np.concatenate(shown)).max(axis=0))

    def reach(self, space: int) -> np.ndarray:
        """How far from its origin a space has anything to show at rest along each axis, (3,)."""
        extent = self._extent(0, START) if space == 0 else self._extent(space - 1, END)
        if space > 0 and space - 1 not in self.passage.projections:
            bound = BOUNDED.get(self.passage.paths[space - 1].activation)
            if bound is not None:
                # a line has the square about it as its frame too
                return np.where(np.arange(3) < max(2, self.passage.shown_width(space)), bound, 0.0)
        return extent

    def _rest_scale(self, space: int) -> float:
        return self._fitting(self.reach(space), self.passage.shown_width(space) == 3)

    def _needed(self, layer: int, progress: Progress) -> float:
        three = 3 in (self.passage.shown_width(layer), self.passage.shown_width(layer + 1))
        return self._fitting(self._extent(layer, progress), three)

    def _fitting(self, extent: np.ndarray, spatial: bool) -> float:
        return fitting(extent, ROOM * self.zone.width, ROOM * self.zone.height, spatial)
