"""What a network makes of the data, in one picture that follows it through training."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from engine.analysis.isoline import Bounds
from engine.network import Network
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.weight_grid import WeightGrid, weight_images
from scenes.replay import Replay
from scenes.theme import DARK, Theme, Zone
from scenes.warp.material import mistakes

MOST_POINTS = 1000
MOST_IMAGES = 16
RING_CORNERS = 25
LOOKED_AT = 24  # moments that are looked at to choose a scale


class PlaneView(VGroup):
    """The data in their plane, over the regions that a network gives its classes.

    Parameters
    ----------
    network : Network
        A classifier of two features.
    x, labels : array (N, 2) and (N,)
        At most `MOST_POINTS` of them are drawn.
    bounds : Bounds
        The part of the plane.
    zone : Zone
        A square.
    """

    def __init__(
        self, network: Network, x: np.ndarray, labels: np.ndarray, bounds: Bounds, zone: Zone, theme: Theme = DARK
    ) -> None:
        every = max(1, -(-len(x) // MOST_POINTS))
        x, labels = np.asarray(x)[::every], np.asarray(labels)[::every]
        share = (x - [bounds.left, bounds.bottom]) / [bounds.right - bounds.left, bounds.top - bounds.bottom]
        places = [zone.left, zone.bottom] + share * [zone.width, zone.height]
        self.radius = radius = 0.055 if len(places) <= 400 else 0.04
        self.x, self.labels, self.places = x, labels, places
        self.cloud = PointCloud(places, theme.class_colours(labels), radius, theme.background, 1.0)
        self.regions = decision_field(network, bounds, zone, resolution=96, line_width=3.0, theme=theme)
        box = np.array([[zone.left, zone.right, zone.bottom, zone.top]])
        super().__init__(self.regions, Polylines(outlines(box), theme.faint, 2.0), self.cloud)

    def show_network(self, network: Network) -> PlaneView:
        """Show the regions of another network."""
        self.regions.set_network(network)
        return self

    def mistakes(self, network: Network, theme: Theme = DARK) -> Polylines:
        """A ring around each point that a network puts into the wrong class; it stands by itself."""
        wrong = self.places[mistakes(network, self.x, self.labels)]
        turn = np.linspace(0, 2 * np.pi, RING_CORNERS)
        rings = wrong[:, None] + 1.9 * self.radius * np.column_stack([np.cos(turn), np.sin(turn)])
        return Polylines(rings, theme.loss, 2.5)


class FirstWeightsView(VGroup):
    """The weights of a network's first layer, an image for each neuron, on one scale for a whole training.

    Parameters
    ----------
    replay : Replay
        The training, which says how large the weights become.
    weight : str
        The name of the layer's weights, such as ``"0.weight"``, (pixels, units); at most `MOST_IMAGES` are drawn.
    shape : tuple of int
        Height and width of the image that the neurons look at.
    zone : Zone
    """

    def __init__(self, replay: Replay, weight: str, shape: tuple[int, int], zone: Zone, theme: Theme = DARK) -> None:
        self.weight, self.shape = weight, shape
        moments = np.linspace(replay.first, replay.last, LOOKED_AT)
        largest = max(float(np.abs(self._weights(replay.network_at(float(at)))).max()) for at in moments)
        images = weight_images(self._weights(replay.network_at(replay.first)), shape)
        self.grid = WeightGrid(images, max(largest, 1e-9), zone, gap=0.12, theme=theme)
        super().__init__(self.grid)

    def _weights(self, network: Network) -> np.ndarray:
        weight: np.ndarray = network.weights[self.weight][:, :MOST_IMAGES]
        return weight

    def show_network(self, network: Network) -> FirstWeightsView:
        """Show the weights of another network."""
        self.grid.set_images(weight_images(self._weights(network), self.shape))
        return self
