"""How large a feature map is: padding and strides, with the arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VMobject

from scenes.convolution.filtering import Filtering
from scenes.convolution.window import ALONG, cell_box
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import Rectangles, outlines
from scenes.mobjects.still import Still
from scenes.mobjects.text import Formula
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.convolution.scene import Convolution

FIELD, MAP = Zone(SAFE.left, -2.7, -1.75, 2.25), Zone(2.7, SAFE.right, -1.75, 2.25)
TABLE = Zone(-1.6, 1.6, -1.75, 0.55)
FORMULA = 1.45
FIRST_ROW = 0.45  # share of the time that the window takes for its first row
SECONDS = 3.2


class SizePicture:
    """An image with zeros around it, the window, and the map, all with pixels of one size.

    Parameters
    ----------
    stage : Convolution
    filtering : Filtering
    pixel : float
        Side of a pixel, in scene units.
    """

    def __init__(self, stage: Convolution, filtering: Filtering, pixel: float) -> None:
        theme, ramp = stage.theme, brightness_ramp(stage.theme)
        self.filtering, self.pixel = filtering, pixel
        image = filtering.image.shape
        self.image_box = centred(FIELD, image, pixel)
        left, _, _, top = self.image_box
        self.field_box = np.array([
            left - pixel * filtering.before[1], left + pixel * (filtering.padded.shape[1] - filtering.before[1]),
            top + pixel * (filtering.before[0] - filtering.padded.shape[0]), top + pixel * filtering.before[0],
        ])  # fmt: skip
        self.map_box = centred(MAP, filtering.shape, pixel)
        tint = np.array([[*rgb(theme.faint), 0.4]])
        self.zeros = Rectangles(self.field_box[None], tint)
        self.image = Tiles(filtering.image[None], self.image_box[None], ramp, stage.low, stage.high)
        lines = [self.image_box, self.field_box]
        tints = np.array([[*rgb(theme.muted), 0.8], [*rgb(theme.muted), 0.8 if any(filtering.before) else 0.0]])
        self.frames = Polylines(outlines(np.array(lines)), tints, 1.5)
        self.map = Tiles(np.full((1, *filtering.shape), stage.bright[0]), self.map_box[None], ramp, *stage.bright)
        self.map_frame = Polylines(outlines(self.map_box[None]), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        self.window = Polylines(np.zeros((1, 5, 2)), theme.highlight, 3.0)
        self.cell = Polylines(np.zeros((1, 5, 2)), theme.highlight, 2.5)
        self.set_count(1)

    def set_count(self, count: int) -> None:
        """Show the first `count` windows' results, and the last of these windows."""
        filtering = self.filtering
        row, column = filtering.place(count - 1)
        self.window.set_lines(outlines(filtering.box(row, column, self.image_box)[None]))
        self.cell.set_lines(outlines(cell_box(self.map_box, filtering.shape, row, column)[None]))
        shown = np.full(filtering.results.size, self.map.low)
        shown[:count] = filtering.results.ravel()[:count]
        self.map.set_values(shown.reshape(1, *filtering.shape))

    @property
    def parts(self) -> list[VMobject]:
        """All that is drawn, from behind to the front."""
        zeros = [self.zeros] if any(self.filtering.before) else []
        return [*zeros, self.image, self.frames, self.map, self.map_frame, self.window, self.cell]


def centred(zone: Zone, shape: tuple[int, ...], pixel: float) -> np.ndarray:
    """The box (4,) of a picture in the middle of a zone."""
    x, y = zone.center[:2]
    return np.array([
        x - pixel * shape[1] / 2, x + pixel * shape[1] / 2, y - pixel * shape[0] / 2, y + pixel * shape[0] / 2,
    ])  # fmt: skip


def sizes(stage: Convolution) -> None:
    """The same filter without zeros around the image, with them, and in larger steps."""
    own = stage.filtering
    image, kernel = own.image.shape, own.weight.shape
    stage.size_filterings = [
        Filtering(own.image, own.weight, own.bias, strides, padding, own.activation)
        for padding, strides in (("valid", (1, 1)), ("same", (1, 1)), ("valid", (2, 2)))
    ]
    widest = max(each.padded.shape[1] for each in stage.size_filterings)
    highest = max(each.padded.shape[0] for each in stage.size_filterings)
    pixel = min(FIELD.width / widest, FIELD.height / highest)
    n, k = image[1], kernel[1]
    places = [each.shape[1] for each in stage.size_filterings]
    said = [
        f"A window of {k} fits into {n} pixels\nat {places[0]} places: the map is smaller.",
        f"With zeros around the image\nthe map stays at {places[1]}.",
        f"In steps of two it takes every other\nplace: {places[2]} of them remain.",
    ]
    stage.heading("How large the map is")
    for filtering, text in zip(stage.size_filterings, said, strict=True):
        stage.sweep()
        show_size(stage, SizePicture(stage, filtering, pixel), text)


def show_size(stage: Convolution, picture: SizePicture, text: str) -> None:
    """One setting: the window passes, the map fills, the sizes are worked out."""
    filtering, muted = picture.filtering, stage.theme.muted
    names = [
        written(
            f"image {size(filtering.image.shape)}",
            (picture.image_box[:2].mean(), picture.field_box[2] - ALONG),
            color=muted,
        ),
        written(f"map {size(filtering.shape)}", (picture.map_box[:2].mean(), picture.map_box[2] - ALONG), color=muted),
    ]
    table = size_table(stage, filtering)
    stage.caption(text)
    stage.fade(*picture.parts, *names, *table, seconds=TIMING.quick)
    total, columns = filtering.results.size, filtering.shape[1]

    def sweep(share: float) -> None:
        if share < FIRST_ROW:
            count = share / FIRST_ROW * columns
        else:
            count = columns + (share - FIRST_ROW) / (1 - FIRST_ROW) * (total - columns)
        picture.set_count(min(total, int(count) + 1))

    stage.play_clock(SECONDS, sweep, *picture.parts, rate_func=lambda t: t)
    stage.read(TIMING.beat)
    stage.leave(*picture.parts, *names, *table)


def size(shape: tuple[int, ...]) -> str:
    """Rows and columns."""
    return f"{shape[0]} × {shape[1]}"


def size_table(stage: Convolution, filtering: Filtering) -> list[Still]:
    """The arithmetic of the width: a formula in numbers, and what they are."""
    theme = stage.theme
    pixels, kernel, stride = filtering.image.shape[1], filtering.weight.shape[1], filtering.strides[1]
    zeros, places = filtering.padded.shape[1] - pixels, filtering.shape[1]
    inner = f"{pixels} + {zeros} - {kernel}" if zeros else f"{pixels} - {kernel}"
    steps = inner if stride == 1 else f"floor(({inner}) / {stride})"
    formula = Formula(f"{steps} + 1 = {{{{ {places} : result }}}}", size=TEXT.heading, color=theme.text)
    formula.select("result").set_color(theme.highlight)
    formula.move_to([0.0, FORMULA, 0.0])
    rows = [("pixels", pixels), ("zeros, both sides", zeros), ("window", kernel), ("stride", stride)]
    rows.append(("places", places))
    height = TABLE.height / len(rows)
    found = [Still(formula)]
    for number, (name, value) in enumerate(rows):
        y = TABLE.top - height * (number + 0.5)
        last = number == len(rows) - 1
        found.append(written(name, (TABLE.left, y), LEFT, TEXT.label, theme.muted))
        found.append(written(str(value), (TABLE.right, y), RIGHT, TEXT.label, theme.highlight if last else theme.text))
    own = stage.filtering
    if (own.padding, own.strides) == (filtering.padding, filtering.strides):
        found.append(written("as in this network", (0.0, 2.15), size=TEXT.small, color=theme.muted))
    return found
