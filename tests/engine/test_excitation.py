"""The examples that excite units most, against sorting all of a layer's activations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import LSTM, Conv2D, Dense, Flatten, Network
from engine.analysis.excitation import most_exciting, until
from engine.errors import ConfigurationError, DataError
from tests.engine.cases import scatter


def conv() -> tuple[Network, np.ndarray]:
    layers = [Conv2D(3, 3, activation="tanh"), Conv2D(2, 2, activation="linear"), Flatten(), Dense(4, "softmax")]
    network = scatter(Network(layers, (6, 5, 1)))
    return network, np.random.default_rng(0).normal(size=(60, 6, 5, 1)).astype(np.float32)


@pytest.mark.parametrize("chunk", [1024, 7])
@pytest.mark.parametrize("layer", [0, 1, 3, -1, -4])
def test_they_are_the_largest_activations(layer: int, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.network.CHUNK", chunk)
    network, x = conv()
    maps = network.activations(x)[layer]
    found = most_exciting(network, x, layer, k=5)
    largest = maps.reshape(60, -1, maps.shape[-1]).max(axis=1)
    for unit in range(maps.shape[-1]):
        order = np.argsort(-largest[:, unit], kind="stable")[:5]
        np.testing.assert_array_equal(found.examples[:, unit], order)
        np.testing.assert_allclose(found.values[:, unit], largest[order, unit], rtol=1e-6)
        for example, place, value in zip(order, found.places[:, unit], found.values[:, unit], strict=True):
            assert maps[(example, *place, unit)] == pytest.approx(value, rel=1e-6)


def test_the_step_of_a_sequence() -> None:
    network = scatter(Network([LSTM(3, return_sequences=True), LSTM(2)], (7, 1)))
    x = np.random.default_rng(0).normal(size=(20, 7, 1))
    hidden = network.activations(x)[0]
    found = most_exciting(network, x, 0, k=2)
    assert found.places.shape == (2, 3, 1)
    np.testing.assert_array_equal(found.places[0, :, 0], hidden[found.examples[0], :, range(3)].argmax(axis=1))


def test_of_equal_ones_the_earlier_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.network.CHUNK", 3)
    network = scatter(Network([Dense(2)], (1,)))
    np.testing.assert_array_equal(most_exciting(network, np.ones((10, 1)), 0, k=4).examples.T, [range(4)] * 2)


def test_the_first_layers_compute_the_same() -> None:
    network, x = conv()
    np.testing.assert_array_equal(until(network, 1).predict(x), network.activations(x)[1])
    changed = until(network, 0)
    changed.parameters[:] = 0
    assert network.weights["0.weight"].all()


@pytest.mark.parametrize(("layer", "k", "error", "named"), [
    (4, 3, ConfigurationError, "layer=4 does not exist: the network has 4, numbered 0 to 3"),
    (-5, 3, ConfigurationError, "layer=-5 does not exist"),
    (1.0, 3, ConfigurationError, "layer=1.0 does not exist"),
    (0, 61, DataError, "k=61 must be a whole number from 1 to 60"),
    (0, 0, DataError, "k=0 must be"),
])  # fmt: skip
def test_what_there_is_not(layer: Any, k: int, error: type[Exception], named: str) -> None:
    network, x = conv()
    with pytest.raises(error, match=named):
        most_exciting(network, x, layer, k)
