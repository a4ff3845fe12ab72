"""A network under what its layers might stand for, from pixels up to answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, VGroup

from engine.network import Network
from scenes.mobjects.diagram_plan import plan_network
from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import in_rows, outlines
from scenes.mobjects.still import Still
from scenes.mobjects.writing import CENTER, written
from scenes.stage import fitting
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import RecordedData

MIDDLES = np.array([-5.1, -1.7, 1.7, 5.1])  # of the panels, where they do not stand over their layers
PANELS = (0.85, 2.75)  # bottom and top
NAMES = 0.53  # height
NETWORK = Zone(-5.2, 5.2, -2.35, 0.05)
TIES = (0.3, 0.1)  # where the lines from panels to layers begin, and how far above the layers they end
MOST_EXAMPLES = 512  # that set the scales of the diagram
QUIET = 1.7  # so much farther reaches the scale of the weights than they do
LARGEST = 96  # size of the letters of an answer


class Stairs(VGroup):
    """Four panels in a row, names under them, and the network whose layers are tied to them.

    Parameters
    ----------
    network : Network
    data : RecordedData
    shape : tuple of int
        Height and width of images.
    parts, answers : str
        What is hoped of the layer before the last one, and what the last one gives.

    Attributes
    ----------
    boxes : ndarray (4, 4)
        Of the panels: pixels, edges, parts, answers.
    hidden_layers : int
    columns_of : list of int
        The columns of the diagram that the panels are tied to.
    """

    def __init__(
        self, network: Network, data: RecordedData, shape: tuple[int, ...], parts: str, answers: str,
        theme: Theme = DARK,
    ) -> None:  # fmt: skip
        self.theme = theme
        weighted = self.weighted(network)
        self.hidden_layers = len(weighted) - 1
        self.columns_of = [0, weighted[0] + 1, weighted[-2] + 1, weighted[-1] + 1]
        self.diagram = NetworkDiagram(
            network, NETWORK, x=data.x[:MOST_EXAMPLES], inputs=liveliest(data.x), names="none", theme=theme
        )
        # quieter than alone, beside what stands over it
        self.diagram.set_network(network, [QUIET * each for each in self.diagram.largest])
        extents = [self.diagram.layout.extents[k] for k in self.columns_of]
        over = np.array([(extent[0] + extent[1]) / 2 for extent in extents])
        middles = over if self.columns_of == [0, 1, 2, 3] == list(range(len(self.diagram.places))) else MIDDLES
        aspect = shape[1] / shape[0]
        tall = min(PANELS[1] - PANELS[0], 2.6 / aspect)
        self.boxes = np.array([in_rows(1, 1, Zone(x - 1.7, x + 1.7, *PANELS), tall, aspect)[0] for x in middles])
        hoped = ["pixels", "edges?", f"{parts}?", answers]
        self.names = [written(text, (x, NAMES), CENTER, TEXT.label, theme.text) for text, x in
                      zip(hoped, middles, strict=True)]  # fmt: skip
        height = float(self.boxes[0, 2:].mean())
        self.arrows = [written("→", ((a[1] + b[0]) / 2, height), CENTER, 40, theme.muted)
                       for a, b in zip(self.boxes, self.boxes[1:], strict=False)]  # fmt: skip
        lines = [[(x, TIES[0]), (end, extent[3] + TIES[1])] for x, end, extent in
                 zip(middles, over, extents, strict=True)]  # fmt: skip
        self.ties = Polylines(np.array(lines), theme.faint, 2.0)
        self.marker = Polylines(outlines(self.boxes[:1]), theme.highlight, 3.5, opacity=0.0)
        super().__init__(self.diagram, self.marker)

    @staticmethod
    def weighted(network: Network) -> list[int]:
        """The numbers of the links between columns that have weights."""
        return [k for k, link in enumerate(plan_network(network).links) if link.is_weighted]

    @classmethod
    def hidden(cls, network: Network) -> int:
        """How many hidden layers with weights there are."""
        return len(cls.weighted(network)) - 1

    @staticmethod
    def columns(network: Network) -> int:
        """How many columns the network's diagram has."""
        return len(plan_network(network).columns)

    def answer(self, name: str) -> tuple[Mobject, ...]:
        """The class in the last panel."""
        box = self.boxes[3]
        width = float(box[1] - box[0])
        label = fitting(name, width - 0.2, LARGEST, self.theme.text)
        label.move_to([(box[0] + box[1]) / 2, (box[2] + box[3]) / 2, 0])
        frame = Polylines(outlines(box[None]), np.array([[*rgb(self.theme.muted), 0.8]]), 1.5)
        return Still(label), frame

    def point(self, before: int | None, after: int | None, share: float) -> Stairs:
        """Lead the eye from one panel and its layer to another; None is nowhere."""
        layers = [None if panel is None else self.columns_of[panel] - 1 for panel in (before, after)]
        self.diagram.focus(layers[1], share, layers[0])
        panels = [panel for panel in (before, after) if panel is not None]
        if panels:
            start, end = self.boxes[panels[0]], self.boxes[panels[-1]]
            self.marker.set_lines(outlines((start + (end - start) * share)[None]))
        # it comes where there was none, and goes where there will be none
        strengths = [float(panel is not None) for panel in (before, after)]
        self.marker.set_opacity(strengths[0] + (strengths[1] - strengths[0]) * share)
        return self

    def box_answer(self, share: float) -> Stairs:
        """Box the last panel."""
        self.marker.set_lines(outlines(self.boxes[3:]))
        self.marker.set_opacity(share)
        return self
