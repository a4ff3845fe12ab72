"""What can be asked of a network: its parts, its outputs in chunks, its configuration; and what it refuses."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from engine import LOSSES, Dense, Network
from engine.errors import ConfigurationError, DataError
from engine.initializers import INITIALIZERS
from engine.layers import Activation, layer_from_config
from engine.network import CHUNK
from tests.engine import reference
from tests.engine.cases import difference, scatter


def network(dtype: str = "float64") -> Network:
    return scatter(Network([Dense(6, "tanh"), Dense(3, "softmax")], (4,), seed=2, dtype=dtype))


def rows(count: int, features: int = 4) -> np.ndarray:
    return np.random.default_rng(7).normal(size=(count, features))


# --- parts ----------------------------------------------------------------------------------------------------------


def test_weights_are_views_of_the_parameters() -> None:
    net = network()
    assert net.parameters.shape == (6 * 5 + 3 * 7,)
    assert net.parameters.flags.c_contiguous
    assert {name: weight.shape for name, weight in net.weights.items()} == {
        "0.weight": (4, 6), "0.bias": (6,), "1.weight": (6, 3), "1.bias": (3,),
    }  # fmt: skip
    assert np.concatenate([weight.ravel() for weight in net.weights.values()]).tolist() == net.parameters.tolist()
    net.parameters[:] = np.arange(net.parameter_count)
    assert net.weights["1.bias"].tolist() == [48, 49, 50]
    net.weights["0.weight"][0, 1] = -5
    assert net.parameters[1] == -5


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copy_is_a_network_of_its_own(make: Any) -> None:
    net = network()
    twin = make(net)
    twin.weights["0.weight"][:] = 0
    assert (twin.parameters[:24] == 0).all()
    assert (net.parameters[:24] != 0).all()
    assert np.array_equal(network().predict(rows(3)), net.predict(rows(3)))
    assert not np.array_equal(twin.predict(rows(3)), net.predict(rows(3)))


def test_counts_of_parameters() -> None:
    assert Network([Dense(16), Dense(16), Dense(10)], (784,)).parameter_count == 13_002
    text = Network([Dense(16, "sigmoid"), Dense(16, "sigmoid"), Dense(10, "softmax")], (784,)).summary()
    assert "13,002" in text.splitlines()[-1]
    assert ["12,560" in line for line in text.splitlines()].count(True) == 1


def test_a_network_comes_back_from_its_configuration() -> None:
    net = Network([Dense(6, "tanh", weight_init="he_normal"), Activation("relu"), Dense(1, l2=0.1)], (4,), seed=9)
    twin = Network.from_config(json.loads(json.dumps(net.config())))
    assert twin.config() == net.config()
    assert twin.layers == net.layers
    assert np.array_equal(twin.parameters, net.parameters)


def test_the_seed_decides_the_weights() -> None:
    layers = [Dense(6, "tanh"), Dense(6, "tanh")]
    first, same, other = (Network(layers, (6,), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.parameters, same.parameters)
    assert not np.array_equal(first.parameters, other.parameters)
    assert not np.array_equal(first.weights["0.weight"], first.weights["1.weight"])
    assert np.array_equal(Network(layers, (6,), seed=1, dtype="float64").parameters.astype("f4"), first.parameters)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("zeros", 0), ("ones", 0), ("normal", 1), ("uniform", 3**-0.5),
        ("glorot_uniform", (2 / 500) ** 0.5), ("glorot_normal", (2 / 500) ** 0.5),
        ("he_uniform", (2 / 200) ** 0.5), ("he_normal", (2 / 200) ** 0.5), ("lecun_normal", (1 / 200) ** 0.5),
    ],
)  # fmt: skip
def test_initial_weights_have_the_deviation_of_their_rule(name: str, deviation: float) -> None:
    weight = Network([Dense(300, weight_init=name)], (200,), dtype="float64").weights["0.weight"]
    assert weight.std() == pytest.approx(deviation, rel=0.01)
    assert weight.mean() == pytest.approx(1 if name == "ones" else 0, abs=0.02)
    if name.endswith("uniform"):
        assert np.abs(weight).max() <= deviation * 3**0.5


def test_every_initializer_gives_finite_weights_and_says_what_it_is() -> None:
    for name, entry in INITIALIZERS.items():
        assert np.isfinite(Network([Dense(7, weight_init=name)], (5,)).parameters).all()
        assert entry.name == name
        assert entry.summary


# --- outputs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, CHUNK, CHUNK + 1, 2 * CHUNK + 7])
def test_outputs_of_any_number_of_examples(count: int) -> None:
    net, x = network(), rows(count)
    naive = reference.ReferenceNetwork(net)
    expected = naive.forward(x)
    assert difference(net.predict(x), expected[-1]) < 1e-13
    for values, own in zip(net.activations(x), expected, strict=True):
        assert difference(values, own) < 1e-13
    for values, layer in zip(net.pre_activations(x), naive.layers, strict=True):
        assert difference(values, layer.pre_activation) < 1e-13


@pytest.mark.parametrize("count", [1, CHUNK, 2 * CHUNK + 7])
def test_measures_of_any_number_of_examples(count: int) -> None:
    net, x = network(), rows(count)
    labels = np.arange(count) % 3
    naive = reference.ReferenceNetwork(net)
    measured = net.evaluate(x, labels, "categorical_crossentropy")
    value, gradient = net.gradient(x, labels, "categorical_crossentropy")
    expected = naive.loss(x, np.eye(3)[labels], "categorical_crossentropy")
    assert measured["loss"] == pytest.approx(expected, rel=1e-12)
    assert measured["accuracy"] == np.mean(naive.forward(x)[-1].argmax(axis=1) == labels)
    assert value == pytest.approx(expected, rel=1e-12)
    assert difference(gradient, naive.gradient(x, np.eye(3)[labels], "categorical_crossentropy")) < 1e-12


def test_outputs_belong_to_the_caller() -> None:
    net = network()
    first = net.predict(rows(5))
    kept, inputs = first.copy(), rows(5)
    net.predict(2 * rows(5))
    assert np.array_equal(first, kept)
    net.predict(inputs)
    net.fit(inputs, np.zeros(5, int), loss="categorical_crossentropy", epochs=1)
    assert np.array_equal(inputs, rows(5))


@pytest.mark.parametrize(
    "x", [rows(6).tolist(), rows(6).astype("f4"), np.asfortranarray(rows(6)), np.repeat(rows(6), 2, axis=0)[::2]]
)
def test_any_array_of_numbers_will_do(x: Any) -> None:
    np.testing.assert_allclose(network().predict(x), network().predict(rows(6)), rtol=1e-5)
    whole = np.arange(8).reshape(2, 4)
    assert np.array_equal(network().predict(whole), network().predict(whole.astype(float)))


def test_targets_may_be_read_only_and_booleans() -> None:
    net = Network([Dense(1, "sigmoid")], (4,))
    x, y = rows(5), np.array([True, False, True, True, False])
    x.flags.writeable = y.flags.writeable = False
    assert net.evaluate(x, y, "binary_crossentropy") == net.evaluate(x, y.astype(int), "binary_crossentropy")
    net.fit(x, y, loss="binary_crossentropy", epochs=1)


def test_a_column_may_be_left_out_for_one_output() -> None:
    net = Network([Dense(1)], (4,))
    y = rows(5, 1)
    assert net.evaluate(rows(5), y, "mse") == net.evaluate(rows(5), y[:, 0], "mse")


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Network([], (2,)), "a network needs at least one layer, such as Dense(1)"),
        (lambda: Network([Dense(2)], ()), "input_shape=() must hold whole numbers of at least 1"),
        (lambda: Network([Dense(2)], (0,)), "input_shape=(0,) must hold whole numbers of at least 1"),
        (lambda: Network([Dense(2)], 2), "input_shape=2 must be a tuple such as (2,) or (28, 28, 1)"),
        (lambda: Network([Dense(2)], (2, 2)), "layer 0: Dense takes one row of features an example, not the shape"),
        (lambda: Network([Dense(2), "tanh"], (2,)), "layer 1 is 'tanh': give a layer such as Dense(16, 'tanh')"),
        (lambda: Network([Dense(2)], (2,), seed=-1), "seed=-1 must be a whole number from 0 to 2**63 - 1"),
        (lambda: Network([Dense(2)], (2,), seed=0.5), "seed=0.5 must be a whole number from 0 to 2**63 - 1"),
        (lambda: Network([Dense(2)], (2,), dtype="float16"), "dtype='float16' must be one of float32, float64"),
        (lambda: Network([Dense(2)], (2,), dtype="flt"), "dtype='flt' must be one of float32, float64"),
        (lambda: Dense(0), "Dense: units=0 must be a whole number of at least 1"),
        (lambda: Dense(2.0), "Dense: units=2.0 must be a whole number of at least 1"),
        (lambda: Dense(True), "Dense: units=True must be a whole number of at least 1"),
        (lambda: Dense(np.int64(3)), "Dense: units=np.int64(3) must be a whole number of at least 1"),
        (lambda: Dense(2, l2=-0.1), "Dense: l2=-0.1 must be a number of at least 0"),
        (lambda: Dense(2, "rellu"), "unknown activation 'rellu': did you mean 'relu'"),
        (lambda: Dense(2, weight_init="glorot"), "unknown initializer 'glorot': did you mean 'glorot_normal'"),
        (lambda: layer_from_config({"type": "desne", "units": 2}), "unknown layer 'desne': did you mean 'dense'"),
        (lambda: layer_from_config({"type": "dense", "unit": 2}), "unknown setting of layer 'dense' 'unit': did you"),
        (lambda: layer_from_config({"type": "dense"}), "layer 'dense' cannot be made from no settings: it takes "),
        (lambda: layer_from_config({"units": 2}), "unknown layer None: (known: activation, "),
    ],
)
def test_networks_that_make_no_sense_are_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


NAN = np.full((5, 4), np.nan)


@pytest.mark.parametrize(
    ("x", "y", "sentence"),
    [
        (rows(5, 3), np.zeros(5, int), "x has the shape (5, 3): this network takes (N, 4)"),
        (rows(5)[0], np.zeros(5, int), "x has the shape (4,): this network takes (N, 4)"),
        (3.0, np.zeros(5, int), "x has the shape (): this network takes (N, 4)"),
        (NAN, np.zeros(5, int), "x holds a value that is not finite (NaN or infinite) in example 0"),
        (np.where(np.eye(5, 4) == 1, np.inf, 0)[::-1], np.zeros(5, int), "x holds a value that is not finite (NaN or"),
        (rows(5).astype(str), np.zeros(5, int), "x has the dtype <U"),
        (rows(5).astype(complex), np.zeros(5, int), "x has the dtype complex128: it must hold numbers"),
        (rows(5) * 1e300, np.zeros(5, int), "x holds a value that is not finite"),
        (rows(0), np.zeros(0, int), "x holds no examples: give at least one"),
        (rows(5), np.zeros(4, int), "y has the shape (4,): it must have one entry for each of the 5 examples of x"),
        (rows(5), 1, "y has the shape (): it must have one entry for each of the 5 examples of x"),
        (rows(5), ["a"] * 5, "y has the dtype <U1: it must hold numbers"),
        (rows(5), [0, 1, 3, 0, 0], "y holds the label 3 in example 2: this network tells 3 classes apart, numbered 0"),
        (rows(5), [0, -1, 1, 0, 0], "y holds the label -1 in example 1: this network tells 3 classes apart"),
        (rows(5), rows(5, 2), "y has the shape (5, 2): this network needs labels (5,) or targets (5, 3)"),
        (rows(5), np.zeros(5), "y has the shape (5,): this network needs labels (5,) or targets (5, 3)"),
        (rows(5), NAN[:, :3], "y holds a value that is not finite (NaN or infinite) in example 0"),
        (rows(5), np.full((5, 3), 1.5), "y holds [1.5, 1.5, 1.5] in example 0: loss 'categorical_crossentropy' needs"),
        ([[1.0, 2.0, 3.0, 4.0], [1.0]], np.zeros(2, int), "x holds rows of different lengths: all must have"),
    ],
)
@pytest.mark.parametrize("use", ["evaluate", "gradient", "fit"])
def test_data_that_do_not_fit_are_refused(x: Any, y: Any, sentence: str, use: str) -> None:
    net = network("float32")
    before = net.parameters.copy()
    settings = {"epochs": 1} if use == "fit" else {}
    with pytest.raises(DataError) as caught:
        getattr(net, use)(x, y, loss="categorical_crossentropy", **settings)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
    assert np.array_equal(net.parameters, before)


@pytest.mark.parametrize("use", ["predict", "activations", "pre_activations"])
def test_inputs_that_do_not_fit_are_refused(use: str) -> None:
    with pytest.raises(DataError, match=r"x has the shape \(5, 3\): this network takes \(N, 4\)"):
        getattr(network(), use)(rows(5, 3))


@pytest.mark.parametrize("loss", [name for name in LOSSES if LOSSES[name].link is not None])
def test_a_label_beyond_the_outputs_is_refused(loss: str) -> None:
    for units in (2, 3) if LOSSES[loss].link == "softmax" else (1, 2, 3):
        net = Network([Dense(units, LOSSES[loss].link or "linear")], (4,))
        with pytest.raises(DataError, match=f"label {max(2, units)} in example 1"):
            net.gradient(rows(2), [0, max(2, units)], loss)


@pytest.mark.parametrize("loss", [name for name in LOSSES if LOSSES[name].link == "softmax"])
def test_classes_need_one_output_each(loss: str) -> None:
    for layers, shape in (([Dense(1, "softmax")], (4,)), ([Activation("softmax")], (4, 3))):
        with pytest.raises(ConfigurationError, match=r"must have the shape \(classes,\) .* two of them, not \("):
            Network(layers, shape).evaluate(np.zeros((2, *shape)), [0, 1], loss)


@pytest.mark.parametrize(
    "weights", [np.ones(4), np.ones((5, 1)), [1, 1, 1, 1, -1], [1, 1, 1, 1, np.nan], [1, 1, 1, 1, np.inf]]
)
def test_weights_that_do_not_fit_are_refused(weights: Any) -> None:
    with pytest.raises(DataError, match="^weights .* 5 numbers of at least 0"):
        network().gradient(rows(5), np.zeros(5, int), "categorical_crossentropy", weights)


# --- quick ----------------------------------------------------------------------------------------------------------


def test_importing_the_engine_does_not_wait_for_numba() -> None:
    code = "import sys, engine; dir(engine); print(*({'numba', 'scipy', 'sklearn', 'manim'} & set(sys.modules)), 'ok')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ok"


def test_the_public_names_are_there() -> None:
    import engine

    for name in engine.__all__:
        assert getattr(engine, name) is not None
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'Netwrok'"):
        engine.Netwrok  # noqa: B018
