"""Convolutions: by hand, beside SciPy, in large batches, on any number of threads; and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.signal import correlate

from engine import Activation, Adam, AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, Network, Residual, load_dataset
from engine.errors import ConfigurationError
from tests.engine import reference
from tests.engine.cases import difference, examples, scatter


def lenet(dtype: str = "float32") -> Network:
    layers = [Conv2D(8, 5, activation="relu"), MaxPool2D(), Conv2D(16, 5, activation="relu"), MaxPool2D()]
    return Network([*layers, Flatten(), Dense(10, "softmax")], (28, 28, 1), seed=1, dtype=dtype)


def test_a_convolution_by_hand() -> None:
    network = Network([Conv2D(1, 2)], (3, 3, 1), dtype="float64")
    network.weights["0.weight"][...] = np.array([[1, 2], [3, 4]])[..., None, None]
    network.weights["0.bias"][...] = 10
    image = np.array([[1, 0, 2], [0, 1, 0], [3, 0, 1]])
    # the windows are not mirrored: 1·1 + 2·0 + 3·0 + 4·1 + 10 = 15, …
    assert network.predict(image[None, ..., None])[0, ..., 0].tolist() == [[15, 17], [21, 15]]


@pytest.mark.parametrize(
    ("kernel", "stride", "expected"),
    [
        (2, 1, [1 + 2, 2 + 3, 3 + 4, 4]),  # one zero, and it comes after
        (3, 1, [0 + 1 + 2, 1 + 2 + 3, 2 + 3 + 4, 3 + 4]),
        (4, 1, [0 + 1 + 2 + 3, 1 + 2 + 3 + 4, 2 + 3 + 4, 3 + 4]),  # one zero before, two after
        (3, 2, [1 + 2 + 3, 3 + 4]),
        (2, 3, [1 + 2, 4]),
        (1, 3, [1, 4]),
    ],
)
def test_same_padding_puts_more_zeros_after(kernel: int, stride: int, expected: list[int]) -> None:
    for shape, size, strides in (
        ((4, 1, 1), (kernel, 1), (stride, 1)),
        ((1, 4, 1), (1, kernel), (1, stride)),
        ((1, 4, 2), (1, kernel), (1, stride)),
    ):
        network = Network([Conv2D(1, size, strides, "same", weight_init="ones")], shape)
        image = np.repeat([1, 2, 3, 4], shape[2]).reshape(1, *shape) / shape[2]
        assert network.predict(image).ravel().tolist() == expected


@pytest.mark.parametrize("channels", [1, 3])
def test_a_convolution_is_a_sum_of_correlations(channels: int) -> None:
    network = scatter(Network([Conv2D(4, (3, 5))], (9, 11, channels), dtype="float64"))
    image = np.random.default_rng(0).normal(size=(9, 11, channels))
    weight, bias = network.weights["0.weight"], network.weights["0.bias"]
    expected = [correlate(image, weight[..., f], "valid")[..., 0] + bias[f] for f in range(4)]
    assert difference(network.predict(image[None])[0], np.stack(expected, axis=-1)) < 1e-12


@pytest.mark.parametrize("filters", [1, 4, 5, 8, 9, 16, 17, 31, 33, 50, 97])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_filters_equals_the_reference(filters: int, dtype: str) -> None:
    layers = [Conv2D(filters, 3, (1, 2), "same", "tanh"), Conv2D(3, (2, 3)), Flatten()]
    network = scatter(Network(layers, (5, 9, 3), dtype="float64"))
    naive = reference.ReferenceNetwork(network)
    x, targets = examples(network, "mse", 3)
    expected = naive.forward(x)[-1], naive.gradient(x, targets, "mse")
    own = Network(layers, (5, 9, 3), dtype=dtype)
    own.parameters[:] = network.parameters
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    assert difference(own.predict(x), expected[0]) < tolerance
    assert difference(own.gradient(x, targets, "mse")[1], expected[1]) < tolerance


@pytest.mark.parametrize(("channels", "strides"), [(1, 1), (2, 1), (1, 2), (2, (3, 1)), (1, (1, 7))])
@pytest.mark.parametrize("shape", [(75, 61), (3, 61), (75, 2), (9, 9)])
def test_images_of_any_shape_equal_the_reference(shape: tuple[int, int], channels: int, strides: Any) -> None:
    layers = [Conv2D(3, 5, strides, "same", "tanh"), Conv2D(2, 3, padding="same"), Flatten()]
    network = scatter(Network(layers, (*shape, channels), dtype="float64"))
    naive = reference.ReferenceNetwork(network)
    x, targets = examples(network, "mse", 2)
    assert difference(network.predict(x), naive.forward(x)[-1]) < 1e-12
    gradient = network.gradient(x, targets, "mse")[1]
    assert difference(gradient, naive.gradient(x, targets, "mse")) < 1e-12


@pytest.mark.parametrize("count", [1, 2, 15, 37])
def test_batches_of_any_size_equal_the_reference(count: int) -> None:
    layers = [
        Conv2D(3, (3, 2), activation="tanh", padding="same"),
        AvgPool2D((2, 3), strides=(1, 2)),
        Residual([Conv2D(4, 3, padding="same", activation="tanh"), Conv2D(2, 2, strides=2, padding="same")]),
        Activation("tanh"),
        Conv2D(2, 2, activation="tanh"),
        Flatten(),
        Dense(3, "softmax"),
    ]
    network = scatter(Network(layers, (6, 7, 1), dtype="float64"))
    naive = reference.ReferenceNetwork(network)
    x, targets = examples(network, "categorical_crossentropy", count)
    for own, expected in zip(network.activations(x), naive.forward(x), strict=True):
        assert difference(own, expected) < 1e-12
    gradient = network.gradient(x, targets, "categorical_crossentropy")[1]
    assert difference(gradient, naive.gradient(x, targets, "categorical_crossentropy")) < 1e-12


def test_lenet_equals_the_reference_in_both_precisions() -> None:
    double = scatter(lenet("float64"))
    single = lenet()
    single.parameters[:] = double.parameters
    naive = reference.ReferenceNetwork(double)
    x, targets = examples(double, "categorical_crossentropy", 5)
    expected = naive.gradient(x, targets, "categorical_crossentropy")
    assert difference(double.gradient(x, targets, "categorical_crossentropy")[1], expected) < 1e-12
    assert difference(single.gradient(x, targets, "categorical_crossentropy")[1], expected) < 1e-5
    assert difference(single.predict(x), naive.forward(x)[-1]) < 1e-5


def test_training_twice_gives_the_same_bits() -> None:
    data = load_dataset("digits")
    x = data.x[:200].reshape(-1, 8, 8, 1)
    runs = []
    for _ in range(2):
        network = Network([Conv2D(4, 3, activation="relu"), MaxPool2D(), Flatten(), Dense(10, "softmax")], (8, 8, 1))
        network.fit(x, data.y[:200], loss="categorical_crossentropy", epochs=2)
        runs.append(network.parameters.copy())
    assert np.array_equal(*runs)


def test_it_learns_digits() -> None:
    data = load_dataset("digits")
    x, y = data.x.reshape(-1, 8, 8, 1), data.y
    layers = [Conv2D(8, 3, padding="same", activation="relu"), MaxPool2D(), Conv2D(16, 3, activation="relu")]
    network = Network([*layers, Flatten(), Dense(10, "softmax")], (8, 8, 1), seed=3)
    held_out = np.arange(len(x)) % 5 == 0
    network.fit(x[~held_out], y[~held_out], loss="categorical_crossentropy", optimizer=Adam(0.005), epochs=20)
    for part, least in ((~held_out, 0.98), (held_out, 0.95)):
        assert network.evaluate(x[part], y[part], "categorical_crossentropy")["accuracy"] > least


def test_the_summary_counts() -> None:
    assert lenet().summary().splitlines() == [
        "layer            output   parameters",
        "input            28×28×1",
        "0 Conv2D relu    24×24×8         208",
        "1 MaxPool2D      12×12×8           0",
        "2 Conv2D relu    8×8×16        3,216",
        "3 MaxPool2D      4×4×16            0",
        "4 Flatten        256               0",
        "5 Dense softmax  10            2,570",
        "total                          5,994",
    ]


@pytest.mark.parametrize("init", ["glorot_uniform", "he_uniform"])
def test_weights_start_by_what_a_window_connects(init: str) -> None:
    weight = Network([Conv2D(64, (3, 5), weight_init=init)], (7, 9, 16)).weights["0.weight"]
    fan_in, fan_out = 3 * 5 * 16, 3 * 5 * 64
    limit = (6 / (fan_in + fan_out if init == "glorot_uniform" else fan_in)) ** 0.5
    assert weight.shape == (3, 5, 16, 64)
    assert 0.999 * limit < np.abs(weight).max() <= limit


def test_settings_come_back_from_json() -> None:
    layers = [Conv2D(2, 3, (1, 2), padding="same", l2=0.1, trainable=False), MaxPool2D(2), Conv2D(1, [2, 1])]
    network = Network(layers, (6, 6, 1))
    config = json.loads(json.dumps(network.config()))
    assert config == network.config()
    assert Network.from_config(config).layers == network.layers
    assert [config["layers"][0][key] for key in ("kernel_size", "strides")] == [[3, 3], [1, 2]]


@pytest.mark.parametrize(
    ("settings", "shape", "sentence"),
    [
        ({"filters": 0}, None, "Conv2D: filters=0 must be a whole number of at least 1"),
        *(
            (
                {setting: value},
                None,
                f"Conv2D: {setting}={value!r} must be a whole number of at least 1, or two of them for height and "
                "width",
            )
            for setting in ("kernel_size", "strides")
            for value in (0, 2.5, True, (1, 2, 3), (1, 0), "3")
        ),
        ({"padding": "full"}, None, "Conv2D: padding='full' must be one of valid, same"),
        (
            {},
            (784,),
            "layer 0: Conv2D takes images (height, width, channels), not the shape (784,): put a Reshape before it, "
            "such as Reshape((28, 28, 1))",
        ),
        (
            {},
            (2, 5, 1),
            "layer 0: Conv2D: kernel_size=3×3 does not fit on an image of 2×5: make it smaller",
        ),
    ],
)
def test_wrong_settings_get_one_sentence(
    settings: dict[str, Any], shape: tuple[int, ...] | None, sentence: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        Network([Conv2D(**{"filters": 1, "kernel_size": 3, **settings})], shape or (5, 5, 1))
    assert str(error.value) == sentence
