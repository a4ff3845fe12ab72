"""Scene `shifted`: an image moves before two networks at once; one looks with filters that are the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear

from engine.datasets.distortions import shift
from scenes.images import typical
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.mobjects.writing import CENTER, written
from scenes.numbers import counted
from scenes.robustness import Robustness, farthest
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording

IMAGE = Zone(SAFE.left, -3.9, 0.2, 2.5)
MAP = Zone(SAFE.left, -3.9, -2.4, -0.1)
COLUMNS = (Zone(-3.1, 1.4, -2.4, 2.0), Zone(2.1, SAFE.right, -2.4, 2.0))
ABOVE = 0.3  # from the bars to the network's name
ALIKE = 0.05  # of its highest value: how far two maps may differ that are said to be the same


class Shifted(Robustness):
    """An image that two networks recognise is moved; then many are, as in `Robustness`.

    Where the second network begins with a convolution, the map of the filter that the image excites most is shown.

    Options: ``names`` are what the two are called.
    """

    least = 1  # of 8 x 8 pixels two are a quarter, after which neither network knows much

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if len(recordings) < 2:
            only = next(iter(recordings.values())).name
            return f"shifted compares two networks of the same images: {only} is the only one"
        fault = super().fits_together(recordings)
        return None if fault is None else fault.replace("robustness", "shifted")

    def construct(self) -> None:
        self.build()
        self.both_recognise()
        self.move()
        self.many()

    def build(self) -> None:
        super().build()
        theme, data = self.theme, self.recording.data
        self.most = farthest(self.images, self.least)
        self.panel = ImagePanel(self.image, IMAGE, min(0.0, float(self.images.min())), float(self.images.max()), theme)
        self.columns = [ProbabilityBars(data.class_names, zone, theme) for zone in COLUMNS]
        colours = (theme.text, theme.accuracy)
        self.titles = [
            written(name, (zone.center[0], zone.top + ABOVE), CENTER, TEXT.label, colour)
            for name, zone, colour in zip(self.names(), COLUMNS, colours, strict=True)
        ]
        self.convolution = self.first_convolution()
        self.map: ImagePanel | None = None
        if self.convolution is not None:
            maps = self.maps(self.image)
            self.filter = int(maps.mean(axis=(0, 1)).argmax())
            chosen = maps[..., self.filter]
            self.map = ImagePanel(chosen, MAP, 0.0, max(float(chosen.max()), 1e-9), theme)
        self.put(0.0)

    def choose(self) -> int:
        """An image that both recognise, and that best shows what most of the images show once it is moved."""
        before = [self.ask(network, self.images) for network in self.networks]
        moved = shift(self.images, right=float(farthest(self.images, self.least)))
        after = [self.ask(network, moved) for network in self.networks]
        rows = np.arange(len(self.images))
        right = [answers.argmax(axis=1) == self.labels for answers in after]
        score = np.zeros(len(rows))
        for answers, found in zip(after, right, strict=True):
            # of a network that recognises most of them one that it recognises for sure, else one that it does not
            usual = found if found.mean() >= 0.5 else ~found
            score += np.where(usual, 1.0 + answers.max(axis=1), 0.0)
        for answers in before:
            score += 10.0 * (answers.argmax(axis=1) == self.labels) + answers[rows, self.labels]
        score += 10.0 * typical(self.images, self.labels)  # so that nobody else doubts what it is
        return int(score.argmax())

    def first_convolution(self) -> int | None:
        """The number of the second network's first convolution, where that has all of the image's pixels in its map."""
        kinds = [layer["type"] for layer in list(self.recordings.values())[1].network_config["layers"]]
        if "conv2d" not in kinds or any(kind not in ("conv2d", "reshape") for kind in kinds[: kinds.index("conv2d")]):
            return None
        number = kinds.index("conv2d")
        shape = self.networks[1].layer_shapes[number]
        return number if tuple(shape[:2]) == self.image.shape else None

    def maps(self, image: np.ndarray) -> np.ndarray:
        """What the filters of the first convolution make of an image, (h, w, filters)."""
        assert self.convolution is not None
        network = self.networks[1]
        given = image.reshape(1, *network.input_shape).astype(network.dtype)
        return np.asarray(network.activations(given)[self.convolution], dtype=np.float64)[0]

    def put(self, by: float) -> None:
        """Move the image by some pixels, and ask both networks."""
        image = shift(self.image[None], right=by)
        self.panel.set_image(image[0])
        label = int(self.labels[self.number])
        self.winners = []
        for network, bars in zip(self.networks, self.columns, strict=True):
            answers = self.ask(network, image)[0]
            winner = int(answers.argmax())
            self.winners.append(winner)
            bars.set_values(answers).choose(winner, 1.0, None if winner == label else self.theme.loss)
        if self.map is not None:
            self.map.set_image(self.maps(image[0])[..., self.filter])

    def both_recognise(self) -> None:
        """The image as it is."""
        self.heading("Two networks")
        first, second = self.winners
        which = "An image that neither has seen:" if self.held_out_from_all else "Two networks, one image:"
        answer = f"both say {self.named(first)}." if first == second else self.answers_of(self.winners)
        self.caption(f"{which}\n{answer}")
        self.fade(self.panel, *self.columns, *self.titles)
        self.read(TIMING.beat)

    def answers_of(self, said: list[int]) -> str:
        """Who says what."""
        return ", ".join(f"{name}: {self.named(one)}" for name, one in zip(self.names(), said, strict=True)) + "."

    def move(self) -> None:
        """Pixel by pixel to the right."""
        before = list(self.winners)
        parts = [self.panel, *self.columns]
        if self.map is not None:
            self.caption("Under it, what a filter of the second one\nmakes of it: its feature map.")
            self.fade(self.map)
            self.read(TIMING.quick)
            parts.append(self.map)
        self.heading("Moved")
        self.caption("Move the image to the right,\nand ask both all the way.")
        moved = self.readout("moved by, in pixels", ".1f", float(self.most))
        parts.append(moved)

        def go(share: float) -> None:
            moved.set_value(share * self.most)
            self.put(share * self.most)

        self.play_clock(3 * TIMING.slow, go, *parts, rate_func=linear)
        self.caption(self.said_afterwards(before))
        self.read(TIMING.beat)
        if self.map is not None and self.goes_along():
            self.caption("The filter is the same everywhere: its map\nmoves along, and the answer can stay."
                         if self.winners[1] == before[1] else
                         "The filter is the same everywhere:\nits map moves along.")  # fmt: skip
            self.read(TIMING.beat)
        # what the last part takes away is what is there
        self.clear_readouts()
        self.fade(leaving=(*self.titles, *([] if self.map is None else [self.map])), seconds=TIMING.quick)

    @property
    def shown(self) -> tuple[Mobject, ...]:
        return (self.panel, *self.columns)

    def said_afterwards(self, before: list[int]) -> str:
        """Whose answer has changed."""
        parts = []
        for name, old, new in zip(self.names(), before, self.winners, strict=True):
            parts.append(f"{name}: still {self.named(new)}" if new == old else f"{name}: now {self.named(new)}")
        return f"By {counted(self.most, 'pixel')}.\n{parts[0].capitalize()}, {parts[1]}."

    def goes_along(self) -> bool:
        """Whether the map of the moved image is the moved map, but for what is at the edge."""
        here = self.maps(self.image)[..., self.filter]
        there = self.maps(shift(self.image[None], right=float(self.most))[0])[..., self.filter]
        edge = self.most + max(2, self.image.shape[1] // 6)
        kept = np.zeros_like(there, bool)
        kept[:, edge : -max(2, self.image.shape[1] // 6)] = True
        away = np.abs(there - shift(here[None], right=float(self.most))[0])
        return bool(away[kept].max(initial=0.0) <= ALIKE * max(float(here.max()), 1e-9))
