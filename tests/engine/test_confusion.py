"""Confusion matrices: against scikit-learn's, in the metrics of a training, and not where they make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as expected_matrix

from engine import confusion
from engine.confusion import ConfusionMonitor, confusion_matrix
from engine.datasets import load_dataset
from engine.layers import Dense, Layer
from engine.losses import get_loss
from engine.network import Network
from engine.recording import Recording
from engine.trainer import Trainer
from engine.training import fit


def test_rows_are_truths_and_columns_answers() -> None:
    rng = np.random.default_rng(0)
    truth, answers = rng.integers(0, 5, (2, 200))
    np.testing.assert_array_equal(confusion_matrix(truth, answers, 5), expected_matrix(truth, answers))
    assert confusion_matrix([0, 0, 1], [2, 2, 0], 3).tolist() == [[0, 0, 2], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("layer", "loss"),
    [
        (Dense(4, "softmax"), "categorical_crossentropy"),
        (Dense(4), "sparse_categorical_crossentropy"),
        (Dense(4, "sigmoid"), "binary_crossentropy"),
        (Dense(4, "sigmoid"), "mse"),
        (Dense(1, "sigmoid"), "binary_crossentropy"),
        (Dense(1), "binary_crossentropy"),
        (Dense(1, "tanh"), "hinge"),
        (Dense(1, "sigmoid"), "mse"),
        (Dense(1, "step"), "perceptron"),
    ],
)
def test_the_diagonal_is_the_accuracy(layer: Layer, loss: str) -> None:
    units = layer.config()["units"]
    data = load_dataset("blobs", n=200, classes=max(units, 2), spread=0.4)
    network = Network([layer], (2,), seed=3)
    monitor = ConfusionMonitor.where_it_makes_sense(network, data.x, data.y, get_loss(loss))
    assert monitor is not None
    matrix = np.array(monitor.measure(0)["confusion"])
    assert matrix.sum() == 200 and matrix.shape == (max(units, 2),) * 2
    np.testing.assert_array_equal(matrix.sum(axis=1), np.bincount(data.y))
    measured = network.evaluate(data.x, data.y, loss)["accuracy"]
    assert np.trace(matrix) / 200 == pytest.approx(measured) and 0 < measured < 1
    trainer = Trainer(network, data.x, data.y, loss=loss)
    outputs = np.full((200, units), np.nan, np.float32)
    assert trainer.evaluate(outputs=outputs)["accuracy"] == pytest.approx(measured)
    monitor.x = data.x * np.nan  # they are not asked for again
    assert np.array_equal(monitor.measure(0, outputs)["confusion"], matrix)


@pytest.mark.parametrize(
    ("outputs", "y"),
    [(3, np.ones((10, 3))), (1, np.linspace(0, 1, 10)), (21, np.arange(10)), (1, np.arange(10))],
)
def test_where_there_are_no_classes_or_too_many_there_is_none(outputs: int, y: Any) -> None:
    network = Network([Dense(outputs)], (2,))
    assert ConfusionMonitor.where_it_makes_sense(network, np.zeros((10, 2)), y, get_loss("mse")) is None


def test_large_data_have_one_every_few_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "EVERY_EPOCH", 30)
    data = load_dataset("moons", n=80)
    monitor = ConfusionMonitor(Network([Dense(1, "sigmoid")], (2,)), data.x, data.y, get_loss("binary_crossentropy"))
    assert [epoch for epoch in range(8) if monitor.measure(epoch)] == [0, 3, 6]


@pytest.mark.parametrize("held_out", [True, False])
def test_the_metrics_of_a_run_hold_it(held_out: bool, tmp_path: Path) -> None:
    train, validation = load_dataset("blobs", n=100).split(0.3)
    assert validation is not None
    network = Network([Dense(4, "softmax")], (2,))
    history = fit(
        network,
        train.x,
        train.y,
        loss="categorical_crossentropy",
        epochs=3,
        validation_data=(validation.x, validation.y) if held_out else None,
        record=tmp_path / "run",
        confusion=True,
    )
    recorded = Recording(tmp_path / "run").metrics["confusion"]
    assert recorded.shape == (4, 4, 4)
    watched = validation if held_out else train
    for epoch in range(4):
        answers = Recording(tmp_path / "run").network(epoch).predict(watched.x).argmax(axis=1)
        np.testing.assert_array_equal(recorded[epoch], expected_matrix(watched.y, answers))
    np.testing.assert_array_equal(history["confusion"], recorded)
