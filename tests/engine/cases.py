"""What the tests of the engine have in common: networks, data and losses that fit them, made from the registries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from math import prod
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine import ACTIVATIONS, LAYERS, LOSSES, Dense, Network
from engine.errors import ConfigurationError
from engine.layers import Layer
from tests.engine import reference


def layer_cases() -> Iterator[tuple[Layer, tuple[int, ...]]]:
    """Every registered layer that has a reference: in its first case with each activation, in the others with tanh."""
    for name in [name for name in LAYERS if name in reference.LAYERS]:
        for number, (settings, shape) in enumerate(reference.LAYERS[name].cases):
            if len(shape) > 1 and "reshape" not in LAYERS:
                continue
            if "activation" not in {field.name for field in fields(LAYERS[name])}:
                yield LAYERS[name](**settings), shape
                continue
            for activation in (
                [name for name in ACTIVATIONS if name in reference.ACTIVATIONS] if number == 0 else ["tanh"]
            ):
                yield LAYERS[name](**settings, activation=activation), shape


def combinations() -> list[Any]:
    """Each of `layer_cases` with each loss that has a reference and can come after it, as pytest parameters."""
    return [
        pytest.param(layer, shape, loss, id=f"{_describe(layer)}-of-{'x'.join(map(str, shape))}-{loss}")
        for layer, shape in layer_cases()
        for loss in [name for name in LOSSES if name in reference.LOSSES]
        if networks(layer, shape, loss)
    ]


def _describe(layer: Layer) -> str:
    defaults = {field.name: field.default for field in fields(layer)}
    settings = {key: value for key, value in layer.config().items() if key == "type" or value != defaults[key]}
    inner = "+".join(each["type"] for each in settings.pop("layers", []))
    return "-".join(filter(None, [*map(str, settings.values()), inner])).replace(" ", "")


def networks(layer: Layer, shape: tuple[int, ...], loss: str, dtype: str = "float64") -> list[Network]:
    """The networks in which the layer comes before the loss: as the last one where it can be, and as a hidden one."""
    before = [Dense(prod(shape))] if len(shape) == 1 else [Dense(prod(shape)), LAYERS["reshape"](shape)]
    after = [Dense(3, LOSSES[loss].link or "linear")]
    if len(Network([layer], shape).output_shape) > 1:
        after.insert(0, LAYERS["flatten"]())
    made = []
    for layers, inputs in (([layer], shape), ([*before, layer, *after], (prod(shape),))):
        network = Network(layers, inputs, dtype=dtype)
        if LOSSES[loss].link == "softmax" and len(network.output_shape) > 1:
            continue
        try:
            from_logits = LOSSES[loss].from_logits(network.output_activation)
        except ConfigurationError:
            continue
        skipped = from_logits and network.output_activation != "linear"
        flat = any(not ACTIVATIONS[name].slope for name in activations(network)[: -1 if skipped else None])
        if network.parameter_count and not flat:
            made.append(network)
    return made


def activations(network: Network) -> list[str]:
    """Each layer's activation function."""
    return [settings.get("activation", "linear") for settings in network.config()["layers"]]


def scatter(network: Network, seed: int = 0) -> Network:
    """Give every parameter, biases too, a random value, such that no layer's outputs are large."""
    rng = np.random.default_rng(seed)
    for name, value in network.weights.items():
        value[...] = rng.normal(0, 1 / np.sqrt(max(4, prod(value.shape[:-1]))), value.shape)
        if "variance" in name:
            value[...] = np.abs(value)
    return network


def examples(network: Network, loss: str, count: int, seed: int = 1) -> tuple[NDArray[Any], NDArray[Any]]:
    """Random inputs, and random targets such as the loss is meant for."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, *network.input_shape))
    shape = (count, *network.output_shape)
    if LOSSES[loss].labels_only:
        return x, rng.integers(0, shape[-1], shape[:-1])
    if LOSSES[loss].link == "softmax":
        return x, np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    if LOSSES[loss].link is not None:
        return x, rng.choice([0.0, 0.25, 1.0], shape)
    return x, rng.normal(size=shape)


def difference(value: Any, expected: Any) -> float:
    """The largest deviation, relative to the largest expected value (or to 1 if that is smaller)."""
    value, expected = np.asarray(value, np.float64), np.asarray(expected, np.float64)
    assert value.shape == expected.shape
    return float(np.max(np.abs(value - expected), initial=0) / max(1.0, np.max(np.abs(expected), initial=0)))
