"""Fields of values: each place in the colour that a ramp has for its value, and lines at given values."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import blended, scaled
from scenes.painting.fields import bounds, columns_between, is_upright, locate, place_in_row


@kernel
def shade_row(colours, values, slopes_2, ramp, offset, factor, levels, reach, strength, line):
    """Colours, uint32 (n,), of a row of a field of values, with the lines that pass through it.

    `slopes_2` are squares of how much the value changes over a pixel; they are needed where there are levels.
    """
    zero, half, top = np.float32(0.0), np.float32(0.5), np.float32(ramp.size - 1)
    for x in range(values.size):
        value = values[x]
        if math.isfinite(value):
            colours[x] = ramp[int(min(max((value - offset) * factor, zero), top) + half)]
        else:
            colours[x] = 0
    limit = reach * reach
    for level in levels:
        for x in range(values.size):
            gap = values[x] - level
            # written so that a NaN is no line
            if gap * gap < limit * slopes_2[x]:
                amount = min(np.float32(1.0), reach - abs(gap) / math.sqrt(slopes_2[x])) * strength
                colours[x] = blended(colours[x], line, np.uint32(amount * np.float32(255.0) + half))


@kernel
def put_row(row, colours, shares):
    """Put premultiplied colours over a row of pixels, each with its share of 255."""
    for x in range(row.size):
        over = scaled(colours[x], shares[x])
        row[x] = np.uint32(over + scaled(row[x], np.uint32(np.uint32(255) - (over >> np.uint32(24)))))


@kernel
def paint_upright(
    words, left, right, top, bottom, matrix, values, ramp, low, high, smooth, opacity, levels, reach, strength, line
):
    """Paint values whose rows and columns are rows and columns of the frame; see `paint_values`."""
    rows, columns = values.shape
    factor, offset = np.float32((ramp.size - 1) / (high - low)), np.float32(low)
    first, second, share, cover_x = columns_between(matrix, left, right, columns, smooth)
    colours, shares = np.empty(right - left, np.uint32), np.empty(right - left, np.uint32)
    row, slopes_2 = np.empty(right - left, np.float32), np.empty(right - left, np.float32)
    mixed, change = np.empty(columns, np.float32), np.empty(columns, np.float32)
    before, before_cover = (-1, -1, np.float32(0.0)), np.float32(-1.0)
    for y in range(top, bottom):
        _, v, ux, _, _, vy, _ = locate(matrix, 0.0, y + 0.5)
        cover_y = np.float32(min(max(min(v, 1.0 - v) / abs(vy) + 0.5, 0.0), 1.0) * opacity)
        above, below, t = place_in_row(v, rows, smooth, abs(vy))
        if not smooth:
            # within a cell all rows are alike
            if t == 1:
                above, t = below, np.float32(0.0)
            elif t == 0:
                below = above
        if cover_y != before_cover:
            before_cover = cover_y
            for x in range(right - left):
                shares[x] = np.uint32(cover_x[x] * cover_y * np.float32(255.0) + np.float32(0.5))
        if (above, below, t) != before:
            before = (above, below, t)
            for k in range(columns):
                change[k] = values[below, k] - values[above, k]
                mixed[k] = values[above, k] + change[k] * t
            for x in range(right - left):
                a, b = first[x], second[x]
                row[x] = mixed[a] + (mixed[b] - mixed[a]) * share[x]
            if levels.size:
                across, down = np.float32(ux * (columns - 1)), np.float32(vy * (rows - 1))
                for x in range(right - left):
                    a, b = first[x], second[x]
                    slope_x = (mixed[b] - mixed[a]) * across
                    slope_y = (change[a] + (change[b] - change[a]) * share[x]) * down
                    slopes_2[x] = slope_x * slope_x + slope_y * slope_y
            shade_row(colours, row, slopes_2, ramp, offset, factor, levels, reach, strength, line)
        put_row(words[y, left:right], colours, shares)


@kernel
def paint_turned(
    words, left, right, top, bottom, matrix, values, ramp, low, high, smooth, opacity, levels, reach, strength, line
):
    """Paint values over any quadrilateral; see `paint_values`."""
    rows, columns = values.shape
    factor, offset = np.float32((ramp.size - 1) / (high - low)), np.float32(low)
    colours, shares = np.empty(right - left, np.uint32), np.empty(right - left, np.uint32)
    row, slopes_2 = np.empty(right - left, np.float32), np.empty(right - left, np.float32)
    for y in range(top, bottom):
        for x in range(left, right):
            u, v, ux, uy, vx, vy, inside = locate(matrix, x + 0.5, y + 0.5)
            # written so that a NaN covers nothing
            cover = min(inside + 0.5, 1.0) * opacity if inside > -0.5 else 0.0
            shares[x - left] = np.uint32(cover * 255.0 + 0.5)
            row[x - left] = slopes_2[x - left] = 0.0
            if cover == 0:
                continue
            a, b, s = place_in_row(u, columns, smooth, abs(ux) + abs(uy))
            above, below, t = place_in_row(v, rows, smooth, abs(vx) + abs(vy))
            step_up, step_low = values[above, b] - values[above, a], values[below, b] - values[below, a]
            upper, lower = values[above, a] + step_up * s, values[below, a] + step_low * s
            across, down = (step_up + (step_low - step_up) * t) * (columns - 1), (lower - upper) * (rows - 1)
            slope_x, slope_y = across * ux + down * vx, across * uy + down * vy
            row[x - left] = upper + (lower - upper) * t
            slopes_2[x - left] = slope_x * slope_x + slope_y * slope_y
        shade_row(colours, row, slopes_2, ramp, offset, factor, levels, reach, strength, line)
        put_row(words[y, left:right], colours, shares)


@kernel
def paint_values(words, clip, corners, matrix, values, ramp, low, high, smooth, opacity, levels, line_width, line):
    """Paint values as colours of a ramp, with lines where they pass through given levels.

    The values are blended, not their colours, so that edges in the ramp and iso-lines are sharp at any size.

    Parameters
    ----------
    words : uint32 (H, W)
        Premultiplied pixels.
    clip : int64 (4,)
        Left, right, top and bottom of what is painted.
    corners, matrix, smooth, opacity
        As for `scenes.painting.fields.paint_picture`.
    values : float32 (h, w)
        Where one is not finite, nothing is painted.
    ramp : uint32 (n,)
        Premultiplied colours for values from `low` to `high`.
    levels : float32 (m,)
    line_width : float
        In pixels.
    line : uint32
        Opaque colour of the lines.
    """
    left, right, top, bottom = bounds(corners, clip)
    if right <= left or bottom <= top:
        return
    reach, strength = np.float32(max(line_width, 1.0) / 2 + 0.5), np.float32(min(line_width, 1.0))
    if is_upright(matrix):
        paint_upright(words, left, right, top, bottom, matrix, values, ramp, low, high, smooth, opacity, levels,
                      reach, strength, line)  # fmt: skip
    else:
        paint_turned(words, left, right, top, bottom, matrix, values, ramp, low, high, smooth, opacity, levels,
                     reach, strength, line)  # fmt: skip


@kernel
def paint_tiles(words, clip, boxes, values, strengths, ramp, low, high, smooth):
    """Paint many small fields of values side by side, none of them turned or mirrored.

    Parameters
    ----------
    words, clip, ramp, low, high, smooth
        As for `paint_values`.
    boxes : float64 (N, 4)
        Left, right, top and bottom of each, in pixels. One with a NaN is left out.
    values : float32 (N, h, w)
    strengths : float64 (N,)
        Opacity of each.
    """
    none, corners, matrix = np.empty(0, np.float32), np.empty((4, 2)), np.zeros((3, 3))
    matrix[2, 2] = 1.0
    for k in range(boxes.shape[0]):
        x0, x1, y0, y1 = boxes[k]
        if not (x1 - x0) * (y1 - y0) > 1e-9 or strengths[k] <= 0:
            continue
        corners[0, 0], corners[1, 0], corners[2, 0], corners[3, 0] = x0, x1, x1, x0
        corners[0, 1], corners[1, 1], corners[2, 1], corners[3, 1] = y0, y0, y1, y1
        left, right, top, bottom = bounds(corners, clip)
        if right <= left or bottom <= top:
            continue
        matrix[0, 0], matrix[0, 2] = 1.0 / (x1 - x0), -x0 / (x1 - x0)
        matrix[1, 1], matrix[1, 2] = 1.0 / (y1 - y0), -y0 / (y1 - y0)
        paint_upright(words, left, right, top, bottom, matrix, values[k], ramp, low, high, smooth, strengths[k], none,
                      np.float32(0.0), np.float32(0.0), np.uint32(0))  # fmt: skip
