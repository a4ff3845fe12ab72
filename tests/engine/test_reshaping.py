"""Flatten and Reshape: the values stay where they lie, and what comes before them is seen through."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from engine import Activation, Dense, Flatten, Network, Reshape, Residual
from engine.errors import ConfigurationError
from engine.layers import Layer
from tests.engine import reference
from tests.engine.cases import difference, examples, scatter


def test_shapes_change_and_values_stay() -> None:
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 4))
    layers = [Flatten(), Reshape((4, -1)), Activation("tanh"), Reshape((3, 2, 4))]
    network = Network(layers, (2, 3, 4), dtype="float64")
    assert network.layer_shapes == [(24,), (4, 6), (4, 6), (3, 2, 4)]
    y = np.tanh(x)
    for own, expected in zip(network.activations(x), (x, x, y, y), strict=True):
        assert difference(own.ravel(), expected.ravel()) < 1e-15
    for own, expected in zip(network.pre_activations(x), (x, x, x, y), strict=True):
        assert difference(own.ravel(), expected.ravel()) < 1e-15
    assert network.predict(x).shape == (5, 3, 2, 4)


def test_nothing_is_computed_for_them() -> None:
    plain = Network([Dense(6, "tanh"), Dense(6)], (6,))
    shaped = Network([Flatten(), Dense(6, "tanh"), Reshape((2, 3)), Flatten(), Dense(6), Reshape((3, 2))], (3, 2))
    assert len(shaped.program.forward) == len(plain.program.forward)
    assert shaped.parameter_count == plain.parameter_count


def test_a_loss_sees_the_activation_before_a_reshape() -> None:
    plain = scatter(Network([Dense(6, "sigmoid")], (4,), dtype="float64"))
    shaped = Network([Dense(6, "sigmoid"), Reshape((3, 2))], (4,), dtype="float64")
    shaped.parameters[:] = plain.parameters
    assert shaped.output_activation == "sigmoid"
    x, targets = examples(plain, "binary_crossentropy", 5)
    value, gradient = plain.gradient(x, targets, "binary_crossentropy")
    same, also = shaped.gradient(x, targets.reshape(5, 3, 2), "binary_crossentropy")
    assert value == same and np.array_equal(gradient, also)


def test_inside_a_residual_block() -> None:
    inner = [Flatten(), Dense(12, "tanh"), Reshape((2, 3, 2))]
    network = scatter(Network([Residual(inner), Flatten(), Dense(2)], (2, 3, 2), dtype="float64"))
    naive = reference.ReferenceNetwork(network)
    x, targets = examples(network, "mse", 4)
    assert difference(network.gradient(x, targets, "mse")[1], naive.gradient(x, targets, "mse")) < 1e-12


def test_settings_come_back_from_json() -> None:
    network = Network([Reshape((2, -1, 1)), Reshape([6]), Flatten()], (6,))
    config = json.loads(json.dumps(network.config()))
    assert config == network.config()
    assert Network.from_config(config).layers == network.layers


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        *(
            (shape, f"Reshape: shape={shape!r} must hold whole numbers of at least 1, of which one may be -1")
            for shape in ((), (0, 6), (-1, -1), (2.0, 3), (True, 6), "6", (-2, 3))
        ),
        ((2, 4), "layer 0: Reshape: shape=(2, 4) cannot hold the 6 values of the shape (6,)"),
        ((4, -1), "layer 0: Reshape: shape=(4, -1) cannot hold the 6 values of the shape (6,)"),
        ((7, -1), "layer 0: Reshape: shape=(7, -1) cannot hold the 6 values of the shape (6,)"),
    ],
)
def test_wrong_shapes_get_one_sentence(shape: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Network([Reshape(shape)], (6,))
    assert str(error.value) == sentence


@pytest.mark.parametrize("layers", [[Flatten()], [Reshape((3, 2)), Flatten()]])
def test_a_network_that_computes_nothing_is_refused_when_it_runs(layers: list[Layer]) -> None:
    with pytest.raises(ConfigurationError, match="none of the network's layers computes anything"):
        Network(layers, (6,)).predict(np.zeros((1, 6)))


def test_a_network_of_an_activation_alone_has_no_logits_to_compare() -> None:
    network, x = Network([Activation("softmax")], (3,)), np.zeros((2, 3))
    for ask in (network.evaluate, network.gradient):
        with pytest.raises(ConfigurationError, match=r"nothing before it: add a layer, such as Dense\(3\)"):
            ask(x, np.array([0, 1]), "categorical_crossentropy")
