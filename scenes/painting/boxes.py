"""Filled upright rectangles."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import blended, word


@kernel
def paint_boxes(words, clip, boxes, colours, opacity):
    """Paint upright rectangles in the given order; pixels at an edge are covered in proportion to their area.

    Parameters
    ----------
    words : uint32 (H, W)
        Premultiplied pixels.
    clip : int64 (4,)
        Left, right, top and bottom of what is painted.
    boxes : float64 (N, 4)
        Left, right, top and bottom of each, in pixels. One with a NaN is left out.
    colours : float64 (N, 4)
        Between 0 and 1.
    opacity : float
        Of all.
    """
    for k in range(boxes.shape[0]):
        left, right, top, bottom = boxes[k]
        # written so that a NaN covers nothing
        if not (left < clip[1] and right > clip[0] and top < clip[3] and bottom > clip[2]):
            continue
        if not (left < right and top < bottom):
            continue
        first, last = int(max(left, clip[0])), int(math.ceil(min(right, clip[1])))
        colour = word(colours[k, 0], colours[k, 1], colours[k, 2])
        full = 255.0 * min(max(colours[k, 3] * opacity, 0.0), 1.0)
        for y in range(int(max(top, clip[2])), int(math.ceil(min(bottom, clip[3])))):
            row = words[y]
            cover = full * (min(bottom, y + 1.0) - max(top, y))
            share = np.uint32(cover + 0.5)
            for x in range(first, last):
                inside = min(right, x + 1.0) - max(left, x)
                if inside < 1.0:
                    row[x] = blended(row[x], colour, np.uint32(cover * inside + 0.5))
                elif share == 255:
                    row[x] = colour
                else:
                    row[x] = blended(row[x], colour, share)
