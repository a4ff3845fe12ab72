"""The loss around a network: over a plane through its parameters, with the path that training took through it.

A plane is two directions out of thousands. It says how much of the path lies in it, so that a picture can say so too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ConfigurationError
from engine.losses import Loss
from engine.network import Network
from engine.recording import Recording

Array = NDArray[np.float64]

BLOCK_VALUES = 2**23  # parameters of how many snapshots are held at a time: 64 MiB


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through the space of all parameters: ``origin + a directions[0] + b directions[1]``.

    Attributes
    ----------
    origin : ndarray of float64, shape (parameter_count,)
    directions : ndarray of float64, shape (2, parameter_count)
        Linearly independent; neither need be of length 1, nor at right angles to the other.
    """

    origin: Array
    directions: Array

    def __post_init__(self) -> None:
        shape = (2, self.origin.size)
        if self.directions.shape != shape or not np.isfinite(self.directions).all():
            raise ConfigurationError(f"directions of shape {self.directions.shape}: a plane needs {shape}, all finite")
        lengths = np.linalg.norm(self.directions, axis=1, keepdims=True)
        if not lengths.all() or np.linalg.matrix_rank(self.directions / lengths) < 2:
            raise ConfigurationError("the two directions of a plane must be different, and not zero")

    def at(self, a: float, b: float) -> Array:
        """The parameters at a place of the plane, (parameter_count,) float64."""
        return np.asarray(self.origin + a * self.directions[0] + b * self.directions[1], np.float64)

    def coordinates(self, parameters: ArrayLike) -> Array:
        """The places of the plane nearest to parameters: (E, parameter_count) to (E, 2) float64."""
        away = np.asarray(parameters, np.float64) - self.origin
        places = np.linalg.solve(self.directions @ self.directions.T, self.directions @ away.T).T
        return np.asarray(places, np.float64)


class Path(NamedTuple):
    """The way that training took, seen in a plane.

    Attributes
    ----------
    epochs : list of int
    coordinates : ndarray of float64, shape (epochs, 2)
        The places of the plane nearest to each epoch's parameters.
    distances : ndarray of float64, shape (epochs,)
        How far from the plane those parameters are: at 0 the plane's loss is that epoch's loss.
    share : float
        Share of the path's variance, over the parameters that training moves, that lies along the plane, 0 to 1.
    """

    epochs: list[int]
    coordinates: Array
    distances: Array
    share: float


class Landscape(NamedTuple):
    """Losses over a plane.

    Attributes
    ----------
    a, b : ndarray of float64, shapes (A,) and (B,)
        Coordinates along the plane's two directions.
    losses : ndarray of float64, shape (B, A)
        ``losses[j, i]`` is the loss at ``plane.at(a[i], b[j])``; not finite where the network overflows.
    """

    a: Array
    b: Array
    losses: Array


def filter_normalised_plane(network: Network, seed: int = 0) -> Plane:
    """A plane through a network in two random directions, scaled filter by filter (Li et al., 2018).

    Every filter (the weights into one unit or channel, the last axis of an array) of a normally distributed direction
    gets the length of the network's own, so that networks whose weights differ in scale can be compared. Biases, the
    parameters of normalisation and what training does not move stay as they are, as in the authors' own pictures.

    Raises
    ------
    ConfigurationError
        When no weights are left to move.
    """
    rng = np.random.default_rng(seed)
    directions = np.zeros((2, network.parameter_count))
    for direction in directions:
        for slot in network.layout:
            if len(slot.shape) < 2 or not slot.trainable:
                continue
            drawn = rng.normal(size=slot.shape).reshape(-1, slot.shape[-1])
            own = np.asarray(network.weights[slot.name], np.float64).reshape(drawn.shape)
            drawn *= np.linalg.norm(own, axis=0) / np.linalg.norm(drawn, axis=0)
            direction[slot.start : slot.stop] = drawn.reshape(-1)
    if not directions.any():
        raise ConfigurationError("the network has no weights that are trainable and not zero: there is no direction")
    return Plane(np.array(network.parameters, np.float64), directions)


def parameter_plane(network: Network, first: int, second: int) -> Plane:
    """The plane of two single parameters, by their places in ``network.parameters``, the others as they are.

    Its coordinates are measured from the network's own two values.
    """
    for place in (first, second):
        if not 0 <= place < network.parameter_count:
            raise ConfigurationError(f"parameter {place} does not exist: there are {network.parameter_count}")
    directions = np.zeros((2, network.parameter_count))
    directions[[0, 1], [first, second]] = 1.0
    return Plane(np.array(network.parameters, np.float64), directions)


def path_plane(recording: Recording) -> Plane:
    """The plane through the last epoch that holds most of a recording's path: its two principal components.

    The components are those of the parameters that training moves, over all recorded epochs, of length 1 and at right
    angles, each with the sign that makes its largest entry positive. As in Li et al. (2018), the plane goes through
    the last epoch, not through the mean.

    Raises
    ------
    ConfigurationError
        When the path has fewer than two directions.
    """
    # Snapshots are read block by block: the products of all pairs are small, the snapshots together may not be.
    epochs = recording.epochs
    moved = _moved(recording)
    products = np.zeros((len(epochs), len(epochs)))
    origin = np.asarray(recording.parameters(-1), np.float64)
    for i, one in _blocks(recording, origin, moved):
        for j, other in _blocks(recording, origin, moved):
            if j <= i:
                products[i : i + len(one), j : j + len(other)] = one @ other.T
                products[j : j + len(other), i : i + len(one)] = products[i : i + len(one), j : j + len(other)].T
    centred = products - products.mean(axis=0) - products.mean(axis=1)[:, None] + products.mean()
    values, vectors = np.linalg.eigh(centred)
    if len(epochs) < 3 or values[-2] <= 1e-12 * values[-1]:
        raise ConfigurationError(
            f"{recording.path} has {len(epochs)} recorded epochs, whose parameters lie on a line: a plane needs three "
            "that do not"
        )
    directions = np.zeros((2, origin.size))
    weights = vectors[:, [-1, -2]] / np.sqrt(values[[-1, -2]])
    weights -= weights.mean(axis=0)
    for i, block in _blocks(recording, origin, moved):
        directions[:, moved] += weights[i : i + len(block)].T @ block
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[[0, 1], largest])[:, None]
    return Plane(origin, directions)


def path_in(recording: Recording, plane: Plane) -> Path:
    """Where a recording's epochs are in a plane, and how much of the path it holds.

    Raises
    ------
    ConfigurationError
        When the plane is of another number of parameters.
    """
    if plane.origin.size != recording.parameter_count:
        raise ConfigurationError(
            f"the plane is of {plane.origin.size} parameters, and {recording.path} has {recording.parameter_count}"
        )
    moved = _moved(recording)
    everything = np.ones(plane.origin.size, bool)
    axes, _ = np.linalg.qr(plane.directions.T)
    inner, _ = np.linalg.qr(plane.directions[:, moved].T)
    count = len(recording.epochs)
    coordinates, distances, along = np.zeros((count, 2)), np.zeros(count), np.zeros((count, inner.shape[1]))
    total, square = np.zeros(int(moved.sum())), 0.0
    for start, away in _blocks(recording, plane.origin, everything):
        stop = start + len(away)
        coordinates[start:stop] = plane.coordinates(away + plane.origin)
        distances[start:stop] = np.linalg.norm(away - (away @ axes) @ axes.T, axis=1)
        along[start:stop] = away[:, moved] @ inner
        total += away[:, moved].sum(axis=0)
        square += float((away[:, moved] ** 2).sum())
    mean = total / count
    variance = square / count - float(mean @ mean)
    held = float(along.var(axis=0).sum())
    share = min(1.0, held / variance) if variance > 0 else 1.0
    return Path(list(recording.epochs), coordinates, distances, share)


def landscape(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    loss: str | Loss,
    plane: Plane,
    a: ArrayLike,
    b: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> Landscape:
    """Measure the loss at the places of a grid in a plane.

    Parameters
    ----------
    network : Network
        Its parameters are as before when this ends, however it ends.
    x, y, loss, weights
        As for `Network.evaluate`.
    plane : Plane
    a, b : array_like, shapes (A,) and (B,)
        Coordinates along the plane's two directions, such as ``numpy.linspace(-1, 1, 51)``.

    Returns
    -------
    Landscape
    """
    columns, rows = _as_places("a", a), _as_places("b", b)
    if plane.origin.size != network.parameter_count:
        raise ConfigurationError(
            f"the plane is of {plane.origin.size} parameters, and the network has {network.parameter_count}"
        )
    before = network.parameters.copy()
    losses = np.empty((rows.size, columns.size))
    try:
        for j, up in enumerate(rows):
            for i, along in enumerate(columns):
                with np.errstate(over="ignore"):  # far away, float32 parameters may be infinite, and so the loss
                    network.parameters[:] = plane.at(float(along), float(up))
                losses[j, i] = network.evaluate(x, y, loss, weights)["loss"]
    finally:
        network.parameters[:] = before
    return Landscape(columns, rows, losses)


def grid_around(coordinates: ArrayLike, resolution: int = 41, margin: float = 0.25) -> tuple[Array, Array]:
    """Coordinates a and b of a grid that holds a path, with a margin (a share of its extent) on every side."""
    places = np.asarray(coordinates, np.float64)
    if places.ndim != 2 or places.shape[1:] != (2,) or not len(places) or resolution < 2:
        raise ConfigurationError(f"coordinates of shape {places.shape}, resolution={resolution}: need (N, 2) and 2")
    low, high = places.min(axis=0), places.max(axis=0)
    room = margin * (high - low)
    room[high == low] = margin * max(float((high - low).max()), 1e-3)
    a, b = np.linspace(low - room, high + room, resolution).T
    return a, b


def _moved(recording: Recording) -> NDArray[np.bool_]:
    """Which parameters training moves: not those of frozen layers, and no running statistics."""
    network = recording.build_network()
    moved = np.zeros(network.parameter_count, bool)
    for slot in network.layout:
        moved[slot.start : slot.stop] = slot.trainable
    return moved


def _blocks(recording: Recording, origin: Array, kept: NDArray[np.bool_]) -> Iterator[tuple[int, Array]]:
    """The recorded parameters seen from `origin`, as many epochs at a time as fit, with the number of the first."""
    size = max(1, BLOCK_VALUES // max(1, origin.size))
    for start in range(0, len(recording.epochs), size):
        chosen = recording.epochs[start : start + size]
        yield start, np.stack([(recording.parameters(epoch) - origin)[kept] for epoch in chosen])


def _as_places(name: str, values: Any) -> Array:
    places = np.asarray(values, np.float64)
    if places.ndim != 1 or not places.size or not np.isfinite(places).all():
        raise ConfigurationError(f"{name} of shape {places.shape}: it must be a row of finite coordinates")
    return places
