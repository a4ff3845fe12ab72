"""Dropout and batch normalisation in training, where they differ from what they do in prediction."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Dense, Network, Trainer
from engine.errors import ConfigurationError
from engine.layers import BatchNorm, Dropout

INPUTS = 20_000


def dropped(rate: float, step: int, seed: int = 1, layers_before: int = 0) -> np.ndarray:
    """What dropout makes of inputs of 1 in an optimisation step: with one weight on each, its gradient shows it."""
    layers = [*[Dropout(0.0)] * layers_before, Dropout(rate), Dense(1, weight_init="zeros")]
    network = Network(layers, (INPUTS,), seed=seed, dtype="float64")
    gradient = network.gradient(np.ones((1, INPUTS)), [[-0.5]], "mse", training=True, step=step)[1]
    return gradient[:INPUTS]  # 2 (0 + 0.5) x


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_dropout_drops_its_share_and_scales_up_the_rest(rate: float) -> None:
    values = dropped(rate, step=3)
    np.testing.assert_allclose(values[values != 0], 1 / (1 - rate), rtol=1e-14)
    assert (values == 0).mean() == pytest.approx(rate, abs=0.02)
    assert values.mean() == pytest.approx(1, abs=0.05)


def test_dropout_draws_anew_for_every_step_seed_and_layer() -> None:
    masks = [dropped(0.5, 3), dropped(0.5, 4), dropped(0.5, 3, seed=2), dropped(0.5, 3, layers_before=1)]
    for index, mask in enumerate(masks):
        for other in masks[:index]:
            assert (mask == other).mean() == pytest.approx(0.5, abs=0.02)
    assert np.array_equal(dropped(0.5, 3), masks[0])


def test_examples_of_a_batch_have_masks_of_their_own() -> None:
    network = Network([Dropout(0.5), Dense(1, weight_init="zeros")], (INPUTS,), dtype="float64")
    both = network.gradient(np.ones((2, INPUTS)), [[-0.5], [-0.5]], "mse", training=True, step=1)[1][:INPUTS]
    counts = [(both == value).mean() for value in (0, 1, 2)]  # how many of the two kept it
    assert counts == pytest.approx([0.25, 0.5, 0.25], abs=0.02)


def test_dropout_does_nothing_in_prediction() -> None:
    network, plain = Network([Dropout(0.9), Dense(2)], (3,)), Network([Dense(2)], (3,))
    plain.parameters[:] = network.parameters
    x = np.random.default_rng(0).normal(size=(5, 3))
    assert np.array_equal(network.predict(x), plain.predict(x))
    assert network.evaluate(x, x[:, :2], "mse") == plain.evaluate(x, x[:, :2], "mse")


@pytest.mark.parametrize("rate", [-0.1, 1, 1.5, "half", float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ConfigurationError, match=r"Dropout: rate=.* must be a number of at least 0 and below 1"):
        Dropout(rate)


def test_running_statistics_follow_the_batches() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(3, 2, size=(30, 2))
    network = Network([BatchNorm(momentum=0.8), Dense(1)], (2,), dtype="float64")
    trainer = Trainer(network, x, x[:, :1], loss="mse", optimizer="sgd", batch_size=10, shuffle=False)
    trainer.train_epoch()
    mean, variance = np.zeros(2), np.ones(2)
    for batch in x.reshape(3, 10, 2):
        mean = 0.8 * mean + 0.2 * batch.mean(axis=0)
        variance = 0.8 * variance + 0.2 * batch.var(axis=0)
    np.testing.assert_allclose(network.weights["0.running_mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(network.weights["0.running_variance"], variance, rtol=1e-12)
    for _ in range(100):
        trainer.train_epoch()
    assert network.weights["0.running_mean"] == pytest.approx(x.mean(axis=0), rel=0.5)


def test_prediction_depends_on_one_example_alone() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(3, 2, size=(30, 2))
    network = Network([BatchNorm(), Dense(1)], (2,), dtype="float64")
    network.fit(x, x[:, :1], loss="mse", epochs=3, batch_size=10)
    before = network.parameters.copy()
    together = network.predict(x)
    np.testing.assert_allclose([network.predict(row[None])[0] for row in x], together, rtol=1e-12)
    assert np.array_equal(network.parameters, before)


def test_a_constant_channel_stays_finite() -> None:
    x = np.column_stack([np.ones(16), np.arange(16)])
    network = Network([BatchNorm(), Dense(1)], (2,))
    history = network.fit(x, x[:, 1:] / 16, loss="mse", epochs=20, batch_size=4)
    assert np.isfinite(network.parameters).all()
    assert history["loss"][-1] < history["loss"][0]


def test_dropout_trains_the_same_after_a_resumption() -> None:
    rng = np.random.default_rng(2)
    x, labels = rng.normal(size=(20, 3)), rng.integers(0, 2, 20)

    def make() -> Network:
        return Network([Dense(8, "relu"), BatchNorm(), Dropout(0.5), Dense(1, "sigmoid")], (3,), seed=4)

    settings = {"loss": "binary_crossentropy", "batch_size": 5}
    whole = make()
    whole.fit(x, labels, epochs=6, **settings)
    trainer = Trainer(make(), x, labels, **settings)
    for _ in range(3):
        trainer.train_epoch()
    resumed = make()
    resumed.fit(x, labels, epochs=6, checkpoint={k: v.copy() for k, v in trainer.checkpoint().items()}, **settings)
    assert np.array_equal(resumed.parameters, whole.parameters)
