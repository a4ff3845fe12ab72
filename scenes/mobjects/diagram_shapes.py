"""The lines around a network's columns: ways round residual blocks, loops of recurrent neurons, bars of marks."""

from __future__ import annotations

import numpy as np

from scenes.mobjects.diagram_places import ARC, Places
from scenes.mobjects.diagram_plan import Plan

SAMPLES = 33
CLEAR = 0.1  # between an arc and the columns under it
HEAD = 0.09  # of an arrow
LOOP_WIDTH = 0.36  # of the loop at a recurrent neuron, at most
LOOP_HEIGHT = 0.82  # as a share of the distance of neurons
LOOP_ENDS = 0.6  # how far up and down from its middle a neuron's edge has the ends of its loop, in radians
BAR, BAR_AWAY = 0.05, 0.1


def arc_lines(plan: Plan, places: Places) -> list[np.ndarray]:
    """For each way round a residual block an arc from column to column above all others, and the head of its arrow."""
    found = []
    for begin, end in plan.arcs:
        extents = places.extents
        high = max(extent[3] for extent in extents[begin : end + 1]) + CLEAR
        start = np.array([(extents[begin][0] + extents[begin][1]) / 2, extents[begin][3] + CLEAR / 2])
        stop = np.array([(extents[end][0] + extents[end][1]) / 2, extents[end][3] + CLEAR / 2])
        height = min(ARC - CLEAR, 0.25 * abs(stop[0] - start[0]) + 0.1)
        # half a superellipse: steep at the ends, flat above the block
        angle = np.linspace(np.pi, 0, SAMPLES)
        x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.6
        y = np.sin(angle) ** 0.6
        base = np.interp(x, [-1, 1], [start[1], stop[1]])
        line = np.column_stack([(start[0] + stop[0]) / 2 + x * (stop[0] - start[0]) / 2,
                                base + y * (high + height - base)])  # fmt: skip
        found += [line, arrow_head(line)]
    return found


def loop_lines(plan: Plan, places: Places) -> list[np.ndarray]:
    """A loop with an arrow's head at the right of each recurrent neuron that is drawn."""
    found = []
    for k, column in enumerate(plan.columns):
        if not column.recurs:
            continue
        radius = places.radius
        tall = min(LOOP_HEIGHT * places.gaps[k], 4 * radius) / 2
        wide = min(LOOP_WIDTH, 2.4 * radius)
        # a drop that begins at the upper right of the neuron and comes back to its lower right
        turn = np.pi * np.linspace(0, 1, SAMPLES)
        across, up = radius * np.cos(LOOP_ENDS), radius * np.sin(LOOP_ENDS)
        bulge = max(tall - 0.7 * up, 0.0) * np.sin(2 * turn)
        line = np.column_stack([across + wide * np.sin(turn), up * np.cos(turn) + bulge])
        for node in places.nodes[k]:
            found += [node + line, node + arrow_head(line, 0.6 * radius)]
    return found


def arrow_head(line: np.ndarray, size: float = HEAD) -> np.ndarray:
    """The two strokes (3, 2) at the end of a line."""
    way = line[-1] - line[-4]
    way = way / max(float(np.hypot(*way)), 1e-9)
    across = np.array([-way[1], way[0]])
    return np.array(
        [line[-1] - size * way + 0.6 * size * across, line[-1], line[-1] - size * way - 0.6 * size * across]
    )


def bars(plan: Plan, places: Places) -> np.ndarray:
    """A bar (B, 4) to the right of each column that something else is done to, one for each thing done."""
    found = []
    for column, (_, right, bottom, top) in zip(plan.columns, places.extents, strict=True):
        for k in range(len(column.marks)):
            left = right + BAR_AWAY + k * (BAR + BAR_AWAY / 2)
            found.append((left, left + BAR, bottom, top))
    return np.array(found).reshape(-1, 4)
