"""A whole training: its history, who is told, and how it ends: by callbacks, Ctrl-C, divergence."""

from __future__ import annotations

import signal
import threading
from typing import Any

import numpy as np
import pytest

from engine import Dense, Network, fit
from engine.errors import TrainingError
from engine.training import History
from tests.engine import reference
from tests.engine.small_training import SETTINGS, data, network


def test_history_has_a_line_for_the_untrained_network_and_one_an_epoch() -> None:
    x, labels = data()
    net = network()
    before = net.evaluate(x, labels, "categorical_crossentropy")
    history = net.fit(x, labels, epochs=3, validation_data=data(11, 9), **SETTINGS)
    assert len(history) == 4
    assert history["epoch"].tolist() == [0, 1, 2, 3]
    assert history["loss"][0] == before["loss"]
    assert history["accuracy"][0] == before["accuracy"]
    assert np.isnan(history["gradient_norm"][0])
    assert (history["gradient_norm"][1:] > 0).all()
    assert history["learning_rate"][1:].tolist() == [0.02] * 3
    assert (history["seconds"] > 0).all()
    assert history.state == "finished"
    with pytest.raises(KeyError, match="history has no 'los': it has accuracy, epoch, .*loss"):
        history["los"]


def test_validation_is_measured_after_each_epoch() -> None:
    x, labels = data()
    validation = data(1500, 9)  # more than are taken at a time
    seen = []

    def check(net: Network, epoch: int, metrics: dict[str, Any]) -> None:
        outputs = reference.ReferenceNetwork(net)
        targets = np.eye(3)[validation[1]]
        seen.append(epoch)
        assert metrics["val_loss"] == pytest.approx(outputs.loss(validation[0], targets, SETTINGS["loss"]), rel=1e-12)
        right = outputs.forward(validation[0])[-1].argmax(axis=1) == validation[1]
        assert metrics["val_accuracy"] == pytest.approx(right.mean())

    network().fit(x, labels, epochs=2, validation_data=validation, callbacks=[check], **SETTINGS)
    assert seen == [0, 1, 2]


def test_callbacks_stop_training() -> None:
    x, labels = data()
    seen: list[int] = []

    def stop(net: Network, epoch: int, metrics: dict[str, Any]) -> bool:
        return epoch == 3

    def watch(net: Network, epoch: int, metrics: dict[str, Any]) -> None:
        seen.append(epoch)

    history = network().fit(x, labels, epochs=10, callbacks=[stop, watch], **SETTINGS)
    assert history.state == "stopped"
    assert seen == [0, 1, 2, 3]
    assert history["epoch"].tolist() == [0, 1, 2, 3]


def test_progress_is_told_of_every_epoch() -> None:
    x, labels = data()

    class Display:
        def __init__(self) -> None:
            self.calls: list[Any] = []

        def start(self, total_epochs: int, first_epoch: int) -> None:
            self.calls.append(("start", total_epochs, first_epoch))

        def update(self, epoch: int, metrics: dict[str, Any]) -> None:
            self.calls.append((epoch, metrics["loss"]))

        def stop(self) -> None:
            self.calls.append("stop")

    display = Display()
    history = network().fit(x, labels, epochs=2, progress=display, **SETTINGS)
    assert display.calls == [("start", 2, 0), *enumerate(history["loss"]), "stop"]


def interrupted_fit(presses: int) -> tuple[Network, History]:
    x, labels = data()
    net = network()

    def press(_: Network, epoch: int, metrics: dict[str, Any]) -> None:
        if epoch == 2:
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)

    return net, net.fit(x, labels, epochs=50, callbacks=[press], **SETTINGS)


def test_ctrl_c_finishes_the_epoch() -> None:
    before = signal.getsignal(signal.SIGINT)
    net, history = interrupted_fit(1)
    x, labels = data()
    same = network()
    same.fit(x, labels, epochs=2, **SETTINGS)
    assert history.state == "interrupted"
    assert history["epoch"].tolist() == [0, 1, 2]
    assert np.array_equal(net.parameters, same.parameters)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupted_fit(2)
    assert signal.getsignal(signal.SIGINT) is before


def test_training_works_outside_the_main_thread() -> None:
    x, labels = data()
    net, same = network(), network()
    thread = threading.Thread(target=lambda: net.fit(x, labels, epochs=2, **SETTINGS))
    thread.start()
    thread.join()
    same.fit(x, labels, epochs=2, **SETTINGS)
    assert np.array_equal(net.parameters, same.parameters)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_names_the_epoch_and_the_learning_rate(dtype: str) -> None:
    x, _ = data()
    net = Network([Dense(4), Dense(1)], (2,), dtype=dtype)
    seen = []
    with pytest.raises(TrainingError, match=r"diverged in epoch (\d+) .*smaller learning rate than 100$") as caught:
        net.fit(
            x, x[:, :1], loss="mse", optimizer={"name": "sgd", "learning_rate": 100.0}, epochs=300, batch_size=8,
            callbacks=[lambda _, epoch, metrics: seen.append(metrics["loss"])],
        )  # fmt: skip
    assert f"epoch {len(seen)} " in str(caught.value)  # seen holds epoch 0 too
    assert np.isfinite(seen).all()


def test_a_gradient_that_overflows_is_seen_in_its_epoch() -> None:
    net = Network([Dense(1)], (1,))
    with pytest.raises(TrainingError, match=r"diverged in epoch 1 \(step 1\)"):
        net.fit([[1e19]], [[0.0]], loss="mae", optimizer={"name": "sgd", "learning_rate": 1e25}, epochs=3)


def test_fit_and_the_method_are_the_same() -> None:
    x, labels = data()
    one, other = network(), network()
    fit(one, x, labels, epochs=2, **SETTINGS)
    other.fit(x, labels, epochs=2, **SETTINGS)
    assert np.array_equal(one.parameters, other.parameters)
