"""How much is right, by the number of layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

BESIDE, BELOW, ABOVE = 0.75, 0.84, 0.4  # room for numbers and names, in scene units
INDENT = 0.35  # of the first and the last place
TICKS = (0.0, 0.5, 1.0)


class DepthChart(VGroup):
    """Lines over depths, each next one a step to the right, at the heights of shares from 0 to 1.

    The first line lies over the others and is thinner, so that all are seen where they are equal.

    Parameters
    ----------
    depths : sequence of int
        Numbers of layers.
    colours : sequence of str
        Of each line.
    zone : Zone
        Numbers and names included.
    """

    def __init__(self, depths: Sequence[int], colours: Sequence[str], zone: Zone, theme: Theme = DARK) -> None:
        self.plot = plot = Zone(zone.left + BESIDE, zone.right, zone.bottom + BELOW, zone.top - ABOVE)
        self.across = np.linspace(plot.left + INDENT, plot.right - INDENT, len(depths))
        levels = [[[plot.left, self.height_of(tick)], [plot.right, self.height_of(tick)]] for tick in TICKS]
        ground = Polylines(np.array(levels), theme.faint, 1.5)
        tints = np.array([rgb(colour) for colour in reversed(colours)])
        over = np.arange(len(colours))[::-1]
        self.lines = Polylines(np.zeros((len(colours), len(depths), 2)), tints, 3.0 + 4.5 * over)
        spots, sizes = np.zeros((len(colours) * len(depths), 2)), np.repeat(0.075 + 0.05 * over, len(depths))
        self.dots = PointCloud(spots, np.repeat(tints, len(depths), axis=0), sizes)
        below = plot.bottom - 0.24
        texts = [
            *(
                written(f"{tick:.0%}", (plot.left - 0.12, self.height_of(tick)), RIGHT, TEXT.small, theme.muted)
                for tick in TICKS
            ),
            *(
                written(f"{depth:,}", (x, below), CENTER, TEXT.small, theme.text)
                for x, depth in zip(self.across, depths, strict=True)
            ),
            written("hidden layers", (plot.center[0], below - 0.38), CENTER, TEXT.small, theme.muted),
            written("right answers", (zone.left, plot.top + 0.3), LEFT, TEXT.small, theme.muted),
        ]
        super().__init__(ground, self.lines, self.dots, *texts)

    def height_of(self, share: float) -> float:
        """How high a share stands in the frame."""
        return float(self.plot.bottom + self.plot.height * share)

    def set_values(self, values: np.ndarray) -> DepthChart:
        """Show shares, (lines, depths) between 0 and 1."""
        up = self.plot.bottom + self.plot.height * np.asarray(values, dtype=np.float64)[::-1]
        places = np.stack([np.broadcast_to(self.across, up.shape), up], axis=-1)
        self.lines.set_lines(places)
        self.dots.set_positions(places.reshape(-1, 2))
        return self
