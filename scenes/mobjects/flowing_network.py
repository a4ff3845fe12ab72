"""A network of dense layers with what passes through it: neurons as bright as they are active, connections lit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import VGroup

from engine.network import Network
from scenes.mobjects.neuron_fields import RANGES
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import written
from scenes.theme import DARK, Theme, Zone, rgb

MOST_NEURONS = 16  # of a layer; of larger ones the first and last eight are shown, with dots between
EACH_END = 8
TALLEST = 0.46  # distance of neurons above one another, at most
LARGEST = 0.16  # radius, at most
RING = 0.02
WIDEST = 4.5  # stroke of the strongest contribution
RESTING, LIT = 0.1, 0.55  # how visible connections are before and after something has passed
FEW = 60  # connections between two layers; where there are more, each is fainter
UNSEEN = 0.02  # opacity
LENGTH = 0.45  # of what runs along a connection, as a share of the connection
ROOM_FOR_NOUNS = 1.9  # distance of layers from which on there is room for "16 neurons"
NAMES = 0.4  # room below for the layers' sizes


class FlowingNetwork(VGroup):
    """Layers of neurons from left to right, and one example on its way through them.

    A neuron's brightness is its activation. A connection has the colour and strength of what it passes on: the
    weight times the activation that it comes from. Only neurons that are drawn have connections drawn.

    Parameters
    ----------
    network : Network
        Of dense layers; others that change nothing when it answers, such as dropout, are not drawn.
    x : array (N, *input_shape)
        Examples that set the scales of the activations.
    zone : Zone
    inputs : sequence of int, optional
        The numbers of the inputs that are shown, in ascending order; by default the first and last.
    """

    def __init__(
        self,
        network: Network,
        x: np.ndarray,
        zone: Zone,
        inputs: Sequence[int] | None = None,
        theme: Theme = DARK,
    ) -> None:
        self.theme, self.network = theme, network
        layers = network.config()["layers"]
        self.dense = [k for k, layer in enumerate(layers) if layer["type"] == "dense"]
        self.widths = [int(np.prod(network.input_shape)), *(int(layers[k]["units"]) for k in self.dense)]
        self.ranges = self._ranges([layers[k]["activation"] for k in self.dense], x)
        self.shown = [shown_neurons(width) for width in self.widths]
        if inputs is not None and len(inputs) < self.widths[0]:
            self.shown[0] = list(inputs)
        self.radius = LARGEST
        columns = np.linspace(zone.left + LARGEST, zone.right - LARGEST, len(self.widths))
        self.places, dots, self.gaps = [], [], []
        middle = (zone.bottom + NAMES + zone.top) / 2
        for x_place, shown, width in zip(columns, self.shown, self.widths, strict=True):
            cut = len(shown) < width
            count = len(shown) + cut
            gap = min((zone.height - NAMES) / count, TALLEST)
            heights = middle + gap * ((count - 1) / 2 - np.arange(count))
            self.radius = min(self.radius, 0.42 * gap)
            if cut:
                hole = len(shown) // 2
                dots += [(x_place, heights[hole] + 0.22 * gap * k) for k in (-1, 0, 1)]
                heights = np.delete(heights, hole)
            self.places.append(np.column_stack([np.full(len(shown), x_place), heights]))
            self.gaps.append(gap)
        self.pairs = [
            np.stack([np.repeat(a, len(b), axis=0), np.tile(b, (len(a), 1))], axis=1)
            for a, b in zip(self.places, self.places[1:], strict=False)
        ]
        self.sizes = [len(pair) for pair in self.pairs]
        everything = np.concatenate(self.pairs)
        self.edges = Polylines(everything, theme.faint, 1.0)
        self.pulses = Polylines(everything, theme.faint, 1.0)
        self.dots = PointCloud(np.array(dots), theme.muted, 0.025) if dots else None
        spots = np.concatenate(self.places)
        self.rings = PointCloud(spots, theme.muted, self.radius)
        self.cores = PointCloud(spots, theme.background, self.radius - RING)
        apart = float(columns[1] - columns[0])
        self.names = [
            written(self._name(k, apart), (columns[k], zone.bottom + 0.12), color=theme.muted)
            for k in range(len(self.widths) - 1)
        ]
        super().__init__(self.edges, self.pulses, self.rings, self.cores, *([self.dots] if self.dots else []))
        self.add(*self.names)
        ones = [np.ones(width) for width in self.widths]
        self.resting = [self._tint(values, RESTING, even=True) for values in self.contributions(ones)]
        self.rest()

    def _name(self, k: int, apart: float) -> str:
        """How many neurons a layer has, and how many of them are shown."""
        shown, width = len(self.shown[k]), self.widths[k]
        if apart < ROOM_FOR_NOUNS:
            return f"{width:,}"
        noun = "pixel" if k == 0 else "neuron"
        return f"{'' if shown == width else f'{shown} of '}{width:,} {noun if width == 1 else f'{noun}s'}"

    def _ranges(self, activations: Sequence[str], x: np.ndarray) -> list[tuple[float, float]]:
        """What is dark and what is bright, for the inputs and each layer."""
        outputs = self.network.activations(x)
        ranges = [(min(0.0, float(np.min(x))), max(float(np.max(x)), 1e-9))]
        for k, name in zip(self.dense, activations, strict=True):
            measured = (min(0.0, float(outputs[k].min())), max(float(outputs[k].max()), 1e-9))
            ranges.append(RANGES.get(name, measured))
        return ranges

    def activations_of(self, example: np.ndarray) -> list[np.ndarray]:
        """The inputs and the activations of all layers for one example, of the input's shape."""
        outputs = self.network.activations(example[None])
        return [np.asarray(example, dtype=np.float64).ravel(), *(outputs[k][0].astype(np.float64) for k in self.dense)]

    def brightness(self, activations: Sequence[np.ndarray]) -> list[np.ndarray]:
        """How bright the neurons that are shown are, 0 to 1, layer by layer."""
        found = []
        for values, (low, high), shown in zip(activations, self.ranges, self.shown, strict=True):
            found.append(np.clip((values[shown] - low) / (high - low), 0.0, 1.0))
        return found

    def contributions(self, activations: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What each connection that is drawn passes on: weight times activation, layer by layer."""
        found = []
        for k, layer in enumerate(self.dense):
            weight = np.asarray(self.network.weights[f"{layer}.weight"], dtype=np.float64)
            drawn = weight[np.ix_(self.shown[k], self.shown[k + 1])]
            found.append((drawn * activations[k][self.shown[k]][:, None]).ravel())
        return found

    def rest(self) -> FlowingNetwork:
        """Show nothing but the neurons and the connections' weights."""
        nothing = [np.full(len(shown), 0.0) for shown in self.shown]
        self._paint_neurons(nothing)
        self.edges.set_colours(np.concatenate(self.resting))
        self.edges.widths = np.full(sum(self.sizes), 1.2)
        self.pulses.widths = np.zeros(sum(self.sizes))
        return self

    def show(
        self, activations: Sequence[np.ndarray], reached: float, before: Sequence[np.ndarray] | None = None
    ) -> FlowingNetwork:
        """Show an example that has come as far as layer `reached`; in between, it is on its way.

        Parameters
        ----------
        activations : sequence of ndarray
            From `activations_of`.
        reached : float
            0 is the input, 1 the first layer, and so on.
        before : sequence of ndarray, optional
            Activations of the example before, which later layers still show; by default they are dark.
        """
        bright = self.brightness(activations)
        old = [np.zeros_like(values) for values in bright] if before is None else self.brightness(before)
        passed = self.contributions(activations)
        earlier = None if before is None else self.contributions(before)
        neurons, tints, widths, pulse_widths, pulse_lines, pulse_tints = [bright[0]], [], [], [], [], []
        for k, values in enumerate(passed):
            share = float(np.clip(reached - k, 0.0, 1.0))
            arrived = float(np.clip((share - 0.6) / 0.4, 0.0, 1.0))
            neurons.append(old[k + 1] + (bright[k + 1] - old[k + 1]) * arrived)
            strength = np.sqrt(np.abs(values) / max(float(np.abs(values).max()), 1e-12))
            new = self._tint(values, LIT)
            resting = self.resting[k] if earlier is None else self._tint(earlier[k], LIT)
            tints.append(resting + (new - resting) * share)
            widths.append(1.2 + (WIDEST - 1.2) * strength * share)
            head, tail = min(1.0, share * (1 + LENGTH)), max(0.0, share * (1 + LENGTH) - LENGTH)
            start, way = self.pairs[k][:, :1], self.pairs[k][:, 1:] - self.pairs[k][:, :1]
            pulse_lines.append(np.concatenate([start + way * tail, start + way * head], axis=1))
            pulse_tints.append(self._tint(values, 1.0))
            pulse_widths.append(WIDEST * strength if 0.0 < share < 1.0 else np.zeros_like(strength))
        self._paint_neurons(neurons)
        colours = np.concatenate(tints)
        self.edges.set_colours(colours)
        # what cannot be seen need not be painted
        self.edges.widths = np.where(colours[:, 3] > UNSEEN, np.concatenate(widths), 0.0)
        self.pulses.set_lines(np.concatenate(pulse_lines))
        self.pulses.set_colours(np.concatenate(pulse_tints))
        self.pulses.widths = np.concatenate(pulse_widths)
        return self

    def _tint(self, values: np.ndarray, most: float, even: bool = False) -> np.ndarray:
        """Colours of signed values: the hue is the sign, the opacity the size, or for all the same."""
        largest = max(float(np.abs(values).max(initial=0.0)), 1e-12)
        colours = self.theme.weight_colours(values, largest)
        if even:
            colours[:, 3] = most
        else:
            colours[:, 3] *= most
        colours[:, 3] *= min(1.0, float(np.sqrt(FEW / max(len(values), 1)))) if most < 1.0 else 1.0
        return colours

    def _paint_neurons(self, brightness: Sequence[np.ndarray]) -> None:
        share = np.concatenate(brightness)[:, None]
        ground, bright = np.array(rgb(self.theme.background)), np.array(rgb(self.theme.activation))
        self.cores.set_colours(ground + (bright - ground) * share)

    def set_opacity(self, opacity: float, family: bool = True) -> FlowingNetwork:
        """Fade the whole; the neurons' insides stay opaque, so that connections never show through."""
        super().set_opacity(opacity, family)
        self.cores.set_opacity(1.0 if opacity > 0 else 0.0)
        return self


def shown_neurons(width: int) -> list[int]:
    """The numbers of the neurons of a layer that are drawn."""
    if width <= MOST_NEURONS:
        return list(range(width))
    return [*range(EACH_END), *range(width - EACH_END, width)]


def liveliest(x: np.ndarray, count: int = MOST_NEURONS) -> list[int]:
    """The numbers of the features that differ most from example to example, in ascending order."""
    spread = np.asarray(x).reshape(len(x), -1).std(axis=0)
    return sorted(np.argsort(-spread, kind="stable")[:count].tolist())
