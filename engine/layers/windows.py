"""Windows that slide over images: how many there are, and where they lie.

Images are channels-last: (height, width, channels). A window reaches `size` places down and right, and moves by
`strides`. The kernels read these sizes from the start of an operation's `dims`, where `Windows.dims` lays them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import ConfigurationError
from engine.jit import inner, part
from engine.layers.base import Layer, Shape
from engine.layers.window_products import HEIGHT, end_table, new_table

Pair = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """Where windows lie on images of one shape.

    Parameters
    ----------
    shape : (int, int, int)
        Height, width and channels of an image.
    size, strides : (int, int)
        How far a window reaches, and how far it moves, down and right.
    same : bool
        False: windows lie where they fit entirely. True: zeros are put around the image so that as many windows fit
        as there are strides in the image, rounded up; where that is not even, there are more zeros after the image
        than before (TensorFlow's convention).
    """

    shape: tuple[int, int, int]
    size: Pair
    strides: Pair
    same: bool = False

    @property
    def counts(self) -> Pair:
        """How many windows lie below each other and side by side."""
        return self._along(0)[0], self._along(1)[0]

    @property
    def dims(self) -> tuple[int, ...]:
        """What the kernels read: shape, size, strides, counts, and the padded height, width and its top and left."""
        (rows, height, top), (columns, width, left) = self._along(0), self._along(1)
        return (*self.shape, *self.size, *self.strides, rows, columns, height, width, top, left)

    def _along(self, axis: int) -> tuple[int, int, int]:
        """Along one axis: the number of windows, the padded length, and how much of the padding comes before."""
        length, size, stride = self.shape[axis], self.size[axis], self.strides[axis]
        if not self.same:
            return (length - size) // stride + 1, length, 0
        count = -(-length // stride)
        padding = max((count - 1) * stride + size - length, 0)
        return count, length + padding, padding // 2


def image_shape(layer: Layer, shape: Shape) -> tuple[int, int, int]:
    """The shape as height, width and channels; ConfigurationError when it is not an image's."""
    if len(shape) != 3:
        raise ConfigurationError(
            f"{layer} takes images (height, width, channels), not the shape {shape}: put a Reshape before it, such as "
            f"Reshape((28, 28, 1))"
        )
    return shape[0], shape[1], shape[2]


def windows(layer: Layer, what: str, shape: Shape, size: Pair, strides: Pair, padding: str = "valid") -> Windows:
    """Lay windows over an image; ConfigurationError, naming the setting `what`, when not one of them fits."""
    height, width, _ = image = image_shape(layer, shape)
    if padding == "valid" and (size[0] > height or size[1] > width):
        raise ConfigurationError(
            f"{layer}: {what}={size[0]}×{size[1]} does not fit on an image of {height}×{width}: make it smaller"
        )
    return Windows(image, size, strides, padding == "same")


def check_pair(layer: Layer, name: str, value: Any) -> Pair:
    """Give a setting that is one whole number, or two for height and width, as two.

    Raises ConfigurationError when it is something else, or below 1.
    """
    pair = tuple(value) if isinstance(value, (list, tuple)) else (value, value)
    if len(pair) != 2 or any(isinstance(size, bool) or not isinstance(size, int) or size < 1 for size in pair):
        raise ConfigurationError(
            f"{layer}: {name}={value!r} must be a whole number of at least 1, or two of them for height and width"
        )
    return pair


# --- kernels ------------------------------------------------------------------------------------------------------


@inner(counts=True)
def padded(dims, x):
    """Room for an image with zeros around it, flat."""
    return np.zeros(dims[9] * dims[10] * dims[2], x.dtype)


@inner(counts=True)
def pad(x, start, dims, image):
    """Copy what begins at x[start] to the middle of a padded image."""
    height, line = dims[0], dims[1] * dims[2]
    padded_width, top, left = dims[10:13]
    for h in range(height):
        source = part(x, start + h * line, line)
        target = part(image, ((h + top) * padded_width + left) * dims[2], line)
        for i in range(line):
            target[i] = source[i]


@inner(counts=True)
def crop(image, dims, x, start):
    """The other way: the part of a padded image that is not padding."""
    height, line = dims[0], dims[1] * dims[2]
    padded_width, top, left = dims[10:13]
    for h in range(height):
        source = part(image, ((h + top) * padded_width + left) * dims[2], line)
        target = part(x, start + h * line, line)
        for i in range(line):
            target[i] = source[i]


@inner(counts=True)
def window_table(dims):
    """Where each window begins in a padded image."""
    channels, down, right, lines, width = dims[2], dims[5], dims[6], dims[7], dims[8]
    table = new_table(lines * width)
    for i in range(lines):
        for j in range(width):
            table[i * width + j] = (i * down * dims[10] + j * right) * channels
    end_table(table, lines * width)
    return table


@inner(counts=True)
def tap_table(dims):
    """Where each tap of a window lies, behind the window's beginning."""
    line, span = dims[10] * dims[2], dims[4] * dims[2]
    table = new_table(dims[3] * span)
    for p in range(dims[3]):
        for t in range(span):
            table[p * span + t] = p * line + t
    end_table(table, dims[3] * span)
    return table


@inner(counts=True)
def tables_by_columns(dims, windows_at):
    """Where windows begin in a padded image, by columns, where in the outputs, and how many entries that makes.

    The windows of a tile lie in different lines then, where none sees what another does. Where there are fewer lines
    than a tile has rows, each column ends with its last window as often as fills one. Columns follow each other so far
    apart that a window does not see what the one before has just written to, which would have to be waited for.
    """
    size_right, right, lines, width = dims[4], dims[6], dims[7], dims[8]
    height, apart, row = max(lines, HEIGHT), (size_right + right - 1) // right, 0
    at, outputs = new_table(width * height), new_table(width * height)
    for start in range(min(apart, width)):
        for j in range(start, width, apart):
            for i in range(height):
                window = min(i, lines - 1) * width + j
                at[row], outputs[row] = windows_at[window], window * dims[13]
                row += 1
    end_table(at, width * height)
    end_table(outputs, width * height)
    return at, outputs, width * height
