"""Two or three directions out of many: one projection for a whole run, so that no axis moves while the film plays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ConfigurationError

if TYPE_CHECKING:
    from engine.recording import Recording

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """An orthogonal projection onto a few directions.

    Parameters
    ----------
    mean : ndarray, (features,) float64
        The point that is drawn at the origin.
    components : ndarray, (dimensions, features) float64
        Orthonormal rows.
    explained : float
        Share of the variance that the directions hold, 0 to 1.
    """

    mean: Array
    components: Array
    explained: float

    @property
    def dimensions(self) -> int:
        return len(self.components)

    @classmethod
    def identity(cls, features: int) -> Projection:
        """All coordinates as they are."""
        return cls(np.zeros(features), np.eye(features), 1.0)

    def apply(self, x: ArrayLike) -> Array:
        """Points (N, features) as (N, dimensions) float64."""
        projected: Array = (np.asarray(x, dtype=np.float64) - self.mean) @ self.components.T
        return projected

    def hyperplane(self, weight: ArrayLike, bias: float) -> tuple[Array, float, float]:
        """The cut of ``x @ weight + bias = 0`` with the projection's own plane through the mean.

        Returns
        -------
        tuple of ndarray (dimensions,), float, float
            Weight and bias of the cut in projected coordinates, and how much of the weight lies in them, 0 to 1: at 1
            the hyperplane is seen edge-on, and the cut divides the projected points as it divides the points.
        """
        w = np.asarray(weight, dtype=np.float64)
        inside = self.components @ w
        length = float(np.linalg.norm(w))
        share = float(np.linalg.norm(inside)) / length if length > 0 else 0.0
        return inside, float(bias + self.mean @ w), share


def principal_projection(
    points: NDArray | Iterable[NDArray], dimensions: int = 2, *, edge_on: ArrayLike | None = None
) -> Projection:
    """Fit a projection to one set of points or to several taken together.

    Parameters
    ----------
    points : ndarray (N, features), or an iterable of such
        Only their sums are kept.
    dimensions : int
    edge_on : array_like, (features,), optional
        A direction that has to be the first axis, such as the last layer's weight, whose hyperplane is then seen as a
        straight line. The other axes are the principal components of what is left.

    Returns
    -------
    Projection
        Components in order of falling variance (after `edge_on`), each with the sign that makes its largest entry
        positive, so that the same points always give the same picture (Jolliffe, Principal Component Analysis, 2nd
        ed., 2.1: components are free up to their sign).
    """
    sets = [points] if isinstance(points, np.ndarray) else points
    count, total, products = 0, np.zeros(0), np.zeros((0, 0))
    for given in sets:
        x = np.asarray(given, dtype=np.float64)
        if x.ndim != 2 or not np.isfinite(x).all() or (count and x.shape[1] != total.size):
            raise ConfigurationError(f"points of shape {x.shape}: a projection needs (N, features), all finite")
        if not count:
            total, products = np.zeros(x.shape[1]), np.zeros((x.shape[1], x.shape[1]))
        count, total, products = count + len(x), total + x.sum(axis=0), products + x.T @ x
    features = total.size
    if not 0 < dimensions <= features:
        raise ConfigurationError(f"dimensions={dimensions}: {features} features allow 1 to {features}")
    mean = total / count
    covariance = products / count - np.outer(mean, mean)

    fixed = np.zeros((0, features))
    if edge_on is not None:
        direction = np.asarray(edge_on, dtype=np.float64)
        length = np.linalg.norm(direction)
        if direction.shape != (features,) or not length > 0:
            raise ConfigurationError(f"edge_on of shape {direction.shape}: need ({features},), not zero")
        fixed = (direction / length)[None]
    rest = np.eye(features) - fixed.T @ fixed
    _, vectors = np.linalg.eigh(rest @ covariance @ rest - 1e3 * np.trace(covariance) * fixed.T @ fixed)
    free = vectors.T[::-1][: dimensions - len(fixed)]
    free = free * np.where(np.take_along_axis(free, np.abs(free).argmax(axis=1)[:, None], axis=1) < 0, -1.0, 1.0)
    components = np.concatenate([fixed, free])
    variance = np.trace(covariance)
    explained = float(np.trace(components @ covariance @ components.T) / variance) if variance > 0 else 1.0
    return Projection(mean, components, min(1.0, explained))


def run_projection(
    recording: Recording, layer: int, dimensions: int = 2, *, edge_on: bool = False, epochs: int = 24
) -> Projection:
    """The one projection of a layer's outputs on the training data that serves for a whole run.

    Parameters
    ----------
    recording : Recording
    layer : int
        Index of a dense layer; negative counts from the end.
    dimensions : int
    edge_on : bool
        Whether the first axis is the direction of the next layer's weight after the last epoch (its first unit's).
    epochs : int
        How many epochs, spread evenly over the run, are taken together; the first and the last are among them.
    """
    every = np.asarray(recording.epochs)
    chosen = every[np.unique(np.linspace(0, len(every) - 1, min(epochs, len(every))).round().astype(int))]
    x = recording.data.x
    direction = None
    if edge_on:
        last = recording.network(int(every[-1]))
        index = layer % len(last.config()["layers"])
        direction = np.asarray(last.weights[f"{index + 1}.weight"], dtype=np.float64)[:, 0]
    outputs = (recording.network(int(epoch)).activations(x)[layer] for epoch in chosen)
    return principal_projection(outputs, dimensions, edge_on=direction)
