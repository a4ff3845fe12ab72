"""The last hidden layer's space over a whole training: one plane, one scale, and where every example is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from engine.analysis.projection import Projection, principal_projection
from engine.layers import Residual
from engine.layers.base import WeightedLayer
from scenes.code.chart import Chart, corners_of_codes
from scenes.journey.course import spread
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.theme import DARK, Theme, Zone

if TYPE_CHECKING:
    from engine.network import Network
    from scenes.journey.course import Course
    from scenes.journey.focus import Focus

MOST_POINTS = 600  # examples beside the one that is followed
LOOKED_AT = 24  # moments that the plane is fitted to
DOT, OTHER, CHOSEN, RIM = 0.045, 0.035, 0.11, 0.06  # radii, and how far the highlight reaches beyond
PATH = 3.0
MARGIN = 1.06  # room beyond the farthest place, for the marker
FADES, OLD = 0.3, 0.55  # share of the playing time in which the path pales, and how strong it stays


def weighted_layers(network: Network) -> list[int]:
    """The numbers of the layers with weights."""
    return [k for k, layer in enumerate(network.layers) if isinstance(layer, (WeightedLayer, Residual))]


def hidden_layer(network: Network) -> int | None:
    """The number of the layer whose output the last layer with weights takes; None where no layer is hidden."""
    weighted = weighted_layers(network)
    return weighted[-1] - 1 if len(weighted) > 1 else None


class HiddenSpace:
    """Where the examples are in the last hidden space, or in that of the outputs' sums where nothing is hidden.

    Parameters
    ----------
    course : Course
    number : int
        Of the example that is followed.

    Attributes
    ----------
    width : int
        How many numbers a place is.
    layer : int or None
        The layer whose output they are; None for the sums of the outputs.
    neurons : bool
        Whether each number is a neuron's.
    projection : Projection
        Onto the plane in which the places at many moments, taken together, spread most.
    places : ndarray, (M, n, 2)
        Of the other examples, in the plane.
    labels : ndarray, (n,)
    path : ndarray, (M, 2)
        Of the example.
    """

    def __init__(self, course: Course, number: int) -> None:
        self.course = course
        network = course.network(course.moments[-1])
        self.layer = hidden_layer(network)
        self.neurons = self.layer is not None and len(network.layer_shapes[weighted_layers(network)[-2]]) == 1
        others = spread(np.delete(np.arange(len(course.x)), number), MOST_POINTS)
        self.labels, self.chosen = course.y[others], np.array([*others, number])
        x = course.x[self.chosen]
        self.width = self.of(course.network(course.moments[0]), x[:1]).shape[1]
        if self.width == 2:
            self.projection = Projection.identity(2)
        else:
            some = spread(course.moments, LOOKED_AT)
            self.projection = principal_projection(self.of(course.network(moment), x) for moment in some)
        found = np.array([self.projection.apply(self.of(course.network(at), x)) for at in course.moments])
        self.places, self.path = found[:, :-1], found[:, -1]

    def of(self, network: Network, x: np.ndarray) -> np.ndarray:
        """The places of examples in the space itself, (N, width)."""
        found = network.logits(x) if self.layer is None else network.activations(x)[self.layer]
        return np.asarray(found, dtype=np.float64).reshape(len(x), -1)

    def detour(self) -> float | None:
        """How many times as long as the straight way the path is; None where it ends where it begins."""
        straight = float(np.linalg.norm(self.path[-1] - self.path[0]))
        length = float(np.linalg.norm(np.diff(self.path, axis=0), axis=1).sum())
        return length / straight if straight > 1e-6 * max(length, 1e-12) and straight > 0 else None

    def nearest_class(self, moment: float) -> int:
        """The class whose middle, of those that are drawn, is nearest to the example in the whole space."""
        found = self.of(self.course.network(moment), self.course.x[self.chosen])
        classes = np.unique(self.labels)
        middles = np.array([found[:-1][self.labels == label].mean(axis=0) for label in classes])
        return int(classes[np.linalg.norm(middles - found[-1], axis=1).argmin()])


class HiddenMap(VGroup):
    """The plane with the other examples as dots, and the one that is followed with its path behind it.

    Between two moments everything is on the straight line from one place to the next, so that it stays on its path.

    Parameters
    ----------
    space : HiddenSpace
    focus : Focus
    zone : Zone
    """

    def __init__(self, space: HiddenSpace, focus: Focus, zone: Zone, theme: Theme = DARK) -> None:
        self.space, self.focus = space, focus
        low, high = squared(*corners_of_codes([space.places.reshape(-1, 2), space.path]), zone.width / zone.height)
        quiet = ~np.isin(space.labels, focus.classes)
        # those of the classes that matter lie over the others
        self.order = np.argsort(~quiet, kind="stable")
        labels = space.labels[self.order]
        self.chart = Chart(space.places[0][self.order], focus.colours(labels), zone, low, high, theme=theme)
        self.chart.cloud.radius = np.where(quiet[self.order], OTHER, DOT)
        self.path = Polylines(np.zeros((1, len(space.path), 2)), theme.text, PATH, per_vertex=True)
        start = self.chart.place(space.path[:1])
        self.rim = PointCloud(start, theme.text, CHOSEN + RIM)
        self.point = PointCloud(start, focus.colours(np.zeros(1, int)), CHOSEN, theme.background)
        self.marker = VGroup(self.path, self.rim, self.point)
        super().__init__(self.chart, self.marker)
        self.answers = space.course.answers
        self.set_share(0.0)

    def follow(self, answers: np.ndarray) -> HiddenMap:
        """Colour the example by what it is taken for, (M,)."""
        self.answers = answers
        return self.set_share(0.0)

    def set_share(self, share: float) -> HiddenMap:
        """Show where all are when a part of the playing time has passed."""
        space, course = self.space, self.space.course
        self.chart.show(course.blended(space.places, share)[self.order])
        now = course.blended(space.path, share)
        reached = np.where((course.shares > share)[:, None], now, space.path)
        self.path.set_lines(self.chart.place(reached)[None])
        assert self.path.colours is not None
        self.path.colours[:, 3] = np.clip(1 - (share - course.shares) / FADES, OLD, 1.0)
        at = self.chart.place(now[None])
        self.rim.set_positions(at)
        self.point.set_positions(at)
        if self.answers.ndim == 1:
            self.point.set_colours(self.focus.colours(self.answers[course.nearest(share)][None]))
        return self


def squared(low: np.ndarray, high: np.ndarray, aspect: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners about the same middle with the frame's aspect, width by height: one scale for both axes, and room."""
    middle, half = (low + high) / 2, MARGIN * (high - low) / 2
    up = max(float(half[1]), float(half[0]) / aspect)
    return middle - [up * aspect, up], middle + [up * aspect, up]
