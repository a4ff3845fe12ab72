"""What a painted mobject paints on: the frame's pixels, and the way from scene coordinates to them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import cairo
import numpy as np

from engine.jit import kernel
from scenes.painting.blending import as_words
from scenes.painting.quads import BAND, SAMPLES

if TYPE_CHECKING:
    from manim import VMobject

# manim's stroke widths are in hundredths of a unit
STROKE_UNIT = 0.01


class PixelBox(NamedTuple):
    """Pixels of a frame: the columns from `left` up to `right`, the rows from `top` up to `bottom`."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def area(self) -> int:
        return max(self.right - self.left, 0) * max(self.bottom - self.top, 0)

    def union(self, other: PixelBox) -> PixelBox:
        """The smallest box that holds both."""
        return PixelBox(
            min(self.left, other.left), max(self.right, other.right), min(self.top, other.top),
            max(self.bottom, other.bottom),
        )  # fmt: skip

    def meets(self, other: PixelBox) -> bool:
        """Whether the two have pixels in common."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


class Scratch:
    """Buffers that rasterisers need beside the frame, kept from frame to frame.

    Attributes
    ----------
    coverage : ndarray, uint8 (H, W)
        How far the line being painted covers each pixel; all zero between paintings.
    place : ndarray, float32 (H, W)
        Where along the line the covering point lies; undefined where `coverage` is zero.
    touched : ndarray, int32 (H * W,)
        The pixels covered so far, as ``row << 16 | column``.
    """

    def __init__(self, height: int, width: int) -> None:
        self.coverage = np.zeros((height, width), np.uint8)
        self.place = np.zeros((height, width), np.float32)
        self.touched = np.zeros(height * width, np.int32)
        self._samples: np.ndarray | None = None

    @property
    def samples(self) -> np.ndarray:
        """Finer samples of a band of the frame, uint32 (8 BAND, W), all zero between paintings; made when asked for."""
        if self._samples is None:
            height, width = self.coverage.shape
            self._samples = np.zeros((BAND * SAMPLES, width), np.uint32)
        return self._samples


class Canvas:
    """One frame being painted.

    Attributes
    ----------
    pixels : ndarray, uint8 (H, W, 4)
        Red, green, blue and alpha, premultiplied (as cairo has them).
    words : ndarray, uint32 (H, W)
        The same pixels as whole words.
    clip : ndarray, int64 (4,)
        Left, right, top and bottom of what is to be painted, in pixels; nothing beyond may change.
    scale : float
        Pixels per scene unit, before any perspective.
    scratch : Scratch
    """

    def __init__(
        self,
        pixels: np.ndarray,
        scale: float,
        center: tuple[float, float],
        scratch: Scratch,
        draw: Callable[[VMobject, cairo.Context], None],
        context: cairo.Context,
        project: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self.pixels = pixels
        self.words = as_words(pixels)
        self.clip = np.array([0, pixels.shape[1], 0, pixels.shape[0]])
        self.scale = scale
        self.scratch = scratch
        height, width = pixels.shape[:2]
        self._offset = np.array([width / 2 - center[0] * scale, height / 2 + center[1] * scale])
        self._draw = draw
        self.context = context
        self._project = project

    @property
    def is_flat(self) -> bool:
        """Whether depth plays no part: every point lies where its x and y say."""
        return self._project is None

    @cached_property
    def view(self) -> tuple[Any, ...]:
        """What is the same for all frames in which scene coordinates lie at the same pixels."""
        axes = self.to_pixels(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]))
        return (*axes.ravel().round(6), *self.pixels.shape)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Positions in the frame, in pixels from the top-left corner (pixel centres are at halves).

        Parameters
        ----------
        points : ndarray (N, 2) or (N, 3)
            Scene coordinates.

        Returns
        -------
        ndarray, float64 (N, 2), C-contiguous
        """
        if self._project is not None:
            points = self._project(points)[:, :3]
        return np.ascontiguousarray(points[:, :2] * (self.scale, -self.scale) + self._offset, dtype=np.float64)

    def depths(self, points: np.ndarray) -> np.ndarray:
        """How near each point is to the viewer, float64 (N,): greater is nearer; all zero on a flat canvas."""
        if self._project is None:
            return np.zeros(len(points))
        return np.asarray(self._project(points)[:, 2], dtype=np.float64)

    def magnifications(self, points: np.ndarray) -> np.ndarray:
        """How much larger than on a flat canvas a small thing at each point appears, float64 (N,)."""
        if self._project is None:
            return np.ones(len(points))
        return np.asarray(self._project(points)[:, 3], dtype=np.float64)

    def clearness(self, points: np.ndarray, fog: float) -> np.ndarray:
        """How clearly each point is seen, float64 (N,) up to 1: `fog` less for every unit it lies behind the centre."""
        return np.clip(1.0 + fog * self.depths(points), 0.1, 1.0)

    def box(self, points: np.ndarray, room: float) -> PixelBox:
        """The pixels of the frame that points and what lies within `room` pixels of them take."""
        return PixelBox(*box_around(self.to_pixels(points), room, *self.words.shape))

    def stroke(self, width: float | np.ndarray) -> float | np.ndarray:
        """Pixels that manim's stroke width comes to."""
        return width * STROKE_UNIT * self.scale

    @property
    def matrix(self) -> cairo.Matrix:
        """The map from scene coordinates to pixels (before any perspective)."""
        return self.context.get_matrix()

    def draw_vectors(self, mobject: VMobject, context: cairo.Context | None = None) -> None:
        """Draw a plain vector mobject and its family here, or elsewhere, as the camera itself would."""
        for member in mobject.family_members_with_points():
            self._draw(member, context or self.context)


@kernel
def box_around(places, room, height, width):
    """Left, right, top and bottom of the pixels within `room` of places (N, 2); those with a NaN do not count."""
    left, right, top, bottom = np.inf, -np.inf, np.inf, -np.inf
    for k in range(places.shape[0]):
        x, y = places[k, 0], places[k, 1]
        if not (math.isnan(x) or math.isnan(y)):
            left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
    if not left <= right:
        return 0, 0, 0, 0
    return (
        int(math.floor(min(max(left - room, 0.0), width))), int(math.ceil(min(max(right + room, 0.0), width))),
        int(math.floor(min(max(top - room, 0.0), height))), int(math.ceil(min(max(bottom + room, 0.0), height))),
    )  # fmt: skip
