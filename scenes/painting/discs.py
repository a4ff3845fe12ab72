"""Anti-aliased discs."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel


@kernel
def blend(pixels, y, x, red, green, blue, cover):
    """Put a colour (0 to 255) over one premultiplied pixel, covering it by `cover` (0 to 1)."""
    keep = np.float32(1.0) - cover
    half = np.float32(0.5)
    pixels[y, x, 0] = np.uint8(pixels[y, x, 0] * keep + red * cover + half)
    pixels[y, x, 1] = np.uint8(pixels[y, x, 1] * keep + green * cover + half)
    pixels[y, x, 2] = np.uint8(pixels[y, x, 2] * keep + blue * cover + half)
    pixels[y, x, 3] = np.uint8(pixels[y, x, 3] * keep + np.float32(255.0) * cover + half)


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
        cx, cy, radius, stroke = points[k, 0], points[k, 1], radii[k], outline_widths[k]
        reach = radius + max(0.5 * stroke, 0.0) + 0.5
        if not (cx + reach > 0 and cx - reach < width and cy + reach > 0 and cy - reach < height) or radius <= 0:
            continue
        # a disc narrower than a pixel covers in proportion to its area
        thin = np.float32(min(1.0, 4.0 * radius * radius))
        core = np.float32(max(radius, 0.5))
        fill = np.float32(colours[k, 3] * opacity) * thin
        ring = np.float32(outlines[k, 3] * opacity * min(1.0, stroke))
        red, green, blue = (
            np.float32(255.0 * colours[k, 0]),
            np.float32(255.0 * colours[k, 1]),
            np.float32(255.0 * colours[k, 2]),
        )
        red_o, green_o, blue_o = (
            np.float32(255.0 * outlines[k, 0]),
            np.float32(255.0 * outlines[k, 1]),
            np.float32(255.0 * outlines[k, 2]),
        )
        middle, half_ring = np.float32(radius), np.float32(max(0.5 * stroke, 0.5))
        for y in range(max(0, int(math.floor(cy - reach))), min(height, int(math.ceil(cy + reach)))):
            dy = y + 0.5 - cy
            chord = reach * reach - dy * dy
            if chord <= 0:
                continue
            chord = math.sqrt(chord)
            for x in range(max(0, int(math.floor(cx - chord))), min(width, int(math.ceil(cx + chord)))):
                dx = x + 0.5 - cx
                distance = np.float32(math.sqrt(dx * dx + dy * dy))
                cover = min(one, max(zero, core + half - distance)) * fill
                if cover > zero:
                    blend(pixels, y, x, red, green, blue, cover)
                if stroke > 0:
                    cover = min(one, max(zero, half_ring + half - abs(distance - middle))) * ring
                    if cover > zero:
                        blend(pixels, y, x, red_o, green_o, blue_o, cover)
