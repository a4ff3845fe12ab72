"""What a classifier says everywhere in a plane, as tinted regions."""

from __future__ import annotations

import numpy as np

from engine.analysis.boundary import logits
from engine.analysis.isoline import Bounds
from engine.network import Network
from scenes.mobjects.field import Field
from scenes.theme import DARK, Theme, Zone

STRONGEST = 0.34  # opacity of a region where the network is sure


class DecisionField(Field):
    """Regions in the colours of their classes, the stronger the surer the network is.

    Parameters
    ----------
    network : Network
        A classifier of two features.
    bounds : Bounds
        The part of the plane.
    zone : Zone
        Where it goes in the frame.
    resolution : int
        Samples along the longer side.
    """

    def __init__(
        self,
        network: Network,
        bounds: Bounds,
        zone: Zone,
        resolution: int = 160,
        theme: Theme = DARK,
        opacity: float = 1.0,
    ) -> None:
        width, height = bounds.right - bounds.left, bounds.top - bounds.bottom
        self.columns = max(2, round(resolution * min(1.0, width / height)))
        self.rows = max(2, round(resolution * min(1.0, height / width)))
        self.theme = theme
        # pictures begin at the top, lattices at the bottom
        lattice = bounds.lattice(self.columns, self.rows).reshape(self.rows, self.columns, 2)[::-1]
        self.nodes = np.ascontiguousarray(lattice.reshape(-1, 2), dtype=network.dtype)
        super().__init__(self.colours_of(network), zone, opacity=opacity)

    def colours_of(self, network: Network) -> np.ndarray:
        """The picture of a network's decisions, (rows, columns, 4) between 0 and 1."""
        return tints(logits(network, self.nodes), self.theme).reshape(self.rows, self.columns, 4)

    def set_network(self, network: Network) -> DecisionField:
        """Show another network's decisions, such as those of another epoch."""
        self.set_picture(self.colours_of(network))
        return self


def tints(values: np.ndarray, theme: Theme = DARK) -> np.ndarray:
    """Colours with opacity, (N, 4), for logits (N, K): the winner's colour, as strong as its lead is sure."""
    if values.shape[1] == 1:
        winner = (values[:, 0] > 0).astype(np.int64)
        lead = np.abs(np.tanh(values[:, 0] / 2))  # 2p - 1
    else:
        shifted = np.exp(values - values.max(axis=1, keepdims=True))
        shares = np.sort(shifted / shifted.sum(axis=1, keepdims=True), axis=1)
        winner, lead = values.argmax(axis=1), shares[:, -1] - shares[:, -2]
    result = np.empty((len(values), 4))
    result[:, :3] = theme.class_colours(winner)
    result[:, 3] = STRONGEST * np.sqrt(lead)
    return result
