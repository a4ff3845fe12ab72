"""Pieces cut out of a small network: one neuron, two in series, some in parallel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.layers import Dense
from engine.network import Network

SAMPLES = 401


class Pieces:
    """What can be cut out of a network of one input, one hidden layer and one output.

    Every piece has the weights and biases that its neurons have in the network; what a neuron does not hear of in the
    piece is missing from its sum.

    Parameters
    ----------
    network : Network
        Of two dense layers.
    low, high : float
        Between which inputs the functions are looked at.

    Attributes
    ----------
    x : ndarray (SAMPLES,)
        Those inputs.
    units : list of int
        The hidden neurons, the one first with which the others go on.
    """

    def __init__(self, network: Network, low: float, high: float) -> None:
        self.whole = network
        self.hidden, self.output = (str(layer.activation) for layer in network.layers if isinstance(layer, Dense))
        self.into, self.bias, self.out, self.last = (np.asarray(each) for each in network.weights.values())
        self.x = np.linspace(low, high, SAMPLES)
        moved = [float(np.ptp(values_of(self.alone(unit), self.x))) for unit in range(len(self.bias))]
        # the first that does something over these inputs
        self.units = sorted(range(len(moved)), key=lambda unit: moved[unit] < 0.5 * max(moved))

    def alone(self, unit: int, activation: str | None = None) -> Network:
        """One hidden neuron, perhaps with another activation."""
        return self._made([Dense(1, activation or self.hidden)], self.into[:, [unit]], self.bias[[unit]])

    def series(self, unit: int) -> Network:
        """A hidden neuron, and the output's that hears of it alone."""
        layers = [Dense(1, self.hidden), Dense(1, self.output)]
        return self._made(layers, self.into[:, [unit]], self.bias[[unit]], self.out[[unit]], self.last)

    def parallel(self) -> Network:
        """All hidden neurons side by side."""
        return self._made([Dense(len(self.bias), self.hidden)], self.into, self.bias)

    def sums(self, unit: int) -> np.ndarray:
        """A hidden neuron's sums over the inputs, before its activation."""
        return values_of(self.alone(unit, "linear"), self.x)

    def _made(self, layers: Sequence[Dense], *values: np.ndarray) -> Network:
        made = Network(layers, (1,), dtype=self.whole.dtype)
        for view, given in zip(made.weights.values(), values, strict=True):
            view[...] = given
        return made


def values_of(network: Network, x: np.ndarray) -> np.ndarray:
    """What the first output is for inputs (N,), (N,) float64."""
    return np.asarray(network.predict(x[:, None].astype(network.dtype)), dtype=np.float64)[:, 0]


def turns(values: np.ndarray) -> list[int]:
    """The ways that a function goes, one after the other: 1 up, -1 down; small wavering does not count."""
    least = 0.02 * float(np.ptp(values))
    found: list[int] = []
    lowest = highest = values[0]
    for value in values[1:]:
        lowest, highest = min(lowest, value), max(highest, value)
        way = found[-1] if found else 0
        if way <= 0 and value > lowest + least:
            found, highest = [*found, 1], value
            lowest = value
        elif way >= 0 and value < highest - least:
            found, lowest = [*found, -1], value
            highest = value
    return found
