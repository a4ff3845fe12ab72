"""Training step by step: the same as a naive loop, reproducible, resumable, and what it refuses."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

from engine import Dense, Network, Trainer
from engine.errors import ConfigurationError, DataError
from engine.random import permute
from tests.engine import reference
from tests.engine.cases import difference
from tests.engine.small_training import SETTINGS, data, network


def naive_training(
    net: Network, x: np.ndarray, labels: np.ndarray, epochs: int, batch_size: int, weights: np.ndarray | None = None
) -> tuple[reference.ReferenceNetwork, list[float], list[float]]:
    """Train a copy with the reference and a plain loop; give it, and each epoch's mean loss and accuracy."""
    naive = reference.ReferenceNetwork(net)
    targets, counts = np.eye(3)[labels], np.ones(len(x)) if weights is None else weights
    known = {"learning_rate": 0.02, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    state: dict[str, np.ndarray] = {}
    step, losses, accuracies = 0, [], []
    for epoch in range(1, epochs + 1):
        order = np.empty(len(x), np.int64)
        permute(order, net.seed, epoch)
        total, right = 0.0, 0
        for start in range(0, len(x), batch_size):
            batch = order[start : start + batch_size]
            step += 1
            total += len(batch) * naive.loss(x[batch], targets[batch], "categorical_crossentropy", counts[batch])
            right += np.sum(naive.forward(x[batch])[-1].argmax(axis=1) == labels[batch])
            gradient = naive.gradient(x[batch], targets[batch], "categorical_crossentropy", counts[batch])
            naive.set_parameters(reference.OPTIMIZERS["adam"](naive.parameters, gradient, state, step, known))
        losses.append(total / len(x))
        accuracies.append(right / len(x))
    return naive, losses, accuracies


@pytest.mark.parametrize("batch_size", [None, 1, 4, 23, 1000])
def test_training_equals_a_naive_loop(batch_size: int | None) -> None:
    x, labels = data()
    net = network()
    naive, losses, accuracies = naive_training(net, x, labels, 4, min(batch_size or len(x), len(x)))
    history = net.fit(x, labels, epochs=4, batch_size=batch_size, **SETTINGS)
    assert difference(net.parameters, naive.parameters) < 1e-11
    assert difference(history["loss"][1:], losses) < 1e-11
    assert history["accuracy"][1:].tolist() == pytest.approx(accuracies)


def test_weights_of_examples_count_in_training() -> None:
    x, labels = data()
    weights = np.random.default_rng(6).uniform(0, 3, len(x))
    net = network()
    naive, losses, _ = naive_training(net, x, labels, 3, 5, weights)
    history = net.fit(x, labels, epochs=3, batch_size=5, weights=weights, **SETTINGS)
    assert difference(net.parameters, naive.parameters) < 1e-11
    assert difference(history["loss"][1:], losses) < 1e-11


def test_without_shuffling_examples_keep_their_order() -> None:
    x, labels = data(7)
    shuffled, kept = network(), network()
    naive = reference.ReferenceNetwork(kept)
    for start in range(0, 7, 2):
        batch = slice(start, start + 2)
        gradient = naive.gradient(x[batch], np.eye(3)[labels[batch]], "categorical_crossentropy")
        naive.set_parameters(naive.parameters - 0.1 * gradient)
    settings = {"loss": "categorical_crossentropy", "optimizer": "sgd", "batch_size": 2, "epochs": 1}
    kept.fit(x, labels, shuffle=False, **settings)
    shuffled.fit(x, labels, **settings)
    assert difference(kept.parameters, naive.parameters) < 1e-13
    assert not np.array_equal(kept.parameters, shuffled.parameters)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_bits(dtype: str) -> None:
    x, labels = data()
    runs = [network(seed, dtype) for seed in (3, 3, 4)]
    histories = [net.fit(x, labels, epochs=5, batch_size=4, **SETTINGS) for net in runs]
    assert np.array_equal(runs[0].parameters, runs[1].parameters)
    assert np.array_equal(histories[0]["loss"], histories[1]["loss"])
    assert not np.array_equal(runs[0].parameters, runs[2].parameters)


def test_a_seed_for_the_order_alone() -> None:
    x, labels = data()
    results = []
    for seed in (None, 3, 8):
        net = network(3)
        net.fit(x, labels, epochs=2, batch_size=4, seed=seed, **SETTINGS)
        results.append(net.parameters)
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_resumed_equals_uninterrupted_bit_for_bit(optimizer: str) -> None:
    x, labels = data()
    settings = {"loss": "categorical_crossentropy", "optimizer": optimizer, "batch_size": 4}
    whole = network(dtype="float32")
    history = whole.fit(x, labels, epochs=7, **settings)
    trainer = Trainer(network(dtype="float32"), x, labels, **settings)
    for _ in range(3):
        trainer.train_epoch()
    checkpoint = {name: value.copy() for name, value in trainer.checkpoint().items()}
    resumed = network(seed=3, dtype="float32")
    resumed.parameters[:] = 0
    rest = resumed.fit(x, labels, epochs=7, checkpoint=checkpoint, **settings)
    assert np.array_equal(resumed.parameters, whole.parameters)
    assert rest["epoch"].tolist() == [4, 5, 6, 7]
    assert np.array_equal(rest["loss"], history["loss"][4:])


def test_a_checkpoint_of_another_network_is_refused() -> None:
    x, labels = data()
    other = Network([Dense(3, "softmax")], (2,))
    checkpoint = Trainer(other, x, labels, loss="categorical_crossentropy").checkpoint()
    with pytest.raises(ConfigurationError, match="the checkpoint's parameters .* do not fit this network"):
        network().fit(x, labels, epochs=2, checkpoint=checkpoint, **SETTINGS)


def test_some_steps_call_back() -> None:
    x, labels = data(10)
    trainer = Trainer(network(), x, labels, batch_size=4, **SETTINGS)  # three steps an epoch
    other = Trainer(network(), x, labels, batch_size=4, **SETTINGS)
    seen: list[tuple[int, int]] = []
    at_steps = {step: (lambda step=step: seen.append((step, trainer.step))) for step in (1, 3, 5, 6, 99)}
    for _ in range(3):
        metrics, same = trainer.train_epoch(at_steps), other.train_epoch()
        assert metrics == same
    assert seen == [(1, 1), (3, 3), (5, 5), (6, 6)]
    assert np.array_equal(trainer.network.parameters, other.network.parameters)


def test_a_frozen_layer_keeps_its_weights() -> None:
    x, labels = data()
    net = Network([Dense(5, "tanh", trainable=False), Dense(4, "tanh"), Dense(3, "softmax")], (2,))
    before = net.parameters.copy()
    net.fit(x, labels, epochs=2, **SETTINGS)
    start, stop = net.layer_spans[0]
    assert np.array_equal(net.parameters[start:stop], before[start:stop])
    assert (net.parameters[stop:] != before[stop:]).mean() > 0.9


def test_penalties_pull_weights_but_not_biases() -> None:
    x, labels = data()
    net = Network([Dense(3, "softmax", l1=0.3, l2=0.7)], (2,), dtype="float64")
    naive = reference.ReferenceNetwork(net)
    gradient = naive.gradient(x, np.eye(3)[labels], "categorical_crossentropy")
    penalty = np.concatenate([(0.3 * np.sign(w) + 2 * 0.7 * w).ravel() if w.ndim > 1 else 0 * w
                              for w in naive.weights.values()])  # fmt: skip
    net.fit(x, labels, loss="categorical_crossentropy", optimizer="sgd", epochs=1, batch_size=None)
    assert difference(net.parameters, naive.parameters - 0.1 * (gradient + penalty)) < 1e-13


def test_a_long_gradient_is_shortened_to_the_limit() -> None:
    x, labels = data()
    for limit in (1e-3, 1e3):
        net = network()
        before = net.parameters.copy()
        gradient = net.gradient(x, labels, "categorical_crossentropy")[1]
        settings = {"loss": "categorical_crossentropy", "optimizer": "sgd", "epochs": 1, "batch_size": None}
        net.fit(x, labels, clip_norm=limit, **settings)
        expected = before - 0.1 * gradient * min(1, limit / np.linalg.norm(gradient))
        assert difference(net.parameters, expected) < 1e-14


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": 0}, "epochs=0 must be a whole number of at least 1"),
        ({"epochs": 2.5}, "epochs=2.5 must be a whole number of at least 1"),
        ({"batch_size": 0}, "batch_size=0 must be a whole number of at least 1"),
        ({"batch_size": True}, "batch_size=True must be a whole number of at least 1"),
        ({"clip_norm": 0}, "clip_norm=0 must be a number above 0, or None for no limit"),
        ({"seed": -1}, "seed=-1 must be a whole number from 0 "),
        ({"seed": 1.5}, "seed=1.5 must be a whole number from 0 "),
        ({"loss": "mes"}, "unknown loss 'mes': did you mean 'mse'"),
        ({"optimizer": "sdg"}, "unknown optimizer 'sdg': did you mean 'sgd'?"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin': did you mean 'cosine'?"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], sentence: str) -> None:
    x, labels = data()
    net = network()
    before = net.parameters.copy()
    with pytest.raises(ConfigurationError) as caught:
        net.fit(x, labels, **({"epochs": 1, **SETTINGS} | change))
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
    assert np.array_equal(net.parameters, before)


def test_bad_validation_data_are_refused_before_anything_is_trained() -> None:
    x, labels = data()
    net = network()
    before = net.parameters.copy()
    with pytest.raises(DataError, match="label 3"):
        net.fit(x, labels, epochs=1, validation_data=(x, labels + 1), **SETTINGS)
    assert np.array_equal(net.parameters, before)


@pytest.mark.parametrize("layers", [[Dense(3, "step"), Dense(3, "softmax")], [Dense(2), Dense(3, "step")]])
def test_a_step_cannot_be_trained_by_backpropagation(layers: list[Dense]) -> None:
    x, labels = data()
    loss = "categorical_crossentropy" if layers[-1].activation == "softmax" else "mse"
    with pytest.raises(ConfigurationError, match=r"layer [01] has the activation 'step'.*optimizer 'perceptron'"):
        Network(layers, (2,)).fit(x, labels, loss=loss, epochs=1)


def test_the_perceptron_rule_learns_what_a_line_can_part() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    x = x[np.abs(x @ [1.0, -2.0] + 0.3) > 0.3]
    labels = (x @ [1.0, -2.0] + 0.3 > 0).astype(int)
    net = Network([Dense(1, "step")], (2,))
    history = net.fit(x, labels, loss="perceptron", optimizer="perceptron", epochs=50, batch_size=1)
    assert history["accuracy"][-1] == 1
    assert history["loss"][-1] == 0
    with pytest.raises(ConfigurationError, match="optimizer 'perceptron' trains a single layer"):
        network().fit(x, labels, epochs=1, loss="categorical_crossentropy", optimizer="perceptron")


def test_data_that_are_read_only_are_used_where_they_lie() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    x.flags.writeable = False
    before = x.copy()
    trainer = Trainer(Network([Dense(3)], (3,)), x, x, loss="mse")
    assert np.shares_memory(trainer.data.x, x) and np.shares_memory(trainer.data.y, x)
    for _ in range(3):
        trainer.train_epoch()
    trainer.evaluate()
    np.testing.assert_array_equal(x, before)
    held = trainer.data.x
    del x
    gc.collect()
    np.testing.assert_array_equal(held, before)  # the view keeps what it is a view of
    wide = Trainer(Network([Dense(3)], (3,), dtype="float64"), before, before, loss="mse")
    assert wide.data.x.dtype == np.float64 and not np.shares_memory(wide.data.x, before)


@pytest.mark.parametrize(("loss", "wanted"), [("categorical_crossentropy", "logits"), ("mse", "predict")])
def test_an_evaluation_gives_what_it_measured(loss: str, wanted: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2500, 3)), rng.integers(0, 4, 2500)  # more than are taken at once
    network = Network([Dense(8, "tanh"), Dense(4, "softmax")], (3,), seed=1)
    trainer = Trainer(network, x, y, loss=loss)
    outputs = np.full((2500, 4), np.nan, np.float32)
    assert trainer.evaluate(outputs=outputs) == pytest.approx(trainer.evaluate())
    np.testing.assert_allclose(outputs, getattr(network, wanted)(x), rtol=1e-5, atol=1e-6)
