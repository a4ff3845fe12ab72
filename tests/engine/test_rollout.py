"""Networks that go on by themselves, and the trajectories that they are compared with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from engine import Dense, Network
from engine.analysis.rollout import roll_out
from engine.datasets.sequences import lorenz, lorenz_states
from engine.errors import ConfigurationError
from engine.layers import Flatten, SimpleRNN


def linear(length: int, features: int) -> Network:
    """A network that adds its last value and the one before it, each feature by itself: Fibonacci's rule."""
    network = Network([Flatten(), Dense(features)], (length, features), dtype="float64")
    weight = network.weights["1.weight"]
    weight[:] = 0
    for k in range(features):
        weight[(length - 1) * features + k, k] = weight[(length - 2) * features + k, k] = 1
    network.weights["1.bias"][:] = 0
    return network


def test_answers_are_read_again() -> None:
    start = np.array([[[0.0, 2], [1, 1], [1, 3]]])
    said = roll_out(linear(3, 2), start, 6)
    assert said[0, :, 0].tolist() == [2, 3, 5, 8, 13, 21]
    assert said[0, :, 1].tolist() == [4, 7, 11, 18, 29, 47]
    assert start.tolist() == [[[0, 2], [1, 1], [1, 3]]]


@pytest.mark.parametrize("count", [1, 7])
def test_the_first_answer_is_the_prediction(count: int) -> None:
    network = Network([SimpleRNN(4), Dense(1)], (5, 1), seed=2)
    x = np.random.default_rng(0).normal(size=(count, 5, 1))
    assert roll_out(network, x, 3)[:, 0] == pytest.approx(network.predict(x), abs=1e-7)


def test_what_cannot_go_on_is_refused() -> None:
    network = Network([SimpleRNN(4), Dense(2)], (5, 1))
    with pytest.raises(ConfigurationError, match=r"takes \(5, 1\) and gives \(2,\)"):
        roll_out(network, np.zeros((1, 5, 1)), 3)
    with pytest.raises(ConfigurationError, match="steps"):
        roll_out(linear(3, 1), np.zeros((1, 3, 1)), 0)


def test_trajectories_go_on_as_the_equations_say() -> None:
    data = lorenz(n=4, steps=5, interval=0.05, seed=1)
    on = lorenz_states(data.x[:, 0], 5, 0.05)
    assert on[:, :4] == pytest.approx(data.x[:, 1:], abs=1e-5) and on[:, 4] == pytest.approx(data.y, abs=1e-5)

    def slope(_: float, state: np.ndarray) -> np.ndarray:
        x, y, z = state
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    start = data.x[0, 0].astype(float) * 25 + [0, 0, 25]
    exact = solve_ivp(slope, (0, 0.25), start, rtol=1e-10, atol=1e-10).y[:, -1]
    assert on[0, 4] * 25 + [0, 0, 25] == pytest.approx(exact, rel=1e-4)
