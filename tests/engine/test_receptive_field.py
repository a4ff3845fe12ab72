"""What the units of a layer see, against which pixels change them when they are changed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.excitation import until
from engine.analysis.receptive_field import Box, receptive_field
from engine.errors import ConfigurationError
from engine.layers import (
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Reshape,
    Residual,
    UpSample2D,
)
from engine.layers.base import Layer
from engine.network import Network

NETWORKS: dict[str, list[Layer]] = {
    "one": [Conv2D(2, 3)],
    "padded": [Conv2D(2, (3, 4), padding="same"), Activation("tanh"), Conv2D(2, 3, padding="same")],
    "strides": [Conv2D(2, 3, strides=2, padding="same"), Conv2D(1, 2, strides=(1, 2))],
    "pooled": [Conv2D(2, 3, padding="same"), AvgPool2D(2), Conv2D(2, 3), AvgPool2D(2, strides=1)],
    "enlarged": [AvgPool2D(2), Conv2D(2, 3, padding="same"), UpSample2D(2), Conv2D(1, 2)],
    "round": [Residual([Conv2D(2, 3, strides=2, padding="same"), BatchNorm(), Conv2D(2, 3, padding="same")])],
    "dense": [Conv2D(1, 3), Flatten(), Dropout(0.5), Dense(2)],
}


def seen_by(network: Network, place: tuple[int, ...]) -> Box:
    """The box around all pixels that change the units at a place."""
    rng = np.random.default_rng(1)
    image = rng.normal(size=network.input_shape)
    base = network.predict(image[None])[0][place[:2]]
    changes = np.zeros(network.input_shape[:2], bool)
    for row, column in np.ndindex(*changes.shape):
        other = image.copy()
        other[row, column] += 1.0
        changes[row, column] = (np.abs(network.predict(other[None])[0][place[:2]] - base) > 1e-9).any()
    rows, columns = np.flatnonzero(changes.any(axis=1)), np.flatnonzero(changes.any(axis=0))
    return Box(rows[0], rows[-1] + 1, columns[0], columns[-1] + 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_units_see_the_pixels_that_change_them(name: str) -> None:
    network = Network(NETWORKS[name], (8, 8, 1), seed=4, dtype="float64")
    for layer in range(len(network.layers)):
        if len(network.layer_shapes[layer]) != 3:
            continue
        field, part = receptive_field(network, layer), until(network, layer)
        height, width = network.layer_shapes[layer][:2]
        for place in {(0, 0), (height - 1, width // 2)}:
            top, bottom, left, right = field.box(place)
            inside = Box(max(top, 0), min(bottom, 8), max(left, 0), min(right, 8))
            assert inside == seen_by(part, place), (layer, place)
    if name == "dense":
        assert receptive_field(network, -1).box() == Box(0, 8, 0, 8) == seen_by(network, ())


def test_le_net_sees_as_much_as_is_known() -> None:
    layers = [Reshape((28, 28, 1)), Conv2D(6, 5, padding="same"), MaxPool2D(2), Conv2D(16, 5), MaxPool2D(2)]
    network = Network([*layers, Flatten(), Dense(10)], (784,))
    shapes = [receptive_field(network, k).box((1, 1)).shape for k in range(5)]
    assert shapes == [(1, 1), (5, 5), (6, 6), (14, 14), (16, 16)]
    assert receptive_field(network, 1).box((0, 0)) == Box(-2, 3, -2, 3)


def test_a_part_is_cut_with_zeros_beyond_the_image() -> None:
    image = np.arange(12.0).reshape(3, 4) + 1
    assert Box(1, 3, 1, 3).cut(image).tolist() == [[6, 7], [10, 11]]
    assert Box(-1, 1, -1, 2).cut(image).tolist() == [[0, 0, 0], [0, 1, 2]]
    assert Box(2, 4, 3, 5).cut(image).tolist() == [[12, 0], [0, 0]]
    assert Box(0, 1, 0, 1).cut(image[..., None]).shape == (1, 1, 1)


@pytest.mark.parametrize(
    ("layers", "shape", "layer", "sentence"),
    [
        ([Conv2D(1, 2)], (4, 4, 1), 1, "layer=1 does not exist"),
        ([Dense(3)], (4,), 0, "takes .4,. and no image"),
    ],
)
def test_what_has_no_receptive_field_is_named(
    layers: list[Layer], shape: tuple[int, ...], layer: int, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        receptive_field(Network(layers, shape), layer)
