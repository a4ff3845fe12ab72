"""The plane of the two numbers: where it is in the frame, and the images as points in it."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.theme import DARK, Theme, Zone

ROOM = 1.06  # of the frame beyond the farthest code


class Chart(VGroup):
    """A frame with the codes of images as points.

    Parameters
    ----------
    codes : array (N, 2)
    colours : array (N, 3)
    zone : Zone
    low, high : array (2,)
        The codes at the lower left and the upper right corner.
    """

    def __init__(
        self,
        codes: np.ndarray,
        colours: np.ndarray,
        zone: Zone,
        low: np.ndarray,
        high: np.ndarray,
        radius: float = 0.035,
        theme: Theme = DARK,
    ) -> None:
        self.zone, self.low, self.high = zone, np.asarray(low, float), np.asarray(high, float)
        box = np.array([[zone.left, zone.right, zone.bottom, zone.top]])
        self.frame = Polylines(outlines(box), theme.faint, 1.8)
        axes = [np.array([[self.low[0], 0], [self.high[0], 0]]), np.array([[0, self.low[1]], [0, self.high[1]]])]
        inside = [(self.low[1] < 0 < self.high[1]), (self.low[0] < 0 < self.high[0])]
        lines = [self.place(line) for line, there in zip(axes, inside, strict=True) if there]
        self.axes = Polylines(lines, theme.faint, 1.2) if lines else None
        self.cloud = PointCloud(self.place(codes), colours, radius)
        super().__init__(self.frame, *([self.axes] if self.axes is not None else []), self.cloud)

    def place(self, codes: np.ndarray) -> np.ndarray:
        """Where codes (N, 2) are in the frame, (N, 2)."""
        share = (np.asarray(codes) - self.low) / (self.high - self.low)
        zone = self.zone
        return np.asarray([zone.left, zone.bottom] + share * [zone.width, zone.height])

    def show(self, codes: np.ndarray) -> Chart:
        """Move the points; those beyond the frame are not drawn."""
        places = self.place(codes)
        beyond = ((codes < self.low) | (codes > self.high)).any(axis=1)
        places[beyond] = np.nan
        self.cloud.set_positions(places)
        return self


def corners_of_codes(sets: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest of several sets of codes (N, 2), with some room."""
    everything = np.concatenate(sets)
    low, high = everything.min(axis=0), everything.max(axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
    return middle - ROOM * half, middle + ROOM * half
