"""Points on their way through a network of dense layers, where a picture shows them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.analysis.geometry import END, LayerPath, Progress, embed, layer_paths, orient
from engine.analysis.projection import Projection
from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.network import Network

Array = NDArray[np.float64]

SHOWN = 3  # a picture has room for this many dimensions


class Carried(NamedTuple):
    """Points with what every hidden layer makes of them, all from the engine.

    Attributes
    ----------
    inputs : list of ndarray
        ``inputs[k]`` (N, in_features) is what layer k takes: the points, then each hidden layer's outputs.
    before : list of ndarray
        ``before[k]`` (N, out_features) is hidden layer k before its activation.
    """

    inputs: list[Array]
    before: list[Array]


class Passage:
    """How points move from the input of a network to its last hidden layer.

    Parameters
    ----------
    network : Network
        Of dense layers, at least one of them hidden.
    projections : dict of int to Projection, optional
        For each layer's outputs that have more than three features: the directions that are shown.

    Attributes
    ----------
    network : Network
        It computes what the given one computes; signs of units are turned where a layer between
        spaces of up to three features would mirror (see `orient`).
    flipped : tuple of tuple of int
        The units of each layer whose sign was turned.
    paths : list of LayerPath
        One for each hidden layer.
    layers : int
        Number of hidden layers.
    widths : list of int
        Features of the input and of each hidden layer.
    spatial : bool
        Whether any space is shown with three dimensions.
    """

    def __init__(self, network: Network, projections: dict[int, Projection] | None = None) -> None:
        sizes = [int(network.input_shape[0]), *(layer["units"] for layer in network.config()["layers"])]
        narrow = [k for k, ends in enumerate(pairwise(sizes)) if max(ends) <= SHOWN]
        self.network, flipped = orient(network, narrow)
        self.flipped = flipped[:-1]
        self.paths: list[LayerPath] = layer_paths(self.network)[:-1]
        self.layers = len(self.paths)
        if not self.layers:
            raise ConfigurationError("the network has no hidden layer: there is nothing to pass through")
        self.widths = [int(self.network.input_shape[0]), *(path.affine.out_features for path in self.paths)]
        self.projections = {}
        for k, width in enumerate(self.widths[1:]):
            if width > SHOWN:
                if projections is None or k not in projections:
                    raise ConfigurationError(f"layer {k + 1} has {width} features: more than {SHOWN} need a projection")
                self.projections[k] = projections[k]
        if self.widths[0] > SHOWN:
            raise ConfigurationError(f"the network takes {self.widths[0]} features: only up to {SHOWN} can be shown")
        self.spatial = any(self.shown_width(k) == 3 for k in range(self.layers + 1))

    def shown_width(self, space: int) -> int:
        """How many dimensions of a space are shown; space 0 is the input, space k the outputs of hidden layer k."""
        width = self.widths[space]
        return width if width <= SHOWN else self.projections[space - 1].dimensions

    def carry(self, x: ArrayLike) -> Carried:
        """Push points (N, features) through the network, with the engine's own kernels."""
        points = np.asarray(x, dtype=self.network.dtype).reshape(-1, self.widths[0])
        after, before = self.network.activations(points), self.network.pre_activations(points)
        inputs = [np.asarray(h, dtype=np.float64) for h in (points, *after[:-1])]
        return Carried(inputs, [np.asarray(z, dtype=np.float64) for z in before[:-1]])

    def show(self, values: ArrayLike, space: int) -> Array:
        """A space's points (N, features) where they are shown, (N, 3) float64."""
        if self.widths[space] > SHOWN:
            values = self.projections[space - 1].apply(values)
        return embed(values, SHOWN)

    def positions(self, carried: Carried, layer: int, progress: Progress = END) -> Array:
        """Where points are shown while they move through hidden layer number `layer` (from 0), (N, 3) float64.

        Between spaces of up to three features they take the layer's path; where either space is wider, a straight
        blend between the two projected pictures stands for turn, stretch and shift together.
        """
        x, z, h = carried.inputs[layer], carried.before[layer], carried.inputs[layer + 1]
        if max(self.widths[layer], self.widths[layer + 1]) <= SHOWN:
            return embed(self.paths[layer].positions(x, z, h, progress), SHOWN)
        start, end = self.show(x, layer), self.show(z, layer + 1)
        if progress.activate > 0:
            start, end = end, self.show(h, layer + 1)
            share = progress.activate
        else:
            share = (progress.turn + progress.stretch + progress.shift) / 3
        blended: Array = start + share * (end - start)
        return blended

    def tail(self, space: int) -> Network:
        """The rest of the network: what it does with the outputs of hidden layer `space` (0: the whole network)."""
        return tail(self.network, space)


def tail(network: Network, first: int) -> Network:
    """A network of the layers from number `first` (from 0) on, with the same parameters."""
    from engine.network import Network

    if first == 0:
        return network
    config = network.config()
    width = network.weights[f"{first}.weight"].shape[0]
    rest = Network.from_config({**config, "layers": config["layers"][first:], "input_shape": [width]})
    for k in range(first, len(config["layers"])):
        for name in ("weight", "bias"):
            rest.weights[f"{k - first}.{name}"][...] = network.weights[f"{k}.{name}"]
    return rest
