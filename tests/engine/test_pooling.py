"""Pooling and upsampling: by hand, with equal values, undoing each other; and what they refuse."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest

from engine import AvgPool2D, Conv2D, Dense, MaxPool2D, Network, Reshape, UpSample2D
from engine.errors import ConfigurationError
from engine.layers import Layer
from engine.layers.pooling import MOST_PLACES

IMAGE = np.array([[1, 5, 2, 0, 9], [3, 4, 1, 7, 9], [8, 0, 6, 6, 9]])


def outputs(layer: Layer, image: np.ndarray) -> list[list[float]]:
    return Network([layer], (*image.shape, 1)).predict(image[None, ..., None])[0, ..., 0].tolist()


def input_gradient(layer: Layer, image: np.ndarray) -> list[list[float]]:
    """The gradient of the sum of the layer's outputs, each times its number from 1, with respect to the image."""
    network = Network([Dense(image.size, weight_init="zeros"), Reshape((*image.shape, 1)), layer], (1,))
    network.weights["0.bias"][...] = image.ravel()
    x, size = np.zeros((1, 1)), prod(network.output_shape)
    targets = network.predict(x) - size / 2 * np.arange(1, size + 1).reshape(1, *network.output_shape)
    return network.gradient(x, targets, "mse")[1][-image.size :].reshape(image.shape).tolist()


def test_the_largest_and_the_mean_by_hand() -> None:
    assert outputs(MaxPool2D(), IMAGE) == [[5, 7]]  # what fills no window is left out
    assert outputs(MaxPool2D((1, 3), strides=(2, 1)), IMAGE) == [[5, 5, 9], [8, 6, 9]]
    assert outputs(AvgPool2D(), IMAGE) == [[3.25, 2.5]]
    assert outputs(AvgPool2D((3, 1), strides=2), IMAGE) == [[4, 3, 9]]


def test_gradients_by_hand() -> None:
    assert input_gradient(MaxPool2D(), IMAGE) == [[0, 1, 0, 0, 0], [0, 0, 0, 2, 0], [0, 0, 0, 0, 0]]
    assert input_gradient(AvgPool2D((2, 4)), IMAGE) == [[1 / 8] * 4 + [0], [1 / 8] * 4 + [0], [0] * 5]
    assert input_gradient(UpSample2D((1, 2)), IMAGE[:1, :2]) == [[1 + 2, 3 + 4]]


def test_where_values_are_equal_the_first_takes_the_gradient() -> None:
    assert input_gradient(MaxPool2D(), np.full((2, 4), -3.0)) == [[1, 0, 2, 0], [0, 0, 0, 0]]


def test_where_windows_overlap_gradients_add_up() -> None:
    assert input_gradient(MaxPool2D((1, 2), strides=1), np.array([[1, 7, 2]])) == [[0, 1 + 2, 0]]
    assert input_gradient(AvgPool2D((1, 2), strides=1), np.array([[1, 7, 2]])) == [[1 / 2, 3 / 2, 1]]


def test_upsampling_repeats_and_the_mean_undoes_it() -> None:
    assert outputs(UpSample2D((1, 2)), IMAGE[:2, :2]) == [[1, 1, 5, 5], [3, 3, 4, 4]]
    network = Network([UpSample2D((3, 2)), AvgPool2D((3, 2))], (*IMAGE.shape, 2), dtype="float64")
    images = np.random.default_rng(0).normal(size=(3, *IMAGE.shape, 2))
    np.testing.assert_allclose(network.predict(images), images, rtol=1e-14)


def test_strides_are_the_size_unless_given() -> None:
    assert MaxPool2D((2, 3)) == MaxPool2D([2, 3], strides=(2, 3)) != MaxPool2D((2, 3), strides=1)
    assert MaxPool2D().config() == {"type": "max_pool2d", "pool_size": [2, 2], "strides": [2, 2], "trainable": True}


def test_places_beyond_the_precision_of_the_tape_are_refused() -> None:
    side = int(MOST_PLACES**0.5)
    assert Network([MaxPool2D()], (side, side, 1)).output_shape == (side // 2, side // 2, 1)
    with pytest.raises(ConfigurationError, match=r"MaxPool2D takes images of up to 16,777,216 values, not 16,781,312:"):
        Network([MaxPool2D()], (side, side + 1, 1))


@pytest.mark.parametrize(
    ("layer", "settings", "shape", "sentence"),
    [
        (
            MaxPool2D,
            {"pool_size": 3},
            (2, 8, 1),
            "layer 0: MaxPool2D: pool_size=3×3 does not fit on an image of 2×8: make it smaller",
        ),
        (
            AvgPool2D,
            {"strides": 0},
            (2, 8, 1),
            "AvgPool2D: strides=0 must be a whole number of at least 1, or two of them for height and width",
        ),
        (
            UpSample2D,
            {"size": (2, 2, 2)},
            (2, 8, 1),
            "UpSample2D: size=(2, 2, 2) must be a whole number of at least 1, or two of them for height and width",
        ),
        *(
            (
                layer,
                settings,
                (8, 8),
                f"layer 0: {layer.__name__} takes images (height, width, channels), not the shape (8, 8): put a "
                "Reshape before it, such as Reshape((28, 28, 1))",
            )
            for layer, settings in (
                (Conv2D, {"filters": 1, "kernel_size": 1}),
                (MaxPool2D, {}),
                (AvgPool2D, {}),
                (UpSample2D, {}),
            )
        ),
    ],
)
def test_wrong_settings_get_one_sentence(
    layer: type[Layer], settings: dict[str, Any], shape: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        Network([layer(**settings)], shape)
    assert str(error.value) == sentence
