"""Sequences: what the targets are, worked out anew from the samples, and what the seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from engine.datasets import DATASETS, load_dataset, sequences
from engine.errors import ConfigurationError

NAMES = sorted(name for name in DATASETS if DATASETS[name].make.__module__ == sequences.__name__)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_parameters(name: str) -> None:
    data = load_dataset(name, n=37, steps=9)
    assert data.x.shape[:2] == (37, 9) and data.x.dtype == np.float32
    assert len(data.y) == 37
    assert data.parameters == DATASETS[name].defaults | {"n": 37, "steps": 9}
    assert np.abs(data.x).max() < 1.6


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_everything(name: str) -> None:
    one, same, other = (load_dataset(name, n=20, steps=6, seed=seed) for seed in (3, 3, 4))
    assert one.digest == same.digest != other.digest


def test_a_sine_goes_on_as_its_recurrence_says() -> None:
    data = load_dataset("sine", n=50, steps=12, period=7.5)
    values = np.concatenate([data.x[:, :, 0], data.y], axis=1).astype(np.float64)
    # sin(a + 2h) = 2 cos(h) sin(a + h) - sin(a)
    np.testing.assert_allclose(values[:, 2:], 2 * np.cos(2 * np.pi / 7.5) * values[:, 1:-1] - values[:, :-2], atol=1e-6)
    assert values[:, 0].min() < -0.9 and values[:, 0].max() > 0.9  # phases all round


def test_noise_is_on_what_is_shown_and_not_on_the_target() -> None:
    clean, noisy = (load_dataset("sine", n=500, noise=noise) for noise in (0.0, 0.1))
    np.testing.assert_array_equal(clean.y, noisy.y)
    assert np.std(noisy.x - clean.x) == pytest.approx(0.1, rel=0.05)


def test_lorenz_follows_scipys_integration() -> None:
    data = load_dataset("lorenz", n=6, steps=8, interval=0.1)

    def slope(time: float, state: Any) -> list[float]:
        x, y, z = state
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    for piece, target in zip(data.x.astype(np.float64), data.y, strict=True):
        start = piece[0] * 25 + [0, 0, 25]
        times = np.arange(1, 9) * 0.1
        exact = solve_ivp(slope, (0, 0.8), start, t_eval=times, rtol=1e-10, atol=1e-10).y.T
        expected = (exact - [0, 0, 25]) / 25
        np.testing.assert_allclose(np.vstack([piece[1:], target]), expected, atol=2e-4)


def test_lorenz_has_reached_its_attractor_on_both_wings() -> None:
    data = load_dataset("lorenz", n=2000, steps=2)
    state = data.x[:, 0] * 25.0 + [0, 0, 25]
    # long-run means and deviations of this system, from a trajectory of 20,000 time units
    np.testing.assert_allclose(state.mean(axis=0), [0, 0, 23.55], atol=1.0)
    np.testing.assert_allclose(state.std(axis=0), [7.92, 9.02, 8.62], rtol=0.06)
    assert 0.45 < np.mean(state[:, 0] > 0) < 0.55


@pytest.mark.parametrize("steps", [2, 7, 100])
def test_adding_adds_the_two_marked_numbers(steps: int) -> None:
    data = load_dataset("adding", n=3000, steps=steps)
    numbers, marks = data.x[:, :, 0].astype(np.float64), data.x[:, :, 1]
    assert set(np.unique(marks)) <= {0.0, 1.0}
    half = steps // 2
    assert (marks[:, :half].sum(axis=1) == 1).all() and (marks[:, half:].sum(axis=1) == 1).all()
    assert marks.any(axis=0).all()  # every step is marked in some sample
    np.testing.assert_allclose(data.y[:, 0], (numbers * marks).sum(axis=1), atol=1e-6)
    assert numbers.min() >= 0 and numbers.max() < 1
    assert np.mean((data.y - 1.0) ** 2) == pytest.approx(1 / 6, rel=0.08)


def test_recall_asks_for_the_first_symbol() -> None:
    data = load_dataset("delayed_recall", n=101, steps=8, symbols=5, noise=0.3)
    np.testing.assert_array_equal(data.x[:, 0, :5], np.eye(5)[data.y])
    np.testing.assert_array_equal(data.x[:, -1], np.tile([0, 0, 0, 0, 0, 1.0], (101, 1)))
    assert not data.x[:, :-1, 5].any()
    assert np.std(data.x[:, 1:-1, :5]) == pytest.approx(0.3, rel=0.05)
    assert max(data.class_counts) - min(data.class_counts) <= 1
    assert data.class_names == tuple("ABCDE")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("adding", {"steps": 1}, "steps=1 must be a whole number"),
        ("sine", {"n": 2}, "n=2 must be a whole number"),
        ("sine", {"period": 0.0}, "period=0.0 must be a finite number above 0"),
        ("sine", {"noise": -1.0}, "noise=-1.0"),
        ("lorenz", {"interval": -0.1}, "interval=-0.1"),
        ("delayed_recall", {"symbols": 1}, "symbols=1 must be a whole number from 2 to 26"),
        ("adding", {"seed": -1}, "seed=-1"),
        ("adding", {"step": 10}, "did you mean 'steps'"),
    ],
)
def test_bad_parameters_are_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_dataset(name, **settings)
    assert message in str(caught.value)
