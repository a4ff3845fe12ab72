"""Scene `compare`: two trainings side by side, on one counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from manim import Mobject, linear

from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.diagram_names import weight_key
from scenes.mobjects.first_weights import FirstWeights
from scenes.mobjects.loss_curve import loss_text, measured, spread_epochs
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.still import Still
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.numbers import shortened
from scenes.options import given_names
from scenes.replay import Pace, Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording

SIDE = 4.0
PICTURES = (Zone(SAFE.left, SAFE.left + SIDE, -2.0, 2.0), Zone(SAFE.right - SIDE, SAFE.right, -2.0, 2.0))
CHART = Zone(-2.4, 2.3, -2.0, 2.0)  # between the pictures
WIDE_CHART = Zone(-5.6, 5.6, -1.9, 2.2)  # without pictures
NAMES = 2.32  # height of the names over the pictures
WIDEST = 4.4  # scene units of a name over a picture
LONGEST = 28  # letters of a name in a caption, which leave room for a number
TRAILING = " -,"  # what a name is not cut behind
MOST_POINTS = 1000
SECONDS = 12.0
View = PlanePanel | FirstWeights


class Side(NamedTuple):
    """One of the two: what it is called, how it is played, and its picture, if it has one."""

    name: str
    recording: Recording
    replay: Replay
    colour: str
    picture: View | None


class Compare(Stage):
    """Two recordings on one counter: what each makes of the data, and how well it does.

    Networks of two features show their regions, networks of grey images their first layer's weights; others only their
    curves: the accuracy of classifiers, else the loss, on data held out where both have some.

    Options: ``names`` are what the two are called, by default what is different about them; ``heading`` stands above.
    """

    OPTIONS = ("names", "heading")

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if len(recordings) < 2:
            return "compare shows two recordings side by side: give another one as well"
        first, second, *_ = recordings.values()
        if first.data.task != second.data.task:
            return f"compare needs two recordings of one task: these are of {first.data.task} and {second.data.task}"
        return None

    def construct(self) -> None:
        self.build()
        self.introduce()
        self.train()
        self.conclude()

    def build(self) -> None:
        """Make both sides, the curves between them, and one pace for both."""
        first, second, *_ = self.recordings.values()
        self.two = (first, second)
        names = given_names(self.options, 2) or differences(first, second)
        # not the colours of classes or weights, which are in the pictures
        colours = (self.theme.text, self.theme.accuracy)
        replays = [Replay(recording) for recording in self.two]
        self.sides = [
            Side(name, recording, replay, colour, self.picture(recording, replay, zone))
            for name, recording, replay, colour, zone in zip(names, self.two, replays, colours, PICTURES, strict=True)
        ]
        self.pace = common_pace([replay.pace() for replay in replays])
        self.classifies = first.data.task == "classification"
        self.held_out = all(f"val_{self.measure}" in recording.metrics for recording in self.two)
        pictured = any(side.picture is not None for side in self.sides)
        self.curves = self.make_curves(CHART if pictured else WIDE_CHART, named=not pictured)
        self.titles: list[Mobject] = [
            written(side.name, (left, NAMES), edge, TEXT.label, side.colour, widest=WIDEST)
            for side, left, edge in zip(self.sides, (SAFE.left, SAFE.right), (LEFT, RIGHT), strict=True)
            if pictured
        ]
        if any(isinstance(side.picture, FirstWeights) for side in self.sides):
            self.titles.append(Still(weight_key(self.theme)).move_to([0, NAMES, 0]))

    @property
    def measure(self) -> str:
        """What the curves are of, as it is recorded."""
        return "accuracy" if self.classifies else "loss"

    def make_curves(self, zone: Zone, named: bool) -> Curves:
        """The measure of both over the epochs."""
        series: dict[str, Series] = {}
        for side in self.sides:
            epochs = spread_epochs(side.recording, side.replay.first, side.replay.last)
            if self.held_out:
                values = measured(side.recording, f"val_{self.measure}", epochs)
            else:
                values = np.array([side.recording.evaluate(int(epoch))[self.measure] for epoch in epochs])
            # two recordings may have the same name
            key = f"{len(series)}"
            series[key] = Series(side.name, epochs.astype(np.float64), values, side.colour)
        return Curves(
            series, zone, share_text if self.classifies else loss_text, 1.0 if self.classifies else None,
            names=[*series][::-1] if named else (), names_below=self.classifies, theme=self.theme,
        )  # fmt: skip

    def picture(self, recording: Recording, replay: Replay, zone: Zone) -> View | None:
        """What one network makes of the data, as far as that can be seen at a glance."""
        data, layers = recording.data, recording.network_config["layers"]
        if data.task == "classification" and data.x.shape[1:] == (2,):
            every = max(1, -(-len(data.x) // MOST_POINTS))
            network, examples = replay.network_at(replay.first), (data.x[::every], data.y[::every])
            return PlanePanel(recording, zone, network, examples=examples, theme=self.theme)
        first = next((k for k, layer in enumerate(layers) if layer["type"] != "flatten"), 0)
        shape = data.image_shape
        if shape is not None and (len(shape) == 2 or shape[2] == 1) and layers[first]["type"] == "dense":
            return FirstWeights(replay, f"{first}.weight", (shape[0], shape[1]), zone, self.theme)
        return None

    def introduce(self) -> None:
        """The two before training."""
        self.heading(str(self.options.get("heading", "Side by side")))
        self.caption(what_is_shared(*self.two))
        entering = [side.picture for side in self.sides if side.picture is not None]
        self.curves.set_moment(self.curves.first)
        self.show(self.curves.first)
        self.fade(*entering, *self.titles)
        self.wait(TIMING.slow)
        of = "right answers" if self.classifies else "loss"
        on = "data held out from training" if self.held_out else "the training data"
        self.caption(f"The curves: {of}\non {on}.")
        self.counter = self.readout("epoch", ",d", self.curves.last)
        self.counter.set_value(self.curves.first)
        self.fade(self.curves, self.counter)
        self.wait(TIMING.slow)

    def show(self, moment: float) -> None:
        """Both as they are at a moment, in epochs; one that has ended stays."""
        for side in self.sides:
            if side.picture is not None:
                side.picture.set_network(side.replay.network_at(min(moment, side.replay.last)))

    def train(self) -> None:
        """One counter runs for both."""
        self.caption("One counter runs for both.")
        moved: list[Mobject] = [side.picture for side in self.sides if side.picture is not None]

        def run(share: float) -> None:
            moment = self.pace.moment(share)
            self.counter.set_value(int(moment + 1e-9))
            self.curves.set_moment(moment)
            self.show(moment)

        moved = [*moved, self.curves, self.counter]
        self.play_clock(SECONDS / 2, lambda share: run(share / 2), *moved, rate_func=linear)
        self.caption(self.standing(self.pace.moment(0.5)))
        self.play_clock(SECONDS / 2, lambda share: run((1 + share) / 2), *moved, rate_func=linear)

    def standing(self, moment: float) -> str:
        """Which of the two is ahead after the last epoch that is over at a moment."""
        moment = float(int(moment + 1e-9))
        values = [entry.at(moment) for entry in self.curves.series.values()]
        texts = [self.text(value) for value in values]
        if texts[0] == texts[1]:
            return f"After epoch {int(moment):,} both\nare at {texts[0]}."
        ahead = int(np.argmax(values) if self.classifies else np.argmin(values))
        numbers = f"{texts[ahead]} against {texts[1 - ahead]}"
        return (
            f"After epoch {int(moment):,}, {numbers}:\n{shortened(self.sides[ahead].name, LONGEST, TRAILING)} is ahead."
        )

    def text(self, value: float) -> str:
        """A value of the measure in words."""
        return share_text(value) if self.classifies else loss_text(value)

    def conclude(self) -> None:
        """Both results in one sentence, and what is still wrong in the pictures."""
        self.results = [float(entry.values[-1]) for entry in self.curves.series.values()]
        texts = [f"{shortened(side.name, LONGEST, TRAILING)}: {self.text(value)}"
                 for side, value in zip(self.sides, self.results, strict=True)]  # fmt: skip
        self.caption(",\n".join(texts) + (" right." if self.classifies else "."))
        wrong = [
            (side.picture, mistakes(side.replay.network_at(side.replay.last), *side.picture.examples))
            for side in self.sides
            if isinstance(side.picture, PlanePanel)
        ]
        for panel, chosen in wrong:
            panel.ring(chosen)
        rings = [panel.rings for panel, chosen in wrong if chosen.any()]
        if rings:
            self.fade(*rings)
        self.wait(2 * TIMING.slow)


def common_pace(paces: Sequence[Pace]) -> Pace:
    """One pace for several trainings: slower where any of them changes more."""
    moments = np.unique(np.concatenate([pace.moments for pace in paces]))
    passed = np.mean([np.interp(moments, pace.moments, pace.shares) for pace in paces], axis=0)
    common = Pace(moments, np.zeros(max(len(moments) - 1, 0)))
    # one that has ended before the others no longer counts
    common.shares = passed / passed[-1] if passed[-1] > 0 else passed
    return common


def what_is_shared(first: Recording, second: Recording) -> str:
    """What the two have in common, in a sentence."""
    same_data = all(np.array_equal(getattr(first.data, key), getattr(second.data, key)) for key in ("x", "y"))
    same_network = first.network_config == second.network_config
    if same_data and same_network:
        return "The same network and the same data,\ntrained in two ways."
    if same_data:
        return "Two networks learn\nfrom the same data."
    if same_network:
        return "The same network, which begins\nwith the same weights, on different data."
    return "Two networks learn,\neach from its own data."


def differences(first: Recording, second: Recording) -> tuple[str, str]:
    """What the two are called: by their layers, their optimizers or their numbers of examples if these differ."""
    for told in (layers_text, optimizer_text, examples_text):
        names = told(first), told(second)
        if names[0] != names[1]:
            return names
    return first.name, second.name


def layers_text(recording: Recording) -> str:
    """Widths and activations of a network of dense layers, and the recording's name for another one."""
    config = recording.network_config
    layers = [layer for layer in config["layers"] if layer["type"] not in ("flatten", "dropout")]
    if any(layer["type"] != "dense" for layer in layers):
        return recording.name
    widths = [int(np.prod(config["input_shape"])), *(layer["units"] for layer in layers)]
    hidden = sorted({layer["activation"] for layer in layers[:-1]})
    return "-".join(map(str, widths)) + (f" {hidden[0]}" if len(hidden) == 1 else "")


def optimizer_text(recording: Recording) -> str:
    """An optimizer and its learning rate."""
    optimizer = recording.training["optimizer"]
    return f"{optimizer['name']}, learning rate {optimizer.get('learning_rate', 1):g}"


def examples_text(recording: Recording) -> str:
    """How many examples a network learned from."""
    return f"{len(recording.data.x):,} examples"


def share_text(share: float) -> str:
    """A share in per cent, never rounded up to all."""
    return "100%" if share == 1 else f"{min(share, 0.9994):.1%}"
