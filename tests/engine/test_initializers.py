"""Rules of starting weights that take a number, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from engine import LSTM, Conv2D, Dense, Network
from engine.errors import ConfigurationError
from engine.initializers import INITIALIZERS, get_initializer
from engine.layers import Layer


@pytest.mark.parametrize("value", [0.5, -2, 0, 1e-3])
def test_a_constant_starts_every_weight_at_its_value(value: float) -> None:
    network = Network([Dense(3, weight_init=f"constant:{value}", bias_init="constant:7")], (4,))
    assert (network.weights["0.weight"] == np.float32(value)).all()
    assert (network.weights["0.bias"] == 7).all()


@pytest.mark.parametrize("layer", [Conv2D(2, 3, weight_init="constant:0.5"), LSTM(3, weight_init="constant:0.5")])
def test_every_layer_with_weights_takes_a_number(layer: Layer) -> None:
    shape = (5, 5, 2) if isinstance(layer, Conv2D) else (5, 2)
    network = Network([layer], shape)
    assert (network.weights["0.weight"] == 0.5).all()
    again = Network.from_config(network.config())
    assert np.array_equal(again.parameters, network.parameters)


def test_numbers_of_normal_and_uniform_scale_what_is_drawn() -> None:
    for name in ("normal", "uniform"):
        plain, scaled = (
            Network([Dense(50, weight_init=init)], (60,), seed=3, dtype="float64").weights["0.weight"]
            for init in (name, f"{name}:0.01")
        )
        np.testing.assert_allclose(scaled, 0.01 * plain, rtol=1e-12)


def test_lecun_uniform_has_its_limit() -> None:
    weight = Network([Dense(300, weight_init="lecun_uniform")], (200,), dtype="float64").weights["0.weight"]
    limit = (3 / 200) ** 0.5
    assert 0.999 * limit < np.abs(weight).max() <= limit
    assert weight.std() == pytest.approx((1 / 200) ** 0.5, rel=0.01)


def test_names_of_the_field_are_there() -> None:
    rules = {f"{author}_{shape}" for author in ("glorot", "he", "lecun") for shape in ("uniform", "normal")}
    assert rules | {"zeros", "ones", "constant", "normal", "uniform", "orthogonal"} == set(INITIALIZERS)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("constant:half", "initializer 'constant:half': what follows the colon must be a number from -1e+30 to 1e+30"),
        ("constant:", "initializer 'constant:': what follows the colon must be a number from -1e+30 to 1e+30"),
        ("constant:nan", "initializer 'constant:nan': what follows the colon must be a number from -1e+30 to 1e+30"),
        ("constant:1e31", "initializer 'constant:1e31': what follows the colon must be a number from -1e+30 to 1e+30"),
        ("normal:-1", "initializer 'normal:-1': what follows the colon must be a number from 0 to 1e+30"),
        ("zeros:1", "initializer 'zeros:1': zeros takes no number; these do: constant, normal, uniform"),
        ("constnat:1", "unknown initializer 'constnat': did you mean 'constant'"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(name: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Dense(2, weight_init=name)
    assert str(caught.value).startswith(sentence)
    with pytest.raises(ConfigurationError):
        get_initializer(name)
