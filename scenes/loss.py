"""Scene `loss`: how wrong a guess is, as a number, and what training does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject

from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.images import class_probabilities
from scenes.mobjects.function_plot import BELOW, FunctionPlot
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.numbers import LONGEST_CLASS, certainty, shortened, training_readouts
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording

PLANE = Zone(SAFE.left, SAFE.left + 4.2, -2.1, 2.1)
PLOT = Zone(-1.5, SAFE.right - 0.15, -2.4, 2.1)
WIDE_PLOT = Zone(-5.5, 5.5, -2.4, 2.1)
MOST_POINTS = 1000
HIGHEST = 5.0  # loss that the plot reaches to; what is higher stands at its edge
LOSSES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
SECONDS = 10.0


class Loss(Stage):
    """One guess and its loss, all guesses and their mean, and how training moves them.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None.
    """

    OPTIONS = ("epochs",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        loss = recording.training["loss"]
        name = loss["name"] if isinstance(loss, dict) else loss
        if recording.data.task != "classification" or name not in LOSSES:
            return f"loss tells of cross-entropy between classes: {recording.name} is trained with {name!r}"
        return None

    def construct(self) -> None:
        self.build()
        self.one_guess()
        self.its_loss()
        self.all_guesses()
        self.train()

    def build(self) -> None:
        """Choose the examples and make the mobjects."""
        recording, data, theme = self.recording, self.recording.data, self.theme
        self.replay = Replay(recording, self.options.get("epochs"))
        self.start = self.replay.network_at(self.replay.first)
        every = max(1, -(-len(data.x) // MOST_POINTS))
        self.x, self.y = data.x[::every], np.asarray(data.y[::every])
        self.panel: PlanePanel | None = None
        if data.x.shape[1:] == (2,):
            self.panel = PlanePanel(recording, PLANE, self.start, examples=(self.x, self.y), theme=theme)
        self.plot = FunctionPlot(
            (0.0, 1.0), (0.0, HIGHEST), PLOT if self.panel is not None else WIDE_PLOT, (0.0, 0.5, 1.0),
            tuple(range(int(HIGHEST) + 1)), y_name="loss", theme=theme,
        )  # fmt: skip
        area = self.plot.plot
        at = (area.left + 0.75 * area.width, area.bottom - BELOW / 2 - 0.02)
        self.axis = written("probability of the right class", at, size=TEXT.small, color=theme.muted)
        p = np.linspace(np.exp(-HIGHEST), 1.0, 400)
        self.curve = Polylines(self.plot.curve(p, -np.log(p))[None], theme.loss, 3.5)
        self.dots = PointCloud(np.zeros((len(self.x), 2)), theme.class_colours(self.y), 0.06, theme.background, 1.0)
        self.shares = self.right_shares(self.start)
        # one that it gets wrong, though not by much: the usual case before training
        self.number = int(np.argmin(np.abs(self.shares - 0.35)))

    def right_shares(self, network: Network) -> np.ndarray:
        """How likely a network holds the right class of each example, (N,)."""
        return class_probabilities(network, self.x)[np.arange(len(self.y)), self.y]

    def on_curve(self, shares: np.ndarray) -> np.ndarray:
        """Where guesses are on the curve, (N, 2); those above the plot at its edge."""
        least = np.exp(-HIGHEST)
        return self.plot.places(np.maximum(shares, least), -np.log(np.maximum(shares, least)))

    def one_guess(self) -> None:
        """An example, what it is, and what the untrained network makes of it."""
        data, share = self.recording.data, float(self.shares[self.number])
        name = shortened(data.class_names[int(self.y[self.number])], LONGEST_CLASS)
        self.heading("A guess")
        self.legend(None)
        when = "Before training" if self.replay.first == 0 else f"After epoch {self.replay.first:.0f}"
        if self.panel is not None:
            chosen = np.arange(len(self.x)) == self.number
            self.panel.ring(chosen)
            self.panel.rings.set_colours(np.tile(rgb(self.theme.highlight), (len(self.x), 1)))
            regions = self.panel.regions
            assert regions is not None
            regions.set_opacity(0.0)
            self.axis_names = self.named_axes()
            self.caption(f"Each point is an example.\nThis one is known to be “{name}”.")
            self.fade(self.panel.frame, self.panel.rings, self.panel.cloud, *self.axis_names)
            self.wait(TIMING.slow)
            self.add_behind(regions)
            self.caption(f"{when} the network says:\n“{name}” with a probability of {certainty(share)}.")
            self.fade(regions)
        else:
            self.caption(f"{when} it gives an example\n{certainty(share)} for its class, “{name}”.")
        self.wait(TIMING.slow)

    def named_axes(self) -> list[Mobject]:
        """What the two features are, where they have names."""
        names = self.recording.data.feature_names
        if len(names) != 2:
            return []
        muted, width = self.theme.muted, PLANE.width
        return [
            written(names[0], (PLANE.right, PLANE.bottom - 0.24), RIGHT, TEXT.small, muted, widest=width),
            written(names[1], (PLANE.left, PLANE.top + 0.26), LEFT, TEXT.small, muted, widest=width),
        ]

    def its_loss(self) -> None:
        """The loss of this guess, and of other guesses that it might have made."""
        share = float(self.shares[self.number])
        marker = PointCloud(self.on_curve(np.array([share])), self.theme.highlight, 0.11, self.theme.background, 1.5)
        self.heading("The loss of a guess")
        self.caption("How wrong? Minus the logarithm of the\nprobability. Its name: cross-entropy.")
        self.fade(self.plot, self.axis, self.curve)
        self.loss_shown = self.readout("loss", ".2f", HIGHEST, -np.log(share), color=self.theme.loss)
        self.loss_shown.set_opacity(0.0)
        self.fade(marker, self.loss_shown)
        self.wait(TIMING.hold)
        self.caption("Surely right costs nothing,\nsurely wrong costs a lot.")

        def slide(start: float, end: float) -> None:
            def show(passed: float) -> None:
                at = start + (end - start) * passed
                marker.set_positions(self.on_curve(np.array([at])))
                self.loss_shown.set_value(-np.log(at))

            self.play_clock(TIMING.hold, show, marker, self.loss_shown)

        slide(share, 0.995)
        slide(0.995, 0.02)
        slide(0.02, share)
        self.wait(TIMING.quick)
        self.fade(leaving=(marker, self.loss_shown), seconds=TIMING.quick)
        self.clear_readouts()

    def all_guesses(self) -> None:
        """Every example on the curve, and the mean."""
        self.dots.set_positions(self.on_curve(self.shares))
        self.mean = float(-np.log(self.shares).mean())
        self.heading("The loss")
        count = len(self.x)
        self.caption(f"All {count:,} examples, each with its guess.\nThe mean of their losses: {self.mean:.3f}.")
        self.readouts = training_readouts(self, self.replay)
        moved = [self.dots] if self.panel is None else [self.dots, self.panel]
        self.training = PlayTraining(
            self.replay, *moved, follow=self.follow, readouts=self.readouts, run_time=SECONDS
        )  # fmt: skip
        self.training.show(self.replay.first)
        self.fade(self.dots, *self.readouts.values())
        self.wait(TIMING.slow + TIMING.quick)

    def follow(self, network: Network) -> None:
        """Show another network's guesses."""
        self.dots.set_positions(self.on_curve(self.right_shares(network)))
        if self.panel is not None:
            self.panel.set_network(network)

    def train(self) -> None:
        """The mean falls."""
        final = self.right_shares(self.replay.network_at(self.replay.last))
        if -np.log(np.maximum(final, 1e-30)).mean() < self.mean:
            self.caption("Training lowers the mean: the points\nslide towards the right answer.")
        else:
            self.caption("Training moves the points,\nand the mean with them.")
        if self.panel is not None:
            self.panel.ring(np.zeros(len(self.x), bool))
        self.play(self.training)
        self.left = int(np.count_nonzero(final < 0.5))
        epoch = self.replay.epoch_at(self.replay.last)
        after = f"After epoch {epoch:,}"
        if self.left:
            self.caption(f"{after}, {self.left:,} of {len(final):,} still have\nless than half for their class.")
        else:
            self.caption(f"{after} each has\nmore than half for its class.")
        self.wait(TIMING.slow + TIMING.hold)
