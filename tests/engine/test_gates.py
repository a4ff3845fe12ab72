"""Gates and states over time, against the reference and against what the network gives out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import GRU, LSTM, Dense, Network, SimpleRNN
from engine.analysis.gates import gates
from engine.errors import ConfigurationError, DataError
from tests.engine import reference
from tests.engine.cases import difference, examples, scatter
from tests.engine.reference.activations import sigmoid
from tests.engine.reference.recurrent import inside


def kept(network: Network, x: Any, layer: int) -> dict[str, np.ndarray]:
    naive = reference.ReferenceNetwork(network)
    naive.forward(x)
    return inside(naive.layers[layer])


def test_gates_of_an_lstm() -> None:
    network = scatter(Network([LSTM(4, return_sequences=True)], (6, 2), dtype="float64"))
    x, _ = examples(network, "mse", 5)
    values, expected = gates(network, x), kept(network, x, 0)
    assert list(values) == ["input_gate", "forget_gate", "cell_gate", "output_gate", "cell_state", "hidden_state"]
    for name in ("input", "forget", "output"):
        assert difference(values[f"{name}_gate"], sigmoid(expected[name])) < 1e-12
    assert difference(values["cell_gate"], np.tanh(expected["cell"])) < 1e-12
    assert difference(values["cell_state"], expected["c"]) < 1e-12
    assert np.array_equal(values["hidden_state"], network.predict(x))


def test_gates_of_a_gru() -> None:
    network = scatter(Network([GRU(4, return_sequences=True)], (6, 2), dtype="float64"))
    x, _ = examples(network, "mse", 5)
    values, expected = gates(network, x), kept(network, x, 0)
    assert list(values) == ["reset_gate", "update_gate", "candidate", "hidden_state"]
    assert difference(values["reset_gate"], sigmoid(expected["reset"])) < 1e-12
    assert difference(values["update_gate"], sigmoid(expected["update"])) < 1e-12
    assert difference(values["candidate"], np.tanh(expected["candidate"])) < 1e-12
    assert np.array_equal(values["hidden_state"], network.predict(x))


def test_states_of_a_layer_in_the_middle() -> None:
    network = scatter(Network([SimpleRNN(3, return_sequences=True), LSTM(4), Dense(1)], (6, 2)))
    x, _ = examples(network, "mse", 5)
    before, after = network.activations(x)[:2]
    assert np.array_equal(gates(network, x)["hidden_state"], before)
    assert np.array_equal(gates(network, x, layer=1)["hidden_state"][:, -1], after)
    assert gates(network, x, layer=1)["forget_gate"].dtype == np.float32


def test_gates_stay_as_they_were_when_the_network_runs_again() -> None:
    network = scatter(Network([LSTM(3)], (4, 1)))
    x, y = examples(network, "mse", 2)
    values = gates(network, x)
    copies = {name: value.copy() for name, value in values.items()}
    network.gradient(x, y, "mse")
    gates(network, x + 1)
    assert all(np.array_equal(values[name], copies[name]) for name in values)


def test_what_has_no_gates() -> None:
    network = Network([LSTM(3), Dense(2)], (4, 1))
    with pytest.raises(ConfigurationError, match="layer=1 is not a recurrent layer of .*: choose 0"):
        gates(network, np.zeros((1, 4, 1)), layer=1)
    with pytest.raises(ConfigurationError, match="has no recurrent layer"):
        gates(Network([Dense(2)], (4,)), np.zeros((1, 4)))
    with pytest.raises(DataError, match="takes"):
        gates(network, np.zeros((1, 5, 1)))
