"""Premultiplied pixels as 32-bit words: red in the lowest byte, then green, blue and alpha.

Two channels are blended with one multiplication, and pixels are read and written whole.
"""

from __future__ import annotations

import numpy as np

from engine.jit import kernel


def as_words(pixels: np.ndarray) -> np.ndarray:
    """A view uint32 (H, W) of pixels uint8 (H, W, 4)."""
    return pixels.view(np.uint32)[..., 0]


def packed(colours: np.ndarray) -> np.ndarray:
    """Words, uint32 (...), of premultiplied colours (..., 4) from 0 to 255."""
    red, green, blue, alpha = np.moveaxis(np.clip(colours, 0.0, 255.0) + 0.5, -1, 0).astype(np.uint32)
    return np.asarray(alpha << np.uint32(24) | blue << np.uint32(16) | green << np.uint32(8) | red)


@kernel
def word(red, green, blue):
    """An opaque pixel from channels between 0 and 1."""
    r = np.uint32(min(max(red, 0.0), 1.0) * 255.0 + 0.5)
    g = np.uint32(min(max(green, 0.0), 1.0) * 255.0 + 0.5)
    b = np.uint32(min(max(blue, 0.0), 1.0) * 255.0 + 0.5)
    return np.uint32(np.uint32(0xFF000000) | b << np.uint32(16) | g << np.uint32(8) | r)


@kernel
def scaled(pixel, share):
    """A pixel times `share` / 255, rounded in each channel; `share` is from 0 to 255."""
    low, half, eight = np.uint32(0x00FF00FF), np.uint32(0x00800080), np.uint32(8)
    # x / 255 is (x + 128 + (x + 128) / 256) / 256, rounded, for all products of two bytes
    even = np.uint32((pixel & low) * share + half)
    odd = np.uint32(((pixel >> eight) & low) * share + half)
    even = np.uint32(np.uint32(even + ((even >> eight) & low)) >> eight) & low
    odd = np.uint32(odd + ((odd >> eight) & low)) & np.uint32(0xFF00FF00)
    return np.uint32(even | odd)


@kernel
def blended(under, over, share):
    """A pixel with another one over it, which covers it by `share` / 255."""
    low, half, eight = np.uint32(0x00FF00FF), np.uint32(0x00800080), np.uint32(8)
    share = np.uint32(share)
    keep = np.uint32(np.uint32(255) - share)
    even = np.uint32(np.uint32((under & low) * keep) + np.uint32((over & low) * share) + half)
    odd = np.uint32(np.uint32(((under >> eight) & low) * keep) + np.uint32(((over >> eight) & low) * share) + half)
    even = np.uint32(np.uint32(even + ((even >> eight) & low)) >> eight) & low
    odd = np.uint32(odd + ((odd >> eight) & low)) & np.uint32(0xFF00FF00)
    return np.uint32(even | odd)
