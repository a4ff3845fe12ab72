"""A single neuron: the numbers that come in, their weights, and the sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from manim import VGroup

from scenes.mobjects.glyphs import text_width
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.writing import CENTER, number_text, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

RADIUS, SUM_RADIUS = 0.46, 0.56  # of the inputs and of the sum
RING = 0.03
NAME_ABOVE, BIAS_ABOVE = 0.22, 0.32  # of a disc, and of the bias, which has none
THIN, THICK = 1.5, 7.0  # connections of weight 0, and of the largest
ALONG, ABOVE = 0.45, 0.34  # where on its connection a weight is written, and how far beside it
PULSE = 0.1
SIZE, ROOM = TEXT.label, "−88888"  # of the numbers, and the widest
RIGHT_EDGE = np.array([1, 0, 0])  # a number grows from there to the left


class UnitDiagram(VGroup):
    """Inputs one under another, connections with their weights, the bias, and what they add up to.

    Parameters
    ----------
    names : sequence of str
        Of the inputs.
    weight : array (n,)
    bias : float
    zone : Zone
        The inputs are at its left edge, the sum at its right.
    largest : float
        The weight whose connection is thickest.
    write : callable
        Gives the text of a number.

    Attributes
    ----------
    places : ndarray (n, 2)
        Middles of the inputs.
    sum_place : ndarray (2,)
    """

    def __init__(
        self,
        names: Sequence[str],
        weight: np.ndarray,
        bias: float,
        zone: Zone,
        largest: float,
        write: Callable[[float], str] = number_text,
        theme: Theme = DARK,
    ) -> None:
        self.theme, self.zone, self.largest, self.write = theme, zone, largest, write
        count = len(names)
        heights = np.linspace(zone.top - RADIUS - NAME_ABOVE - 0.15, zone.bottom + RADIUS, count + 1)
        x = zone.left + RADIUS
        self.places = np.column_stack([np.full(count, x), heights[:-1]])
        self.bias_place = np.array([x, heights[-1]])
        self.sum_place = np.array([zone.right - SUM_RADIUS, float(heights.mean())])
        starts = np.vstack([self.places, self.bias_place])
        self.lines = Polylines(
            np.stack([starts, np.tile(self.sum_place, (count + 1, 1))], axis=1),
            np.zeros((count + 1, 3)),
            THIN,
        )
        spots = np.vstack([starts[:-1], self.sum_place])
        sizes = np.array([RADIUS] * count + [SUM_RADIUS])
        self.rings = PointCloud(spots, theme.muted, sizes)
        self.cores = PointCloud(spots, theme.background, sizes - RING)
        # the bias is no input: it has no disc, and a patch of ground keeps its number free of its connection
        self.patch = PointCloud(self.bias_place[None], theme.background, RADIUS)
        self.inputs = [self._number(place) for place in self.places]
        self.total = self._number(self.sum_place)
        self.weights = [self._weight(place) for place in self.places]
        self.bias = self._number(self.bias_place)
        edge = zone.right - zone.left
        self.names = [
            written(name, (x, y + RADIUS + NAME_ABOVE), CENTER, TEXT.small, theme.muted, widest=0.5 * edge)
            for name, y in zip(names, heights, strict=False)
        ]
        above = (self.sum_place[0], self.sum_place[1] + SUM_RADIUS + NAME_ABOVE)
        self.sum_name = written("sum", above, CENTER, TEXT.small, theme.muted)
        self.bias_name = written("bias", (x, heights[-1] + BIAS_ABOVE), CENTER, TEXT.small, theme.muted)
        self.pulses = PointCloud(starts, theme.highlight, 0.0)
        super().__init__(self.lines, self.pulses, self.rings, self.cores, self.patch, *self.inputs, self.total,
                         *self.weights, self.bias, *self.names, self.sum_name, self.bias_name)  # fmt: skip
        self.starts = starts
        self.set_weights(weight, bias)
        self.set_inputs(None)
        self.set_sum(None)

    def _number(self, place: np.ndarray) -> Readout:
        """A number with its middle at a place."""
        return Readout("", "", "", ROOM, SIZE, self.theme.text).move_to([*place, 0.0], RIGHT_EDGE)

    def _weight(self, start: np.ndarray) -> Readout:
        """A weight's number beside its connection, on the upper side."""
        along = self.sum_place - start
        across = np.array([-along[1], along[0]]) / np.hypot(*along)
        place = start + ALONG * along + ABOVE * across
        readout = Readout("", "", "", f"× {ROOM}", SIZE, self.theme.text, halo=self.theme.background)
        return readout.move_to([*place, 0.0], RIGHT_EDGE)

    def _put(self, readout: Readout, text: str) -> None:
        """Show a text where the number before it was, in the middle."""
        old, new = (text_width(each) for each in (readout.text, text))
        readout.set_value(text).shift([(new - old) / 2 * SIZE / 96, 0.0, 0.0])

    def set_weights(self, weight: np.ndarray, bias: float) -> UnitDiagram:
        """Show other weights (n,), and another bias."""
        theme = self.theme
        values = np.array([*np.asarray(weight, np.float64), float(bias)])
        colours = [theme.positive if value >= 0 else theme.negative for value in values]
        self.lines.set_colours(np.array([rgb(colour) for colour in colours]))
        share = np.clip(np.abs(values) / max(self.largest, 1e-12), 0.0, 1.0)
        self.lines.widths = THIN + (THICK - THIN) * share
        for readout, value, colour in zip([*self.weights, self.bias], values, colours, strict=True):
            readout.number_color = colour
            shown = self.write(float(value))
            self._put(readout, shown if readout is self.bias else f"× {shown}")
        return self

    def set_inputs(self, inputs: np.ndarray | None) -> UnitDiagram:
        """Show what comes in, (n,); None for nothing yet."""
        for k, readout in enumerate(self.inputs):
            self._put(readout, "" if inputs is None else self.write(float(inputs[k])))
        return self

    def set_sum(self, total: float | None, fires: float = 0.0) -> UnitDiagram:
        """Show the sum, None for none yet, and how strongly the neuron fires, from 0 to 1."""
        self._put(self.total, "" if total is None else self.write(float(total)))
        ground, active = np.array(rgb(self.theme.background)), np.array(rgb(self.theme.activation))
        colours = np.tile(ground, (len(self.cores.points), 1))
        colours[-1] += (active - ground) * fires
        self.cores.set_colours(colours)
        self.total.number_color = self.theme.background if fires > 0.5 else self.theme.text
        return self

    def send(self, share: float) -> UnitDiagram:
        """Show what is on its way from the inputs and the bias to the sum; nothing at 0 and at 1."""
        inside = 0.0 < share < 1.0
        self.pulses.set_positions(self.starts + (self.sum_place - self.starts) * share)
        self.pulses.radius = np.full(len(self.starts), PULSE if inside else 0.0)
        return self
