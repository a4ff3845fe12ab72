"""Random numbers inside kernels, as a pure function of a key and a counter.

Nothing is drawn from hidden state: the shuffle of epoch 7 depends on the seed and on 7 alone. A resumed run therefore
gives the same bits as an uninterrupted one, and a dropout mask can be drawn again long after training.
"""

from __future__ import annotations

import numpy as np

from engine.jit import kernel


@kernel
def mix(key, counter):
    """Hash a key and a counter to 64 random bits (SplitMix64; Steele, Lea and Flood, 2014)."""
    z = np.uint64(key) + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def uniform(key, counter):
    """A float64 in [0, 1) with 53 random bits."""
    return np.float64(mix(key, counter) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def permute(order, seed, epoch):
    """Fill `order` with a permutation of 0 … n-1 that depends on `seed` and `epoch` alone (Fisher-Yates)."""
    key = mix(mix(seed, 0), epoch)
    for i in range(order.size):
        order[i] = i
    for i in range(order.size - 1, 0, -1):
        j = np.int64(mix(key, i) % np.uint64(i + 1))
        order[i], order[j] = order[j], order[i]
