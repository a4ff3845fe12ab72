"""Matrix products as the kernels call them: all ways to flip, all sizes, the same bits on any number of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

from engine import Dense, Network
from engine.products import SHARED_FROM, product, shared_product
from tests.engine.cases import difference, examples, scatter
from tests.engine.reference import ReferenceNetwork

SIZES = [
    (1, 1, 1),
    (3, 5, 7),
    (32, 16, 784),
    (1, 9, 4),
    (300, 200, 140),
    (140, 300, 200),
    (31, 1000, 300),
    (1000, 1, 9000),
]


def arrays(m: int, n: int, k: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(m + n + k)
    return rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)


def multiplied(multiply: Callable[..., Any], a: np.ndarray, b: np.ndarray, flip_a: bool, flip_b: bool) -> np.ndarray:
    c = np.full((a.shape[0], b.shape[1]), np.nan, a.dtype)
    given = [np.ascontiguousarray(x.T if flip else x).ravel() for x, flip in ((a, flip_a), (b, flip_b))]
    multiply(flip_a, given[0], flip_b, given[1], c.ravel(), *c.shape, a.shape[1])
    return c


@pytest.mark.parametrize("multiply", [product, shared_product], ids=["alone", "shared"])
@pytest.mark.parametrize("flip_a", [False, True])
@pytest.mark.parametrize("flip_b", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-4), ("float64", 1e-12)])
def test_products_are_right(
    multiply: Callable[..., Any], flip_a: bool, flip_b: bool, dtype: str, tolerance: float
) -> None:
    assert max(m * n * k for m, n, k in SIZES) >= SHARED_FROM
    for m, n, k in SIZES:
        a, b = arrays(m, n, k, dtype)
        expected = a.astype(np.float64) @ b.astype(np.float64)
        assert np.abs(multiplied(multiply, a, b, flip_a, flip_b) - expected).max() <= tolerance


def test_the_bits_do_not_depend_on_the_number_of_threads() -> None:
    a, b = arrays(128, 512, 784, "float32")
    before, results = numba.get_num_threads(), []
    try:
        for threads in {1, before}:
            numba.set_num_threads(threads)
            results.append(multiplied(shared_product, a, b, False, False))
    finally:
        numba.set_num_threads(before)
    assert all(np.array_equal(each, results[0]) for each in results)


def test_a_large_layer_shares_its_products() -> None:
    network = scatter(Network([Dense(140, "tanh"), Dense(300)], (300,), dtype="float64"))
    x, y = examples(network, "mse", 200)
    naive = ReferenceNetwork(network)
    value, gradient = network.gradient(x, y, "mse")
    assert difference(value, naive.loss(x, y, "mse")) < 1e-12
    assert difference(gradient, naive.gradient(x, y, "mse")) < 1e-12
