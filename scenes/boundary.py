"""Scene `boundary`: how the regions of the classes form, neuron by neuron, on one counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.legend import Legend, ScaleLegend
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.neuron_fields import RANGES, NeuronFields
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import brightness_ramp, weight_ramp
from scenes.numbers import cardinal, training_readouts
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TIMING, Zone
from scenes.warp.material import grid_bounds, mistakes

if TYPE_CHECKING:
    from engine.recording import Recording

PLANE = Zone(SAFE.right - 4.25, SAFE.right, -2.3, 1.95)
NETWORK = Zone(SAFE.left, 1.95, -0.55, 2.85)
CURVE = Zone(SAFE.left, -2.75, -2.3, -0.85)
WEIGHT_KEY, ACTIVATION_KEY = Zone(-2.1, -0.35, -2.2, -1.25), Zone(0.15, 1.9, -2.2, -1.25)
CLASSES = (PLANE.left, SAFE.top)
MOST_LAYERS = 16
MOST_NAMES = 4  # classes that there is room to name
LONGEST_NAME = 1.2
SECONDS = 14.0
LOOKED_AT = 24  # moments that are looked at to choose scales
MOST_POINTS = 2000


class Boundary(Stage):
    """The plane of the data over the training, with a field for every neuron, the weights and the loss.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None.
    """

    OPTIONS = ("epochs",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        network, name = recording.network_config, recording.name
        if recording.data.task != "classification":
            return f"boundary shows how classes are parted: {name} is trained for {recording.data.task}"
        if tuple(network["input_shape"]) != (2,):
            return f"boundary needs 2 input features: {name} has input_shape={tuple(network['input_shape'])}"
        other = next((layer["type"] for layer in network["layers"] if layer["type"] not in ("dense", "dropout")), None)
        if other is not None:
            return f"boundary shows dense layers only: {name} has one of type {other!r}"
        layers = sum(layer["type"] == "dense" for layer in network["layers"])
        if layers > MOST_LAYERS:
            return f"boundary has room for {MOST_LAYERS} dense layers: {name} has {layers}"
        return None

    def construct(self) -> None:
        self.build()
        self.show_data()
        self.show_neurons()
        self.show_regions()
        self.train()
        self.wait(TIMING.slow + TIMING.beat)

    def build(self) -> None:
        """Compute what is shown, and make the mobjects."""
        recording, data, theme = self.recording, self.recording.data, self.theme
        self.replay = replay = Replay(recording, self.options.get("epochs"))
        self.epoch = replay.epoch_at(replay.last)
        self.bounds = grid_bounds(data.x)
        every = max(1, -(-len(data.x) // MOST_POINTS))
        share = (data.x[::every] - [self.bounds.left, self.bounds.bottom]) / (self.bounds.right - self.bounds.left)
        places = [PLANE.left, PLANE.bottom] + share * PLANE.width
        radius = 0.055 if len(places) <= 500 else 0.035
        self.cloud = PointCloud(places, theme.class_colours(data.y[::every]), radius, theme.background, 1.0)
        start = replay.network_at(replay.first)
        self.regions = decision_field(start, self.bounds, PLANE, resolution=96, line_width=3.0, theme=theme)
        box = np.array([[PLANE.left, PLANE.right, PLANE.bottom, PLANE.top]])
        self.frame = Polylines(outlines(box), theme.faint, 2.0)
        moments = np.linspace(replay.first, replay.last, LOOKED_AT)
        networks = (replay.network_at(float(moment)) for moment in moments)
        self.neurons = NeuronFields(networks, self.bounds, NETWORK, data.feature_names or ("x", "y"), theme)
        self.neurons.set_network(replay.network_at(replay.first))
        self.curve = LossCurve.of(recording, CURVE, (replay.first, replay.last), theme)
        self.classes = self.class_legend()
        self.keys = [
            ScaleLegend(weight_ramp(theme), -self.neurons.largest, self.neurons.largest, WEIGHT_KEY, "weight", ".1f",
                        theme=theme),
            ScaleLegend(brightness_ramp(theme), 0.0, 1.0, ACTIVATION_KEY, "activation", ends=self.range_texts(),
                        theme=theme),
        ]  # fmt: skip

    def class_legend(self) -> Legend:
        """The classes' names and colours, as many as there is room for."""
        names = self.recording.data.class_names
        shown = names if len(names) <= MOST_NAMES else names[: MOST_NAMES - 1]
        entries = [(self.theme.class_colour(k), name) for k, name in enumerate(shown)]
        if len(shown) < len(names):
            entries.append((self.theme.background, f"{len(names) - len(shown)} more"))
        return Legend(entries, CLASSES, widest=LONGEST_NAME, theme=self.theme)

    def range_texts(self) -> tuple[str, str]:
        """What is dark and what is bright in the hidden neurons' fields."""
        layers = self.recording.network_config["layers"]
        kinds = {layers[k]["activation"] for k in self.neurons.dense[:-1]}
        if len(kinds) == 1 and (bounds := RANGES.get(next(iter(kinds)))) is not None:
            return f"{bounds[0]:.0f}".replace("-", "−"), f"{bounds[1]:.0f}"
        return "low", "high"

    def show_data(self) -> None:
        """The points alone."""
        data = self.recording.data
        count = len(data.class_names)
        kinds = cardinal(count)
        self.heading("The boundary")
        self.caption(f"{len(data.x):,} points of {kinds} classes.\nWhich class belongs to which place?")
        home = self.cloud.points[:, :2].copy(), self.frame.points[:, :2].copy()

        def slide(share: float) -> None:
            offset = [-PLANE.center[0] * (1 - share), 0.0]
            self.cloud.points[:, :2] = home[0] + offset
            self.frame.points[:, :2] = home[1] + offset
            self.classes.set_opacity(max(0.0, 2 * share - 1))

        slide(0.0)
        self.fade(self.frame, self.cloud)
        self.wait(TIMING.hold)
        self.play_clock(TIMING.hold, slide, self.frame, self.cloud, self.classes)

    def show_neurons(self) -> None:
        """The network as it is before training, each neuron with its field."""
        self.caption(f"Each square is a neuron, over the same\nplane: {self.theme.bright} where it is active.")
        self.fade(self.neurons, *self.keys)
        self.wait(TIMING.slow + TIMING.beat)

    def show_regions(self) -> None:
        """What the network answers so far."""
        right, count = self.right_at(self.replay.epoch_at(self.replay.first))
        when = "Before training" if self.replay.first == 0 else f"After epoch {self.replay.first:,.0f},"
        self.caption(f"Together they give each place a class.\n{when} {right:,} of {count:,} are right.")
        self.readouts = training_readouts(self, self.replay)
        moved = (self.regions, self.neurons, self.curve)
        pace, half = self.replay.pace(), SECONDS / 2
        self.parts = [
            PlayTraining(
                self.replay, *moved, follow=self.follow, readouts=self.readouts, dated=[self.curve], pace=pace,
                run_time=half, rate_func=rate,
            )
            for rate in (lambda t: t / 2, lambda t: 0.5 + t / 2)
        ]  # fmt: skip
        self.parts[0].show(self.replay.first)
        self.regions.set_opacity(0.0)
        self.add_behind(self.regions)
        self.fade(self.regions, self.curve, *self.readouts.values())
        self.wait(TIMING.slow)

    def follow(self, network: Network) -> None:
        """Show another network."""
        self.regions.set_network(network)
        self.neurons.set_network(network)

    def train(self) -> None:
        """Everything follows one counter."""
        first, second = self.training_captions()
        self.caption(first)
        self.play(self.parts[0])
        self.caption(second)
        self.play(self.parts[1])
        right, count = self.right_at(self.epoch)
        which = f"all {count:,}" if right == count else f"{right:,} of {count:,}"
        self.caption(f"After epoch {self.epoch:,}, {which} points\nlie in the region of their class.")

    def training_captions(self) -> tuple[str, str]:
        """What to look at while the network learns."""
        hidden = len(self.neurons.dense) - 1
        if hidden == 0:
            return (
                "Training turns and shifts\nstraight lines, and nothing else.",
                "No training can bend them:\nthere is no hidden layer.",
            )
        first = "The first layer draws straight edges.\nTraining turns and shifts them."
        if hidden == 1:
            return first, "The output combines them\ninto regions."
        return first, "Each layer after it combines\nwhat the one before has drawn."

    def right_at(self, epoch: int) -> tuple[int, int]:
        """How many training points an epoch's network gets right, and of how many."""
        data = self.recording.data
        wrong = mistakes(self.recording.network(epoch), data.x, data.y)
        return int(np.count_nonzero(~wrong)), len(wrong)
