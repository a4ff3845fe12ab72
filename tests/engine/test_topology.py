"""What layers do to space, against networks of which it is known, and against points that really become one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import Conv2D, Dense, Flatten, Network
from engine.analysis.topology import topology
from engine.errors import ConfigurationError


def network_of(*weights: Any, activation: str | list[str] = "tanh", biases: Any = None) -> Network:
    """Dense layers with these weights."""
    arrays = [np.asarray(weight, float) for weight in weights]
    names = [activation] * len(arrays) if isinstance(activation, str) else activation
    layers = [Dense(array.shape[1], name) for array, name in zip(arrays, names, strict=True)]
    network = Network(layers, (len(arrays[0]),), dtype="float64")
    for k, array in enumerate(arrays):
        network.weights[f"{k}.weight"][...] = array
        network.weights[f"{k}.bias"][...] = 0 if biases is None else biases[k]
    return network


TURN = [[0.0, 2.0], [-1.0, 0.5]]  # determinant 2
MIRROR = [[0.0, 1.0], [1.0, 0.0]]
FLAT = [[1.0, 2.0], [2.0, 4.0]]
LIFT = [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
CROSS = np.concatenate([np.eye(2), -np.eye(2)], axis=1)  # relu of it loses nothing


def test_numbers_of_each_layer() -> None:
    found = topology(network_of(TURN, MIRROR, FLAT, LIFT), last=True).layers
    turn, mirror, flat, lift = found
    assert turn.determinant == pytest.approx(np.linalg.det(TURN)) and turn.orientation == "kept"
    np.testing.assert_allclose(turn.singular_values, np.linalg.svd(TURN, compute_uv=False))
    assert mirror.determinant == pytest.approx(-1) and mirror.orientation == "mirrored"
    assert (flat.rank, flat.orientation) == (1, None)
    assert (lift.in_features, lift.out_features, lift.rank, lift.determinant) == (2, 3, 2, None)
    assert [each.homeomorphic for each in found] == [True, True, False, True]
    assert [each.so_far for each in found] == [True, True, False, False]


def test_bending_layers_are_a_homeomorphism_and_the_last_layer_does_not_count() -> None:
    network = network_of(TURN, MIRROR, [[1.0], [2.0]])
    found = topology(network)
    assert found.homeomorphic is True and found.fails_at is None and found.doubtful_at is None
    assert found.verdict == "the layers are a homeomorphism: they bend space and glue nothing together"
    whole = topology(network, last=True)
    assert whole.homeomorphic is False and whole.fails_at is not None and whole.fails_at.layer == 2
    assert whole.verdict == "the layers are not a homeomorphism: layer 2 flattens space: 2 dimensions become 1"
    assert whole.summary().count("\n") == 4 and whole.summary().endswith(whole.verdict)


def test_back_to_as_many_dimensions_as_the_input_may_glue_or_not() -> None:
    """2 → 3 → 2: the second layer flattens its own space, but what the input became may survive it, as here."""
    back = [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    found = topology(network_of(LIFT, back, activation="linear"), last=True)
    assert found.layers[1].homeomorphic is False
    assert found.homeomorphic is None and found.doubtful_at is not None and found.doubtful_at.layer == 1
    assert found.verdict.startswith("the layers may not be a homeomorphism: layer 1 flattens space")
    # to fewer dimensions than the input has: impossible without gluing
    narrow = [[1.0], [0.0], [0.0]]
    assert topology(network_of(LIFT, narrow, activation="linear"), last=True).homeomorphic is False


@pytest.mark.parametrize(("activation", "weight", "alone"), [
    ("leaky_relu", TURN, True),
    ("sigmoid", LIFT, True),
    ("relu", TURN, False),
    ("relu", LIFT, False),
    ("step", CROSS, False),
    ("gelu", TURN, False),
    ("silu", TURN, False),
    ("gelu", LIFT, None),
    ("softmax", TURN, False),
    ("softmax", LIFT, True),
    ("softmax", [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]], False),  # the rows differ by the same for all units
    ("relu", CROSS, None),
    ("relu", np.concatenate([np.eye(2), np.eye(2)], axis=1), False),
])  # fmt: skip
def test_one_layer_alone(activation: str, weight: Any, alone: bool | None) -> None:
    found = topology(network_of(weight, activation=activation))
    assert found.layers[0].homeomorphic is alone and found.homeomorphic is alone
    assert bool(found.layers[0].reason) == (alone is not True)


@pytest.mark.parametrize(("weight", "bias", "alone"), [
    ([[1.0, -1.0]], [0.0, 0.0], True),
    ([[1.0, -1.0]], [-1.0, -1.0], False),  # flat between -1 and 1
    ([[1.0, -1.0]], [1.0, 1.0], True),
    ([[1.0, 2.0, 3.0]], [5.0, 5.0, 5.0], False),  # flat far to the left
    ([[2.0, -0.5, 0.0]], [1.0, 0.5, 1.0], True),
])  # fmt: skip
def test_relu_on_a_line_is_decided_exactly(weight: Any, bias: Any, alone: bool) -> None:
    network = network_of(weight, activation="relu", biases=[bias])
    assert topology(network).homeomorphic is alone
    outputs = network.predict(np.linspace(-9, 9, 2001)[:, None])
    assert (np.abs(np.diff(outputs, axis=0)).max(axis=1) > 0).all() == alone


def test_examples_show_folds_that_weights_do_not() -> None:
    network = network_of(CROSS, activation="relu", biases=[[-1.0] * 4])  # flat in the square around 0
    assert topology(network).homeomorphic is None
    x = np.array([[0.5, 0.2], [3.0, 4.0], [3.0, 0.0], [-0.5, 0.1]])
    found = topology(network, x)
    assert found.homeomorphic is False and found.layers[0].flattened == 0.75
    np.testing.assert_array_equal(network.predict(x[[0]]), network.predict(x[[3]]))
    far = topology(network, x[[1]])
    assert far.homeomorphic is None and far.layers[0].flattened == 0


def test_relu_behind_a_sigmoid_may_never_fold() -> None:
    """Between 0 and 1, with positive weights, all units of the ReLU layer are active."""
    network = network_of(TURN, [[1.0, 0.5], [0.2, 1.0]], activation=["sigmoid", "relu"])
    found = topology(network, last=True)
    assert found.layers[1].homeomorphic is False and found.homeomorphic is None
    x = np.random.default_rng(0).normal(size=(100, 2))
    watched = topology(network, x, last=True)
    assert watched.layers[1].flattened == 0 and watched.homeomorphic is None
    network.weights["1.bias"][...] = -1
    assert topology(network, x, last=True).homeomorphic is False  # now examples do lie on the flat part


def test_wide_layers() -> None:
    network = Network([Dense(150, "relu"), Dense(64, "relu"), Dense(10, "softmax")], (60,))
    found = topology(network, np.random.default_rng(0).normal(size=(50, 60)))
    assert found.layers[0].rank == 60 and found.layers[1].homeomorphic is False


def test_only_dense_layers() -> None:
    with pytest.raises(ConfigurationError, match="layer 1 is 'conv2d': only dense layers"):
        topology(Network([Conv2D(2, 3), Flatten(), Dense(2)], (5, 5, 1)))
