"""Masks that are drawn again are those that training used, which its weights give away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import Dense, Network, Recording, Trainer
from engine.analysis.dropout import dropout_mask, examples_of_step
from engine.errors import ConfigurationError
from engine.experiment import Experiment
from engine.layers import Conv2D, Dropout, Layer, Residual
from engine.run import run_experiment

UNITS = 40


def moved(network: Network, trainer: Trainer, weight: str) -> np.ndarray:
    """Which weights an optimisation step moves: those whose input was not switched off."""
    before = network.weights[weight].copy()
    trainer.train_epoch()
    return np.asarray(network.weights[weight] != before)


@pytest.mark.parametrize("seed", [None, 11])
def test_masks_are_those_that_the_steps_of_a_training_used(seed: int | None) -> None:
    network = Network([Dropout(0.3), Dense(1, weight_init="zeros")], (UNITS,), seed=4)
    trainer = Trainer(network, np.ones((1, UNITS)), [[5.0]], loss="mse", optimizer="sgd", batch_size=1, seed=seed)
    for step in range(1, 6):
        used = moved(network, trainer, "1.weight")[:, 0]
        mask = dropout_mask(network, step, seed=seed)
        assert mask.shape == (1, UNITS) and 0 < mask.sum() < UNITS
        assert np.array_equal(mask[0], used)
        assert not np.array_equal(dropout_mask(network, step, seed=99)[0], used)


def test_each_example_of_a_shuffled_batch_has_its_row() -> None:
    # Every example has features of its own, so that a weight shows what became of one feature of one example.
    examples, each = 10, 30
    x = np.kron(np.eye(examples), np.ones(each))
    network = Network([Dropout(0.5), Dense(1, weight_init="zeros")], (examples * each,), seed=6, dtype="float64")
    trainer = Trainer(network, x, np.ones((examples, 1)), loss="mse", optimizer="sgd", batch_size=4)
    seen: list[int] = []
    for epoch in range(3):
        before = network.weights["1.weight"][:, 0].copy()
        steps: dict[int, np.ndarray] = {}

        def note(step: int, steps: dict[int, np.ndarray] = steps) -> Any:
            return lambda: steps.update({step: network.weights["1.weight"][:, 0].copy()})

        trainer.train_epoch({step: note(step) for step in range(3 * epoch + 1, 3 * epoch + 4)})
        for step, after in sorted(steps.items()):
            batch = examples_of_step(trainer.config(), examples, step)
            mask = dropout_mask(network, step, len(batch))
            expected = np.zeros(examples * each, bool)
            for row, example in enumerate(batch):
                expected |= mask[row] & (x[example] > 0)
            assert np.array_equal(after != before, expected)
            before, seen = after, [*seen, *batch]
    assert sorted(seen) == sorted([*range(examples)] * 3)
    assert seen[:10] != [*range(10)]


@pytest.mark.parametrize(
    ("layers", "layer", "rate", "shape"),
    [
        ([Dense(6), Dropout(0.5), Dense(50), Dropout(0.2)], None, 0.5, (6,)),
        ([Dense(6), Dropout(0.5), Dense(50), Dropout(0.2)], 3, 0.2, (50,)),
        ([Residual([Dense(4), Dropout(0.4)]), Dense(1)], None, 0.4, (4,)),
    ],
)
def test_masks_of_a_layer_within_a_network(layers: list[Layer], layer: Any, rate: float, shape: Any) -> None:
    mask = dropout_mask(Network(layers, (4,), seed=1), 7, 3000, layer)
    assert mask.shape == (3000, *shape)
    assert 1 - mask.mean() == pytest.approx(rate, abs=0.02)


def test_masks_of_images_have_their_shape() -> None:
    network = Network([Conv2D(3, 3), Dropout(0.5)], (6, 6, 1))
    assert dropout_mask(network, 1, 5).shape == (5, 4, 4, 3)


def test_masks_of_a_recorded_run(tmp_path: Path) -> None:
    experiment = Experiment.from_toml("""
name = "dropping"
seed = 5
[dataset]
name = "moons"
n = 20
[network]
layers = [{type = "dense", units = 30, activation = "tanh", trainable = false}, {type = "dropout", rate = 0.5},
          {type = "dense", units = 1, activation = "sigmoid"}]
[training]
optimizer = {name = "sgd"}
epochs = 4
batch_size = 1
[recording]
snapshot_steps = [41, 42]
""")
    run: Recording = run_experiment(experiment, tmp_path / "run")
    start, stop = run.network(0).layer_spans[2]
    change = (run.parameters(step=42) - run.parameters(step=41))[start : stop - 1]
    mask = dropout_mask(run.network(), 42, seed=run.training["seed"])[0]
    assert np.array_equal(change != 0, mask)


def test_what_has_no_mask_is_refused() -> None:
    plain = Network([Dense(2)], (3,))
    two = Network([Dense(2), Dropout(0.5), Residual([Dropout(0.1), Dropout(0.1)])], (3,))
    for call, sentence in (
        (lambda: dropout_mask(plain, 1), "has no dropout layer, whose mask could be drawn"),
        (lambda: dropout_mask(two, 1, layer=0), "layer=0 is not a dropout layer of .*: choose 1"),
        (lambda: dropout_mask(two, 1, layer=2), "drops in 2 places: masks are read of one"),
        (lambda: dropout_mask(two, 0), "step=0 must be a whole number of at least 1"),
        (lambda: dropout_mask(two, 1, examples=0), "examples=0 must be a whole number of at least 1"),
    ):
        with pytest.raises(ConfigurationError, match=sentence):
            call()
