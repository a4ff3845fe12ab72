"""Known networks by the year, their layers and their errors, from the literature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from manim import Mobject

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.writing import RIGHT, written
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

CHART = Zone(-5.2, 5.2, -1.5, 2.0)


class Winner(NamedTuple):
    """A network that did best at telling 1000 kinds of objects apart in photographs.

    The figures are the authors' shares of images for which the right answer is not among the first five.
    """

    name: str
    year: int
    layers: int
    error: float


# ImageNet Large Scale Visual Recognition Challenge: Krizhevsky et al., 2012; Simonyan and Zisserman, 2015; Szegedy et
# al., 2015; He et al., 2016. The person is one trained for it, in Russakovsky et al., 2015.
WINNERS = (
    Winner("AlexNet", 2012, 8, 0.164),
    Winner("VGG", 2014, 19, 0.073),
    Winner("GoogLeNet", 2014, 22, 0.067),
    Winner("ResNet", 2015, 152, 0.036),
)
PERSON = 0.051
SOURCES = "figures from the literature: ImageNet challenge, five guesses"


class YearsPart:
    """A bar for each network, the deeper the later."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.theme = stage, stage.theme
        self.places = np.linspace(CHART.left, CHART.right, 2 * len(WINNERS) + 1)[1::2]
        width = 0.28 * (self.places[1] - self.places[0])
        self.scale = CHART.height / WINNERS[0].error
        self.boxes = np.array(
            [
                [x - width, x + width, CHART.bottom, CHART.bottom + self.scale * each.error]
                for x, each in zip(self.places, WINNERS, strict=True)
            ]
        )
        self.bars = Rectangles(self.boxes, np.tile(rgb(self.theme.loss), (len(WINNERS), 1)))

    def tell(self) -> None:
        stage, theme = self.stage, self.theme
        stage.heading("Deeper and deeper")
        stage.caption("Photographs of 1,000 kinds of things:\nhow often is none of five guesses right?")
        ground = Polylines(np.array([[[CHART.left, CHART.bottom], [CHART.right, CHART.bottom]]]), theme.faint, 2.0)
        source = written(SOURCES, (SAFE.right, CHART.top + 0.5), RIGHT, TEXT.small, theme.muted)
        self.rise(np.zeros(len(WINNERS)))
        stage.fade(ground, source, self.bars)
        stage.wait(TIMING.hold)
        for k, (x, each) in enumerate(zip(self.places, WINNERS, strict=True)):
            texts = [
                written(f"{each.name}, {each.year}", (x, CHART.bottom - 0.28), size=TEXT.small, color=theme.muted),
                written(f"{each.layers} layers", (x, CHART.bottom - 0.62), size=TEXT.label, color=theme.text),
                self.error_text(each, x, self.boxes[k, 3]),
            ]
            self.add_column(k, texts)
        y = CHART.bottom + self.scale * PERSON
        line = Polylines(np.array([[[CHART.left, y], [CHART.right, y]]]), theme.highlight, 2.5)
        name = written(f"a person: {PERSON:.1%}", (CHART.right, y + 0.25), RIGHT, TEXT.small, theme.highlight)
        stage.caption("The deepest misses fewer\nthan a person does.")
        stage.fade(line, name)
        stage.wait(TIMING.slow + TIMING.beat)

    def error_text(self, winner: Winner, x: float, top: float) -> Mobject:
        """An error over its bar, or within it where the line for a person will pass over it."""
        text, theme = f"{winner.error:.1%}", self.theme
        if winner.error > PERSON:
            return written(text, (x, top + 0.24), size=TEXT.label, color=theme.loss)
        return written(text, (x, top - 0.26), size=TEXT.label, color=theme.background)

    def rise(self, shares: np.ndarray) -> None:
        """Set how far each bar has risen, from 0 to 1."""
        boxes = self.boxes.copy()
        boxes[:, 3] = boxes[:, 2] + (boxes[:, 3] - boxes[:, 2]) * shares
        self.bars.set_boxes(boxes)

    def add_column(self, k: int, texts: Sequence[Mobject]) -> None:
        """Let bar number k rise."""
        for text in texts:
            text.set_opacity(0.0)

        def show(share: float) -> None:
            self.rise(np.where(np.arange(len(WINNERS)) < k, 1.0, np.where(np.arange(len(WINNERS)) == k, share, 0.0)))
            for text in texts:
                text.set_opacity(max(0.0, 2 * share - 1))

        self.stage.play_clock(TIMING.beat, show, self.bars, *texts)
        self.stage.wait(TIMING.quick)
