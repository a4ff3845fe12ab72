"""The base of all mobjects that paint themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from manim import Camera, ManimColor, Mobject, VMobject

import scenes.painting.hooks  # noqa: F401

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox


class Painted(VMobject):
    """A mobject that paints itself into the frame.

    Its data are its `points` (scene coordinates), so that everything manim does to points works on them: shift,
    scale, rotate, ``apply_function``, ``animate``, ``Transform`` between two of equal size, bounding boxes. Its
    opacity is the fill's, so that fades and ``set_opacity`` work. A subclass implements `paint` and `as_vectors`; if it
    also implements `imprint` and `extent`, it is painted again only where something has changed.

    Parameters
    ----------
    points : array (N, 2) or (N, 3)
        Scene coordinates.
    colours : array (M, 3) or (M, 4), optional
        Red, green, blue and opacity between 0 and 1 of each part; what a part is, the subclass says.
    opacity : float
        Of the whole, on top of the colours' own.
    """

    # Attributes that a transformation blends besides points, opacity and stroke; arrays or numbers.
    blended: tuple[str, ...] = ("colours",)
    # Whether the picture stays where it is in the frame when the camera moves.
    fixed_in_frame: bool = False

    def __init__(
        self, points: np.ndarray, colours: np.ndarray | None = None, opacity: float = 1.0, **kwargs: Any
    ) -> None:
        kwargs.setdefault("stroke_width", 0)
        super().__init__(fill_opacity=opacity, **kwargs)
        self.points = as_points(points)
        self.colours = None if colours is None else as_colours(colours)

    def paint(self, canvas: Canvas) -> None:
        """Paint into ``canvas.pixels``; with an `extent`, only within ``canvas.clip``, and there as without one."""
        raise NotImplementedError

    def imprint(self) -> tuple[Any, ...] | None:
        """All that the picture depends on besides opacity and view; what has an equal one looks the same.

        None if that cannot be told: all of the frame is then painted.
        """
        return None

    def extent(self, canvas: Canvas) -> PixelBox | None:
        """The pixels that painting may touch; None if it cannot keep to a clip."""
        return None

    def as_vectors(self) -> Mobject:
        """The same picture made of manim's own mobjects, for cameras that cannot paint."""
        raise NotImplementedError

    def as_vectors_for(self, camera: Camera) -> Mobject:
        """As `as_vectors`, for a certain camera: what lies behind what may depend on it."""
        return self.as_vectors()

    @property
    def opacity(self) -> float:
        return float(self.fill_rgbas[0, 3])

    def set_fill(self, color: Any = None, opacity: float | None = None, family: bool = True) -> Self:
        super().set_fill(color=color, opacity=opacity, family=family)
        if color is not None and getattr(self, "colours", None) is not None:
            first = color[0] if isinstance(color, (list, tuple)) and not isinstance(color[0], float) else color
            colours = np.array(self.colours)
            colours[:, :3] = ManimColor(first).to_rgb()
            self.colours = colours
        return self

    def interpolate_color(self, mobject1: VMobject, mobject2: VMobject, alpha: float) -> Self:
        super().interpolate_color(mobject1, mobject2, alpha)
        for name in self.blended:
            first, second = getattr(mobject1, name, None), getattr(mobject2, name, None)
            if first is None or second is None:
                continue
            if np.shape(first) == np.shape(second) and alpha < 1:
                # equal ones are shared, so that a fade does not copy the data in every frame
                setattr(self, name, first if first is second else first + (second - first) * alpha)
            elif alpha >= 1:
                setattr(self, name, np.array(second) if isinstance(second, np.ndarray) else second)
        return self

    def align_points(self, vmobject: VMobject) -> Self:
        # Bézier subdivision would turn data into nonsense
        if self.get_num_points() == vmobject.get_num_points():
            return super().align_points(vmobject)
        raise ValueError(
            f"{type(self).__name__} with {self.get_num_points()} points cannot be transformed into one with "
            f"{vmobject.get_num_points()}; use FadeOut and FadeIn instead"
        )

    def get_anchors(self) -> list[np.ndarray]:
        return list(self.points)

    def get_points_defining_boundary(self) -> np.ndarray:
        family = [member for member in self.get_family() if member is not self]
        return np.concatenate([self.points, *(member.get_points_defining_boundary() for member in family)])


def contents(*arrays: np.ndarray | None) -> tuple[Any, ...]:
    """Shapes and bytes of arrays, for `Painted.imprint`: equal only if all that is in them is."""
    return tuple(None if array is None else (array.shape, array.tobytes()) for array in arrays)


def as_points(points: np.ndarray) -> np.ndarray:
    """A float64 copy (N, 3) of points (N, 2) or (N, 3)."""
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] not in (2, 3):
        raise ValueError(f"points must have shape (N, 2) or (N, 3), not {points.shape}")
    result = np.zeros((len(points), 3))
    result[:, : points.shape[1]] = points
    return result


def as_colours(colours: np.ndarray) -> np.ndarray:
    """A float64 copy (N, 4) of colours (N, 3) or (N, 4), opaque where no opacity is given."""
    colours = np.atleast_2d(np.asarray(colours, dtype=np.float64))
    if colours.ndim != 2 or colours.shape[1] not in (3, 4):
        raise ValueError(f"colours must have shape (N, 3) or (N, 4), not {colours.shape}")
    result = np.ones((len(colours), 4))
    result[:, : colours.shape[1]] = colours
    return result
