"""The loss over two parameters as a landscape that can be seen from above or from aside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from engine.analysis.isoline import Bounds
from engine.analysis.landscape import Landscape, Plane, landscape
from scenes.mobjects.surface import Surface, contour_levels
from scenes.mobjects.surface_path import SurfacePath
from scenes.mobjects.view import View
from scenes.mobjects.writing import written
from scenes.replay import Replay
from scenes.theme import DARK, TEXT, Theme, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

RESOLUTION = 61  # places along the longer side
HEIGHT = 0.34  # half that of the landscape, where its longer side is 2 units
ASIDE = 0.74  # the tilt at which a landscape shows most
NAME_ROOM = 0.34  # for the names at its edges, in scene units


# The eye goes to and fro, but stays on the side on which hills do not hide the valley: in seconds of a view's swing.
GLANCE, GLANCES, GLANCE_SECONDS = 13.5, 2.5, 20.0


def glancing(stage: Stage) -> Callable[[], float]:
    """The time of a view that swings a little about one side of a landscape, for ever."""
    return lambda: GLANCE + GLANCES * math.sin(2 * math.pi * stage.now / GLANCE_SECONDS)


def path_of(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """When there are snapshots, in epochs, (M,), and the two parameters then, (M, 2) float64."""
    replay = Replay(recording)
    places = [replay.network_at(float(moment)).parameters.astype(np.float64) for moment in replay.moments]
    return replay.moments, np.array(places)


def bounds_of(recordings: Sequence[Recording], least: Bounds, margin: float = 0.08) -> Bounds:
    """A rectangle of the plane of two parameters that holds all paths and `least`."""
    places = np.concatenate([path_of(recording)[1] for recording in recordings])
    low = np.minimum(places.min(axis=0), [least.left, least.bottom])
    high = np.maximum(places.max(axis=0), [least.right, least.top])
    room = margin * (high - low)
    return Bounds(low[0] - room[0], high[0] + room[0], low[1] - room[1], high[1] + room[1])


def losses_over(recording: Recording, bounds: Bounds, resolution: int = RESOLUTION) -> Landscape:
    """The loss on the training data over a rectangle of the plane of two parameters."""
    longer = max(bounds.right - bounds.left, bounds.top - bounds.bottom)
    columns = max(2, round(resolution * (bounds.right - bounds.left) / longer))
    rows = max(2, round(resolution * (bounds.top - bounds.bottom) / longer))
    a, b = np.linspace(bounds.left, bounds.right, columns), np.linspace(bounds.bottom, bounds.top, rows)
    plane = Plane(np.zeros(2), np.eye(2))
    return landscape(recording.network(), recording.data.x, recording.data.y, recording.training["loss"], plane, a, b)


class Terrain(VGroup):
    """Losses over a plane as a lit surface with contours, and the paths on it.

    Parameters
    ----------
    found : Landscape
    zone : Zone
        Where it fits in, from wherever it is seen.
    clock : callable
        The view's time, such as `glancing`: seen from aside, the eye goes to and fro with it.
    names : tuple of str
        Of the axes; empty ones are not written.
    """

    def __init__(
        self, found: Landscape, zone: Zone, clock: Callable[[], float], names: tuple[str, str] = ("", ""),
        theme: Theme = DARK,
    ) -> None:  # fmt: skip
        self.found, self.theme = found, theme
        self.low, self.high = float(np.nanmin(found.losses)), float(np.nanmax(found.losses))
        width, depth = float(np.ptp(found.a)), float(np.ptp(found.b))
        longer = max(width, depth)
        self.middle = np.array([found.a.mean(), found.b.mean()])
        # as wide as 2 units at most, and its middle height at the origin
        self.scale = 2.0 / longer
        half = np.array([width, depth]) * self.scale / 2
        self.lift = 2 * HEIGHT / max(self.high - self.low, 1e-12)
        room = NAME_ROOM if any(names) else 0.0
        self.view = View(zone.center[:2], 1.0, 0.0, clock=clock)
        shifted = found.losses - (self.low + self.high) / 2
        self.surface = Surface(
            shifted, ((-half[0], half[0]), (-half[1], half[1])), self.lift,
            levels=tuple(contour_levels(self.low, self.high, 12) - (self.low + self.high) / 2),
            view=self.view, theme=theme,
        )  # fmt: skip
        self.half = half
        self._fit(Zone(zone.left, zone.right - 2 * room, zone.bottom + room, zone.top))
        self.paths: list[SurfacePath] = []
        self.names = [written(name, (0.0, 0.0), size=TEXT.small, color=theme.muted) for name in names if name]
        self.homes = [name.points.copy() for name in self.names]
        super().__init__(self.surface, *self.names)
        self.look()

    def on_box(self, parameters: np.ndarray) -> np.ndarray:
        """Where parameters (N, 2) are on the surface's rectangle, (N, 2)."""
        return (np.atleast_2d(parameters) - self.middle) * self.scale

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

    def _fit(self, zone: Zone) -> None:
        """Find the largest scale at which all is seen in a zone, from above and from aside, and the best origin."""
        every = tuple(slice(None, None, max(1, size // 12)) for size in self.surface.shape)
        points = self.surface.grid[every].reshape(-1, 3)
        low, high = 0.1, 20.0
        for _ in range(30):
            self.view.unit = (low + high) / 2
            left, right, bottom, top = self._extent(points)
            fits = right - left <= zone.width and top - bottom <= zone.height
            low, high = (self.view.unit, high) if fits else (low, self.view.unit)
        self.view.unit = low
        left, right, bottom, top = self._extent(points)
        self.view.origin = self.view.origin + zone.center[:2] - [(left + right) / 2, (bottom + top) / 2]

    def _extent(self, points: np.ndarray) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of what is seen of points (N, 3) wherever the eye goes."""
        seen = []
        for tilt in (0.0, ASIDE):
            for clock in (GLANCE - GLANCES, GLANCE, GLANCE + GLANCES):
                view = View(self.view.origin, self.view.unit, tilt, clock)
                seen.append(view.look(points))
        every = np.concatenate(seen)
        (left, bottom), (right, top) = every.min(axis=0), every.max(axis=0)
        return float(left), float(right), float(bottom), float(top)

    def set_tilt(self, tilt: float) -> Terrain:
        """Look from above (0), from aside (1) or from between."""
        self.view.tilt = tilt
        return self.look()

    def look(self) -> Terrain:
        """Put everything where it is seen now."""
        self.surface.look()
        edges = np.array([[0.0, -self.half[1], -HEIGHT], [self.half[0], 0.0, -HEIGHT]])
        outwards = np.array([[0.0, -1.0], [1.0, 0.0]])
        for name, home, edge, way in zip(self.names, self.homes, self.view.look(edges), outwards, strict=False):
            size = np.ptp(home[:, :2], axis=0) / 2
            place = edge + way * (size + 0.12)
            name.points[:, :2] = home[:, :2] - home[:, :2].mean(axis=0) + place
        for path in self.paths:
            path.look()
        return self
