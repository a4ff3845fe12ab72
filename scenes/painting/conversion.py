"""Finished frames into what encoders take: the colours of HD video, or a palette."""

from __future__ import annotations

import numpy as np

from engine.jit import kernel

# BT.709, limited range, in 16-bit fixed point: Y' = 16 + 219 (0.2126 R' + 0.7152 G' + 0.0722 B') / 255, and so on.
_ONE = 1 << 16


def _fixed(value: float) -> int:
    return round(value * _ONE)


Y_R, Y_G, Y_B = (_fixed(w * 219 / 255) for w in (0.2126, 0.7152, 0.0722))
U_R, U_G, U_B = (_fixed(w * 224 / 255) for w in (-0.2126 / 1.8556, -0.7152 / 1.8556, 0.5))
V_R, V_G, V_B = (_fixed(w * 224 / 255) for w in (0.5, -0.7152 / 1.5748, -0.0722 / 1.5748))


@kernel
def convert_to_yuv420(pixels, luma, blue, red):
    """Convert a frame to BT.709 limited-range Y'CbCr with one chroma sample for two by two pixels.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
        H and W even; alpha is left out.
    luma : uint8 (H, >= W)
    blue, red : uint8 (H / 2, >= W / 2)
    """
    height, width = pixels.shape[0], pixels.shape[1]
    for y in range(height):
        row, out = pixels[y], luma[y]
        for x in range(width):
            r, g, b = np.int32(row[x, 0]), np.int32(row[x, 1]), np.int32(row[x, 2])
            out[x] = np.uint8((r * np.int32(Y_R) + g * np.int32(Y_G) + b * np.int32(Y_B) + np.int32(1081344)) >> 16)
    for y in range(height // 2):
        top, bottom, out_blue, out_red = pixels[2 * y], pixels[2 * y + 1], blue[y], red[y]
        for x in range(width // 2):
            r = np.int32(top[2 * x, 0]) + top[2 * x + 1, 0] + bottom[2 * x, 0] + bottom[2 * x + 1, 0]
            g = np.int32(top[2 * x, 1]) + top[2 * x + 1, 1] + bottom[2 * x, 1] + bottom[2 * x + 1, 1]
            b = np.int32(top[2 * x, 2]) + top[2 * x + 1, 2] + bottom[2 * x, 2] + bottom[2 * x + 1, 2]
            half = np.int32((128 << 18) + (1 << 17))
            out_blue[x] = np.uint8((r * np.int32(U_R) + g * np.int32(U_G) + b * np.int32(U_B) + half) >> 18)
            out_red[x] = np.uint8((r * np.int32(V_R) + g * np.int32(V_G) + b * np.int32(V_B) + half) >> 18)


# Thresholds of an ordered dither. It is the same in every frame, so that what stands still does not flicker.
BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.int32)
DITHER = 6  # of 255


@kernel
def nearest_colours(palette):
    """The nearest palette entry of every colour of 5 bits a channel, uint8 (32768,)."""
    table = np.empty(32768, np.uint8)
    for code in range(32768):
        r, g, b = (code >> 10) * 8 + 4, (code >> 5 & 31) * 8 + 4, (code & 31) * 8 + 4
        best, chosen = np.int32(1 << 30), 0
        for k in range(palette.shape[0]):
            dr, dg, db = r - np.int32(palette[k, 0]), g - np.int32(palette[k, 1]), b - np.int32(palette[k, 2])
            distance = 3 * dr * dr + 6 * dg * dg + db * db  # about as different as they look
            if distance < best:
                best, chosen = distance, k
        table[code] = chosen
    return table


@kernel
def map_to_palette(pixels, table, bayer, indices):
    """Palette entries of a frame uint8 (H, W, 4), with an ordered dither, into `indices` uint8 (H, >= W)."""
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            shift = (bayer[y & 3, x & 3] * 2 - 15) * DITHER // 16
            r = min(max(np.int32(pixels[y, x, 0]) + shift, 0), 255)
            g = min(max(np.int32(pixels[y, x, 1]) + shift, 0), 255)
            b = min(max(np.int32(pixels[y, x, 2]) + shift, 0), 255)
            indices[y, x] = table[(r >> 3) << 10 | (g >> 3) << 5 | b >> 3]
