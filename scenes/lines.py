"""Scene `lines`: every hidden neuron draws a straight line; added up, lines become a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear

from scenes.mobjects.decision_field import Lattice, two_class_ramp
from scenes.mobjects.field import ValueField
from scenes.mobjects.neuron_fields import RANGES
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import arranged
from scenes.mobjects.unit_plane import UnitPlane
from scenes.mobjects.writing import LEFT, RIGHT, number_text, written
from scenes.numbers import cardinal, share_text, shortened
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording

PLANE = Zone(-2.3, 2.3, -2.2, 2.4)
PLANE_BOX = np.array([PLANE.left, PLANE.right, PLANE.bottom, PLANE.top])
UNITS = Zone(SAFE.left + 0.3, -2.9, -2.2, 2.4)
SUM = Zone(2.9, SAFE.right, -2.2, 2.0)
MOST_UNITS = 8
MOST_POINTS = 600
RESOLUTION, UNIT_RESOLUTION = 128, 64
ROW = 0.46  # from one term of the sum to the next
DIMMED = 0.55  # a line while others are looked at
GLARE = 0.6  # strength of a neuron's field over the large plane, where full white would dazzle
SWELL = 0.5  # of the points of a class that is spoken of
LONGEST = 12  # letters of a class in a caption


class Lines(Stage):
    """The hidden neurons of a small network one by one, and how the output adds them up.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; the last one is shown.
    """

    OPTIONS = ("epochs",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        network, name = recording.network_config, recording.name
        layers = [layer for layer in network["layers"] if layer["type"] != "dropout"]
        if tuple(network["input_shape"]) != (2,) or recording.data.task != "classification":
            return f"lines shows how classes of points in a plane are parted: {name} has other data"
        if any(layer["type"] != "dense" for layer in layers) or len(layers) != 2:
            return f"lines needs one hidden layer, which is dense: {name} has another network"
        if layers[0]["units"] > MOST_UNITS:
            return f"lines has room for {MOST_UNITS} hidden neurons: {name} has {layers[0]['units']}"
        if layers[1]["units"] != 1:
            return f"lines shows one output, between two classes: {name} has {layers[1]['units']}"
        return None

    def construct(self) -> None:
        self.build()
        self.show_data()
        self.one_line()
        self.other_lines()
        self.add_up()
        self.answer()

    def build(self) -> None:
        """Compute what is shown, and make the mobjects."""
        recording, data, theme = self.recording, self.recording.data, self.theme
        replay = Replay(recording, self.options.get("epochs"))
        self.epoch = replay.epoch_at(replay.last)
        self.network = network = recording.network(self.epoch)
        dense = [k for k, layer in enumerate(recording.network_config["layers"]) if layer["type"] == "dense"]
        first, last = dense
        self.first = first
        weight, bias = network.weights[f"{first}.weight"], network.weights[f"{first}.bias"]
        self.weight = np.asarray(network.weights[f"{last}.weight"], dtype=np.float64)[:, 0]
        self.bias = float(network.weights[f"{last}.bias"][0])
        every = max(1, -(-len(data.x) // MOST_POINTS))
        self.panel = PlanePanel(recording, PLANE, examples=(data.x[::every], data.y[::every]), theme=theme)
        self.cloud, self.bounds = self.panel.cloud, self.panel.bounds
        self.units = self.make_units(first, weight, bias)
        self.large = [self.large_line(unit) for unit in self.units]
        lattice = Lattice(self.bounds, RESOLUTION)
        active = np.asarray(network.activations(lattice.places)[first], dtype=np.float64)
        self.terms = (active * self.weight).T.reshape(len(self.weight), lattice.rows, lattice.columns)
        self.region = ValueField(
            np.zeros(self.terms.shape[1:]), PLANE, two_class_ramp(theme), -1.0, 1.0, levels=(0.0,), line_width=4.0,
            line_color=theme.text, opacity=0.0,
        )  # fmt: skip
        self.rows = self.make_rows()

    def make_units(self, layer: int, weight: np.ndarray, bias: np.ndarray) -> list[UnitPlane]:
        """A small plane for each hidden neuron, in their places at the left."""
        lattice = Lattice(self.bounds, UNIT_RESOLUTION)
        active = self.network.activations(lattice.places)[layer]
        kind = self.recording.network_config["layers"][layer]["activation"]
        span = RANGES.get(kind) or (min(0.0, float(active.min())), max(float(active.max()), 1e-9))
        # more than four stand in two columns, with room for their numbers between
        boxes = arranged(len(bias), UNITS, 1.0, 0.12 if len(bias) <= 4 else 0.36)
        return [
            UnitPlane(
                active[:, k].reshape(lattice.rows, lattice.columns), span, weight[:, k], float(bias[k]), self.bounds,
                box, self.theme,
            )
            for k, box in enumerate(boxes)
        ]  # fmt: skip

    def large_line(self, unit: UnitPlane) -> Polylines:
        """A neuron's line over the large plane."""
        ends = [PLANE.left, PLANE.bottom] + unit.ends * [PLANE.width, PLANE.height]
        return Polylines([ends], self.theme.highlight, 3.0)

    def make_rows(self) -> list[list[Mobject]]:
        """The terms of the sum in words, one under the other, the bias last."""
        theme = self.theme
        found: list[list[Mobject]] = []
        top = SUM.center[1] + ROW * len(self.weight) / 2
        for k, value in enumerate([*self.weight, self.bias]):
            y = top - ROW * k
            text = number_text(float(value))
            sign = "+" if k and not text.startswith("−") else ""
            what = "the bias" if k == len(self.weight) else f"× neuron {k + 1}"
            colour = theme.positive if value >= 0 else theme.negative
            number = written(sign + text, (SUM.left + 1.2, y), RIGHT, TEXT.label, colour)
            found.append([number, written(what, (SUM.left + 1.4, y), LEFT, TEXT.label, theme.text)])
        return found

    def show_data(self) -> None:
        """The points alone."""
        names = self.recording.data.class_names
        self.heading("Lines")
        self.legend([(name, self.theme.class_colour(k)) for k, name in enumerate(names)])
        self.caption("Two kinds of points.\nA network shall tell them apart.")
        self.fade(self.panel)
        self.wait(TIMING.slow)

    def one_line(self) -> None:
        """The first neuron divides the plane by a straight line."""
        self.legend(None)
        two_signs = self.units[0].field.low < 0
        sides = (
            "positive on one side of\na straight line, negative on the other"
            if two_signs
            else ("active on one side of\na straight line, and not on the other")
        )
        self.caption(f"One neuron: {sides}.")
        self.appear(self.units[0], TIMING.beat)
        self.wait(TIMING.slow)
        self.step_aside(0, TIMING.beat)

    def other_lines(self) -> None:
        """The others draw theirs."""
        count = len(self.units)
        if count == 1:
            return
        number = cardinal(count)
        self.caption(f"{number.capitalize()} neurons, {number} lines.\n{self.alone()}")
        seconds = TIMING.beat if count <= 4 else TIMING.quick
        for k, unit in enumerate(self.units[1:], 1):
            self.appear(unit, seconds / 2)
            self.step_aside(k, seconds)
        self.wait(TIMING.hold)

    def alone(self) -> str:
        """How many of the points the best of the lines would part by itself."""
        data = self.recording.data
        sums = np.asarray(self.network.pre_activations(data.x)[self.first], dtype=np.float64)
        agree = ((sums > 0) == (np.asarray(data.y)[:, None] == 1)).mean(axis=0)
        # either side may be called the one class
        self.best_alone = float(np.maximum(agree, 1 - agree).max())
        if self.best_alone == 1:
            return "One of them would be enough."
        return f"The best alone is right for {share_text(self.best_alone)}."

    def appear(self, unit: UnitPlane, seconds: float) -> None:
        """A neuron's plane comes up under the points."""
        unit.set_box(PLANE_BOX)
        self.add(unit)
        self.bring_to_front(self.cloud)

        def come(share: float) -> None:
            unit.set_opacity(share)
            unit.field.set_opacity(GLARE * share)

        self.play_clock(seconds, come, unit, self.cloud)

    def step_aside(self, k: int, seconds: float) -> None:
        """A neuron's plane goes to its place at the left and leaves its line behind."""
        unit, line = self.units[k], self.large[k]
        left, _, bottom, top = unit.home
        name = written(f"{k + 1}", (left - 0.15, (bottom + top) / 2), RIGHT, TEXT.small, self.theme.muted)
        self.add(line, name)

        def go(share: float) -> None:
            unit.field.set_opacity(GLARE + (1 - GLARE) * share)
            name.set_opacity(max(0.0, 2 * share - 1))
            unit.set_box(PLANE_BOX + (unit.home - PLANE_BOX) * share)
            line.set_opacity(DIMMED * share)

        self.play_clock(seconds, go, unit, line, name, self.cloud)

    def add_up(self) -> None:
        """The output's sum, term by term, and what it would answer so far."""
        self.heading("Added up")
        self.caption("The output adds them up,\neach multiplied by a weight.")
        self.add_behind(self.region)
        self.total = np.zeros(self.terms.shape[1:])
        for k, term in enumerate(self.terms):
            self.add_term(term, k)
        self.caption("And the bias moves the edge\nto its place.")
        self.add_term(np.full_like(self.total, self.bias), len(self.terms))

    def beat_by_class(self) -> None:
        """The points of the class that is spoken of swell, one class after the other."""
        radius, labels = self.cloud.radius.copy(), self.panel.examples[1]

        def swell(share: float) -> None:
            now = np.clip(1 - np.abs(2 * share - np.array([1.5, 0.5])) / 0.5, 0.0, 1.0)
            self.cloud.radius[:] = radius * (1 + SWELL * now[labels])

        self.play_clock(TIMING.slow + TIMING.hold, swell, self.cloud, rate_func=linear)

    def add_term(self, term: np.ndarray, k: int) -> None:
        """One more term of the sum."""
        row, before = self.rows[k], self.total
        unit = self.units[k] if k < len(self.units) else None
        faint, bright = np.array(rgb(self.theme.faint)), np.array(rgb(self.theme.highlight))

        def show(share: float) -> None:
            self.region.set_values(np.tanh((before + share * term) / 2))
            if k == 0:
                self.region.set_opacity(share)
            for mobject in row:
                mobject.set_opacity(min(1.0, 3 * share))
            if unit is not None:
                self.large[k].set_opacity(DIMMED * (1 - share))
                # the one that is being added stands out
                lit = faint + (bright - faint) * 4 * share * (1 - share)
                unit.frame.set_colours(np.array([[*lit, 1.0]]))

        seconds = TIMING.slow if len(self.units) <= 4 else TIMING.hold
        self.play_clock(seconds, show, self.region, *row, *([] if unit is None else [unit, self.large[k]]))
        self.wait(TIMING.quick)
        self.total = before + term

    def answer(self) -> None:
        """What the sum decides, and how often it is right."""
        data = self.recording.data
        wrong = mistakes(self.network, data.x, data.y)
        self.right, self.count = int(np.count_nonzero(~wrong)), len(wrong)
        self.heading("A region")
        below, above = (f"“{shortened(name, LONGEST)}”" for name in data.class_names)
        self.caption(f"Where the sum is above zero it says\n{above}, and below zero {below}.")
        self.beat_by_class()
        self.read()
        which = f"all {self.count:,}" if self.right == self.count else f"{self.right:,} of {self.count:,}"
        self.caption(f"Out of straight lines, a region:\n{which} points are on their side.")
        self.wait(TIMING.slow + TIMING.hold)
