"""Losses over a plane as a landscape that can be seen from above or from aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from manim import VGroup

from engine.analysis.landscape import Landscape
from scenes.mobjects.surface import Surface, contour_levels
from scenes.mobjects.surface_path import SurfacePath
from scenes.mobjects.view import TILT, View
from scenes.mobjects.writing import written
from scenes.theme import DARK, TEXT, Theme, Zone

HEIGHT = 0.34
ASIDE = 0.74  # the tilt at which a landscape shows most
CONTOURS = 12  # about how many, where none are asked for
NAME_ROOM = 0.34  # for the names at its edges, in scene units


class Looking(Protocol):
    """What lies on a terrain, and follows when the eye goes on."""

    def look(self) -> object:
        """Be where it is seen now."""
        ...


@dataclass
class TurningView(View):
    """A view whose eye goes round by an angle of one's own, in radians.

    Attributes
    ----------
    angle : callable
        Gives it whenever something is looked at.
    """

    angle: Callable[[], float] = float

    def _turned(self, scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        turn, down = self.angle(), self.tilt * TILT
        x, y, z = scaled.T
        right, back = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y
        return right, np.cos(down) * back + np.sin(down) * z, np.cos(down) * z - np.sin(down) * back


class Terrain(VGroup):
    """Losses over a plane as a lit surface with contours, and the paths on it.

    Parameters
    ----------
    found : Landscape
    zone : Zone
        Where it fits in, from wherever it is seen.
    view : View
        From where it is seen; its origin and unit are set here, so that all fits.
    poses : sequence of View
        Where that eye will go: from all of these, what is seen must fit. Their origins and units do not count.
    names : tuple of str
        Of the axes; empty ones are not written.
    levels : sequence of float, optional
        Losses at which there are contours; by default round numbers.
    height : float
        Half that of the landscape, where its longer side is 2 units.
    """

    def __init__(
        self, found: Landscape, zone: Zone, view: View, poses: Sequence[View], names: tuple[str, str] = ("", ""),
        levels: Sequence[float] | None = None, height: float = HEIGHT, theme: Theme = DARK,
    ) -> None:  # fmt: skip
        self.found, self.theme = found, theme
        self.low, self.high = float(np.nanmin(found.losses)), float(np.nanmax(found.losses))
        width, depth = float(np.ptp(found.a)), float(np.ptp(found.b))
        longer = max(width, depth)
        self.middle = np.array([found.a.mean(), found.b.mean()])
        # as wide as 2 units at most, and its middle height at the origin
        self.scale = 2.0 / longer
        half = np.array([width, depth]) * self.scale / 2
        self.reach = height
        self.lift = 2 * height / max(self.high - self.low, 1e-12)
        room = NAME_ROOM if any(names) else 0.0
        self.view = view
        contours = contour_levels(self.low, self.high, CONTOURS) if levels is None else np.asarray(levels, np.float64)
        shifted = found.losses - (self.low + self.high) / 2
        self.surface = Surface(
            shifted, ((-half[0], half[0]), (-half[1], half[1])), self.lift,
            levels=tuple(contours - (self.low + self.high) / 2),
            view=self.view, theme=theme,
        )  # fmt: skip
        self.half = half
        self._fit(Zone(zone.left, zone.right - 2 * room, zone.bottom + room, zone.top), poses)
        self.paths: list[SurfacePath | Looking] = []
        self.names = [written(name, (0.0, 0.0), size=TEXT.small, color=theme.muted) for name in names if name]
        self.homes = [name.points.copy() for name in self.names]
        self.eye: tuple[Any, ...] = ()  # where it was when all was last put where it is seen,
        self.heights: np.ndarray | None = None  # and what it saw
        super().__init__(self.surface, *self.names)
        # whatever else happens meanwhile, the eye goes on
        self.add_updater(Terrain.look)

    def on_box(self, parameters: np.ndarray) -> np.ndarray:
        """Where parameters (N, 2) are on the surface's rectangle, (N, 2)."""
        return (np.atleast_2d(parameters) - self.middle) * self.scale

    def in_space(self, parameters: np.ndarray, losses: np.ndarray) -> np.ndarray:
        """Where places of the plane, (N, 2), with losses (N,) that need not be the surface's are in space, (N, 3)."""
        return np.column_stack([self.on_box(parameters), (losses - (self.low + self.high) / 2) * self.lift])

    def seen(self, parameters: np.ndarray) -> np.ndarray:
        """Where parameters (N, 2) are in the frame, on the surface, (N, 3)."""
        places = self.on_box(parameters)
        return self.surface.at(places[:, 0], places[:, 1])

    def add_path(
        self, moments: np.ndarray, parameters: np.ndarray, colour: str, width: float = 3.5, radius: float = 0.11
    ) -> SurfacePath:
        """A path over the surface; it is not a part of this mobject, but follows it."""
        path = SurfacePath(self.surface, moments, self.on_box(parameters), colour, width, radius, self.theme)
        self.paths.append(path)
        return path

    def _fit(self, zone: Zone, poses: Sequence[View]) -> None:
        """Find the largest scale at which all is seen in a zone from everywhere, and the best origin."""
        every = tuple(slice(None, None, max(1, size // 12)) for size in self.surface.shape)
        points = self.surface.grid[every].reshape(-1, 3)
        points = points[np.isfinite(points).all(axis=1)]
        low, high = 0.01, 20.0
        for _ in range(30):
            middle = (low + high) / 2
            left, right, bottom, top = _extent(points, poses, middle)
            fits = right - left <= zone.width and top - bottom <= zone.height
            low, high = (middle, high) if fits else (low, middle)
        left, right, bottom, top = _extent(points, poses, low)
        self.view.unit = low
        self.view.origin = zone.center[:2] - [(left + right) / 2, (bottom + top) / 2]

    def set_tilt(self, tilt: float) -> Terrain:
        """Look from above (0), from aside (1) or from between."""
        self.view.tilt = tilt
        return self.look()

    def look(self) -> Terrain:
        """Put everything where it is seen now, if the eye has gone on."""
        view = self.view
        eye = (view.axes.tobytes(), view.origin.tobytes(), view.unit, len(self.paths))
        if eye == self.eye and self.surface.heights is self.heights:
            return self
        self.eye, self.heights = eye, self.surface.heights
        self.surface.look()
        height = self.reach
        edges = np.array([[0.0, -self.half[1], -height], [self.half[0], 0.0, -height]])
        outwards = np.array([[0.0, -1.0], [1.0, 0.0]])
        for name, home, edge, way in zip(self.names, self.homes, self.view.look(edges), outwards, strict=False):
            size = np.ptp(home[:, :2], axis=0) / 2
            place = edge + way * (size + 0.12)
            name.points[:, :2] = home[:, :2] - home[:, :2].mean(axis=0) + place
        for path in self.paths:
            path.look()
        return self


def _extent(points: np.ndarray, poses: Sequence[View], unit: float) -> tuple[float, float, float, float]:
    """Left, right, bottom and top, about the origin, of what is seen of points (N, 3) from all poses."""
    seen = np.concatenate([replace(pose, origin=np.zeros(2), unit=unit).look(points) for pose in poses])
    (left, bottom), (right, top) = seen.min(axis=0), seen.max(axis=0)
    return float(left), float(right), float(bottom), float(top)
