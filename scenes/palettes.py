"""The 256 colours of a GIF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from PIL import Image

from scenes.painting.conversion import BAYER, map_to_palette, nearest_colours


def choose_palette(stills: Sequence[np.ndarray]) -> np.ndarray:
    """The 256 colours, uint8 (256, 3), that suit a film best, from stills uint8 (H, W, 4) of it."""
    # every third pixel is enough to count colours, and rows of all stills make one picture
    sample = np.concatenate([still[::3, ::3, :3] for still in stills])
    image = Image.fromarray(np.ascontiguousarray(sample)).quantize(256, method=Image.Quantize.MAXCOVERAGE)
    colours = np.frombuffer(bytes(image.getpalette() or []), np.uint8).reshape(-1, 3)
    return np.concatenate([colours, np.zeros((256 - len(colours), 3), np.uint8)])


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
        map_to_palette(pixels, self.table, BAYER, indices)
        palette = self.words.astype(">u4").view(np.uint8).reshape(256, 4)
        picture: Any = (indices, palette)
        return av.VideoFrame.from_ndarray(picture, format="pal8")
