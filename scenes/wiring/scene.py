"""Scene `wiring`: a neuron is a function; in series, in parallel, and both, which makes a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import linear, smooth

from engine.network import Network
from scenes.animations.morphing import MorphDiagram
from scenes.mobjects.function_plot import BELOW, FunctionPlot
from scenes.mobjects.illustration import IllustrationMark
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.mobjects.writing import CENTER, number_text, written
from scenes.numbers import cardinal, right_answers
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb
from scenes.wiring.pieces import Pieces, turns, values_of
from scenes.wiring.sentences import ONE_WAY, said_of_both, said_of_chain

if TYPE_CHECKING:
    from engine.recording import Recording

DIAGRAM = Zone(SAFE.left + 0.3, -1.3, -1.5, 2.3)
PLOT = Zone(-0.6, SAFE.right - 0.2, -2.4, 2.45)
EVERYTHING = Zone(SAFE.left + 0.6, SAFE.right - 0.6, -2.1, 2.3)
RADIUS, SPACING = 0.32, 1.7
NUMBERS_BELOW = 0.62  # from a neuron to the number that it passes on
MOST_HIDDEN = 6
SHARED = ("softmax",)
SHAPES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
GROWN = ((1, 4, 1), (2, 5, 5, 2), (3, 6, 6, 6, 6, 3))  # layers of networks that are not recorded
DIMMED = 0.35  # curves of single neurons, while a curve of several is looked at
RUG = 0.06  # of the plot's height: how high the examples stand over its lower edge


class Wiring(Stage):
    """One neuron of a trained network as a function, two in series, some in parallel, and the whole.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; the last one is shown.
    """

    OPTIONS = ("epochs",)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        name, layers = recording.name, recording.network_config["layers"]
        if tuple(recording.network_config["input_shape"]) != (1,):
            return f"wiring shows functions of one number: {name} has other inputs"
        if [layer["type"] for layer in layers] != ["dense", "dense"] or layers[1]["units"] != 1:
            return f"wiring needs one hidden layer and one output, both dense: {name} has another network"
        if not 2 <= layers[0]["units"] <= MOST_HIDDEN:
            return f"wiring has room for 2 to {MOST_HIDDEN} hidden neurons: {name} has {layers[0]['units']}"
        if any(layer["activation"] in SHARED for layer in layers):
            return f"wiring needs activations of one number: {name} has others"
        return None

    def construct(self) -> None:
        self.build()
        self.one()
        self.other_shapes()
        self.in_series()
        self.in_parallel()
        self.both()
        self.deeper()

    def build(self) -> None:
        """Compute all functions, so that the axes hold them."""
        recording, theme = self.recording, self.theme
        replay = Replay(recording, self.options.get("epochs"))
        self.epoch = replay.epoch_at(replay.last)
        data = np.asarray(recording.data.x, dtype=np.float64)[:, 0]
        self.pieces = pieces = Pieces(recording.network(self.epoch), float(data.min()), float(data.max()))
        self.x, self.unit = pieces.x, pieces.units[0]
        self.single = pieces.alone(self.unit)
        parallel = np.asarray(pieces.parallel().predict(self.x[:, None].astype(pieces.whole.dtype)), np.float64)
        self.side_by_side = parallel.T[pieces.units]
        self.chain = values_of(pieces.series(self.unit), self.x)
        self.whole = values_of(pieces.whole, self.x)
        everything = np.concatenate([self.side_by_side.ravel(), self.chain, self.whole, [0.0, 1.0]])
        low, high = float(everything.min()), float(everything.max())
        room = 0.15 * (high - low)
        ends = sorted({round(float(self.x[0]), 1), 0.0, round(float(self.x[-1]), 1)})
        inner = [tick for tick in ends if self.x[0] - 0.05 <= tick <= self.x[-1] + 0.05]
        self.plot = FunctionPlot(
            (min(self.x[0], inner[0]), max(self.x[-1], inner[-1])), (low - room, high + room), PLOT, inner,
            [tick for tick in (-1.0, 0.0, 1.0) if low - room < tick < high + room], "", "what comes out",
            theme=theme,
        )  # fmt: skip
        between = (self.plot.place(inner[-2], 0)[0] + self.plot.place(inner[-1], 0)[0]) / 2
        below = self.plot.plot.bottom - BELOW / 2 - 0.02
        self.plot.add(written("what goes in", (between, below), CENTER, TEXT.small, theme.muted))
        nothing = np.full((1, len(self.x), 2), np.nan)
        self.curve = Polylines(nothing, theme.text, 4.5)
        self.others = Polylines(np.full((len(self.side_by_side), len(self.x), 2), np.nan), theme.grid[0], 3.0)
        self.dots = PointCloud(np.zeros((2, 2)), theme.highlight, 0.11, theme.background)  # below, and on each curve
        self.guide = Polylines(np.zeros((1, 2, 2)), np.array([[*rgb(theme.highlight), 0.5]]), 1.5)
        self.given, self.passed = (Readout("", 0.0, ".2f", -9.99, TEXT.readout, theme.highlight) for _ in range(2))

    # --- what is drawn --------------------------------------------------------------------------------------------

    def drawn(self, network: Network) -> NetworkDiagram:
        """A piece's diagram."""
        return NetworkDiagram(
            network, DIAGRAM, x=self.x[:, None].astype(network.dtype), names="none", radius=RADIUS, spacing=SPACING,
            theme=self.theme,
        )  # fmt: skip

    def show_curve(self, values: np.ndarray, until: float = 1.0) -> None:
        """Draw a function as far as a share of the axis."""
        line = self.plot.curve(self.x, values)
        reached = self.x[0] + until * (self.x[-1] - self.x[0])
        self.curve.set_lines(np.where((self.x <= reached)[:, None], line, np.nan)[None])

    def put(self, share: float, diagram: NetworkDiagram, network: Network, functions: Sequence[np.ndarray]) -> None:
        """Let an input go in: a share of the way along the axis."""
        x = self.x[0] + share * (self.x[-1] - self.x[0])
        diagram.show(diagram.signals(np.array([x], dtype=network.dtype)), len(diagram.places) - 1)
        at = [float(np.interp(x, self.x, values)) for values in functions]
        foot = self.plot.place(x, self.plot.y[0])
        self.dots.set_positions(np.array([foot, *(self.plot.place(x, value) for value in at)]))
        self.guide.set_lines(np.array([[foot, self.plot.place(x, max(at))]]))
        self.given.set_value(x + 0.0)
        self.passed.set_value(float(values_of(network, np.array([x]))[0]))
        for number, places in ((self.given, diagram.places[0]), (self.passed, diagram.places[-1])):
            number.move_to([*(places.mean(axis=0) - [0, NUMBERS_BELOW]), 0])

    def run(
        self, network: Network, functions: Sequence[np.ndarray], seconds: float, trace: np.ndarray | None = None
    ) -> None:
        """Let the input run along the axis, over and back, or once while a function is traced."""
        diagram = self.diagram
        one_out = len(functions) == 1
        self.dots = PointCloud(np.zeros((1 + len(functions), 2)), self.theme.highlight, 0.11, self.theme.background)
        moved = [diagram, self.dots, self.guide, self.given, *([self.passed] if one_out else []),
                 *([] if trace is None else [self.curve])]  # fmt: skip

        def show(share: float) -> None:
            if trace is not None:
                self.show_curve(trace, share)
            self.put(share, diagram, network, functions)

        self.play_clock(seconds, show, *moved, rate_func=smooth if trace is None else linear)

    def put_away(self) -> None:
        """Take away what goes in and comes out."""
        self.remove(self.dots, self.guide, self.given, self.passed)
        self.diagram.rest()

    # --- what is told ---------------------------------------------------------------------------------------------

    def one(self) -> None:
        """A number in, a number out; then how: multiplied, added, squashed."""
        self.diagram = self.drawn(self.single)
        values = self.side_by_side[0]
        self.heading("A neuron is a function")
        self.caption("A neuron is a function:\na number goes in, a number comes out.")
        self.fade(self.diagram, self.plot)
        self.wait(TIMING.quick)
        self.run(self.single, [values], 2 * TIMING.slow, trace=values)
        self.read(TIMING.quick)
        self.put_away()
        sums = self.pieces.sums(self.unit)
        weight, bias = float(self.pieces.into[0, self.unit]), float(self.pieces.bias[self.unit])
        self.caption(f"It multiplies by its weight, {number_text(weight)},\nand adds its bias, {number_text(bias)}.")
        given, made = (places.mean(axis=0) for places in self.diagram.places)
        sign = "+" if bias >= 0 else "−"
        labels = [
            written(f"× {number_text(weight)}", (given + made) / 2 + [0, 0.35], CENTER, TEXT.label, self.theme.text),
            written(f"{sign} {number_text(abs(bias))}", made + [0, NUMBERS_BELOW], CENTER, TEXT.label, self.theme.text),
        ]

        def bend(start: np.ndarray, end: np.ndarray, share: float) -> None:
            self.show_curve(start + share * (end - start))

        self.fade(*labels, seconds=TIMING.quick)
        self.play_clock(TIMING.slow, lambda share: bend(values, sums, share), self.curve)
        self.read(TIMING.quick)
        name = SHAPES.get(self.pieces.hidden, self.pieces.hidden)
        if self.pieces.hidden == "linear":
            self.caption("That is a straight line,\nand that is all it does.")
        else:
            self.caption(f"That would be a straight line.\nThen {name} squashes it.")
        self.play_clock(TIMING.slow, lambda share: bend(sums, values, share), self.curve)
        self.read(TIMING.quick)
        self.fade(leaving=labels, seconds=TIMING.quick)

    def other_shapes(self) -> None:
        """The same sum through other activations."""
        self.caption("Other squashing functions give\nthe same sum other shapes.")
        now = self.side_by_side[0]
        name: Still | None = None
        at = (self.plot.plot.right - 0.1, self.plot.plot.top - 0.1)
        order = [shape for shape in SHAPES if shape != self.pieces.hidden]
        order += [self.pieces.hidden]
        for shape in order:
            after = values_of(self.pieces.alone(self.unit, shape), self.x)
            new = written(SHAPES.get(shape, shape), at, (1, 1), TEXT.readout, self.theme.text)
            old, start = name, now

            def change(
                share: float, new: Still = new, old: Still | None = old, start: np.ndarray = start,
                after: np.ndarray = after,
            ) -> None:  # fmt: skip
                self.show_curve(start + share * (after - start))
                new.set_opacity(share)
                if old is not None:
                    old.set_opacity(1 - share)

            self.play_clock(TIMING.beat, change, self.curve, new, *([] if old is None else [old]))
            if old is not None:
                self.remove(old)
            name, now = new, after
            self.wait(TIMING.beat)
        assert name is not None
        self.fade(leaving=(name,), seconds=TIMING.quick)

    def become(self, network: Network) -> None:
        """Let the diagram grow into another."""
        after = self.drawn(network)
        self.play(MorphDiagram(self.diagram, after, run_time=TIMING.hold))
        self.diagram = after

    def in_series(self) -> None:
        """The output's neuron, which hears of this one alone."""
        chain = self.pieces.series(self.unit)
        self.heading("In series")
        self.caption("In series: what comes out of one\ngoes into the next.")
        self.become(chain)
        # the neuron's own curve stays, faint, under that of the two
        self.others.set_lines(np.array([self.plot.curve(self.x, self.side_by_side[0])] * len(self.side_by_side)))
        self.others.set_opacity(DIMMED)
        self.show_curve(self.chain, 0.0)
        self.add(self.others, self.curve)
        self.run(chain, [self.chain], 2 * TIMING.slow, trace=self.chain)
        steady = all(kind in ONE_WAY for kind in (self.pieces.hidden, self.pieces.output))
        self.caption(said_of_chain(turns(self.chain), steady))
        self.read(TIMING.quick)
        self.put_away()

    def in_parallel(self) -> None:
        """All hidden neurons side by side, each with its curve."""
        parallel = self.pieces.parallel()
        self.heading("In parallel")
        count = len(self.side_by_side)
        self.caption(f"In parallel: {cardinal(count)} neurons hear\nthe same number.")
        self.become(parallel)
        first = self.side_by_side[0]

        def part(share: float) -> None:
            mixed = [first + share * (values - first) for values in self.side_by_side]
            self.others.set_lines(np.array([self.plot.curve(self.x, values) for values in mixed]))
            self.others.set_opacity(DIMMED + (1 - DIMMED) * share)
            self.curve.set_opacity(1 - share)

        self.play_clock(TIMING.hold, part, self.others, self.curve)
        self.caption("Each answers in its own way:\nits weight and bias say where and how.")
        self.run(parallel, list(self.side_by_side), TIMING.slow + TIMING.beat)
        self.read(TIMING.quick)
        self.put_away()

    def both(self) -> None:
        """The whole network, and what it is for."""
        whole = self.pieces.whole
        self.heading("Both")
        self.caption("Both: another neuron\nweighs what they say, and adds it up.")
        self.become(whole)
        self.curve.set_opacity(1.0)
        self.show_curve(self.whole, 0.0)
        self.play_clock(TIMING.quick, lambda share: self.others.set_opacity(1 - (1 - DIMMED) * share), self.others)
        self.run(whole, [self.whole], 2 * TIMING.slow, trace=self.whole)
        self.caption(said_of_both([turns(values) for values in self.side_by_side], turns(self.whole)))
        self.read(TIMING.beat)
        self.put_away()
        leaving: list[Polylines | PointCloud] = [self.curve, self.others]
        if self.recording.data.task == "classification":
            rug = self.rug()
            right, total, _ = right_answers(self.recording, self.epoch)
            amount = f"all {total:,}" if right == total else f"{right:,} of {total:,}"
            self.caption(f"Above one half is one class, below it\nthe other: {amount} are right.")
            half = Polylines(np.array([[self.plot.place(self.plot.x[0], 0.5), self.plot.place(self.plot.x[1], 0.5)]]),
                             np.array([[*rgb(self.theme.muted), 0.9]]), 1.5)  # fmt: skip
            self.fade(rug, half)
            self.read(TIMING.beat)
            leaving += [rug, half]
        self.fade(leaving=(*leaving, self.plot), seconds=TIMING.quick)

    def rug(self) -> PointCloud:
        """The examples at their inputs, in the colours of their classes."""
        x, y = np.asarray(self.recording.data.x, np.float64)[:, 0], np.asarray(self.recording.data.y).ravel()
        height = self.plot.y[0] + RUG * (self.plot.y[1] - self.plot.y[0])
        return PointCloud(self.plot.places(x, np.full(len(x), height)), self.theme.class_colours(y.astype(int)), 0.06)

    def deeper(self) -> None:
        """Networks that are wider and deeper, which are not recorded."""
        self.heading("A network")
        mark = IllustrationMark(theme=self.theme)
        self.caption("Nodes and connections, side by side\nand one behind the other: a network.")
        for k, widths in enumerate(GROWN):
            grown = NetworkDiagram(widths, EVERYTHING, names="none", theme=self.theme)
            if k == len(GROWN) - 1:
                self.caption("Many layers in series: it is deep.\nWhat it can do is in the weights.")
            if not k:
                self.add(mark)
            self.play(MorphDiagram(self.diagram, grown, run_time=TIMING.slow))
            self.diagram = grown
            self.wait(TIMING.quick)
        self.read(TIMING.beat)
