"""Cameras that let painted mobjects paint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cairo
import numpy as np
from manim import Camera, Mobject, MovingCamera, Rectangle, ThreeDCamera, VMobject, config

from scenes.painting.canvas import Canvas, Scratch
from scenes.painting.mobject import Painted
from scenes.painting.repainting import Picture
from scenes.theme import FRAME_HEIGHT


class PaintingMixin(Camera):
    """What the painting cameras share; goes before one of manim's cameras."""

    def __init__(self, **kwargs: Any) -> None:
        self._scratch: Scratch | None = None
        self._canvases: dict[bool, Canvas] = {}
        self._is_drawing_fixed = False
        self._picture = Picture()
        self.fixed_in_frame_mobjects: set[Mobject] = set()
        super().__init__(**kwargs)

    def add_fixed_in_frame_mobjects(self, *mobjects: Mobject) -> None:
        """Keep mobjects where they are in the frame when the camera moves."""
        for mobject in mobjects:
            self.fixed_in_frame_mobjects.update(mobject.get_family())

    def remove_fixed_in_frame_mobjects(self, *mobjects: Mobject) -> None:
        """Let mobjects move with the scene again."""
        for mobject in mobjects:
            self.fixed_in_frame_mobjects.difference_update(mobject.get_family())

    def view(self) -> tuple[float, float, float]:
        """Centre (x, y) and width of what the camera sees, in scene units."""
        return float(self.frame_center[0]), float(self.frame_center[1]), float(self.frame_width)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) as they appear, with their magnification as a fourth column; used if `is_spatial`."""
        raise NotImplementedError

    is_spatial = False

    def capture_mobjects(self, mobjects: Iterable[Mobject], **kwargs: Any) -> None:
        self._picture.forget()
        self._capture(mobjects, **kwargs)

    def _capture(self, mobjects: Iterable[Mobject], **kwargs: Any) -> None:
        self._canvases = {}
        super().capture_mobjects(mobjects, **kwargs)
        self._canvases = {}

    def repaint(self, mobjects: Iterable[Mobject]) -> None:
        """Show these mobjects and nothing else, painting only where that is different from what was shown last.

        The frame is, to the bit, as if all of it were painted. Between calls its pixels must not be changed.
        """
        self._canvases = {}
        shown: list[Mobject] = self.get_mobjects_to_display(mobjects)
        canvas, fixed = self.canvas(), self.canvas(fixed=True)
        boxes = self._picture.change(shown, canvas, fixed, self.background)
        if boxes is None:
            self.reset()
            self._capture(shown, include_submobjects=False)
            return
        for box in boxes:
            canvas.clip[:] = fixed.clip[:] = box
            rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
            self.pixel_array[rows, columns] = self.background[rows, columns]
            for each in self._picture.shown.values():
                if each.box.meets(box):
                    each.mobject.paint(fixed if each.mobject.fixed_in_frame else canvas)
        self._canvases = {}

    def canvas(self, fixed: bool = False) -> Canvas:
        """The canvas for what moves with the scene, or for what is fixed in the frame."""
        if fixed not in self._canvases:
            height, width = self.pixel_array.shape[:2]
            if self._scratch is None or self._scratch.coverage.shape != (height, width):
                self._scratch = Scratch(height, width)
            x, y, span = 0.0, 0.0, FRAME_HEIGHT * width / height
            if not fixed and not self.is_spatial:
                x, y, span = self.view()
            scale = width / span
            surface = cairo.ImageSurface.create_for_data(self.pixel_array.data, cairo.FORMAT_ARGB32, width, height)
            context = cairo.Context(surface)
            context.set_matrix(cairo.Matrix(scale, 0, 0, -scale, width / 2 - x * scale, height / 2 + y * scale))
            project = self.project if self.is_spatial and not fixed else None
            draw = super().display_vectorized if not fixed else self._display_fixed
            self._canvases[fixed] = Canvas(self.pixel_array, scale, (x, y), self._scratch, draw, context, project)
        return self._canvases[fixed]

    def _display_fixed(self, vmobject: VMobject, ctx: cairo.Context) -> Any:
        """Draw a plain vector mobject that is part of a painted one which is fixed in the frame."""
        before = self._is_drawing_fixed
        self._is_drawing_fixed = True
        try:
            return super().display_vectorized(vmobject, ctx)
        finally:
            self._is_drawing_fixed = before

    def transform_points_pre_display(self, mobject: Mobject, points: np.ndarray) -> np.ndarray:
        if self._is_drawing_fixed:
            return points
        return np.asarray(super().transform_points_pre_display(mobject, points))

    def get_cairo_context(self, pixel_array: np.ndarray) -> cairo.Context:
        if pixel_array is not self.pixel_array:
            return super().get_cairo_context(pixel_array)
        return self.canvas().context

    def display_vectorized(self, vmobject: VMobject, ctx: cairo.Context) -> Any:
        if isinstance(vmobject, Painted):
            if vmobject.opacity > 0:
                ctx.get_target().flush()
                vmobject.paint(self.canvas(vmobject.fixed_in_frame))
                ctx.get_target().mark_dirty()
            return self
        if vmobject in self.fixed_in_frame_mobjects:
            ctx = self.canvas(fixed=True).context
        return super().display_vectorized(vmobject, ctx)


class PaintCamera(PaintingMixin, MovingCamera):
    """A camera for flat scenes; its `frame` can move and zoom."""

    def __init__(self, **kwargs: Any) -> None:
        # manim's own frame is 16:9 whatever the picture is
        kwargs.setdefault("frame", Rectangle(width=config.frame_width, height=config.frame_height, stroke_width=0))
        super().__init__(**kwargs)

    def view(self) -> tuple[float, float, float]:
        # as `frame_center` and `frame_width`, without searching through Bézier handles three times
        corners = self.frame.points
        low, high = corners.min(axis=0), corners.max(axis=0)
        return float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2, float(high[0] - low[0])


class PaintThreeDCamera(PaintingMixin, ThreeDCamera):
    """A camera for scenes in space."""

    is_spatial = True

    def project(self, points: np.ndarray) -> np.ndarray:
        projected = self.project_points(np.asarray(points, dtype=np.float64))
        distance = self.get_focal_distance() - projected[:, 2]
        magnification = np.where(distance > 0, self.get_focal_distance() / distance, 0.0) * self.get_zoom()
        return np.column_stack([projected, magnification])
