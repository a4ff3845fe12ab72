"""The pieces of images that excite the units of a layer most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, linear

from engine.analysis.excitation import Excitation, most_exciting
from engine.analysis.receptive_field import Box, ReceptiveField, receptive_field
from engine.errors import ConfigurationError
from engine.layers import Conv2D, Dense
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import CENTER, RIGHT, written
from scenes.numbers import ordinal
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.features.scene import Features

IMAGE = Zone(SAFE.left, -3.66, -1.0, 2.0)
GRID = Zone(-1.75, SAFE.right, -2.3, 2.55)
NAMES = 1.45  # room at the left of the grid
ROWS, COLUMNS = 5, 8
A_ROW = 0.8  # seconds
SPACE = 0.1  # between pieces, as a share of their side
MOST_LAYERS = 4
CLASS_ROWS = 4
CLASSES = Zone(SAFE.left, SAFE.right, -2.4, 2.55)
CLASS_NAMES = 0.55  # room above for them


class UnitGrid(VGroup):
    """Pieces of images in rows, one row for each unit.

    Parameters
    ----------
    pieces : array (rows, columns, h, w)
    boxes : array (rows * columns, 4)
    low, high : float
        The numbers of a dark and of a bright pixel.

    Attributes
    ----------
    units : list of int
        Whose rows they are.
    excitation : Excitation
    """

    def __init__(
        self, pieces: np.ndarray, boxes: np.ndarray, low: float, high: float, stage: Features, units: list[int],
        excitation: Excitation,
    ) -> None:  # fmt: skip
        theme = self.theme = stage.theme
        self.units, self.excitation = units, excitation
        self.shape = pieces.shape[:2]
        self.boxes = boxes
        self.tiles = Tiles(pieces.reshape(-1, *pieces.shape[2:]), boxes, brightness_ramp(theme), low, high)
        self.frames = Polylines(outlines(boxes), np.tile([*rgb(theme.muted), 0.6], (len(boxes), 1)), 1.2)
        super().__init__(self.tiles, self.frames)
        self.tints = np.tile([*rgb(theme.muted), 0.6], (len(boxes), 1))
        self.show_rows(float(len(units)))

    def show_rows(self, count: float, chosen: int | None = None) -> UnitGrid:
        """Show so many rows; of a fraction of one, the pieces come in from the left. One piece may be highlighted."""
        rows, columns = self.shape
        k = np.arange(rows * columns)
        strengths = np.clip((count - k // columns) * (columns + 2) / 2 - (k % columns) / 2, 0.0, 1.0)
        self.tiles.strengths = strengths
        colours = self.tints * np.column_stack([np.ones((len(k), 3)), strengths])
        if chosen is not None:
            colours[chosen] = (*rgb(self.theme.highlight), strengths[chosen])
        self.frames.set_colours(colours)
        self.frames.widths = np.where(k == chosen, 3.0, 1.2)
        return self


def units(stage: Features) -> None:
    """Layer by layer: what excites its units most, and how much of the image they see."""
    layers = stage.hidden
    if len(layers) > MOST_LAYERS:
        layers = [*layers[: MOST_LAYERS - 1], layers[-1]]
    stage.grids = []
    for layer in layers:
        stage.sweep()
        show_layer(stage, stage.hidden.index(layer), layer)


def field_of(stage: Features, layer: int) -> ReceptiveField:
    """What the units of a layer see; all of the image where it is only a row of pixels to the network."""
    try:
        return receptive_field(stage.net, layer)
    except ConfigurationError:
        return ReceptiveField(stage.shape)


def covers(field: ReceptiveField) -> bool:
    """Whether the parts that units see are as large as the image, or larger."""
    return all(seen >= size for seen, size in zip(field.box((0, 0)).shape, field.image_shape, strict=True))


def pieces_of(stage: Features, field: ReceptiveField, found: Excitation, chosen: list[int]) -> np.ndarray:
    """The parts of the images that excite some units most, (units, k, h, w)."""
    if covers(field):
        return np.array([stage.images(found.examples[:, unit]) for unit in chosen])
    return np.array([
        [field.box(found.places[k, unit]).cut(stage.images(found.examples[k : k + 1, unit])[0])
         for k in range(len(found.examples))]
        for unit in chosen
    ])  # fmt: skip


def liveliest(found: Excitation, count: int) -> list[int]:
    """The units that something excites most, in their order."""
    return sorted(int(unit) for unit in np.argsort(-found.values[0], kind="stable")[:count])


def show_layer(stage: Features, number: int, layer: int) -> None:
    """One layer: a row for each of some units."""
    theme = stage.theme
    found = most_exciting(stage.net, stage.x, layer, k=min(COLUMNS, len(stage.x)))
    field = field_of(stage, layer)
    chosen = liveliest(found, ROWS)
    pieces = pieces_of(stage, field, found, chosen)
    boxes = grid_boxes(len(chosen), len(found.examples), pieces.shape[2:])
    grid = UnitGrid(pieces, boxes, stage.low, stage.high, stage, chosen, found)
    stage.grids.append(grid)
    noun = "neuron" if isinstance(stage.net.layers[layer], Dense) else "filter"
    names = [
        written(f"{noun} {unit + 1}", (GRID.left + NAMES - 0.2, boxes[k * grid.shape[1], 2:].mean()), RIGHT, TEXT.small,
                theme.muted)
        for k, unit in enumerate(chosen)
    ]  # fmt: skip
    height, width = pieces.shape[2:]
    whole = field.rows is None
    part = "most of the image" if covers(field) else f"{height} × {width} pixels"
    sees = "all pixels" if whole else part
    image = ImagePanel(stage.images(found.examples[:1, chosen[0]])[0], IMAGE, stage.low, stage.high, theme)
    seen = Polylines(np.zeros((1, 5, 2)), theme.highlight, 3.0)
    label = written(f"sees {sees}", (image.box[0, :2].mean(), image.box[0, 2] - 0.35), CENTER, TEXT.label, theme.muted)
    stage.heading(f"The {ordinal(number + 1)} layer’s {noun}s")
    stage.caption(layer_caption(stage, number, layer, whole))
    put_window(seen, image, field.box(found.places[0, chosen[0]]), stage.shape)
    grid.show_rows(0.0)
    stage.fade(image, seen, label, *names, grid, seconds=TIMING.quick)

    def follow(share: float) -> None:
        row = min(int(share * len(chosen)), len(chosen) - 1)
        image.set_image(stage.images(found.examples[:1, chosen[row]])[0])
        put_window(seen, image, field.box(found.places[0, chosen[row]]), stage.shape)
        grid.show_rows(share * len(chosen), row * grid.shape[1])

    stage.play_clock(A_ROW * len(chosen), follow, grid, image, seen, rate_func=linear)
    stage.read(TIMING.slow)
    stage.leave(image, seen, label, *names, grid)


def layer_caption(stage: Features, number: int, layer: int, whole: bool) -> str:
    """What is to be seen of a layer."""
    convolution = isinstance(stage.net.layers[layer], Conv2D)
    if number == 0:
        what = "pieces of images" if convolution and not whole else "images"
        return f"In each row the {what}\nthat excite one unit most."
    if layer == stage.hidden[-1] and number > 1:
        return "Nobody has named what they look for.\nThey respond to patterns, that is all."
    if whole:
        return "A neuron here is connected to everything:\nit can look for whole shapes."
    if number == 1:
        return "The next layer sees more of the image:\nparts, made of the pieces before."
    return "Deeper layers see more and more:\nparts of parts."


def put_window(line: Polylines, image: ImagePanel, box: Box, shape: tuple[int, int]) -> None:
    """Draw the part of the image that a unit sees, as far as it lies on the image."""
    left, right, bottom, top = image.box[0]
    across, down = (right - left) / shape[1], (top - bottom) / shape[0]
    seen = np.array([
        left + across * max(box.left, 0), left + across * min(box.right, shape[1]),
        top - down * min(box.bottom, shape[0]), top - down * max(box.top, 0),
    ])  # fmt: skip
    line.set_lines(outlines(seen[None]))


def grid_boxes(rows: int, columns: int, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes (rows * columns, 4) of pieces of a shape, as large as fit beside the rows' names."""
    aspect = shape[1] / shape[0]
    height = min(
        GRID.height / (rows * (1 + SPACE) - SPACE),
        (GRID.width - NAMES) / (columns * (aspect + SPACE) - SPACE),
    )
    width, space = height * aspect, height * SPACE
    x = GRID.left + NAMES + (width + space) * np.arange(columns)
    y = GRID.center[1] + (rows * (height + space) - space) / 2 - (height + space) * np.arange(rows)
    x, y = (each.ravel() for each in np.meshgrid(x, y))
    return np.column_stack([x, x + width, y - height, y])


def classes(stage: Features) -> None:
    """The outputs: which images each class is surest of."""
    theme, names = stage.theme, stage.recording.data.class_names
    count = len(names)
    logits = stage.net.logits(stage.x)
    scores = np.column_stack([-logits[:, 0], logits[:, 0]]) if logits.shape[1] == 1 else logits
    k = min(CLASS_ROWS, len(stage.x))
    best = np.argsort(-scores, axis=0, kind="stable")[:k]
    found = Excitation(best, np.take_along_axis(scores, best, axis=0), np.zeros((k, count, 0), np.int64))
    pieces = np.array([stage.images(best[row]) for row in range(k)])
    space = CLASSES.width / count
    side = min(space * 0.88, (CLASSES.height - CLASS_NAMES) / (k * (1 + SPACE)), 1.3)
    side_x = min(side, side * stage.shape[1] / stage.shape[0])
    side_y = side_x * stage.shape[0] / stage.shape[1]
    step = min(space, 1.6 * side_x)
    x = step * (np.arange(count) - (count - 1) / 2)
    y = CLASSES.top - CLASS_NAMES - side_y * (1 + SPACE) * (np.arange(k) + 0.5)
    x_all, y_all = (each.ravel() for each in np.meshgrid(x, y))
    boxes = np.column_stack([x_all - side_x / 2, x_all + side_x / 2, y_all - side_y / 2, y_all + side_y / 2])
    grid = stage.class_grid = UnitGrid(pieces, boxes, stage.low, stage.high, stage, list(range(k)), found)
    labels = [
        written(name, (at, CLASSES.top - 0.22), CENTER, TEXT.label, theme.text, widest=0.95 * step)
        for name, at in zip(names, x, strict=True)
    ]
    stage.heading("The outputs")
    stage.caption(f"The last layer has a unit for each class.\nOf {len(stage.x):,} images, these excite it most.")
    grid.show_rows(0.0)
    stage.fade(*labels)
    stage.play_clock(TIMING.slow, lambda share: grid.show_rows(k * share), grid, rate_func=linear)
    stage.read(TIMING.slow)
    stage.leave(grid, *labels)
