"""Scene `robustness`: what becomes of a network's answers when an image is squeezed, moved, turned or noised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from manim import Mobject

from engine.datasets.distortions import noise, rotate, shift, squeeze
from engine.errors import nearest
from engine.network import Network
from scenes.images import class_probabilities, image_fault, typical
from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.numbers import certainty, class_name, counted
from scenes.options import given_names
from scenes.stage import Stage
from scenes.theme import TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording

IMAGE = Zone(-5.6, -1.0, -2.15, 2.45)
BARS = Zone(0.1, 5.6, -2.3, 2.6)
CHART = Zone(-5.6, 5.6, -1.95, 2.5)
MOST_CLASSES = 12
MOST_IMAGES = 2000  # that the accuracies are measured on
FARTHEST, LEAST = 0.15, 2  # how far images are moved: a share of their width, at least so many pixels
STEPS = 4  # on the way there at which many images are looked at, at least
TURN = 45.0  # degrees
NOISE = 0.5  # standard deviation; a full pixel is 1
AXIS = "moved to the right, in pixels"


class Distortion(NamedTuple):
    """One way to change an image.

    Attributes
    ----------
    heading, before, comment : str
        Of the part that shows it, what is said before it happens, and of an answer that is then wrong.
    apply : callable
        Takes images (N, h, w) and how far it has come, from 0 to 1.
    cuts : bool
        Whether it cuts what is not between 0 and 1, so that other images are not given to it.
    """

    heading: str
    before: str
    comment: str
    apply: Callable[[np.ndarray, float], np.ndarray]
    cuts: bool = False


def to_the_side(images: np.ndarray, share: float) -> np.ndarray:
    """Move images some pixels to the right."""
    return shift(images, right=share * farthest(images))


def farthest(images: np.ndarray, least: int = LEAST) -> int:
    """How many pixels images (N, h, w) are moved at most."""
    return min(max(least, round(FARTHEST * images.shape[2])), images.shape[2])


DISTORTIONS = (
    Distortion(
        "Squeezed",
        "Now squeeze it into the lower half\nof the picture. Still easy to read?",
        "The same strokes, on other pixels.",
        lambda images, share: squeeze(images, height=1 - share / 2, towards="bottom"),
    ),
    Distortion("Moved", "Or move it a little to the right.", "The same image, elsewhere.", to_the_side),
    Distortion(
        "Turned",
        "Or turn it.",
        "The same strokes, at another angle.",
        lambda images, share: rotate(images, -TURN * share),
    ),
    Distortion(
        "Noisy",
        "Or add noise to every pixel.",
        "The same strokes, among others.",
        lambda images, share: noise(images, NOISE * share),
        cuts=True,
    ),
)


def chosen_ways(options: Mapping[str, Any]) -> list[Distortion]:
    """How the image is changed; `ConfigurationError` for a way that there is not."""
    known = {each.heading.lower(): each for each in DISTORTIONS}
    asked = options.get("ways", tuple(known))
    names = [asked] if isinstance(asked, str) else [str(name) for name in asked]
    for name in names:
        if name not in known:
            raise nearest("way", name, known)
    return [known[name] for name in names]


def never_seen(recordings: Sequence[Recording]) -> tuple[np.ndarray, np.ndarray, bool]:
    """Images (N, pixels) that were held out from all trainings, their labels, and whether there are such.

    Where there are none, they are images of the first recording.
    """
    data = recordings[0].data
    x, y = (np.asarray(each) for each in data.unseen)
    x = x.reshape(len(x), -1)
    if not all(recording.data.holds_out for recording in recordings):
        return x, y, False
    kept = np.ones(len(x), bool)
    for recording in recordings[1:]:
        others = np.asarray(recording.data.unseen[0], dtype=x.dtype)
        known = {image.tobytes() for image in others.reshape(len(others), -1)}
        kept &= [image.tobytes() in known for image in x]
    return (x[kept], y[kept], True) if kept.any() else (x, y, False)


class Robustness(Stage):
    """An image that a network recognises is changed before its eyes; then the same is done to many.

    A second recording of the same data is measured beside the main one. Options: ``names`` are what the two are
    called; ``ways`` are how the image is changed, in this order: ``"squeezed"``, ``"moved"``, ``"turned"`` and
    ``"noisy"``, by default all.
    """

    OPTIONS = ("names", "ways")
    least = LEAST  # pixels that images are moved

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        super().check_options(options)
        chosen_ways(options)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        data = recording.data
        if data.task != "classification":
            return f"robustness shows how images are told apart: {recording.name} is trained for {data.task}"
        if (fault := image_fault("robustness", recording)) is not None:
            return fault
        if len(data.class_names) > MOST_CLASSES:
            return f"robustness has room for {MOST_CLASSES} classes: {recording.name} has {len(data.class_names)}"
        return None

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        first, *others = recordings.values()
        if (fault := cls.fits(first)) is not None or not others:
            return fault
        second = others[0]
        if second.data.image_shape != first.data.image_shape or second.data.class_names != first.data.class_names:
            return f"robustness compares networks of the same images: {first.name} and {second.name} have others"
        return None

    def construct(self) -> None:
        self.build()
        self.recognised()
        for number in range(len(self.distortions)):
            self.distorted(number)
        self.many()

    def build(self) -> None:
        """Choose the images and make the mobjects."""
        data, theme = self.recording.data, self.theme
        x, y, self.held_out_from_all = never_seen(list(self.recordings.values())[:2])
        assert data.image_shape is not None
        self.images = x[:MOST_IMAGES].reshape(-1, *data.image_shape[:2])
        self.labels = y[:MOST_IMAGES]
        shares = self.images.min() >= 0 and self.images.max() <= 1
        self.distortions = [each for each in chosen_ways(self.options) if shares or not each.cuts]
        self.networks = [recording.network() for recording in list(self.recordings.values())[:2]]
        self.number = self.choose()
        self.image = self.images[self.number]
        low = min(0.0, float(self.images.min()))
        self.panel = ImagePanel(self.image, IMAGE, low, float(self.images.max()), theme)
        self.bars = ProbabilityBars(data.class_names, BARS, theme)
        self.answers = self.ask(self.networks[0], self.image[None])[0]
        self.bars.set_values(self.answers)

    def ask(self, network: Network, images: np.ndarray) -> np.ndarray:
        """How likely each class is, (N, K), for images (N, h, w)."""
        return class_probabilities(network, images.reshape(len(images), *network.input_shape).astype(network.dtype))

    def choose(self) -> int:
        """An image that is surely recognised, and as often as possible is not when it is changed.

        It is one that looks as images of its class mostly do, so that nobody else doubts what it is.
        """
        network = self.networks[0]
        before = self.ask(network, self.images)
        right = (before.argmax(axis=1) == self.labels) & typical(self.images, self.labels)
        lost = np.zeros(len(self.images))
        for distortion in self.distortions:
            after = self.ask(network, distortion.apply(self.images, 1.0))
            # lost for sure, not just by a hair
            lost += np.where(after.argmax(axis=1) != self.labels, after.max(axis=1), 0.0)
        return int(np.argmax(right * (1.0 + lost) + before[np.arange(len(before)), self.labels]))

    def recognised(self) -> None:
        """The image as it is."""
        winner = int(self.answers.argmax())
        self.heading("Recognised")
        which = (
            "An image that it has never seen:"
            if self.recording.data.holds_out
            else "An image that it has learned from:"
        )
        self.caption(f"{which}\nit says {self.named(winner)}, {certainty(float(self.answers[winner]))} sure.")
        self.fade(self.panel, self.bars)
        self.play_clock(TIMING.quick, lambda share: self.bars.choose(winner, share), self.bars)
        self.wait(TIMING.slow + TIMING.quick)

    def distorted(self, number: int) -> None:
        """The image changes, and the network is asked in every frame."""
        distortion, network = self.distortions[number], self.networks[0]
        self.heading(distortion.heading)
        if number:
            self.play_clock(
                TIMING.quick, lambda share: self.change(self.distortions[number - 1], 1 - share), *self.shown
            )
        self.caption(distortion.before)
        self.wait(TIMING.beat)
        self.play_clock(2 * TIMING.slow, lambda share: self.change(distortion, share), *self.shown)
        after = self.ask(network, distortion.apply(self.image[None], 1.0))[0]
        winner, label = int(after.argmax()), int(self.labels[self.number])
        sure = certainty(float(after[winner]))
        if winner == label:
            self.caption(f"It still says {self.named(winner)},\n{sure} sure.")
        else:
            self.caption(f"It says {self.named(winner)} now, {sure} sure.\n{distortion.comment}")
        self.wait(TIMING.slow + TIMING.hold)

    @property
    def shown(self) -> tuple[Mobject, ...]:
        """What changes with the image."""
        return self.panel, self.bars

    def change(self, distortion: Distortion, share: float) -> None:
        """Show the image as far changed as `share` says, and what the network says of it."""
        image = distortion.apply(self.image[None], share)
        answers = self.ask(self.networks[0], image)[0]
        winner = int(answers.argmax())
        self.panel.set_image(image[0])
        wrong = winner != int(self.labels[self.number])
        self.bars.set_values(answers).choose(winner, 1.0, self.theme.loss if wrong else None)

    def many(self) -> None:
        """The share of many images that is recognised, on the way to the side."""
        most = farthest(self.images, self.least)
        pixels = np.linspace(0.0, most, max(most, STEPS) + 1)
        names = self.names()
        colours = (self.theme.text, self.theme.accuracy)
        self.shares = [
            np.array([self.share_right(network, shift(self.images, right=float(by))) for by in pixels])
            for network in self.networks
        ]
        series = {
            str(k): Series(name, pixels, shares, colour)
            for k, (name, shares, colour) in enumerate(zip(names, self.shares, colours, strict=False))
        }
        chart = Curves(
            series, CHART, lambda value: f"{value:.0%}", 1.0, names=[*series] if len(names) > 1 else (), axis=AXIS,
            theme=self.theme,
        )  # fmt: skip
        self.chart = chart.set_moment(0.0)
        self.heading("Many images")
        whom = "it never saw" if len(self.networks) == 1 else "that neither saw"
        count = f"{len(self.images):,} images" + (f" {whom}" if self.held_out_from_all else "")
        self.caption(f"Now {count}\nare moved: how many are recognised?")
        self.fade(leaving=self.shown, seconds=TIMING.quick)
        self.fade(chart)
        self.wait(TIMING.beat)
        self.play_clock(2 * TIMING.slow, lambda share: chart.set_moment(share * most), chart)
        texts = [f"{name} {shares[-1]:.0%}" for name, shares in zip(names, self.shares, strict=True)]
        if len(names) > 1:
            self.caption(f"Moved by {counted(most, 'pixel')}:\n" + ", ".join(texts) + ".")
        else:
            start, end = (f"{self.shares[0][k]:.0%}" for k in (0, -1))
            self.caption(f"In their places {start},\nmoved by {counted(most, 'pixel')} {end}.")
        self.wait(2 * TIMING.slow)

    def names(self) -> tuple[str, ...]:
        """What the networks are called."""
        if given := given_names(self.options, len(self.networks)):
            return given
        kinds = [
            "convolutional"
            if any(layer["type"] == "conv2d" for layer in recording.network_config["layers"])
            else "dense"
            for recording in list(self.recordings.values())[:2]
        ]
        return tuple(kinds) if len(set(kinds)) == len(kinds) else ("first", "second")[: len(kinds)]

    def share_right(self, network: Network, images: np.ndarray) -> float:
        """The share of images that a network recognises."""
        return float(np.mean(self.ask(network, images).argmax(axis=1) == self.labels))

    def named(self, label: int) -> str:
        """A class in a sentence."""
        return class_name(self.recording.data.class_names[label])
