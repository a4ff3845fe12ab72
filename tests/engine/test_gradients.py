"""Every layer with every activation and every loss: values and gradients against the reference and differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ACTIVATIONS, LAYERS, LOSSES, OPTIMIZERS, Dense, Network
from engine.layers import Layer
from tests.engine import reference
from tests.engine.cases import combinations, difference, examples, networks, scatter

EXACT = 1e-12

NAMES = ("layer", "shape", "loss")
each_combination = pytest.mark.parametrize(NAMES, combinations())
# what the others draw in training is tested by itself
each_deterministic = pytest.mark.parametrize(
    NAMES, [each for each in combinations() if not reference.LAYERS[each.values[0].name].random]
)


@pytest.mark.parametrize(
    ("registry", "references", "place"),
    [
        (ACTIVATIONS, reference.ACTIVATIONS, "activations.py"),
        (LAYERS, reference.LAYERS, "layers.py"),
        (LOSSES, reference.LOSSES, "losses.py"),
        (OPTIMIZERS, reference.OPTIMIZERS, "optimizers.py"),
    ],
    ids=["activations", "layers", "losses", "optimizers"],
)
def test_every_entry_has_a_reference(registry: dict[str, Any], references: dict[str, Any], place: str) -> None:
    missing = sorted(set(registry) - set(references))
    assert not missing, f"tests/engine/reference/{place} has no reference for {', '.join(missing)}: write one"


@each_combination
def test_values_and_gradients_equal_the_reference(layer: Layer, shape: tuple[int, ...], loss: str) -> None:
    for network in networks(layer, shape, loss):
        scatter(network)
        naive = reference.ReferenceNetwork(network)
        for count in (1, 7):
            x, targets = examples(network, loss, count)
            assert difference(network.predict(x), naive.forward(x)[-1]) < EXACT
            for own, output, pre in zip(naive.layers, network.activations(x), network.pre_activations(x), strict=True):
                assert difference(output, own.output) < EXACT
                assert difference(pre, own.pre_activation) < EXACT
            for weights in (None, np.linspace(0, 2, count)):
                value, gradient = network.gradient(x, targets, loss, weights)
                assert difference(value, naive.loss(x, targets, loss, weights)) < EXACT
                assert difference(gradient, naive.gradient(x, targets, loss, weights)) < EXACT
                assert difference(network.evaluate(x, targets, loss, weights)["loss"], value) < EXACT


@each_deterministic
def test_gradients_in_training_equal_the_reference(layer: Layer, shape: tuple[int, ...], loss: str) -> None:
    for network in networks(layer, shape, loss):
        naive = reference.ReferenceNetwork(scatter(network), training=True)
        x, targets = examples(network, loss, 6)
        value, gradient = network.gradient(x, targets, loss, training=True)
        assert difference(value, naive.loss(x, targets, loss)) < EXACT
        assert difference(gradient, naive.gradient(x, targets, loss)) < EXACT


@each_combination
def test_gradients_equal_central_differences(layer: Layer, shape: tuple[int, ...], loss: str) -> None:
    for network in networks(layer, shape, loss):
        scatter(network)
        x, targets = examples(network, loss, 5)
        moving = np.concatenate([np.arange(slot.start, slot.stop) for slot in network.layout if slot.trainable])
        for training in (False, True):

            def losses(steps: np.ndarray, how: dict[str, Any], network: Network = network) -> float:
                before = network.parameters.copy()
                network.parameters += steps
                value = network.gradient(**how)[0]
                network.parameters[:] = before
                return value

            how = {"x": x, "y": targets, "loss": loss, "training": training, "step": 4}
            before = network.parameters.copy()
            gradient = network.gradient(**how)[1]
            network.parameters[:] = before
            for place in np.random.default_rng(2).permutation(moving)[:12]:
                step = np.where(np.arange(before.size) == place, 1e-5, 0)
                expected = (losses(step, how) - losses(-step, how)) / 2e-5
                assert abs(gradient[place] - expected) <= 1e-6 * max(np.abs(gradient).max(), 1e-3)


@each_combination
def test_single_precision_follows_double(layer: Layer, shape: tuple[int, ...], loss: str) -> None:
    for single, double in zip(networks(layer, shape, loss, "float32"), networks(layer, shape, loss), strict=True):
        double.parameters[:] = scatter(single).parameters
        x, targets = examples(double, loss, 40)
        x = x.astype(np.float32)
        assert single.predict(x).dtype == np.float32
        assert difference(single.predict(x), double.predict(x)) < 2e-5
        (value, gradient), (expected, exact) = (net.gradient(x, targets, loss) for net in (single, double))
        assert gradient.dtype == np.float32
        assert difference(value, expected) < 1e-5
        assert np.abs(gradient - exact).max() <= 1e-4 * np.abs(exact).max()


@pytest.mark.parametrize("loss", [name for name in LOSSES if not LOSSES[name].labels_only])
def test_labels_are_the_same_as_rows_of_zeros_and_ones(loss: str) -> None:
    units = 1 if LOSSES[loss].link in ("sigmoid", "step") else 3
    network = scatter(Network([Dense(units, LOSSES[loss].link or "linear")], (4,)))
    rng = np.random.default_rng(3)
    x, labels = rng.normal(size=(9, 4)), rng.integers(0, max(units, 2), 9)
    rows = labels.reshape(-1, 1).astype(float) if units == 1 else np.eye(units)[labels]
    (value, gradient), (expected, same) = network.gradient(x, labels, loss), network.gradient(x, rows, loss)
    assert value == expected
    assert np.array_equal(gradient, same)
    assert network.evaluate(x, labels, loss)["accuracy"] == np.mean(_answers(network.predict(x)) == labels)


def _answers(outputs: np.ndarray) -> np.ndarray:
    return (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
