"""The numbers that one neuron of a network's diagram adds up."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from engine.errors import ConfigurationError
from scenes.mobjects.diagram_signals import Signals, drawn_weights, node_values
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.mobjects.writing import HALF_LETTER, LEFT, RIGHT, number_text, written
from scenes.theme import TEXT

AWAY = 0.12  # of a number from its neuron
ROOM = 1.7  # between columns, at least


class NeuronNumbers(VGroup):
    """What comes in at one neuron: beside each neuron that is drawn before it its activation, and the weight.

    At the neuron itself stands its activation. Where numbers would stand too close to be read, every second, third, …
    is left out.

    Parameters
    ----------
    diagram : NetworkDiagram
        Made from a network.
    column, node : int
        Of the neuron, as for `NetworkDiagram.focus_neuron`; the column before it must be of neurons.
    signals : Signals
        Of the example that is shown.
    growth : float
        How much larger the neuron is drawn.
    """

    def __init__(
        self, diagram: NetworkDiagram, column: int, node: int, signals: Signals, growth: float = 1.0,
        size: float = TEXT.small,
    ) -> None:  # fmt: skip
        columns, theme = diagram.plan.columns, diagram.theme
        if column < 1 or columns[column].kind != "neurons" or columns[column - 1].kind != "neurons":
            raise ConfigurationError(f"column {column} and the one before it must be of neurons to write their numbers")
        if not self.has_room(diagram, column):
            raise ConfigurationError(f"column {column} is too close to the one before it to write numbers between them")
        network = diagram.network
        assert network is not None
        link, first = diagram.plan.links[column - 1], sum(diagram.sizes[: column - 1])
        edges = diagram.incoming(column, node)
        sources = link.pairs[edges - first, 0]
        self.weights = drawn_weights(network, diagram.plan)[column - 1][edges - first]
        self.activations = node_values(columns[column - 1], signals.values[column - 1])[sources]
        self.result = float(node_values(columns[column], signals.values[column])[node])
        self.labels: list[Still] = []
        every = max(1, int(np.ceil(0.8 * size / 96 / diagram.gaps[column - 1])))
        texts = [Label(f"× {number_text(float(weight))}", size=size, color=theme.positive if weight >= 0 else
                       theme.negative) for weight in self.weights[::every]]  # fmt: skip
        widest = max((text.width for text in texts), default=0.0)
        for k, text in zip(range(0, len(edges), every), texts, strict=True):
            x, y = diagram.places[column - 1][sources[k]]
            active = number_text(float(self.activations[k]))
            self.labels.append(written(active, (x - diagram.radius - AWAY, y), RIGHT, size, theme.muted))
            # over the connections, with a soft edge that keeps it legible
            text.stand_on(x + diagram.radius + AWAY + widest, y - HALF_LETTER * size / 96, "right")
            self.labels.append(Still(text, halo=theme.background))
        x, y = diagram.places[column][node]
        self.labels.append(written(number_text(self.result), (x + growth * diagram.radius + AWAY, y), LEFT, TEXT.label,
                                   theme.text))  # fmt: skip
        super().__init__(*self.labels)

    @staticmethod
    def has_room(diagram: NetworkDiagram, column: int) -> bool:
        """Whether there is room for numbers between a column and the one before it."""
        return float(diagram.layout.extents[column][0] - diagram.layout.extents[column - 1][1]) >= ROOM
