"""The numbers in and between the neurons of a diagram."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from manim import VGroup

from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.readout import Readout
from scenes.mobjects.writing import number_text
from scenes.theme import TEXT

ROOM = 0.34  # distance of numbers above one another, at least
BESIDE = 0.32  # of a number's middle from a neuron's rim, at least
INSIDE = 0.33  # radius of a neuron that has room for its number
PLACES = np.linspace(0.28, 0.72, 45)  # along the connections


class DiagramNumbers(VGroup):
    """A number in each neuron, one above it, and one on each connection of a diagram.

    All are hidden until they are shown.

    Parameters
    ----------
    diagram : NetworkDiagram
        All of whose columns are neurons.
    widest : float
        A number as wide as any to come.

    Attributes
    ----------
    inside, above : list of list of Readout
        For each column, and each neuron that is drawn.
    between : list of list of Readout
        For each link, and each connection that is drawn.
    """

    def __init__(self, diagram: NetworkDiagram, widest: float = -8.88, size: float = TEXT.small) -> None:
        self.diagram, theme = diagram, diagram.theme
        self.inside, self.above, self.between = [], [], []
        for places in diagram.places:
            inside, above = [], []
            for x, y in places:
                inside.append(readout(widest, size, theme.text).move_to([x, y, 0.0]))
                raised = y + diagram.radius + 0.2
                above.append(readout(widest, size, theme.highlight).move_to([x, raised, 0.0]))
            self.inside.append(inside)
            self.above.append(above)
        first = 0
        for count in diagram.sizes:
            ends = diagram.ends[first : first + count]
            at = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * best_place(ends)
            numbers = [readout(widest, size, theme.text, theme.background).move_to([*point, 0.0]) for point in at]
            self.between.append(numbers)
            first += count
        every = [number for group in (*self.inside, *self.above, *self.between) for number in group]
        super().__init__(*every)
        self.set_opacity(0.0)

    def set_inside(self, column: int, values: np.ndarray, bright: np.ndarray, opacity: float = 1.0) -> DiagramNumbers:
        """Write activations into the neurons of a column, legible on neurons as bright as `bright` says."""
        theme = self.diagram.theme
        for number, value, share in zip(self.inside[column], values, bright, strict=True):
            number.set_value(number_text(float(value)))
            number.number_color = theme.background if share > 0.5 else theme.text
            number.set_opacity(opacity)
        return self

    def set_between(self, link: int, edge: int, value: float, color: str, opacity: float = 1.0) -> DiagramNumbers:
        """Write a number on a connection."""
        number = self.between[link][edge]
        number.set_value(number_text(value))
        number.number_color = color
        number.set_opacity(opacity)
        return self

    def set_above(self, column: int, node: int, value: float, opacity: float = 1.0) -> DiagramNumbers:
        """Write a gradient above a neuron."""
        self.above[column][node].set_value(number_text(value))
        self.above[column][node].set_opacity(opacity)
        return self


def readout(widest: float, size: float, color: str, halo: str | None = None) -> Readout:
    """A number whose middle stays where it is."""
    return Readout("", 0.0, ".2f", widest, size, color, halo=halo)


def spacing(ends: np.ndarray, share: float) -> float:
    """How far the nearest two of the points at a share of connections (E, 2, 2) are above one another."""
    heights = np.sort(ends[:, 0, 1] + (ends[:, 1, 1] - ends[:, 0, 1]) * share)
    return float(np.diff(heights).min(initial=np.inf))


def best_place(ends: np.ndarray) -> float:
    """The share of connections at which numbers stand farthest apart."""
    return float(PLACES[int(np.argmax([spacing(ends, share) for share in PLACES]))])


def have_room(diagram: NetworkDiagram) -> bool:
    """Whether all numbers of a diagram can be read."""
    columns = diagram.plan.columns
    if any(column.kind != "neurons" or column.is_cut for column in columns) or diagram.radius < INSIDE:
        return False
    apart = min(float(b[0, 0] - a[0, 0]) for a, b in pairwise(diagram.places))
    if PLACES[0] * apart < diagram.radius + BESIDE:
        return False
    first = 0
    for count in diagram.sizes:
        ends = diagram.ends[first : first + count]
        if spacing(ends, best_place(ends)) < ROOM:
            return False
        first += count
    return True
