"""A network of images from its input to its last layer, with every feature map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from manim import VGroup

from engine.layers import Conv2D, Dense
from engine.layers.pooling import Pool2D
from engine.layers.windows import check_pair
from engine.network import Network
from scenes.mobjects.neuron_fields import RANGES
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.still import Still
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

MOST_MAPS = 32  # of a layer that are shown
MOST_STAGES = 9
LARGEST = 1.5  # side of the image, in scene units
SPACE = 0.12  # between feature maps, as a share of their height
STRIP = 0.26  # width of a column of neurons
WIDE = 0.68  # share of the width that pictures take up, at most
NAMES, OPERATORS = 0.8, 0.75  # room below and above
FULL = 0.7  # of the largest activation in the examples: what is shown as bright
LINE = 1.0
FAINT = 0.28  # opacity of a line where there are few


@dataclass(frozen=True)
class StackStage:
    """What one layer gives out, as it is drawn.

    Attributes
    ----------
    layer : int
        The number of the layer, -1 for the input.
    shape : tuple of int
        Of its output.
    shown : list of int
        The feature maps that are drawn, or the neurons.
    boxes : ndarray, (N, 4)
        Of the maps, or of the one strip of neurons.
    """

    layer: int
    shape: tuple[int, ...]
    shown: list[int]
    boxes: np.ndarray

    @property
    def is_maps(self) -> bool:
        return len(self.shape) == 3

    @property
    def name(self) -> str:
        if not self.is_maps:
            return f"{self.shape[0]:,}"
        return f"{self.shape[0]} × {self.shape[1]}"


class LayerStack(VGroup):
    """All feature maps of all layers side by side, from the image on; layers of neurons as strips.

    Layers that only reshape or drop are left out, and where there are too many the ones in the middle.

    Parameters
    ----------
    network : Network
        Of grey images; its layers give out images or rows of neurons.
    image_shape : (int, int)
    examples : array (N, *input_shape)
        They set the scale of brightness of each layer.
    zone : Zone
        Where it fits in, with its names.
    last : (float, float), optional
        From where to where the last strip of neurons reaches up, so that it fits what stands beside it.

    Attributes
    ----------
    stages : list of StackStage
        From the input on.
    """

    def __init__(
        self,
        network: Network,
        image_shape: tuple[int, int],
        examples: np.ndarray,
        zone: Zone,
        last: tuple[float, float] | None = None,
        theme: Theme = DARK,
    ) -> None:
        self.network, self.image_shape, self.theme = network, image_shape, theme
        numbers = shown_layers(network)
        shapes = [(*image_shape, 1), *(network.layer_shapes[k] for k in numbers)]
        sides = [map_sides(shape, shapes[0]) for shape in shapes]
        columns = [columns_of(shape) for shape in shapes]
        tallest = max(
            (-(-min(shape[-1], MOST_MAPS) // c) * (1 + SPACE) - SPACE) * side[0] if len(shape) == 3 else 0.0
            for shape, side, c in zip(shapes[1:], sides[1:], columns[1:], strict=True)
        )
        room = zone.height - NAMES - OPERATORS
        # as large as the zone allows: the highest column, and all widths with as much space between them
        total = sum(
            (c * (1 + SPACE) - SPACE) * side[1] if len(shape) == 3 else 0.0
            for shape, side, c in zip(shapes, sides, columns, strict=True)
        )
        unit = min(LARGEST, room / max(tallest, 1e-9), WIDE * (zone.width - LARGEST) / max(total, 1e-9))
        middle = (zone.bottom + NAMES + zone.top - OPERATORS) / 2
        widths = [
            (c * (1 + SPACE) - SPACE) * side[1] * unit if len(shape) == 3 else STRIP
            for shape, side, c in zip(shapes, sides, columns, strict=True)
        ]
        widths[0] = sides[0][1] * LARGEST
        gap = (zone.width - sum(widths)) / max(len(widths) - 1, 1)
        self.stages: list[StackStage] = []
        x = zone.left
        for number, shape, side, width in zip([-1, *numbers], shapes, sides, widths, strict=True):
            scale = LARGEST if number < 0 else unit
            if len(shape) == 3:
                shown = list(range(min(shape[2], MOST_MAPS)))
                boxes = map_boxes(len(shown), columns_of(shape), x, middle, side[0] * scale, side[1] * scale)
            else:
                shown = list(range(shape[0]))
                height = room * min(1.0, 0.35 + 0.65 * np.sqrt(shape[0] / max(s[0] for s in shapes if len(s) == 1)))
                ends = (middle - height / 2, middle + height / 2)
                if last is not None and number == numbers[-1]:
                    ends = last
                boxes = np.array([[x, x + width, *ends]])
            self.stages.append(StackStage(number, shape, shown, boxes))
            x += width + gap
        self.ranges = self._ranges(examples)
        ramp = brightness_ramp(theme)
        self.tiles = [
            Tiles(np.full((len(stage.boxes), *self._cells(stage)), low), stage.boxes, ramp, low, high)
            for stage, (low, high) in zip(self.stages, self.ranges, strict=True)
        ]
        every = np.concatenate([stage.boxes for stage in self.stages])
        self.frames = Polylines(outlines(every), np.tile([*rgb(theme.muted), 0.7], (len(every), 1)), 1.2)
        self.lines = self._lines()
        self.names = self._names(zone)
        super().__init__(self.lines, *self.tiles, self.frames, *self.names)

    def _cells(self, stage: StackStage) -> tuple[int, int]:
        return (stage.shape[0], stage.shape[1]) if stage.is_maps else (stage.shape[0], 1)

    def _ranges(self, examples: np.ndarray) -> list[tuple[float, float]]:
        """What is dark and what is bright in each stage."""
        outputs = self.network.activations(examples)
        found = [(min(0.0, float(examples.min())), max(float(examples.max()), 1e-9))]
        for stage in self.stages[1:]:
            name = getattr(self.network.layers[stage.layer], "activation", "")
            values = outputs[stage.layer]
            measured = min(0.0, float(values.min()) * FULL), max(float(values.max()) * FULL, 1e-9)
            found.append(RANGES.get(name, measured))
        return found

    def _lines(self) -> Polylines:
        """What takes its input from what: a pooled map from its own, all else from all before."""
        lines: list[np.ndarray] = []
        strengths: list[float] = []
        for before, after in pairwise(self.stages):
            starts, ends = right_middles(before), left_middles(after)
            if isinstance(self._layer(after), Pool2D) and len(starts) == len(ends):
                pairs = np.stack([starts, ends], axis=1)
            else:
                pairs = np.stack([np.repeat(starts, len(ends), axis=0), np.tile(ends, (len(starts), 1))], axis=1)
            lines += list(pairs)
            strengths += [FAINT * min(1.0, np.sqrt(24 / len(pairs)))] * len(pairs)
        colours = np.array([[*rgb(self.theme.muted), strength] for strength in strengths])
        return Polylines(np.array(lines), colours, LINE)

    def _layer(self, stage: StackStage) -> Any:
        return None if stage.layer < 0 else self.network.layers[stage.layer]

    def _names(self, zone: Zone) -> list[Still]:
        """Sizes below, and what is done to get there above."""
        found = []
        muted, text = self.theme.muted, self.theme.text
        top = max(float(stage.boxes[:, 3].max()) for stage in self.stages)
        bottom = min(float(stage.boxes[:, 2].min()) for stage in self.stages)
        for k, stage in enumerate(self.stages):
            x = (stage.boxes[:, 0].min() + stage.boxes[:, 1].max()) / 2
            found.append(written(stage.name, (x, bottom - 0.28), size=TEXT.small, color=text))
            if stage.is_maps and k:
                count = stage.shape[2]
                label = f"{count} {'map' if count == 1 else 'maps'}"
                label = label if len(stage.shown) == count else f"{len(stage.shown)} of {count}"
                found.append(written(label, (x, bottom - 0.6), size=TEXT.small, color=muted))
            if k:
                for number, line in enumerate(operator(self._layer(stage))):
                    found.append(written(line, (x, top + 0.62 - 0.32 * number), size=TEXT.small, color=muted))
        return found

    def values_of(self, example: np.ndarray) -> list[np.ndarray]:
        """What every stage gives out for one example: maps (N, h, w), or a strip (1, n, 1)."""
        outputs = self.network.activations(example[None])
        found = [np.asarray(example, dtype=np.float64).reshape(1, *self.image_shape)]
        for stage in self.stages[1:]:
            values = outputs[stage.layer][0].astype(np.float64)
            if stage.is_maps:
                found.append(values.transpose(2, 0, 1)[stage.shown])
            else:
                found.append(values.reshape(1, -1, 1))
        return found

    def show(
        self, values: Sequence[np.ndarray], reached: float, before: Sequence[np.ndarray] | None = None
    ) -> LayerStack:
        """Show an example that has come as far as stage `reached`; the next one fills from the top.

        Parameters
        ----------
        values : sequence of ndarray
            From `values_of`.
        reached : float
            0 is the input, 1 the first layer that is drawn, and so on.
        before : sequence of ndarray, optional
            Of the example before, which later layers still show; by default they are dark.
        """
        for k, (tiles, new) in enumerate(zip(self.tiles, values, strict=True)):
            shown = np.full(new.shape, tiles.low) if before is None else np.array(before[k], dtype=np.float64)
            rows = int(round(float(np.clip(reached - k + 1, 0.0, 1.0)) * new.shape[1]))
            shown[:, :rows] = new[:, :rows]
            tiles.set_values(shown)
        return self


def shown_layers(network: Network) -> list[int]:
    """The numbers of the layers that are drawn: those that compute something, at most so many, the last always."""
    found = [
        k for k, (layer, shape) in enumerate(zip(network.layers, network.layer_shapes, strict=True))
        if isinstance(layer, (Conv2D, Pool2D, Dense)) or (len(shape) == 3 and not _only_passes(network, k))
    ]  # fmt: skip
    if len(found) <= MOST_STAGES - 1:
        return found
    return [*found[: MOST_STAGES - 4], *found[-3:]]


def _only_passes(network: Network, layer: int) -> bool:
    """Whether a layer hands on its input as it is, or only in another shape."""
    return network.layers[layer].name in ("reshape", "flatten", "dropout", "batch_norm", "activation")


def map_sides(shape: tuple[int, ...], first: tuple[int, ...]) -> tuple[float, float]:
    """Height and width of a feature map, by those of the image: smaller ones shrink less than they are."""
    if len(shape) != 3:
        return 0.0, 0.0
    longest = max(first[0], first[1])
    shrunk = (max(shape[0], shape[1]) / longest) ** 0.5
    return shrunk * shape[0] / max(shape[0], shape[1]), shrunk * shape[1] / max(shape[0], shape[1])


def columns_of(shape: tuple[int, ...]) -> int:
    """In how many columns feature maps of a shape are drawn: about twice as high as wide."""
    return int(np.ceil(np.sqrt(min(shape[-1], MOST_MAPS) / 2))) if len(shape) == 3 else 1


def map_boxes(count: int, columns: int, left: float, middle: float, height: float, width: float) -> np.ndarray:
    """Boxes (count, 4) of feature maps in columns, from a left edge on."""
    in_column = -(-count // columns)
    down, across = height * (1 + SPACE), width * (1 + SPACE)
    column, row = np.divmod(np.arange(count), in_column)
    x, top = left + across * column, middle + (in_column * down - height * SPACE) / 2 - down * row
    return np.column_stack([x, x + width, top - height, top])


def right_middles(stage: StackStage) -> np.ndarray:
    """Where lines leave a stage: the middles of the right edges of its maps, (N, 2)."""
    return np.column_stack([stage.boxes[:, 1], stage.boxes[:, 2:].mean(axis=1)])


def left_middles(stage: StackStage) -> np.ndarray:
    """Where lines arrive at a stage, (N, 2); a strip of neurons takes them along its whole length."""
    if stage.is_maps:
        return np.column_stack([stage.boxes[:, 0], stage.boxes[:, 2:].mean(axis=1)])
    left, _, bottom, top = stage.boxes[0]
    heights = np.linspace(top, bottom, 7)
    return np.column_stack([np.full(len(heights), left), heights])


def operator(layer: Any) -> tuple[str, ...]:
    """What a layer does, in two short lines."""
    if isinstance(layer, Conv2D):
        size = check_pair(layer, "kernel_size", layer.kernel_size)
        return "filters", f"{size[0]} × {size[1]}"
    if isinstance(layer, Pool2D):
        size = check_pair(layer, "pool_size", layer.pool_size)
        return "pooling", f"{size[0]} × {size[1]}"
    return (layer.name.replace("_", " ").replace("2d", ""),)
