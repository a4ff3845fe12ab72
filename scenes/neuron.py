"""Scene `neuron`: what one neuron computes, in real numbers, and the same as one row of a matrix equation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from scenes.animations.focusing import FocusNeuron
from scenes.animations.propagating import PropagateActivations
from scenes.images import dense_layers, first_layer_fault, image_fault, most_excited
from scenes.mobjects.activation_curve import ActivationCurve
from scenes.mobjects.contributions import Contributions
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.matrix import MOST_ROWS, Matrix, kept
from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.mobjects.neuron_numbers import NeuronNumbers
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.tiles import weight_ramp
from scenes.mobjects.weight_grid import WeightGrid
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, number_text, written
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording

NETWORK = Zone(SAFE.left + 0.8, SAFE.right - 0.8, -2.35, 2.75)
MOST_EXAMPLES = 512  # that set the scales of the diagram
SIDE = 2.35
PANELS = [Zone(x, x + SIDE, 0.35, 0.35 + SIDE) for x in (SAFE.left, -3.55, -0.44)]
SIGNS = (-3.93, -0.82)
KEY = Zone(4.3, SAFE.right, 2.6, SAFE.top)
BARS = Zone(SAFE.left, 1.91, -2.2, -0.55)
CURVE = Zone(2.75, SAFE.right, -0.9, 2.1)
BULB = (3.1, -1.75)
SHARED = ("softmax",)  # activations that take more than the neuron's own sum
# The equation, from left to right: result = f( W · input + bias ).
ROW_HEIGHT = 3.9
RESULT, WEIGHTS = Zone(-5.9, -4.7, -1.85, 2.05), Zone(-2.6, 1.8, -1.85, 2.05)
INPUT, BIAS = Zone(2.1, 3.3, -1.85, 2.05), Zone(4.2, 5.4, -1.85, 2.05)
EQUALS, FUNCTION, OPEN, PLUS, CLOSE = -4.4, -3.05, -2.95, 3.75, 5.75


class Neuron(Stage):
    """One neuron of the first layer close up: weights times pixels, their sum, the bias, the activation.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; the last one is shown.
    """

    OPTIONS = ("epochs",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        fault = image_fault("neuron", recording) or first_layer_fault("neuron", recording)
        if fault is not None:
            return fault
        activation = recording.network_config["layers"][dense_layers(recording)[0]]["activation"]
        if activation in SHARED:
            return f"neuron needs an activation of one number: the first layer of {recording.name} has {activation!r}"
        return None

    def construct(self) -> None:
        self.build()
        self.among_others()
        self.multiply()
        self.add_up()
        self.activate()
        self.whole_layer()
        self.wait(TIMING.beat)

    def build(self) -> None:
        """Compute what the neuron does."""
        recording, data = self.recording, self.recording.data
        assert data.image_shape is not None
        replay = Replay(recording, self.options.get("epochs"))
        self.net = recording.network(replay.epoch_at(replay.last))
        self.layer = dense_layers(recording)[0]
        settings = recording.network_config["layers"][self.layer]
        self.activation, self.units = settings["activation"], settings["units"]
        self.neuron, self.best = most_excited(self.net, self.layer, data.x, kept(self.units, MOST_ROWS))
        self.weight = np.asarray(self.net.weights[f"{self.layer}.weight"], dtype=np.float64)
        self.bias = np.asarray(self.net.weights[f"{self.layer}.bias"], dtype=np.float64)
        example = data.x[self.best : self.best + 1]
        self.pixels = example.ravel().astype(np.float64)
        self.sums = self.net.pre_activations(example)[self.layer][0].astype(np.float64)
        self.results = self.net.activations(example)[self.layer][0].astype(np.float64)
        self.products = self.weight[:, self.neuron] * self.pixels
        self.shape = data.image_shape[:2]
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())

    def among_others(self) -> None:
        """The network with the image on its way through it, and the neuron that comes forward."""
        data, example = self.recording.data, self.recording.data.x[self.best]
        diagram = NetworkDiagram(
            self.net, NETWORK, x=data.x[:MOST_EXAMPLES], inputs=liveliest(data.x), names="counts", theme=self.theme,
            nouns=["pixel", *["neuron"] * len(self.net.layers)],
        )  # fmt: skip
        signals, links = diagram.signals(example), diagram.plan.links
        column = next(k for k, link in enumerate(links) if link.name == str(self.layer)) + 1
        node = diagram.shown[column].index(self.neuron)
        self.heading("One neuron among many")
        self.caption("A network that was trained,\nand an image on its way through it.")
        self.fade(diagram, seconds=TIMING.quick)
        self.play(PropagateActivations(diagram, signals, run_time=min(len(links), 4.0)))
        self.caption(
            f"Neuron {self.neuron + 1} of its first layer hears all\npixels, each through a weight of its own."
        )
        focus = FocusNeuron(diagram, column, node, signals if NeuronNumbers.has_room(diagram, column) else None)
        self.play(focus)
        self.wait(TIMING.slow)
        self.fade(leaving=(diagram, *filter(None, [focus.numbers])), seconds=TIMING.quick)

    def multiply(self) -> None:
        """Weights, image, and their products."""
        theme, shape, data = self.theme, self.shape, self.recording.data
        weights = self.weight[:, self.neuron].reshape(shape)
        largest = max(float(np.abs(weights).max()), float(np.abs(self.products).max()), 1e-9)
        grid = WeightGrid(weights[None], largest, PANELS[0], theme=theme)
        image = ImagePanel(self.pixels.reshape(shape), PANELS[1], self.low, self.high, theme)
        product = WeightGrid(self.products.reshape(1, *shape), largest, PANELS[2], theme=theme)
        key = ScaleLegend(weight_ramp(theme), -largest, largest, KEY, "weight", theme=theme)
        names = [written(text, (panel.center[0], panel.bottom - 0.28), CENTER, TEXT.small, theme.muted)
                 for text, panel in zip(("weights", "pixels", "products"), PANELS, strict=True)]  # fmt: skip
        signs = [written(text, (x, PANELS[0].center[1]), CENTER, 48, theme.text)
                 for text, x in zip("×=", SIGNS, strict=True)]  # fmt: skip
        self.heading(f"Neuron {self.neuron + 1} of the first layer")
        self.caption(f"A neuron has a weight for each\nof its {len(self.pixels):,} inputs.")
        self.fade(grid, key, names[0])
        self.wait(TIMING.hold)
        self.caption(f"Of all {len(data.x):,} images that it has learned\nfrom, this one excites it most.")
        self.fade(image, names[1], signs[0])
        self.wait(TIMING.hold)
        self.caption("Each pixel is multiplied\nby its weight.")
        self.fade(product, names[2], signs[1])
        self.wait(TIMING.hold)
        self.shown = VGroup(grid, image, product, key, *names, *signs)

    def add_up(self) -> None:
        """The positive products, the negative ones, the bias."""
        positive = float(self.products[self.products > 0].sum())
        negative = float(self.products[self.products < 0].sum())
        bias = float(self.bias[self.neuron])
        self.parts = [("positive", positive), ("negative", negative), ("bias", bias)]
        bars = self.bars = Contributions(self.parts, BARS, self.theme)
        bars.set_progress(0.0)
        self.caption("The positive products add up,\nthe negative ones take away.")
        self.fade(bars)
        self.play_clock(2 * TIMING.slow, lambda share: bars.set_progress(2 * share), bars)
        self.wait(TIMING.quick)
        sign = "+" if bias >= 0 else "−"
        values = [positive + negative, abs(bias), float(self.sums[self.neuron])]
        shown = [number_text(value) for value in values]
        # three numbers that are each rounded need not add up in their last digit
        off = round(round(values[0], 2) + round(bias, 2) - round(values[2], 2), 2)
        self.caption(f"The bias shifts the sum:\n{shown[0]} {sign} {shown[1]} {'≈' if off else '='} {shown[2]}.")
        self.play_clock(TIMING.slow, lambda share: bars.set_progress(2 + share), bars)
        self.wait(TIMING.hold)

    def activate(self) -> None:
        """The sum goes through the activation function; the result is how bright the neuron is."""
        theme, total = self.theme, float(self.sums[self.neuron])
        curve = self.curve = ActivationCurve(self.activation, total, CURVE, theme)
        ring = PointCloud(np.array([BULB]), theme.muted, 0.36)
        bulb = PointCloud(np.array([BULB]), theme.background, 0.33)
        text = written("activation", (BULB[0] + 0.6, BULB[1]), LEFT, TEXT.label, theme.muted)
        readout = self.readout("", ".2f", max(99.0, abs(float(self.results[self.neuron]))))
        readout.move_to([BULB[0] + 3.1, BULB[1] + 0.02, 0], aligned_edge=np.array([1, 0, 0]))
        low, high = curve.low, curve.high
        ground, bright = np.array(rgb(theme.background)), np.array(rgb(theme.activation))

        def slide(share: float) -> None:
            curve.set_value(total * share)
            readout.set_value(curve.value)
            light = float(np.clip((curve.value - low) / (high - low), 0.0, 1.0))
            bulb.set_colours((ground + (bright - ground) * light)[None])

        slide(0.0)
        self.caption("The activation function makes of the sum\nwhat the neuron passes on.")
        self.fade(curve, ring, bulb, text, readout)
        self.play_clock(TIMING.slow + TIMING.beat, slide, curve, bulb, readout)
        self.wait(TIMING.slow)
        self.fade(leaving=(self.shown, self.bars, curve, ring, bulb, text, readout), seconds=TIMING.quick)
        self.clear_readouts()

    def whole_layer(self) -> None:
        """The same for all neurons of the layer: a matrix equation with its real numbers."""
        theme = self.theme
        size, shown = TEXT.label, self.pixels_written()
        pixels = "pixels" if shown is None else f"pixels {shown[0] + 1}–{shown[-1] + 1}"
        self.matrices = {
            "result": Matrix(self.results[:, None], RESULT, size=size, signed=False, theme=theme),
            "weights": Matrix(
                self.weight.T, WEIGHTS, most=(MOST_ROWS, 4), size=size, theme=theme, columns=shown and shown[:3]
            ),
            "input": Matrix(self.pixels[:, None], INPUT, size=size, signed=False, theme=theme, rows=shown),
            "bias": Matrix(self.bias[:, None], BIAS, size=size, theme=theme),
        }
        middle, top = WEIGHTS.center[1], 2.35
        function = {"relu": "ReLU", "sigmoid": "σ"}.get(self.activation, self.activation)
        plain = self.activation == "linear"
        words = [("=", EQUALS, LEFT), ("+", PLUS, CENTER), *([] if plain else [(function, FUNCTION, RIGHT)])]
        signs = [written(text, (x, middle), edge, 36, theme.text) for text, x, edge in words]
        around = [] if plain else [parenthesis(OPEN, middle, 1), parenthesis(CLOSE, middle, -1)]
        brackets = [Polylines(np.array([line]), theme.text, 2.5) for line in around]
        names = [written(text, (zone.center[0], top), CENTER, TEXT.small, theme.muted) for text, zone in
                 (("activations", RESULT), ("weights", WEIGHTS), (pixels, INPUT), ("biases", BIAS))]  # fmt: skip
        self.heading("The whole layer at once")
        neurons = "The neuron" if self.units == 1 else f"All {self.units} neurons"
        self.caption(f"{neurons} at once: a matrix times\nthe pixels, plus the biases.")
        equation = (*self.matrices.values(), *signs, *brackets, *names)
        self.fade(*equation)
        self.wait(TIMING.slow + TIMING.beat)
        marks = Polylines(outlines(self.row_boxes()), theme.highlight, 2.5, opacity=0.0)
        result = number_text(float(self.results[self.neuron]))
        self.caption(f"Row {self.neuron + 1} is our neuron: with its bias\nit gives {result} again.")
        self.fade(marks)
        self.wait(TIMING.slow + TIMING.beat)

    def pixels_written(self) -> list[int] | None:
        """Neighbours that count much for the neuron, if there are too many pixels to write them all out."""
        if len(self.pixels) <= MOST_ROWS:
            return None
        count = min(MOST_ROWS - 1, self.shape[1])
        weighed = np.convolve(np.abs(self.products), np.ones(count), mode="valid")
        # all of them in one row of the image
        weighed[np.arange(len(weighed)) % self.shape[1] > self.shape[1] - count] = -1.0
        first = int(weighed.argmax())
        return list(range(first, first + count))

    def row_boxes(self) -> np.ndarray:
        """Boxes (4, 4) around the neuron's numbers in the equation, and around all pixels."""
        boxes = []
        for name, matrix in self.matrices.items():
            entries = [entry for row in matrix.entries for entry in row]
            if name != "input":
                entries = matrix.entries[matrix.rows.index(self.neuron)]
            points = np.concatenate([entry.points[:, :2] for entry in entries])
            (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
            # the dots that stand for the others belong to them
            if len(matrix.columns) < matrix.shape[1]:
                left, right = matrix.box.left + 0.2, matrix.box.right - 0.2
            if name == "input" and len(matrix.rows) < matrix.shape[0]:
                bottom, top = matrix.box.bottom + 0.16, matrix.box.top - 0.16
            boxes.append((left - 0.06, right + 0.06, bottom - 0.06, top + 0.06))
        return np.array(boxes)


def parenthesis(x: float, y: float, side: int) -> np.ndarray:
    """A large parenthesis (K, 2) that is open to the right (1) or to the left (-1)."""
    angle = np.linspace(-0.5, 0.5, 25)
    height = ROW_HEIGHT / 2 / np.sin(0.5)
    return np.column_stack([x + side * (1 - np.cos(angle)) * height * 0.35, y + np.sin(angle) * height])
