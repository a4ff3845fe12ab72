"""Anti-aliased polylines of any width, with round ends and joints."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import blended, word

LONGEST = 12  # pieces of a line that are painted as one where they are straight


@kernel
def cover_segment(coverage, place, touched, count, clip, x0, y0, x1, y1, half_width, peak, start, along):
    """Raise `coverage` where the capsule around one segment covers more than what is there.

    Returns the number of touched pixels so far. `start` is the segment's number along its line, remembered in
    `place` together with the position within the segment if `along` is set.
    """
    clip_left, clip_right, clip_top, clip_bottom = clip
    zero, half = np.float32(0.0), np.float32(0.5)
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    if not length < 1e7:
        return count  # not finite, or so far away that nothing meaningful could be seen
    ux, uy = (dx / length, dy / length) if length > 1e-12 else (1.0, 0.0)
    reach = half_width + 0.5
    left, right = min(x0, x1) - reach, max(x0, x1) + reach
    top, bottom = min(y0, y1) - reach, max(y0, y1) + reach
    if right <= clip_left or left >= clip_right or bottom <= clip_top or top >= clip_bottom:
        return count
    inverse = np.float32(1.0 / length) if length > 1e-12 else zero
    fx, fy, length_f = np.float32(ux), np.float32(uy), np.float32(length)
    limit, limit_2, solid_2 = np.float32(reach), np.float32(reach * reach), np.float32((reach - 1.0) ** 2)
    full = np.uint8(peak + half)
    steep = abs(uy) > 1e-6
    slope, spread = (ux / uy, reach / abs(uy)) if steep else (0.0, right - left)
    for y in range(max(clip_top, int(math.floor(top))), min(clip_bottom, int(math.ceil(bottom)))):
        py = y + 0.5 - y0
        # the strip within `reach` of the infinite line, at this height
        middle = x0 + py * slope
        first = int(max(left, middle - spread, 0.0))
        last = min(int(max(min(right, middle + spread), -1.0)) + 1, clip_right)
        py_f, from_x = np.float32(py), np.float32(first + 0.5 - x0)
        for x in range(max(first, clip_left), last):
            # counted from where the strip begins, so that the clip makes no difference
            px = from_x + np.float32(x - first)
            t = min(max(px * fx + py_f * fy, zero), length_f)
            ex, ey = px - t * fx, py_f - t * fy
            distance_2 = ex * ex + ey * ey
            if distance_2 >= limit_2:
                continue
            cover = full
            if distance_2 > solid_2:
                cover = np.uint8((limit - math.sqrt(distance_2)) * peak + half)
            before = coverage[y, x]
            if cover > before:
                if before == 0:
                    touched[count] = y << 16 | x
                    count += 1
                coverage[y, x] = cover
                if along:
                    place[y, x] = np.float32(start) + t * inverse
    return count


@kernel
def blend_segment(words, clip, x0, y0, x1, y1, half_width, peak, colour, share):
    """Put the capsule around one segment over the frame, as `cover_segment` covers it.

    A line that is one segment meets no other part of itself, so nothing need be remembered of what it covers.
    """
    clip_left, clip_right, clip_top, clip_bottom = clip
    zero, one, half = np.float32(0.0), np.float32(1.0), np.float32(0.5)
    dx, dy = x1 - x0, y1 - y0
    length = math.sqrt(dx * dx + dy * dy)
    if not length < 1e7:
        return  # not finite, or so far away that nothing meaningful could be seen
    ux, uy = (dx / length, dy / length) if length > 1e-12 else (1.0, 0.0)
    reach = half_width + 0.5
    left, right = min(x0, x1) - reach, max(x0, x1) + reach
    top, bottom = min(y0, y1) - reach, max(y0, y1) + reach
    if right <= clip_left or left >= clip_right or bottom <= clip_top or top >= clip_bottom:
        return
    fx, fy, length_f = np.float32(ux), np.float32(uy), np.float32(length)
    limit = np.float32(reach)
    steep = abs(uy) > 1e-6
    slope, spread = (ux / uy, reach / abs(uy)) if steep else (0.0, right - left)
    for y in range(max(clip_top, int(math.floor(top))), min(clip_bottom, int(math.ceil(bottom)))):
        py = y + 0.5 - y0
        # the strip within `reach` of the infinite line, at this height
        middle = x0 + py * slope
        first = int(max(left, middle - spread, 0.0))
        last = min(int(max(min(right, middle + spread), -1.0)) + 1, words.shape[1])
        # counted from where the strip begins, so that the clip makes no difference
        cut = max(first, clip_left)
        shift, row = cut - first, words[y, cut : min(last, clip_right)]
        py_f, from_x = np.float32(py), np.float32(first + 0.5 - x0)
        begin, end = from_x * fx + py_f * fy, (from_x + np.float32(last - 1 - first)) * fx + py_f * fy
        if min(begin, end) >= zero and max(begin, end) <= length_f:
            # beside the line's ends nothing is rounded: the distance is that from the infinite line
            away = from_x * fy - py_f * fx
            for k in range(row.size):
                cover = min(max(limit - abs(away + np.float32(k + shift) * fy), zero), one) * peak + half
                row[k] = blended(row[k], colour, (np.uint32(cover) * share + np.uint32(128)) >> np.uint32(8))
            continue
        for k in range(row.size):
            px = from_x + np.float32(k + shift)
            t = min(max(px * fx + py_f * fy, zero), length_f)
            ex, ey = px - t * fx, py_f - t * fy
            cover = min(max(limit - math.sqrt(ex * ex + ey * ey), zero), one) * peak + half
            row[k] = blended(row[k], colour, (np.uint32(cover) * share + np.uint32(128)) >> np.uint32(8))


@kernel
def is_straight(points, first, last):
    """Whether the vertices between two lie on the straight line from one to the other, to a twentieth of a pixel."""
    dx, dy = points[last, 0] - points[first, 0], points[last, 1] - points[first, 1]
    length = math.sqrt(dx * dx + dy * dy)
    for k in range(first + 1, last):
        px, py = points[k, 0] - points[first, 0], points[k, 1] - points[first, 1]
        along = px * dx + py * dy
        # written so that a NaN is not straight
        if not (abs(px * dy - py * dx) <= 0.05 * length and 0 <= along <= length * length):
            return False
        if length == 0.0 and abs(px) + abs(py) > 0.05:
            return False  # there and back again
    return True


@kernel
def paint_polylines(words, clip, points, starts, widths, colours, per_vertex, opacity, coverage, place, touched):
    """Paint polylines in the given order; each covers a pixel once, however it bends or crosses itself.

    Parameters
    ----------
    words : uint32 (H, W)
        Premultiplied pixels.
    clip : int64 (4,)
        Left, right, top and bottom of what is painted.
    points : float64 (N, 2)
        Vertices of all lines one after the other, in pixels. Segments with a NaN are left out.
    starts : int64 (L + 1,)
        Line k has the vertices from ``starts[k]`` up to ``starts[k + 1]``.
    widths : float64 (L,)
        In pixels; thinner than 1 is painted fainter.
    colours : float64 (L, 4) or (N, 4)
        Of each line, or with `per_vertex` of each vertex and blended between them.
    opacity : float
    coverage, place, touched
        A `Scratch`.
    """
    for line in range(starts.size - 1):
        first, last = starts[line], starts[line + 1]
        if widths[line] <= 0 or last <= first:
            continue
        half_width = max(widths[line], 1.0) / 2
        peak = np.float32(255.0 * min(widths[line], 1.0))
        if not per_vertex and last - first == 2:
            alpha = colours[line, 3] * opacity
            if alpha > 0:
                colour = word(colours[line, 0], colours[line, 1], colours[line, 2])
                share = np.uint32(min(alpha, 1.0) * 256.0 + 0.5)
                blend_segment(words, clip, points[first, 0], points[first, 1], points[first + 1, 0],
                              points[first + 1, 1], half_width, peak, colour, share)  # fmt: skip
            continue
        count = 0
        k = first
        while k < max(last - 1, first + 1):
            end = min(k + 1, last - 1)
            while not per_vertex and end < last - 1 and end - k < LONGEST and is_straight(points, k, end + 1):
                end += 1
            count = cover_segment(
                coverage, place, touched, count, clip, points[k, 0], points[k, 1], points[end, 0], points[end, 1],
                half_width, peak, k - first, per_vertex,
            )  # fmt: skip
            k = max(end, k + 1)
        if not per_vertex:
            colour = word(colours[line, 0], colours[line, 1], colours[line, 2])
            share = np.uint32(min(max(colours[line, 3] * opacity, 0.0), 1.0) * 256.0 + 0.5)
            for k in range(count):
                y, x = touched[k] >> 16, touched[k] & 0xFFFF
                cover = np.uint32(coverage[y, x])
                coverage[y, x] = 0
                words[y, x] = blended(words[y, x], colour, (cover * share + np.uint32(128)) >> np.uint32(8))
            continue
        for k in range(count):
            y, x = touched[k] >> 16, touched[k] & 0xFFFF
            cover = coverage[y, x]
            coverage[y, x] = 0
            where = place[y, x]
            near = first + min(int(where), max(last - first - 2, 0))
            far = min(near + 1, last - 1)
            t = where - (near - first)
            s = 1.0 - t
            colour = word(
                colours[near, 0] * s + colours[far, 0] * t,
                colours[near, 1] * s + colours[far, 1] * t,
                colours[near, 2] * s + colours[far, 2] * t,
            )
            alpha = min(max((colours[near, 3] * s + colours[far, 3] * t) * opacity, 0.0), 1.0)
            words[y, x] = blended(words[y, x], colour, np.uint32(cover * alpha + 0.5))
