"""The plane of the data in a frame: points, what a network says of it, and a title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from engine.analysis.isoline import Bounds
from engine.network import Network
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.writing import LEFT, written
from scenes.theme import DARK, TEXT, Theme, Zone
from scenes.warp.material import grid_bounds

if TYPE_CHECKING:
    from engine.recording import Recording

TITLE_ABOVE = 0.28
RINGED = 0.05  # how much wider than a point its ring is, in scene units


class PlanePanel(VGroup):
    """Regions and points of one recording over a square part of the plane.

    Parameters
    ----------
    recording : Recording
        A classifier of two features.
    zone : Zone
        A square.
    network : Network, optional
        Whose regions are shown; None for points alone.
    title : str
        Written above the upper left corner.
    radius : float
        Of the points, in scene units.
    examples : tuple of ndarray (N, 2) and ndarray (N,), optional
        Points and their labels; by default the training data. The plane is the square that holds them.
    outlined : bool
        Whether points have a dark edge, which keeps them apart where they are few.

    Attributes
    ----------
    examples : tuple of ndarray
        The points and labels that are shown.
    regions : DecisionField or None
    frame : Polylines
    rings : PointCloud
        Behind the points that `ring` has chosen.
    cloud : PointCloud
    """

    def __init__(
        self,
        recording: Recording,
        zone: Zone,
        network: Network | None = None,
        title: str = "",
        radius: float = 0.05,
        resolution: int = 96,
        line_width: float = 3.5,
        examples: tuple[np.ndarray, np.ndarray] | None = None,
        outlined: bool = True,
        theme: Theme = DARK,
    ) -> None:
        self.zone, self.theme, self.radius, self.outlined = zone, theme, radius, outlined
        self.examples = x, labels = examples or (recording.data.x, recording.data.y)
        self.bounds: Bounds = grid_bounds(x)
        self.regions = (
            None if network is None else decision_field(network, self.bounds, zone, resolution, line_width, theme)
        )
        self.frame = Polylines(outlines(np.array([[zone.left, zone.right, zone.bottom, zone.top]])), theme.faint, 2.0)
        self.title = (
            written(title, (zone.left, zone.top + TITLE_ABOVE), LEFT, TEXT.label, theme.text) if title else None
        )
        self.rings, self.cloud = self.points_of(x, labels)
        parts = [self.regions, self.frame, self.rings, self.cloud, self.title]
        super().__init__(*(part for part in parts if part is not None))

    def points_of(self, x: np.ndarray, labels: np.ndarray) -> tuple[PointCloud, PointCloud]:
        """Points of the plane in the colours of their classes, (N, 2), and discs behind them that are not seen yet."""
        places = self.look(x)
        edge = self.theme.background if self.outlined else None
        rings = PointCloud(places, self.theme.loss, 0.0)
        return rings, PointCloud(places, self.theme.class_colours(labels), self.radius, edge)

    def look(self, x: np.ndarray) -> np.ndarray:
        """Where points of the plane, (N, 2), are in the frame, (N, 2)."""
        zone, bounds = self.zone, self.bounds
        share = (np.asarray(x, np.float64) - [bounds.left, bounds.bottom]) / (bounds.right - bounds.left)
        return np.asarray(np.array([zone.left, zone.bottom]) + share * zone.width)

    def slide(self, left: float) -> PlanePanel:
        """Move the whole panel, so that its left edge is there."""
        zone, by = self.zone, left - self.zone.left
        self.shift([by, 0.0, 0.0])
        self.zone = Zone(left, zone.right + by, zone.bottom, zone.top)
        return self

    def set_network(self, network: Network) -> PlanePanel:
        """Show another network's regions."""
        assert self.regions is not None
        self.regions.set_network(network)
        return self

    def ring(self, chosen: np.ndarray, rings: PointCloud | None = None) -> PlanePanel:
        """Ring the points that are chosen, (N,) bool, and no others."""
        (rings or self.rings).radius = np.where(chosen, self.radius + RINGED, 0.0)
        return self
