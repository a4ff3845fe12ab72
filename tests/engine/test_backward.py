"""Every gradient of a backward pass against central differences of the loss, and the parts of a network."""

from __future__ import annotations

from dataclasses import replace
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
)
from engine.analysis.anatomy import anatomy, mean_response, part_values
from engine.analysis.backward import Gradients, gradients
from engine.errors import ConfigurationError, DataError
from tests.engine.cases import difference, examples, scatter

BLOCK = Residual([Dense(4, "tanh"), Residual([Dense(4, "sigmoid")]), Dense(4)], activation="tanh")
CASES: dict[str, tuple[list[Any], tuple[int, ...], str]] = {
    "dense": ([Dense(5, "tanh"), Dense(4, "gelu"), Dense(3, "softmax")], (4,), "categorical_crossentropy"),
    "squared error": ([Dense(3, "sigmoid"), Dense(2, "sigmoid")], (4,), "mse"),
    "binary": ([Dropout(0.5), Dense(4, "tanh"), Dense(1, "sigmoid")], (3,), "binary_crossentropy"),
    "convolution": (
        [Conv2D(3, 3, activation="tanh"), MaxPool2D(2), Flatten(), Dense(3, "softmax")], (6, 6, 2),
        "categorical_crossentropy",
    ),
    "pooling first": ([AvgPool2D(2), BatchNorm(), Activation("tanh"), Flatten(), Dense(2)], (4, 4, 2), "mse"),
    "recurrent": ([LSTM(3, return_sequences=True), GRU(3), Dense(2)], (4, 2), "mse"),
    "residual": ([Dense(4, "tanh"), BLOCK, Dense(2, "tanh")], (3,), "mse"),
}  # fmt: skip


def made(name: str, count: int = 3) -> tuple[Network, np.ndarray, np.ndarray, str]:
    layers, shape, loss = CASES[name]
    network = scatter(Network(layers, shape, dtype="float64"))
    return network, *examples(network, loss, count), loss


def loss_by(network: Network, x: np.ndarray, y: np.ndarray, loss: str, array: np.ndarray) -> np.ndarray:
    """The central differences of the mean loss by the elements of an array that it depends on (changed in place)."""
    result, step = np.zeros(array.shape), 1e-6
    for place in np.ndindex(array.shape):
        value = array[place]
        for sign in (1, -1):
            array[place] = value + sign * step
            result[place] += sign * network.evaluate(x, y, loss)["loss"] / (2 * step)
        array[place] = value
    return result


def rest(network: Network, first: int, shape: tuple[int, ...], entry: list[Any]) -> Network:
    """The layers from number `first` on behind others, with the network's own parameters."""
    later = Network([*entry, *network.layers[first:]], shape, dtype="float64")
    for name, value in network.weights.items():
        layer, _, inner = name.partition(".")
        if int(layer) >= first:
            later.weights[f"{int(layer) - first + len(entry)}.{inner}"][...] = value
    return later


@pytest.mark.parametrize("name", CASES)
def test_gradients_of_what_each_layer_gives(name: str) -> None:
    network, x, y, loss = made(name)
    found = gradients(network, x, y, loss)
    assert found.loss == pytest.approx(network.evaluate(x, y, loss)["loss"])
    moved = x.copy()
    assert difference(found.inputs, loss_by(network, moved, y, loss, moved)) < 1e-6
    for k, (layer, shape) in enumerate(zip(network.layers, network.layer_shapes, strict=True)):
        values = network.activations(x)[k]
        np.testing.assert_array_equal(found.values[str(k)], values)
        if k + 1 < len(network.layers):
            later = rest(network, k + 1, shape, [])
            assert difference(found.outputs[str(k)], loss_by(later, values, y, loss, values)) < 1e-6
        activation = getattr(layer, "activation", "linear")
        if activation != "linear" and not isinstance(layer, Activation):
            before = network.pre_activations(x)[k]
            later = rest(network, k + 1, shape, [Dropout(0.0), Activation(activation)])
            assert difference(found.sums[str(k)], loss_by(later, before, y, loss, before)) < 1e-6


@pytest.mark.parametrize("name", CASES)
def test_gradients_of_the_weights(name: str) -> None:
    network, x, y, loss = made(name)
    found = gradients(network, x, y, loss)
    assert found.weights.keys() == network.weights.keys()
    flat = np.concatenate([found.weights[slot.name].ravel() for slot in network.layout])
    np.testing.assert_allclose(flat, network.gradient(x, y, loss)[1], atol=1e-15)
    for slot in network.layout:
        if slot.trainable:
            array = network.weights[slot.name]
            assert difference(found.weights[slot.name], loss_by(network, x, y, loss, array)) < 1e-6


def test_inside_a_residual_block_the_sums_belong_to_the_biases() -> None:
    network, x, y, loss = made("residual")
    found = gradients(network, x, y, loss)
    names = [part.name for part in anatomy(network)]
    assert names == ["0", "1.0", "1.1.0", "1.1", "1.2", "1", "2"]
    assert [part.depth for part in anatomy(network)] == [0, 1, 2, 1, 1, 0, 0]
    for name in ("0", "1.0", "1.1.0", "1.2", "2"):
        by_bias = loss_by(network, x, y, loss, network.weights[f"{name}.bias"])
        assert difference(found.sums[name].sum(axis=0), by_bias) < 1e-6


def test_values_inside_a_residual_block() -> None:
    network, x, _, _ = made("residual")
    w, found = network.weights, part_values(network, x)

    def dense(name: str, values: np.ndarray) -> np.ndarray:
        return np.asarray(values @ w[f"{name}.weight"] + w[f"{name}.bias"])

    first = np.tanh(dense("0", x))
    one = np.tanh(dense("1.0", first))
    inner = 1 / (1 + np.exp(-dense("1.1.0", one)))
    two = one + inner
    last = dense("1.2", two)
    expected = {"0": first, "1.0": one, "1.1.0": inner, "1.1": two, "1.2": last, "1": np.tanh(first + last)}
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-12)
    np.testing.assert_allclose(found["2"], network.predict(x), atol=1e-12)


def test_a_loss_on_logits_begins_before_the_last_activation() -> None:
    network, x, y, loss = made("dense")
    found: Gradients = gradients(network, x, y, loss)
    assert "2" not in found.outputs and found.outputs.keys() == {"0", "1"}
    # softmax with the cross-entropy: δ = (p - y) / N
    np.testing.assert_allclose(found.sums["2"], (network.predict(x) - y) / len(x), atol=1e-12)


@pytest.mark.parametrize("settings", [{"padding": "same"}, {"strides": 2, "padding": "same"}, {}], ids=str)
def test_mean_responses_add_up_to_the_means_of_the_maps(settings: dict[str, Any]) -> None:
    layer = Conv2D(4, 3, activation="relu", **settings)
    network = scatter(Network([layer, Flatten(), Dense(2)], (6, 5, 3), dtype="float64"))
    image = np.random.default_rng(3).normal(size=(6, 5, 3))
    part = anatomy(network)[0]
    response = mean_response(network, part, image)
    assert response.shape == (3, 4)
    before = network.pre_activations(image[None])[0][0].mean(axis=(0, 1)) - network.weights["0.bias"]
    np.testing.assert_allclose(response.sum(axis=0), before, atol=1e-12)
    without = replace(part, input_shape=(6, 5, 3))
    image[..., 1] = 0
    assert not mean_response(network, without, image)[1].any()


def test_what_has_no_gradient_is_named() -> None:
    network = Network([Dense(3, "step"), Dense(2)], (2,))
    with pytest.raises(ConfigurationError, match="layer 0 has the activation 'step', whose slope is 0 everywhere"):
        gradients(network, np.zeros((1, 2)), np.zeros((1, 2)), "mse")
    with pytest.raises(DataError, match="x has the shape"):
        gradients(Network([Dense(2)], (2,)), np.zeros((1, 3)), np.zeros((1, 2)), "mse")
