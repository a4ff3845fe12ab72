"""Which part of an image a unit of a layer sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError
from engine.layers import Activation, BatchNorm, Conv2D, Dropout, Layer, Reshape, Residual, Shape, UpSample2D
from engine.layers.pooling import Pool2D
from engine.layers.windows import check_pair, windows
from engine.network import Network

Place = Callable[[int], int]  # from a row or column of a layer's output to one of the image


class Box(NamedTuple):
    """A part of an image: rows from `top` up to, not including, `bottom`, and columns from `left` up to `right`.

    It may reach beyond the image, where a layer sees the zeros that it puts around.
    """

    top: int
    bottom: int
    left: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    def cut(self, image: NDArray[Any]) -> NDArray[Any]:
        """This part of an image (H, W) or (H, W, channels), with zeros where it reaches beyond."""
        found = np.zeros((*self.shape, *image.shape[2:]), image.dtype)
        top, left = max(self.top, 0), max(self.left, 0)
        inside = image[top : max(self.bottom, top), left : max(self.right, left)]
        rows, columns = inside.shape[:2]
        found[top - self.top : top - self.top + rows, left - self.left : left - self.left + columns] = inside
        return found


@dataclass(frozen=True)
class ReceptiveField:
    """What the units of a layer see of an image.

    Attributes
    ----------
    image_shape : (int, int)
        Height and width of the image.
    rows, columns : (callable, callable) or None
        The first and the last row (column) of the image that a row (column) of the layer's output sees; None where
        every unit sees all.
    """

    image_shape: tuple[int, int]
    rows: tuple[Place, Place] | None = None
    columns: tuple[Place, Place] | None = None

    def box(self, place: Sequence[int] = ()) -> Box:
        """What the unit at a row and column of the layer's output sees; without a place, or for a dense layer, all."""
        if self.rows is None or self.columns is None or len(place) < 2:
            return Box(0, self.image_shape[0], 0, self.image_shape[1])
        (first_row, last_row), (first_column, last_column) = self.rows, self.columns
        row, column = int(place[0]), int(place[1])
        return Box(first_row(row), last_row(row) + 1, first_column(column), last_column(column) + 1)


def receptive_field(network: Network, layer: int) -> ReceptiveField:
    """Which part of an image the units of a layer see, through all layers before it.

    Where a layer puts zeros around its input, they are taken to see what values there would see, so that units near
    the edge see parts of the same size as others (the receptive field of Araujo et al., 2019).

    Parameters
    ----------
    network : Network
        Its input is an image (height, width, channels), or reshaped into one before anything else.
    layer : int
        Number of the layer, from 0; negative counts from the end.

    Returns
    -------
    ReceptiveField

    Raises
    ------
    ConfigurationError
        When there is no such layer, or the input is not an image.

    Examples
    --------
    >>> field = receptive_field(net, layer=2)
    >>> field.box((3, 5)).cut(image)  # what decides about row 3 and column 5 of its feature maps
    """
    count = len(network.layers)
    if isinstance(layer, bool) or not isinstance(layer, (int, np.integer)) or not -count <= layer < count:
        raise ConfigurationError(f"layer={layer!r} does not exist: the network has {count}, numbered 0 to {count - 1}")
    shape: Shape = network.input_shape
    field = _start(shape) if len(shape) == 3 else None
    for each in network.layers[: int(layer) % count + 1]:
        if field is None:
            if isinstance(each, Reshape) and len(each.output_shape(shape)) == 3:
                field = _start(each.output_shape(shape))
            elif not isinstance(each, (Dropout, Reshape)):
                break
        else:
            field = _through(field, each, shape)
        shape = each.output_shape(shape)
    if field is None:
        raise ConfigurationError(
            f"the network takes {network.input_shape} and no image: put a Reshape first, such as Reshape((28, 28, 1))"
        )
    return field


def _start(shape: Shape) -> ReceptiveField:
    return ReceptiveField((shape[0], shape[1]), (_same, _same), (_same, _same))


def _same(place: int) -> int:
    return place


def _through(field: ReceptiveField, layer: Layer, shape: Shape) -> ReceptiveField:
    """What the units behind one more layer see; `shape` is that layer's input."""
    if field.rows is None or field.columns is None or isinstance(layer, (Activation, BatchNorm, Dropout)):
        return field
    if isinstance(layer, (Conv2D, Pool2D)):
        size = layer.kernel_size if isinstance(layer, Conv2D) else layer.pool_size
        strides = check_pair(layer, "strides", layer.strides)
        padding = layer.padding if isinstance(layer, Conv2D) else "valid"
        laid = windows(layer, "size", shape, check_pair(layer, "size", size), strides, padding)
        before = laid.dims[11:13]
        ways = [
            (_window(ends[0], strides[k], -before[k]), _window(ends[1], strides[k], laid.size[k] - 1 - before[k]))
            for k, ends in enumerate((field.rows, field.columns))
        ]
        return replace(field, rows=ways[0], columns=ways[1])
    if isinstance(layer, UpSample2D):
        size = check_pair(layer, "size", layer.size)
        ways = [
            (_share(ends[0], size[k]), _share(ends[1], size[k])) for k, ends in enumerate((field.rows, field.columns))
        ]
        return replace(field, rows=ways[0], columns=ways[1])
    if isinstance(layer, Residual) and len(layer.output_shape(shape)) == 3:
        return _round(field, layer, shape)
    return replace(field, rows=None, columns=None)  # all of what comes after sees everything


def _round(field: ReceptiveField, layer: Residual, shape: Shape) -> ReceptiveField:
    """Through the layers of a residual layer, and round them; who sees what either way brings, sees both."""
    inner, now = field, shape
    for each in layer.layers:
        assert isinstance(each, Layer)
        inner, now = _through(inner, each, now), each.output_shape(now)
    if inner.rows is None or inner.columns is None or field.rows is None or field.columns is None:
        return replace(field, rows=None, columns=None)
    strides = [-(-before // after) for before, after in zip(shape[:2], now[:2], strict=True)]
    ways = []
    for stride, own, other in zip(strides, (inner.rows, inner.columns), (field.rows, field.columns), strict=True):
        past = _window(other[0], stride, 0), _window(other[1], stride, 0)
        ways.append((_either(min, own[0], past[0]), _either(max, own[1], past[1])))
    return replace(field, rows=ways[0], columns=ways[1])


def _window(end: Place, stride: int, offset: int) -> Place:
    return lambda place: end(place * stride + offset)


def _share(end: Place, size: int) -> Place:
    return lambda place: end(place // size)


def _either(choose: Callable[[int, int], int], one: Place, other: Place) -> Place:
    return lambda place: choose(one(place), other(place))
