"""Things that keep their shape, drawn once and put over every frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cairo
import numpy as np
from manim import LineJointType, Mobject, VGroup, VMobject

from scenes.painting.mobject import Painted, contents
from scenes.painting.sprites import put_sprite

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox


# of the soft edge that keeps text legible over a picture; in manim's stroke units
HALO_WIDTH, HALO_OPACITY = 7.0, 0.9


class Framed(Painted):
    """A painted mobject that is stretched over a rectangle: its points are the corners.

    The order is upper left, upper right, lower right, lower left, so that it turns, moves, scales and blends with
    whatever is done to them.
    """

    def __init__(self, left: float, right: float, bottom: float, top: float, **kwargs: Any) -> None:
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)
        super().__init__(corners, **kwargs)


def halo_around(mobject: VMobject, color: str) -> VMobject:
    """A soft edge to be drawn before a mobject; in one piece, so that no letter's edge lies over another letter."""
    halo = mobject.copy().set_fill(opacity=0).set_stroke(color, HALO_WIDTH, HALO_OPACITY)
    for member in halo.get_family():
        member.joint_type = LineJointType.ROUND
    return halo


class _Shared:
    """A holder whose content is shared, not copied, when manim copies a mobject for a transformation."""

    def __init__(self, mobject: VMobject) -> None:
        self.mobject = mobject
        strokes = [member.get_stroke_width() for member in mobject.family_members_with_points()]
        self.widest = max([HALO_WIDTH, *strokes])  # of its strokes, or of a halo
        self.key: tuple[Any, ...] | None = None
        self.sprite = np.zeros((0, 0, 4), np.uint8)
        self.corner = (0, 0)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


class Still(Framed):
    """A vector mobject, such as text, that keeps its shape: it is drawn once and then only put over each frame.

    It can be moved, scaled, turned and faded; while it changes size or place it is drawn anew.

    Parameters
    ----------
    mobject : VMobject
        It must not be changed afterwards.
    halo : str, optional
        Colour of a soft edge behind the strokes, which keeps text legible over a picture.
    """

    def __init__(self, mobject: VMobject, halo: str | None = None, **kwargs: Any) -> None:
        left, bottom = mobject.get_corner([-1, -1, 0])[:2]
        right, top = mobject.get_corner([1, 1, 0])[:2]
        super().__init__(left, right, bottom, top, **kwargs)
        if halo is not None:
            mobject = VGroup(halo_around(mobject, halo), mobject)
        self.shared = _Shared(mobject)
        self.home = self.points.copy()

    def _affine(self) -> np.ndarray:
        """The map (2, 3) from where the corners were to where they are, on x and y."""
        return affine_between(self.home, self.points)

    def paint(self, canvas: Canvas) -> None:
        shared, key = self.shared, (self.points.tobytes(), canvas.view)
        if shared.key != key:
            self._draw(canvas, self._affine())
            shared.key = key
        if shared.sprite.size:
            put_sprite(canvas.pixels, shared.sprite, *shared.corner, self.opacity, canvas.clip)

    def imprint(self) -> tuple[Any, ...]:
        return (self.shared, *contents(self.points))

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, 2 + float(canvas.stroke(self.shared.widest)))

    def _draw(self, canvas: Canvas, a: np.ndarray) -> None:
        """Draw the sprite: the part of the picture that lies in the frame, with room for strokes."""
        box = self.extent(canvas)
        if box.area == 0:
            self.shared.sprite = np.zeros((0, 0, 4), np.uint8)
            return
        sprite = np.zeros((box.bottom - box.top, box.right - box.left, 4), np.uint8)
        surface = cairo.ImageSurface.create_for_data(sprite.data, cairo.FORMAT_ARGB32, sprite.shape[1], sprite.shape[0])
        context = cairo.Context(surface)
        matrix = canvas.matrix * cairo.Matrix(1, 0, 0, 1, -box.left, -box.top)
        if canvas.is_flat:
            context.set_matrix(cairo.Matrix(*a[:, 0], *a[:, 1], *a[:, 2]) * matrix)
            canvas.draw_vectors(self.shared.mobject, context)
        else:
            # what is seen in perspective must be where it is before it is projected
            context.set_matrix(matrix)
            canvas.draw_vectors(self._placed(), context)
        surface.flush()
        self.shared.sprite, self.shared.corner = sprite, (box.left, box.top)

    def _placed(self) -> VMobject:
        """A copy of the mobject where it is now."""
        a = self._affine()
        result = self.shared.mobject.copy()
        for member in result.family_members_with_points():
            member.points[:, :2] = member.points[:, :2] @ a[:, :2].T + a[:, 2]
        return result

    def as_vectors(self) -> Mobject:
        result = self._placed()
        for member in result.family_members_with_points():
            for background in (False, True):
                member.set_stroke(
                    opacity=member.get_stroke_opacity(background) * self.opacity, background=background, family=False
                )
            member.set_fill(opacity=member.get_fill_opacity() * self.opacity, family=False)
        return result


def affine_between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The affine map (2, 3) on x and y that takes three corners of a rectangle to where they are now."""
    across, down = before[1, 0] - before[0, 0], before[3, 1] - before[0, 1]
    x_axis = (after[1, :2] - after[0, :2]) / across if across else np.array([1.0, 0.0])
    y_axis = (after[3, :2] - after[0, :2]) / down if down else np.array([0.0, 1.0])
    linear = np.column_stack([x_axis, y_axis])
    return np.column_stack([linear, after[0, :2] - linear @ before[0, :2]])
