"""Where a classifier changes its mind: straight in the last hidden space, and pulled back to the input plane.

The last layer is a straight cut through the last hidden space. The points of the input plane that the layers before it
carry onto that cut are the decision boundary, so pushing the boundary's points forward through the layers and playing
that backwards shows the cut becoming the boundary, point by point.
"""

from __future__ import annotations

from itertools import combinations, groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.analysis.isoline import Bounds, bisect, densify, zero_lines
from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.network import Network

Array = NDArray[np.float64]


def logits(network: Network, x: ArrayLike) -> Array:
    """What the last layer gives before its activation, (N, K) float64, by the engine's own kernels."""
    return np.asarray(network.pre_activations(np.asarray(x, dtype=network.dtype))[-1], dtype=np.float64)


def margins(values: ArrayLike) -> Array:
    """How far each class is ahead of the best other one: (N, K) logits to (N, K) float64.

    With one logit, (N, 1): that logit itself, ahead of 0.
    """
    z = np.asarray(values, dtype=np.float64)
    if z.shape[1] == 1:
        return z
    order = np.argsort(z, axis=1)
    rows = np.arange(len(z))
    best, second = order[:, -1], order[:, -2]
    rivals = np.repeat(z[rows, best][:, None], z.shape[1], axis=1)
    rivals[rows, best] = z[rows, second]
    return np.asarray(z - rivals, dtype=np.float64)


def last_lines(weight: ArrayLike, bias: ArrayLike, bounds: Bounds) -> Array:
    """The straight lines that the last layer draws in a plane of two hidden features.

    Parameters
    ----------
    weight : array_like, (2, K)
        One column: the line ``x @ weight + bias = 0``. Several: for each two classes the line on which their logits
        are equal, where no third is larger.
    bias : array_like, (K,)
    bounds : Bounds
        The lines are cut off at its edges.

    Returns
    -------
    ndarray, (M, 2, 2) float64
        Start and end of each line; none where the bounds are on one side of it.
    """
    w, b = np.asarray(weight, dtype=np.float64), np.asarray(bias, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != 2 or b.shape != (w.shape[1],):
        raise ConfigurationError(f"weight {w.shape} and bias {b.shape}: lines need (2, K) and (K,)")
    sides = [
        (np.array([1.0, 0.0]), -bounds.left),
        (np.array([-1.0, 0.0]), bounds.right),
        (np.array([0.0, 1.0]), -bounds.bottom),
        (np.array([0.0, -1.0]), bounds.top),
    ]
    lines = []
    for normal, offset, more in _cuts(w, b):
        squared = normal @ normal
        if squared == 0.0:
            continue
        start, along = -offset * normal / squared, np.array([-normal[1], normal[0]]) / np.sqrt(squared)
        # Every side condition is n @ p + c >= 0 on p = start + t * along: a lower or an upper limit of t.
        slopes = np.array([side @ along for side, _ in (*sides, *more)])
        heights = np.array([side @ start + limit for side, limit in (*sides, *more)])
        level = slopes == 0.0
        if (heights[level] < 0).any():
            continue
        limits = -heights[~level] / slopes[~level]
        low = limits[slopes[~level] > 0].max()
        high = limits[slopes[~level] < 0].min()
        if low < high:
            lines.append((start + low * along, start + high * along))
    return np.array(lines).reshape(-1, 2, 2)


def _cuts(w: Array, b: Array) -> list[tuple[Array, float, list[tuple[Array, float]]]]:
    """Normal and offset of each cut, with the half spaces in which its two classes are ahead of all others."""
    if w.shape[1] == 1:
        return [(w[:, 0], float(b[0]), [])]
    cuts = []
    for i, j in combinations(range(w.shape[1]), 2):
        others = [k for k in range(w.shape[1]) if k not in (i, j)]
        ahead = [(w[:, i] - w[:, k], float(b[i] - b[k])) for k in others]
        cuts.append((w[:, i] - w[:, j], float(b[i] - b[j]), ahead))
    return cuts


def pull_back(network: Network, bounds: Bounds, *, resolution: int = 384, longest: float = 0.02) -> list[Array]:
    """The decision boundary in the input plane: the last layer's straight cut, pulled back through all layers.

    Parameters
    ----------
    network : Network
        With two input features.
    bounds : Bounds
        The part of the input plane to search.
    resolution : int
        Nodes of the search grid along each side.
    longest : float
        The longest step between neighbouring points, in the input plane (as a share of its width) and in the outputs
        of every hidden layer (as a share of what they span on the line).

    Returns
    -------
    list of ndarray, (N_i, 2) float64
        Polylines, longest first. At each point the logit is zero (or the two largest logits are equal) up to the
        network's own rounding.
    """
    if tuple(network.input_shape) != (2,):
        raise ConfigurationError(f"input_shape={network.input_shape}: a boundary line needs 2 input features")
    classes = network.output_shape[0]

    def images(points: Array) -> list[Array]:
        hidden = [h.astype(np.float64) for h in network.activations(points.astype(network.dtype))[:-1]]
        return [points / (bounds.right - bounds.left), *(h / max(1.0, np.ptp(h, axis=0).max()) for h in hidden)]

    found = []
    for k in range(1 if classes <= 2 else classes):

        def ahead(points: Array, k: int = k) -> Array:
            return margins(logits(network, points))[:, k]

        for line in zero_lines(ahead, bounds, resolution):
            dense = densify(line, ahead, images, longest)
            found += [dense] if classes <= 2 else _shared_once(network, dense, k)
    return sorted((line for line in found if len(line) > 1), key=len, reverse=True)


def pull_back_places(network: Network, left: float, right: float, *, resolution: int = 2048) -> list[float]:
    """The decision boundary of a network with one input feature: the places at which the winner changes.

    Parameters
    ----------
    network : Network
    left, right : float
        The part of the line to search.
    resolution : int
        Samples along it; classes that win in less than a step can be missed.

    Returns
    -------
    list of float
        Ascending.
    """
    if tuple(network.input_shape) != (1,):
        raise ConfigurationError(f"input_shape={network.input_shape}: places on a line need 1 input feature")
    x = np.linspace(left, right, resolution)[:, None]
    places: list[float] = []
    for k in range(1 if network.output_shape[0] <= 2 else network.output_shape[0]):

        def ahead(points: Array, k: int = k) -> Array:
            return margins(logits(network, points))[:, k]

        wins = ahead(x) > 0
        at = np.flatnonzero(wins[1:] != wins[:-1])
        negative, positive = np.where(wins[at], x[at + 1, 0], x[at, 0]), np.where(wins[at], x[at, 0], x[at + 1, 0])
        places += bisect(ahead, negative[:, None], positive[:, None])[:, 0].tolist()
    # between two of several classes a place is found from both sides
    step = (right - left) / resolution
    ordered = sorted(places)
    return [place for k, place in enumerate(ordered) if k == 0 or place - ordered[k - 1] > 1e-3 * step]


def _shared_once(network: Network, line: Array, k: int) -> list[Array]:
    """The pieces of class k's border whose rival is a later class, so that no piece is drawn from both sides."""
    z = logits(network, line)
    z[:, k] = -np.inf
    rival = z.argmax(axis=1)
    pieces, start = [], 0
    for later, run in groupby(rival > k):
        count = len(list(run))
        if later:
            pieces.append(line[start : start + count])
        start += count
    return pieces


def last_planes(weight: ArrayLike, bias: ArrayLike, half: float = 1.0) -> list[Array]:
    """The flat cuts that the last layer makes through a cube of three hidden features.

    Parameters
    ----------
    weight : array_like, (3, K)
        As for `last_lines`.
    bias : array_like, (K,)
    half : float
        The cube reaches from ``-half`` to ``half`` along each axis.

    Returns
    -------
    list of ndarray, (N_i, 3) float64
        Corners of convex polygons, in order round each.
    """
    w, b = np.asarray(weight, dtype=np.float64), np.asarray(bias, dtype=np.float64)
    if w.ndim != 2 or w.shape[0] != 3 or b.shape != (w.shape[1],):
        raise ConfigurationError(f"weight {w.shape} and bias {b.shape}: planes need (3, K) and (K,)")
    sides = [(sign * axis, half) for axis in np.eye(3) for sign in (1.0, -1.0)]
    polygons = []
    for normal, offset, more in _cuts(w, b):
        length = np.linalg.norm(normal)
        if length == 0.0:
            continue
        # a square on the plane that is wider than the cube, then cut off by every half space
        _, _, axes = np.linalg.svd(normal[None])
        corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]) * 4 * half
        polygon = -offset * normal / length**2 + corners @ axes[1:]
        for side, limit in (*sides, *more):
            polygon = _clip(polygon, polygon @ side + limit)
        if len(polygon) > 2:
            polygons.append(polygon)
    return polygons


def _clip(polygon: Array, inside: Array) -> Array:
    """The part of a convex polygon where a linear function, given at its corners, is not negative (Sutherland 1974)."""
    kept = []
    for k, corner in enumerate(polygon):
        before, here = inside[k - 1], inside[k]
        if (before < 0) != (here < 0):
            kept.append(polygon[k - 1] + before / (before - here) * (corner - polygon[k - 1]))
        if here >= 0:
            kept.append(corner)
    return np.array(kept).reshape(-1, polygon.shape[1])
