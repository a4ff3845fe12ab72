"""Random numbers of the kernels: functions of a key and a counter, evenly spread."""

from __future__ import annotations

import numpy as np
import pytest

from engine.random import mix, permute, uniform

MASK = 2**64 - 1


def splitmix64(key: int, counter: int) -> int:
    """SplitMix64 in Python's whole numbers (Steele, Lea and Flood, 2014)."""
    z = (key + counter * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@pytest.mark.parametrize("key", [0, 1, 42, 2**63 - 1])
def test_bits_are_those_of_splitmix(key: int) -> None:
    for counter in (0, 1, 2, 1000, 2**40):
        assert int(mix(key, counter)) == splitmix64(key, counter)
        assert uniform(key, counter) == (splitmix64(key, counter) >> 11) / 2**53


def test_splitmix_gives_its_published_numbers() -> None:
    # the first outputs for the seed 1234567, from the test vectors that are passed around with the generator
    assert [splitmix64(1234567, n) for n in (1, 2)] == [6457827717110365317, 3203168211198807973]


def shuffled(count: int, seed: int, epoch: int) -> np.ndarray:
    order = np.empty(count, np.int64)
    permute(order, seed, epoch)
    return order


@pytest.mark.parametrize("count", [1, 2, 3, 100, 4097])
def test_a_shuffle_holds_every_example_once(count: int) -> None:
    assert sorted(shuffled(count, 3, 1)) == list(range(count))


def test_a_shuffle_depends_on_seed_and_epoch_alone() -> None:
    assert np.array_equal(shuffled(100, 3, 7), shuffled(100, 3, 7))
    kinds = {tuple(shuffled(100, seed, epoch)) for seed in range(10) for epoch in range(10)}
    assert len(kinds) == 100


def test_every_order_is_as_likely() -> None:
    count = 24_000
    seen: dict[tuple[int, ...], int] = {}
    for epoch in range(count):
        order = tuple(shuffled(4, 11, epoch))
        seen[order] = seen.get(order, 0) + 1
    expected = count / 24
    assert len(seen) == 24
    assert sum((number - expected) ** 2 / expected for number in seen.values()) < 49.7  # χ² with 23: p = 0.001


def test_uniform_numbers_are_evenly_spread() -> None:
    values = np.array([uniform(5, counter) for counter in range(20_000)])
    assert ((values >= 0) & (values < 1)).all()
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    assert values.var() == pytest.approx(1 / 12, abs=0.005)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.03
