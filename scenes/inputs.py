"""Scene `inputs`: almost anything can be told in numbers, and an input neuron holds one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear

from scenes.images import edges, image_fault
from scenes.mobjects.illustration import IllustrationMark
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import Rectangles, outlines
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.mobjects.writing import CENTER, LEFT, written
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording

ROWS = (2.05, 0.9, -0.25, -1.55)  # middles, from the top
THINGS = Zone(SAFE.left + 0.3, -0.6, -2.25, 2.5)
TOLD, NEURON, NUMBER = -0.9, 4.2, 5.35  # x of words, of the neuron, and of the right edge of its number
WIRE = (2.3, NEURON - 0.5)
RADIUS = 0.32
PIXELS = Zone(THINGS.left, THINGS.left + 1.5, ROWS[3] - 0.75, ROWS[3] + 0.75)
SECONDS = 1.8  # for a row
FEW = 20  # images from which one is chosen
GREY = 0.6  # how bright the pixel is that is looked at, as far as there is such a one

# What is no data: grams of sugar in a hundred, a sound, and a sentence.
CUBES, SUGAR = 9, 27
CUBE, CUBE_GAP = 0.36, 0.12
WORD, WORDS = "the", ("the", "cat", "saw", "the", "dog", "and", "the", "bird")
SPACE = 0.14  # between words
MOMENT, LOUD = 0.7, 0.45  # where in the sound one listens, and half the height of the loudest


def loudness(moment: np.ndarray | float) -> np.ndarray:
    """How loud the sound is, as a share of the loudest there could be, at a share of its time."""
    return np.asarray(np.exp(-(((np.asarray(moment) - 0.55) / 0.2) ** 2)) * 0.8 + 0.1)


class Inputs(Stage):
    """Sugar, a sound, a word and a pixel become numbers, each in an input neuron; the pixel is the recording's.

    Options: none.
    """

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        return image_fault("inputs", recording)

    def construct(self) -> None:
        self.build()
        self.begin()
        self.sugar()
        self.sound()
        self.words()
        self.pixel()
        self.whole_image()

    def build(self) -> None:
        """Choose the image and its pixel, and make the neurons."""
        data, theme = self.recording.data, self.theme
        assert data.image_shape is not None
        self.shape = height, width = data.image_shape[:2]
        x = data.x[:FEW].reshape(-1, height, width)
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())
        self.number = int(edges(x).argmax())
        self.image = x[self.number].astype(np.float64)
        self.shares = (self.image - self.low) / (self.high - self.low)
        self.place = divmod(int(np.abs(self.shares - GREY).argmin()), width)
        self.values = np.array([
            SUGAR / 100, float(loudness(MOMENT)), WORDS.count(WORD) / len(WORDS), self.shares[self.place]
        ])  # fmt: skip
        places = np.array([(NEURON, y) for y in ROWS])
        self.rims = PointCloud(places, theme.muted, RADIUS)
        self.neurons = PointCloud(places, theme.background, RADIUS - 0.03)
        self.held = np.zeros(len(ROWS))
        self.readouts = [Readout("", 0.0, ".2f", 0.99, TEXT.readout, theme.text) for _ in ROWS]
        for readout, y in zip(self.readouts, ROWS, strict=True):
            readout.move_to([NUMBER, y + 0.02, 0], aligned_edge=np.array([1, 0, 0]))

    def hold(self, row: int, share: float) -> None:
        """A share of a row's value has come into its neuron."""
        ground, bright = np.array(rgb(self.theme.background)), np.array(rgb(self.theme.activation))
        self.held[row] = self.values[row] * share
        self.neurons.set_colours(ground + (bright - ground) * self.held[:, None])
        self.readouts[row].set_value(float(self.held[row]))

    def told(self, text: str, row: int) -> Still:
        """What is measured, in words."""
        return written(text, (TOLD, ROWS[row]), LEFT, TEXT.label, self.theme.muted)

    def begin(self) -> None:
        """The neurons, which hold nothing yet."""
        name = written("input neurons", (NEURON, ROWS[0] + 0.62), CENTER, TEXT.small, self.theme.muted)
        self.mark = IllustrationMark(theme=self.theme)
        self.heading("Anything can be numbers")
        self.caption("A network takes in numbers. Almost\nanything can be told in numbers:")
        self.fade(self.mark, self.rims, self.neurons, name)
        self.read(TIMING.beat)

    def come(self, row: int, words: str, *things: Mobject) -> None:
        """A thing and its words appear."""
        wire = Polylines(np.array([[[x, ROWS[row]] for x in WIRE]]), self.theme.faint, 2.0)
        self.fade(*things, self.told(words, row), wire, self.readouts[row], seconds=TIMING.quick)

    def sugar(self) -> None:
        """Cubes of three grams."""
        x = THINGS.left + (CUBE + CUBE_GAP) * np.arange(CUBES)
        y = np.full(CUBES, ROWS[0])
        boxes = np.column_stack([x, x + CUBE, y - CUBE / 2, y + CUBE / 2])
        colours = np.tile([*rgb(self.theme.text), 0.0], (CUBES, 1))
        cubes, frames = Rectangles(boxes, colours), Polylines(outlines(boxes), self.theme.faint, 1.5)
        self.caption("grams of sugar,")
        self.come(0, f"{SUGAR} g in 100 g", frames, cubes)

        def count(share: float) -> None:
            colours[:, 3] = 0.85 * np.clip(CUBES * share - np.arange(CUBES), 0.0, 1.0)
            cubes.set_colours(colours)
            self.hold(0, share)

        self.play_clock(SECONDS, count, cubes, self.neurons, self.readouts[0])

    def sound(self) -> None:
        """A sound, and a moment of it."""
        share = np.linspace(0.0, 1.0, 400)
        x = THINGS.left + 4.2 * share
        wave = np.column_stack([x, ROWS[1] + LOUD * loudness(share) * np.sin(2 * np.pi * 28 * share)])
        line = Polylines(wave[None], self.theme.grid[0], 2.0)
        listening = Polylines(np.zeros((1, 2, 2)), self.theme.highlight, 3.0)

        def listen(part: float) -> None:
            at = THINGS.left + 4.2 * MOMENT * part
            up = LOUD * float(loudness(MOMENT * part))
            listening.set_lines(np.array([[[at, ROWS[1] - up], [at, ROWS[1] + up]]]))
            self.hold(1, float(loudness(MOMENT * part)) / self.values[1])

        self.caption("the loudness of a moment,")
        listening.set_lines(np.array([[[THINGS.left, ROWS[1] - 0.05], [THINGS.left, ROWS[1] + 0.05]]]))
        self.come(1, f"{loudness(MOMENT):.0%} of the loudest", line, listening)
        self.play_clock(SECONDS, listen, listening, self.neurons, self.readouts[1])

    def words(self) -> None:
        """A sentence, and how often a word occurs in it."""
        theme = self.theme
        x, shown, plain, lit = THINGS.left, [], [], []
        for word in WORDS:
            text = written(word, (x, ROWS[2]), LEFT, TEXT.label, theme.text)
            if word == WORD:
                plain.append(text)
                lit.append(written(word, (x, ROWS[2]), LEFT, TEXT.label, theme.highlight))
                lit[-1].set_opacity(0.0)
            shown.append(text)
            x += Label(word, size=TEXT.label).width + SPACE
        self.caption("how often a word occurs,")
        self.come(2, f"“{WORD}”: {len(lit)} of {len(WORDS)} words", *shown)
        self.add(*lit)

        def count(share: float) -> None:
            for k, (before, after) in enumerate(zip(plain, lit, strict=True)):
                found = float(np.clip(len(lit) * share - k, 0.0, 1.0))
                before.set_opacity(1 - found)
                after.set_opacity(found)
            self.hold(2, share)

        self.play_clock(SECONDS, count, *plain, *lit, self.neurons, self.readouts[2])
        self.remove(*plain)

    def pixel(self) -> None:
        """One pixel of an image of the recording."""
        self.panel = ImagePanel(self.image, PIXELS, self.low, self.high, self.theme)
        left, right, bottom, top = self.panel.box[0]
        row, column = self.place
        across, down = (right - left) / self.shape[1], (top - bottom) / self.shape[0]
        own = np.array([left + across * column, left + across * (column + 1), top - down * (row + 1), top - down * row])
        self.own, whole = own, self.panel.box[0]
        self.box = Polylines(outlines(whole[None]), self.theme.highlight, 3.0)
        self.caption(f"and how {self.theme.bright} a pixel is.")
        self.come(3, f"column {column + 1}, row {row + 1}", self.panel, self.box)

        def narrow(share: float) -> None:
            self.box.set_lines(outlines((whole + (own - whole) * min(1.0, 1.5 * share))[None]))
            self.hold(3, max(0.0, 3 * share - 2))

        self.play_clock(SECONDS, narrow, self.box, self.neurons, self.readouts[3])
        self.read(TIMING.beat)

    def whole_image(self) -> None:
        """Each is a feature; an image is as many as it has pixels."""
        self.caption("Each such number is a feature,\nand an input neuron holds one feature.")

        def pulse(share: float) -> None:
            wide = np.clip(1 - np.abs(6 * share - 1 - np.arange(len(ROWS))), 0.0, 1.0)
            self.rims.radius[:] = RADIUS + 0.09 * wide

        self.play_clock(2 * TIMING.slow, pulse, self.rims, rate_func=linear)
        self.read(TIMING.quick)
        count = self.shape[0] * self.shape[1]
        self.caption(f"An image of {self.shape[1]} × {self.shape[0]} pixels\nis {count:,} features.")
        own, whole = self.own, self.panel.box[0]
        self.play_clock(
            TIMING.slow, lambda share: self.box.set_lines(outlines((own + (whole - own) * share)[None])), self.box
        )
        self.read(TIMING.hold)
