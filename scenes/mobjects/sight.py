"""What hills hide of things that lie on a surface."""

from __future__ import annotations

import numpy as np

from scenes.mobjects.surface import Surface
from scenes.mobjects.view import FOCAL
from scenes.painting.sightlines import least_clearance


def clearness(
    surface: Surface, places: np.ndarray, reach: float | np.ndarray, offsets: np.ndarray | None = None
) -> np.ndarray:
    """How clearly places on a surface are seen, 0 to 1: 0 behind a hill, and between the two where its edge is.

    Parameters
    ----------
    surface : Surface
        With a view; without one all is seen.
    places : array (N, 2)
        In the units of the surface's box.
    reach : float or array (N,)
        How large what lies there is, in scene units: the ground within twice that distance is no cover.
    offsets : array (N, 2), optional
        From where each place is seen to the spot that is meant, in scene units of the frame.

    Returns
    -------
    ndarray, float64 (N,)
    """
    view = surface.view
    if view is None:
        return np.ones(len(places))
    rows, columns = surface.shape
    heights = surface.grid[..., 2]
    corner = np.array([surface.box[0][0], surface.box[1][0]])
    cells = np.array([columns - 1, rows - 1]) / (np.array([surface.box[0][1], surface.box[1][1]]) - corner)
    there = np.column_stack([places, between(heights, (places - corner) * cells)])
    # as the eye sees them, and in the same direction as each, but nearer
    axes = view.axes
    turned = view.unit * there @ axes.T
    depths = turned[:, 2] + 2 * reach
    seen = turned[:, :2] * (FOCAL / (FOCAL - turned[:, 2]))[:, None]
    if offsets is not None:
        seen += offsets
    starts = np.column_stack([seen * ((FOCAL - depths) / FOCAL)[:, None], depths]) @ axes / view.unit
    ways = FOCAL / view.unit * axes[2] - starts
    starts[:, :2] = (starts[:, :2] - corner) * cells
    ways[:, :2] *= cells
    gaps = least_clearance(np.ascontiguousarray(heights), starts, ways) * view.unit
    return np.clip(1 + gaps / reach, 0.0, 1.0)


def between(ground: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Heights (N,) at columns and rows (N, 2), blended between the four nearest; beyond the edge those at the edge."""
    rows, columns = ground.shape
    x, y = np.fmin(np.fmax(places, 0.0), [columns - 1, rows - 1]).T
    c, r = np.minimum(x.astype(int), columns - 2), np.minimum(y.astype(int), rows - 2)
    s, t = x - c, y - r
    lower, upper = (ground[r + k, c] * (1 - s) + ground[r + k, c + 1] * s for k in (0, 1))
    return np.asarray(lower * (1 - t) + upper * t)
