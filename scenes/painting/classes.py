"""Fields of several classes: each place in the colour of the class that leads there."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel
from scenes.painting.fields import blend_row, bounds, columns_between, is_upright, locate, place_in_row


@kernel
def mix(scores, above, below, a, b, s, t, k):
    """One class's score between four samples."""
    upper = scores[above, a, k] + (scores[above, b, k] - scores[above, a, k]) * s
    lower = scores[below, a, k] + (scores[below, b, k] - scores[below, a, k]) * s
    return upper + (lower - upper) * t


@kernel
def leaders(scores):
    """The class that leads at each sample, int64 (h, w)."""
    result = np.empty(scores.shape[:2], np.int64)
    for r in range(scores.shape[0]):
        for c in range(scores.shape[1]):
            best = 0
            for k in range(1, scores.shape[2]):
                if scores[r, c, k] > scores[r, c, best]:
                    best = k
            result[r, c] = best
    return result


@kernel
def borders(lead):
    """The cells, bool (h - 1, w - 1), in which or beside which the lead passes from one class to another."""
    rows, columns = max(lead.shape[0] - 1, 1), max(lead.shape[1] - 1, 1)
    near = np.zeros((rows, columns), np.bool_)
    for r in range(rows):
        for c in range(columns):
            below, beside = min(r + 1, lead.shape[0] - 1), min(c + 1, lead.shape[1] - 1)
            first = lead[r, c]
            if lead[r, beside] != first or lead[below, c] != first or lead[below, beside] != first:
                for y in range(max(r - 1, 0), min(r + 2, rows)):
                    for x in range(max(c - 1, 0), min(c + 2, columns)):
                        near[y, x] = True
    return near


@kernel
def paint_classes(pixels, clip, corners, matrix, scores, strengths, palette, opacity, line_width, line):
    """Paint regions of classes with sharp borders, and a line along them.

    Parameters
    ----------
    pixels, clip, corners, matrix, opacity
        As for `scenes.painting.fields.paint_picture`.
    scores : float32 (h, w, K)
        The class with the greatest score leads; scores are blended between samples on the nodes of a grid.
    strengths : float32 (h, w)
        Opacity, 0 to 1, blended in the same way.
    palette : float32 (K, 3)
        0 to 255.
    line_width : float
        In pixels; 0 is none.
    line : float32 (4,)
        Premultiplied colour of the line, 0 to 255.
    """
    left, right, top, bottom = bounds(corners, clip)
    if right <= left or bottom <= top:
        return
    rows, columns, classes = scores.shape
    lead = leaders(scores)
    near = borders(lead)
    colours = np.empty((right - left, 4), np.float32)
    reach, faint = np.float32(max(line_width, 1.0) / 2 + 0.5), np.float32(min(line_width, 1.0))
    zero, one, half = np.float32(0.0), np.float32(1.0), np.float32(0.5)
    upright = is_upright(matrix)
    first_x, second_x, share_x, cover_x = columns_between(matrix, left, right if upright else left, columns, True)
    for y in range(top, bottom):
        u, v, ux, uy, vx, vy, inside = locate(matrix, left + 0.5, y + 0.5)
        above, below, t = place_in_row(v, rows, True, 0.0)
        cover_y = np.float32(min(max(min(v, 1.0 - v) / abs(vy) + 0.5, 0.0), 1.0) * opacity)
        for x in range(left, right):
            n = x - left
            if upright:
                a, b, s, cover = first_x[n], second_x[n], share_x[n], cover_x[n] * cover_y
            else:
                u, v, ux, uy, vx, vy, inside = locate(matrix, x + 0.5, y + 0.5)
                cover = np.float32(min(inside + 0.5, 1.0) * opacity) if inside > -0.5 else zero
                a, b, s = place_in_row(u, columns, True, 0.0)
                above, below, t = place_in_row(v, rows, True, 0.0)
            if cover == 0:
                colours[n, 0], colours[n, 1], colours[n, 2], colours[n, 3] = zero, zero, zero, zero
                continue
            upper = strengths[above, a] + (strengths[above, b] - strengths[above, a]) * s
            lower = strengths[below, a] + (strengths[below, b] - strengths[below, a]) * s
            alpha = (upper + (lower - upper) * t) * cover
            first = second = lead[above, a]
            share, amount = one, zero
            if near[min(above, near.shape[0] - 1), min(a, near.shape[1] - 1)]:
                best, next_best = np.float32(-np.inf), np.float32(-np.inf)
                for k in range(classes):
                    score = mix(scores, above, below, a, b, s, t, k)
                    if score > best:
                        first, second, best, next_best = k, first, score, best
                    elif score > next_best:
                        second, next_best = k, score
                # how fast the lead changes over a pixel
                d00 = scores[above, a, first] - scores[above, a, second]
                d01 = scores[above, b, first] - scores[above, b, second]
                d10 = scores[below, a, first] - scores[below, a, second]
                d11 = scores[below, b, first] - scores[below, b, second]
                across = ((d01 - d00) + ((d11 - d10) - (d01 - d00)) * t) * (columns - 1)
                down = ((d10 - d00) + ((d11 - d01) - (d10 - d00)) * s) * (rows - 1)
                slope = math.hypot(across * ux + down * vx, across * uy + down * vy)
                distance = np.float32((best - next_best) / max(slope, 1e-9))
                share = min(one, half + distance)
                amount = min(one, max(zero, reach - distance)) * faint
            for c in range(3):
                shade = palette[second, c] + (palette[first, c] - palette[second, c]) * share
                colours[n, c] = shade * alpha
                colours[n, c] += (line[c] * cover - colours[n, c]) * amount
            colours[n, 3] = np.float32(255.0) * alpha
            colours[n, 3] += (line[3] * cover - colours[n, 3]) * amount
        blend_row(pixels, y, left, colours)
