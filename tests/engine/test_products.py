"""Matrix products as the kernels call them: all ways to flip, all sizes, whole and in shares."""

from __future__ import annotations

import numpy as np
import pytest

from engine.products import add_product, block_of, multiply, product, product_address, share_of_product
from engine.program import PRODUCT, SHARE, SHARES

SIZES = [
    (1, 1, 1),
    (3, 5, 7),
    (32, 16, 784),
    (1, 9, 4),
    (300, 200, 140),
    (140, 300, 200),
    (31, 1000, 300),
    (1000, 1, 900),
    (26, 8, 576),
    (13, 49, 17),
    (22, 33, 65),
]


def arrays(m: int, n: int, k: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(m + n + k)
    return rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)


def new_run(dtype: np.dtype) -> np.ndarray:
    run = np.zeros(10, np.int64)
    run[SHARES], run[PRODUCT] = 1, product_address(dtype.name)
    return run


def laid_out(a: np.ndarray, b: np.ndarray, flip_a: bool, flip_b: bool) -> list[np.ndarray]:
    return [np.ascontiguousarray(x.T if flip else x).ravel() for x, flip in ((a, flip_a), (b, flip_b))]


def multiplied(a: np.ndarray, b: np.ndarray, flip_a: bool, flip_b: bool, shares: int) -> np.ndarray:
    c, run = np.full((a.shape[0], b.shape[1]), np.nan, a.dtype), new_run(a.dtype)
    left, right = laid_out(a, b, flip_a, flip_b)
    for share in range(shares):
        run[SHARE], run[SHARES] = share, shares
        share_of_product(run, flip_a, left, flip_b, right, c.ravel(), *c.shape, a.shape[1])
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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_have_the_same_bits_however_the_matrix_is_cut(dtype: str) -> None:
    for m, n, k in [(70, 90, 600), (200, 33, 40), (17, 300, 5)]:
        a, b = arrays(m, n, k, dtype)
        for flip_a in (False, True):
            whole = multiplied(a, b, flip_a, False, 1)
            assert all(np.array_equal(multiplied(a, b, flip_a, False, shares), whole) for shares in (2, 3, 8))


@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("m", range(1, 20))
def test_tiles_of_all_heights_and_widths_keep_to_their_block(m: int, flips: tuple[bool, bool]) -> None:
    """Blocks of larger matrices, with guards around the result and behind the factors, where nothing may be read."""
    rng = np.random.default_rng(m)
    for n in [*range(1, 20), 31, 47, 48, 49, 97]:
        k, flip_a, flip_b = 1 + (m * n) % 23, *flips
        a, b = rng.normal(size=(m, k)), rng.normal(size=(k, n))
        left, right = laid_out(a, b, flip_a, flip_b)
        padded = [np.concatenate([np.full(3, np.nan), x, np.full(70, np.nan)]) for x in (left, right)]
        c = np.full((m + 2, n + 5), 7.0)
        product(
            flip_a, flip_b, True, m, n, k, padded[0], 3, m if flip_a else k, padded[1], 3, k if flip_b else n,
            c.ravel(), n + 5 + 2, n + 5
        )  # fmt: skip
        assert np.abs(c[1:-1, 2 : n + 2] - 7.0 - a @ b).max() < 1e-12
        c[1:-1, 2 : n + 2] = 7.0
        assert (c == 7.0).all()


def test_products_are_added_where_they_shall_be() -> None:
    a, b = arrays(9, 30, 14, "float64")
    run, c = new_run(a.dtype), np.ones(9 * 30)
    add_product(run, False, a.ravel(), False, b.ravel(), c, 9, 30, 14)
    assert np.abs(c.reshape(9, 30) - 1 - a @ b).max() < 1e-12
    multiply(run, False, a.ravel(), False, b.ravel(), c, 9, 30, 14)
    assert np.abs(c.reshape(9, 30) - a @ b).max() < 1e-12
