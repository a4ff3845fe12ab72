"""Many opaque quadrilaterals that meet edge to edge, such as the facets of a surface, with lines on them.

Each facet blended over the frame by itself would let the ground shine through where two meet: a pixel that both share
is covered by neither. So all are first painted, without blending, into finer samples (eight to a pixel, no two in one
row or column), the farthest first, and the samples are then put over the frame in one go.
"""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import blended

SAMPLES = 8
# Where in its pixel, from 0 to 1, each sample lies across; sample k lies (k + 1/2) / 8 down.
ACROSS = (np.array([3, 6, 1, 4, 7, 2, 5, 0]) + 0.5) / SAMPLES


@kernel
def fill_convex(samples, across, xs, ys, colour, touched):
    """Set the samples within a convex polygon, and widen the box `touched` (top, bottom, left, right) about them."""
    height, width = samples.shape[0] // SAMPLES, samples.shape[1]
    low, high = ys[0], ys[0]
    for k in range(1, xs.size):
        low, high = min(low, ys[k]), max(high, ys[k])
    if not (high > 0.0 and low < height):
        return
    first = max(0, int(math.ceil(low * SAMPLES - 0.5)))
    last = min(height * SAMPLES, int(math.floor(high * SAMPLES - 0.5)) + 1)
    for row in range(first, last):
        y = (row + 0.5) / SAMPLES
        left, right = np.inf, -np.inf
        j = xs.size - 1
        for k in range(xs.size):
            # half open, so that a vertex belongs to one of its two edges
            if (ys[j] <= y) != (ys[k] <= y):
                x = xs[j] + (y - ys[j]) / (ys[k] - ys[j]) * (xs[k] - xs[j])
                left, right = min(left, x), max(right, x)
            j = k
        if not left < right:
            continue
        offset = across[row % SAMPLES]
        begin, end = int(math.ceil(max(left, 0.0) - offset)), int(math.ceil(min(right, width) - offset))
        begin, end = max(begin, 0), min(end, width)
        if begin >= end:
            continue
        for x_at in range(begin, end):
            samples[row, x_at] = colour
        y_at = row // SAMPLES
        touched[0], touched[1] = min(touched[0], y_at), max(touched[1], y_at + 1)
        touched[2], touched[3] = min(touched[2], begin), max(touched[3], end)


@kernel
def fill_quad(samples, across, corners, colour, touched):
    """Set the samples within a quadrilateral, as two triangles: seen from aside it need not be convex."""
    xs, ys = np.empty(3), np.empty(3)
    for half in range(2):
        for k in range(3):
            corner = (0 if k == 0 else k + half) % 4
            xs[k], ys[k] = corners[corner, 0], corners[corner, 1]
        fill_convex(samples, across, xs, ys, colour, touched)


@kernel
def fill_segment(samples, across, x0, y0, x1, y1, half_width, colour, touched):
    """Set the samples within a straight line of some width, half of it past each end."""
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    if not length < 1e7 or length < 1e-9:
        return
    ux, uy = dx / length * half_width, dy / length * half_width
    xs = np.array([x0 - ux - uy, x1 + ux - uy, x1 + ux + uy, x0 - ux + uy])
    ys = np.array([y0 - uy + ux, y1 + uy + ux, y1 + uy - ux, y0 - uy - ux])
    fill_convex(samples, across, xs, ys, colour, touched)


@kernel
def paint_quads(words, samples, across, corners, order, colours, segments, starts, half_width, line, opacity):
    """Paint facets, each with the lines on it, the farthest first.

    Parameters
    ----------
    words : uint32 (H, W)
        Premultiplied pixels.
    samples : uint32 (8 H, W)
        All zero, and so again afterwards.
    across : float64 (8,)
        `ACROSS`.
    corners : float64 (Q, 4, 2)
        In pixels, around each facet; one with a NaN is left out.
    order : int64 (Q,)
        Which facet is painted when.
    colours : uint32 (Q,)
        Opaque pixels.
    segments : float64 (S, 2, 2)
        Ends of straight lines, in pixels.
    starts : int64 (Q + 1,)
        The lines on facet k are those from ``starts[k]`` up to ``starts[k + 1]``.
    half_width : float
        Of the lines, in pixels.
    line : uint32 (S,)
        Opaque pixels.
    opacity : float
        Of the whole.
    """
    height, width = words.shape
    touched = np.array([height, 0, width, 0])
    for k in order:
        usable = True
        for c in range(4):
            # so far away, or not finite, that nothing meaningful could be seen
            usable = usable and abs(corners[k, c, 0]) < 1e7 and abs(corners[k, c, 1]) < 1e7
        if not usable:
            continue
        fill_quad(samples, across, corners[k], colours[k], touched)
        for s in range(starts[k], starts[k + 1]):
            fill_segment(samples, across, segments[s, 0, 0], segments[s, 0, 1], segments[s, 1, 0], segments[s, 1, 1],
                         half_width, line[s], touched)  # fmt: skip
    put_samples(words, samples, touched, opacity)


@kernel
def put_samples(words, samples, touched, opacity):
    """Put the samples over the frame, each pixel with the mean of what covers it, and clear them."""
    low = np.uint32(0xFF)
    full = np.uint32(min(max(opacity, 0.0), 1.0) * 255.0 + 0.5)
    for y in range(touched[0], touched[1]):
        for x in range(touched[2], touched[3]):
            first = samples[y * SAMPLES, x]
            count, alike = 0, True
            red, green, blue = np.uint32(0), np.uint32(0), np.uint32(0)
            for k in range(SAMPLES):
                sample = samples[y * SAMPLES + k, x]
                alike = alike and sample == first
                if sample:
                    count += 1
                    red += sample & low
                    green += (sample >> np.uint32(8)) & low
                    blue += (sample >> np.uint32(16)) & low
            if count == 0:
                continue
            for k in range(SAMPLES):
                samples[y * SAMPLES + k, x] = np.uint32(0)
            if alike and full == np.uint32(255):
                words[y, x] = first
                continue
            half, n = np.uint32(count // 2), np.uint32(count)
            red, green, blue = (red + half) // n, (green + half) // n, (blue + half) // n
            colour = np.uint32(np.uint32(0xFF000000) | blue << np.uint32(16) | green << np.uint32(8) | red)
            share = np.uint32((np.uint32(count) * full + np.uint32(SAMPLES // 2)) // np.uint32(SAMPLES))
            words[y, x] = blended(words[y, x], colour, share)
