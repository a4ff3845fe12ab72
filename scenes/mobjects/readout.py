"""Numbers that change in every frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cairo
import numpy as np
from manim import ManimColor, Mobject, VGroup, VMobject

from scenes.mobjects.glyphs import glyph, text_width
from scenes.mobjects.still import HALO_OPACITY, HALO_WIDTH, Framed, affine_between, halo_around
from scenes.painting.canvas import STROKE_UNIT
from scenes.painting.mobject import contents
from scenes.painting.sprites import put_sprite
from scenes.theme import DARK, TEXT

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox


# Heights above and below the baseline that lines are set by, in em.
ASCENT, DESCENT = 0.7, 0.22


class _Sprites:
    """Pictures of single characters at their places, from which lines are put together.

    A number that changes has the same few digits in the same few places. A copied mobject shares them.
    """

    def __init__(self) -> None:
        self.key: tuple[Any, ...] = ()
        self.sprites: dict[tuple[str, float, str, float], tuple[np.ndarray, int, int]] = {}
        self.placed: list[tuple[str, float, str]] = []
        self.line = np.zeros((0, 0, 4), np.uint8)

    def __deepcopy__(self, memo: dict[int, Any]) -> _Sprites:
        return self

    def line_of(
        self,
        placed: list[tuple[str, float, str]],
        halo: str | None,
        halo_width: float,
        matrix: cairo.Matrix,
        width: int,
        height: int,
    ) -> np.ndarray:
        """A premultiplied picture uint8 (height, width, 4) of a line of characters.

        Parameters
        ----------
        placed : list of (character, place, colour)
        halo : str or None
        halo_width : float
            In pixels.
        matrix : cairo.Matrix
            From em to pixels of the picture.
        width, height : int
        """
        parts = (matrix.xx, matrix.yx, matrix.xy, matrix.yy, matrix.x0, matrix.y0)
        key = (halo, halo_width, width, height, *(round(value, 6) for value in parts))
        if key != self.key:
            self.key, self.sprites, self.placed = key, {}, []
        if placed != self.placed:
            self.placed = placed
            self.line = np.zeros((height, width, 4), np.uint8)
            layers = [(character, x, halo, halo_width) for character, x, _ in placed] if halo is not None else []
            layers += [(character, x, color, 0.0) for character, x, color in placed]
            for layer in layers:
                if layer not in self.sprites:
                    self.sprites[layer] = _draw_glyph(*layer, matrix)
                put_sprite(self.line, *self.sprites[layer], 1.0)
        return self.line


def _draw_glyph(
    character: str, x: float, color: str, halo_width: float, matrix: cairo.Matrix
) -> tuple[np.ndarray, int, int]:
    """A picture of one character, or of its soft edge of some pixels, and where its upper left corner goes."""
    curves = glyph(character).curves + (x, 0.0)
    if not len(curves):
        return np.zeros((0, 0, 4), np.uint8), 0, 0
    corners = np.array([matrix.transform_point(*point) for point in curves.reshape(-1, 2)])
    left, top = (int(c) for c in np.floor(corners.min(axis=0) - halo_width - 1))
    right, bottom = (int(c) for c in np.ceil(corners.max(axis=0) + halo_width + 1))
    sprite = np.zeros((bottom - top, right - left, 4), np.uint8)
    surface = cairo.ImageSurface.create_for_data(sprite.data, cairo.FORMAT_ARGB32, right - left, bottom - top)
    context = cairo.Context(surface)
    context.set_matrix(matrix * cairo.Matrix(1, 0, 0, 1, -left, -top))
    end: list[float] = []
    for start_x, start_y, *rest in curves.reshape(-1, 8).tolist():
        if [start_x, start_y] != end:
            context.move_to(start_x, start_y)
        context.curve_to(*rest)
        end = rest[-2:]
    red, green, blue = (float(c) for c in ManimColor(color).to_rgb())
    # the frame's bytes are in the order red, green, blue
    context.set_source_rgba(blue, green, red, HALO_OPACITY if halo_width else 1.0)
    if halo_width:
        context.identity_matrix()
        context.set_line_join(cairo.LineJoin.ROUND)
        context.set_line_width(halo_width)
        context.stroke()
    else:
        context.fill()
    surface.flush()
    return sprite, left, top


class Readout(Framed):
    """A named number, such as the epoch or the loss, that can change in every frame without moving about.

    All digits are equally wide and the number is aligned to the right, so nothing jitters.

    Parameters
    ----------
    label : str
    value : float or str
    style : str
        A format specification for the number, such as ``".3f"``, ``".1%"``, ``"d"`` or ``","``.
    widest : float or str
        A value as wide as any to come; its width is kept free for the number.
    size : float
    color, label_color : str
    halo : str, optional
        Colour of a soft edge behind the glyphs, which keeps them legible over a picture.
    """

    def __init__(
        self,
        label: str = "",
        value: float | str = 0,
        style: str = "g",
        widest: float | str | None = None,
        size: float = TEXT.readout,
        color: str = DARK.text,
        label_color: str = DARK.muted,
        halo: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.label, self.style = label, style
        self.number_color, self.label_color, self.halo = color, label_color, halo
        self.text = ""
        self.text = self.format(value)
        self.sprites = _Sprites()
        em = size / 96  # manim's 48 points are half a unit to the em
        room = max(text_width(self.format(widest if widest is not None else value)), text_width(self.text))
        self.number_right = (text_width(label + " ") if label else 0.0) + room
        super().__init__(0.0, self.number_right * em, -DESCENT * em, ASCENT * em, **kwargs)

    def format(self, value: float | str) -> str:
        """The text for a value, with a real minus sign; a number that is none is shown as a dash."""
        if isinstance(value, str):
            return value
        if not np.isfinite(value):
            return "–"
        if self.style.endswith("d"):
            value = round(value)
        return format(value, self.style).replace("-", "−")

    def set_value(self, value: float | str) -> Readout:
        """Show another number."""
        self.text = self.format(value)
        return self

    def _placed(self) -> list[tuple[str, float, str]]:
        """Characters with their places along the baseline, in em, and colours."""
        placed, x = [], 0.0
        for character in self.label:
            placed.append((character, x, self.label_color))
            x += glyph(character).advance
        x = self.number_right - text_width(self.text)
        for character in self.text:
            placed.append((character, x, self.number_color))
            x += glyph(character).advance
        return placed

    def _affine(self) -> np.ndarray:
        home = np.array([[0.0, ASCENT], [self.number_right, ASCENT], [self.number_right, -DESCENT], [0.0, -DESCENT]])
        return affine_between(home, self.points)

    def paint(self, canvas: Canvas) -> None:
        a = self._affine()
        halo_width = HALO_WIDTH * STROKE_UNIT * canvas.scale
        low, width, height = self._place(canvas, halo_width)
        if width * height > canvas.pixels.size:
            canvas.draw_vectors(self.as_vectors())  # so large that a picture of it would be larger than the frame
            return
        matrix = cairo.Matrix(*a[:, 0], *a[:, 1], *a[:, 2]) * canvas.matrix * cairo.Matrix(1, 0, 0, 1, *-low)
        line = self.sprites.line_of(self._placed(), self.halo, halo_width, matrix, width, height)
        put_sprite(canvas.pixels, line, int(low[0]), int(low[1]), self.opacity, canvas.clip)

    def _place(self, canvas: Canvas, halo_width: float) -> tuple[np.ndarray, int, int]:
        """Where its picture's upper left corner goes, (2,), and how wide and high it is, in pixels."""
        view = canvas.to_pixels(self.points)
        low = np.floor(view.min(axis=0) - halo_width - 2)
        width, height = (int(c) for c in np.ceil(view.max(axis=0) + halo_width + 2) - low)
        return low, width, height

    def imprint(self) -> tuple[Any, ...]:
        look = (self.label, self.text, self.number_right, self.number_color, self.label_color, self.halo)
        return (*look, *contents(self.points))

    def extent(self, canvas: Canvas) -> PixelBox | None:
        halo_width = HALO_WIDTH * STROKE_UNIT * canvas.scale
        _, width, height = self._place(canvas, halo_width)
        return None if width * height > canvas.pixels.size else canvas.box(self.points, halo_width + 3)

    def as_vectors(self) -> Mobject:
        a = self._affine()
        group = VGroup()
        for character, x, color in self._placed():
            outline = VMobject(stroke_width=0, fill_color=color, fill_opacity=self.opacity)
            points = (glyph(character).curves.reshape(-1, 2) + (x, 0.0)) @ a[:, :2].T + a[:, 2]
            if len(points):
                outline.points = np.column_stack([points, np.zeros(len(points))])
                group.add(outline)
        if self.halo is None:
            return group
        return VGroup(halo_around(group, self.halo).set_stroke(opacity=HALO_OPACITY * self.opacity), group)
