"""What a warp scene shows of one epoch, computed from the recording before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.boundary import last_lines, last_planes, logits, pull_back, pull_back_places
from engine.analysis.isoline import Bounds
from engine.analysis.passage import SHOWN, Passage
from engine.analysis.projection import Projection, run_projection
from engine.network import Network

if TYPE_CHECKING:
    from engine.recording import Recording

MARGIN = 1.15  # the grid reaches this much farther than the data
HATCHES = 9  # lines across a cut through a space of three dimensions


def fits(recording: Recording) -> str | None:
    """None if a recording can be shown, else why not."""
    network = recording.network_config
    other = next(((k, layer["type"]) for k, layer in enumerate(network["layers"]) if layer["type"] != "dense"), None)
    if other is not None:
        return f"warp shows dense layers only: layer {other[0]} of {recording.name} is {other[1]!r}"
    if recording.data.task != "classification":
        return f"warp shows how classes are parted: {recording.name} is trained for {recording.data.task}"
    if tuple(network["input_shape"]) not in ((1,), (2,), (3,)):
        return f"warp needs 1 to 3 input features: {recording.name} has input_shape={tuple(network['input_shape'])}"
    if len(network["layers"]) < 2:
        return f"warp shows what hidden layers do: {recording.name} has none"
    return None


def grid_bounds(x: np.ndarray) -> Bounds:
    """A square about the origin that holds the data with some room."""
    half = MARGIN * max(float(np.abs(x).max()), 1e-6)
    return Bounds(-half, half, -half, half)


def wide_projections(recording: Recording) -> dict[int, Projection]:
    """The one projection of each hidden layer that has more than three features.

    The last one looks along the cut of the last layer, where there is one, so that it is seen as a straight line.
    """
    layers = recording.network_config["layers"]
    last = len(layers) - 2
    return {
        k: run_projection(recording, k, edge_on=k == last and layers[-1]["units"] == 1)
        for k, layer in enumerate(layers[:-1])
        if layer["units"] > SHOWN
    }


@dataclass(frozen=True)
class Cut:
    """The last layer's straight cut, in the coordinates in which the last hidden space is shown.

    Attributes
    ----------
    lines : list of ndarray, (K, 3)
    share : float
        How much of the weights lies in the shown directions: less than 1 where the space is seen through a projection.
    """

    lines: list[np.ndarray]
    share: float


def last_cut(network: Network, projection: Projection | None, reach: tuple[float, float]) -> Cut:
    """The cut of a network's last layer in its last hidden space.

    Parameters
    ----------
    network : Network
    projection : Projection or None
        Through which the last hidden space is seen.
    reach : tuple of float
        How far lines run from the origin to each side, and up and down.
    """
    last = len(network.config()["layers"]) - 1
    weight = np.asarray(network.weights[f"{last}.weight"], dtype=np.float64)
    bias = np.asarray(network.weights[f"{last}.bias"], dtype=np.float64)
    share = 1.0
    if projection is not None:
        length = np.linalg.norm(weight)
        weight, bias = projection.components @ weight, bias + projection.mean @ weight
        share = float(np.linalg.norm(weight) / length) if length > 0 else 0.0
    x, y = reach
    if len(weight) == 3:
        return Cut([line for polygon in last_planes(weight, bias) for line in hatched(polygon)], share)
    if len(weight) == 1:
        crossings = line_crossings(weight[0], bias)
        return Cut([np.array([[at, -0.3 * y, 0.0], [at, 0.3 * y, 0.0]]) for at in crossings if abs(at) <= x], share)
    lines = last_lines(weight, bias, Bounds(-x, x, -y, y))
    return Cut([np.column_stack([line, np.zeros(2)]) for line in lines], share)


def line_crossings(weight: np.ndarray, bias: np.ndarray) -> list[float]:
    """Where the winner changes along a single feature: (K,) weights and biases to ascending places."""
    if len(weight) == 1:
        return [] if weight[0] == 0 else [float(-bias[0] / weight[0])]
    places = []
    for i in range(len(weight)):
        for j in range(i):
            if weight[i] != weight[j]:
                at = (bias[j] - bias[i]) / (weight[i] - weight[j])
                values = weight * at + bias
                if values[i] >= values.max() - 1e-9 * max(1.0, np.abs(values).max()):
                    places.append(float(at))
    return sorted(places)


def hatched(polygon: np.ndarray) -> list[np.ndarray]:
    """The outline of a convex polygon in space, and parallel lines across it."""
    lines = [np.concatenate([polygon, polygon[:1]])]
    center = polygon.mean(axis=0)
    _, _, axes = np.linalg.svd(polygon - center)
    across = (polygon - center) @ axes[0]
    for at in np.linspace(across.min(), across.max(), HATCHES + 2)[1:-1]:
        ends = []
        for k in range(len(polygon)):
            a, b = across[k - 1], across[k]
            if (a < at) != (b < at):
                ends.append(polygon[k - 1] + (at - a) / (b - a) * (polygon[k] - polygon[k - 1]))
        if len(ends) == 2:
            lines.append(np.array(ends))
    return lines


def boundary_curves(passage: Passage, bounds: Bounds) -> list[np.ndarray]:
    """The decision boundary in the input space: curves (K, 2) of a plane, or places (1, 1) on a line."""
    if passage.widths[0] == 2:
        return pull_back(passage.network, bounds)
    if passage.widths[0] == 1:
        return [np.array([[place]]) for place in pull_back_places(passage.network, bounds.left, bounds.right)]
    return []


def mistakes(network: Network, x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which points the network puts into the wrong class, (N,) bool."""
    z = logits(network, x)
    winners = (z[:, 0] > 0).astype(np.int64) if z.shape[1] == 1 else z.argmax(axis=1)
    return np.asarray(winners != labels)
