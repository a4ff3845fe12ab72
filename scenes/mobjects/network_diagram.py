"""A network as neurons and feature maps with the connections between them, and what passes through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from manim import LEFT, Mobject, VGroup

from engine.errors import ConfigurationError
from engine.losses import Loss
from engine.network import Network
from scenes.mobjects.diagram_focus import Emphasis, on_layer, on_neuron
from scenes.mobjects.diagram_look import (
    FEW,
    Look,
    gradient_look,
    largest_of,
    passing_look,
    resting_look,
    strokes,
    tints,
)
from scenes.mobjects.diagram_names import LINE, most_lines, names_below, weight_key
from scenes.mobjects.diagram_places import connection_ends, place
from scenes.mobjects.diagram_plan import MOST_NEURONS, plan_network, plan_widths
from scenes.mobjects.diagram_shapes import arc_lines, bars, loop_lines
from scenes.mobjects.diagram_signals import (
    Ranges,
    Signals,
    activation_signals,
    column_ranges,
    drawn_weights,
    gradient_signals,
    matching_weights,
)
from scenes.mobjects.field import ramp_between
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import Rectangles, outlines
from scenes.mobjects.still import Still
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.theme import DARK, Theme, Zone, rgb

RADIUS, SPACING = 0.16, 0.6  # of neurons, and their distance above one another, at most
RING = 0.02
UNSEEN = 0.05  # opacity
NAMES_ABOVE = 0.3  # free room between the names and the columns


class NetworkDiagram(VGroup):
    """The layers of a network from left to right.

    Layers of neurons are discs, as bright as they are active, of more than `most` the first and last with dots
    between; images and feature maps are images; recurrent neurons have loops; the way round a residual block is an
    arc above it; dropout and the like are a bar behind the layer that they act on. A connection's hue is the sign of
    its weight, its width and strength the size, or what it passes on once something has passed. Of a convolution,
    the connection between two maps stands for the kernel between them. Only what is drawn has connections drawn.

    Parameters
    ----------
    network : Network, or sequence of int
        Any network; or the neurons of the input and of each layer, where there are no weights yet.
    zone : Zone
        Where it fits in.
    x : array (N, *input_shape), optional
        Examples that set what is dark and what is bright. Without them the first example that is shown does.
    inputs : sequence of int, optional
        The numbers of the inputs that are drawn; see `liveliest`.
    image_shape : sequence of int, optional
        Height and width: inputs and outputs of so many neurons stand as an image.
    most : int
        Neurons of a layer that are drawn.
    radius, spacing : float
        Of neurons, and their distance above one another, at most, in scene units.
    names : {"all", "counts", "none"}
        What stands under the layers, where there is room: what they are and how large, or how large.
    nouns : sequence of str, optional
        What one neuron of each column is called; by default an input in the first, else a neuron.
    key : bool
        Whether it stands above what the colours of weights mean.
    theme : Theme

    Attributes
    ----------
    plan : Plan
        The columns, links and arcs.
    places : list of ndarray (S, 2)
        The middles of what is drawn of each column.
    edges, pulses : Polylines
        The connections, link by link, and what runs along them.
    look : Look
        What is shown.
    """

    def __init__(
        self,
        network: Network | Sequence[int],
        zone: Zone,
        *,
        x: np.ndarray | None = None,
        inputs: Sequence[int] | None = None,
        image_shape: Sequence[int] | None = None,
        most: int = MOST_NEURONS,
        radius: float = RADIUS,
        spacing: float = SPACING,
        names: str = "all",
        nouns: Sequence[str] | None = None,
        key: bool = False,
        theme: Theme = DARK,
    ) -> None:
        if names not in ("all", "counts", "none"):
            raise ConfigurationError(f"names={names!r} must be 'all', 'counts' or 'none'")
        self.theme, self.zone = theme, zone
        self.network: Network | None = None
        self.plan = (
            plan_network(network, most, inputs, image_shape)
            if isinstance(network, Network)
            else plan_widths(network, most)
        )
        lines = {"all": most_lines(self.plan), "counts": 1, "none": 0}[names]
        room = lines * LINE + NAMES_ABOVE if lines else 0.0
        self.layout = place(self.plan, Zone(zone.left, zone.right, zone.bottom + room, zone.top), radius, spacing)
        self.places, self.gaps, self.radius = self.layout.nodes, self.layout.gaps, self.layout.radius
        ends = connection_ends(self.plan, self.layout)
        self.ends = np.concatenate([*ends, np.zeros((0, 2, 2))])
        self.sizes = [len(each) for each in ends]
        self.link_of_edge = np.repeat(np.arange(len(ends)), self.sizes)
        self.faintness = np.repeat([min(1.0, (FEW / max(n, 1)) ** 0.5) for n in self.sizes], self.sizes)
        self.largest: list[float] = []
        self.ranges: Ranges | None = None
        self.signed = np.tile([*rgb(theme.faint), 1.0], (len(self.ends), 1))
        self.resting_widths = np.full(len(self.ends), 1.5)
        self.emphasis = on_layer(self, None)
        self.node_sizes = [np.ones(len(nodes)) for nodes in self.places]
        self.names: list[Still] = []
        if lines:
            nouns = nouns or ["input", *["neuron"] * (len(self.places) - 1)]
            self.names = names_below(self.plan, self.layout, zone, nouns, names == "all", theme)
        super().__init__(*self._parts(key), *self.names)
        self.show_look(resting_look(self))
        if isinstance(network, Network):
            self.set_network(network)
            if x is not None and len(x):
                self.ranges = column_ranges(network, self.plan, x)

    def _parts(self, key: bool) -> list[Mobject]:
        """Make everything that is drawn, from the back to the front."""
        theme, columns, layout = self.theme, self.plan.columns, self.layout
        self.edges = Polylines(self.ends, theme.faint, 1.0)
        self.pulses = Polylines(self.ends, theme.faint, 0.0)
        arcs, loops = arc_lines(self.plan, layout), loop_lines(self.plan, layout)
        none = np.zeros((0, 2, 2))
        self.arcs = Polylines(arcs or none, theme.muted, 2.5)
        self.loops = Polylines(loops or none, theme.muted, 1.8)
        self.images: dict[int, Tiles] = {}
        self.glows: dict[int, Tiles] = {}
        glowing = ramp_between([(0.0, theme.background, 1.0), (1.0, theme.highlight, 1.0)])
        for k, column in enumerate(columns):
            if column.kind != "neurons":
                blank = np.zeros((len(layout.boxes[k]), *column.size))
                self.images[k] = Tiles(blank, layout.boxes[k], brightness_ramp(theme), 0.0, 1.0)
                self.glows[k] = Tiles(blank, layout.boxes[k], glowing, 0.0, 1.0)
        boxes = np.concatenate([*layout.boxes, np.zeros((0, 4))])
        self.frames = Polylines(outlines(boxes), np.tile([*rgb(theme.muted), 0.8], (len(boxes), 1)), 1.3)
        self.discs = [k for k, column in enumerate(columns) if column.kind == "neurons"]
        spots = np.concatenate([*(layout.nodes[k] for k in self.discs), np.zeros((0, 2))])
        self.rings = PointCloud(spots, theme.muted, layout.radius)
        self.cores = PointCloud(spots, theme.background, max(layout.radius - RING, 0.6 * layout.radius))
        marked = bars(self.plan, layout)
        self.bars = Rectangles(marked, np.tile(rgb(theme.muted), (len(marked), 1)))
        self.dots = PointCloud(layout.dots, theme.muted, 0.025)
        self.key: Still | None = None
        parts: list[Mobject] = [self.edges, self.pulses, self.arcs, self.loops]
        for k in self.images:
            parts += [self.images[k], self.glows[k]]
        parts += [self.frames, self.rings, self.cores, self.bars, self.dots]
        if key:
            self.key = Still(weight_key(theme))
            high = max(extent[3] for extent in layout.extents)
            parts.append(self.key.move_to([self.zone.left, high + 0.28, 0], aligned_edge=LEFT))
        # what has nothing in it has no place either, and would disturb bounding boxes
        return [part for part in parts if len(part.points)]

    @property
    def shown(self) -> list[list[int]]:
        """The numbers of the neurons or maps of each column that are drawn; of pixels, those with connections."""
        return [column.numbers for column in self.plan.columns]

    # --- weights --------------------------------------------------------------------------------------------------

    def set_network(self, network: Network, largest: float | Sequence[float] | None = None) -> NetworkDiagram:
        """Show the weights of a network of the same layers; the scale stays as it was unless another is given."""
        self.network = network
        return self._set_drawn(drawn_weights(network, self.plan), largest)

    def set_weights(
        self, weights: Sequence[np.ndarray], largest: float | Sequence[float] | None = None
    ) -> NetworkDiagram:
        """Show weights of layers of neurons.

        Parameters
        ----------
        weights : sequence of ndarray, (in_features, out_features)
            One matrix for each layer.
        largest : float or sequence of float, optional
            The weight that gets the full colour and width, for all layers or each; keep it while others change, so
            that they can be compared. By default each layer's largest when weights are first shown.
        """
        return self._set_drawn(matching_weights(self.plan, weights), largest)

    def _set_drawn(self, values: list[np.ndarray], largest: float | Sequence[float] | None) -> NetworkDiagram:
        if isinstance(largest, Sequence):
            self.largest = [float(each) for each in largest]
        elif largest is not None:
            self.largest = [float(largest)] * len(values)
        elif not self.largest:
            self.largest = [largest_of(each) for each in values]
        colours, widths = [np.zeros((0, 4))], [np.zeros(0)]
        for link, each, top in zip(self.plan.links, values, self.largest, strict=True):
            colours.append(tints(each, top, link.is_weighted, self.theme))
            widths.append(strokes(each, top, link.is_weighted))
        self.signed, self.resting_widths = np.concatenate(colours), np.concatenate(widths)
        return self.rest()

    # --- what passes ----------------------------------------------------------------------------------------------

    def signals(self, example: np.ndarray) -> Signals:
        """What one example, of the input's shape, makes of the network's neurons and connections."""
        network = self._own_network()
        if self.ranges is None:
            self.ranges = column_ranges(network, self.plan, np.asarray(example)[None])
        return activation_signals(network, self.plan, example, self.ranges)

    def gradients(self, example: np.ndarray, target: Any, loss: str | Loss, common: bool = False) -> Signals:
        """The gradients of one example's loss; see `gradient_signals`."""
        return gradient_signals(self._own_network(), self.plan, example, target, loss, common)

    def _own_network(self) -> Network:
        if self.network is None:
            raise ConfigurationError("a diagram of numbers of neurons has no values: make it from a network")
        return self.network

    def rest(self) -> NetworkDiagram:
        """Show nothing but the neurons and the connections' weights."""
        return self.show_look(resting_look(self))

    def show(self, signals: Signals, reached: float, before: Signals | None = None) -> NetworkDiagram:
        """Show an example that has come as far as column `reached`; in between, it is on its way.

        Parameters
        ----------
        signals : Signals
            From `signals`.
        reached : float
            0 is the input, 1 the first column after it, and so on.
        before : Signals, optional
            Of the example before, which later columns still show; by default they are dark.
        """
        return self.show_look(passing_look(self, signals, reached, before))

    def show_gradients(self, gradients: Signals, passed: float, before: Signals | None = None) -> NetworkDiagram:
        """Show gradients on their way back, from the right to the left.

        Parameters
        ----------
        gradients : Signals
            From `gradients`.
        passed : float
            1 once the output's are there, 2 once they have passed one link, and so on.
        before : Signals, optional
            The activations that are there before them; by default all is dark.
        """
        return self.show_look(gradient_look(self, gradients, passed, before))

    def dark(self) -> list[np.ndarray]:
        """The brightness of columns that nothing has reached."""
        return [
            np.zeros(len(nodes)) if column.kind == "neurons" else np.zeros((len(boxes), *column.size))
            for column, nodes, boxes in zip(self.plan.columns, self.places, self.layout.boxes, strict=True)
        ]

    # --- how it looks ---------------------------------------------------------------------------------------------

    def show_look(self, look: Look) -> NetworkDiagram:
        """Show neurons, images and connections as given, dimmed by where the focus is."""
        self.look = look
        strength = self.emphasis.edges * self.faintness
        colours, pulses = look.colours.copy(), look.pulse_colours.copy()
        colours[:, 3] *= strength
        pulses[:, 3] *= self.emphasis.edges
        self.edges.set_colours(colours)
        # what cannot be seen need not be painted
        self.edges.widths = np.where(colours[:, 3] > UNSEEN, look.widths, 0.0)
        self.pulses.set_lines(look.pulses)
        self.pulses.set_colours(pulses)
        self.pulses.widths = look.pulse_widths
        self._show_discs(look)
        for k, tiles in self.images.items():
            strengths = self.emphasis.nodes[k] if len(tiles.strengths) == len(self.emphasis.nodes[k]) else np.ones(1)
            tiles.set_values(look.bright[k])
            tiles.strengths = strengths
            self.glows[k].set_values(look.glow[k])
            self.glows[k].strengths = strengths * look.glowing[k]
        return self

    def _show_discs(self, look: Look) -> None:
        """Neurons are hollow where nothing is shown, and dim towards the background, so that none shows through."""
        theme, cores, rings, sizes = self.theme, [np.zeros((0, 3))], [np.zeros((0, 3))], [np.zeros(0)]
        ground, bright, glow, ring = (
            np.array(rgb(colour)) for colour in (theme.background, theme.activation, theme.highlight, theme.muted)
        )
        for k in self.discs:
            strength = self.emphasis.nodes[k][:, None]
            active = (bright - ground) * np.asarray(look.bright[k])[:, None]
            changed = (glow - ground) * np.asarray(look.glow[k])[:, None]
            cores.append(ground + (active + (changed - active) * look.glowing[k]) * strength)
            rings.append(ground + (ring - ground) * strength)
            sizes.append(self.node_sizes[k] * self.radius)
        self.cores.set_colours(np.concatenate(cores))
        self.rings.set_colours(np.concatenate(rings))
        self.rings.radius = np.concatenate(sizes)
        self.cores.radius = np.maximum(self.rings.radius - RING, 0.6 * self.rings.radius)

    def set_opacity(self, opacity: float, family: bool = True) -> NetworkDiagram:
        """Fade the whole; the neurons' insides stay opaque, so that connections never show through."""
        super().set_opacity(opacity, family)
        self.cores.set_opacity(1.0 if opacity > 0 else 0.0)
        return self

    # --- where the eye is led -------------------------------------------------------------------------------------

    def focus(self, layer: int | None, amount: float = 1.0, before: int | None = None) -> NetworkDiagram:
        """Dim all but the connections into one layer and its neurons (layer 0 is the first after the input).

        None dims nothing. With an `amount` less than 1 it is on the way there from the focus on layer `before`.
        """
        return self._emphasise(on_layer(self, before).towards(on_layer(self, layer), amount))

    def focus_neuron(self, column: int, node: int, amount: float = 1.0, growth: float = 1.0) -> NetworkDiagram:
        """Dim all but one neuron or map, what it hears, and the connections between.

        Parameters
        ----------
        column : int
            0 is the input.
        node : int
            Which of those that are drawn of the column, from the top.
        amount : float
            How far it has come from no focus at all.
        growth : float
            How much larger the neuron is drawn.
        """
        emphasis = on_layer(self, None).towards(on_neuron(self, column, node), amount)
        self.node_sizes[column][node] = growth
        return self._emphasise(emphasis)

    def _emphasise(self, emphasis: Emphasis) -> NetworkDiagram:
        self.emphasis = emphasis
        return self.show_look(self.look)

    def incoming(self, column: int, node: int) -> np.ndarray:
        """The numbers of the connections into one of the drawn neurons or maps of a column."""
        if column == 0:
            return np.zeros(0, np.int64)
        first, link = sum(self.sizes[: column - 1]), self.plan.links[column - 1]
        return np.asarray(first + np.flatnonzero(link.pairs[:, 1] == node))


def liveliest(x: np.ndarray, count: int = MOST_NEURONS) -> list[int]:
    """The numbers of the features that differ most from example to example, in ascending order."""
    spread = np.asarray(x).reshape(len(x), -1).std(axis=0)
    return sorted(np.argsort(-spread, kind="stable")[:count].tolist())
