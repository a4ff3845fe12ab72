"""Data points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from manim import Dot, ManimColor, Mobject, VGroup

from scenes.painting.discs import paint_discs
from scenes.painting.mobject import Painted, as_colours, as_points, contents

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox


class PointCloud(Painted):
    """Many discs, painted in the order given (in space: the farthest first).

    Parameters
    ----------
    positions : array (N, 2) or (N, 3)
    colours : str, or array (N, 3) or (N, 4)
        Of all, or of each disc; numbers between 0 and 1.
    radius : float or array (N,)
        In scene units.
    outline : str, optional
        Colour of a thin line around each disc, which keeps discs apart where they overlap.
    outline_width : float
        In manim's stroke units.
    opacity : float
    fog : float
        In space: how much fainter a disc is for every unit that it lies farther away.
    """

    blended = ("colours", "radius")

    def __init__(
        self,
        positions: np.ndarray,
        colours: Any,
        radius: float | np.ndarray = 0.06,
        outline: str | None = None,
        outline_width: float = 1.5,
        opacity: float = 1.0,
        fog: float = 0.1,
        **kwargs: Any,
    ) -> None:
        if isinstance(colours, (str, ManimColor)):
            colours = np.tile(ManimColor(colours).to_rgb(), (len(positions), 1))
        if len(colours) != len(positions):
            raise ValueError(f"{len(positions)} positions do not match {len(colours)} colours")
        super().__init__(positions, colours, opacity, **kwargs)
        self.radius = np.broadcast_to(np.asarray(radius, dtype=np.float64), len(self.points)).copy()
        self.outline, self.fog = outline, fog
        self.outline_width = outline_width if outline is not None else 0.0

    def set_positions(self, positions: np.ndarray) -> PointCloud:
        """Move all points, to (N, 2) or (N, 3)."""
        if len(positions) != len(self.points):
            raise ValueError(f"{len(self.points)} points cannot take {len(positions)} positions")
        self.points = as_points(positions)
        return self

    def set_colours(self, colours: np.ndarray) -> PointCloud:
        """Recolour all points, with (N, 3) or (N, 4) between 0 and 1."""
        self.colours = as_colours(colours)
        return self

    def paint(self, canvas: Canvas) -> None:
        n = len(self.points)
        places = canvas.to_pixels(self.points)
        radii = self.radius * canvas.scale
        colours = self.colours
        assert colours is not None
        width = float(canvas.stroke(self.outline_width))
        if not canvas.is_flat:
            order = np.argsort(canvas.depths(self.points), kind="stable")
            colours = colours * np.column_stack([np.ones((n, 3)), canvas.clearness(self.points, self.fog)])
            places, colours = places[order], colours[order]
            radii = (radii * canvas.magnifications(self.points))[order]
        outline = (*ManimColor(self.outline).to_rgb(), 1.0) if self.outline is not None else (0.0,) * 4
        # an outline is as opaque as its disc
        outlines = np.empty((n, 4))
        outlines[:] = outline
        outlines[:, 3] *= colours[:, 3]
        paint_discs(canvas.words, canvas.clip, places, radii, colours, outlines, np.full(n, width), self.opacity)

    def imprint(self) -> tuple[Any, ...]:
        return (self.outline, self.outline_width, *contents(self.points, self.radius, self.colours))

    def extent(self, canvas: Canvas) -> PixelBox:
        largest = float(self.radius.max(initial=0.0)) * canvas.scale
        return canvas.box(self.points, largest + float(canvas.stroke(self.outline_width)) / 2 + 1)

    def as_vectors(self) -> Mobject:
        assert self.colours is not None
        group = VGroup()
        for point, radius, colour in zip(self.points, self.radius, self.colours, strict=True):
            if np.isfinite(point).all() and radius > 0:
                alpha = float(colour[3]) * self.opacity
                dot = Dot(point, radius=radius, color=ManimColor.from_rgb(colour[:3]), fill_opacity=alpha)
                if self.outline is not None:
                    dot.set_stroke(self.outline, width=self.outline_width, opacity=alpha)
                group.add(dot)
        return group
