"""A cut is said to exist where one is known to, and not where none can."""

from __future__ import annotations

import numpy as np
import pytest

from engine import load_dataset
from engine.analysis.separability import is_separable

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [([0, 0, 0, 1], True), ([0, 1, 1, 1], True), ([0, 1, 1, 0], False), ([1, 1, 1, 1], True), ([0, 0, 1, 1], True)],
)
def test_corners_of_a_square(labels: list[int], expected: bool) -> None:
    assert is_separable(CORNERS, labels) is expected


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_points_on_both_sides_of_a_known_line(scale: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    side = x @ [0.6, -0.8] + 0.3
    x = x[np.abs(side) > 0.05]
    labels = (x @ [0.6, -0.8] + 0.3 > 0).astype(int)
    assert is_separable(x * [scale, 1.0], labels)
    # one more of either class in the middle of the other one
    between = x[labels == 1].mean(axis=0)
    assert not is_separable(np.vstack([x, between]) * [scale, 1.0], [*labels, 0])


def test_known_data() -> None:
    assert not is_separable(*_data("spirals")) and not is_separable(*_data("circles"))


def _data(name: str) -> tuple[np.ndarray, np.ndarray]:
    data = load_dataset(name, n=100)
    return data.x, data.y
