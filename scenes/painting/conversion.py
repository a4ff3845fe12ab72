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
def convert_to_yuv420(words, luma, blue, red):
    """Convert a frame to BT.709 limited-range Y'CbCr with one chroma sample for two by two pixels.

    Parameters
    ----------
    words : uint32 (H, W)
        The pixels; red is the lowest byte. H and W are even; alpha is left out.
    luma : uint8 (H, >= W)
    blue, red : uint8 (H / 2, >= W / 2)
    """
    height, width = words.shape
    low, pair = np.uint32(0xFF), np.uint32(0xFF00FF)
    y_r, y_g, y_b = np.uint32(Y_R), np.uint32(Y_G), np.uint32(Y_B)
    y_0 = np.uint32((16 << 16) + (1 << 15))
    u_r, u_g, u_b = np.int32(U_R), np.int32(U_G), np.int32(U_B)
    v_r, v_g, v_b = np.int32(V_R), np.int32(V_G), np.int32(V_B)
    c_0 = np.int32((128 << 18) + (1 << 17))
    # sums of two rows: red and blue in the two halves of a word, green in another
    red_blue, green = np.empty(width, np.uint32), np.empty(width, np.uint32)
    for y in range(height // 2):
        for part in range(2):
            row, out = words[2 * y + part], luma[2 * y + part]
            for x in range(width):
                word = row[x]
                r, g, b = word & low, (word >> np.uint32(8)) & low, (word >> np.uint32(16)) & low
                out[x] = np.uint8((r * y_r + g * y_g + b * y_b + y_0) >> np.uint32(16))
        top, bottom = words[2 * y], words[2 * y + 1]
        for x in range(width):
            red_blue[x] = (top[x] & pair) + (bottom[x] & pair)
            green[x] = ((top[x] >> np.uint32(8)) & low) + ((bottom[x] >> np.uint32(8)) & low)
        out_blue, out_red = blue[y], red[y]
        for x in range(width // 2):
            both = red_blue[2 * x] + red_blue[2 * x + 1]
            r, b = np.int32(both & np.uint32(0xFFFF)), np.int32(both >> np.uint32(16))
            g = np.int32(green[2 * x] + green[2 * x + 1])
            out_blue[x] = np.uint8((r * u_r + g * u_g + b * u_b + c_0) >> np.int32(18))
            out_red[x] = np.uint8((r * v_r + g * v_g + b * v_b + c_0) >> np.int32(18))


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
