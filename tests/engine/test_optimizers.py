"""Every optimizer against the papers' formulas, and its first steps worked by hand."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from engine import OPTIMIZERS, Dense, Network, Trainer
from engine.errors import ConfigurationError
from engine.optimizers import get_optimizer
from tests.engine import reference
from tests.engine.cases import difference, scatter

each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)

# From w = 1 and b = 0 towards 0 at x = 1, with a learning rate of 0.1 and the other settings at their defaults:
# the output is w + b and the gradient of both is 2 (w + b). The values are those of w after one step and after two.
HAND_WORKED = {
    "sgd": (1 - 0.2, 0.8 - 0.1 * 2 * 0.6),
    "momentum": (0.8, 0.8 - 0.9 * 0.2 - 0.12),  # v = -0.2, then 0.9 v - 0.1 · 1.2
    "nesterov": (
        1 - 0.2 - 0.9 * 0.2,
        0.62 + 0.9 * -0.228 - 0.048,
    ),  # gradient 2 · 0.24; v = 0.9 · -0.2 - 0.048 = -0.228
    "adagrad": (0.9, 0.9 - 0.1 * 1.6 / np.sqrt(4 + 1.6**2)),
    "rmsprop": (1 - 0.1 / np.sqrt(0.1), None),
    "adam": (0.9, None),
    "adamw": (0.9 - 0.1 * 0.01, None),
}


def training(name: str, **settings: float) -> Trainer:
    """Training of a small network on a batch of all examples; the perceptron's rule has its own kind of network."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(10, 2))
    if name == "perceptron":
        network, y, loss = Network([Dense(1, "step")], (2,), dtype="float64"), (x[:, :1] > 0.3) * 1.0, "perceptron"
    else:
        network = Network([Dense(3, "tanh"), Dense(1)], (2,), dtype="float64")
        y, loss = rng.normal(size=(10, 1)), "mse"
    optimizer = {"name": name, **settings}
    return Trainer(scatter(network), x, y, loss=loss, optimizer=optimizer, batch_size=None, shuffle=False)


@each_optimizer
@pytest.mark.parametrize("changed", [False, True], ids=["defaults", "changed"])
def test_steps_equal_the_reference(name: str, changed: bool) -> None:
    settings = {field.name: 0.7 * field.default for field in fields(OPTIMIZERS[name])} if changed else {}
    trainer = training(name, **settings)
    known, naive = trainer.optimizer.config(), reference.ReferenceNetwork(trainer.network)
    x, y = trainer.data.x, trainer.data.y
    theta, state = naive.parameters, {}
    for step in range(1, 21):
        gradient = naive.gradient(x, y, trainer.loss.name)
        theta = reference.OPTIMIZERS[name](theta, gradient, state, step, known)
        naive.set_parameters(theta)
        trainer.train_epoch()
        assert trainer.step == step
        assert difference(trainer.network.parameters, theta) < 1e-12


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "perceptron"])
def test_first_steps_worked_by_hand(name: str) -> None:
    assert name in HAND_WORKED, f"HAND_WORKED has no steps for {name}: work them out"
    network = Network([Dense(1, weight_init="ones")], (1,), dtype="float64")
    optimizer = {"name": name, "learning_rate": 0.1}
    trainer = Trainer(network, np.ones((1, 1)), np.zeros((1, 1)), loss="mse", optimizer=optimizer)
    for expected in HAND_WORKED[name]:
        trainer.train_epoch()
        if expected is not None:
            assert network.weights["0.weight"][0, 0] == pytest.approx(expected, rel=1e-7)


def test_a_perceptron_step_worked_by_hand() -> None:
    network = Network([Dense(1, "step", weight_init="zeros")], (2,), dtype="float64")
    trainer = Trainer(
        network, [[2.0, 3.0]], [[1.0]], loss="perceptron", optimizer={"name": "perceptron", "learning_rate": 0.5}
    )
    trainer.train_epoch()  # the answer is 0 and should be 1: w + 0.5 · 1 · x
    assert network.parameters.tolist() == [1.0, 1.5, 0.5]
    trainer.train_epoch()  # the answer is right now
    assert network.parameters.tolist() == [1.0, 1.5, 0.5]


@each_optimizer
def test_settings_survive_their_configuration(name: str) -> None:
    optimizer = OPTIMIZERS[name](learning_rate=0.123)
    assert get_optimizer(optimizer.config()) == optimizer
    assert get_optimizer(optimizer) is optimizer
    assert get_optimizer(name) == OPTIMIZERS[name]()
    assert OPTIMIZERS[name].summary


@each_optimizer
@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "0.1", True, None])
def test_a_learning_rate_that_is_none_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"optimizer '{name}': learning_rate={value!r} must be "):
        OPTIMIZERS[name](learning_rate=value)


def test_other_settings_are_held_to_their_ranges() -> None:
    for name, setting in (("momentum", "momentum"), ("adam", "beta1"), ("adam", "beta2"), ("rmsprop", "decay")):
        with pytest.raises(ConfigurationError, match=rf"optimizer '{name}': {setting}=1.0 must be in \[0, 1\)"):
            get_optimizer({"name": name, setting: 1.0})


def test_unknown_names_and_settings_list_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"^unknown optimizer 'adma': did you mean 'adam'"):
        get_optimizer("adma")
    with pytest.raises(ConfigurationError, match=r"unknown setting of optimizer 'adam' 'beta_1': did you mean 'beta1'"):
        get_optimizer({"name": "adam", "beta_1": 0.9})
    with pytest.raises(ConfigurationError, match="unknown optimizer 3"):
        get_optimizer(3)  # type: ignore[arg-type]
