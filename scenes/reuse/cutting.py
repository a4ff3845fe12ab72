"""A network's diagram whose last layer comes and goes."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from scenes.mobjects.diagram_focus import Emphasis
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import CENTER, written
from scenes.theme import TEXT, Theme, rgb

SOFT = 0.5  # height over which connections fade where they are cut, in scene units
ABOVE = 0.3  # how far the blade begins above the connections
TICK = 0.14  # height of a bracket's ends
OVER = 0.16  # how far brackets reach beyond what they hold


class Cut(VGroup):
    """A line that goes down between the last two columns of a diagram, and takes the last layer with it.

    Parameters
    ----------
    diagram : NetworkDiagram
        Its last link is one of weights.
    """

    def __init__(self, diagram: NetworkDiagram, theme: Theme) -> None:
        self.diagram, self.theme = diagram, theme
        self.last = diagram.link_of_edge == len(diagram.plan.links) - 1
        ends = diagram.ends[self.last]
        self.heights = ends[:, :, 1].mean(axis=1)
        self.x = float(ends[:, :, 0].mean())
        nodes = diagram.places[-2][:, 1], diagram.places[-1][:, 1]
        self.top = float(max(nodes[0].max(), nodes[1].max())) + ABOVE
        self.bottom = float(min(nodes[0].min(), nodes[1].min())) - ABOVE
        self.blade = Polylines(np.full((1, 2, 2), (self.x, self.top)), theme.highlight, 3.0)
        super().__init__(self.blade)
        self.set_share(0.0)

    def set_share(self, share: float) -> Cut:
        """Show it when a share of the cut is done; the blade is gone at both ends."""
        y = self.top + (self.bottom - self.top) * min(1.0, share / 0.7)
        gone = np.clip((self.heights - y + SOFT) / SOFT, 0.0, 1.0) if share > 0 else np.zeros(len(self.heights))
        left = np.clip((1 - share) / 0.3, 0.0, 1.0)
        self.blade.set_lines(np.array([[(self.x, self.top), (self.x, y)]]))
        self.blade.set_colours(np.array([[*rgb(self.theme.highlight), left if share > 0 else 0.0]]))
        show_last(self.diagram, 1 - gone if share < 1 else 0.0, float(left))
        return self


def show_last(diagram: NetworkDiagram, edges: float | np.ndarray, nodes: float) -> None:
    """Set how strong the last layer's connections are, and its neurons with their names, from 0 to 1."""
    last = diagram.link_of_edge == len(diagram.plan.links) - 1
    strengths = np.ones(len(diagram.ends))
    strengths[last] = edges
    columns = [np.ones(len(places)) for places in diagram.places]
    columns[-1][:] = nodes
    before = diagram.layout.extents[-2][1]
    for name in diagram.names:
        if name.get_center()[0] > before:
            name.set_opacity(nodes)
    diagram.emphasis = Emphasis(strengths, columns)
    diagram.show_look(diagram.look)


class Bracket(VGroup):
    """A bracket under a part of a diagram, with words under it.

    Parameters
    ----------
    left, right, y : float
        Its ends, and its height.
    text : str
        "" for none.
    colour : str
    """

    def __init__(self, left: float, right: float, y: float, text: str, colour: str) -> None:
        line = np.array([[[left, y + TICK], [left, y], [right, y], [right, y + TICK]]])
        parts = [Polylines(line, colour, 2.5)]
        words = [written(text, ((left + right) / 2, y - 0.26), CENTER, TEXT.small, colour)] if text else []
        super().__init__(*parts, *words)


def last_part(diagram: NetworkDiagram) -> tuple[float, float]:
    """Where the last layer begins and ends from left to right: its connections and its neurons."""
    return diagram.layout.extents[-2][1] + OVER, diagram.layout.extents[-1][1] + OVER
