"""An image passes through the layers to two numbers, and is rebuilt from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.code.autoencoder import DEEP, Autoencoder
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import CENTER, written
from scenes.theme import TEXT, TIMING, Zone

if TYPE_CHECKING:
    from scenes.code.scene import Code

INPUT, OUTPUT = Zone(-6.6, -3.6, -1.25, 1.75), Zone(3.6, 6.6, -1.25, 1.75)
LAYERS = Zone(-2.9, 2.9, -1.25, 1.75)
POWER = 0.2  # of a layer's height by its number of units
STRIP = 0.34
MIDDLE = (LAYERS.bottom + LAYERS.top) / 2


class Funnel:
    """The layers as strips, as high as they have units, with what an image makes of them, and the code as numbers.

    Parameters
    ----------
    stage : Code
    autoencoder : Autoencoder
    examples : sequence of int
        The images that will be shown; each layer has one scale for all of them.
    """

    def __init__(self, stage: Code, autoencoder: Autoencoder, examples: list[int]) -> None:
        theme = stage.theme
        self.autoencoder = autoencoder
        layers = autoencoder.recording.network_config["layers"][:-1]
        self.values = [
            np.asarray(v, dtype=np.float64) for v in autoencoder.network.activations(autoencoder.x[examples])
        ]
        widths = [autoencoder.x.shape[1], *(layer["units"] for layer in layers), autoencoder.x.shape[1]]
        columns = np.linspace(LAYERS.left, LAYERS.right, len(layers))
        heights = LAYERS.height * (np.array(widths) / max(widths)) ** POWER
        self.strips: list[Tiles] = []
        self.boxes: list[np.ndarray] = []
        names = []
        for k, x in enumerate(columns):
            half = heights[k + 1] / 2
            box = np.array([x - STRIP / 2, x + STRIP / 2, MIDDLE - half, MIDDLE + half])
            self.boxes.append(box)
            if k == autoencoder.layer:
                names.append(written(f"{widths[k + 1]:,}", (x, MIDDLE - 1.0), CENTER, TEXT.small, theme.muted))
                continue
            largest = max(float(np.abs(self.values[k]).max()), 1e-9)
            low = -largest if self.values[k].min() < 0 else 0.0
            ramp = brightness_ramp(theme)
            self.strips.append(Tiles(self.values[k][:1, :, None], box[None], ramp, low, largest, opacity=0.0))
            names.append(written(f"{widths[k + 1]:,}", (x, MIDDLE - half - 0.24), CENTER, TEXT.small, theme.muted))
        self.frames = Polylines(
            outlines(np.array([box for k, box in enumerate(self.boxes) if k != autoencoder.layer])), theme.faint, 1.5
        )
        largest_code = np.abs(self.values[autoencoder.layer]).max()
        x = columns[autoencoder.layer]
        self.code = [Readout("", 0.0, ".2f", -float(largest_code), TEXT.heading, theme.highlight) for _ in range(2)]
        for readout, y in zip(self.code, (MIDDLE + 0.35, MIDDLE - 0.35), strict=True):
            readout.move_to([x + 0.42, y, 0], aligned_edge=np.array([1, 0, 0]))
        left, right = INPUT.right + 0.1, OUTPUT.left - 0.1
        ends = [np.array([left, left, INPUT.bottom, INPUT.top]), *self.boxes,
                np.array([right, right, OUTPUT.bottom, OUTPUT.top])]  # fmt: skip
        ends[autoencoder.layer + 1] = np.array([x - 0.65, x + 0.75, MIDDLE - 0.7, MIDDLE + 0.7])
        rails = []
        for a, b in zip(ends, ends[1:], strict=False):
            rails += [np.array([[a[1] + 0.05, a[side]], [b[0] - 0.05, b[side]]]) for side in (2, 3)]
        self.rails = Polylines(rails, theme.faint, 1.5)
        self.names = names

    def show(self, k: int, reached: float) -> None:
        """Show example number k when it has come so far: 0 is the image, 1 the first layer, and so on."""
        strips = iter(self.strips)
        for layer, values in enumerate(self.values[:-1]):
            there = float(np.clip(reached - layer, 0.0, 1.0))
            if layer == self.autoencoder.layer:
                for number, readout in zip(values[k], self.code, strict=True):
                    readout.set_value(float(number)).set_opacity(there)
            else:
                next(strips).set_values(values[k][None, :, None]).set_opacity(there)


def play(stage: Code) -> None:
    """One image slowly, then one of each kind."""
    autoencoder = stage.choose(DEEP)
    theme, shape = stage.theme, autoencoder.shape
    examples = autoencoder.examples()
    funnel = Funnel(stage, autoencoder, examples)
    images = autoencoder.x[examples].reshape(-1, *shape)
    rebuilt = autoencoder.network.predict(autoencoder.x[examples]).reshape(-1, *shape)
    first = ImagePanel(images[0], INPUT, autoencoder.low, autoencoder.high, theme)
    last = ImagePanel(rebuilt[0], OUTPUT, autoencoder.low, autoencoder.high, theme)
    last.picture.set_opacity(0.0)
    size = f"{shape[0]} × {shape[1]} pixels"
    names = [written(text, (panel.box[0, :2].mean(), panel.box[0, 2] - 0.3), CENTER, TEXT.small, theme.muted)
             for text, panel in ((size, first), ("rebuilt", last))]  # fmt: skip
    pixels, deepest = images[0].size, len(funnel.values) - 1
    stage.heading("An autoencoder")
    stage.caption(f"An image is {pixels:,} numbers.")
    stage.fade(first, names[0])
    stage.read(TIMING.beat)
    stage.caption("Here it has to pass through two numbers:\nthe code.")
    parts = (*funnel.strips, *funnel.code)

    def come(start: float, end: float, share: float) -> None:
        reached = start + share * (end - start)
        funnel.show(0, reached)
        last.picture.set_opacity(float(np.clip(reached - deepest, 0.0, 1.0)))

    funnel.show(0, 0.0)
    stage.fade(funnel.frames, funnel.rails, *funnel.names, last.frame, names[1])
    middle = autoencoder.layer + 1.0
    stage.play_clock(TIMING.slow, lambda share: come(0.0, middle, share), *parts)
    stage.read(TIMING.beat)
    stage.caption("From these two, the rest of the network\nhas to rebuild the image.")
    stage.play_clock(TIMING.slow, lambda share: come(middle, deepest + 1.0, share), *parts, last.picture)
    stage.read(TIMING.hold)
    stage.caption("Some images that come back well." if autoencoder.labels is None
                  else "One image of each kind:\nthe one that comes back best.")  # fmt: skip
    for k in range(1, len(examples)):

        def change(share: float, k: int = k) -> None:
            """Blend from the image before to this one."""
            first.set_image((1 - share) * images[k - 1] + share * images[k])
            funnel.show(k - 1 if share < 0.5 else k, float(len(funnel.values)))
            last.set_image((1 - share) * rebuilt[k - 1] + share * rebuilt[k])

        stage.play_clock(TIMING.quick, change, first, last, *parts)
        stage.read(TIMING.beat / 2)
    which = "that it never saw" if autoencoder.held_out else "that it learned from"
    stage.caption(f"Over {len(autoencoder.x):,} images {which},\nits mean squared error is {autoencoder.error():.4f}.")
    stage.read(TIMING.slow + TIMING.beat)
