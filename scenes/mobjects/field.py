"""Pictures and values stretched over a rectangle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from manim import CapStyleType, Line, ManimColor, Mobject, Polygon, VGroup

from scenes.mobjects.still import Framed
from scenes.painting.blending import packed
from scenes.painting.classes import paint_classes
from scenes.painting.fields import paint_picture, pixel_to_unit
from scenes.painting.mobject import contents
from scenes.painting.values import paint_values
from scenes.theme import Zone, rgb

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas, PixelBox

RAMP_STEPS = 1024


class Field(Framed):
    """A picture stretched over a rectangle: an image, or colours computed over a part of the plane.

    Parameters
    ----------
    picture : array (h, w), (h, w, 3) or (h, w, 4)
        Grey, colours, or colours with opacity; uint8, or floats between 0 and 1. The first row is at the top.
    zone : Zone
        Where it goes, in scene units.
    smooth : bool
        True: samples lie on a grid that ends on the edges and are blended. False: each fills a cell (images).
    opacity : float
    """

    blended = ("picture",)

    def __init__(
        self, picture: np.ndarray, zone: Zone, smooth: bool = True, opacity: float = 1.0, **kwargs: Any
    ) -> None:
        self.smooth = smooth
        self.picture = premultiplied(picture)
        super().__init__(zone.left, zone.right, zone.bottom, zone.top, opacity=opacity, **kwargs)

    def set_picture(self, picture: np.ndarray) -> Field:
        """Show another picture in the same place."""
        self.picture = premultiplied(picture)
        return self

    def paint(self, canvas: Canvas) -> None:
        corners = canvas.to_pixels(self.points)
        matrix = pixel_to_unit(corners)
        if matrix.any():
            paint_picture(canvas.pixels, canvas.clip, corners, matrix, self.picture, self.smooth, self.opacity)

    def imprint(self) -> tuple[Any, ...]:
        return (self.smooth, *contents(self.points, self.picture))

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, 2.0)

    def as_vectors(self) -> Mobject:
        return VGroup(*squares(self.points, resampled(self.picture, self.smooth), self.opacity))


class ValueField(Framed):
    """Values over a part of the plane, as colours of a ramp, with lines where they pass through given levels.

    Parameters
    ----------
    values : array (h, w)
        The first row is at the top. NaN is left out.
    zone : Zone
    ramp : array (n, 3) or (n, 4)
        Colours between 0 and 1 for values from `low` to `high`, evenly spaced and blended; see `ramp_between`.
    low, high : float
    smooth : bool
        As for `Field`.
    levels : sequence of float
        Values at which lines are drawn.
    line_width : float
        In manim's stroke units.
    line_color : str
    """

    blended = ("values",)

    def __init__(
        self,
        values: np.ndarray,
        zone: Zone,
        ramp: np.ndarray,
        low: float,
        high: float,
        smooth: bool = True,
        levels: Sequence[float] = (),
        line_width: float = 2.5,
        line_color: str = "#ffffff",
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        if not low < high:
            raise ValueError(f"low={low} must be less than high={high}")
        self.values = np.array(values, dtype=np.float32)
        self.ramp = premultiplied(np.asarray(ramp)[None])[0]
        self.ramp_words = packed(self.ramp)
        self.low, self.high, self.smooth = float(low), float(high), smooth
        self.levels = np.array(levels, dtype=np.float32)
        self.line_width, self.line_color = line_width, line_color
        super().__init__(zone.left, zone.right, zone.bottom, zone.top, opacity=opacity, **kwargs)

    def set_values(self, values: np.ndarray) -> ValueField:
        """Show other values, (h, w), in the same place."""
        self.values = np.ascontiguousarray(values, dtype=np.float32)
        return self

    def paint(self, canvas: Canvas) -> None:
        corners = canvas.to_pixels(self.points)
        matrix = pixel_to_unit(corners)
        if matrix.any():
            paint_values(
                canvas.words, canvas.clip, corners, matrix, self.values, self.ramp_words, self.low, self.high,
                self.smooth, self.opacity, self.levels, float(canvas.stroke(self.line_width)),
                packed(np.array([*ManimColor(self.line_color).to_rgb(), 1.0]) * 255)[()],
            )  # fmt: skip

    def imprint(self) -> tuple[Any, ...]:
        scale = (self.low, self.high, self.smooth, self.line_width, self.line_color)
        return (*scale, *contents(self.points, self.values, self.ramp_words, self.levels))

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, 2.0)

    def as_vectors(self) -> Mobject:
        values = resampled(self.values[..., None].astype(np.float64), self.smooth)[..., 0]
        places = np.clip((values - self.low) / (self.high - self.low), 0, 1) * (len(self.ramp) - 1)
        steps = np.arange(len(self.ramp))
        picture = np.stack([np.interp(places, steps, self.ramp[:, c]) for c in range(4)], axis=-1)
        picture[~np.isfinite(values)] = 0.0
        group = VGroup(*squares(self.points, picture, self.opacity))
        corner, across, down = self.points[0], self.points[1] - self.points[0], self.points[3] - self.points[0]
        rows, columns = self.values.shape
        for level in self.levels if self.smooth else ():
            for (r0, c0), (r1, c1) in crossings(self.values.astype(np.float64), float(level)):
                ends = [corner + across * c / (columns - 1) + down * r / (rows - 1) for r, c in ((r0, c0), (r1, c1))]
                line = Line(*ends, color=self.line_color, stroke_width=self.line_width, stroke_opacity=self.opacity)
                line.cap_style = CapStyleType.ROUND
                group.add(line)
        return group


class ClassField(Framed):
    """Regions of several classes over a part of the plane, with sharp borders at any size.

    Parameters
    ----------
    scores : array (h, w, K)
        Such as logits: the class with the greatest leads. The first row is at the top; samples lie on a grid that
        ends on the edges.
    zone : Zone
    palette : array (K, 3)
        Colours of the classes, between 0 and 1.
    strengths : float or array (h, w)
        Opacity of the regions, between 0 and 1.
    line_width : float
        Of the line between regions, in manim's stroke units; 0 is none.
    line_color : str
    """

    blended = ("scores", "strengths")

    def __init__(
        self,
        scores: np.ndarray,
        zone: Zone,
        palette: np.ndarray,
        strengths: float | np.ndarray = 1.0,
        line_width: float = 0.0,
        line_color: str = "#ffffff",
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        self.palette = np.asarray(palette, dtype=np.float32)[:, :3] * 255
        self.set_scores(scores, strengths)
        self.line_width, self.line_color = line_width, line_color
        super().__init__(zone.left, zone.right, zone.bottom, zone.top, opacity=opacity, **kwargs)

    def set_scores(self, scores: np.ndarray, strengths: float | np.ndarray) -> ClassField:
        """Show other scores, (h, w, K), in the same place."""
        scores = np.ascontiguousarray(scores, dtype=np.float32)
        if scores.ndim != 3 or scores.shape[2] != len(self.palette):
            raise ValueError(f"scores of shape {scores.shape} do not match {len(self.palette)} colours of classes")
        self.scores = scores
        self.strengths = np.ascontiguousarray(np.broadcast_to(strengths, scores.shape[:2]), dtype=np.float32)
        return self

    def paint(self, canvas: Canvas) -> None:
        corners = canvas.to_pixels(self.points)
        matrix = pixel_to_unit(corners)
        if matrix.any():
            line = np.array([*ManimColor(self.line_color).to_rgb(), 1.0], dtype=np.float32) * 255
            width = float(canvas.stroke(self.line_width))
            paint_classes(
                canvas.pixels, canvas.clip, corners, matrix, self.scores, self.strengths, self.palette, self.opacity,
                width, line,
            )  # fmt: skip

    def imprint(self) -> tuple[Any, ...]:
        line = (self.line_width, self.line_color)
        return (*line, *contents(self.points, self.scores, self.strengths, self.palette))

    def extent(self, canvas: Canvas) -> PixelBox:
        return canvas.box(self.points, 2.0)

    def as_vectors(self) -> Mobject:
        scores = resampled(self.scores.astype(np.float64), True)
        strengths = resampled(self.strengths[..., None].astype(np.float64), True)
        picture = np.empty((*scores.shape[:2], 4))
        picture[..., :3] = self.palette[scores.argmax(axis=2)] * strengths
        picture[..., 3:] = 255 * strengths
        group = VGroup(*squares(self.points, picture, self.opacity))
        if self.line_width:
            corner, across, down = self.points[0], self.points[1] - self.points[0], self.points[3] - self.points[0]
            rows, columns = scores.shape[:2]
            for k in range(len(self.palette)):
                others = np.delete(scores, k, axis=2).max(axis=2)
                for piece in crossings(scores[..., k] - others, 0.0):
                    ends = [corner + across * (c + 0.5) / columns + down * (r + 0.5) / rows for r, c in piece]
                    line = Line(*ends, color=self.line_color, stroke_width=self.line_width)
                    line.set_stroke(opacity=self.opacity)
                    line.cap_style = CapStyleType.ROUND
                    group.add(line)
        return group


def resampled(samples: np.ndarray, smooth: bool, fineness: int = 100) -> np.ndarray:
    """Samples (h, w, c) as cells of one value: as they are, or blended at the centres of about `fineness` cells."""
    if not smooth:
        return samples
    for axis in (0, 1):
        count = samples.shape[axis]
        if count == 1:
            continue
        cells = (count - 1) * max(1, round(fineness / (count - 1)))
        place = (np.arange(cells) + 0.5) / cells * (count - 1)
        first = place.astype(int)
        share = (place - first).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        samples = np.take(samples, first, axis) * (1 - share) + np.take(samples, first + 1, axis) * share
    return samples


def squares(corners: np.ndarray, picture: np.ndarray, opacity: float) -> list[Polygon]:
    """One filled square for each cell of a premultiplied picture (h, w, 4), 0 to 255.

    Clear ones meet in faint seams: a pixel that two of them share is covered less than wholly by both together.
    """
    rows, columns = picture.shape[:2]
    across, down = (corners[1] - corners[0]) / columns, (corners[3] - corners[0]) / rows
    result = []
    for r, c in np.argwhere(picture[..., 3] > 0):
        alpha = picture[r, c, 3] / 255
        # an opaque square reaches under the next ones, or the ground would shine through between them
        reach = 2.0 if alpha * opacity > 0.999 else 1.0
        corner = corners[0] + across * c + down * r
        right, lower = across * min(reach, columns - c), down * min(reach, rows - r)
        square = Polygon(corner, corner + right, corner + right + lower, corner + lower, stroke_width=0)
        color = ManimColor.from_rgb(np.clip(picture[r, c, :3] / picture[r, c, 3], 0, 1).astype(np.float64))
        result.append(square.set_fill(color, opacity=float(alpha) * opacity))
    return result


def crossings(values: np.ndarray, level: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Straight pieces, as pairs of (row, column), of the line on which a grid of values passes through a level."""
    pieces = []
    above = values > level
    count = above[:-1, :-1].astype(int) + above[:-1, 1:] + above[1:, :-1] + above[1:, 1:]
    mixed = (count > 0) & (count < 4)
    for r, c in np.argwhere(mixed):
        ends = []
        corners = [(r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c)]
        for (r0, c0), (r1, c1) in zip(corners, [*corners[1:], corners[0]], strict=True):
            if above[r0, c0] != above[r1, c1]:
                share = (level - values[r0, c0]) / (values[r1, c1] - values[r0, c0])
                ends.append((r0 + (r1 - r0) * share, c0 + (c1 - c0) * share))
        pieces += [(ends[k], ends[k + 1]) for k in range(0, len(ends) - 1, 2)]
    return pieces


def ramp_between(colours: Sequence[tuple[float, str, float]], steps: int = RAMP_STEPS) -> np.ndarray:
    """A colour ramp float64 (steps, 4) through given places.

    Parameters
    ----------
    colours : sequence of (place, colour, opacity)
        Places from 0 to 1 in ascending order; two at the same place make an edge.
    """
    places = np.array([place for place, _, _ in colours])
    stops = np.array([(*rgb(colour), opacity) for _, colour, opacity in colours])
    # premultiplied while blending, so that a transparent stop does not tint
    stops[:, :3] *= stops[:, 3:]
    at = np.linspace(0, 1, steps)
    ramp = np.column_stack([np.interp(at, places, stops[:, c]) for c in range(4)])
    ramp[:, :3] /= np.maximum(ramp[:, 3:], 1e-9)
    return ramp


def premultiplied(picture: np.ndarray) -> np.ndarray:
    """A picture as float32 (h, w, 4), 0 to 255, colours multiplied by their opacity."""
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if picture.ndim != 3 or picture.shape[2] not in (3, 4):
        raise ValueError(f"a picture must have shape (h, w), (h, w, 3) or (h, w, 4), not {picture.shape}")
    result = np.full((*picture.shape[:2], 4), 255.0, np.float32)
    result[..., : picture.shape[2]] = picture if picture.dtype == np.uint8 else picture * 255.0
    if picture.shape[2] == 4:
        result[..., :3] *= result[..., 3:] / 255.0
    return result
