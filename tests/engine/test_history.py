"""What became of each example over a recording's epochs, against counting over all predictions at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as expected_matrix

from engine import Dense, Network, Recording, load_dataset
from engine.analysis.history import NEVER, confusion_history, example_history
from engine.errors import ConfigurationError


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Four blobs, of which two overlap; a learning rate so large that examples are forgotten."""
    path = tmp_path_factory.mktemp("history") / "run"
    train, validation = load_dataset("blobs", n=150, spread=0.6).split(0.3)
    assert validation is not None
    network = Network([Dense(6, "tanh"), Dense(4, "softmax")], (2,), seed=1)
    network.fit(
        train.x,
        train.y,
        loss="categorical_crossentropy",
        optimizer={"name": "sgd", "learning_rate": 0.5},
        epochs=12,
        batch_size=10,
        validation_data=(validation.x, validation.y),
        record=path,
        confusion=True,
    )
    return Recording(path)


def probabilities(recording: Recording, x: np.ndarray) -> np.ndarray:
    return np.array([recording.network(epoch).predict(x) for epoch in recording.epochs], np.float64)


def test_confusion_is_what_training_noted(recording: Recording) -> None:
    found = confusion_history(recording, "validation")
    np.testing.assert_array_equal(found.matrices, recording.metrics["confusion"])
    assert found.epochs == list(range(13)) and found.matrices.dtype == np.int64


def test_confusion_of_the_training_data(recording: Recording) -> None:
    found, data = confusion_history(recording), recording.data
    answers = probabilities(recording, data.x).argmax(axis=2)
    for matrix, answer in zip(found.matrices, answers, strict=True):
        np.testing.assert_array_equal(matrix, expected_matrix(data.y, answer, labels=range(4)))
    assert found.matrices[-1].trace() > found.matrices[0].trace()


@pytest.mark.parametrize("part", ["training", "validation"])
def test_examples_over_the_epochs(recording: Recording, part: Any) -> None:
    data = recording.data
    x, y = (data.x, data.y) if part == "training" else (data.x_validation, data.y_validation)
    assert x is not None and y is not None
    found, p = example_history(recording, part), probabilities(recording, x)
    right = p.argmax(axis=2) == y
    losses = -np.log(p[:, np.arange(len(y)), y])
    np.testing.assert_allclose(found.losses, losses.mean(axis=0), rtol=2e-4, atol=1e-5)
    np.testing.assert_array_equal(found.wrong, (~right).sum(axis=0))
    expected = [next((e for e in range(13) if right[e:, n].all()), NEVER) for n in range(len(y))]
    np.testing.assert_array_equal(found.learned, expected)
    np.testing.assert_array_equal(found.forgotten, (right[:-1] & ~right[1:]).sum(axis=0))
    if part == "training":  # there is something of everything
        assert found.forgotten is not None and found.forgotten.any() and NEVER in expected and max(expected) > 1
    assert found.learned is not None
    share = recording.evaluate(-1)["accuracy"]
    if part == "training":
        assert np.mean(found.learned != NEVER) == pytest.approx(share)


def test_the_hardest_were_wrong_most_often(recording: Recording) -> None:
    found = example_history(recording)
    assert found.wrong is not None
    chosen = found.hardest(20)
    pairs = sorted(zip(-found.wrong, -found.losses, range(len(found.losses)), strict=True))
    np.testing.assert_array_equal(chosen, [n for _, _, n in pairs[:20]])
    with pytest.raises(ConfigurationError, match="k=0 must be a whole number from 1 to 105"):
        found.hardest(0)


def test_one_output_tells_two_classes_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("history") / "moons"
    data = load_dataset("moons", n=60)
    network = Network([Dense(1, "sigmoid")], (2,))
    network.fit(data.x, data.y, loss="binary_crossentropy", epochs=2, record=path)
    recording = Recording(path)
    right = (probabilities(recording, data.x)[:, :, 0] > 0.5) == data.y
    np.testing.assert_array_equal(example_history(recording).wrong, (~right).sum(axis=0))
    traces = [matrix.trace() for matrix in confusion_history(recording).matrices]
    np.testing.assert_array_equal(traces, right.sum(axis=1))
    with pytest.raises(ConfigurationError, match="has no validation data: choose from training"):
        example_history(recording, "validation")
    with pytest.raises(ConfigurationError, match="part='tests' must be one of training, validation, test"):
        confusion_history(recording, "tests")  # type: ignore[arg-type]


def test_a_regression_has_losses_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("history") / "line"
    x = np.linspace(-1, 1, 20)[:, None]
    y = 2 * x + (np.arange(20) == 13)[:, None] * 30
    Network([Dense(1)], (1,)).fit(x, y, loss="mse", epochs=3, record=path)
    recording = Recording(path)
    found = example_history(recording)
    errors = (probabilities(recording, x)[:, :, 0] - y[:, 0]) ** 2
    np.testing.assert_allclose(found.losses, errors.mean(axis=0), rtol=1e-5)
    assert found.wrong is None and found.learned is None and found.forgotten is None
    assert found.hardest(1)[0] == 13
    with pytest.raises(ConfigurationError, match="has no confusion matrix"):
        confusion_history(recording)
