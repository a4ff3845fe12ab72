"""One network: an example passes, and every multiplication by a weight is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear

from scenes.cost.networks import Counted, large, terms_of
from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

DIAGRAM = Zone(SAFE.left, 1.5, -2.4, 2.4)
TABLE = Zone(2.1, SAFE.right, -2.2, 2.0)
ROW, MOST_ROWS = 0.52, 7
MOST_EXAMPLES = 300
SECONDS = 7.5  # for an example's way


class Row:
    """A line of the table: how a layer's multiplications come about, or those of several layers."""

    def __init__(self, terms: str, size: int, layers: tuple[str, ...]) -> None:
        self.terms, self.size, self.layers = terms, size, layers


def rows_of(network: Counted) -> list[Row]:
    """A row for each layer; those in the middle of many become one."""
    rows = [Row(terms_of(cost), cost.multiplications, (cost.name,)) for cost in network.costs]
    if len(rows) <= MOST_ROWS:
        return rows
    head, tail = MOST_ROWS // 2, MOST_ROWS - MOST_ROWS // 2 - 1
    middle = rows[head : len(rows) - tail]
    names = tuple(name for row in middle for name in row.layers)
    return [*rows[:head], Row(f"⋮ {len(middle)} more layers", sum(row.size for row in middle), names), *rows[-tail:]]


class CountPart:
    """The diagram, the table beside it, and the sum."""

    def __init__(self, stage: Stage, recording: Recording, counted: Counted) -> None:
        self.stage, self.theme, self.recording, self.counted = stage, stage.theme, recording, counted
        data, network = recording.data, recording.network()
        shape = None if data.image_shape is None else data.image_shape[:2]
        x = np.asarray(data.x[:MOST_EXAMPLES]).reshape(-1, *network.input_shape)
        flat = len(network.input_shape) == 1 and shape is not None
        self.diagram = NetworkDiagram(
            network, DIAGRAM, x=x, inputs=liveliest(x) if flat else None, image_shape=shape, names="counts",
            theme=self.theme,
        )  # fmt: skip
        self.signals = self.diagram.signals(x[0])
        self.rows = rows_of(counted)
        top = TABLE.center[1] + ROW * len(self.rows) / 2
        self.heights = [top - ROW * k for k in range(len(self.rows) + 1)]
        self.texts = [
            (
                written(row.terms, (TABLE.left, y), LEFT, TEXT.label, self.theme.muted, widest=TABLE.width - 1.9),
                written(f"{row.size:,}", (TABLE.right, y), RIGHT, TEXT.label, self.theme.text),
            )
            for row, y in zip(self.rows, self.heights, strict=False)
        ]

    def tell(self) -> None:
        """The example passes; each layer's row comes when it has been counted."""
        stage, theme, last = self.stage, self.theme, len(self.diagram.plan.links)
        stage.heading("Counting the arithmetic")
        stage.caption("Every value that passes a connection\nis multiplied by its weight.")
        self.counter = stage.readout("multiplications", ",d", self.counted.multiplications)
        self.show(0.0)
        stage.fade(self.diagram, self.counter)
        stage.read(TIMING.beat)
        texts: list[Mobject] = [text for pair in self.texts for text in pair]
        for text in texts:
            text.set_opacity(0.0)
            stage.add(text)
        moved: list[Mobject] = [self.diagram, self.counter, *texts]
        stage.play_clock(SECONDS, lambda share: self.show(share * last), *moved, rate_func=linear)
        y = self.heights[-1] - 0.12
        rule = Polylines(np.array([[[TABLE.left, y + 0.32], [TABLE.right, y + 0.32]]]), theme.faint, 2.0)
        total = [
            rule,
            written("for one answer", (TABLE.left, y - 0.05), LEFT, TEXT.label, theme.text),
            written(f"{self.counted.multiplications:,}", (TABLE.right, y - 0.05), RIGHT, TEXT.readout, theme.highlight,
                    bold=True),
        ]  # fmt: skip
        stage.caption(self.sentence())
        stage.fade(*total)
        stage.read(TIMING.slow + TIMING.beat)

    def sentence(self) -> str:
        """How many there are, and how often weights are used."""
        count, weights = large(self.counted.multiplications), large(self.counted.weights)
        if self.counted.multiplications == self.counted.weights:
            return f"{count} multiplications:\neach weight is used once."
        return f"{count} multiplications by {weights}\nweights, which are used again and again."

    def show(self, reached: float) -> None:
        """The example has come as far as a column, and what it has passed is counted."""
        self.diagram.show(self.signals, reached)
        done = 0.0
        parts = self.progress(reached)
        for row, pair in zip(self.rows, self.texts, strict=True):
            share = float(np.mean([parts[name] for name in row.layers]))
            done += row.size * share
            for text in pair:
                text.set_opacity(float(np.clip(4 * share - 3, 0.0, 1.0)))
        self.counter.set_value(round(done))

    def progress(self, reached: float) -> dict[str, float]:
        """The share of each layer's multiplications that have been done, by the layer's name."""
        links = [link.name for link in self.diagram.plan.links]
        found = {}
        for cost in self.counted.costs:
            # a layer without connections of its own, such as a batch norm, is counted with the column that it acts on
            k = links.index(cost.name) if cost.name in links else self.column_before(cost.name, links)
            found[cost.name] = float(np.clip(reached - k, 0.0, 1.0))
        return found

    def column_before(self, name: str, links: list[str]) -> int:
        """The last link that belongs to a layer before this one."""
        order = [tuple(map(int, each.split("."))) if each else () for each in links]
        own = tuple(map(int, name.split(".")))
        return max((k for k, each in enumerate(order) if each <= own), default=0)
