"""Activation functions and their slopes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.analysis.slopes import values_and_slopes
from engine.errors import ConfigurationError
from engine.layers import Dense
from engine.network import Network

SINGLE = [name for name, activation in ACTIVATIONS.items() if activation.rows is None]
Z = np.linspace(-4, 4, 81) + 0.01  # none at a kink


@pytest.mark.parametrize("name", SINGLE)
def test_values_are_the_networks_and_slopes_their_differences(name: str) -> None:
    values, slopes = values_and_slopes(name, Z)
    network = Network([Dense(1, name)], (1,), dtype="float64")
    network.parameters[:] = [1.0, 0.0]
    np.testing.assert_allclose(values, network.predict(Z[:, None])[:, 0], atol=1e-12)
    ahead, behind = values_and_slopes(name, Z + 1e-5)[0], values_and_slopes(name, Z - 1e-5)[0]
    np.testing.assert_allclose(slopes, (ahead - behind) / 2e-5, atol=1e-6)


def test_a_step_has_no_slope_anywhere() -> None:
    values, slopes = values_and_slopes("step", [-2.0, -1e-9, 0.0, 1e-9, 2.0])
    assert values.tolist() == [0, 0, 0, 1, 1] and not slopes.any()


@pytest.mark.parametrize(("name", "message"), [("softmax", "takes whole rows"), ("tahn", "did you mean 'tanh'")])
def test_what_has_no_slope_at_a_number_is_named(name: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        values_and_slopes(name, Z)
