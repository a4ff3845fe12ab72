"""Activations by themselves: extreme inputs, NaN, the fast float32 rules, the flags of the registry."""

from __future__ import annotations

import numpy as np
import pytest

from engine import ACTIVATIONS, Network, machine
from engine.errors import ConfigurationError
from engine.layers import Activation
from tests.engine import reference

EXTREMES = np.array([-3e38, -1e4, -90.0, -20.0, -9.0, -1e-30, 0.0, 1e-30, 9.0, 20.0, 90.0, 1e4, 3e38])

each_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def values(name: str, x: np.ndarray, dtype: str = "float32") -> np.ndarray:
    """The activation's values through a network that is nothing else; softmax takes all of x as one row."""
    rows = x.reshape(1, -1) if name == "softmax" else x.reshape(-1, 1)
    return Network([Activation(name)], rows.shape[1:], dtype=dtype).predict(rows).ravel()


def slopes(name: str, x: np.ndarray, dtype: str) -> np.ndarray:
    """dy/dx at each x, from the backward kernel by itself."""
    precision = np.dtype(dtype)
    forward, backward = ACTIVATIONS[name].kernels(precision)
    x, ints, none = x.astype(precision), np.array([1, 0, 0, 0]), np.empty(0, precision)
    y, dx = np.empty_like(x), np.empty_like(x)
    forward(ints, ints, none, none, x, y, none)
    backward(ints, ints, none, none, x, y, none, np.ones_like(x), dx, none)
    return dx


@each_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values_follow_the_formula(name: str, dtype: str) -> None:
    x = np.concatenate([np.linspace(-12, 12, 4001), np.linspace(-1e-3, 1e-3, 11)]).astype(dtype)
    expected = reference.ACTIVATIONS[name].value(x.astype(np.float64))
    tolerance = 1e-14 if dtype == "float64" else 3e-6
    np.testing.assert_allclose(values(name, x, dtype), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_does_not_leave_what_a_probability_can_be(dtype: str) -> None:
    y = values("sigmoid", np.linspace(-100, 100, 200_001), dtype)
    assert y.min() >= 0 and y.max() <= 1


@pytest.mark.parametrize("name", [name for name, entry in ACTIVATIONS.items() if entry.rows is None])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_slopes_follow_the_formula(name: str, dtype: str) -> None:
    x = np.concatenate([np.linspace(-12, 12, 4000), EXTREMES]).astype(dtype)
    expected = reference.ACTIVATIONS[name].backward(np.clip(x.astype(np.float64), -700, 700), np.ones(x.size))
    tolerance = 1e-13 if dtype == "float64" else 2e-6
    np.testing.assert_allclose(slopes(name, x, dtype), expected, rtol=tolerance, atol=tolerance)


@each_activation
def test_extreme_inputs_give_finite_values(name: str) -> None:
    y = values(name, EXTREMES)
    assert np.isfinite(y).all()
    bounds = {"sigmoid": (0, 1), "tanh": (-1, 1), "softmax": (0, 1), "step": (0, 1)}
    if name in bounds:
        low, high = bounds[name]
        assert ((y >= low) & (y <= high)).all()


@each_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_is_not_hidden(name: str, dtype: str) -> None:
    network = Network([Activation(name)], (3,), dtype=dtype)
    program, space = network.program, network.workspace(1)
    space.values[:3] = 1.0, np.nan, 2.0
    machine.forward_pass(program, 0, 1, np.array([1, 0, 0, 0]), network.parameters, space)
    assert np.isnan(space.values[4]) or name == "step"


@pytest.mark.parametrize(("name", "bound"), [("tanh", 3e-7), ("sigmoid", 2e-7)])
def test_fast_rules_are_accurate_to_single_precision(name: str, bound: float) -> None:
    x = np.concatenate([np.linspace(-20, 20, 200_001), np.geomspace(1e-30, 1, 1000)]).astype(np.float32)
    error = np.abs(values(name, x) - reference.ACTIVATIONS[name].value(x.astype(np.float64)))
    assert error.max() < bound
    small = np.abs(x) < 1e-3  # tanh keeps its relative accuracy there
    if name == "tanh":
        assert (error[small] <= 3e-7 * np.abs(x[small])).all()


@each_activation
def test_odd_means_odd(name: str) -> None:
    x = np.linspace(0.01, 5, 100).astype(np.float32)
    if name == "softmax":
        assert not ACTIVATIONS[name].odd
        return
    assert ACTIVATIONS[name].odd == np.array_equal(values(name, -x), -values(name, x))


@each_activation
def test_slope_says_whether_there_is_one(name: str) -> None:
    if name == "softmax":
        assert ACTIVATIONS[name].slope
        return
    assert ACTIVATIONS[name].slope == slopes(name, np.linspace(-2, 2, 100), "float64").any()


@each_activation
def test_an_activation_says_what_it_is(name: str) -> None:
    assert ACTIVATIONS[name].name == name
    assert ACTIVATIONS[name].summary


def test_softmax_rows_are_probabilities_each_by_itself() -> None:
    x = np.random.default_rng(0).normal(0, 5, (20, 7))
    rows = Network([Activation("softmax")], (7,), dtype="float64").predict(x)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(rows, np.exp(x) / np.exp(x).sum(axis=1, keepdims=True), rtol=1e-13)


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"^unknown activation 'thanh': did you mean 'tanh'\?.*softmax"):
        Activation("thanh")
