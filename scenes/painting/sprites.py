"""Finished pictures put over the frame."""

from __future__ import annotations

import numpy as np

from engine.jit import kernel
from scenes.painting.blending import as_words, scaled


def put_sprite(
    pixels: np.ndarray, sprite: np.ndarray, left: int, top: int, opacity: float, clip: np.ndarray | None = None
) -> None:
    """Put a premultiplied picture over the frame.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
    sprite : uint8 (h, w, 4)
    left, top : int
        Where the sprite's first pixel goes; it may reach beyond the frame.
    opacity : float
    clip : int64 (4,), optional
        Left, right, top and bottom of what is painted; by default everything.
    """
    if sprite.size:
        if clip is None:
            clip = np.array([0, pixels.shape[1], 0, pixels.shape[0]])
        share = np.uint32(min(max(opacity, 0.0), 1.0) * 255 + 0.5)
        put_words(as_words(pixels), clip, as_words(sprite), left, top, share)


@kernel
def put_words(words, clip, sprite, left, top, share):
    """Put a premultiplied picture, as words, over another one; `share` is its opacity, 0 to 255."""
    first, last = max(clip[0], left), min(clip[1], left + sprite.shape[1])
    for y in range(max(clip[2], top), min(clip[3], top + sprite.shape[0])):
        row, over = words[y, first:last], sprite[y - top, first - left : last - left]
        if share == 255:
            for x in range(row.size):
                pixel = over[x]
                row[x] = np.uint32(pixel + scaled(row[x], np.uint32(np.uint32(255) - (pixel >> np.uint32(24)))))
        else:
            for x in range(row.size):
                pixel = scaled(over[x], share)
                row[x] = np.uint32(pixel + scaled(row[x], np.uint32(np.uint32(255) - (pixel >> np.uint32(24)))))
