"""The weights of the first layer of a network of images, through its training."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from engine.network import Network
from scenes.mobjects.weight_grid import WeightGrid, weight_images
from scenes.replay import Replay
from scenes.theme import DARK, Theme, Zone

MOST_IMAGES = 16
LOOKED_AT = 24  # moments that are looked at to choose a scale


class FirstWeights(VGroup):
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

    def set_network(self, network: Network) -> FirstWeights:
        """Show the weights of another network."""
        self.grid.set_images(weight_images(self._weights(network), self.shape))
        return self
