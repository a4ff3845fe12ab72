"""Scene `parameters`: every weight and bias of a network, counted layer by layer."""

from __future__ import annotations

from itertools import groupby
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from manim import Mobject

from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.replay import epochs_shown
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.network import Network

DIAGRAM = Zone(SAFE.left, 1.9, -2.4, 2.3)
TABLE = Zone(2.5, SAFE.right, -2.2, 2.3)
ROW = 0.5
MOST_ROWS = 8
MOST_EXAMPLES = 500


class Row(NamedTuple):
    """The parameters of one layer.

    Attributes
    ----------
    layer : str
        What their names begin with; empty for a row that stands for several layers.
    terms : str
        How they add up, such as ``"784 × 16 + 16"``.
    size : int
        Their sum.
    """

    layer: str
    terms: str
    size: int


class Parameters(Stage):
    """A network's parameters, added up layer by layer, and the network as one function of them.

    Options: ``epochs`` is a pair of the first and last epoch, either of them None; the last one's weights are drawn.
    """

    OPTIONS = ("epochs",)

    def construct(self) -> None:
        self.build()
        self.whole()
        self.count()
        self.function()

    def build(self) -> None:
        """Read the network and make the mobjects."""
        data = self.recording.data
        network = self.recording.network(epochs_shown(self.recording, self.options.get("epochs"))[-1])
        image = data.image_shape[:2] if data.image_shape is not None else None
        inputs = liveliest(data.x[:MOST_EXAMPLES]) if image is not None else None
        self.diagram = NetworkDiagram(network, DIAGRAM, inputs=inputs, names="counts", key=True, theme=self.theme)
        self.rows = elided(parameter_rows(network))
        self.total = sum(row.size for row in self.rows)
        self.some_fixed = self.total < network.parameter_count
        self.inputs, self.outputs = prod(network.input_shape), prod(network.output_shape)

    def whole(self) -> None:
        """The network as it is."""
        self.heading("Every number in it")
        self.caption("Each connection has a weight,\neach neuron a bias.")
        self.fade(self.diagram)
        self.wait(TIMING.slow)

    def count(self) -> None:
        """Row after row, with the eye led to the layer that is counted."""
        top = TABLE.center[1] + ROW * len(self.rows) / 2
        self.caption("How many are there? Inputs times neurons,\nlayer by layer, and the biases.")
        before: int | None = None
        self.texts: list[list[Mobject]] = []
        for k, row in enumerate(self.rows):
            texts = self.written_row(row, top - ROW * k)
            self.texts.append(texts)
            layer = self.link_of(row.layer)
            self.show_row(texts, before, layer)
            before = layer
            self.wait(TIMING.beat)
        y = top - ROW * len(self.rows)
        rule = Polylines(np.array([[[TABLE.left, y + 0.27], [TABLE.right, y + 0.27]]]), self.theme.muted, 1.5)
        total = [
            rule,
            written(
                "to be learned" if self.some_fixed else "in all",
                (TABLE.left, y - 0.05),
                LEFT,
                TEXT.label,
                self.theme.text,
            ),
            written(f"{self.total:,}", (TABLE.right, y - 0.05), RIGHT, TEXT.readout, self.theme.highlight, bold=True),
        ]
        self.caption(f"{self.total:,} numbers.")
        self.show_row(total, before, None)
        self.wait(TIMING.beat)

    def written_row(self, row: Row, y: float) -> list[Mobject]:
        """A layer's sum at the left of the table, its result at the right."""
        width = TABLE.width - 1.7
        return [
            written(row.terms, (TABLE.left, y), LEFT, TEXT.label, self.theme.muted, widest=width),
            written(f"{row.size:,}", (TABLE.right, y), RIGHT, TEXT.label, self.theme.text),
        ]

    def show_row(self, texts: list[Mobject], before: int | None, layer: int | None) -> None:
        """Write a row while the focus goes from one layer to another."""
        for text in texts:
            text.set_opacity(0.0)

        def show(share: float) -> None:
            self.diagram.focus(layer, share, before)
            for text in texts:
                text.set_opacity(share)

        self.play_clock(TIMING.beat, show, self.diagram, *texts)

    def link_of(self, layer: str) -> int | None:
        """Which of the diagram's links shows a layer's weights."""
        links = self.diagram.plan.links
        return next((k for k, link in enumerate(links) if link.is_weighted and link.name == layer), None)

    def function(self) -> None:
        """All of it together."""
        self.heading("One function")
        self.caption(f"All together it is one function:\n{self.inputs:,} in, {self.outputs:,} out.")
        self.wait(TIMING.slow + TIMING.quick)
        self.caption(f"To learn is to find values\nfor {self.total:,} numbers.")
        self.wait(TIMING.slow + TIMING.quick)


def parameter_rows(network: Network) -> list[Row]:
    """The parameters of each layer that learns some; of those inside a residual block, layer by layer too."""
    rows = []
    learned = [slot for slot in network.layout if slot.trainable]
    for layer, slots in groupby(learned, key=lambda slot: slot.name.rpartition(".")[0]):
        shapes = [slot.shape for slot in slots]
        terms = " + ".join(" × ".join(f"{size:,}" for size in shape) for shape in shapes)
        rows.append(Row(layer, terms, sum(prod(shape) for shape in shapes)))
    return rows


def elided(rows: list[Row]) -> list[Row]:
    """At most `MOST_ROWS` rows; those in the middle of more become one."""
    if len(rows) <= MOST_ROWS:
        return rows
    head, tail = MOST_ROWS // 2, MOST_ROWS - MOST_ROWS // 2 - 1
    middle = rows[head : len(rows) - tail]
    return [*rows[:head], Row("", f"⋮ {len(middle)} more layers", sum(row.size for row in middle)), *rows[-tail:]]
