"""Numbers at the edge: training works, or says in one sentence why it does not, in the epoch where it goes wrong."""

from __future__ import annotations

import time
from math import prod
from typing import Any

import numpy as np
import pytest

from engine import LAYERS, LOSSES, Dense, Network
from engine.errors import ConfigurationError, DataError, TrainingError
from engine.layers import Layer
from tests.engine import cases


def every_layer() -> list[Any]:
    """A case of every registered layer, in both precisions."""
    found: dict[str, tuple[Layer, tuple[int, ...]]] = {}
    for layer, shape in cases.layer_cases():
        if "step" not in str(layer.config()):  # which backpropagation cannot train
            found.setdefault(layer.name, (layer, shape))
    assert set(found) == set(LAYERS), set(LAYERS) - set(found)
    return [
        pytest.param(*case, dtype, id=f"{name}-{dtype}")
        for name, case in found.items()
        for dtype in ("float32", "float64")
    ]


def around(layer: Layer, shape: tuple[int, ...], dtype: str) -> Network:
    """A regression with the layer in the middle."""
    before = [Dense(prod(shape))] if len(shape) == 1 else [Dense(prod(shape)), LAYERS["reshape"](shape)]
    after = [LAYERS["flatten"]()] if len(Network([layer], shape).output_shape) > 1 else []
    return Network([*before, layer, *after, Dense(2)], (3,), seed=1, dtype=dtype)


@pytest.mark.parametrize(("layer", "shape", "dtype"), every_layer())
def test_divergence_is_seen_in_its_epoch(layer: Layer, shape: tuple[int, ...], dtype: str) -> None:
    """A rate that no training survives: the epoch that is named is the first whose numbers are not finite."""
    network = around(layer, shape, dtype)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 3)), rng.normal(size=(24, 2))
    seen: list[float] = []
    rate = 1e18 if dtype == "float32" else 1e150
    with pytest.raises(
        TrainingError, match=r"^training diverged in epoch (\d+) \(step \d+\): .*try a smaller"
    ) as error:
        network.fit(
            x, y, loss="mse", optimizer={"name": "sgd", "learning_rate": rate}, epochs=40, batch_size=8,
            callbacks=[lambda net, epoch, metrics: _note(seen, net, metrics)],
        )  # fmt: skip
    assert str(error.value).startswith(f"training diverged in epoch {len(seen)} ")  # seen holds epoch 0 too
    assert np.isfinite(seen).all()


def _note(seen: list[float], network: Network, metrics: dict[str, Any]) -> None:
    seen.append(float(metrics["loss"]))
    assert np.isfinite(network.parameters).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("where", ["parameters", "gradient"])
def test_a_single_number_is_enough(dtype: str, where: str) -> None:
    """One parameter of a thousand that is no longer finite ends the epoch, also where the loss does not show it."""
    network = Network([Dense(100, "relu"), Dense(1)], (9,), dtype=dtype)
    network.weights["0.bias"][:] = -1e9  # the first layer is silent: nothing of it reaches the loss
    if where == "parameters":
        network.parameters[3] = np.nan
    else:
        network.weights["1.bias"][:] = np.finfo(dtype).max / 2
    with pytest.raises(TrainingError, match="diverged in epoch 1 "):
        network.fit(np.ones((4, 9)), np.ones((4, 1)), loss="mse", epochs=3)


CLASSIFYING = [
    ("binary_crossentropy", "sigmoid", 1, np.array([0, 1, 1, 0])),
    ("categorical_crossentropy", "softmax", 3, np.array([0, 1, 2, 0])),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("loss", "activation", "units", "labels"), CLASSIFYING)
@pytest.mark.parametrize("logit", [1e4, -1e4, 3e38])
def test_large_logits(loss: str, activation: str, units: int, labels: Any, logit: float, dtype: str) -> None:
    """The loss of a wrong, certain answer is the logit itself, not infinity; that of a right one is zero."""
    network = Network([Dense(units, activation)], (1,), dtype=dtype)
    network.parameters[:] = 0
    network.weights["0.weight"][0, -1] = 1  # the logit of the last unit
    x = np.full((4, 1), logit)
    positive = labels == (1 if units == 1 else units - 1)
    losses = np.where(positive, max(-logit, 0), max(logit, 0))
    if units == 3:  # against two other units whose logits are 0
        losses = np.where(positive, 0.0, logit) if logit > 0 else np.where(positive, -logit + np.log(2), np.log(2))
    expected = losses.mean()
    found = network.evaluate(x, labels, loss)["loss"]
    assert found == pytest.approx(expected, rel=1e-5)
    _, gradient = network.gradient(x, labels, loss)
    assert np.isfinite(gradient).all()
    if abs(logit) < 1e30:
        history = network.fit(x, labels, loss=loss, optimizer="adam", epochs=2)
        assert np.isfinite(history["loss"]).all() and np.isfinite(network.parameters).all()


def test_one_sample_and_constant_features() -> None:
    """Also where a layer normalises over the batch: there is nothing to divide by."""
    for layers in ([Dense(3, "tanh")], [LAYERS["batch_norm"]()]):
        for x in (np.ones((1, 2)), np.zeros((1, 2)), np.full((7, 2), 5.0)):
            network = Network([*layers, Dense(1)], (2,))
            history = network.fit(x, np.arange(len(x), dtype=float)[:, None], loss="mse", epochs=5)
            assert np.isfinite(history["loss"]).all() and np.isfinite(network.predict(x)).all()


def test_no_sample_and_one_class_get_a_sentence() -> None:
    network = Network([Dense(1, "sigmoid")], (2,))
    with pytest.raises(DataError, match="at least one"):
        network.fit(np.zeros((0, 2)), np.zeros(0, int), loss="binary_crossentropy", epochs=1)
    assert network.predict(np.zeros((0, 2))).shape == (0, 1)
    with pytest.raises(ConfigurationError):  # softmax over one unit is 1, whatever the input
        Network([Dense(1, "softmax")], (2,)).fit(
            np.zeros((4, 2)), np.zeros(4, int), loss="categorical_crossentropy", epochs=1
        )
    # labels of one class only are odd but sound: the network learns to always say it
    network.fit(np.zeros((4, 2)), np.ones(4, int), loss="binary_crossentropy", epochs=200)
    assert network.evaluate(np.zeros((4, 2)), np.ones(4, int), "binary_crossentropy")["accuracy"] == 1


@pytest.mark.parametrize("value", [1e38, 1e-38, 1e-45])
def test_inputs_at_the_ends_of_float32(value: float) -> None:
    """Huge ones overflow within the first epoch, which is named; the tiniest ones train as zeros do."""
    x = np.full((8, 2), value, np.float32)
    network = Network([Dense(4, "tanh"), Dense(1)], (2,))
    history = network.fit(x, np.zeros((8, 1)), loss="mse", epochs=3)
    assert np.isfinite(history["loss"]).all()  # tanh keeps everything within ±1
    with np.errstate(over="ignore"):
        linear = Network([Dense(1)], (2,), seed=2)
        if value > 1:
            with pytest.raises(TrainingError, match="diverged in epoch"):
                linear.fit(x, np.zeros((8, 1)), loss="mse", epochs=3)
        else:
            assert np.isfinite(linear.fit(x, np.zeros((8, 1)), loss="mse", epochs=3)["loss"]).all()


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "linear"])
def test_a_hundred_layers_of_width_two(activation: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 2))
    labels = (x[:, 0] > 0).astype(int)
    network = Network([*(Dense(2, activation) for _ in range(100)), Dense(1, "sigmoid")], (2,), seed=3)
    history = network.fit(x, labels, loss="binary_crossentropy", epochs=3)
    assert np.isfinite(history["loss"]).all() and np.isfinite(network.parameters).all()
    assert [len(space) for space in network.activations(x)] == [64] * 101


def test_a_million_samples_train_quickly() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1_000_000, 2)).astype(np.float32)
    labels = (x[:, 0] > x[:, 1]).astype(np.int64)
    network = Network([Dense(2, "tanh"), Dense(1, "sigmoid")], (2,), seed=1)
    network.fit(x[:64], labels[:64], loss="binary_crossentropy", epochs=1, batch_size=256)  # compiles
    began = time.process_time()
    history = network.fit(x, labels, loss="binary_crossentropy", epochs=1, batch_size=256)
    assert time.process_time() - began < 5
    assert history["accuracy"][-1] > 0.9


def test_every_loss_survives_its_own_extremes() -> None:
    """Outputs of ±1e4 against targets of either end: a finite loss and a finite gradient, in float32."""
    for name, loss in LOSSES.items():
        units = 3 if loss.link == "softmax" or loss.labels_only else 1
        network = Network([Dense(units, loss.link or "linear")], (1,))
        network.parameters[:] = 0
        network.weights["0.weight"][0, 0] = 1
        x, y = cases.examples(network, name, 4)
        for sign in (1, -1):
            try:
                value, gradient = network.gradient(np.full_like(x, sign * 1e4), y, name)
            except ConfigurationError:
                continue  # the perceptron's, for one, needs another activation
            assert np.isfinite(value) and np.isfinite(gradient).all(), name
