"""Where the columns of a network's diagram stand, and from where to where its connections run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.mobjects.diagram_plan import Column, Plan
from scenes.theme import Zone

LARGEST_MAP = 0.9  # side of a feature map, at most
LARGEST_IMAGE = 1.7  # of an image that stands alone
SHARE = 0.62  # of the zone's width that columns may take, so that there is room for connections
MAP_GAP = 0.14  # between feature maps, as a share of their side
SHRINK = 0.45  # exponent of a map's share of the largest: below 1, small maps stay large enough to be seen
LEAST_MAP = 0.3  # side; where maps would be smaller they overlap, as a stack
STACK = 0.45  # how far a map in a stack stands to the right of the one under it, as a share of how far it is above
RADIUS_OF_GAP = 0.42  # the largest radius of a neuron, as a share of the distance to the next
ARC = 0.55  # room above for the ways round residual blocks
DOT_STEP = 0.22  # between the three dots, as a share of the distance of neurons


@dataclass
class Places:
    """Where everything stands, in scene units.

    Attributes
    ----------
    nodes : list of ndarray (S, 2)
        For each column the middles of the neurons or maps that are drawn; of pixels, of those with connections.
    boxes : list of ndarray (M, 4)
        Left, right, bottom and top of each column's images; none for neurons.
    gaps : list of float
        The distance of neighbours in each column.
    radius : float
        Of neurons.
    dots : ndarray (D, 2)
        Those that stand for what is left out.
    extents : list of (float, float, float, float)
        Left, right, bottom and top of each column.
    """

    nodes: list[np.ndarray]
    boxes: list[np.ndarray]
    gaps: list[float]
    radius: float
    dots: np.ndarray
    extents: list[tuple[float, float, float, float]]


def place(plan: Plan, zone: Zone, radius: float, spacing: float) -> Places:
    """Put the columns of a plan into a zone, evenly apart, the input at its left edge and the output at its right.

    Parameters
    ----------
    plan : Plan
    zone : Zone
    radius, spacing : float
        Of neurons, and their distance above one another, at most.
    """
    top = zone.top - (ARC if plan.arcs else 0.0)
    height, middle = top - zone.bottom, (top + zone.bottom) / 2
    gaps = [min(height / max(column.rows, 1), spacing) for column in plan.columns]
    for column, gap in zip(plan.columns, gaps, strict=True):
        if column.kind == "neurons":
            radius = min(radius, RADIUS_OF_GAP * gap)
    sides, steps = _map_sides(plan, zone, height, radius)
    widths = []
    for column, (tall, wide), step in zip(plan.columns, sides, steps, strict=True):
        across = STACK * step * (column.rows - 1) if column.kind == "maps" and step < tall else 0.0
        widths.append(2 * radius if column.kind == "neurons" else wide + across)
    count = len(plan.columns)
    apart = (zone.width - sum(widths)) / max(count - 1, 1)
    left = zone.left if count > 1 else zone.center[0] - widths[0] / 2
    found = Places([], [], [], radius, np.zeros((0, 2)), [])
    dots: list[tuple[float, float]] = []
    for k, column in enumerate(plan.columns):
        x, (tall, wide), gap = left + widths[k] / 2, sides[k], gaps[k]
        if column.kind == "neurons":
            y, hole = _slots(column, middle, gap)
            nodes, boxes = np.column_stack([np.full(len(y), x), y]), np.zeros((0, 4))
            size = radius
        elif column.kind == "pixels":
            boxes = np.array([[x - wide / 2, x + wide / 2, middle - tall / 2, middle + tall / 2]])
            nodes, hole, size = pixel_places(boxes[0], column.size, column.numbers), None, tall / 2
        else:
            gap, size = steps[k], tall / 2
            y, hole = _slots(column, middle, gap)
            lean = STACK if gap < tall else 0.0
            nodes = np.column_stack([x - lean * (y - middle), y])
            boxes = np.column_stack([nodes[:, 0] - wide / 2, nodes[:, 0] + wide / 2, y - size, y + size])
        if hole is not None:
            dots += [(x, hole + DOT_STEP * gap * step) for step in (-1, 0, 1)]
        found.nodes.append(nodes)
        found.boxes.append(boxes)
        found.gaps.append(gap)
        high, low = (nodes[:, 1].max(), nodes[:, 1].min()) if column.kind != "pixels" else (middle, middle)
        found.extents.append((left, left + widths[k], float(low - size), float(high + size)))
        left += widths[k] + apart
    found.dots = np.array(dots).reshape(-1, 2)
    return found


def _slots(column: Column, middle: float, gap: float) -> tuple[np.ndarray, float | None]:
    """The heights of those that are drawn, from the top, and of the dots."""
    heights = middle + gap * ((column.rows - 1) / 2 - np.arange(column.rows))
    if not column.is_cut:
        return heights, None
    hole = len(column.numbers) // 2
    return np.delete(heights, hole), float(heights[hole])


def _map_sides(plan: Plan, zone: Zone, height: float, radius: float) -> tuple[list[tuple[float, float]], list[float]]:
    """Height and width of each column's images, and how far they stand above one another."""
    images = [column for column in plan.columns if column.kind != "neurons"]
    largest = max((max(column.size) for column in images), default=1)
    sides, steps = [], []
    for column in plan.columns:
        if column.kind == "neurons":
            sides.append((2 * radius, 2 * radius))
            steps.append(0.0)
            continue
        tall, wide = column.size
        share = float(max(tall, wide) / largest) ** SHRINK
        alone = column.rows == 1
        side: float = min((LARGEST_IMAGE if alone else LARGEST_MAP) * share, height)
        apart = height / (column.rows * (1 + MAP_GAP) - MAP_GAP)
        if not alone and side > apart:
            side = max(apart, min(LEAST_MAP, side, height))
        scale = side / max(tall, wide)
        sides.append((tall * scale, wide * scale))
        steps.append(0.0)
    # columns that would take too much of the width all get narrower alike
    taken = sum(wide for _, wide in sides)
    shrink = min(1.0, SHARE * zone.width / max(taken, 1e-9))
    for k, column in enumerate(plan.columns):
        if column.kind != "neurons":
            up, across = sides[k][0] * shrink, sides[k][1] * shrink
            sides[k] = (up, across)
            steps[k] = min(up * (1 + MAP_GAP), (height - up) / max(column.rows - 1, 1))
    return sides, steps


def pixel_places(box: np.ndarray, size: tuple[int, int], numbers: list[int]) -> np.ndarray:
    """The middles (N, 2) of pixels, counted row by row from the upper left, of an image in a box."""
    left, right, bottom, top = box
    row, column = np.divmod(np.asarray(numbers, dtype=np.int64), size[1])
    x = left + (right - left) * (column + 0.5) / size[1]
    y = top - (top - bottom) * (row + 0.5) / size[0]
    return np.column_stack([x, y])


def connection_ends(plan: Plan, places: Places) -> list[np.ndarray]:
    """For each link the ends (E, 2, 2) of its connections."""
    found = []
    for k, link in enumerate(plan.links):
        before, after = plan.columns[k], plan.columns[k + 1]
        starts = _ports(before, places, k, 1)[link.pairs[:, 0]]
        ends = _ports(after, places, k + 1, -1)[link.pairs[:, 1]]
        if link.kind == "reshape" and before.kind == "maps":
            starts = _pixel_of_map(before, after, places.boxes[k], link.pairs[:, 0], link.pairs[:, 1], 1)
        elif link.kind == "reshape" and after.kind == "maps":
            ends = _pixel_of_map(after, before, places.boxes[k + 1], link.pairs[:, 1], link.pairs[:, 0], -1)
        found.append(np.stack([starts, ends], axis=1))
    return found


def _ports(column: Column, places: Places, k: int, side: int) -> np.ndarray:
    """Where connections to the right (1) or the left (-1) of a column begin, (S, 2): of images, at their edge."""
    if column.kind == "neurons":
        return places.nodes[k]
    return np.column_stack([places.boxes[k][:, 1 if side > 0 else 0] + np.zeros(len(places.nodes[k])),
                            places.nodes[k][:, 1]])  # fmt: skip


def _pixel_of_map(
    maps: Column, values: Column, boxes: np.ndarray, which: np.ndarray, neurons: np.ndarray, side: int
) -> np.ndarray:
    """Where at the edge of maps (E, 2), at the height of their pixels, neurons of a row of numbers are connected."""
    channels = maps.shape[-1]
    found = np.zeros((len(which), 2))
    for edge, (m, neuron) in enumerate(zip(which, neurons, strict=True)):
        pixel = values.numbers[neuron] // channels
        found[edge] = boxes[m, 1 if side > 0 else 0], pixel_places(boxes[m], maps.size, [pixel])[0, 1]
    return found
