"""Many lines at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from manim import CapStyleType, LineJointType, ManimColor, Mobject, VGroup, VMobject

from scenes.painting.lines import paint_polylines
from scenes.painting.mobject import Painted, as_colours, contents

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox


class Polylines(Painted):
    """Lines through many vertices, with round ends and joints.

    Parameters
    ----------
    lines : sequence of arrays (K, 2) or (K, 3), or one array (L, K, 2) or (L, K, 3)
        The vertices of each line; where one is NaN the line has a gap.
    colours : str, or array
        One colour for all, (L, 3) or (L, 4) for each line, or with `per_vertex` for each vertex of all lines.
    width : float or array (L,)
        In manim's stroke units (hundredths of a scene unit).
    per_vertex : bool
        Whether colours belong to vertices and blend along the lines.
    opacity : float
    fog : float
        In space: how much fainter a line becomes for every unit that it goes farther away.
    """

    blended = ("colours", "widths")

    def __init__(
        self,
        lines: Sequence[np.ndarray] | np.ndarray,
        colours: Any,
        width: float | np.ndarray = 2.0,
        per_vertex: bool = False,
        opacity: float = 1.0,
        fog: float = 0.1,
        **kwargs: Any,
    ) -> None:
        sizes = [len(line) for line in lines]
        self.starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.per_vertex, self.fog = per_vertex, fog
        if isinstance(colours, (str, ManimColor)):
            colours = np.tile(ManimColor(colours).to_rgb(), (sum(sizes) if per_vertex else len(sizes), 1))
        expected = sum(sizes) if per_vertex else len(sizes)
        if len(colours) != expected:
            part = "vertices" if per_vertex else "lines"
            raise ValueError(f"{expected} {part} do not match {len(colours)} colours")
        super().__init__(self._joined(lines), colours, opacity, **kwargs)
        self.widths = np.broadcast_to(np.asarray(width, dtype=np.float64), len(sizes)).copy()

    def _joined(self, lines: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        if isinstance(lines, np.ndarray) and lines.ndim == 3:
            return lines.reshape(-1, lines.shape[-1])
        return np.concatenate([np.asarray(line, dtype=np.float64) for line in lines])

    def set_lines(self, lines: Sequence[np.ndarray] | np.ndarray) -> Polylines:
        """Move all vertices; there must be as many as before."""
        points = self._joined(lines)
        if len(points) != len(self.points):
            raise ValueError(f"{len(self.points)} vertices cannot take {len(points)} positions")
        self.points[:, : points.shape[1]] = points
        return self

    def set_colours(self, colours: np.ndarray) -> Polylines:
        """Recolour, with one row for each line (or vertex) as before."""
        self.colours = as_colours(colours)
        return self

    def paint(self, canvas: Canvas) -> None:
        assert self.colours is not None
        scratch = canvas.scratch
        starts, widths, colours = self.starts, np.asarray(canvas.stroke(self.widths)), self.colours
        places = canvas.to_pixels(self.points)
        per_vertex = self.per_vertex
        if not canvas.is_flat and self.fog:
            if not per_vertex:
                colours = np.repeat(colours, np.diff(starts), axis=0)
            colours = np.column_stack([colours[:, :3], colours[:, 3] * canvas.clearness(self.points, self.fog)])
            per_vertex = True
        paint_polylines(
            canvas.words, canvas.clip, places, starts, widths, colours, per_vertex, self.opacity,
            scratch.coverage, scratch.place, scratch.touched,
        )  # fmt: skip

    def imprint(self) -> tuple[Any, ...]:
        return (self.per_vertex, *contents(self.points, self.starts, self.widths, self.colours))

    def extent(self, canvas: Canvas) -> PixelBox:
        widest = float(canvas.stroke(self.widths.max(initial=0.0)))
        return canvas.box(self.points, max(widest, 1.0) / 2 + 1)

    def as_vectors(self) -> Mobject:
        assert self.colours is not None
        group = VGroup()
        for k, width in enumerate(self.widths):
            first, last = int(self.starts[k]), int(self.starts[k + 1])
            points = self.points[first:last]
            colours = self.colours[first:last] if self.per_vertex else np.tile(self.colours[k], (last - first, 1))
            pieces = [(0, last - first)] if not self.per_vertex else [(j, j + 2) for j in range(last - first - 1)]
            for start, end in pieces:
                for run in _finite_runs(points[start:end]):
                    # a piece between two vertices has the colour in its middle
                    colour = colours[start:end].mean(axis=0)
                    line = VMobject(stroke_width=width, stroke_color=ManimColor.from_rgb(colour[:3]))
                    line.set_stroke(opacity=float(colour[3]) * self.opacity)
                    line.cap_style, line.joint_type = CapStyleType.ROUND, LineJointType.ROUND
                    group.add(line.set_points_as_corners(run))
        return group


def _finite_runs(points: np.ndarray) -> list[np.ndarray]:
    """The stretches of at least two points without a NaN."""
    finite = np.isfinite(points).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], finite, [False]]).astype(int)))
    return [points[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]
