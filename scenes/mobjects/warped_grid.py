"""A sheet of grid lines that bends with the space it is drawn on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.analysis.isoline import Bounds
from scenes.mobjects.polylines import Polylines
from scenes.theme import DARK, Theme, rgb

TRIAL_SAMPLES = 1500


def grid_lines(
    bounds: Bounds,
    across: int = 21,
    samples: int = 160,
    images: Callable[[np.ndarray], Sequence[np.ndarray]] | None = None,
) -> np.ndarray:
    """The lines of a square grid, sampled where they will bend.

    Parameters
    ----------
    bounds : Bounds
    across : int
        Lines in each direction.
    samples : int
        Vertices of a line.
    images : callable, optional
        (N, 2) points to a list of (N, k) arrays. A line's vertices are spread so that no step is long in any of them
        (each measured against its own extent), nor in the grid itself.

    Returns
    -------
    ndarray, (2 * across, samples, 2) float64
        First the lines along y, from left to right, then those along x, from the bottom up.
    """
    along = np.linspace(0.0, 1.0, TRIAL_SAMPLES)
    left, right, bottom, top = bounds
    upright = [np.column_stack([np.full_like(along, x), bottom + along * (top - bottom)])
               for x in np.linspace(left, right, across)]  # fmt: skip
    level = [np.column_stack([left + along * (right - left), np.full_like(along, y)])
             for y in np.linspace(bottom, top, across)]  # fmt: skip
    trial = np.array(upright + level)
    if images is None:
        return trial[:, np.linspace(0, TRIAL_SAMPLES - 1, samples).round().astype(int)]
    flat = trial.reshape(-1, 2)
    step = np.zeros((2 * across, TRIAL_SAMPLES - 1))
    for image in [flat, *images(flat)]:
        extent = np.ptp(image, axis=0).max()
        lines = image.reshape(2 * across, TRIAL_SAMPLES, -1)
        if extent > 0:
            step = np.maximum(step, np.linalg.norm(np.diff(lines, axis=1), axis=2) / extent)
    travelled = np.concatenate([np.zeros((2 * across, 1)), np.cumsum(step, axis=1)], axis=1)
    chosen = np.empty((2 * across, samples, 2))
    for k, line in enumerate(trial):
        share = np.interp(np.linspace(0, travelled[k, -1], samples), travelled[k], along)
        chosen[k] = line[0] + share[:, None] * (line[-1] - line[0])
    return chosen


class WarpedGrid(Polylines):
    """Grid lines in two tones, one for each direction; the middle lines and the rim are a little stronger.

    Parameters
    ----------
    lines : ndarray, (L, K, 2) or (L, K, 3)
        As `grid_lines` gives them: half of them run along each direction.
    width : float
        In manim's stroke units.
    """

    def __init__(self, lines: np.ndarray, width: float = 1.4, theme: Theme = DARK, opacity: float = 1.0) -> None:
        half = len(lines) // 2
        colours = np.empty((2 * half, 4))
        widths = np.full(2 * half, width)
        for family, colour in enumerate(theme.grid):
            here = slice(family * half, (family + 1) * half)
            colours[here, :3] = rgb(colour)
            colours[here, 3] = 0.55
            strong = [family * half, family * half + half // 2, (family + 1) * half - 1]
            colours[strong, 3] = 0.95
            widths[strong] = 1.5 * width
        super().__init__(lines, colours, widths, opacity=opacity)
