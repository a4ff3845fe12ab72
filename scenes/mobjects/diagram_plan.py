"""What a diagram of a network consists of: columns of neurons or feature maps, and the links between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from engine.analysis.anatomy import Part, anatomy
from engine.errors import ConfigurationError
from engine.layers import (
    GRU,
    LSTM,
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Recurrent,
    Reshape,
    Residual,
    UpSample2D,
)
from engine.network import Network

MOST_NEURONS = 16  # of a layer; of larger ones the first and last half as many are shown, with dots between
MOST_MAPS = 8
MOST_PIXELS = 16  # of an image whose pixels are neurons: those whose connections are drawn
# The columns of gated weights that say what would be written, and where they begin, in units.
CANDIDATE: dict[type[Recurrent], int] = {LSTM: 2, GRU: 2}
ACRONYMS = {"SimpleRNN": "recurrent"}


@dataclass
class Column:
    """One layer's neurons or feature maps.

    Attributes
    ----------
    kind : {"neurons", "maps", "pixels"}
        Neurons are discs, feature maps are images; pixels are neurons that stand as an image.
    shape : tuple of int
        Of the values: (n,), (steps, n) or (height, width, channels).
    count : int
        How many neurons or maps there are.
    numbers : list of int
        Which of them are drawn; of pixels, those whose connections are drawn.
    title : str
        What the layer is.
    part : Part or None
        Whose values are shown; None for the input.
    activation : str
        By which the values were made; "" where something came after it, and for the input.
    marks : list of str
        What else is done to the values without a column of its own, such as dropout.
    recurs : bool
        Whether its neurons hear of themselves.
    """

    kind: str
    shape: tuple[int, ...]
    count: int
    numbers: list[int]
    title: str
    part: Part | None = None
    activation: str = ""
    marks: list[str] = field(default_factory=list)
    recurs: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether some are left out, with dots in their place."""
        return self.kind != "pixels" and len(self.numbers) < self.count

    @property
    def rows(self) -> int:
        """How many stand one above the other, dots included."""
        return 1 if self.kind == "pixels" else len(self.numbers) + self.is_cut

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of an image."""
        return int(self.shape[0]), int(self.shape[1])


@dataclass
class Link:
    """What connects a column with the one before it.

    Attributes
    ----------
    kind : {"weights", "kernels", "recurrent", "same", "reshape"}
        The last two have no weights: values are handed on, map by map or one by one.
    name : str
        Of the part whose weights they are.
    pairs : ndarray, int (E, 2)
        For each connection that is drawn, which of the drawn ones before and after it connects.
    """

    kind: str
    name: str
    pairs: np.ndarray

    @property
    def is_weighted(self) -> bool:
        """Whether connections have weights."""
        return self.kind in ("weights", "kernels", "recurrent")


@dataclass
class Plan:
    """Columns from left to right, ``links[k]`` between columns k and k + 1, and the ways round residual blocks.

    Attributes
    ----------
    arcs : list of (int, int)
        The columns where they begin and end.
    """

    columns: list[Column]
    links: list[Link] = field(default_factory=list)
    arcs: list[tuple[int, int]] = field(default_factory=list)


def plan_widths(widths: Sequence[int], most: int = MOST_NEURONS) -> Plan:
    """A plan of fully connected layers of neurons, the input's first."""
    if len(widths) < 2 or any(isinstance(width, bool) or width < 1 for width in widths):
        raise ConfigurationError(f"widths={list(widths)!r} must hold the input's and each layer's neurons, at least 1")
    plan = Plan([_neurons((int(widths[0]),), "input", most)])
    for number, width in enumerate(widths[1:]):
        _append(plan, _neurons((int(width),), "dense", most), "weights", str(number))
    return plan


def plan_network(
    network: Network,
    most: int = MOST_NEURONS,
    inputs: Sequence[int] | None = None,
    image_shape: Sequence[int] | None = None,
) -> Plan:
    """A plan of any network.

    Parameters
    ----------
    network : Network
    most : int
        Neurons of a layer that are drawn.
    inputs : sequence of int, optional
        The numbers of the inputs that are drawn, in ascending order.
    image_shape : sequence of int, optional
        Height and width: inputs and outputs of so many neurons stand as an image.
    """
    parts = anatomy(network)
    image = None if image_shape is None else (int(image_shape[0]), int(image_shape[1]))
    plan = Plan([_first(network.input_shape, parts, most)])
    begins: dict[str, int] = {}  # residual blocks, and the columns before them
    for number, part in enumerate(parts):
        for depth in range(part.depth):
            begins.setdefault(part.name.rsplit(".", part.depth - depth)[0], len(plan.columns) - 1)
        following = parts[number + 1].layer if number + 1 < len(parts) else None
        if isinstance(part.layer, Residual):
            column, begin = plan.columns[-1], begins[part.name]
            column.part, column.activation = part, part.layer.activation
            if begin < len(plan.columns) - 1:
                plan.arcs.append((begin, len(plan.columns) - 1))
        else:
            _add(plan, part, following, most)
    for column in (plan.columns[0], plan.columns[-1]):
        chosen = None if inputs is None else sorted(int(number) for number in inputs)
        if image is not None and column.kind == "neurons" and column.shape == (image[0] * image[1],):
            column.kind, column.shape = "pixels", (*image, 1)
            evenly = np.unique(np.linspace(0, column.count - 1, min(MOST_PIXELS, column.count)).round().astype(int))
            column.numbers = evenly.tolist() if chosen is None else chosen
        elif column is plan.columns[0] and column.kind == "neurons" and chosen is not None:
            column.numbers = chosen if len(chosen) < column.count else column.numbers
    for k, link in enumerate(plan.links):
        link.pairs = _pairs(plan.columns[k], plan.columns[k + 1], link.kind)
    return plan


def _add(plan: Plan, part: Part, following: object, most: int) -> None:
    """Add a column for a layer, or a mark on the last one."""
    layer, shape, last = part.layer, part.output_shape, plan.columns[-1]
    activation = str(getattr(layer, "activation", ""))
    if isinstance(layer, Dense):
        column = _neurons(shape, "dense", most, part, activation)
        _append(plan, column, "weights", part.name)
    elif isinstance(layer, Recurrent):
        title = ACRONYMS.get(type(layer).__name__, type(layer).__name__)
        column = _neurons(shape, title, most, part, "tanh")
        column.recurs = True
        _append(plan, column, "recurrent", part.name)
    elif isinstance(layer, Conv2D):
        _append(plan, _maps(shape, "convolution", part, activation), "kernels", part.name)
    elif isinstance(layer, (MaxPool2D, AvgPool2D, UpSample2D)):
        titles = {MaxPool2D: "max pooling", AvgPool2D: "mean pooling", UpSample2D: "upsampling"}
        _append(plan, _maps(shape, titles[type(layer)], part, last.activation), "same", part.name)
    elif isinstance(layer, (Flatten, Reshape)):
        _reshape(plan, part, following, most)
    else:
        last.part = part
        last.activation = activation if isinstance(layer, (Activation, Dropout)) and activation else last.activation
        if isinstance(layer, BatchNorm):
            last.activation = ""
        last.marks.append(_mark(layer))


def _mark(layer: object) -> str:
    if isinstance(layer, Dropout):
        return f"dropout {layer.rate:.0%}"
    if isinstance(layer, BatchNorm):
        return "batch norm"
    return str(getattr(layer, "activation", type(layer).__name__))


def _reshape(plan: Plan, part: Part, following: object, most: int) -> None:
    """The same values in another shape."""
    last, shape = plan.columns[-1], part.output_shape
    column = _shaped(shape, most, following, part)
    if column.kind == last.kind and column.count == last.count:
        last.part, last.shape = part, column.shape
    elif len(plan.columns) == 1 and column.kind == "maps":
        # data that are images, but come as rows of numbers
        column.title, column.part = "image", part
        plan.columns[0] = column
    else:
        column.title, column.activation = "reshape" if column.kind == "maps" else "flatten", last.activation
        if len(shape) == 1 and column.is_cut:
            # those whose map is drawn, so that it can be seen where they come from
            seen = [k for k in range(column.count) if k % last.shape[-1] in last.numbers]
            column.numbers = [seen[k] for k in ends_of(len(seen), most)]
        _append(plan, column, "reshape", part.name)


def _first(shape: tuple[int, ...], parts: list[Part], most: int) -> Column:
    column = _shaped(shape, most, next((part.layer for part in parts if not isinstance(part.layer, Dropout)), None))
    column.title = "image" if column.kind == "maps" else "input"
    return column


def _shaped(shape: tuple[int, ...], most: int, following: object, part: Part | None = None) -> Column:
    """A column for values of a shape: images are maps, rows of numbers and steps of sequences are neurons."""
    if len(shape) == 3:
        return _maps(shape, "maps", part)
    if len(shape) == 2 and not isinstance(following, Recurrent):
        return _maps((*shape, 1), "maps", part)
    return _neurons(shape if len(shape) < 3 else (prod(shape),), "values", most, part)


def _neurons(
    shape: tuple[int, ...], title: str, most: int, part: Part | None = None, activation: str = ""
) -> Column:  # fmt: skip
    return Column("neurons", shape, shape[-1], ends_of(shape[-1], most), title, part, activation)


def _maps(shape: tuple[int, ...], title: str, part: Part | None = None, activation: str = "") -> Column:
    return Column("maps", shape, shape[-1], ends_of(shape[-1], MOST_MAPS), title, part, activation)


def ends_of(count: int, most: int) -> list[int]:
    """The numbers of those of `count` that are drawn: all, or `most` of them from both ends."""
    if count <= most:
        return list(range(count))
    each = max(most // 2, 1)
    return [*range(each), *range(count - each, count)]


def _append(plan: Plan, column: Column, kind: str, name: str) -> None:
    plan.columns.append(column)
    plan.links.append(Link(kind, name, _pairs(plan.columns[-2], column, kind)))


def _pairs(before: Column, after: Column, kind: str) -> np.ndarray:
    """Which of the drawn ones of two columns are connected, (E, 2)."""
    if kind == "same":
        found = [(before.numbers.index(k), j) for j, k in enumerate(after.numbers) if k in before.numbers]
    elif kind == "reshape":
        found = _carried(before, after)
    else:
        i, j = np.divmod(np.arange(len(before.numbers) * len(after.numbers)), max(len(after.numbers), 1))
        return np.column_stack([i, j])
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _carried(before: Column, after: Column) -> list[tuple[int, int]]:
    """Where values go that get another shape; the last axis runs fastest, in either."""
    if len(after.shape) == 1:
        channels = before.shape[-1]
        return [(before.numbers.index(k % channels), j) for j, k in enumerate(after.numbers)
                if k % channels in before.numbers]  # fmt: skip
    if len(before.shape) == 1:
        channels = after.shape[-1]
        return [(i, after.numbers.index(k % channels)) for i, k in enumerate(before.numbers)
                if k % channels in after.numbers]  # fmt: skip
    return []
