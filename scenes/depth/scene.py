"""Scene `depth`: deeper networks saw better year by year, and depth alone is not enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from manim import Mobject, linear

from engine.analysis.anatomy import anatomy
from engine.layers import Conv2D, Dense
from scenes.lesson import Lesson
from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.loss_curve import measured, spread_epochs
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.numbers import share_text
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

CHART = Zone(-5.2, 5.2, -1.5, 2.0)
STRIPS = (Zone(SAFE.left, 0.9, 0.55, 1.75), Zone(SAFE.left, 0.9, -1.75, -0.4))
CURVES = Zone(1.5, SAFE.right, -2.1, 2.3)
SECONDS = 8.0


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


class Depth(Lesson, Stage):
    """Known networks and their errors, from the literature; then two recorded ones of the same depth.

    The main recording is of a plain network, the second one has ways round its layers.
    """

    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"years": (), "ways_round": ("resnet-small",)}

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        if recording.data.task != "classification":
            return f"depth compares how many answers are right: {recording.name} is trained for {recording.data.task}"
        return None

    def years(self) -> None:
        """A bar for each network, the deeper the later."""
        theme = self.theme
        self.heading("Deeper and deeper")
        self.caption("Photographs of 1,000 kinds of things:\nhow often is none of five guesses right?")
        places = np.linspace(CHART.left, CHART.right, 2 * len(WINNERS) + 1)[1::2]
        width = 0.28 * (places[1] - places[0])
        scale = CHART.height / WINNERS[0].error
        self.boxes = np.array(
            [
                [x - width, x + width, CHART.bottom, CHART.bottom + scale * each.error]
                for x, each in zip(places, WINNERS, strict=True)
            ]
        )
        self.bars = Rectangles(self.boxes, np.tile(rgb(theme.loss), (len(WINNERS), 1)))
        ground = Polylines(np.array([[[CHART.left, CHART.bottom], [CHART.right, CHART.bottom]]]), theme.faint, 2.0)
        source = written(SOURCES, (SAFE.right, CHART.top + 0.5), RIGHT, TEXT.small, theme.muted)
        self.rise(np.zeros(len(WINNERS)))
        self.fade(ground, source, self.bars)
        self.wait(TIMING.hold)
        for k, (x, each) in enumerate(zip(places, WINNERS, strict=True)):
            texts = [
                written(f"{each.name}, {each.year}", (x, CHART.bottom - 0.28), size=TEXT.small, color=theme.muted),
                written(f"{each.layers} layers", (x, CHART.bottom - 0.62), size=TEXT.label, color=theme.text),
                self.error_text(each, x, self.boxes[k, 3]),
            ]
            self.add_column(k, texts)
        y = CHART.bottom + scale * PERSON
        line = Polylines(np.array([[[CHART.left, y], [CHART.right, y]]]), theme.highlight, 2.5)
        name = written(f"a person: {PERSON:.1%}", (CHART.right, y + 0.25), RIGHT, TEXT.small, theme.highlight)
        self.caption("The deepest misses fewer\nthan a person does.")
        self.fade(line, name)
        self.wait(TIMING.slow + TIMING.beat)

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

        self.play_clock(TIMING.beat, show, self.bars, *texts)
        self.wait(TIMING.quick)

    def ways_round(self) -> None:
        """Two networks of one depth: one learns, the other does not."""
        plain, residual = self.recording, self.recordings["resnet-small"]
        self.heading("Depth alone")
        counts = [weighted_layers(recording.network()) for recording in (plain, residual)]
        strips = [
            NetworkDiagram(recording.network(), zone, names="none", theme=self.theme)
            for recording, zone in zip((plain, residual), STRIPS, strict=True)
        ]
        colours = (self.theme.text, self.theme.accuracy)
        names = ("plain", "with ways round")
        titles = [
            written(f"{name}: {count} layers", (zone.left, zone.top + 0.35), LEFT, TEXT.label, colour)
            for name, count, zone, colour in zip(names, counts, STRIPS, colours, strict=True)
        ]
        self.caption(f"Then simply more layers? Here are {counts[0]},\none after the other.")
        self.fade(strips[0], titles[0])
        self.wait(TIMING.slow)
        self.caption("As many again, with ways round them:\nwhat comes in can pass unchanged.")
        self.fade(strips[1], titles[1])
        self.wait(TIMING.slow)
        self.curves = self.accuracies(dict(zip(names, (plain, residual), strict=True)), colours)
        self.curves.set_moment(self.curves.first)
        self.caption("Both learn the same digits:\nhow many do they get right?")
        self.fade(self.curves)
        end, first = self.curves.last, self.curves.first
        self.play_clock(SECONDS, lambda share: self.curves.set_moment(first + share * (end - first)), self.curves,
                        rate_func=linear)  # fmt: skip
        self.results = [float(entry.values[-1]) for entry in self.curves.series.values()]
        self.caption(f"Plain: {share_text(self.results[0])}.\nWith ways round: {share_text(self.results[1])}.")
        self.wait(TIMING.slow + TIMING.hold)

    def accuracies(self, recordings: Mapping[str, Recording], colours: Sequence[str]) -> Curves:
        """The share of right answers over the epochs, on data held out where there are some."""
        series = {}
        for (name, recording), colour in zip(recordings.items(), colours, strict=True):
            epochs = spread_epochs(recording, recording.epochs[0], recording.epochs[-1])
            if "val_accuracy" in recording.metrics:
                values = measured(recording, "val_accuracy", epochs)
            else:
                values = np.array([recording.evaluate(int(epoch))["accuracy"] for epoch in epochs])
            series[name] = Series(name, epochs.astype(np.float64), values, colour)
        return Curves(series, CURVES, share_text, 1.0, theme=self.theme)


def weighted_layers(network: Network) -> int:
    """How many layers have weights, those inside residual blocks included."""
    return sum(isinstance(part.layer, (Conv2D, Dense)) for part in anatomy(network))
