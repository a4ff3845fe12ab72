"""Where a function of the plane is zero: marching squares, refined until the function itself says zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import ConfigurationError

Array = NDArray[np.float64]
Field = Callable[[Array], Array]  # (N, 2) points to (N,) values

BISECTIONS = 40


class Bounds(NamedTuple):
    """An axis-parallel rectangle of the plane."""

    left: float
    right: float
    bottom: float
    top: float

    def grown(self, factor: float) -> Bounds:
        """The rectangle about the same centre, `factor` times as wide and high."""
        x, y = (self.left + self.right) / 2, (self.bottom + self.top) / 2
        dx, dy = factor * (self.right - self.left) / 2, factor * (self.top - self.bottom) / 2
        return Bounds(x - dx, x + dx, y - dy, y + dy)

    def lattice(self, columns: int, rows: int) -> Array:
        """Points of a regular grid, (rows * columns, 2) float64, rows from the bottom up."""
        x, y = np.meshgrid(np.linspace(self.left, self.right, columns), np.linspace(self.bottom, self.top, rows))
        return np.column_stack([x.ravel(), y.ravel()])


def _crossed_edges(values: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of grid edges that the zero line joins within a cell, and all edges as pairs of flat node numbers.

    Edges along x come first, row by row, then those along y. A cell whose four edges are all crossed is decided by the
    mean of its corners (Lorensen and Cline 1987; the asymptotic question of the saddle in two dimensions).
    """
    rows, columns = values.shape
    positive = values > 0
    node = np.arange(rows * columns).reshape(rows, columns)
    along_x = np.stack([node[:, :-1].ravel(), node[:, 1:].ravel()], axis=1)
    along_y = np.stack([node[:-1].ravel(), node[1:].ravel()], axis=1)
    edges = np.concatenate([along_x, along_y])
    x_edge = np.arange(rows * (columns - 1)).reshape(rows, columns - 1)
    y_edge = (len(along_x) + np.arange((rows - 1) * columns)).reshape(rows - 1, columns)

    corners = positive[:-1, :-1] + 2 * positive[:-1, 1:] + 4 * positive[1:, 1:] + 8 * positive[1:, :-1]
    middle = (values[:-1, :-1] + values[:-1, 1:] + values[1:, 1:] + values[1:, :-1]) > 0
    bottom, top, left, right = x_edge[:-1], x_edge[1:], y_edge[:, :-1], y_edge[:, 1:]
    cuts = {
        1: [(bottom, left)], 14: [(bottom, left)], 2: [(bottom, right)], 13: [(bottom, right)],
        4: [(right, top)], 11: [(right, top)], 8: [(left, top)], 7: [(left, top)],
        3: [(left, right)], 12: [(left, right)], 6: [(bottom, top)], 9: [(bottom, top)],
    }  # fmt: skip
    pairs = []
    for case, joined in cuts.items():
        here = corners == case
        pairs += [np.stack([a[here], b[here]], axis=1) for a, b in joined]
    # Saddles, two positive corners on a diagonal: the middle says which diagonal is one region, the other is cut off.
    rising = np.where(middle, corners == 5, corners == 10)  # the diagonal from bottom left to top right
    falling = np.where(middle, corners == 10, corners == 5)
    for here, joined in ((rising, [(bottom, right), (left, top)]), (falling, [(bottom, left), (right, top)])):
        pairs += [np.stack([a[here], b[here]], axis=1) for a, b in joined]
    return np.concatenate(pairs), edges


def segments(values: NDArray, bounds: Bounds) -> Array:
    """The zero line of a sampled function, in separate segments.

    Parameters
    ----------
    values : ndarray, (rows, columns)
        Rows from the bottom up, as ``Bounds.lattice`` orders them.
    bounds : Bounds

    Returns
    -------
    ndarray, (M, 2, 2) float64
        Start and end of each segment, placed by linear interpolation along the edges of the grid.
    """
    field = np.asarray(values, dtype=np.float64)
    pairs, edges = _crossed_edges(field)
    ends = edges[pairs.ravel()]
    flat = field.ravel()
    start, end = flat[ends[:, 0]], flat[ends[:, 1]]
    share = (start / (start - end))[:, None]
    rows, columns = field.shape
    nodes = bounds.lattice(columns, rows)
    points = nodes[ends[:, 0]] * (1 - share) + nodes[ends[:, 1]] * share
    return points.reshape(-1, 2, 2)


def bisect(function: Field, negative: Array, positive: Array) -> Array:
    """Zeros between pairs of points at which the function has different signs, (N, 2) each, by bisection."""
    low, high = negative.copy(), positive.copy()
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        up = (function(middle) > 0)[:, None]
        high = np.where(up, middle, high)
        low = np.where(up, low, middle)
    return np.asarray((low + high) / 2, dtype=np.float64)


def zero_lines(function: Field, bounds: Bounds, resolution: int = 256) -> list[Array]:
    """The lines on which a function is zero, as polylines of points that really are zeros.

    Parameters
    ----------
    function : callable
        (N, 2) float64 points to (N,) values, continuous.
    bounds : Bounds
        Where to look.
    resolution : int
        Nodes of the search grid along each side; features smaller than a cell can be missed.

    Returns
    -------
    list of ndarray, (N_i, 2) float64
        Longest first. A closed line ends with its first point.
    """
    if resolution < 2:
        raise ConfigurationError(f"resolution={resolution}: a search grid needs at least 2 nodes a side")
    nodes = bounds.lattice(resolution, resolution)
    values = np.asarray(function(nodes), dtype=np.float64)
    if values.shape != (len(nodes),) or not np.isfinite(values).all():
        raise ConfigurationError(f"the function gave values of shape {values.shape}: need ({len(nodes)},), all finite")
    pairs, edges = _crossed_edges(values.reshape(resolution, resolution))
    if not len(pairs):
        return []
    used, renumbered = np.unique(pairs, return_inverse=True)
    ends = edges[used]
    up = values[ends[:, 1]] > 0
    negative = nodes[np.where(up, ends[:, 0], ends[:, 1])]
    positive = nodes[np.where(up, ends[:, 1], ends[:, 0])]
    points = bisect(function, negative, positive)
    lines = [points[chain] for chain in _chains(renumbered.reshape(-1, 2), len(used))]
    return sorted(lines, key=len, reverse=True)


def _chains(pairs: NDArray[np.int64], count: int) -> list[list[int]]:
    """Join pairs of numbers, each of which occurs at most twice, into chains; a closed one repeats its start."""
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in pairs.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    seen = [False] * count
    chains = []
    starts = [k for k in range(count) if len(neighbours[k]) == 1] + list(range(count))  # open chains first
    for start in starts:
        if seen[start]:
            continue
        chain, here = [start], start
        seen[start] = True
        while True:
            onward = [k for k in neighbours[here] if not seen[k]]
            if not onward:
                break
            here = onward[0]
            seen[here] = True
            chain.append(here)
        if len(chain) > 2 and start in neighbours[here]:
            chain.append(start)
        chains.append(chain)
    return chains


def densify(
    line: Array, function: Field, images: Callable[[Array], list[Array]], longest: float, rounds: int = 6
) -> Array:
    """Add zeros to a zero line until no step of any of its images is long.

    Parameters
    ----------
    line : ndarray, (N, 2) float64
        As from `zero_lines`.
    function : callable
        The function of which the points are zeros.
    images : callable
        (N, 2) points to a list of (N, k) arrays, in each of which the steps are measured.
    longest : float
        The longest step that stays as it is.
    rounds : int
        How often a step may be halved.

    Returns
    -------
    ndarray, (M, 2) float64
        The points of `line` in their order, and new ones between them.
    """
    for _ in range(rounds):
        step = np.max([np.linalg.norm(np.diff(image, axis=0), axis=1) for image in images(line)], axis=0)
        k = np.flatnonzero(step > longest)
        if not k.size:
            break
        chord = line[k + 1] - line[k]
        reach = np.column_stack([-chord[:, 1], chord[:, 0]]) / 2
        middle = (line[k] + line[k + 1]) / 2
        one, other = middle - reach, middle + reach
        sign_one, sign_other = function(one) > 0, function(other) > 0
        found = sign_one != sign_other
        if not found.any():
            break
        negative = np.where(sign_one[found, None], other[found], one[found])
        positive = np.where(sign_one[found, None], one[found], other[found])
        line = np.insert(line, k[found] + 1, bisect(function, negative, positive), axis=0)
    return line
