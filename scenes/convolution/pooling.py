"""Pooling: a feature map shrinks to what each small window holds most of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.layers import AvgPool2D, Conv2D, MaxPool2D, Residual
from engine.layers.windows import check_pair
from engine.network import Network
from scenes.convolution.sizes import FIELD, MAP, centred, size
from scenes.convolution.window import ALONG, cell_box
from scenes.mobjects.number_tiles import NumberTiles
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import arranged, outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import written
from scenes.theme import TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.convolution.scene import Convolution

CLOSE = Zone(-1.6, 1.6, 0.0, 2.2)
RESULT = -0.75
STOPS, A_STOP, SECONDS = 4, 0.9, 3.5


class Pooled:
    """A feature map and what a pooling layer makes of it, by the engine's own kernels.

    Attributes
    ----------
    before, after : ndarray, (h, w) float64
    window, strides : (int, int)
    largest : bool
        Whether it takes the largest of a window, else the mean.
    own : bool
        Whether it is the network's own layer; a network without one is shown one of 2 × 2.
    precedes_filters : bool
        Whether filters follow it.
    """

    def __init__(self, network: Network, first: int, number: int, example: np.ndarray) -> None:
        outputs = network.activations(example[None])
        pools = [k for k, layer in enumerate(network.layers) if isinstance(layer, (MaxPool2D, AvgPool2D))]
        at = pools[0] if pools else None
        self.own = at is not None
        following = network.layers[(first if at is None else at) + 1 :]
        self.precedes_filters = any(isinstance(layer, (Conv2D, Residual)) for layer in following)
        source = outputs[first if at is None else at - 1][0]
        channel = number if source.shape[2] == network.layer_shapes[first][2] else int(source.std(axis=(0, 1)).argmax())
        height, width = source.shape[:2]
        layer = MaxPool2D((min(2, height), min(2, width))) if at is None else network.layers[at]
        assert isinstance(layer, (MaxPool2D, AvgPool2D))
        self.largest = isinstance(layer, MaxPool2D)
        self.window = check_pair(layer, "pool_size", layer.pool_size)
        self.strides = check_pair(layer, "strides", layer.strides)
        self.before = source[:, :, channel].astype(np.float64)
        if at is None:
            after = Network([layer], source.shape, dtype=network.dtype).predict(source[None])[0]
        else:
            after = outputs[at][0]
        self.after = after[:, :, channel].astype(np.float64)

    def seen(self, row: int, column: int) -> np.ndarray:
        """What one window sees."""
        top, left = row * self.strides[0], column * self.strides[1]
        return self.before[top : top + self.window[0], left : left + self.window[1]]


def pooling(stage: Convolution) -> None:
    """A few windows with their numbers, then all of them."""
    theme, ramp = stage.theme, brightness_ramp(stage.theme)
    pooled = stage.pooled = Pooled(stage.net, stage.layer, stage.filter_number, stage.example)
    shape, small = pooled.before.shape, pooled.after.shape
    pixel = min(FIELD.width / shape[1], FIELD.height / shape[0])
    map_box, small_box = centred(FIELD, shape, pixel), centred(MAP, small, pixel)
    high = max(float(pooled.before.max()), 1e-9)
    low = min(0.0, float(pooled.before.min()))
    source = Tiles(pooled.before[None], map_box[None], ramp, low, high)
    target = Tiles(np.full((1, *small), low), small_box[None], ramp, low, high)
    frames = Polylines(outlines(np.stack([map_box, small_box])), np.tile([*rgb(theme.muted), 0.8], (2, 1)), 1.5)
    window = Polylines(np.zeros((1, 5, 2)), theme.highlight, 3.0)
    cell = Polylines(np.zeros((1, 5, 2)), theme.highlight, 2.5)
    grid = NumberTiles(pooled.seen(0, 0), arranged(1, CLOSE, pooled.window[1] / pooled.window[0])[0], ramp, low, high,
                       size=TEXT.label, theme=theme)  # fmt: skip
    chosen = Polylines(np.zeros((1, 5, 2)), theme.highlight, 4.0)
    word = "largest" if pooled.largest else "mean"
    result = Readout(word, 0.0, ".2f", -max(high, 8.0), TEXT.readout, theme.text, theme.muted)
    result.move_to([0.0, RESULT, 0.0])
    names = [
        written(f"feature map {size(shape)}", (map_box[:2].mean(), map_box[2] - ALONG), color=theme.muted),
        written(f"pooled {size(small)}", (small_box[:2].mean(), small_box[2] - ALONG), color=theme.muted),
    ]
    last = pooled.after.size - 1
    stops = liveliest_places(pooled, STOPS)

    def go_to(number: int, shown: np.ndarray) -> None:
        row, column = divmod(number, small[1])
        seen = pooled.seen(row, column)
        grid.set_values(seen)
        top, left = row * pooled.strides[0], column * pooled.strides[1]
        window.set_lines(outlines(cell_box(map_box, shape, top, left, pooled.window)[None]))
        cell.set_lines(outlines(cell_box(small_box, small, row, column)[None]))
        best = divmod(int(seen.argmax()), seen.shape[1])
        chosen.set_lines(outlines(cell_box(grid.box, seen.shape, *best)[None]))
        result.set_value(float(pooled.after[row, column]))
        target.set_values(shown[None])

    def only(count: int) -> np.ndarray:
        shown = np.full(pooled.after.size, low)
        shown[stops[:count]] = pooled.after.ravel()[stops[:count]]
        return shown.reshape(small)

    go_to(stops[0], only(1))
    everything = (source, target, frames, window, cell, grid, *([chosen] if pooled.largest else []), result, *names)
    stage.heading("Pooling")
    windows = f"{pooled.window[0]} × {pooled.window[1]}"
    stage.caption(f"Of each window of {windows} pixels,\nmax pooling keeps the largest." if pooled.largest else
                  f"Of each window of {windows} pixels,\naverage pooling keeps the mean.")  # fmt: skip
    stage.fade(*everything)
    stage.wait(TIMING.beat)
    for k in range(1, len(stops)):
        go_to(stops[k], only(k + 1))
        stage.wait(A_STOP)
    stage.caption("What was found is kept;\nexactly where, no longer matters much.")

    def sweep(share: float) -> None:
        number = min(last, int(share * (last + 1)))
        shown = only(len(stops)).ravel()
        shown[: number + 1] = pooled.after.ravel()[: number + 1]
        go_to(number, shown.reshape(small))

    stage.play_clock(SECONDS, sweep, *everything, rate_func=lambda t: t)
    stage.fade(leaving=(window, cell, grid, *([chosen] if pooled.largest else []), result), seconds=TIMING.quick)
    fewer = [
        written(f"{pooled.before.size:,}", (0.0, 0.95), size=TEXT.heading, color=theme.text),
        written("pixels become", (0.0, 0.3), size=TEXT.label, color=theme.muted),
        written(f"{pooled.after.size:,}", (0.0, -0.4), size=64, color=theme.highlight, bold=True),
    ]
    stage.caption("The next layer has fewer pixels to read,\nand its windows see more of the image." if
                  pooled.precedes_filters else "The next layer has fewer pixels to read.")  # fmt: skip
    stage.fade(*fewer)
    stage.read(TIMING.beat)
    stage.leave(source, target, frames, *names, *fewer)


def liveliest_places(pooled: Pooled, count: int) -> list[int]:
    """The numbers of the windows whose values differ most, in reading order."""
    rows, columns = pooled.after.shape
    spread = np.array([np.ptp(pooled.seen(row, column)) for row in range(rows) for column in range(columns)])
    return sorted(int(k) for k in np.argsort(-spread, kind="stable")[:count])
