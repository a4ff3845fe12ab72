"""Fields stretched over a quadrilateral: pictures, values with a colour ramp and iso-lines, and class scores."""

from __future__ import annotations

import math

import numpy as np

from engine.jit import kernel


def pixel_to_unit(corners: np.ndarray) -> np.ndarray:
    """The projective map, float64 (3, 3), from pixels to the unit square with (0, 0) at the upper left.

    Parameters
    ----------
    corners : ndarray (4, 2)
        Upper left, upper right, lower right and lower left, in pixels.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.tolist()
    if x0 == x3 and x1 == x2 and y0 == y1 and y2 == y3:
        width, height = x1 - x0, y3 - y0
        if abs(width * height) < 1e-9:
            return np.zeros((3, 3))
        return np.array([[1 / width, 0.0, -x0 / width], [0.0, 1 / height, -y0 / height], [0.0, 0.0, 1.0]])
    # Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    size = np.ptp(corners, axis=0).max()
    g = h = 0.0
    if max(abs(sx), abs(sy)) > 1e-9 * size:
        det = dx1 * dy2 - dx2 * dy1
        if abs(det) < 1e-12:
            return np.zeros((3, 3))
        g, h = (sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det
    row_x, row_y = [x1 - x0 + g * x1, x3 - x0 + h * x3, x0], [y1 - y0 + g * y1, y3 - y0 + h * y3, y0]
    forward = np.array([row_x, row_y, [g, h, 1.0]])
    if abs(np.linalg.det(forward)) < 1e-9:
        return np.zeros((3, 3))  # seen edge-on: nothing to paint
    return np.ascontiguousarray(np.linalg.inv(forward))


@kernel
def locate(matrix, x, y):
    """Where a pixel lies in the unit square, and how far inside the edge it is, in pixels (about)."""
    w = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    u = (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / w
    v = (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / w
    # the derivatives of u and v along x and y
    ux, uy = (matrix[0, 0] - u * matrix[2, 0]) / w, (matrix[0, 1] - u * matrix[2, 1]) / w
    vx, vy = (matrix[1, 0] - v * matrix[2, 0]) / w, (matrix[1, 1] - v * matrix[2, 1]) / w
    inside_u = min(u, 1.0 - u) / math.sqrt(ux * ux + uy * uy)
    inside_v = min(v, 1.0 - v) / math.sqrt(vx * vx + vy * vy)
    return u, v, ux, uy, vx, vy, min(inside_u, inside_v)


@kernel
def place_in_row(t, count, smooth, per_pixel):
    """The two samples between which `t` (0 to 1) lies along one side, and the share of the second.

    Smooth fields have their samples at the nodes of a grid that ends on the edges; others have cells of one
    colour, which pass into each other over one pixel.
    """
    if smooth:
        place = t * (count - 1)
        first = min(max(int(place), 0), max(count - 2, 0))
        share = min(max(place - first, 0.0), 1.0)
    else:
        place = t * count - 0.5
        first = int(math.floor(place))
        share = min(max((place - first - 0.5) / max(per_pixel * count, 1e-9) + 0.5, 0.0), 1.0)
        if first < 0:
            first, share = 0, 0.0
        elif first > count - 2:
            first, share = count - 1, 0.0
    return first, min(first + 1, count - 1), np.float32(share)


@kernel
def bounds(corners, clip):
    """The columns and rows within `clip` that a quadrilateral may touch: left, right, top and bottom."""
    low_x, high_x, low_y, high_y = corners[0, 0], corners[0, 0], corners[0, 1], corners[0, 1]
    for k in range(1, 4):
        low_x, high_x = min(low_x, corners[k, 0]), max(high_x, corners[k, 0])
        low_y, high_y = min(low_y, corners[k, 1]), max(high_y, corners[k, 1])
    left = int(math.floor(min(max(low_x - 1.0, clip[0]), clip[1])))
    right = int(math.ceil(min(max(high_x + 1.0, clip[0]), clip[1])))
    top = int(math.floor(min(max(low_y - 1.0, clip[2]), clip[3])))
    bottom = int(math.ceil(min(max(high_y + 1.0, clip[2]), clip[3])))
    return left, right, top, bottom


@kernel
def blend_row(pixels, y, left, colours):
    """Put a row of premultiplied colours, float32 (n, 4), 0 to 255, over the frame from column `left` on."""
    row = pixels[y]
    for k in range(colours.shape[0]):
        keep = np.float32(1.0) - colours[k, 3] * np.float32(1.0 / 255.0)
        for c in range(4):
            row[left + k, c] = np.uint8(
                min(row[left + k, c] * keep + colours[k, c] + np.float32(0.5), np.float32(255.0))
            )


@kernel
def columns_between(matrix, left, right, count, smooth):
    """For the columns of an upright field: the two samples beside each, the share of the second, and its cover."""
    first, second = np.empty(right - left, np.int64), np.empty(right - left, np.int64)
    share, cover = np.empty(right - left, np.float32), np.empty(right - left, np.float32)
    for x in range(left, right):
        u, _, ux, _, _, _, _ = locate(matrix, x + 0.5, 0.0)
        first[x - left], second[x - left], share[x - left] = place_in_row(u, count, smooth, abs(ux))
        cover[x - left] = np.float32(min(max(min(u, 1.0 - u) / abs(ux) + 0.5, 0.0), 1.0))
    return first, second, share, cover


@kernel
def is_upright(matrix):
    """Whether rows and columns of the field are rows and columns of the frame."""
    return matrix[0, 1] == 0 and matrix[1, 0] == 0 and matrix[2, 0] == 0 and matrix[2, 1] == 0


@kernel
def paint_picture(pixels, clip, corners, matrix, texture, smooth, opacity):
    """Paint a picture over a quadrilateral.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
    clip : int64 (4,)
        Left, right, top and bottom of what is painted.
    corners : float64 (4, 2)
        In pixels, in the order of `pixel_to_unit`.
    matrix : float64 (3, 3)
        From `pixel_to_unit`.
    texture : float32 (h, w, 4)
        Premultiplied, 0 to 255.
    smooth : bool
        Whether samples are blended, or each fills a cell.
    opacity : float
    """
    left, right, top, bottom = bounds(corners, clip)
    if right <= left or bottom <= top:
        return
    rows, columns = texture.shape[0], texture.shape[1]
    colours = np.empty((right - left, 4), np.float32)
    upright = is_upright(matrix)
    first, second, share, cover_x = columns_between(matrix, left, right if upright else left, columns, smooth)
    mixed = np.empty((columns, 4), np.float32)
    for y in range(top, bottom):
        if upright:
            _, v, _, _, _, vy, _ = locate(matrix, 0.0, y + 0.5)
            cover_y = np.float32(min(max(min(v, 1.0 - v) / abs(vy) + 0.5, 0.0), 1.0) * opacity)
            above, below, t = place_in_row(v, rows, smooth, abs(vy))
            for k in range(columns):
                for c in range(4):
                    mixed[k, c] = texture[above, k, c] + (texture[below, k, c] - texture[above, k, c]) * t
            for x in range(right - left):
                a, b, s, cover = first[x], second[x], share[x], cover_x[x] * cover_y
                for c in range(4):
                    colours[x, c] = (mixed[a, c] + (mixed[b, c] - mixed[a, c]) * s) * cover
        else:
            for x in range(left, right):
                u, v, ux, uy, vx, vy, inside = locate(matrix, x + 0.5, y + 0.5)
                # written so that a NaN covers nothing
                cover = np.float32(min(inside + 0.5, 1.0) * opacity) if inside > -0.5 else np.float32(0.0)
                if cover == 0:
                    colours[x - left] = 0.0
                    continue
                a, b, s = place_in_row(u, columns, smooth, abs(ux) + abs(uy))
                above, below, t = place_in_row(v, rows, smooth, abs(vx) + abs(vy))
                for c in range(4):
                    upper = texture[above, a, c] + (texture[above, b, c] - texture[above, a, c]) * s
                    lower = texture[below, a, c] + (texture[below, b, c] - texture[below, a, c]) * s
                    colours[x - left, c] = (upper + (lower - upper) * t) * cover
        blend_row(pixels, y, left, colours)
