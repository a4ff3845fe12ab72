"""Elementary functions of the kernels: exact in float64, within their bounds in float32."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from engine.elementary import exp_of_negative, expm1_of_negative, log1p_of_share, normal_tail
from engine.jit import kernel


@kernel
def powers(x, y):
    for i in range(x.size):
        y[i] = exp_of_negative(x[i])


@kernel
def powers_less_one(x, y):
    for i in range(x.size):
        y[i] = expm1_of_negative(x[i])


@kernel
def logarithms(x, y):
    for i in range(x.size):
        y[i] = log1p_of_share(x[i])


@kernel
def tails(x, y):
    for i in range(x.size):
        y[i] = normal_tail(x[i])


def values(function: Callable[..., None], x: np.ndarray) -> np.ndarray:
    y = np.empty_like(x)
    function(x, y)
    return y.astype(np.float64)


@pytest.mark.parametrize(
    ("function", "truth", "x", "bound"),
    [
        (powers, np.exp, np.linspace(-86.9, 0, 200_001), 3.5e-7),
        (powers, np.exp, -np.geomspace(1e-30, 1, 1000), 3.5e-7),
        (powers_less_one, np.expm1, np.linspace(-100, 0, 200_001), 6e-7),
        (powers_less_one, np.expm1, -np.geomspace(1e-30, 1, 1000), 6e-7),
        (logarithms, np.log1p, np.linspace(0, 1, 200_001), 3.5e-7),
        (logarithms, np.log1p, np.geomspace(1e-30, 1, 1000), 3.5e-7),
    ],
)
def test_values_are_within_their_bounds(
    function: Callable[..., None], truth: Callable[[np.ndarray], np.ndarray], x: np.ndarray, bound: float
) -> None:
    single = x.astype(np.float32)
    np.testing.assert_allclose(values(function, single), truth(single.astype(np.float64)), rtol=bound, atol=0)
    np.testing.assert_allclose(values(function, x), truth(x), rtol=4e-16, atol=0)


def test_tails_of_the_normal_distribution_are_within_their_bounds() -> None:
    x = np.concatenate([np.linspace(0, 40, 200_001), np.geomspace(1e-30, 1, 1000)])
    single = x.astype(np.float32)
    truth, near = norm.sf(single.astype(np.float64)), x <= 4
    np.testing.assert_allclose(values(tails, single), truth, rtol=0, atol=2e-7)
    np.testing.assert_allclose(values(tails, single)[near], truth[near], rtol=2e-6, atol=0)
    np.testing.assert_allclose(values(tails, x), norm.sf(x), rtol=1e-13, atol=1e-300)
    assert np.isnan(values(tails, np.array([np.nan], np.float32))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends(dtype: type) -> None:
    y = values(powers, np.array([0, -200, -1e30, -np.inf, np.nan], dtype))
    assert y[0] == 1
    assert (y[1:4] <= 1e-38).all()
    assert np.isnan(y[4])
    y = values(logarithms, np.array([0, np.nan], dtype))
    assert y[0] == 0
    assert np.isnan(y[1])
