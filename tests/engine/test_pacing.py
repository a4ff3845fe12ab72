"""With helpers or alone: by what each took when it was tried last, with the same bits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine import Dense, Network, Trainer
from engine.errors import TrainingError
from engine.pacing import Pacing


class World:
    """A training whose steps take as long as is said, and how many of its steps had helpers."""

    def __init__(self) -> None:
        self.pacing, self.helped, self.alone = Pacing(), 0, 0

    def train(self, steps: int, with_helpers: float, without: float) -> float:
        """Take so many steps, and give the share of them that had helpers; times in seconds."""
        expected, before, total = 0, self.helped, self.helped + self.alone
        for first, last, helped in self.pacing.pieces(0, steps):
            assert first == expected and first < last <= steps
            expected = last
            assert last - first > helped or last == steps  # there is a step to measure behind that of their coming
            noted = last - first - helped
            self.pacing.note(noted, noted * (with_helpers if helped else without))
            self.helped += (last - first) * helped
            self.alone += (last - first) * (not helped)
        assert expected == steps and self.helped + self.alone == total + steps
        return (self.helped - before) / steps


@pytest.mark.parametrize("unit", [1e-6, 1e-4, 0.001, 0.01])
@pytest.mark.parametrize("epoch", [5, 100_000])
def test_nearly_all_steps_go_the_faster_way(unit: float, epoch: int) -> None:
    world = World()
    for with_helpers, without in ((1.0, 1.9), (1.9, 1.0), (1.0, 1.9)):  # the machine is free, busy, free again
        shares = []
        for _ in range(2):  # finding out takes a second at most
            taken, helped = 0, 0.0
            while taken * unit < 2:
                helped += epoch * world.train(epoch, with_helpers * unit, without * unit)
                taken += epoch
            shares.append(helped / taken)
        assert abs(shares[1] - (with_helpers < without)) < 0.04


def test_it_stays_with_what_is_as_good() -> None:
    world = World()
    assert world.train(20_000, 1e-4, 0.95e-4) > 0.98


def test_a_trial_is_as_short_as_steps_allow() -> None:
    world = World()
    world.train(1000, 0.02, 0.04)
    assert 0 < world.alone < 60  # one step in each trial


def test_epochs_of_one_step_keep_their_helpers() -> None:
    world = World()
    assert all(world.train(1, 0.01, 0.02) == 1.0 for _ in range(1000))


def test_helped_and_alone_give_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4096, 200)), rng.integers(0, 10, 4096)
    parameters, losses = [], []
    for ways in ([True], [False], [True, False]):
        network = Network([Dense(96, "relu"), Dense(10, "softmax")], (200,), seed=1)
        trainer = Trainer(network, x, y, loss="categorical_crossentropy", batch_size=128)
        trainer._pacing = Alternating(ways)
        losses.append([trainer.train_epoch()["loss"] for _ in range(2)])
        parameters.append(network.parameters.copy())
    assert losses[0] == losses[1] == losses[2]
    assert all(np.array_equal(parameters[0], each) for each in parameters)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_divergence_ends_at_the_same_step(size: int) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4096, 200)), rng.normal(size=(4096, 1))
    steps = []
    for way in (True, False):
        network = Network([Dense(96), Dense(1)], (200,), seed=1)
        optimizer = {"name": "sgd", "learning_rate": 5.0}
        trainer = Trainer(network, x, y, loss="mse", optimizer=optimizer, batch_size=128)
        trainer._pacing = Alternating([way], size)
        with pytest.raises(TrainingError, match="diverged in epoch 1"):
            trainer.train_epoch()
        steps.append(trainer.step)
    assert steps[0] == steps[1]


class Alternating(Pacing):
    """Pieces of some steps, now one way, now the other."""

    def __init__(self, ways: list[bool], size: int = 5) -> None:
        super().__init__()
        self.ways, self.size = ways, size

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
        for number, start in enumerate(range(first, last, self.size)):
            yield start, min(start + self.size, last), self.ways[number % len(self.ways)]
