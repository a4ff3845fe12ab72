"""Rings, tori, checkerboard, curve and lectures: geometry, balance, noise, seeds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from engine.datasets import load_dataset
from engine.errors import ConfigurationError

NAMES = ["checkerboard", "curve", "lectures", "linked_rings", "tori"]


def linking_number(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Gauss's integral over two closed curves of points: how often one winds around the other."""
    a, b = (0.5 * (ring + np.roll(ring, -1, axis=0)) for ring in (first, second))
    da, db = (np.roll(ring, -1, axis=0) - ring for ring in (first, second))
    apart = a[:, None] - b[None]
    turn = np.einsum("ijk,ijk->ij", apart, np.cross(da[:, None], db[None]))
    return float((turn / np.linalg.norm(apart, axis=2) ** 3).sum() / (4 * np.pi))


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_everything(name: str) -> None:
    one, same, other = (load_dataset(name, n=51, seed=seed, noise=0.05) for seed in (3, 3, 4))
    assert one.digest == same.digest != other.digest and len(one) == 51


@pytest.mark.parametrize("name", ["linked_rings", "tori", "checkerboard"])
def test_classes_are_even_and_noise_is_what_it_says(name: str) -> None:
    clean, noisy = load_dataset(name, n=3001), load_dataset(name, n=3001, noise=0.04)
    assert clean.class_counts == (1501, 1500)
    assert np.abs(clean.x).max() <= 1 + 1e-6 and np.abs(clean.x).max() > 0.98
    np.testing.assert_array_equal(clean.y, noisy.y)
    assert np.std(noisy.x - clean.x) == pytest.approx(0.04, rel=0.05)


def test_the_rings_are_circles_and_linked_once() -> None:
    data = load_dataset("linked_rings", n=400)
    rings = [data.x[data.y == label].astype(np.float64) for label in (0, 1)]
    for ring, centre in zip(rings, ([-1 / 3, 0, 0], [1 / 3, 0, 0]), strict=True):
        np.testing.assert_allclose(ring.mean(axis=0), centre, atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(ring - centre, axis=1), 2 / 3, atol=1e-6)
    assert abs(linking_number(*rings)) == pytest.approx(1, abs=1e-3)
    assert linking_number(rings[0], rings[1] + [2, 0, 0]) == pytest.approx(0, abs=1e-3)  # the measure itself works


@pytest.mark.parametrize("tube", [0.05, 0.15, 0.25])
def test_tori_have_bodies_that_do_not_meet(tube: float) -> None:
    data = load_dataset("tori", n=20_000, tube=tube)
    radius = 2 / 3 * (1 - tube)
    angle = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    flat = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle])
    for label, ring in ((0, flat - [radius / 2, 0, 0]), (1, flat[:, [0, 2, 1]] + [radius / 2, 0, 0])):
        depth = cKDTree(ring).query(data.x[data.y == label])[0] / tube
        assert depth.max() <= 1 + 1e-4
        # evenly filled: a disc of half the radius has a quarter of the area, and so the tube of the volume
        assert np.mean(depth < 0.5) == pytest.approx(0.25, abs=0.02)
    # Pappus: as far inside the ring as outside, counted by volume
    own = data.x[data.y == 0] + [radius / 2, 0, 0]
    outside = np.mean(np.hypot(own[:, 0], own[:, 1]) > radius)
    assert outside == pytest.approx(0.5 + 4 * tube / (3 * np.pi * 2 * radius), abs=0.02)


def test_a_checkerboard_changes_from_square_to_square() -> None:
    data = load_dataset("checkerboard", n=4000, cells=5)
    square = np.floor((data.x.astype(np.float64) + 1) / 2 * 5).clip(0, 4).astype(int)
    np.testing.assert_array_equal(data.y, square.sum(axis=1) % 2)
    counts = np.bincount(square[:, 0] * 5 + square[:, 1], minlength=25)
    assert counts.min() > 100 and counts.max() < 220
    assert LogisticRegression().fit(data.x, data.y).score(data.x, data.y) < 0.6
    assert KNeighborsClassifier(3).fit(data.x, data.y).score(data.x, data.y) > 0.9


def test_a_curve_is_a_sine_with_noise_on_y() -> None:
    data = load_dataset("curve", n=4000, waves=2.0, noise=0.2)
    assert data.task == "regression" and data.x.shape == (4000, 1) and data.target_names == ("y",)
    rest = data.y - np.sin(2 * np.pi * data.x.astype(np.float64))
    assert np.std(rest) == pytest.approx(0.2, rel=0.05) and abs(rest.mean()) < 0.02
    assert abs(np.corrcoef(data.x[:, 0], rest[:, 0])[0, 1]) < 0.05


def test_lectures_and_hours_decide_who_passes() -> None:
    data = load_dataset("lectures", n=2000, noise=0.0)
    assert data.mean is not None and data.scale is not None
    original = data.x * data.scale + data.mean
    lectures, hours = original.T
    np.testing.assert_allclose(lectures, lectures.round(), atol=1e-4)
    assert lectures.min() >= -1e-4 and lectures.max() <= 10 + 1e-4 and hours.min() >= -1e-4 and hours.max() <= 10 + 1e-4
    clear = np.abs(lectures + hours - 10) > 1e-3
    np.testing.assert_array_equal(data.y[clear] == 1, (lectures + hours > 10)[clear])
    assert data.class_names == ("fail", "pass") and 0.4 < data.y.mean() < 0.6
    lucky = load_dataset("lectures", n=2000, noise=1.0)
    assert 0.02 < np.mean(lucky.y != data.y) < 0.2


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("tori", {"tube": 0.3}, "dataset 'tori': tube=0.3 must be a number above 0 and up to 0.25"),
        ("tori", {"tube": 0}, "dataset 'tori': tube=0.0 must be a finite number above 0"),
        ("checkerboard", {"cells": 1}, "dataset 'checkerboard': cells=1 must be a whole number from 2 to 64"),
        ("curve", {"waves": -1.0}, "dataset 'curve': waves=-1.0 must be a finite number above 0"),
        ("lectures", {"n": 3}, "dataset 'lectures': n=3 must be a whole number from 4 to 10000000"),
        ("linked_rings", {"noise": -1.0}, "dataset 'linked_rings': noise=-1.0 must be a finite number of at least 0"),
    ],
)
def test_wrong_parameters_get_one_sentence(name: str, parameters: dict[str, float], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_dataset(name, **parameters)
    assert str(error.value) == sentence
