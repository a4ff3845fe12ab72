"""Many opaque quadrilaterals that meet edge to edge, such as the facets of a surface, with lines on them.

Each facet blended over the frame by itself would let the ground shine through where two meet: a pixel that both share
is covered by neither. So all are first painted, without blending, into finer samples (eight to a pixel, no two in one
row or column), the farthest first, and the samples are then put over the frame in one go. That is done band by band,
so that the samples of a band stay in the processor's cache.
"""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import blended

SAMPLES = 8
BAND = 16  # rows of pixels that are painted together
BLOCK = 64  # pixels of a row that are put over the frame together
# Where in its pixel, from 0 to 1, the samples of each row of a band lie across; sample k of 8 lies (k + 1/2) / 8 down.
ACROSS = np.tile((np.array([3, 6, 1, 4, 7, 2, 5, 0]) + 0.5) / SAMPLES, BAND)


@kernel(counts=False)
def trace_edge(spans, across, x0, y0, x1, y1, clockwise, top):
    """Remember where an edge crosses the rows of samples from row `top` on: where they enter its shape or leave it."""
    if y0 == y1:
        return
    side = 1 if (y1 > y0) == clockwise else 0
    if y1 < y0:
        x0, y0, x1, y1 = x1, y1, x0, y0
    slope = (x1 - x0) / (y1 - y0)
    # half open, so that a vertex belongs to one of its two edges
    first = max(int(math.ceil(y0 * SAMPLES - 0.5)) - top, 0)
    last = min(int(math.ceil(y1 * SAMPLES - 0.5)) - top, spans.shape[1])
    if first >= last:
        return
    crossed, shifts = spans[side, first:last], across[first:last]
    slope, start = slope / SAMPLES, x0 + ((first + top + 0.5) / SAMPLES - y0) * slope
    for k in range(crossed.size):
        crossed[k] = np.int32(math.ceil(start + np.int32(k) * slope - shifts[k]))


@kernel(counts=False)
def fill_spans(samples, area, spans, low, high, colour, top, touched):
    """Set the samples within the traced edges from height `low` to `high`, and widen the columns that are touched.

    `area` are the columns and rows of the samples that may be set: left, right, first and last.
    """
    first = max(int(math.ceil(low * SAMPLES - 0.5)) - top, area[2])
    last = min(int(math.ceil(high * SAMPLES - 0.5)) - top, area[3])
    least, most = touched[0], touched[1]
    for row in range(first, last):
        begin, end = max(spans[0, row], area[0]), min(spans[1, row], area[1])
        if begin < end:
            least, most = min(least, begin), max(most, end)
            samples[row, begin:end] = colour
    touched[0], touched[1] = least, most


@kernel(counts=False)
def turning(x0, y0, x1, y1, x2, y2):
    """Twice the area of a triangle, negative if it runs anticlockwise in the frame."""
    return (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)


@kernel(counts=False)
def fill_triangle(samples, area, across, x0, y0, x1, y1, x2, y2, colour, top, spans, touched):
    """Set the samples within a triangle."""
    turn = turning(x0, y0, x1, y1, x2, y2)
    if turn == 0.0:
        return
    clockwise = turn > 0.0
    trace_edge(spans, across, x0, y0, x1, y1, clockwise, top)
    trace_edge(spans, across, x1, y1, x2, y2, clockwise, top)
    trace_edge(spans, across, x2, y2, x0, y0, clockwise, top)
    fill_spans(samples, area, spans, min(y0, y1, y2), max(y0, y1, y2), colour, top, touched)


@kernel(counts=False)
def fill_quad(samples, area, across, x0, y0, x1, y1, x2, y2, x3, y3, colour, top, spans, touched):
    """Set the samples within a quadrilateral; one that is not convex, as seen from aside, is two triangles."""
    a, b = turning(x0, y0, x1, y1, x2, y2), turning(x1, y1, x2, y2, x3, y3)
    c, d = turning(x2, y2, x3, y3, x0, y0), turning(x3, y3, x0, y0, x1, y1)
    if min(a, b, c, d) > 0.0 or max(a, b, c, d) < 0.0:
        clockwise = a > 0.0
        trace_edge(spans, across, x0, y0, x1, y1, clockwise, top)
        trace_edge(spans, across, x1, y1, x2, y2, clockwise, top)
        trace_edge(spans, across, x2, y2, x3, y3, clockwise, top)
        trace_edge(spans, across, x3, y3, x0, y0, clockwise, top)
        fill_spans(samples, area, spans, min(y0, y1, y2, y3), max(y0, y1, y2, y3), colour, top, touched)
        return
    fill_triangle(samples, area, across, x0, y0, x1, y1, x2, y2, colour, top, spans, touched)
    fill_triangle(samples, area, across, x0, y0, x2, y2, x3, y3, colour, top, spans, touched)


@kernel(counts=False)
def fill_segment(samples, area, across, x0, y0, x1, y1, half_width, colour, top, spans, touched):
    """Set the samples within a straight line of some width, half of it past each end."""
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    if not length < 1e7 or length < 1e-9:
        return
    ux, uy = dx / length * half_width, dy / length * half_width
    fill_quad(samples, area, across, x0 - ux - uy, y0 - uy + ux, x1 + ux - uy, y1 + uy + ux, x1 + ux + uy, y1 + uy - ux,
              x0 - ux + uy, y0 - uy - ux, colour, top, spans, touched)  # fmt: skip


@kernel
def heights(corners, segments, starts, half_width, top, bottom):
    """The rows of pixels that each facet and the lines on it may touch, int64 (Q, 2); none where that cannot be said.

    So far away, or not finite, nothing meaningful could be seen.
    """
    rows = np.zeros((corners.shape[0], 2), np.int64)
    for k in range(corners.shape[0]):
        low, high = np.inf, -np.inf
        usable = True
        for c in range(4):
            usable = usable and abs(corners[k, c, 0]) < 1e7 and abs(corners[k, c, 1]) < 1e7
            low, high = min(low, corners[k, c, 1]), max(high, corners[k, c, 1])
        if not usable:
            continue
        for s in range(starts[k], starts[k + 1]):
            for end in range(2):
                y = segments[s, end, 1]
                if abs(y) < 1e7:
                    low, high = min(low, y - 2.0 * half_width), max(high, y + 2.0 * half_width)
        rows[k, 0], rows[k, 1] = max(int(math.floor(low)), top), min(int(math.ceil(high)), bottom)
    return rows


@kernel
def by_band(order, rows, bands):
    """The facets of each band, in the given order: those of band b go from ``starts[b]`` up to ``starts[b + 1]``."""
    starts = np.zeros(bands + 1, np.int64)
    for k in order:
        if rows[k, 0] < rows[k, 1]:
            for band in range(rows[k, 0] // BAND, (rows[k, 1] - 1) // BAND + 1):
                starts[band + 1] += 1
    for band in range(bands):
        starts[band + 1] += starts[band]
    members, place = np.empty(starts[bands], np.int64), starts[:-1].copy()
    for k in order:
        if rows[k, 0] < rows[k, 1]:
            for band in range(rows[k, 0] // BAND, (rows[k, 1] - 1) // BAND + 1):
                members[place[band]] = k
                place[band] += 1
    return starts, members


@kernel
def paint_quads(words, clip, samples, across, corners, order, colours, segments, starts, half_width, line, opacity):
    """Paint facets, each with the lines on it, the farthest first.

    Parameters
    ----------
    words : uint32 (H, W)
        Premultiplied pixels.
    clip : int64 (4,)
        Left, right, top and bottom of what is painted.
    samples : uint32 (8 BAND, W)
        All zero, and so again afterwards.
    across : float64 (8 BAND,)
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
    rows = heights(corners, segments, starts, half_width, clip[2], clip[3])
    firsts, members = by_band(order, rows, (words.shape[0] + BAND - 1) // BAND)
    spans = np.zeros((2, SAMPLES * BAND), np.int32)
    touched, area = np.zeros(2, np.int64), np.zeros(4, np.int64)
    for band in range(firsts.size - 1):
        top = band * BAND * SAMPLES
        touched[0], touched[1] = words.shape[1], 0
        first, last = max(band * BAND, clip[2]), min((band + 1) * BAND, clip[3])
        area[0], area[1], area[2], area[3] = clip[0], clip[1], first * SAMPLES - top, last * SAMPLES - top
        for k in members[firsts[band] : firsts[band + 1]]:
            fill_quad(samples, area, across, corners[k, 0, 0], corners[k, 0, 1], corners[k, 1, 0], corners[k, 1, 1],
                      corners[k, 2, 0], corners[k, 2, 1], corners[k, 3, 0], corners[k, 3, 1],
                      colours[k], top, spans, touched)  # fmt: skip
            for s in range(starts[k], starts[k + 1]):
                fill_segment(samples, area, across, segments[s, 0, 0], segments[s, 0, 1], segments[s, 1, 0],
                             segments[s, 1, 1], half_width, line[s], top, spans, touched)  # fmt: skip
        if touched[0] < touched[1]:
            for y in range(first, last):
                put_samples(words[y], samples, y * SAMPLES - top, touched[0], touched[1], opacity)


@kernel
def put_samples(row, samples, first, left, right, opacity):
    """Put eight rows of samples over a row of pixels, each pixel with the mean of what covers it, and clear them.

    Parameters
    ----------
    row : uint32 (W,)
    samples : uint32 (8 BAND, W)
    first : int
        The first of the rows of samples.
    left, right : int
        Which columns have any.
    opacity : float
    """
    mask, eight, half = np.uint32(0x00FF00FF), np.uint32(8), np.uint32(0x00040004)
    full = np.uint32(min(max(opacity, 0.0), 1.0) * 255.0 + 0.5)
    is_opaque = full == np.uint32(255)
    everywhere = np.uint32(255 * SAMPLES)  # the sum of the alphas where all samples are covered
    evens, odds = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    for begin in range(left, right, BLOCK):
        pixels = row[begin : min(begin + BLOCK, right)]
        mixed = np.uint32(0)
        # an unsigned index cannot count from the end, which would have to be looked at for every sample
        for x in range(np.uint64(pixels.size)):
            # two channels are summed up in one word
            even, odd = np.uint32(0), np.uint32(0)
            for k in range(SAMPLES):
                sample = samples[np.uint64(first + k), np.uint64(begin) + x]
                even = np.uint32(even + (sample & mask))
                odd = np.uint32(odd + ((sample >> eight) & mask))
            evens[x], odds[x] = even, odd
            alpha = odd >> np.uint32(16)
            # eighths, rounded
            even, odd = np.uint32(even + half) >> np.uint32(3), np.uint32(odd + half) >> np.uint32(3)
            whole = is_opaque and alpha == everywhere
            pixels[x] = np.uint32((even & mask) | ((odd & mask) << eight)) if whole else pixels[x]
            mixed |= np.uint32(0) if whole else alpha
        for k in range(SAMPLES):
            samples[first + k, begin : begin + pixels.size] = 0
        if mixed == 0:
            continue
        for x in range(pixels.size):
            count = (odds[x] >> np.uint32(16)) // np.uint32(255)
            if count == 0 or (count == SAMPLES and is_opaque):
                continue
            n, middle, low = np.uint32(count), np.uint32(count // 2), np.uint32(0xFFFF)
            red, blue = ((evens[x] & low) + middle) // n, ((evens[x] >> np.uint32(16)) + middle) // n
            green = ((odds[x] & low) + middle) // n
            colour = np.uint32(np.uint32(0xFF000000) | blue << np.uint32(16) | green << eight | red)
            share = np.uint32((n * full + np.uint32(SAMPLES // 2)) // np.uint32(SAMPLES))
            pixels[x] = blended(pixels[x], colour, share)
