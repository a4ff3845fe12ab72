"""A network as neurons and the connections between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import LEFT, Typst, VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.still import Still
from scenes.mobjects.text import PREAMBLE, escape
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

MOST_NEURONS = 8  # of a layer; of larger ones the first and last few are shown, with dots between
SHOWN_EACH_END = 3
WIDEST = 5.0  # stroke of the strongest connection
RING = 0.025  # width of a neuron's ring
DIMMED = 0.3


class NetworkDiagram(VGroup):
    """Layers of neurons from left to right; a connection's colour is its weight's sign, its width the size.

    Only neurons that are drawn have connections drawn; a gap with three dots stands for the others.

    Parameters
    ----------
    widths : sequence of int
        Neurons of the input and of each layer.
    zone : Zone
        Where it fits in.
    radius : float
        Largest radius of a neuron, in scene units.
    """

    def __init__(self, widths: Sequence[int], zone: Zone, radius: float = 0.13, theme: Theme = DARK) -> None:
        self.theme = theme
        self.widths = tuple(widths)
        self.shown = [shown_neurons(width) for width in widths]
        rows = max(len(shown) + (len(shown) < width) for shown, width in zip(self.shown, widths, strict=True))
        gap = min(zone.height / max(rows, 2), 0.75)
        columns = np.linspace(zone.left + radius, zone.right - radius, len(widths))
        middle = (zone.bottom + zone.top) / 2
        self.places: list[np.ndarray] = []
        dots = []
        for x, shown, width in zip(columns, self.shown, widths, strict=True):
            slots = len(shown) + (len(shown) < width)
            heights = middle + gap * ((slots - 1) / 2 - np.arange(slots))
            if len(shown) < width:
                hole = heights[SHOWN_EACH_END]
                dots += [(x, hole + 0.22 * gap * k) for k in (-1, 0, 1)]
                heights = np.delete(heights, SHOWN_EACH_END)
            self.places.append(np.column_stack([np.full(len(shown), x), heights]))
        ends = [
            np.stack([np.repeat(a, len(b), axis=0), np.tile(b, (len(a), 1))], axis=1)
            for a, b in zip(self.places, self.places[1:], strict=False)
        ]
        self.layer_of_edge = np.repeat(np.arange(len(ends)), [len(e) for e in ends])
        self.edges = Polylines(np.concatenate(ends), theme.faint, 1.5)
        size = min(radius, 0.42 * gap)
        self.neurons = PointCloud(np.concatenate(self.places), theme.text, size)
        self.cores = PointCloud(np.concatenate(self.places), theme.background, size - RING)
        self.layer_of_neuron = np.repeat(np.arange(len(widths)), [len(p) for p in self.places])
        super().__init__(self.edges, self.neurons, self.cores)
        if dots:
            self.add(PointCloud(np.array(dots), theme.muted, 0.03))
        # what the connections' colours mean, above the highest neuron
        self.key = Still(_key(theme))
        high = max(float(places[:, 1].max()) for places in self.places) + size
        self.key.move_to([zone.left, high + 0.28, 0], aligned_edge=LEFT)
        self.add(self.key)
        self.signed = np.tile([*rgb(theme.faint), 1.0], (len(self.layer_of_edge), 1))

    def set_weights(self, weights: Sequence[np.ndarray], largest: float) -> NetworkDiagram:
        """Show weights.

        Parameters
        ----------
        weights : sequence of ndarray, (in_features, out_features)
            One matrix for each layer.
        largest : float
            The weight that gets the full colour and width; keep it while others change, so that they can be compared.
        """
        values = np.concatenate(
            [np.asarray(weight)[np.ix_(self.shown[k], self.shown[k + 1])].ravel() for k, weight in enumerate(weights)]
        )
        self.signed = self.theme.weight_colours(values, largest)
        self.signed[:, 3] = np.sqrt(self.signed[:, 3])  # so that small weights can be seen at all
        self.edges.widths = WIDEST * np.sqrt(np.clip(np.abs(values) / largest, 0.0, 1.0)) + 0.4
        self.focus(None)
        return self

    def set_opacity(self, opacity: float, family: bool = True) -> NetworkDiagram:
        """Fade the whole; the neurons' insides stay opaque, so that connections never show through."""
        super().set_opacity(opacity, family)
        self.cores.set_opacity(1.0 if opacity > 0 else 0.0)
        return self

    def focus(self, layer: int | None, amount: float = 1.0, before: int | None = None) -> NetworkDiagram:
        """Dim all but the connections into one layer and its neurons (layer 0 is the first hidden one); None: nothing.

        With an `amount` less than 1 it is on the way there from the focus on layer `before`.
        """
        edges, neurons = self._emphasis(before)
        edges_to, neurons_to = self._emphasis(layer)
        edges, neurons = edges + amount * (edges_to - edges), neurons + amount * (neurons_to - neurons)
        colours = self.signed.copy()
        colours[:, 3] *= edges
        self.edges.set_colours(colours)
        # hollow, since no activation is shown; dimmed towards the background, so that connections end behind them
        background, bright = np.array(rgb(self.theme.background)), np.array(rgb(self.theme.text))
        rings = background + (bright - background) * neurons[:, None]
        self.neurons.set_colours(np.column_stack([rings, np.ones(len(rings))]))
        self.cores.set_colours(np.tile(background, (len(rings), 1)))
        return self

    def _emphasis(self, layer: int | None) -> tuple[np.ndarray, np.ndarray]:
        """How strong connections and neurons are with the focus on a layer."""
        if layer is None:
            return np.ones(len(self.layer_of_edge)), np.ones(len(self.layer_of_neuron))
        near = np.isin(self.layer_of_neuron, (layer, layer + 1))
        return np.where(self.layer_of_edge == layer, 1.0, DIMMED), np.where(near, 1.0, DIMMED)


def _key(theme: Theme) -> Typst:
    """The words that say which colour is which sign, in those colours."""
    colours = {"weights": theme.muted, "positive": theme.positive, "negative": theme.negative}
    words = "  ".join(f'#text(fill: rgb("{colour}"))[{escape(word)}]' for word, colour in colours.items())
    return Typst(words, font_size=TEXT.small, color=theme.muted, typst_preamble=PREAMBLE)


def shown_neurons(width: int) -> list[int]:
    """The numbers of the neurons of a layer that are drawn."""
    if width <= MOST_NEURONS:
        return list(range(width))
    return [*range(SHOWN_EACH_END), *range(width - SHOWN_EACH_END, width)]
