"""Schedules of the learning rate, early stopping: by hand, in training, and after a resumption."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import Dense, Network, Trainer
from engine.errors import ConfigurationError
from engine.schedules import SCHEDULES, get_schedule
from engine.stopping import EarlyStopping

X = np.random.default_rng(0).normal(size=(12, 2))
Y = X[:, :1] - X[:, 1:]

EPOCHS = np.array([0, 1.5, 4, 9.5])

# the factors at these epochs of 10, by hand
BY_HAND: dict[str, tuple[dict[str, Any], list[float]]] = {
    "constant": ({}, [1, 1, 1, 1]),
    "step": ({"every": 2, "factor": 0.1}, [1, 1, 0.01, 1e-4]),
    "exponential": ({"factor": 0.5}, [1, 0.5**1.5, 1 / 16, 0.5**9.5]),
    "cosine": ({"lowest": 0.2}, [1, 0.2 + 0.4 * (1 + np.cos(0.15 * np.pi)), 0.2 + 0.4 * (1 + np.cos(0.4 * np.pi)),
                                 0.2 + 0.4 * (1 + np.cos(0.95 * np.pi))]),
    "warm_up": ({"epochs": 4}, [0, 1.5 / 4, 1, 1]),
    "plateau": ({}, [1, 1, 1, 1]),
}  # fmt: skip


def train(epochs: int = 6, **settings: Any) -> tuple[Network, Any]:
    network = Network([Dense(3, "tanh"), Dense(1)], (2,), dtype="float64")
    history = network.fit(X, Y, **{"loss": "mse", "optimizer": "sgd", "epochs": epochs, "batch_size": 4, **settings})
    return network, history


@pytest.mark.parametrize("name", SCHEDULES)
def test_factors_worked_by_hand(name: str) -> None:
    assert name in BY_HAND, f"BY_HAND has no factors for {name}: work them out"
    settings, expected = BY_HAND[name]
    factors = get_schedule({"name": name, **settings}).factors(EPOCHS, 10)
    np.testing.assert_allclose(factors, expected, rtol=1e-12, atol=1e-3 if name == "warm_up" else 0)


@pytest.mark.parametrize("name", SCHEDULES)
def test_training_follows_the_schedule_step_by_step(name: str) -> None:
    schedule = get_schedule({"name": name, **BY_HAND[name][0]})
    network = Network([Dense(1)], (2,), dtype="float64")
    naive = network.parameters.copy()
    trainer = Trainer(
        network, X, Y, loss="mse", optimizer="sgd", batch_size=4, shuffle=False, schedule=schedule, epochs=3
    )
    twin = Network([Dense(1)], (2,), dtype="float64")
    for epoch in range(3):
        metrics = trainer.train_epoch()
        for step in range(3):
            twin.parameters[:] = naive
            batch = slice(4 * step, 4 * step + 4)
            rate = 0.1 * schedule.factors(np.array([epoch + step / 3]), 3)[0]
            naive -= rate * twin.gradient(X[batch], Y[batch], "mse")[1]
        assert metrics["learning_rate"] == pytest.approx(rate)
    np.testing.assert_allclose(network.parameters, naive, rtol=1e-12)


def test_a_plateau_lowers_the_learning_rate() -> None:
    state, schedule = np.array([1.0, np.inf, 0.0]), get_schedule({"name": "plateau", "patience": 2, "factor": 0.1})
    factors = []
    for loss in (5, 4, 4, 4.5, 4, 3, 3, 3, 3):  # three epochs without a better loss are one more than patience
        schedule.observe(state, loss)
        factors.append(state[0])
    assert factors == [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, pytest.approx(0.01)]


def test_a_plateau_is_seen_in_training() -> None:
    still = {"name": "sgd", "learning_rate": 1e-300}  # nothing moves, so the loss does not fall
    schedule = {"name": "plateau", "patience": 1, "factor": 0.5}
    rates = train(8, optimizer=still, schedule=schedule, shuffle=False)[1]["learning_rate"][1:]
    assert (rates / 1e-300).tolist() == pytest.approx([1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125])


@pytest.mark.parametrize("name", SCHEDULES)
def test_resumed_training_is_on_the_same_place_of_the_schedule(name: str) -> None:
    settings = {"schedule": {"name": name, **BY_HAND[name][0]}, "loss": "mse", "batch_size": 4}
    whole, history = train(6, **settings)
    half = Network([Dense(3, "tanh"), Dense(1)], (2,), dtype="float64")
    trainer = Trainer(half, X, Y, optimizer="sgd", epochs=6, **settings)
    trainer.observe(history["loss"][0])
    for epoch in range(3):
        trainer.train_epoch()
        trainer.observe(history["loss"][epoch + 1])
    checkpoint = {key: value.copy() for key, value in trainer.checkpoint().items()}
    resumed = train(6, checkpoint=checkpoint, **settings)[0]
    assert np.array_equal(resumed.parameters, whole.parameters)


@pytest.mark.parametrize("name", SCHEDULES)
def test_settings_survive_their_configuration(name: str) -> None:
    schedule = get_schedule({"name": name, **BY_HAND[name][0]})
    assert get_schedule(schedule.config()) == schedule
    assert get_schedule(schedule) is schedule
    assert schedule.summary


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="schedule 'step': factor=-1 must be at least 0"):
        get_schedule({"name": "step", "factor": -1})
    with pytest.raises(ConfigurationError, match="unknown setting of schedule 'step' 'evry': did you mean 'every'"):
        get_schedule({"name": "step", "evry": 3})


# --- early stopping ---------------------------------------------------------------------------------------------------


def overfitting(**settings: Any) -> tuple[Network, Any]:
    """A validation loss that grows from the first epoch on: the validation targets are the negative ones."""
    network = Network([Dense(1, weight_init="zeros")], (2,), dtype="float64")
    settings = {
        "validation_data": (X, -Y),
        "optimizer": "sgd",
        "loss": "mse",
        "epochs": 20,
        "batch_size": None,
        **settings,
    }
    return network, network.fit(X, Y, **settings)


def test_early_stopping_waits_as_long_as_it_is_patient() -> None:
    _, history = overfitting(early_stopping=EarlyStopping(patience=4))
    assert history.state == "stopped"
    assert history["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert history.best_epoch == 0


@pytest.mark.parametrize("restore", [False, True])
def test_the_best_epoch_comes_back_if_asked_for(restore: bool) -> None:
    network, _ = overfitting(early_stopping=EarlyStopping(patience=2, restore_best=restore))
    assert (network.parameters == 0).all() == restore


def test_training_that_keeps_improving_is_not_stopped() -> None:
    _, history = overfitting(early_stopping=EarlyStopping(monitor="loss", patience=1))
    assert history.state == "finished"
    assert len(history) == 21
    assert history.best_epoch == 20


def test_an_improvement_must_be_large_enough_to_count() -> None:
    _, history = overfitting(early_stopping=EarlyStopping(monitor="loss", patience=3, min_delta=1e9))
    assert history["epoch"].tolist() == [0, 1, 2, 3]


def test_accuracy_should_rise() -> None:
    network = Network([Dense(1, "sigmoid")], (2,))
    labels = (Y[:, 0] > 0).astype(int)
    history = network.fit(
        X, labels, loss="binary_crossentropy", optimizer={"name": "adam", "learning_rate": 0.1}, epochs=200,
        early_stopping=EarlyStopping(monitor="accuracy", patience=5),
    )  # fmt: skip
    assert history["accuracy"][history.best_epoch] == history["accuracy"].max()
    assert network.evaluate(X, labels, "binary_crossentropy")["accuracy"] > 0.9


def test_what_is_not_measured_cannot_be_watched() -> None:
    with pytest.raises(ConfigurationError, match="early stopping watches 'val_loss', which is not measured"):
        train(3, early_stopping=EarlyStopping())
    with pytest.raises(ConfigurationError, match="unknown measurement for early stopping 'val_los': did you mean"):
        EarlyStopping(monitor="val_los")
    with pytest.raises(ConfigurationError, match="early stopping: patience=0 must be a whole number of at least 1"):
        EarlyStopping(patience=0)
