"""Every layer, activation and loss on the GPU against the CPU's kernels, whatever the shape of the launch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import ACTIVATIONS, LAYERS, LOSSES, Dense, Network
from engine.cuda.layers import KINDS
from engine.cuda.linking import Linker
from engine.cuda.products import TILES
from engine.cuda.program import Geometry, Program
from engine.errors import ConfigurationError
from engine.layers import Layer
from tests.engine.cases import difference, examples, layer_cases, networks, scatter
from tests.engine.cuda.conftest import Shape


def on_gpu(network: Network) -> Network:
    """The same network, computed by the GPU."""
    copy = Network(network.layers, network.input_shape, network.seed, network.dtype, device="cuda")
    copy.parameters[:] = network.parameters
    return copy


def cases() -> list[Any]:
    """Each of `layer_cases`, but those that differ by the activation only: activations have tests of their own."""
    found: dict[str, tuple[Layer, tuple[int, ...]]] = {}
    for layer, shape in layer_cases():
        settings = {key: value for key, value in layer.config().items() if key != "activation"}
        found.setdefault(f"{settings}{shape}", (layer, shape))
    return [pytest.param(*each, id=f"{each[0].name}-{number}") for number, each in enumerate(found.values())]


def test_every_layer_is_there() -> None:
    tested = {case.values[0].name for case in cases()}
    assert set(LAYERS) - {"flatten", "reshape", "activation"} <= tested | {"dropout"}


@pytest.mark.parametrize(("layer", "shape"), cases())
def test_gradients_are_those_of_the_cpu(layer: Layer, shape: tuple[int, ...], launches: Shape) -> None:
    for number, network in enumerate(networks(layer, shape, "mse")):
        scatter(network)
        x, y = examples(network, "mse", 5)
        gpu = on_gpu(network)
        launches(2, 3, backwards=number > 0)
        loss, gradient = gpu.gradient(x, y, "mse", training=True, step=3)
        expected, expected_gradient = network.gradient(x, y, "mse", training=True, step=3)
        assert loss == pytest.approx(expected, rel=1e-12)
        assert difference(gradient, expected_gradient) < 1e-12
        assert difference(gpu.parameters, network.parameters) < 1e-12  # running statistics are among them
        assert difference(gpu.predict(x), network.predict(x)) < 1e-12


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if ACTIVATIONS[name].slope])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_are_those_of_the_cpu(activation: str, dtype: str) -> None:
    layers = [Dense(5, activation), LAYERS["activation"]("tanh" if activation == "linear" else activation), Dense(2)]
    network = scatter(Network(layers, (3,), dtype=dtype))
    x, y = examples(network, "mse", 7)
    gpu, limit = on_gpu(network), 1e-12 if dtype == "float64" else 1e-5
    for found, expected in zip(gpu.activations(x), network.activations(x), strict=True):
        assert found.dtype == expected.dtype
        assert difference(found, expected) < limit
    assert difference(gpu.gradient(x, y, "mse")[1], network.gradient(x, y, "mse")[1]) < limit


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", list(LOSSES))
def test_losses_and_accuracies_are_those_of_the_cpu(loss: str, outputs: int, launches: Shape) -> None:
    if LOSSES[loss].link == "softmax" and outputs == 1:
        outputs = 2
    network = scatter(Network([Dense(outputs, LOSSES[loss].link or "linear")], (4,), dtype="float64"))
    x, y = examples(network, loss, 9)
    labels = np.arange(9) % max(outputs, 2)
    weights = np.linspace(0, 2, 9)
    launches(2, 2)
    gpu = on_gpu(network)
    for targets in (y, labels):
        found, expected = (each.evaluate(x, targets, loss, weights) for each in (gpu, network))
        assert found == pytest.approx(expected, rel=1e-12)
        found_gradient, gradient = (each.gradient(x, targets, loss, weights)[1] for each in (gpu, network))
        assert difference(found_gradient, gradient) < 1e-12


def test_outputs_between_layers_are_those_of_the_cpu(launches: Shape) -> None:
    network = scatter(Network([Dense(4, "tanh"), Dense(3, "softmax")], (2,), dtype="float64"))
    x = examples(network, "mse", 6)[0]
    launches(4, 2)
    gpu = on_gpu(network)
    assert difference(gpu.logits(x), network.logits(x)) < 1e-12
    for found, expected in zip(gpu.pre_activations(x), network.pre_activations(x), strict=True):
        assert difference(found, expected) < 1e-12


@pytest.mark.parametrize(("side", "blocks"), [(2, 1), (2, 7), (4, 2), (8, 1)])
@pytest.mark.parametrize("backwards", [False, True])
def test_products_do_not_depend_on_the_launch(side: int, blocks: int, backwards: bool, launches: Shape) -> None:
    """Sizes that are no multiples of anything, computed in tiles and by several threads a value."""
    network = scatter(Network([Dense(19, "relu"), Dense(33), Dense(2)], (21,), dtype="float64"))
    x, y = examples(network, "mse", 37)
    launches(side, blocks, backwards=backwards)
    gpu = on_gpu(network)
    assert difference(gpu.gradient(x, y, "mse")[1], network.gradient(x, y, "mse")[1]) < 1e-12


def test_products_are_computed_in_both_ways() -> None:
    operations = Network([Dense(19, "relu"), Dense(33), Dense(2)], (21,)).plan
    found = set()
    for side, blocks in ((2, 1), (2, 7), (4, 2), (8, 1)):
        shape = Geometry(side, blocks)
        program = Program(operations.operations, operations.spans, (21,), np.dtype(float), 37, shape)
        found |= {program.ways(*sizes) for sizes in [(37, 19, 22), (22, 19, 37), (37, 2, 34), (3, 2, 37)]}
    assert TILES in found and 1 in found and max(found) >= 4


def test_a_layer_without_kernels_is_named_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(KINDS, "lstm")
    layers = [LAYERS["gru"](3, return_sequences=True), LAYERS["lstm"](2)]
    with pytest.raises(ConfigurationError, match=r"layer 1 \(LSTM\) has no kernels for the GPU: train on the CPU"):
        Network(layers, (4, 1), device="cuda")
    with pytest.warns(UserWarning, match=r"layer 1 \(LSTM\) has no kernels for the GPU"):
        assert Network(layers, (4, 1), device="auto").device == "cpu"


def test_a_network_without_parameters_predicts_and_is_not_trained() -> None:
    network = Network([LAYERS["activation"]("tanh")], (3,), dtype="float64")
    gpu, x = on_gpu(network), np.linspace(-1, 1, 12).reshape(4, 3)
    assert difference(gpu.predict(x), network.predict(x)) < 1e-12
    assert gpu.gradient(x, x, "mse")[0] == pytest.approx(network.gradient(x, x, "mse")[0], rel=1e-12)
    with pytest.raises(ConfigurationError, match="the network has no parameters"):
        gpu.fit(x, x, loss="mse", epochs=1)


def test_each_function_is_compiled_once_for_the_same_names() -> None:
    linker = Linker({"barrier": None, "block_barrier": None})
    assert linker.function(KINDS["merge"].forward) is linker.function(KINDS["merge"].forward)
