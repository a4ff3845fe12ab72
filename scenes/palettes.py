"""The 256 colours of a GIF."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
from PIL import Image

from engine.jit import kernel

# Thresholds of an ordered dither. It is the same in every frame, so that what stands still does not flicker.
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], dtype=np.int32)
_AMPLITUDE = 6  # of 255


def choose_palette(stills: Sequence[np.ndarray]) -> np.ndarray:
    """The 256 colours, uint8 (256, 3), that suit a film best, from stills uint8 (H, W, 4) of it."""
    # every third pixel is enough to count colours, and rows of all stills make one picture
    sample = np.concatenate([still[::3, ::3, :3] for still in stills])
    image = Image.fromarray(np.ascontiguousarray(sample)).quantize(256, method=Image.Quantize.MAXCOVERAGE)
    colours = np.frombuffer(bytes(image.getpalette() or []), np.uint8).reshape(-1, 3)
    return np.concatenate([colours, np.zeros((256 - len(colours), 3), np.uint8)])


@kernel
def nearest_colours(palette):  # type: ignore[no-untyped-def]
    """The nearest palette entry of every colour of 5 bits a channel, uint8 (32768,)."""
    table = np.empty(32768, np.uint8)
    for code in range(32768):
        r, g, b = (code >> 10) * 8 + 4, (code >> 5 & 31) * 8 + 4, (code & 31) * 8 + 4
        best, chosen = 1 << 30, 0
        for k in range(palette.shape[0]):
            dr, dg, db = r - np.int32(palette[k, 0]), g - np.int32(palette[k, 1]), b - np.int32(palette[k, 2])
            distance = 3 * dr * dr + 6 * dg * dg + db * db  # about as different as they look
            if distance < best:
                best, chosen = distance, k
        table[code] = chosen
    return table


@kernel
def map_to_palette(pixels, table, bayer, indices):  # type: ignore[no-untyped-def]
    """Palette entries of a frame uint8 (H, W, 4), with an ordered dither, into `indices` uint8 (H, >= W)."""
    for y in range(pixels.shape[0]):
        for x in range(pixels.shape[1]):
            shift = (bayer[y & 3, x & 3] * 2 - 15) * _AMPLITUDE // 16
            r = min(max(np.int32(pixels[y, x, 0]) + shift, 0), 255)
            g = min(max(np.int32(pixels[y, x, 1]) + shift, 0), 255)
            b = min(max(np.int32(pixels[y, x, 2]) + shift, 0), 255)
            indices[y, x] = table[(r >> 3) << 10 | (g >> 3) << 5 | b >> 3]


class PaletteMap:
    """Turns frames into frames of palette entries."""

    def __init__(self, palette: np.ndarray) -> None:
        self.table = nearest_colours(palette)
        # as the encoder has it: 32-bit words of alpha, red, green, blue
        words = palette.astype(np.uint32)
        self.words = np.uint32(0xFF000000) | words[:, 0] << 16 | words[:, 1] << 8 | words[:, 2]

    def frame(self, pixels: np.ndarray) -> av.VideoFrame:
        """A ``pal8`` frame of a picture uint8 (H, W, 4)."""
        height, width = pixels.shape[:2]
        indices = np.empty((height, width), np.uint8)
        map_to_palette(pixels, self.table, _BAYER, indices)
        palette = self.words.astype(">u4").view(np.uint8).reshape(256, 4)
        return av.VideoFrame.from_ndarray((indices, palette), format="pal8")
