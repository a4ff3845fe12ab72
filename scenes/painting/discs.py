"""Anti-aliased discs."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import blended, word


@kernel
def paint_discs(words, clip, points, radii, colours, outlines, outline_widths, opacity):
    """Paint discs in the given order, each with an outline centred on its edge.

    Parameters
    ----------
    words : uint32 (H, W)
        Premultiplied pixels.
    clip : int64 (4,)
        Left, right, top and bottom of what is painted.
    points : float64 (N, 2)
        Centres in pixels.
    radii, outline_widths : float64 (N,)
        In pixels; an outline of width 0 is none.
    colours, outlines : float64 (N, 4)
        Between 0 and 1.
    opacity : float
        Of all discs.
    """
    left, right, top, bottom = clip
    one, zero, half, full = np.float32(1.0), np.float32(0.0), np.float32(0.5), np.float32(255.0)
    for k in range(points.shape[0]):
        cx, cy, radius, stroke = points[k, 0], points[k, 1], radii[k], max(outline_widths[k], 0.0)
        reach = radius + 0.5 * stroke + 0.5
        if not (cx + reach > left and cx - reach < right and cy + reach > top and cy - reach < bottom) or radius <= 0:
            continue
        # a disc narrower than a pixel covers in proportion to its area
        fill = np.float32(colours[k, 3] * opacity * min(1.0, 4.0 * radius * radius))
        core, middle = np.float32(max(radius, 0.5)), np.float32(radius)
        colour = word(colours[k, 0], colours[k, 1], colours[k, 2])
        ring, half_ring = np.float32(outlines[k, 3] * opacity * min(1.0, stroke)), np.float32(max(0.5 * stroke, 0.5))
        edge = word(outlines[k, 0], outlines[k, 1], outlines[k, 2])
        # within this distance of the centre there is nothing but the fill
        plain = max(radius, 0.5) - 0.5 if stroke == 0 else min(radius - max(0.5 * stroke, 0.5) - 0.5, radius - 0.5)
        for y in range(max(top, int(math.floor(cy - reach))), min(bottom, int(math.ceil(cy + reach)))):
            dy = y + 0.5 - cy
            if abs(dy) >= reach:
                continue
            chord = math.sqrt(reach * reach - dy * dy)
            first, last = max(left, int(math.floor(cx - chord))), min(right, int(math.ceil(cx + chord)))
            begin, end = last, last
            if plain > abs(dy):
                chord = math.sqrt(plain * plain - dy * dy)
                begin = min(max(int(math.ceil(cx - chord - 0.5)), first), last)
                end = min(max(int(math.floor(cx + chord - 0.5)) + 1, begin), last)
            if fill >= one:
                words[y, begin:end] = colour
            else:
                share = np.uint32(fill * full + half)
                row = words[y, begin:end]
                for k in range(row.size):
                    row[k] = blended(row[k], colour, share)
            for part in range(2):
                dy_2, start = np.float32(dy * dy), first if part == 0 else end
                row = words[y, start : begin if part == 0 else last]
                for k in range(row.size):
                    dx = np.float32(start + k + 0.5 - cx)
                    distance = math.sqrt(dx * dx + dy_2)
                    cover = min(one, max(zero, core + half - distance)) * fill
                    pixel = blended(row[k], colour, np.uint32(np.int32(cover * full + half)))
                    if stroke > 0:
                        cover = min(one, max(zero, half_ring + half - abs(distance - middle))) * ring
                        pixel = blended(pixel, edge, np.uint32(np.int32(cover * full + half)))
                    row[k] = pixel
