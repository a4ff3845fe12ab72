"""The new last layer and a network that learns everything, on the same examples and one counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, linear

from scenes.courses import all_hold_out, course
from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.diagram_look import largest_of
from scenes.mobjects.diagram_signals import drawn_weights
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.still import Still
from scenes.mobjects.writing import LEFT, written
from scenes.numbers import counted, share_text, shortened
from scenes.replay import Replay, common_pace
from scenes.reuse.cutting import OVER, Bracket, last_part
from scenes.reuse.roles import Roles, shares_images
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording

STRIPS = (Zone(SAFE.left, 0.6, 0.6, 2.05), Zone(SAFE.left, 0.6, -1.75, -0.3))
TITLE = 0.3  # above a strip
UNDER = 0.2  # how far brackets are below it
CURVES = Zone(1.5, SAFE.right, -2.3, 2.2)
NAMES = ("with kept features", "from scratch")
SECONDS = 14.0
BY_HEART = 0.1  # how much more of its own examples a network gets right than of others, where that is said
MOST = 8  # neurons of a layer that are drawn
MOST_EXAMPLES = 64  # that set what is dark and what is bright
BESIDE, LONGEST = 0.16, 6  # where the classes are named, and with how many letters


class Race:
    """Both networks with their curves.

    Attributes
    ----------
    results : list of float
        The shares of right answers that both end with.
    """

    def __init__(self, stage: Stage, roles: Roles) -> None:
        self.stage, self.theme = stage, stage.theme
        self.two, self.source = (roles.reused, roles.scratch), roles.source
        self.colours = (self.theme.accuracy, self.theme.text)
        self.held_out = all_hold_out(self.two, "accuracy")
        self.replays = [Replay(recording) for recording in self.two]
        self.pace = common_pace([replay.pace() for replay in self.replays])
        self.learning = [learning_parameters(recording) for recording in self.two]
        self.example = np.asarray(roles.reused.data.unseen[0][0])
        self.strips = [self.strip(*pair) for pair in zip(self.two, self.replays, STRIPS, strict=True)]
        self.curves = self.make_curves()
        self.results = [float(entry.values[-1]) for entry in self.curves.series.values()]

    def strip(self, recording: Recording, replay: Replay, zone: Zone) -> NetworkDiagram:
        """A network, small, on scales of weights and activations that hold for the whole run."""
        final, shape = replay.network_at(replay.last), recording.data.image_shape
        x = np.asarray(recording.data.x[:MOST_EXAMPLES]).reshape(-1, *final.input_shape)
        diagram = NetworkDiagram(
            final, zone, x=x, most=MOST, names="none", image_shape=None if shape is None else shape[:2],
            theme=self.theme,
        )  # fmt: skip
        epochs = {recording.epochs[0], recording.epochs[len(recording.epochs) // 2], recording.epochs[-1]}
        tops = [
            [largest_of(each) for each in drawn_weights(recording.network(epoch), diagram.plan)] for epoch in epochs
        ]
        diagram.set_network(final, [max(column) for column in zip(*tops, strict=True)])
        return self.show_strip(diagram, replay, replay.first)

    def show_strip(self, strip: NetworkDiagram, replay: Replay, moment: float) -> NetworkDiagram:
        """A network as it is at a moment, with the example in it."""
        network = replay.network_at(min(moment, replay.last))
        strip.set_network(network)
        return strip.show(strip.signals(self.example.reshape(network.input_shape)), len(strip.plan.links))

    def answers(self, strip: NetworkDiagram) -> list[Still]:
        """The classes beside their neurons, where there is one for each."""
        names, places = self.two[0].data.class_names, strip.places[-1]
        if len(names) != len(places):
            return []
        return [
            written(shortened(name, LONGEST), (x + strip.radius + BESIDE, y), LEFT, TEXT.small, self.theme.muted)
            for name, (x, y) in zip(names, places, strict=True)
        ]

    def make_curves(self) -> Curves:
        """The share of right answers over the epochs."""
        series = {}
        for name, recording, colour in zip(NAMES, self.two, self.colours, strict=True):
            epochs, values = course(recording, "accuracy", self.held_out)
            series[name] = Series(name, epochs, values, colour)
        # the kept one lies over the other
        return Curves(dict(reversed(series.items())), CURVES, share_text, 1.0, names=NAMES, names_below=True,
                      theme=self.theme)  # fmt: skip

    def tell(self) -> None:
        """Both networks, then their training, then what came of it."""
        stage, theme = self.stage, self.theme
        count = len(self.two[0].data.x)
        marks = VGroup()
        for name, strip, zone, colour, learning in zip(NAMES, self.strips, STRIPS, self.colours, self.learning,
                                                       strict=True):  # fmt: skip
            total = strip.network.parameter_count if strip.network is not None else 0
            text = f"{name}: {learning:,} of {total:,} learn" if learning < total else f"{name}: all {total:,} learn"
            marks.add(written(text, (zone.left, zone.top + TITLE), LEFT, TEXT.label, colour))
            left = strip.layout.extents[0][1] + OVER if learning == total else last_part(strip)[0]
            marks.add(*self.answers(strip))
            marks.add(Bracket(left, last_part(strip)[1], zone.bottom - UNDER, "learns", theme.highlight))
        stage.caption(f"Beside it, the same network\nlearns all of it from {count:,} images.")
        stage.fade(*self.strips, *marks)
        stage.read(TIMING.slow)
        self.curves.set_moment(self.curves.first)
        self.counter = stage.readout("epoch", ",d", self.curves.last)
        self.counter.set_value(self.curves.first)
        stage.caption(f"The curves: how many of {self.measured_on()}\n{self.who_has_seen()} are right.")
        stage.fade(self.curves, self.counter)
        stage.read(TIMING.slow)
        self.train()
        self.conclude()

    def measured_on(self) -> str:
        """What the curves count."""
        x = self.two[0].data.unseen[0] if self.held_out else self.two[0].data.x
        return counted(len(x), "image")

    def who_has_seen(self) -> str:
        """Which of the networks has seen these images in training, the one before included."""
        if not self.held_out:
            return "that both learn from"
        known = shares_images(self.source.data.x, self.two[0].data.unseen[0])
        return "that are held out from both" if known else "that neither has seen"

    def show(self, share: float) -> None:
        """Both when a share of the time has passed."""
        moment = self.pace.moment(share)
        self.counter.set_value(int(moment + 1e-9))
        self.curves.set_moment(moment)
        for strip, replay in zip(self.strips, self.replays, strict=True):
            self.show_strip(strip, replay, moment)

    def train(self) -> None:
        """One counter for both."""
        moved = [*self.strips, self.curves, self.counter]
        self.stage.caption("One counter runs for both.")
        half = SECONDS / 2
        self.stage.play_clock(half, lambda share: self.show(share / 2), *moved, rate_func=linear)
        epoch = int(self.pace.moment(0.5) + 1e-9)
        kept, scratch = (share_text(self.curves.series[name].at(epoch)) for name in NAMES)
        self.stage.caption(f"After epoch {epoch:,}: {kept} right\n{NAMES[0]}, {scratch} {NAMES[1]}.")
        self.stage.play_clock(half, lambda share: self.show((1 + share) / 2), *moved, rate_func=linear)

    def conclude(self) -> None:
        """What came of it, in numbers."""
        self.results = [float(self.curves.series[name].values[-1]) for name in NAMES]
        for caption in conclusions(self.two, self.results, self.held_out, self.learning[0]):
            self.stage.caption(caption)
            self.stage.read(TIMING.slow + TIMING.beat)


def conclusions(two: tuple[Recording, Recording], results: list[float], held_out: bool, learned: int) -> list[str]:
    """What is said at the end, as the numbers want it.

    Parameters
    ----------
    two : pair of Recording
        With kept features, and from scratch.
    results : list of float
        Shares of right answers of both.
    held_out : bool
        Whether they are of data held out.
    learned : int
        Parameters that the first one learned.
    """
    kept, scratch = results
    captions = [f"At the end {share_text(kept)} are right\n{NAMES[0]}, {share_text(scratch)} {NAMES[1]}."]
    if held_out:
        own = two[1].evaluate(two[1].final_epoch)["accuracy"]
        count = len(two[1].data.x)
        if own - scratch >= BY_HEART:
            whole = f"From scratch it knows its {count:,} by heart,\nwhich says little about others."
            most = f"From scratch {share_text(own)} of its own images\nare right, but far fewer others."
            captions.append(whole if own == 1 else most)
    if share_text(kept) == share_text(scratch):
        captions.append(f"Both do as well, and one of them\nhad only {learned:,} numbers to learn.")
    elif kept > scratch:
        captions.append(f"What was learned for one task\nserves another: only {learned:,} numbers are new.")
    else:
        captions.append("Here the old features do not serve:\nit learns better ones itself.")
    return captions


def learning_parameters(recording: Recording) -> int:
    """How many parameters a training may change."""
    return sum(int(np.prod(slot.shape)) for slot in recording.network().layout if slot.trainable)
