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

each_combination = pytest.mark.parametrize(("layer", "shape", "loss"), combinations())


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


@each_combination
def test_gradients_equal_central_differences(layer: Layer, shape: tuple[int, ...], loss: str) -> None:
    for network in networks(layer, shape, loss):
        scatter(network)
        x, targets = examples(network, loss, 5)
        gradient = network.gradient(x, targets, loss)[1]
        for place in np.random.default_rng(2).permutation(network.parameter_count)[:20]:
            expected = _central_difference(network, place, x, targets, loss)
            assert abs(gradient[place] - expected) <= 1e-6 * max(np.abs(gradient).max(), 1e-3)


def _central_difference(network: Network, place: int, x: Any, targets: Any, loss: str, h: float = 1e-5) -> float:
    start, sides = network.parameters[place], []
    for moved in (start + h, start - h):
        network.parameters[place] = moved
        sides.append(network.evaluate(x, targets, loss)["loss"])
    network.parameters[place] = start
    return (sides[0] - sides[1]) / (2 * h)


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
