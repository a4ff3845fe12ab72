"""Matrix products as the kernels call them: all ways to flip, all sizes, whole and in shares."""

from __future__ import annotations

import numpy as np
import pytest

from engine.products import block_of, share_of_product

SIZES = [
    (1, 1, 1),
    (3, 5, 7),
    (32, 16, 784),
    (1, 9, 4),
    (300, 200, 140),
    (140, 300, 200),
    (31, 1000, 300),
    (1000, 1, 900),
]


def arrays(m: int, n: int, k: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(m + n + k)
    return rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)


def multiplied(a: np.ndarray, b: np.ndarray, flip_a: bool, flip_b: bool, shares: int) -> np.ndarray:
    c = np.full((a.shape[0], b.shape[1]), np.nan, a.dtype)
    given = [np.ascontiguousarray(x.T if flip else x).ravel() for x, flip in ((a, flip_a), (b, flip_b))]
    for share in range(shares):
        share_of_product(flip_a, given[0], flip_b, given[1], c.ravel(), *c.shape, a.shape[1], share, shares)
    return c


@pytest.mark.parametrize("shares", [1, 2, 3, 8])
@pytest.mark.parametrize("flip_a", [False, True])
@pytest.mark.parametrize("flip_b", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 5e-4), ("float64", 1e-12)])
def test_products_are_right(shares: int, flip_a: bool, flip_b: bool, dtype: str, tolerance: float) -> None:
    for m, n, k in SIZES:
        a, b = arrays(m, n, k, dtype)
        expected = a.astype(np.float64) @ b.astype(np.float64)
        assert np.abs(multiplied(a, b, flip_a, flip_b, shares) - expected).max() <= tolerance


@pytest.mark.parametrize("shares", [1, 2, 4, 8])
@pytest.mark.parametrize(("m", "n"), [(1, 1), (31, 1000), (1000, 31), (64, 64), (5, 40)])
def test_blocks_make_up_the_matrix(m: int, n: int, shares: int) -> None:
    covered = np.zeros((m, n), int)
    for share in range(shares):
        row, rows, column, columns = block_of(m, n, share, shares)
        covered[row : row + rows, column : column + columns] += 1
    assert (covered == 1).all()
