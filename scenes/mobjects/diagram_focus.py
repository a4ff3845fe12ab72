"""How strong the parts of a network's diagram are when the eye is led to some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from scenes.mobjects.network_diagram import NetworkDiagram

DIMMED = 0.3
ALMOST_GONE = 0.06  # of connections, where one neuron is looked at


@dataclass
class Emphasis:
    """Shares of their full strength.

    Attributes
    ----------
    edges : ndarray (E,)
        Of the connections.
    nodes : list of ndarray (S,)
        Of the neurons or maps of each column.
    """

    edges: np.ndarray
    nodes: list[np.ndarray]

    def towards(self, other: Emphasis, amount: float) -> Emphasis:
        """What lies between this and another one."""
        nodes = [a + amount * (b - a) for a, b in zip(self.nodes, other.nodes, strict=True)]
        return Emphasis(self.edges + amount * (other.edges - self.edges), nodes)


def on_layer(diagram: NetworkDiagram, layer: int | None) -> Emphasis:
    """The connections into one layer and the neurons at their ends; None for all alike."""
    nodes = [np.ones(len(places)) for places in diagram.places]
    if layer is None:
        return Emphasis(np.ones(len(diagram.ends)), nodes)
    near = [strengths * (1.0 if k in (layer, layer + 1) else DIMMED) for k, strengths in enumerate(nodes)]
    return Emphasis(np.where(diagram.link_of_edge == layer, 1.0, DIMMED), near)


def on_neuron(diagram: NetworkDiagram, column: int, node: int) -> Emphasis:
    """One neuron or map, what it hears, and the connections between."""
    if not (0 <= column < len(diagram.places) and 0 <= node < len(diagram.places[column])):
        raise ConfigurationError(f"there is no neuron {node} drawn in column {column} to focus on")
    edges = np.full(len(diagram.ends), ALMOST_GONE)
    nodes = [np.full(len(places), DIMMED) for places in diagram.places]
    nodes[column][node] = 1.0
    if column > 0:
        incoming = diagram.incoming(column, node)
        # alone they need not be faint
        edges[incoming] = 1.0 / diagram.faintness[incoming]
        sources = diagram.plan.links[column - 1].pairs[incoming - sum(diagram.sizes[: column - 1]), 0]
        nodes[column - 1][sources] = 1.0
    return Emphasis(edges, nodes)
