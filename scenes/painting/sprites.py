"""Finished pictures put over the frame."""

from __future__ import annotations

import numpy as np

from engine.jit import kernel


@kernel
def put_sprite(pixels, sprite, left, top, opacity):
    """Put a premultiplied picture over the frame.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
    sprite : uint8 (h, w, 4)
    left, top : int
        Where the sprite's first pixel goes; it may reach beyond the frame.
    opacity : float
    """
    factor = np.int32(opacity * 256.0 + 0.5)
    full, half = np.int32(65280), np.int32(32640)  # 255 * 256
    for y in range(max(0, top), min(pixels.shape[0], top + sprite.shape[0])):
        for x in range(max(0, left), min(pixels.shape[1], left + sprite.shape[1])):
            alpha = np.int32(sprite[y - top, x - left, 3])
            if alpha == 0:
                continue
            keep = full - alpha * factor
            for c in range(4):
                value = np.int32(sprite[y - top, x - left, c]) * factor * np.int32(255)
                pixels[y, x, c] = np.uint8((value + np.int32(pixels[y, x, c]) * keep + half) // full)
