"""The middle lines of a shape, as chains of pixels: thinning, branches, and pruning."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

Pixel = tuple[int, int]
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
SQUARE = np.ones((3, 3), bool)


def thin(shape: np.ndarray) -> np.ndarray:
    """A shape's middle lines, one pixel wide and as connected as the shape (Zhang and Suen, 1984).

    Parameters
    ----------
    shape : ndarray of bool, (h, w)

    Returns
    -------
    ndarray of bool, (h, w)
    """
    image = np.pad(shape, 1)
    while True:
        before = image.sum()
        for first in (True, False):
            # north, north-east, east, …
            p = np.stack([np.roll(image, (-row, -column), (0, 1)) for row, column in AROUND])
            neighbours = p.sum(axis=0)
            crossings = (~p & np.roll(p, -1, axis=0)).sum(axis=0)
            north, east, south, west = p[0], p[2], p[4], p[6]
            sides = (north & east & south) | (east & south & west) if first else (
                (north & east & west) | (north & south & west)
            )  # fmt: skip
            image &= ~((neighbours >= 2) & (neighbours <= 6) & (crossings == 1) & ~sides)
        if image.sum() == before:
            return _none_lost(np.asarray(image[1:-1, 1:-1]), shape)


def _none_lost(lines: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Thin lines with the middle pixel of each piece of the shape that thinning has left nothing of."""
    labels, count = ndimage.label(shape, SQUARE)
    lost = set(range(1, count + 1)) - set(labels[lines].tolist())
    for label in sorted(lost):
        reach = ndimage.distance_transform_edt(np.pad(shape, 1))[1:-1, 1:-1]
        lines[np.unravel_index(int(np.where(labels == label, reach, 0).argmax()), shape.shape)] = True
    return lines


def neighbours(lines: np.ndarray) -> dict[Pixel, list[Pixel]]:
    """The neighbours of each pixel of thin lines (h, w): diagonal ones only where there is no way round a corner."""
    pixels = {(int(row), int(column)) for row, column in np.argwhere(lines)}
    found: dict[Pixel, list[Pixel]] = {}
    for row, column in sorted(pixels):
        near = [(row + a, column + b) for a, b in AROUND if (a == 0 or b == 0) and (row + a, column + b) in pixels]
        near += [
            (row + a, column + b)
            for a, b in AROUND
            if a and b and (row + a, column + b) in pixels
            and (row + a, column) not in pixels and (row, column + b) not in pixels
        ]  # fmt: skip
        found[row, column] = near
    return found


def branches(lines: np.ndarray) -> list[list[Pixel]]:
    """Thin lines (h, w) as chains of pixels from one end or crossing to the next; a ring begins where it ends."""
    near = neighbours(lines)
    nodes = {pixel for pixel, each in near.items() if len(each) != 2}
    found: list[list[Pixel]] = [[pixel] for pixel in sorted(nodes) if not near[pixel]]
    walked: set[tuple[Pixel, Pixel]] = set()
    for node in sorted(nodes):
        for step in near[node]:
            if (node, step) not in walked:
                chain = _walk(near, nodes, node, step)
                walked |= {(node, step), (chain[-1], chain[-2])}
                found.append(chain)
    rest = set(near) - nodes - {pixel for chain in found for pixel in chain}
    while rest:
        start = min(rest)
        chain = _walk(near, {start}, start, near[start][0])
        found.append(chain)
        rest -= set(chain)
    return found


def _walk(near: dict[Pixel, list[Pixel]], nodes: set[Pixel], start: Pixel, step: Pixel) -> list[Pixel]:
    """From a pixel by the given step on to the next node."""
    chain = [start, step]
    while chain[-1] not in nodes:
        chain.append(next(pixel for pixel in near[chain[-1]] if pixel != chain[-2]))
    return chain


def pruned(lines: np.ndarray, reach: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Thin lines without spurs: branches with an open end that hardly leave the shape's body.

    Parameters
    ----------
    lines : ndarray of bool, (h, w)
    reach : ndarray, (h, w)
        How far it is to the outside of the shape.
    least : float
        Branches that are longer than the reach at their root, and by as much as this, stay.
    """
    lines = lines.copy()
    while True:
        near = neighbours(lines)
        for chain in sorted(branches(lines), key=len):
            ends = [len(near[chain[0]]), len(near[chain[-1]])]
            if min(ends) != 1 or max(ends) < 3:
                continue
            root = chain[-1] if ends[0] == 1 else chain[0]
            if len(chain) < reach[root] + least:
                for pixel in chain:
                    lines[pixel] = pixel == root
                break  # what crossed there may be one line now
        else:
            return lines


def rings(lines: np.ndarray) -> list[np.ndarray]:
    """What thin lines (h, w) enclose: of each hole the pixels of the lines round it, bool (h, w), the largest first."""
    closed = lines.copy()
    while True:
        # whatever has an open end encloses nothing
        near = neighbours(closed)
        ends = [pixel for pixel, each in near.items() if len(each) < 2]
        if not ends:
            break
        for end in ends:
            chain = [end]
            while len(near[chain[-1]]) <= 2 and chain[-1] not in chain[:-1]:
                following = [pixel for pixel in near[chain[-1]] if pixel not in chain]
                if not following:
                    break
                chain.append(following[0])
            for pixel in chain:
                closed[pixel] = closed[pixel] and len(near[pixel]) > 2
    holes, count = ndimage.label(~np.pad(closed, 1))
    sizes = ndimage.sum_labels(np.ones(holes.shape), holes, np.arange(count + 1))
    inside = [k for k in np.argsort(-sizes, kind="stable") if k not in (0, holes[0, 0])]
    return [ndimage.binary_dilation(holes == k, SQUARE)[1:-1, 1:-1] & closed for k in inside]
