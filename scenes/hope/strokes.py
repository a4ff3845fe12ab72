"""Lines with junctions and corners become strokes: what goes straight on is one, what turns sharply is two."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy import ndimage

from scenes.hope.skeleton import Pixel

STRAIGHT = 0.7  # cosine of the largest turn that a stroke takes at a junction
CORNER = 65.0  # degrees; a sharper turn within a stroke's thickness ends it
TOUCHING = 2  # pixels between ends that meet


def joined(chains: list[list[Pixel]], reach: float) -> list[list[Pixel]]:
    """Chains of which those that go straight on at a junction are one.

    Parameters
    ----------
    chains : list of lists of pixels
    reach : float
        Half the thickness of the strokes, in pixels: over twice as much a chain's direction is measured.
    """
    chains = [list(chain) for chain in chains]
    span = int(2 * reach) + 3
    while True:
        best, found = STRAIGHT, None
        for i, j in combinations(range(len(chains)), 2):
            for one in (chains[i], chains[i][::-1]):
                for other in (chains[j], chains[j][::-1]):
                    apart = np.abs(np.subtract(one[-1], other[0])).max()
                    straight = float(_leaving(one[::-1], span) @ -_leaving(other, span)) if apart <= TOUCHING else -1.0
                    if straight > best:
                        best, found = straight, (i, j, [*one, *(pixel for pixel in other if pixel not in one)])
        if found is None:
            return chains
        i, j, both = found
        chains = [chain for k, chain in enumerate(chains) if k not in (i, j)] + [both]


def _leaving(chain: list[Pixel], span: int) -> np.ndarray:
    """The direction in which a chain leaves its first pixel, of length 1; none where it is a single pixel."""
    way = np.subtract(chain[min(span, len(chain) - 1)], chain[0]).astype(np.float64)
    return np.asarray(way / max(float(np.hypot(*way)), 1e-9))


def bent(chain: list[Pixel], reach: float) -> list[list[Pixel]]:
    """The pieces of a chain between sharp corners."""
    span = max(3, int(2 * reach))
    if len(chain) < 2 * span + 2:
        return [chain]
    way = ndimage.gaussian_filter1d(np.array(chain, np.float64), reach / 3, axis=0, mode="nearest")
    before, after = way[span:-span] - way[: -2 * span], way[2 * span :] - way[span:-span]
    cosine = (before * after).sum(axis=1) / np.maximum(np.hypot(*before.T) * np.hypot(*after.T), 1e-9)
    turns = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    cuts = []
    while turns.max(initial=0.0) > CORNER:
        sharpest = int(turns.argmax())
        cuts.append(sharpest + span)
        turns[max(0, sharpest - 2 * span) : sharpest + 2 * span] = 0.0
    edges = [0, *sorted(cuts), len(chain)]
    return [chain[a:b] for a, b in zip(edges, edges[1:], strict=False)]
