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
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
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
def bounds(corners, height, width):
    """The rows and columns of the frame that a quadrilateral may touch."""
    low_x, high_x, low_y, high_y = corners[0, 0], corners[0, 0], corners[0, 1], corners[0, 1]
    for k in range(1, 4):
        low_x, high_x = min(low_x, corners[k, 0]), max(high_x, corners[k, 0])
        low_y, high_y = min(low_y, corners[k, 1]), max(high_y, corners[k, 1])
    left = int(math.floor(min(max(low_x - 1.0, 0.0), width)))
    right = int(math.ceil(min(max(high_x + 1.0, 0.0), width)))
    top = int(math.floor(min(max(low_y - 1.0, 0.0), height)))
    bottom = int(math.ceil(min(max(high_y + 1.0, 0.0), height)))
    return left, right, top, bottom


@kernel
def put(pixels, y, x, red, green, blue, alpha, cover):
    """Put a premultiplied colour (0 to 255) over one pixel, covering it by `cover` (0 to 1)."""
    half = np.float32(0.5)
    keep = np.float32(1.0) - alpha * cover * np.float32(1.0 / 255.0)
    pixels[y, x, 0] = np.uint8(min(pixels[y, x, 0] * keep + red * cover + half, np.float32(255.0)))
    pixels[y, x, 1] = np.uint8(min(pixels[y, x, 1] * keep + green * cover + half, np.float32(255.0)))
    pixels[y, x, 2] = np.uint8(min(pixels[y, x, 2] * keep + blue * cover + half, np.float32(255.0)))
    pixels[y, x, 3] = np.uint8(min(pixels[y, x, 3] * keep + alpha * cover + half, np.float32(255.0)))


@kernel
def paint_picture(pixels, corners, matrix, texture, smooth, opacity):
    """Paint a picture over a quadrilateral.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
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
    left, right, top, bottom = bounds(corners, pixels.shape[0], pixels.shape[1])
    rows, columns = texture.shape[0], texture.shape[1]
    for y in range(top, bottom):
        for x in range(left, right):
            u, v, ux, uy, vx, vy, inside = locate(matrix, x + 0.5, y + 0.5)
            if not inside > -0.5:
                continue
            cover = np.float32(min(inside + 0.5, 1.0) * opacity)
            a, b, s = place_in_row(u, columns, smooth, abs(ux) + abs(uy))
            c, d, t = place_in_row(v, rows, smooth, abs(vx) + abs(vy))
            w11 = s * t
            w01, w10 = s - w11, t - w11
            w00 = np.float32(1.0) - s - w10
            put(
                pixels, y, x,
                texture[c, a, 0] * w00 + texture[c, b, 0] * w01 + texture[d, a, 0] * w10 + texture[d, b, 0] * w11,
                texture[c, a, 1] * w00 + texture[c, b, 1] * w01 + texture[d, a, 1] * w10 + texture[d, b, 1] * w11,
                texture[c, a, 2] * w00 + texture[c, b, 2] * w01 + texture[d, a, 2] * w10 + texture[d, b, 2] * w11,
                texture[c, a, 3] * w00 + texture[c, b, 3] * w01 + texture[d, a, 3] * w10 + texture[d, b, 3] * w11,
                cover,
            )  # fmt: skip


@kernel
def paint_values(pixels, corners, matrix, values, ramp, low, high, smooth, opacity, levels, line_width, line):
    """Paint values as colours of a ramp, with lines where they pass through given levels.

    The values are blended, not their colours, so that edges in the ramp and iso-lines are sharp at any size.

    Parameters
    ----------
    pixels, corners, matrix, smooth, opacity
        As for `paint_picture`.
    values : float32 (h, w)
    ramp : float32 (n, 4)
        Premultiplied colours, 0 to 255, for values from `low` to `high`.
    levels : float64 (m,)
    line_width : float
        In pixels.
    line : float64 (4,)
        Colour of the lines, 0 to 1.
    """
    left, right, top, bottom = bounds(corners, pixels.shape[0], pixels.shape[1])
    rows, columns = values.shape
    steps = ramp.shape[0] - 1
    factor, offset = np.float32(steps / (high - low)), np.float32(low)
    reach = max(line_width, 1.0) / 2 + 0.5
    strength = np.float32(line[3] * opacity * min(line_width, 1.0))
    one, zero = np.float32(1.0), np.float32(0.0)
    full = np.float32(255.0)
    for y in range(top, bottom):
        for x in range(left, right):
            u, v, ux, uy, vx, vy, inside = locate(matrix, x + 0.5, y + 0.5)
            if not inside > -0.5:
                continue
            cover = np.float32(min(inside + 0.5, 1.0))
            a, b, s = place_in_row(u, columns, smooth, abs(ux) + abs(uy))
            c, d, t = place_in_row(v, rows, smooth, abs(vx) + abs(vy))
            upper = values[c, a] + (values[c, b] - values[c, a]) * s
            lower = values[d, a] + (values[d, b] - values[d, a]) * s
            value = upper + (lower - upper) * t
            if not math.isfinite(value):
                continue
            place = min(max((value - offset) * factor, zero), np.float32(steps))
            k = min(int(place), max(steps - 1, 0))
            f = place - np.float32(k)
            n = min(k + 1, steps)
            put(
                pixels, y, x,
                ramp[k, 0] + (ramp[n, 0] - ramp[k, 0]) * f,
                ramp[k, 1] + (ramp[n, 1] - ramp[k, 1]) * f,
                ramp[k, 2] + (ramp[n, 2] - ramp[k, 2]) * f,
                ramp[k, 3] + (ramp[n, 3] - ramp[k, 3]) * f,
                cover * np.float32(opacity),
            )  # fmt: skip
            if levels.size == 0:
                continue
            across = ((values[c, b] - values[c, a]) * (one - t) + (values[d, b] - values[d, a]) * t) * (columns - 1)
            down = (lower - upper) * (rows - 1)
            slope_x, slope_y = across * ux + down * vx, across * uy + down * vy
            slope = math.sqrt(slope_x * slope_x + slope_y * slope_y)
            for level in levels:
                gap = abs(value - level)
                if gap < reach * slope:
                    amount = np.float32(min(1.0, reach - gap / slope)) * strength * cover
                    put(
                        pixels, y, x, full * np.float32(line[0]), full * np.float32(line[1]),
                        full * np.float32(line[2]), full, amount,
                    )  # fmt: skip
