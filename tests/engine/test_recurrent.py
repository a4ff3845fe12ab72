"""Recurrent layers on top of one another, at the edges of their sizes, and how they start."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import GRU, LAYERS, LSTM, Adam, Dense, Network, SimpleRNN, load_dataset
from engine.errors import ConfigurationError
from engine.layers import Recurrent
from tests.engine import reference
from tests.engine.cases import difference, examples, scatter

KINDS: list[type[Recurrent]] = [SimpleRNN, LSTM, GRU]

each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


def stacked(kind: type[Recurrent], steps: int, sequences: bool, dtype: str = "float64", units: int = 3) -> Network:
    layers = [kind(units, return_sequences=True), kind(units + 1, return_sequences=sequences)]
    return scatter(Network(layers, (steps, 2), dtype=dtype))


def test_all_recurrent_layers_are_tried() -> None:
    assert [layer for layer in LAYERS.values() if issubclass(layer, Recurrent)] == KINDS


@each_kind
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize(("steps", "count"), [(1, 1), (1, 5), (6, 1), (6, 5)])
def test_layers_on_top_of_each_other_equal_the_reference(
    kind: type[Recurrent], sequences: bool, steps: int, count: int
) -> None:
    network = stacked(kind, steps, sequences)
    naive = reference.ReferenceNetwork(network)
    x, y = examples(network, "mse", count)
    for own, expected in zip(network.activations(x), naive.forward(x), strict=True):
        assert difference(own, expected) < 1e-12
    assert difference(network.gradient(x, y, "mse")[1], naive.gradient(x, y, "mse")) < 1e-12


@each_kind
@pytest.mark.parametrize("sequences", [False, True])
def test_gradients_through_two_layers_equal_central_differences(kind: type[Recurrent], sequences: bool) -> None:
    network, h = stacked(kind, 6, sequences), 1e-5
    x, y = examples(network, "mse", 3)
    gradient = network.gradient(x, y, "mse")[1]
    for place in range(network.parameter_count):
        start, sides = network.parameters[place], []
        for moved in (start + h, start - h):
            network.parameters[place] = moved
            sides.append(network.evaluate(x, y, "mse")["loss"])
        network.parameters[place] = start
        assert abs(gradient[place] - (sides[0] - sides[1]) / (2 * h)) <= 1e-6 * np.abs(gradient).max()


@each_kind
def test_sizes_that_fill_several_vector_registers(kind: type[Recurrent]) -> None:
    network = scatter(Network([kind(37), Dense(2)], (11, 5), dtype="float64"))
    x, y = examples(network, "mse", 19)
    naive = reference.ReferenceNetwork(network)
    assert difference(network.predict(x), naive.forward(x)[-1]) < 1e-12
    assert difference(network.gradient(x, y, "mse")[1], naive.gradient(x, y, "mse")) < 1e-12


@each_kind
def test_single_precision_follows_double_over_a_hundred_steps(kind: type[Recurrent]) -> None:
    single, double = (Network([kind(16), Dense(1)], (100, 2), seed=4, dtype=dtype) for dtype in ("float32", "float64"))
    double.parameters[:] = single.parameters
    x, y = examples(double, "mse", 8)
    assert difference(single.predict(x.astype(np.float32)), double.predict(x)) < 2e-5
    own, exact = single.gradient(x.astype(np.float32), y, "mse")[1], double.gradient(x, y, "mse")[1]
    assert np.abs(own - exact).max() <= 1e-4 * np.abs(exact).max()


@each_kind
def test_large_inputs_saturate_without_overflow(kind: type[Recurrent]) -> None:
    for dtype in ("float32", "float64"):
        network = scatter(Network([kind(4)], (5, 2), dtype=dtype))
        x, y = np.full((2, 5, 2), 1e4), np.zeros((2, 4))
        loss, gradient = network.gradient(x, y, "mse")
        assert np.isfinite(loss) and np.isfinite(gradient).all()


@each_kind
def test_the_answer_does_not_depend_on_the_rest_of_the_batch(kind: type[Recurrent]) -> None:
    network = stacked(kind, 4, True)
    x, _ = examples(network, "mse", 9)
    together = network.predict(x)
    for n in range(len(x)):
        assert difference(network.predict(x[n : n + 1]), together[n : n + 1]) < 1e-14


@each_kind
def test_long_sequences_are_taken_a_few_at_a_time(kind: type[Recurrent]) -> None:
    network = scatter(Network([kind(32)], (400, 2)))
    count = network.chunk(1000)
    assert 1 < count < 200 and network.chunk(5) == 5 and network.chunk(0) == 1
    x, y = examples(network, "mse", count + 3)
    outputs = network.predict(x)
    buffers = network.workspace(count)
    assert sum(buffer.nbytes for buffer in buffers[1:]) < 16e6
    assert difference(outputs[-3:], network.predict(x[-3:])) < 1e-6
    assert network.evaluate(x, y, "mse")["loss"] == pytest.approx(np.mean((outputs - y) ** 2), rel=1e-5)


@each_kind
def test_later_steps_cannot_change_earlier_outputs(kind: type[Recurrent]) -> None:
    network = stacked(kind, 5, True)
    x, _ = examples(network, "mse", 2)
    changed = x.copy()
    changed[:, 3] += 1
    before, after = network.predict(x), network.predict(changed)
    assert np.array_equal(before[:, :3], after[:, :3])
    assert (before[:, 3:] != after[:, 3:]).all()


@each_kind
def test_each_gate_starts_as_an_orthogonal_matrix_of_its_own(kind: type[Recurrent]) -> None:
    network = Network([kind(8)], (3, 2), dtype="float64")
    gates = np.split(network.weights["0.recurrent_weight"], kind.gates, axis=1)
    for gate in gates:
        assert difference(gate.T @ gate, np.eye(8)) < 1e-14
    assert len({gate.tobytes() for gate in gates}) == kind.gates
    limit = np.sqrt(6 / (2 + 8))
    largest = np.abs(network.weights["0.weight"]).max()
    assert 0.8 * limit < largest <= limit


def test_the_forget_gates_biases_start_at_one() -> None:
    ones, zeros = np.ones(3), np.zeros(3)
    assert np.array_equal(Network([LSTM(3)], (3, 2)).weights["0.bias"], np.concatenate([zeros, ones, zeros, zeros]))
    assert not Network([LSTM(3, unit_forget_bias=False)], (3, 2)).weights["0.bias"].any()


@each_kind
def test_weights_shapes_and_counts(kind: type[Recurrent]) -> None:
    network, columns = Network([kind(5, return_sequences=True)], (7, 2)), 5 * kind.gates
    shapes = {name.removeprefix("0."): value.shape for name, value in network.weights.items()}
    expected: dict[str, Any] = {"weight": (2, columns), "recurrent_weight": (5, columns), "bias": (columns,)}
    if kind is GRU:
        expected["recurrent_bias"] = (columns,)
    assert shapes == expected
    assert network.output_shape == (7, 5)
    assert Network([kind(5)], (7, 2)).output_shape == (5,)


@each_kind
def test_settings_survive_a_round_trip(kind: type[Recurrent]) -> None:
    layer = kind(5, return_sequences=True, recurrent_init="glorot_normal", l2=0.1, trainable=False)
    network = Network([layer], (7, 2), seed=3)
    again = Network.from_config(network.config())
    assert again.layers == network.layers
    assert np.array_equal(again.parameters, network.parameters)


@each_kind
def test_training_gives_the_same_bits_for_the_same_seed(kind: type[Recurrent]) -> None:
    ends = []
    for _ in range(2):
        network = Network([kind(6, return_sequences=True), kind(4), Dense(1)], (8, 2), seed=5)
        x, y = examples(network, "mse", 50)
        history = network.fit(x, y, loss="mse", epochs=3, batch_size=16)
        ends.append(network.parameters.tobytes())
    assert ends[0] == ends[1]
    assert history["loss"][-1] < history["loss"][0]


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_gates_learn_to_recall_a_symbol_through_noise(kind: type[Recurrent]) -> None:
    data = load_dataset("delayed_recall", n=600, steps=20)
    train, held_out = data.split(0.2)
    assert held_out is not None
    network = Network([kind(16), Dense(4, "softmax")], data.input_shape, seed=1)
    settings = {"loss": "categorical_crossentropy", "clip_norm": 1.0, "optimizer": Adam(learning_rate=0.01)}
    network.fit(train.x, train.y, epochs=30, **settings)
    assert network.evaluate(held_out.x, held_out.y, "categorical_crossentropy")["accuracy"] > 0.98


@each_kind
def test_a_frozen_layer_stays_as_it_is(kind: type[Recurrent]) -> None:
    network = Network([kind(4, trainable=False), Dense(1)], (5, 2))
    before = {name: value.copy() for name, value in network.weights.items()}
    x, y = examples(network, "mse", 20)
    network.fit(x, y, loss="mse", epochs=2)
    same = {name: np.array_equal(value, before[name]) for name, value in network.weights.items()}
    assert not same.pop("1.weight") and not same.pop("1.bias") and all(same.values())


@each_kind
def test_penalties_act_on_both_weights_and_on_no_bias(kind: type[Recurrent]) -> None:
    layout = Network([kind(3, l1=0.5)], (4, 2)).layout
    assert {slot.name.removeprefix("0.") for slot in layout if slot.l1} == {"weight", "recurrent_weight"}


@pytest.mark.parametrize(
    ("layers", "shape", "message"),
    [
        ([LSTM(3)], (2,), "layer 0: LSTM takes sequences of the shape (steps, features), not (2,)"),
        ([LSTM(3), GRU(2)], (4, 2), "layer 1: GRU takes sequences of the shape (steps, features), not (3,)"),
        ([SimpleRNN(3)], (8, 8, 1), "SimpleRNN takes sequences of the shape (steps, features), not (8, 8, 1)"),
    ],
)
def test_what_is_no_sequence_is_refused(layers: list[Any], shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Network(layers, shape)
    assert message in str(caught.value)
    assert "return_sequences=True" in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"units": 0}, "units=0"),
        ({"units": 3, "return_sequences": 1}, "return_sequences=1 must be true or false"),
        ({"units": 3, "unit_forget_bias": "yes"}, "unit_forget_bias='yes' must be true or false"),
        ({"units": 3, "recurrent_init": "orthogonl"}, "did you mean 'orthogonal'"),
        ({"units": 3, "l2": -1}, "l2=-1"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LSTM(**settings)
    assert message in str(caught.value)
