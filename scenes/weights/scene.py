"""Scene `weights`: the weights of the first layer as images that form over training, one close up, and the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, smooth

from engine.errors import RenderError
from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.images import dense_layers, first_layer_fault, image_fault, most_excited
from scenes.lesson import Lesson
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.mobjects.text import Formula
from scenes.mobjects.tiles import weight_ramp
from scenes.mobjects.weight_grid import MOST_IMAGES, WeightGrid, weight_images
from scenes.mobjects.writing import CENTER, number_text, written
from scenes.numbers import ordinal, right_answers, training_readouts
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone
from scenes.weights.later import LaterPart
from scenes.weights.spots import SpotsPart

if TYPE_CHECKING:
    from engine.recording import Recording

GRID = Zone(SAFE.left, 1.3, -2.2, 2.6)
SIDE = Zone(2.3, SAFE.right, -2.35, 1.75)  # beside the grid, under the read-outs
KEY = Zone(4.3, SAFE.right, -2.3, -1.35)
FIRST_IMAGE, FIRST_WEIGHTS = Zone(-5.1, -1.6, -1.5, 2.0), Zone(-0.1, 3.4, -1.5, 2.0)
# Close up: weights times image is their product.
PANELS = [Zone(x, x + 3.3, -1.0, 2.3) for x in (-5.85, -1.65, 2.55)]
CLOSE_KEY = Zone(4.3, SAFE.right, 2.5, 3.5)
SECONDS = 10.0
LOOKED_AT = 24  # moments that are looked at to choose the scale


class Weights(Lesson, Stage):
    """What a network of images looks for: its first layer's weights over training, one neuron, the later layers.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; ``parts``, of ``"pixel"``,
    ``"training"``, ``"edges"``, ``"close"`` and ``"later"``. The edges are told only where they are asked for: they
    answer what the scene `hope` asks.
    """

    OPTIONS = ("epochs",)
    PARTS = {"pixel": (), "training": (), "edges": (), "close": (), "later": ()}

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        return image_fault("weights", recording) or first_layer_fault("weights", recording)

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        return [name for name in super().possible(recordings) if name != "edges"]

    def construct(self) -> None:
        super().construct()
        self.wait(TIMING.beat)

    def tell(self, part: str) -> None:
        self.told = part
        super().tell(part)

    def sweep(self) -> None:
        """Parts go on with the grid that the one before has left, but for the squares on it."""
        if self.told == "edges":
            self.clear_all()

    def clear_all(self) -> None:
        """Take everything away."""
        super().sweep()

    def build(self) -> None:
        """Compute what is shown, and make what stays for more than one part."""
        recording, data = self.recording, self.recording.data
        assert data.image_shape is not None
        self.shape = data.image_shape[:2]
        layers = recording.network_config["layers"]
        self.dense = dense_layers(recording)
        self.replay = Replay(recording, self.options.get("epochs"))
        self.epoch = self.replay.epoch_at(self.replay.last)
        self.readouts: dict[str, Readout] = {}
        self.units = layers[self.dense[0]]["units"]
        self.pixels = data.x.reshape(len(data.x), -1)
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())
        self.largest = max(
            float(np.abs(self.first_weight(self.replay.network_at(float(moment)))).max())
            for moment in np.linspace(self.replay.first, self.replay.last, LOOKED_AT)
        )
        self.neuron, self.best = most_excited(recording.network(self.epoch), self.dense[0], data.x)
        start = self.first_weight(self.replay.network_at(self.replay.first))
        shown = range(min(self.units, MOST_IMAGES))
        # the neuron that is looked at later is one of those that are shown
        self.shown = [*shown] if self.neuron in shown else [*shown][:-1] + [self.neuron]
        self.grid = WeightGrid(weight_images(start, self.shape, self.shown), self.largest, GRID, theme=self.theme)
        self.key = self.scale_legend(KEY, self.largest)
        self.curve = LossCurve.of(recording, Zone(SIDE.left, SIDE.right, -1.0, SIDE.top),
                                  (self.replay.first, self.replay.last), self.theme)  # fmt: skip

    def scale_legend(self, zone: Zone, largest: float) -> ScaleLegend:
        """What the colours of weights mean."""
        return ScaleLegend(weight_ramp(self.theme), -largest, largest, zone, "weight", theme=self.theme)

    def first_weight(self, network: Network) -> np.ndarray:
        """The weights of the first layer, (pixels, units)."""
        return network.weights[f"{self.dense[0]}.weight"]

    def pixel(self) -> None:
        """An image, and the weights of one neuron over the same pixels."""
        image = ImagePanel(self.pixels[0].reshape(self.shape), FIRST_IMAGE, self.low, self.high, self.theme)
        grid = self.grid
        home = grid.boxes.copy()
        start = home.copy()
        start[0] = WeightGrid(grid.tiles.values[:1], self.largest, FIRST_WEIGHTS).boxes[0]
        alone = (np.arange(len(home)) == 0).astype(float)
        grid.set_boxes(start).light(alone)
        names = [
            written(text, (box[:2].mean(), box[2] - 0.35), size=TEXT.label, color=self.theme.muted)
            for text, box in (("an image", image.box[0]), ("the weights of one neuron", start[0]))
        ]
        self.heading("Weights")
        count = int(np.prod(self.shape))
        self.caption(f"An image is {count:,} pixels. A neuron has\none weight for each of them.")
        self.fade(image, names[0])
        self.wait(TIMING.beat)
        self.fade(grid, names[1], self.key)
        self.wait(TIMING.slow)
        self.fade(leaving=(image, *names), seconds=TIMING.quick)

        def spread(share: float) -> None:
            grid.set_boxes(start + (home - start) * np.array([share] + [1.0] * (len(home) - 1))[:, None])
            grid.light(np.maximum(alone, np.clip(2 * share - 1, 0.0, 1.0)))

        self.heading(f"The {self.layer_name(0)} layer")
        self.caption(self.grid_caption(self.replay.first))
        self.play_clock(TIMING.slow, spread, grid)

    def grid_caption(self, moment: float) -> str:
        """Which neurons the images belong to, and when."""
        when = "before training" if moment == 0 else f"after epoch {moment:.0f}"
        if len(self.shown) < self.units:
            return f"{len(self.shown)} of the {self.units} neurons\nof the first layer, {when}."
        if self.units == 1:
            return f"The one neuron of the first layer,\n{when}."
        return f"All {self.units} neurons of the first layer,\n{when}."

    def follow(self, network: Network) -> None:
        """Show another network's weights."""
        self.grid.set_images(weight_images(self.first_weight(network), self.shape, self.shown))

    def show_grid(self, moment: float) -> None:
        """The images of all neurons, if they are not there yet."""
        if self.grid in self.mobjects:
            return
        self.follow(self.replay.network_at(moment))
        self.grid.light(np.ones(len(self.shown)))
        self.heading(f"The {self.layer_name(0)} layer")
        self.caption(self.grid_caption(moment))
        self.fade(self.grid, self.key)

    def training(self) -> None:
        """The curve and the numbers come in, and the images form."""
        self.show_grid(self.replay.first)
        self.readouts = training_readouts(self, self.replay)
        self.play_training = PlayTraining(
            self.replay, self.grid, self.curve, follow=self.follow, readouts=self.readouts, dated=[self.curve],
            run_time=SECONDS,
        )  # fmt: skip
        self.play_training.show(self.replay.first)
        self.fade(self.curve, *self.readouts.values())
        self.wait(TIMING.beat)
        self.caption("Training changes the weights a little,\nagain and again.")
        self.play(self.play_training)
        if self.recording.data.task == "classification":
            right, count, held_out = right_answers(self.recording, self.epoch)
            which = "right that it never saw." if held_out else "right."
            self.caption(f"After epoch {self.epoch} it gets {right:,}\nof {count:,} images {which}")
        else:
            self.caption(f"After epoch {self.epoch}.")
        self.wait(TIMING.slow + TIMING.beat)

    def edges(self) -> None:
        """How large the spots are that neurons look at, against short edges."""
        if self.recording.data.task != "classification":
            raise RenderError(
                f"the edges of weights are those of classes: {self.recording.name} is trained for "
                f"{self.recording.data.task}"
            )
        self.show_grid(self.replay.last)
        beside = [mobject for mobject in (self.curve, *self.readouts.values()) if mobject in self.mobjects]
        if beside:
            self.fade(leaving=beside, seconds=TIMING.quick)
        self.clear_readouts()
        self.spots = SpotsPart(self)
        self.spots.tell()

    def close(self) -> None:
        """One neuron's weights, the image that excites it most, and both together."""
        self.show_grid(self.replay.last)
        grid, number = self.grid, self.neuron + 1
        place = self.shown.index(self.neuron)
        rest = (np.arange(len(self.shown)) != place).astype(float)
        light = self.theme.light
        self.caption(f"Neuron {number}: {light} on blue counts for it,\n{light} on orange against it.")
        beside = (self.curve, self.key, *self.readouts.values())
        leaving = VGroup(*(mobject for mobject in beside if mobject in self.mobjects))
        grid.light(np.ones(len(rest)), place)
        start, end = grid.boxes.copy(), grid.boxes.copy()
        weights = grid.tiles.values[place]
        end[place] = WeightGrid(weights[None], self.largest, PANELS[0]).boxes[0]

        def enlarge(share: float) -> None:
            gone = np.clip(1 - 2.5 * share, 0.0, 1.0)
            moved = smooth(float(np.clip(1.6 * share - 0.6, 0.0, 1.0)))
            grid.light(1 - rest * (1 - gone), place if share < 1 else None)
            grid.set_boxes(start + (end - start) * moved)
            leaving.set_opacity(float(gone))

        self.play_clock(TIMING.slow, enlarge, grid, *leaving, rate_func=lambda t: t)
        self.remove(*leaving)
        self.heading(f"Neuron {number} of the first layer")
        self.clear_readouts()
        key = self.scale_legend(CLOSE_KEY, self.largest)
        names = self.panel_names()
        self.fade(names[0], key)
        self.wait(TIMING.hold)
        self.caption(f"Of all {len(self.pixels):,} images that it has learned\nfrom, this one excites it most.")
        image = ImagePanel(self.pixels[self.best].reshape(self.shape), PANELS[1], self.low, self.high, self.theme)
        signs = [written(text, (x, PANELS[0].center[1]), size=60, color=self.theme.text)
                 for text, x in (("×", -2.1), ("=", 2.1))]  # fmt: skip
        self.fade(image, names[1], signs[0])
        self.wait(TIMING.slow)
        product, sums = self.product(weights, image)
        self.caption("Each pixel times its weight: added up,\nthat is how much it is excited.")
        copy = WeightGrid(weights[None], self.largest, PANELS[0], theme=self.theme)
        self.slide_over(copy, image.copy(), product, signs[1], names[2])
        self.fade(sums)
        self.wait(TIMING.slow + TIMING.hold)
        self.fade(leaving=(grid, image, product, sums, key, *names, *signs), seconds=TIMING.quick)

    def panel_names(self) -> list[Still]:
        """What is written under the three panels."""
        data = self.recording.data
        names = data.class_names if data.task == "classification" else data.label_names
        labels = data.y if data.task == "classification" else data.labels
        which = "its image" if labels is None or not names else f"most excited by: {names[int(labels[self.best])]}"
        texts = (f"neuron {self.neuron + 1}", which, "pixel × weight")
        return [written(text, (panel.center[0], panel.bottom - 0.32), CENTER, TEXT.label, self.theme.muted, widest=3.9)
                for text, panel in zip(texts, PANELS, strict=True)]  # fmt: skip

    def product(self, weights: np.ndarray, image: ImagePanel) -> tuple[WeightGrid, Still]:
        """Pixel times weight as an image on the weights' scale, and the sum in numbers."""
        network = self.recording.network(self.epoch)
        products = weights * image.picture.values[0]
        scale = self.largest * max(1.0, abs(self.low), abs(self.high))
        panel = WeightGrid(products[None], scale, PANELS[2], theme=self.theme)
        x = self.recording.data.x[self.best : self.best + 1]
        before = float(network.pre_activations(x)[self.dense[0]][0, self.neuron])
        after = float(network.activations(x)[self.dense[0]][0, self.neuron])
        bias = float(network.weights[f"{self.dense[0]}.bias"][self.neuron])
        layer = self.recording.network_config["layers"][self.dense[0]]
        shown = [number_text(value) for value in (before - bias, abs(bias), before, after)]
        text = f'upright("sum") {shown[0]} {"+" if bias >= 0 else "−"} upright("bias") {shown[1]} = {shown[2]}'
        if layer["activation"] != "linear":
            name = {"relu": "ReLU", "sigmoid": "σ"}.get(layer["activation"], layer["activation"])
            text += f' quad "→" quad upright("{name}")({shown[2]}) = {shown[3]}'
        formula = Formula(text, size=TEXT.readout, color=self.theme.text)
        self.sum_shown = (before - bias, bias, before, after)
        return panel, Still(formula.move_to([0.0, -2.0, 0]))

    def slide_over(self, weights: WeightGrid, image: ImagePanel, product: WeightGrid, *entering: Still) -> None:
        """Slide the weights and the image over one another, where they become their product."""
        starts, end = (weights.boxes.copy(), image.box.copy()), product.boxes[0]
        self.add(product, *entering, image, weights)

        def slide(share: float) -> None:
            moved = smooth(min(1.0, 1.5 * share))
            shown = float(np.clip(3 * share - 2, 0.0, 1.0))
            weights.set_boxes(starts[0] + (end - starts[0]) * moved).set_opacity(min(1.0, 6 * share) * (1 - shown))
            image.set_box(starts[1] + (end - starts[1]) * moved).set_opacity(1 - shown)
            weights.tiles.set_opacity((0.55 if share > 0 else 0.0) * (1 - shown))
            product.set_opacity(shown)
            for mobject in entering:
                mobject.set_opacity(shown)

        self.play_clock(2 * TIMING.beat + TIMING.quick, slide, weights, image, product, *entering,
                        rate_func=lambda t: t)  # fmt: skip
        self.remove(weights, image)

    def later(self) -> None:
        """The other layers' weights, as matrices of colours and of numbers."""
        if self.grid in self.mobjects:
            self.clear_all()
        LaterPart(self).tell()

    def layer_name(self, k: int) -> str:
        """Which of the dense layers number k (from 0) is."""
        return "last" if k == len(self.dense) - 1 and k > 0 else ordinal(k + 1)
