"""Heights over a rectangle, as a lit surface in space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from manim import Camera, CapStyleType, Line, ManimColor, Mobject, Polygon, ThreeDCamera, VGroup

from scenes.mobjects.field import ramp_between
from scenes.mobjects.view import View
from scenes.painting.mobject import Painted, contents
from scenes.painting.quads import ACROSS, paint_quads
from scenes.theme import DARK, Theme, rgb

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox

LIGHT = np.array([-0.45, -0.35, 0.82])  # where the light comes from; it stays where it is when the camera turns
SHADE = 0.42  # of the brightness, that a facet loses at most
STEP = 256  # of the ramp by height
SEAM = 0.7  # stroke width that closes the seams between plain vector facets

Box = tuple[tuple[float, float], tuple[float, float]]


class Surface(Painted):
    """Heights over a rectangle as facets in space, lit from one side, the farthest painted first.

    In a `Stage3D` its points are places in space. In a flat scene give it a `view`, which says from where it is seen.

    Parameters
    ----------
    heights : array (R, C)
        At C places along x and R places along y, both ascending and evenly spaced, as ``numpy.meshgrid`` and
        `engine.analysis.landscape.Landscape` have them. Facets with a corner that is not finite are left out.
    box : ((x0, x1), (y0, y1))
        The rectangle, in scene units, or with a view in units of the space.
    z_scale : float
        Units to a unit of height.
    colours : str or array (R - 1, C - 1, 3), optional
        One colour for all facets, or of each; by default a ramp by height.
    ramp : array (n, 3), optional
        Colours for heights from `low` to `high`; see `height_ramp`.
    low, high : float, optional
        By default those of the heights.
    shading : bool
        Whether facets that are turned from the light are darker.
    levels : sequence of float
        Heights at which contour lines are drawn.
    mesh : int
        Every how many rows and columns a grid line is drawn; 0 is none.
    line_width : float
        Of contour and grid lines, in manim's stroke units.
    view : View, optional
        For flat scenes. After it has changed call `look`.

    Attributes
    ----------
    grid : ndarray (R, C, 3)
        The places in space, before any view and whatever manim has done to the points.
    """

    blended = ("colours", "nearness")

    def __init__(
        self,
        heights: np.ndarray,
        box: Box = ((-3.0, 3.0), (-3.0, 3.0)),
        z_scale: float = 1.0,
        colours: Any = None,
        ramp: np.ndarray | None = None,
        low: float | None = None,
        high: float | None = None,
        shading: bool = True,
        levels: Sequence[float] = (),
        mesh: int = 0,
        line_width: float = 1.2,
        view: View | None = None,
        theme: Theme = DARK,
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        heights = np.asarray(heights, dtype=np.float64)
        if heights.ndim != 2 or min(heights.shape) < 2:
            raise ValueError(f"heights must have shape (R, C) with at least two of each, not {heights.shape}")
        finite = heights[np.isfinite(heights)]
        if not finite.size:
            raise ValueError("heights of a surface must not all be infinite or NaN")
        self.shape, self.theme = heights.shape, theme
        self.box, self.z_scale, self.view, self.shading = box, float(z_scale), view, shading
        self.low = float(finite.min() if low is None else low)
        self.high = float(finite.max() if high is None else high)
        self.ramp = height_ramp(theme) if ramp is None else np.asarray(ramp, dtype=np.float64)[:, :3]
        self.levels, self.mesh, self.line_width = tuple(levels), int(mesh), line_width
        rows, columns = self.shape
        vertices = np.arange(rows * columns).reshape(rows, columns)
        self.facets = np.stack(
            [vertices[:-1, :-1], vertices[:-1, 1:], vertices[1:, 1:], vertices[1:, :-1]], axis=-1
        ).reshape(-1, 4)
        self.nearness = np.zeros(rows * columns)
        super().__init__(np.zeros((rows * columns, 3)), None, opacity, **kwargs)
        self.base: np.ndarray | None = None
        if colours is not None:
            if isinstance(colours, (str, ManimColor)):
                colours = ManimColor(colours).to_rgb()
            self.base = np.broadcast_to(np.asarray(colours, np.float64)[..., :3], (rows - 1, columns - 1, 3))
        self.set_heights(heights)

    def set_heights(self, heights: np.ndarray) -> Surface:
        """Show other heights, (R, C) as before, over the same rectangle."""
        heights = np.asarray(heights, dtype=np.float64)
        if heights.shape != self.shape:
            raise ValueError(f"heights of shape {heights.shape} do not fit a surface of {self.shape}")
        self.heights = heights.copy()
        (x0, x1), (y0, y1) = self.box
        x, y = np.meshgrid(np.linspace(x0, x1, self.shape[1]), np.linspace(y0, y1, self.shape[0]))
        self.grid = np.stack([x, y, heights * self.z_scale], axis=-1)
        self._light()
        self._rule()
        return self.look()

    def look(self) -> Surface:
        """Put the points where the view sees them now; without a view, where they are."""
        places = self.grid.reshape(-1, 3)
        if self.view is None:
            self.points = places.copy()
            self.nearness = places[:, 2].copy()
        else:
            with np.errstate(invalid="ignore"):
                self.points = np.column_stack([self.view.look(places), np.zeros(len(places))])
                self.nearness = self.view.depths(places)
        return self

    def at(self, x: Any, y: Any) -> np.ndarray:
        """Where places of the rectangle lie on the drawn surface, blended between its four nearest points.

        Parameters
        ----------
        x, y : float or array (N,)
            In the units of `box`.

        Returns
        -------
        ndarray, float64 (3,) or (N, 3)
            In scene coordinates; NaN beyond the rectangle.
        """
        (x0, x1), (y0, y1) = self.box
        rows, columns = self.shape
        across = (np.asarray(x, np.float64) - x0) / (x1 - x0) * (columns - 1)
        up = (np.asarray(y, np.float64) - y0) / (y1 - y0) * (rows - 1)
        across, up = np.broadcast_arrays(across, up)
        slack = 1e-9 * max(rows, columns)
        inside = (across >= -slack) & (across <= columns - 1 + slack) & (up >= -slack) & (up <= rows - 1 + slack)
        c, r = (np.fmin(np.fmax(t, 0), n - 2).astype(int) for t, n in ((across, columns), (up, rows)))
        s, t = (across - c)[..., None], (up - r)[..., None]
        points = self.points.reshape(rows, columns, 3)
        lower = points[r, c] * (1 - s) + points[r, c + 1] * s
        upper = points[r + 1, c] * (1 - s) + points[r + 1, c + 1] * s
        return np.asarray(np.where(inside[..., None], lower * (1 - t) + upper * t, np.nan))

    def _light(self) -> None:
        """Colour each facet, (Q, 4): its own colour, or the ramp's at its mean height, darker away from the light."""
        grid, facets = self.grid.reshape(-1, 3), self.facets
        if self.base is None:
            mean = self.heights.ravel()[facets].mean(axis=1)
            share = (mean - self.low) / (self.high - self.low) if self.high > self.low else np.full(len(facets), 0.5)
            place = np.clip(np.nan_to_num(share), 0.0, 1.0) * (len(self.ramp) - 1)
            steps = np.arange(len(self.ramp))
            colours = np.column_stack([np.interp(place, steps, self.ramp[:, c]) for c in range(3)])
        else:
            colours = np.array(self.base).reshape(-1, 3)
        if self.shading:
            with np.errstate(invalid="ignore"):
                normals = np.cross(grid[facets[:, 2]] - grid[facets[:, 0]], grid[facets[:, 3]] - grid[facets[:, 1]])
                lengths = np.linalg.norm(normals, axis=1)
                lit = np.abs(normals @ LIGHT) / np.maximum(lengths, 1e-12) / np.linalg.norm(LIGHT)
            colours = colours * (1 - SHADE * (1 - np.nan_to_num(lit)))[:, None]
        self.colours = np.column_stack([np.clip(colours, 0.0, 1.0), np.ones(len(colours))])

    def _rule(self) -> None:
        """Find the lines on the facets: each end lies between two vertices, `line_ends`, at the share `line_shares`."""
        facet, ends, shares = [], [], []
        if self.mesh:
            rows, columns = self.shape
            row, column = np.divmod(np.arange(len(self.facets)), columns - 1)
            kept = (row % self.mesh == 0, (column + 1) % self.mesh == 0, (row + 1) % self.mesh == 0,
                    column % self.mesh == 0)  # fmt: skip
            kept = (kept[0], kept[1] | (column == columns - 2), kept[2] | (row == rows - 2), kept[3])
            for side, chosen in enumerate(kept):
                first, second = self.facets[chosen, side], self.facets[chosen, (side + 1) % 4]
                facet.append(np.flatnonzero(chosen))
                ends.append(np.stack([np.stack([first, first], 1), np.stack([second, second], 1)], axis=1))
                shares.append(np.zeros((len(first), 2)))
        heights = self.heights.ravel()
        for level in self.levels:
            for triangle in ((0, 1, 2), (0, 2, 3)):
                vertices = self.facets[:, triangle]
                above = heights[vertices] > level
                count = above.sum(axis=1)
                crossed = np.flatnonzero(np.isfinite(heights[vertices]).all(axis=1) & (count > 0) & (count < 3))
                # the one vertex that lies on its side of the level alone
                alone = np.argmax(above[crossed] == (count[crossed] == 1)[:, None], axis=1)
                pick = np.arange(len(crossed))
                tips = vertices[crossed][pick, alone]
                others = [vertices[crossed][pick, (alone + k) % 3] for k in (1, 2)]
                facet.append(crossed)
                ends.append(np.stack([np.stack([tips, other], axis=1) for other in others], axis=1))
                shares.append(
                    np.stack([(level - heights[tips]) / (heights[other] - heights[tips]) for other in others], axis=1)
                )
        if not facet:
            self.line_facets = np.zeros(0, np.int64)
            self.line_ends, self.line_shares = np.zeros((0, 2, 2), np.int64), np.zeros((0, 2))
        else:
            order = np.argsort(np.concatenate(facet), kind="stable")
            self.line_facets = np.concatenate(facet)[order]
            self.line_ends, self.line_shares = np.concatenate(ends)[order], np.concatenate(shares)[order]
        self.line_starts = np.searchsorted(self.line_facets, np.arange(len(self.facets) + 1)).astype(np.int64)

    def segments(self) -> np.ndarray:
        """The ends of all contour and grid lines, (S, 2, 3), facet by facet."""
        share = self.line_shares[..., None]
        return np.asarray(
            self.points[self.line_ends[..., 0]] * (1 - share) + self.points[self.line_ends[..., 1]] * share
        )

    def line_colours(self) -> np.ndarray:
        """Colours of the lines, (S, 3): those of their facets, a third of the way to the theme's text."""
        assert self.colours is not None
        return (2 * self.colours[self.line_facets, :3] + np.array(rgb(self.theme.text))) / 3

    def order(self, nearness: np.ndarray) -> np.ndarray:
        """The facets from the farthest to the nearest."""
        first, second, third, fourth = nearness[self.facets.T]
        return np.argsort(first + second + third + fourth, kind="stable")

    def paint(self, canvas: Canvas) -> None:
        assert self.colours is not None
        nearness = self.nearness if canvas.is_flat else canvas.depths(self.points)
        places = canvas.to_pixels(self.points)
        places[~np.isfinite(self.points).all(axis=1)] = np.nan  # a flat canvas sees no heights
        corners = places[self.facets]
        segments = canvas.to_pixels(self.segments().reshape(-1, 3)).reshape(-1, 2, 2)
        paint_quads(
            canvas.words, canvas.clip, canvas.scratch.samples, ACROSS, corners, self.order(nearness),
            as_pixels(self.colours[:, :3]), segments, self.line_starts,
            max(float(canvas.stroke(self.line_width)), 1.0) / 2, as_pixels(self.line_colours()), self.opacity,
        )  # fmt: skip

    def imprint(self) -> tuple[Any, ...]:
        lines = (self.line_ends, self.line_shares, self.line_facets)
        return (self.line_width, self.theme.text, *contents(self.points, self.nearness, self.colours, *lines))

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, max(float(canvas.stroke(self.line_width)), 1.0) + 2)

    def as_vectors(self) -> Mobject:
        return self._facets(self.nearness)

    def as_vectors_for(self, camera: Camera) -> Mobject:
        if isinstance(camera, ThreeDCamera):
            return self._facets(np.asarray(camera.project_points(self.points))[:, 2])
        return self._facets(self.nearness)

    def _facets(self, nearness: np.ndarray) -> Mobject:
        """A polygon for each facet and a line for each piece on it, the farthest first."""
        assert self.colours is not None
        group = VGroup()
        segments, line_colours = self.segments(), self.line_colours()
        for k in self.order(nearness):
            corners = self.points[self.facets[k]]
            if not np.isfinite(corners).all():
                continue
            colour = ManimColor.from_rgb(self.colours[k, :3])
            facet = Polygon(*corners, stroke_color=colour, stroke_width=SEAM, stroke_opacity=self.opacity)
            group.add(facet.set_fill(colour, opacity=self.opacity))
            for s in range(self.line_starts[k], self.line_starts[k + 1]):
                start, end = segments[s]
                if np.allclose(start, end):
                    continue
                line = Line(start, end, stroke_width=self.line_width, color=ManimColor.from_rgb(line_colours[s]))
                line.cap_style = CapStyleType.SQUARE
                group.add(line.set_stroke(opacity=self.opacity))
        return group


def as_pixels(colours: np.ndarray) -> np.ndarray:
    """Opaque pixels, uint32 (N,), of colours (N, 3) between 0 and 1."""
    red, green, blue = (np.clip(colours, 0.0, 1.0) * 255 + 0.5).astype(np.uint32).T
    return np.asarray(np.uint32(0xFF000000) | blue << np.uint32(16) | green << np.uint32(8) | red)


def height_ramp(theme: Theme = DARK) -> np.ndarray:
    """Colours (n, 3) of a landscape: quiet in the valleys, towards the colour of the loss on the heights."""
    # as far from the ground on a light one as on a dark one, or shades would turn it black
    top = mixed(theme.loss, theme.text if is_dark(theme) else theme.background, 0.2)
    stops = [(0.0, theme.faint, 1.0), (0.5, mixed(theme.faint, top, 0.45), 1.0), (1.0, top, 1.0)]
    return ramp_between(stops, STEP)[:, :3]


def is_dark(theme: Theme) -> bool:
    """Whether what is drawn is lighter than the ground."""
    return sum(rgb(theme.background)) < sum(rgb(theme.text))


def mixed(first: str, second: str, share: float) -> str:
    """A colour between two, as ``#rrggbb``."""
    values = np.array(rgb(first)) * (1 - share) + np.array(rgb(second)) * share
    return "#" + "".join(f"{round(255 * value):02x}" for value in values)


def contour_levels(low: float, high: float, about: int = 10) -> np.ndarray:
    """Round numbers strictly between `low` and `high`, evenly spaced, about as many as asked for."""
    if not low < high or about < 1:
        return np.zeros(0)
    rough = (high - low) / about
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min((1.0, 2.0, 5.0, 10.0), key=lambda factor: abs(np.log(factor * power / rough)))
    levels = step * np.arange(np.floor(low / step), np.ceil(high / step) + 1)
    return np.asarray(levels[(levels > low) & (levels < high)])
