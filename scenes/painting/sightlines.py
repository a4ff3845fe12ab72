"""Lines of sight over hilly ground."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel

STEP = 0.5  # cells of the surface's grid between two looks at the ground


@kernel
def least_clearance(ground, starts, ways):
    """How far lines of sight pass above the ground at least, float64 (N,); negative where they pass through a hill.

    Parameters
    ----------
    ground : float64 (R, C)
        Heights. Where they are not finite, nothing is in the way.
    starts : float64 (N, 3)
        Column, row and height at which each line begins; both may lie between two.
    ways : float64 (N, 3)
        From there to the eye.
    """
    rows, columns = ground.shape
    highest = -np.inf
    for r in range(rows):
        for c in range(columns):
            if math.isfinite(ground[r, c]):
                highest = max(highest, ground[r, c])
    result = np.full(starts.shape[0], np.inf)
    for k in range(starts.shape[0]):
        far = max(abs(ways[k, 0]), abs(ways[k, 1]))
        if not math.isfinite(far + ways[k, 2] + starts[k, 0] + starts[k, 1] + starts[k, 2]):
            continue
        # a line of sight that goes straight up is looked at where it begins
        count = int(far / STEP) + 1
        for n in range(count):
            share = n / count
            x, y = starts[k, 0] + share * ways[k, 0], starts[k, 1] + share * ways[k, 1]
            z = starts[k, 2] + share * ways[k, 2]
            if not (0.0 <= x <= columns - 1 and 0.0 <= y <= rows - 1) or z - highest > result[k]:
                break
            c, r = min(int(x), columns - 2), min(int(y), rows - 2)
            s, t = x - c, y - r
            lower = ground[r, c] + (ground[r, c + 1] - ground[r, c]) * s
            upper = ground[r + 1, c] + (ground[r + 1, c + 1] - ground[r + 1, c]) * s
            gap = z - (lower + (upper - lower) * t)
            if gap < result[k]:
                result[k] = gap
    return result
