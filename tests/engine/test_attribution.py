"""Gradients with respect to the inputs against central differences, and what is known of integrated gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import (
    GRU,
    LSTM,
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    Residual,
    SimpleRNN,
    UpSample2D,
)
from engine.analysis.attribution import gradient_times_input, input_gradient, integrated_gradients
from engine.errors import ConfigurationError, DataError
from tests.engine.cases import scatter

CASES: dict[str, tuple[list[Any], tuple[int, ...]]] = {
    "dense": ([Dense(5, "tanh"), Dense(3, "softmax")], (4,)),
    "dense alone": ([Dense(2)], (3,)),
    "dropout first": ([Dropout(0.5), Dense(5, "gelu"), Dense(3, "softmax")], (4,)),
    "batch norm first": ([BatchNorm(), Dense(5, "silu"), Dense(2)], (4,)),
    "activation first": ([Activation("tanh"), Dense(2)], (4,)),
    "conv": ([Conv2D(3, 3, activation="tanh"), MaxPool2D(2), Flatten(), Dense(4, "softmax")], (6, 6, 2)),
    "strided conv": ([Conv2D(2, 3, strides=2, padding="same", activation="tanh"), Flatten(), Dense(2)], (5, 6, 1)),
    "pool first": ([AvgPool2D(2), Flatten(), Dense(3)], (4, 4, 2)),
    "up first": ([UpSample2D(2), Conv2D(1, 3, activation="tanh"), Flatten(), Dense(2)], (3, 3, 1)),
    "residual": ([Residual([Dense(4, "tanh")]), Residual([Dense(3, "tanh")]), Dense(2)], (4,)),
    "rnn": ([SimpleRNN(4), Dense(2)], (5, 2)),
    "lstm": ([LSTM(3, return_sequences=True), GRU(3), Dense(2)], (4, 2)),
    "gru": ([GRU(3, return_sequences=True)], (4, 2)),
}


def made(name: str, dtype: str = "float64", count: int = 6) -> tuple[Network, np.ndarray]:
    layers, shape = CASES[name]
    network = scatter(Network(layers, shape, dtype=dtype))
    return network, np.random.default_rng(4).normal(size=(count, *shape))


def differences(network: Network, x: np.ndarray, outputs: np.ndarray, logits: bool, h: float = 1e-5) -> np.ndarray:
    run = network.logits if logits else network.predict
    flat = x.reshape(len(x), -1)
    result = np.zeros_like(flat)
    for i in range(flat.shape[1]):
        for sign in (1, -1):
            moved = flat.copy()
            moved[:, i] += sign * h
            values = run(moved.reshape(x.shape)).reshape(len(x), -1)
            result[:, i] += sign * values[np.arange(len(x)), outputs] / (2 * h)
    return result.reshape(x.shape)


@pytest.mark.parametrize("logits", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_gradient_is_that_of_central_differences(name: str, logits: bool) -> None:
    network, x = made(name)
    found = input_gradient(network, x, logits=logits)
    values = (network.logits if logits else network.predict)(x).reshape(len(x), -1)
    np.testing.assert_array_equal(found.outputs, values.argmax(axis=1))
    np.testing.assert_array_equal(found.output, values.max(axis=1))
    np.testing.assert_allclose(found.values, differences(network, x, found.outputs, logits), atol=1e-8)
    assert np.abs(found.values).max() > 1e-3
    times = gradient_times_input(network, x, logits=logits)
    np.testing.assert_allclose(times.values, found.values * x, rtol=1e-14)


def test_a_chosen_output() -> None:
    network, x = made("dense")
    each = [input_gradient(network, x, k).values for k in range(3)]
    chosen = np.array([0, 2, 1, 1, 0, 2])
    mixed = input_gradient(network, x, chosen)
    np.testing.assert_array_equal(mixed.values, [each[k][n] for n, k in enumerate(chosen)])
    # probabilities add up to 1: their gradients cancel
    total = sum(input_gradient(network, x, k, logits=False).values for k in range(3))
    np.testing.assert_allclose(total, 0, atol=1e-15)


def test_an_output_of_a_sequence_does_not_see_the_future() -> None:
    network, x = made("gru")
    values = input_gradient(network, x, (1, 2)).values
    assert (values[:, 2:] == 0).all() and (values[:, :2] != 0).all()
    np.testing.assert_array_equal(values, input_gradient(network, x, 1 * 3 + 2).values)


@pytest.mark.parametrize("name", CASES)
def test_integrated_gradients_are_complete(name: str) -> None:
    network, x = made(name)
    found = integrated_gradients(network, x, baseline=0.1, steps=400 if "conv" in name else 64)
    start = network.logits(np.full_like(x, 0.1)).reshape(len(x), -1)[np.arange(len(x)), found.outputs]
    assert found.baseline_output is not None
    np.testing.assert_allclose(found.baseline_output, start, rtol=1e-12)
    np.testing.assert_allclose(found.shortfall, 0, atol=2e-3 if name == "conv" else 1e-9)  # max pooling has kinks


def test_integrated_gradients_by_hand() -> None:
    """F = tanh(w·x) from 0: each input's part is (w_i x_i / w·x) tanh(w·x)."""
    network = Network([Dense(1, "tanh")], (3,), dtype="float64")
    network.weights["0.weight"][:, 0] = w = np.array([0.5, -1.0, 2.0])
    x = np.array([[1.0, 2.0, 0.7], [0.3, -0.4, 0.5]])
    z = x @ w
    expected = w * x / z[:, None] * np.tanh(z)[:, None]
    np.testing.assert_allclose(integrated_gradients(network, x, 0, logits=False).values, expected, atol=1e-12)
    linear = integrated_gradients(network, x, 0, steps=1)  # the logit is linear: one step is exact
    np.testing.assert_allclose(linear.values, w * x, atol=1e-14)
    np.testing.assert_allclose(linear.shortfall, 0, atol=1e-14)


def test_too_few_steps_show() -> None:
    network, x = made("dense")
    network.parameters[:] *= 8
    assert np.abs(integrated_gradients(network, x, logits=False, steps=2).shortfall).max() > 1e-2


def test_examples_do_not_depend_on_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    network, x = made("conv", "float32", 50)
    whole = input_gradient(network, x).values
    monkeypatch.setattr("engine.analysis.attribution.CHUNK_VALUES", 4000)
    np.testing.assert_allclose(input_gradient(network, x).values, whole, atol=1e-6)
    assert whole.dtype == np.float32


def test_the_network_is_left_as_it_was() -> None:
    network, x = made("batch norm first")
    before, outputs = network.parameters.copy(), network.predict(x)
    integrated_gradients(network, x)
    np.testing.assert_array_equal(network.parameters, before)
    np.testing.assert_array_equal(network.predict(x), outputs)


@pytest.mark.parametrize(("output", "named"), [
    (3, "output=3 does not exist: the network has 3, numbered 0 to 2"),
    (-1, "output=-1 does not exist"),
    ((0, 1), r"output=\(0, 1\) is not a place"),
    (np.zeros(2, int), "must be the number of an output, or 6 numbers"),
    (0.5, "must be the number"),
])  # fmt: skip
def test_outputs_that_do_not_exist(output: Any, named: str) -> None:
    network, x = made("dense")
    with pytest.raises(ConfigurationError, match=named):
        input_gradient(network, x, output)


def test_what_cannot_be_explained() -> None:
    network, x = made("dense")
    with pytest.raises(DataError, match=r"x has the shape \(6, 3\)"):
        gradient_times_input(network, x[:, :3])
    with pytest.raises(DataError, match="baseline cannot be spread"):
        integrated_gradients(network, x, baseline=np.zeros(3))
    with pytest.raises(ConfigurationError, match="steps=0 must be"):
        integrated_gradients(network, x, steps=0)
    stepped = Network([Dense(3, "step"), Dense(1)], (4,))
    with pytest.raises(ConfigurationError, match="layer 0 has the activation 'step'"):
        input_gradient(stepped, x)
    last = Network([Dense(3, "step")], (4,))
    assert input_gradient(last, x).values.shape == x.shape  # its logits have a slope
    with pytest.raises(ConfigurationError, match="layer 0 has the activation 'step'"):
        input_gradient(last, x, logits=False)
