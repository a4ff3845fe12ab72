"""Training on the GPU goes step by step as on the CPU, and can be interrupted, resumed and watched the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import OPTIMIZERS, SCHEDULES, Dense, EarlyStopping, Network, Recorder, Recording, Trainer
from engine.cuda import trainer as cuda_trainer
from engine.cuda.trainer import CudaTrainer
from engine.errors import TrainingError
from engine.layers import BatchNorm, Conv2D, Dropout, Flatten, Layer, MaxPool2D
from tests.engine.cuda.conftest import Shape

RNG = np.random.default_rng(5)
X = RNG.normal(size=(23, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)

LAYERS = [Dense(5, "tanh", l2=0.01), Dense(1, "sigmoid", l1=0.001)]
CLASSES = [Dense(4, "relu"), Dropout(0.3), BatchNorm(), Dense(2, "softmax")]


def pair(layers: list[Layer], shape: tuple[int, ...] = (2,), dtype: str = "float32") -> list[Network]:
    """The same network on both devices, the CPU's first."""
    return [Network(layers, shape, seed=3, dtype=dtype, device=device) for device in ("cpu", "cuda")]


def fit_both(networks: list[Network], x: Any = X, y: Any = Y, **settings: Any) -> list[Any]:
    settings = {"loss": "binary_crossentropy", "epochs": 3, "batch_size": 7} | settings
    return [network.fit(x, y, **settings) for network in networks]


def assert_same(networks: list[Network], histories: list[Any], limit: float = 1e-5) -> None:
    cpu, gpu = networks
    assert np.abs(gpu.parameters - cpu.parameters).max() < limit * max(1, np.abs(cpu.parameters).max())
    for expected, found in zip(*[history.epochs for history in histories], strict=True):
        assert expected.keys() == found.keys()
        for name in set(expected) - {"seconds"}:
            assert found[name] == pytest.approx(expected[name], rel=limit, abs=limit), name


@pytest.mark.parametrize("in_block", [False, True])
@pytest.mark.parametrize("optimizer", [name for name in OPTIMIZERS if name != "perceptron"])
def test_optimizers_go_as_on_the_cpu(optimizer: str, in_block: bool, launches: Shape) -> None:
    launches(2, 3, in_block=in_block, backwards=in_block)
    networks = pair(LAYERS, dtype="float64")
    assert_same(networks, fit_both(networks, optimizer=optimizer, clip_norm=0.3), 1e-11)


def test_the_perceptrons_rule_goes_as_on_the_cpu() -> None:
    networks = pair([Dense(1, "step")])
    assert_same(networks, fit_both(networks, loss="perceptron", optimizer="perceptron", batch_size=1))


@pytest.mark.parametrize("in_block", [False, True])
def test_dropout_and_batch_norm_go_as_on_the_cpu(in_block: bool, launches: Shape) -> None:
    launches(4, 2, in_block=in_block)
    networks = pair(CLASSES, dtype="float64")  # the bias before the normalisation has no gradient but rounding errors
    histories = fit_both(
        networks, loss="categorical_crossentropy", validation_data=(X[:9], Y[:9]), class_weights="balanced", seed=8
    )
    assert_same(networks, histories, 1e-9)


def test_images_go_as_on_the_cpu(launches: Shape) -> None:
    launches(4, 3)
    networks = pair([Conv2D(3, 3, activation="relu"), MaxPool2D(2), Flatten(), Dense(2, "softmax")], (7, 6, 2))
    x = RNG.normal(size=(11, 7, 6, 2))
    histories = fit_both(networks, x, np.arange(11) % 2, loss="sparse_categorical_crossentropy", batch_size=4)
    assert_same(networks, histories)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_go_as_on_the_cpu(schedule: str) -> None:
    networks = pair(LAYERS)
    assert_same(networks, fit_both(networks, schedule=schedule, epochs=4))


def test_one_block_works_in_shared_memory_where_all_fits(launches: Shape) -> None:
    launches(4, 2, in_block=True)
    small = CudaTrainer(pair(LAYERS)[1], X, Y, loss="mse", batch_size=7)
    large = CudaTrainer(pair([Dense(900), Dense(1)])[1], X, Y, loss="mse", batch_size=7)
    assert small.in_block and not large.in_block


def test_the_launch_does_not_matter(launches: Shape) -> None:
    found = []
    for side, blocks, in_block, backwards in ((2, 1, True, False), (2, 5, False, True), (4, 2, False, False)):
        launches(side, blocks, in_block, backwards)
        network = pair(CLASSES, dtype="float64")[1]
        fit_both([network], loss="categorical_crossentropy")
        found.append(network.parameters)
    assert np.abs(found[1] - found[0]).max() < 1e-12
    assert np.abs(found[2] - found[0]).max() < 1e-12


def test_threads_can_take_turns_in_any_order(launches: Shape) -> None:
    """To the last bit: what one thread needs of another lies behind a barrier."""
    found = []
    for backwards in (False, True):
        launches(2, 3, backwards=backwards)
        network = pair(CLASSES)[1]
        fit_both([network], loss="categorical_crossentropy", clip_norm=0.5)
        found.append(network.parameters)
    assert (found[0] == found[1]).all()


def test_short_launches_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pair(CLASSES)[1]
    fit_both([whole], loss="categorical_crossentropy", batch_size=3)
    monkeypatch.setattr(cuda_trainer, "FIRST_LAUNCH", 2)
    monkeypatch.setattr(cuda_trainer, "LAUNCH_SECONDS", 0)
    cut = pair(CLASSES)[1]
    fit_both([cut], loss="categorical_crossentropy", batch_size=3)
    assert (cut.parameters == whole.parameters).all()


def test_a_trainer_of_a_network_on_the_gpu_is_the_gpus() -> None:
    cpu, gpu = pair(LAYERS)
    assert type(Trainer(cpu, X, Y, loss="mse")) is Trainer
    assert type(Trainer(gpu, X, Y, loss="mse")) is CudaTrainer


def test_weights_that_a_callback_sets_are_trained_on() -> None:
    def halve(network: Network, epoch: int, metrics: Any) -> None:
        network.parameters[:] *= 0.5

    networks = pair(LAYERS)
    assert_same(networks, fit_both(networks, callbacks=[halve]))


def test_early_stopping_takes_back_the_best_epoch() -> None:
    networks = pair(LAYERS)
    stopping = EarlyStopping(patience=1, restore_best=True)
    optimizer = {"name": "sgd", "learning_rate": 4.0}
    histories = fit_both(
        networks, epochs=12, optimizer=optimizer, validation_data=(X[:5], 1 - Y[:5]), early_stopping=stopping
    )
    assert histories[1].state == "stopped"
    assert histories[1].best_epoch == histories[0].best_epoch
    assert_same(networks, histories, 1e-4)


def test_a_run_is_recorded_and_resumed_as_on_the_cpu(tmp_path: Path) -> None:
    whole = pair(CLASSES)
    settings = {"loss": "categorical_crossentropy", "batch_size": 7}
    for network in whole:
        recorder = Recorder(tmp_path / network.device, snapshot_steps=[2, 9])
        network.fit(X, Y, epochs=4, record=recorder, **settings)
    runs = [Recording(tmp_path / network.device) for network in whole]
    for epoch in range(5):
        expected, found = (run.network(epoch).parameters for run in runs)
        assert np.abs(found - expected).max() < 1e-5
    for step in (2, 9):
        expected, found = (run.network(step=step).parameters for run in runs)
        assert np.abs(found - expected).max() < 1e-5

    part = pair(CLASSES)[1]
    part.fit(X, Y, epochs=2, record=tmp_path / "part", **settings)
    recorder, checkpoint = Recorder.resume(tmp_path / "part")
    again = pair(CLASSES)[1]
    recorder.start(again, Recording(tmp_path / "part").training | {"epochs": 4}, {"x": X, "y": Y})
    again.fit(X, Y, epochs=4, record=recorder, checkpoint=checkpoint, **settings)
    assert (again.parameters == whole[1].parameters).all()


def test_frozen_layers_stay_as_they_are() -> None:
    networks = pair([Dense(5, "tanh", trainable=False), Dense(1, "sigmoid")])
    before = networks[1].weights["0.weight"].copy()
    assert_same(networks, fit_both(networks))
    assert (networks[1].weights["0.weight"] == before).all()


def test_divergence_is_found_in_its_step() -> None:
    messages = []
    for network in pair([Dense(3), Dense(1)]):
        with pytest.raises(TrainingError, match="training diverged in epoch") as error:
            network.fit(X * 1e6, X[:, 0] * 1e6, loss="mse", optimizer="sgd", epochs=9, batch_size=5)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_an_abandoned_epoch_does_not_count() -> None:
    network = pair(LAYERS)[1]
    trainer = Trainer(network, X, Y, loss="binary_crossentropy", epochs=9)
    trainer.train_epoch()
    kept = network.parameters.copy()
    trainer.abandon()
    with pytest.raises(KeyboardInterrupt):
        trainer.train_epoch()
    assert trainer.epoch == 1
    assert (network.parameters == kept).all()
