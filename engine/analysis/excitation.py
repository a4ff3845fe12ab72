"""Which examples excite the units of a layer most: what a neuron or a feature map has come to look for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ConfigurationError, DataError
from engine.network import Network


class Excitation(NamedTuple):
    """The examples to which the units of a layer answer most, strongest first.

    Attributes
    ----------
    examples : ndarray of int64, shape (k, units)
        Their numbers; of equal ones the earlier example comes first.
    values : ndarray, shape (k, units), in the network's dtype
        What the unit gave out; for a unit with many places (a feature map, a sequence) the largest of them.
    places : ndarray of int64, shape (k, units, places)
        Where that was: row and column on a feature map, the step of a sequence; empty for a unit of a dense layer.
    """

    examples: NDArray[np.int64]
    values: NDArray[Any]
    places: NDArray[np.int64]


def most_exciting(network: Network, x: ArrayLike, layer: int, k: int = 9) -> Excitation:
    """Find the examples that excite each unit of a layer most.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *network.input_shape)
        They are taken in parts, so that the layer's outputs for all of them are never held at once.
    layer : int
        Number of the layer, from 0; negative counts from the end. Its units are the last axis of its output: neurons,
        or channels.
    k : int
        How many examples to find for each unit, at most N.

    Returns
    -------
    Excitation

    Raises
    ------
    ConfigurationError
        When there is no such layer.
    DataError
        When `x` does not fit the network or has fewer than `k` examples.

    Examples
    --------
    >>> found = most_exciting(net, images, layer=0)
    >>> images[found.examples[:, 3]]  # the nine images that the layer's fourth unit answers to most
    """
    upto = until(network, layer)
    examples = upto.check_inputs(x).reshape(-1, *network.input_shape)
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= len(examples):
        raise DataError(f"k={k!r} must be a whole number from 1 to {len(examples)}, the number of examples")
    shape, units = upto.output_shape[:-1], upto.output_shape[-1]
    numbers, places = np.zeros((0, units), np.int64), np.zeros((0, units), np.int64)
    values = np.zeros((0, units), network.dtype)
    size = upto.chunk(len(examples))
    for start in range(0, len(examples), size):
        outputs = upto.predict(examples[start : start + size])
        spread = outputs.reshape(len(outputs), -1, units)
        at = spread.argmax(axis=1)
        values = np.concatenate([values, np.take_along_axis(spread, at[:, None], axis=1)[:, 0]])
        places = np.concatenate([places, at])
        here = np.arange(start, start + len(outputs))[:, None]
        numbers = np.concatenate([numbers, np.broadcast_to(here, at.shape)])
        best = np.argsort(-values, axis=0, kind="stable")[:k]
        values, places, numbers = (np.take_along_axis(each, best, axis=0) for each in (values, places, numbers))
    split = np.unravel_index(places, shape) if shape else ()
    return Excitation(numbers, values, np.stack(split, axis=-1) if split else np.zeros((*places.shape, 0), np.int64))


def until(network: Network, layer: int) -> Network:
    """The first layers of a network, up to and including one, with a copy of their parameters.

    Raises
    ------
    ConfigurationError
        When there is no such layer.
    """
    count = len(network.layers)
    if isinstance(layer, bool) or not isinstance(layer, (int, np.integer)) or not -count <= layer < count:
        raise ConfigurationError(f"layer={layer!r} does not exist: the network has {count}, numbered 0 to {count - 1}")
    last = int(layer) % count
    made = Network(network.layers[: last + 1], network.input_shape, seed=network.seed, dtype=network.dtype)
    made.parameters[:] = network.parameters[: made.parameter_count]
    return made
