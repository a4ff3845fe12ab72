"""Which columns and neurons of one network's diagram become which of another's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.mobjects.diagram_plan import Column

# What it costs to let columns of different kinds become each other, or to leave one without a match; places count by
# how far apart they are in shares of the width.
OTHER_KIND, UNMATCHED = 0.3, 0.35


@dataclass(frozen=True)
class Match:
    """Where the parts of a diagram come from or go to in another one.

    Attributes
    ----------
    columns : list of int
        For each of its columns the one in the other that it becomes, or beside which it appears or vanishes.
    nodes : list of ndarray, int
        For each column, for each of its neurons or maps the one in that column of the other.
    paired : list of ndarray, bool
        Whether the two become each other; the others grow from it or shrink to it.
    """

    columns: list[int]
    nodes: list[np.ndarray]
    paired: list[np.ndarray]


def match(first: list[Column], second: list[Column]) -> tuple[Match, Match]:
    """Match two diagrams' columns from left to right, the inputs and the outputs with each other, and their neurons.

    Returns
    -------
    first_to_second, second_to_first : Match
    """
    pairs = pair_columns(first, second)
    counts = [[len(column.numbers) for column in columns] for columns in (first, second)]
    found = []
    for side in (0, 1):
        own = {pair[side]: pair[1 - side] for pair in pairs}
        columns, nodes, paired = [], [], []
        for k, count in enumerate(counts[side]):
            # a column without a match belongs to the nearest one before it that has one
            partner = own.get(k, own[max(c for c in own if c <= k)])
            other, both = match_nodes(count, counts[1 - side][partner])
            columns.append(partner)
            nodes.append(other)
            paired.append(both & (k in own))
        found.append(Match(columns, nodes, paired))
    return found[0], found[1]


def pair_columns(first: list[Column], second: list[Column]) -> list[tuple[int, int]]:
    """Pairs of columns that become each other, in order, by the least total cost; the ends are always paired."""
    m, n = len(first), len(second)
    places = [np.linspace(0, 1, m), np.linspace(0, 1, n)]
    cost = np.full((m, n), np.inf)
    before: dict[tuple[int, int], tuple[int, int]] = {}
    cost[0, 0] = 0.0
    for i in range(m):
        for j in range(n):
            if (i == 0) != (j == 0) or (i, j) == (0, 0) or (i == m - 1) != (j == n - 1):
                continue
            own = abs(places[0][i] - places[1][j]) + OTHER_KIND * (first[i].kind != second[j].kind)
            tried = [
                (cost[a, b] + own + UNMATCHED * (i - a - 1 + j - b - 1), (a, b)) for a in range(i) for b in range(j)
            ]
            least, origin = min(tried, default=(np.inf, (0, 0)))
            if least < np.inf:
                cost[i, j], before[i, j] = least, origin
    at = (m - 1, n - 1)
    pairs = [at]
    while at != (0, 0):
        at = before[at]
        pairs.append(at)
    return pairs[::-1]


def match_nodes(count: int, others: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `count` the one of `others` at about its height, and whether they are each other's."""
    forth = np.round(np.linspace(0, max(others - 1, 0), count)).astype(np.int64) if count > 1 else np.array(
        [(others - 1) // 2]
    )  # fmt: skip
    if count <= others:
        return forth, np.ones(count, np.bool_)
    back = match_nodes(others, count)[0]
    paired = back[forth] == np.arange(count)
    return forth, paired
