"""Scene `flow`: what a network does with an image, from its pixels to the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scenes.animations.propagating import PixelsToNeurons, PropagateActivations
from scenes.images import class_probabilities, image_fault
from scenes.mobjects.diagram_plan import plan_network
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.legend import Legend
from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.writing import written
from scenes.numbers import cardinal, certainty, class_name, right_answers
from scenes.replay import Replay
from scenes.stage import Clock, Stage
from scenes.theme import SAFE, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording

IMAGE = Zone(SAFE.left, -4.2, -0.75, 1.75)
LARGE = Zone(-2.0, 2.0, -1.7, 2.3)  # where the first image appears
NETWORK = Zone(-3.2, 3.3, -2.35, 2.75)
WHOLE = Zone(SAFE.left, 3.3, -2.35, 2.75)  # of a network that takes the image as it is: it stands in its first column
BARS = (3.65, SAFE.right)
MOST_CLASSES = 20
MOST_EXAMPLES = 512  # that set the scales
SPACING = 0.46  # of neurons, at most
DIMMED = 0.75  # how far the image steps back
QUICK = 4  # examples that pass quickly
# Seconds for each layer, and at most for all of them.
FIRST, NEXT, QUICKLY = (1.3, 7.0), (0.8, 4.0), (0.25, 1.2)


@dataclass(frozen=True)
class Example:
    """One image with what the network makes of it."""

    number: int
    image: np.ndarray
    label: int
    answers: np.ndarray

    @property
    def winner(self) -> int:
        return int(self.answers.argmax())

    @property
    def sure(self) -> float:
        return float(self.answers.max())


class Flow(Stage):
    """Images pass through a trained network, which gets them right, and one that it gets wrong.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; the last one is shown.
    """

    OPTIONS = ("epochs",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        data, name, layers = recording.data, recording.name, recording.network_config["layers"]
        if data.task != "classification":
            return f"flow shows how images are told apart: {name} is trained for {data.task}"
        if (fault := image_fault("flow", recording)) is not None:
            return fault
        other = next((layer["type"] for layer in layers if layer["type"] in ("simple_rnn", "lstm", "gru")), None)
        if other is not None:
            return f"flow shows networks that see an image at once: {name} has a layer of type {other!r}"
        if len(data.class_names) > MOST_CLASSES:
            return f"flow has room for {MOST_CLASSES} classes: {name} has {len(data.class_names)}"
        return None

    def construct(self) -> None:
        self.build()
        self.first_image()
        self.others()
        self.mistake()
        self.wait(TIMING.beat)

    def build(self) -> None:
        """Compute the answers, choose the images, and make the mobjects."""
        recording, data, theme = self.recording, self.recording.data, self.theme
        replay = Replay(recording, self.options.get("epochs"))
        self.epoch = replay.epoch_at(replay.last)
        self.net = recording.network(self.epoch)
        self.is_new = data.holds_out
        self.x, self.y = data.unseen
        assert data.image_shape is not None
        self.shape = data.image_shape[:2]
        self.answers = class_probabilities(self.net, self.x)
        self.right_ones, self.wrong_one = choose(self.answers, self.y, 2 + QUICK)
        self.build_diagram()
        count = len(data.class_names)
        middle = float(self.diagram.places[-1][:, 1].mean())
        fitting = min(0.5, NETWORK.height / count)
        row = self.diagram.gaps[-1] if len(self.diagram.places[-1]) == count else fitting
        # beside their neurons where all of them are drawn
        middle = max(middle, NETWORK.bottom + count * row / 2)
        zone = Zone(*BARS, middle - count * row / 2, middle + count * row / 2)
        self.bars = ProbabilityBars(data.class_names, zone, theme)
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())
        self.now_shown: Example | None = None

    def build_diagram(self) -> None:
        """The network beside the image, or with the image in its first column where it takes it as it is."""
        data, theme = self.recording.data, self.theme
        x, chosen = data.x[:MOST_EXAMPLES], liveliest(data.x)
        self.is_flat = plan_network(self.net).columns[0].kind == "neurons"
        self.diagram = NetworkDiagram(
            self.net, NETWORK if self.is_flat else WHOLE, x=x, inputs=chosen, spacing=SPACING, names="counts",
            nouns=["pixel", *["neuron"] * len(self.net.layers)] if self.is_flat else None, theme=theme,
        )  # fmt: skip
        self.image_zone = IMAGE if self.is_flat else Zone(*self.diagram.layout.boxes[0][0])
        corner = (self.image_zone.left, self.image_zone.bottom - 0.65)
        self.key = Legend([(theme.positive, "adds"), (theme.negative, "takes away")], corner, theme=theme)

    def example(self, number: int) -> Example:
        """One of the images, by its number."""
        return Example(number, self.x[number], int(self.y[number]), self.answers[number])

    def picture(self, example: Example) -> ImagePanel:
        """The image at the left."""
        return ImagePanel(example.image.reshape(self.shape), self.image_zone, self.low, self.high, self.theme)

    def first_image(self) -> None:
        """The slow one: pixels become neurons, activations travel, an answer."""
        data = self.recording.data
        if not self.right_ones:
            return
        example = self.example(self.right_ones[0])
        self.panel = self.picture(example)
        box = self.panel.box[0]
        size = written(
            f"{self.shape[1]} × {self.shape[0]} pixels", (float(box[:2].mean()), box[2] - 0.3), color=self.theme.muted
        )
        self.heading("From pixels to an answer")
        new = "An image that it has never seen." if self.is_new else "One of the images that it has learned."
        self.caption(new)
        end, start = box.copy(), ImagePanel(self.panel.picture.values[0], LARGE).box[0]
        self.panel.set_box(start)
        self.fade(self.panel)
        self.wait(TIMING.hold)
        self.play_clock(TIMING.beat, lambda share: self.panel.set_box(start + (end - start) * share), self.panel)
        if self.is_flat:
            self.pixels_to_neurons(example)
        else:
            self.caption("Its pixels are given to the network\nas they are, as an image.")
            self.diagram.rest()
            self.fade(self.diagram)
            self.add(self.panel)
        self.bars.set_values(np.zeros(len(data.class_names)))
        if self.is_flat and (layers := self.layers_in_words()) is not None:
            self.caption(layers)
            self.fade(self.bars)
            self.read()
        if self.is_flat:
            self.caption("A neuron passes its activation on to all\nneurons ahead, multiplied by weights.")
        entering = [
            self.key,
            *([size] if self.is_flat else []),
            *([self.bars] if self.bars not in self.mobjects else []),
        ]
        self.fade(*entering)
        self.propagate(example, FIRST, None if self.is_flat else self.what_happens())
        self.say_answer(example)
        self.wait(TIMING.slow)

    def layers_in_words(self) -> str | None:
        """What follows the input layer, where all layers are dense and each class has a neuron at the end."""
        layers = [layer for layer in self.recording.network_config["layers"] if layer["type"] != "dropout"]
        classes = len(self.recording.data.class_names)
        if any(layer["type"] != "dense" for layer in layers) or layers[-1]["units"] != classes:
            return None
        hidden = len(layers) - 1
        if hidden == 0:
            return f"At the other end are {cardinal(classes)} neurons,\none for each answer."
        follow = "layer follows" if hidden == 1 else "layers follow"
        between = f"{cardinal(hidden)[0].upper()}{cardinal(hidden)[1:]} hidden {follow}, and then"
        return f"{between}\n{cardinal(classes)} neurons, one for each answer."

    def what_happens(self) -> dict[int, str]:
        """What is said while an image passes that is taken as it is, by the column where it begins."""
        links = [link.kind for link in self.diagram.plan.links]
        said = {}
        if "kernels" in links:
            said[links.index("kernels")] = (
                "Each small filter looks everywhere for\none pattern: these maps show where it is."
            )
        if "weights" in links:
            said[links.index("weights")] = "Neurons weigh what has been found\nand where, and pass it on."
        return said

    def pixels_to_neurons(self, example: Example) -> None:
        """The pixels of the image become the input layer."""
        self.caption(f"Every pixel is an input neuron,\nas active as the pixel is {self.theme.bright}.")
        signals = self.diagram.signals(example.image)
        self.diagram.rest()
        self.fade(self.diagram)
        pixels = PixelsToNeurons(self.panel, self.diagram, theme=self.theme)

        def follow(share: float) -> None:
            # the first column lights up as the pixels arrive
            come = max(0.0, 10 * share - 9)
            self.diagram.show(replace(signals, bright=[signals.bright[0] * come, *signals.bright[1:]]), 0.0)
            # the image steps back while its pixels are before it
            self.panel.set_opacity(1 - DIMMED * float(np.clip(min(8 * share, 5 * (1 - share)), 0.0, 1.0)))

        self.play(pixels, Clock(follow, self.panel, self.diagram, run_time=pixels.run_time))
        self.diagram.show(signals, 0.0)
        self.wait(TIMING.quick)

    def propagate(
        self, example: Example, pace: tuple[float, float], said: dict[int, str] | None = None
    ) -> None:  # fmt: skip
        """Let an example pass through all layers, the bars following its last one.

        Parameters
        ----------
        example : Example
        pace : tuple of float
            Seconds for each layer, and at most for all.
        said : dict of int to str, optional
            What is said once it has come to a column, by the column's number.
        """
        before = None if self.now_shown is None else self.diagram.signals(self.now_shown.image)
        old = np.zeros(len(self.bars.values)) if self.now_shown is None else self.now_shown.answers
        signals, layers = self.diagram.signals(example.image), len(self.diagram.plan.links)
        a_layer = min(pace[0], pace[1] / layers)
        stops = sorted({0, *(said or {}), layers})
        for start, end in pairwise(stops):
            if said and start in said:
                self.caption(said[start])
            seconds = a_layer * (end - start)
            passing = PropagateActivations(self.diagram, signals, before, seconds, start, end)
            arriving = (end - start - 0.4) / (end - start)

            def follow(share: float, arriving: float = arriving, last: bool = end == layers) -> None:
                come = float(np.clip((share - arriving) / (1 - arriving), 0.0, 1.0)) if last else 0.0
                self.bars.set_values(old + (example.answers - old) * come)

            self.play(passing, Clock(follow, self.bars, run_time=seconds))
        self.now_shown = example

    def change_image(self, example: Example, seconds: float) -> None:
        """Fade from one image to the next; the answer before is no longer boxed."""
        last = self.panel.picture.values[0].copy()
        image = example.image.reshape(self.shape)

        def show(share: float) -> None:
            self.panel.set_image(last + (image - last) * share)
            if self.now_shown is not None:
                self.bars.choose(self.now_shown.winner, 1 - min(1.0, 2 * share))

        self.play_clock(seconds, show, self.panel, self.bars)

    def box_winner(self, example: Example, color: str | None = None, seconds: float = TIMING.quick) -> None:
        """Box the most likely class."""
        self.play_clock(seconds, lambda share: self.bars.choose(example.winner, share, color), self.bars)

    def say_answer(self, example: Example) -> None:
        """The answer and how sure it is."""
        name = self.class_name(example.winner)
        best = self.theme.brightest
        self.caption(f"The {best} output is its answer:\n{name}, and it is {certainty(example.sure)} sure.")
        self.box_winner(example)

    def others(self) -> None:
        """Some more that it gets right: one slowly, others quickly."""
        for k, number in enumerate(self.right_ones[1:]):
            example = self.example(number)
            if k == 0:
                self.heading("The next one")
                self.caption("Other pixels, other paths,\nthe same weights.")
            elif k == 1:
                self.caption("Each answer is one pass\nfrom left to right.")
            self.change_image(example, TIMING.quick if k == 0 else 0.2)
            self.propagate(example, NEXT if k == 0 else QUICKLY)
            self.box_winner(example, seconds=TIMING.quick if k == 0 else 0.2)
            self.wait(TIMING.hold if k == 0 else TIMING.quick)

    def mistake(self) -> None:
        """One that it gets wrong, and how sure it was; and how many there are."""
        right, count, _ = right_answers(self.recording, self.epoch)
        which = "new images" if self.is_new else "images"
        if self.wrong_one is None:
            self.heading("No mistakes")
            self.caption(f"It gets all {count:,} {which} right.")
            self.wait(TIMING.slow)
            return
        example = self.example(self.wrong_one)
        self.heading("A mistake")
        self.caption(f"This is {self.class_name(example.label)}.")
        if self.now_shown is None:
            self.panel = self.picture(example)
            self.fade(self.diagram, self.panel, self.bars, self.key)
        else:
            self.change_image(example, TIMING.quick)
        self.wait(TIMING.beat)
        self.propagate(example, NEXT)
        self.caption(
            f"It takes it for {self.class_name(example.winner)}, and is\n{certainty(example.sure)} sure of that."
        )
        truth = Polylines(outlines(self.bars.boxes[example.label : example.label + 1]),
                          np.array([[*rgb(self.theme.accuracy), 1.0]]), 2.5, opacity=0.0)  # fmt: skip
        self.add(truth)
        self.box_winner(example, self.theme.loss)
        self.play_clock(TIMING.quick, truth.set_opacity, truth)
        self.wait(TIMING.slow + TIMING.beat)
        self.caption(f"Of {count:,} {which}\nit gets {count - right:,} wrong.")
        self.wait(TIMING.slow)

    def class_name(self, label: int) -> str:
        """A class in a sentence."""
        return class_name(self.recording.data.class_names[label])


def choose(answers: np.ndarray, labels: np.ndarray, count: int) -> tuple[list[int], int | None]:
    """Which examples are shown: right ones of classes that differ, in their order, and the surest mistake.

    Returns
    -------
    right : list of int
        At most `count`; first those that it is more than 90% sure of, one of a class.
    wrong : int or None
    """
    winners, sure = answers.argmax(axis=1), answers.max(axis=1)
    right = winners == labels
    found: list[int] = []
    taken: set[int] = set()
    for number in np.flatnonzero(right & (sure > 0.9)):
        if int(labels[number]) not in taken and len(found) < count:
            found.append(int(number))
            taken.add(int(labels[number]))
    for number in np.flatnonzero(right):
        if int(number) not in found and len(found) < count:
            found.append(int(number))
    wrong = np.flatnonzero(~right)
    return found, int(wrong[sure[wrong].argmax()]) if len(wrong) else None
