"""Anti-aliased discs."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel


@kernel
def blend(pixels, y, x, red, green, blue, cover):
    """Put a colour (0 to 255) over one premultiplied pixel, covering it by `cover` (0 to 1)."""
    share, half = np.int32(cover * np.float32(65536.0) + np.float32(0.5)), np.int32(32768)
    a, b = np.int32(pixels[y, x, 0]), np.int32(pixels[y, x, 1])
    c, d = np.int32(pixels[y, x, 2]), np.int32(pixels[y, x, 3])
    pixels[y, x, 0] = np.uint8(a + (((np.int32(red) - a) * share + half) >> 16))
    pixels[y, x, 1] = np.uint8(b + (((np.int32(green) - b) * share + half) >> 16))
    pixels[y, x, 2] = np.uint8(c + (((np.int32(blue) - c) * share + half) >> 16))
    pixels[y, x, 3] = np.uint8(d + (((np.int32(255) - d) * share + half) >> 16))


@kernel
def paint_discs(pixels, points, radii, colours, outlines, outline_widths, opacity):
    """Paint discs in the given order, each with an outline centred on its edge.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
    points : float64 (N, 2)
        Centres in pixels.
    radii, outline_widths : float64 (N,)
        In pixels; an outline of width 0 is none.
    colours, outlines : float64 (N, 4)
        Between 0 and 1.
    opacity : float
        Of all discs.
    """
    height, width = pixels.shape[0], pixels.shape[1]
    one, zero, half = np.float32(1.0), np.float32(0.0), np.float32(0.5)
    for k in range(points.shape[0]):
        cx, cy, radius, stroke = points[k, 0], points[k, 1], radii[k], max(outline_widths[k], 0.0)
        reach = radius + 0.5 * stroke + 0.5
        if not (cx + reach > 0 and cx - reach < width and cy + reach > 0 and cy - reach < height) or radius <= 0:
            continue
        # a disc narrower than a pixel covers in proportion to its area
        fill = np.float32(colours[k, 3] * opacity * min(1.0, 4.0 * radius * radius))
        core, middle = np.float32(max(radius, 0.5)), np.float32(radius)
        red, green, blue = byte(colours[k, 0]), byte(colours[k, 1]), byte(colours[k, 2])
        ring, half_ring = np.float32(outlines[k, 3] * opacity * min(1.0, stroke)), np.float32(max(0.5 * stroke, 0.5))
        red_o, green_o, blue_o = byte(outlines[k, 0]), byte(outlines[k, 1]), byte(outlines[k, 2])
        # within this distance of the centre there is nothing but the fill
        plain = max(radius, 0.5) - 0.5 if stroke == 0 else min(radius - max(0.5 * stroke, 0.5) - 0.5, radius - 0.5)
        for y in range(max(0, int(math.floor(cy - reach))), min(height, int(math.ceil(cy + reach)))):
            dy = y + 0.5 - cy
            if abs(dy) >= reach:
                continue
            chord = math.sqrt(reach * reach - dy * dy)
            first, last = max(0, int(math.floor(cx - chord))), min(width, int(math.ceil(cx + chord)))
            begin, end = last, last
            if plain > abs(dy):
                chord = math.sqrt(plain * plain - dy * dy)
                begin = min(max(int(math.ceil(cx - chord - 0.5)), first), last)
                end = min(max(int(math.floor(cx + chord - 0.5)) + 1, begin), last)
            if fill >= one:
                for x in range(begin, end):
                    pixels[y, x, 0], pixels[y, x, 1], pixels[y, x, 2], pixels[y, x, 3] = red, green, blue, 255
            else:
                for x in range(begin, end):
                    blend(pixels, y, x, red, green, blue, fill)
            for part in range(2):
                for x in range(first if part == 0 else end, begin if part == 0 else last):
                    dx = x + 0.5 - cx
                    distance = np.float32(math.sqrt(dx * dx + dy * dy))
                    cover = min(one, max(zero, core + half - distance)) * fill
                    if cover > zero:
                        blend(pixels, y, x, red, green, blue, cover)
                    if stroke > 0:
                        cover = min(one, max(zero, half_ring + half - abs(distance - middle))) * ring
                        if cover > zero:
                            blend(pixels, y, x, red_o, green_o, blue_o, cover)


@kernel
def byte(share):
    """A channel between 0 and 1 as a byte."""
    return np.uint8(min(max(share, 0.0), 1.0) * 255.0 + 0.5)
