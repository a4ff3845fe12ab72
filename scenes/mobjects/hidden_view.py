"""The last hidden space of a network that changes while it is watched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup
from numpy.typing import ArrayLike

from engine.analysis.geometry import embed
from engine.analysis.projection import Projection
from engine.network import Network
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.space_axes import SpaceAxes
from scenes.mobjects.view import View
from scenes.theme import DARK, Theme, Zone

PAST_FRAME = 1.12
MOST_CUTS = 24  # lines that a cut may consist of


class HiddenView(VGroup):
    """Axes, the data as the last hidden layer sees them, and the last layer's cut; one scale for a whole run.

    Parameters
    ----------
    x, labels : array_like, (N, features) and (N,)
    projection : Projection or None
        For a space of more than three features.
    width : int
        How many dimensions are shown.
    unit : float
        Scene units to a unit of the space.
    zone : Zone
    bounded : bool
        Whether the square from -1 to 1 holds everything.
    """

    def __init__(
        self,
        x: ArrayLike,
        labels: ArrayLike,
        projection: Projection | None,
        width: int,
        unit: float,
        zone: Zone,
        bounded: bool,
        radius: float = 0.05,
        theme: Theme = DARK,
    ) -> None:
        self.x, self.projection, self.width_shown = np.asarray(x), projection, width
        self.zone, self.bounded = zone, bounded
        self.view = View(zone.center[:2].copy(), unit, float(width == 3))
        self.point_colours = theme.class_colours(np.asarray(labels))
        start = np.zeros((len(self.x), 3))
        self.axes = SpaceAxes((zone.width / 2, zone.height / 2), width == 3, theme)
        self.cloud = PointCloud(start, self.point_colours, radius)
        self.cut = Polylines(np.full((MOST_CUTS, 8, 2), np.nan), theme.text, 3.5)
        super().__init__(self.axes, self.cut, self.cloud)
        self.axes.place(self.view, float(bounded))

    @property
    def reach(self) -> tuple[float, float]:
        """How far lines run from the origin, in units of the space: to the zone's edge, or just past the frame."""
        ends = np.array([self.zone.width, self.zone.height]) / 2 / self.view.unit
        x, y = np.minimum(ends, PAST_FRAME) if self.bounded else ends
        return float(x), float(y)

    def shown(self, network: Network) -> np.ndarray:
        """The data in the last hidden space, where they are shown, (N, 3)."""
        hidden = network.activations(self.x)[-2]
        return embed(hidden if self.projection is None else self.projection.apply(hidden), 3)

    def show_network(self, network: Network, cut: Sequence[np.ndarray], strength: float) -> HiddenView:
        """Show another network's last hidden space, with the lines (K, 3) of its cut and how strong they are."""
        positions = self.shown(network)
        if self.width_shown == 3:
            order = np.argsort(self.view.depths(positions), kind="stable")
            self.cloud.set_colours(self.point_colours[order])
            positions = positions[order]
            self.axes.place(self.view, float(self.bounded))
        self.cloud.points[:, :2] = self.view.look(positions)
        lines = np.full((MOST_CUTS, 8, 2), np.nan)
        for slot, line in zip(lines, cut, strict=False):
            slot[: len(line)] = self.view.look(line)
        self.cut.points[:, :2] = lines.reshape(-1, 2)
        self.cut.set_opacity(strength)
        return self
