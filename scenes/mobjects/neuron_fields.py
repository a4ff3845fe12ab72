"""A network of two inputs in which every neuron shows where in the plane it is active."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from manim import VGroup

from engine.analysis.isoline import Bounds
from engine.network import Network
from scenes.mobjects.decision_field import Lattice
from scenes.mobjects.field import ramp_between
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import in_rows, outlines
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import CENTER, RIGHT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

# What an activation lies between; others are measured.
RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "step": (0.0, 1.0)}
MOST_NEURONS = 16  # of a layer that are shown
RESOLUTION = 40
LARGEST = 0.8  # side of a field, in scene units
GAP = 0.16  # between fields of one layer, as a share of their side
BETWEEN, NARROW = 0.85, 0.4  # between layers, for the connections: at least, but no more of the width than this share
NAMES = 0.42  # room above for the layers' names
FEATURE_NAMES = 1.0  # room for those of the inputs, at most
WIDEST = 4.0  # stroke of the strongest connection
FEW = 40  # connections; where there are more, each is fainter


class NeuronFields(VGroup):
    """Inputs, hidden neurons and outputs from left to right, each as a small field over the plane of the data.

    Hidden neurons are bright where they are active; outputs have the colours of their classes; connections the
    colours of their weights.

    Parameters
    ----------
    networks : iterable of Network
        Networks of one shape, such as those of some epochs; they set the scales, and the first is shown.
    bounds : Bounds
        The part of the plane.
    zone : Zone
        Where it fits in.
    feature_names : sequence of str
        Of the two inputs.
    """

    def __init__(
        self,
        networks: Iterable[Network],
        bounds: Bounds,
        zone: Zone,
        feature_names: Sequence[str] = ("x", "y"),
        theme: Theme = DARK,
        resolution: int = RESOLUTION,
    ) -> None:
        self.theme, self.lattice = theme, Lattice(bounds, resolution)
        self._measure(networks)
        sizes = [2, *self.units]
        self.shown = [list(range(min(size, MOST_NEURONS))) for size in sizes]
        names = [written(name, (0, 0), RIGHT, color=theme.muted, widest=FEATURE_NAMES) for name in feature_names]
        room = max(name.width for name in names) + 0.15
        self.boxes = self._places(Zone(zone.left + room, zone.right, zone.bottom, zone.top - NAMES))
        boxes = np.concatenate(self.boxes[:-1])
        x, y = self.lattice.places[:, 0], self.lattice.places[:, 1]
        shape = (self.lattice.rows, self.lattice.columns)
        self.inputs: np.ndarray = np.stack(
            [((values - values.min()) / np.ptp(values)).reshape(shape) for values in (x, y)]
        ).astype(np.float32)
        self.fields = Tiles(np.zeros((len(boxes), *shape)), boxes, brightness_ramp(theme), 0.0, 1.0, smooth=True)
        self.outputs = [
            Tiles(np.zeros((1, *shape)), box[None], ramp, 0.0, 1.0, smooth=True)
            for box, ramp in zip(self.boxes[-1], self._output_ramps(), strict=True)
        ]
        self.edges = Polylines(self._edge_lines(), theme.faint, 1.0)
        self.frames = Polylines(outlines(np.concatenate(self.boxes)), np.array([[*rgb(theme.muted), 0.7]] * (
            len(boxes) + len(self.outputs))), 1.2)  # fmt: skip
        self.names = [
            name.shift([*(place - name.get_right()[:2]), 0])
            for name, place in zip(
                names, [(left - 0.12, (low + high) / 2) for left, _, low, high in self.boxes[0]], strict=True
            )
        ]
        above = max(float(column[:, 3].max()) for column in self.boxes) + 0.28
        middles = [float(column[:, :2].mean()) for column in self.boxes]
        for short in (False, True):
            titles = [
                written(self._title(k, size, short), (middle, above), CENTER, TEXT.small, theme.muted)
                for k, (size, middle) in enumerate(zip(sizes, middles, strict=True))
            ]
            if all(a.get_right()[0] + 0.15 < b.get_left()[0] for a, b in pairwise(titles)):
                break
        self.names += titles
        super().__init__(self.edges, self.fields, *self.outputs, self.frames, *self.names)

    def _measure(self, networks: Iterable[Network]) -> None:
        """Find the layers, and the scales of weights and of activations that have no bounds of their own."""
        self.largest = 1e-9
        ranges: list[tuple[float, float]] = []
        first: Network | None = None
        for network in networks:
            if first is None:
                first = network
                layers = network.config()["layers"]
                self.dense = [k for k, layer in enumerate(layers) if layer["type"] == "dense"]
                self.units = [int(layers[k]["units"]) for k in self.dense]
                known = [RANGES.get(layers[k]["activation"]) for k in self.dense]
                ranges = [bounds or (0.0, 1e-9) for bounds in known]
            active = network.activations(self.lattice.places)
            for j, k in enumerate(self.dense):
                self.largest = max(self.largest, float(np.abs(network.weights[f"{k}.weight"]).max()))
                if known[j] is None:
                    low, high = ranges[j]
                    ranges[j] = (min(low, float(active[k].min())), max(high, float(active[k].max())))
        if first is None:
            raise ValueError("NeuronFields needs at least one network")
        self.ranges = ranges

    def _title(self, column: int, size: int, short: bool) -> str:
        if short:
            return "in" if column == 0 else "out" if column == len(self.units) else str(column)
        if column == 0:
            return "inputs"
        name = "output" if column == len(self.units) else f"layer {column}"
        shown = len(self.shown[column])
        return name if shown == size else f"{name}: {shown} of {size}"

    def _places(self, zone: Zone) -> list[np.ndarray]:
        """A box for each neuron that is shown, layer by layer: of one size, in as many columns as make it largest."""
        counts = [len(shown) for shown in self.shown]
        between = min(BETWEEN * (len(counts) - 1), NARROW * zone.width)
        best, rows = 0.0, 2
        for tried in range(2, max(counts) + 1):  # the two inputs stand one above the other
            columns = sum(-(-count // tried) for count in counts)
            spaces = columns - len(counts)
            side = min(
                zone.height / (tried + GAP * (tried - 1)), (zone.width - between) / (columns + GAP * spaces), LARGEST
            )
            if side > best + 1e-9:
                best, rows = side, tried
        widths = [(c := -(-count // rows)) * best + (c - 1) * GAP * best for count in counts]
        space = (zone.width - sum(widths)) / max(len(counts) - 1, 1)
        space = min(space, 2.4)
        left = zone.left + (zone.width - sum(widths) - space * (len(counts) - 1)) / 2
        boxes: list[np.ndarray] = []
        for count, width in zip(counts, widths, strict=True):
            place = Zone(left, left + width, zone.bottom, zone.top)
            boxes.append(in_rows(count, -(-count // rows), place, best, 1.0, GAP))
            left += width + space
        return boxes

    def _output_ramps(self) -> list[np.ndarray]:
        theme = self.theme
        if self.units[-1] == 1:
            return [ramp_between([(0.0, theme.class_colour(0), 1.0), (0.5, theme.background, 1.0),
                                  (1.0, theme.class_colour(1), 1.0)])]  # fmt: skip
        return [ramp_between([(0.0, theme.background, 1.0), (1.0, theme.class_colour(k), 1.0)]) for k in self.shown[-1]]

    def _edge_lines(self) -> np.ndarray:
        """From the right side of each field to the left side of those of the next layer, (E, 2, 2)."""
        lines = []
        for before, after in zip(self.boxes, self.boxes[1:], strict=False):
            starts = np.column_stack([before[:, 1], before[:, 2:].mean(axis=1)])
            ends = np.column_stack([after[:, 0], after[:, 2:].mean(axis=1)])
            pairs = [np.repeat(starts, len(ends), axis=0), np.tile(ends, (len(starts), 1))]
            lines.append(np.stack(pairs, axis=1))
        return np.concatenate(lines)

    def set_network(self, network: Network) -> NeuronFields:
        """Show another network's neurons and weights."""
        active = network.activations(self.lattice.places)
        shape = (-1, self.lattice.rows, self.lattice.columns)
        fields: list[np.ndarray] = [self.inputs]
        for k, (low, high), shown in zip(self.dense[:-1], self.ranges, self.shown[1:], strict=False):
            fields.append(((active[k][:, shown] - low) / (high - low)).T.reshape(shape))
        self.fields.set_values(np.concatenate(fields))
        low, high = self.ranges[-1]
        answers = ((active[self.dense[-1]][:, self.shown[-1]] - low) / (high - low)).T.reshape(shape)
        for output, answer in zip(self.outputs, answers, strict=True):
            output.set_values(answer[None])
        weights, faintness = [], []
        for k, before, after in zip(self.dense, self.shown, self.shown[1:], strict=False):
            weight = np.asarray(network.weights[f"{k}.weight"])[np.ix_(before, after)].ravel()
            weights.append(weight)
            faintness.append(np.full(len(weight), min(1.0, np.sqrt(FEW / len(weight)))))
        values = np.concatenate(weights)
        shares = np.sqrt(np.clip(np.abs(values) / self.largest, 0.0, 1.0))
        colours = self.theme.weight_colours(values, self.largest)
        colours[:, 3] = shares * np.concatenate(faintness)
        self.edges.set_colours(colours)
        self.edges.widths = WIDEST * shares
        return self
