"""Corrections that are found again are those that the training made, which the weights of its steps give away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Dense, Network, Recorder, Recording
from engine.analysis.corrections import corrections
from engine.errors import ConfigurationError, RecordingError
from engine.experiment import load_experiment
from engine.run import run_experiment

N = 30


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Every step of three epochs on points that no line parts."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(N, 2)).astype(np.float32), rng.integers(0, 2, N)
    folder = tmp_path_factory.mktemp("corrections") / "run"
    network = Network([Dense(1, "step")], (2,), seed=2)
    network.fit(
        x, y, loss="perceptron", optimizer={"name": "perceptron", "learning_rate": 0.3}, batch_size=1, epochs=3, seed=9,
        record=Recorder(folder, snapshot_steps=range(1, 3 * N + 1)),
    )  # fmt: skip
    return Recording(folder)


def test_they_are_the_steps_that_changed_the_weights(run: Recording) -> None:
    found = corrections(run)
    recorded = np.array([run.parameters(0), *(run.parameters(step=step) for step in range(1, 3 * N + 1))])
    moved = np.flatnonzero((np.diff(recorded, axis=0) != 0).any(axis=1)) + 1
    assert 3 < len(moved) < 3 * N
    assert found.steps.tolist() == moved.tolist() and len(found) == len(moved)
    assert found.parameters[1:] == pytest.approx(recorded[moved], abs=1e-6)
    assert found.epochs.tolist() == np.ceil(moved / N).tolist()


def test_each_adds_or_takes_away_the_example_it_was_wrong_about(run: Recording) -> None:
    found = corrections(run)
    x, y = run.data.x.astype(np.float64), run.data.y
    for k, example in enumerate(found.examples):
        before, after = found.parameters[k].astype(np.float64), found.parameters[k + 1]
        fired = int(before[:2] @ x[example] + before[2] > 0)
        assert fired != y[example]
        expected = before + 0.3 * (y[example] - fired) * np.array([*x[example], 1.0])
        assert after == pytest.approx(expected, abs=1e-5)


def test_a_part_of_the_epochs(run: Recording) -> None:
    whole, part = corrections(run), corrections(run, 1, 2)
    inside = whole.epochs == 2
    assert part.steps.tolist() == whole.steps[inside].tolist()
    assert part.parameters[0] == pytest.approx(run.parameters(1))
    assert len(corrections(run, 2, 2)) == 0
    with pytest.raises(ConfigurationError, match="no snapshot of the epochs 7 to 8"):
        corrections(run, 7, 8)


def test_the_shipped_perceptron_comes_to_rest(tmp_path: Path) -> None:
    run = run_experiment(load_experiment("perceptron"), tmp_path / "run")
    found, data = corrections(run), run.data
    assert 0 < len(found) < len(data.y) and found.epochs[-1] < run.epochs[-1]
    weight, bias = found.parameters[-1][:2], found.parameters[-1][2]
    assert ((data.x @ weight + bias > 0) == (data.y == 1)).all()
    for step in run.steps:
        k = int(np.count_nonzero(found.steps <= step))
        assert found.parameters[k] == pytest.approx(run.parameters(step=step), abs=1e-6)


def test_other_weights_than_the_recorded_ones_are_not_believed(run: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = dict(run.training, seed=10)  # another order
    monkeypatch.setattr(run, "training", changed)
    with pytest.raises(RecordingError, match="does not lead from epoch 0"):
        corrections(run)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"optimizer": "sgd", "loss": "binary_crossentropy"}, "optimizer 'sgd'"),
        ({"batch_size": None}, "in batches of 2 examples"),
        ({"clip_norm": 0.5}, "clip_norm=0.5"),
        ({"schedule": "cosine"}, "schedule="),
    ],
)
def test_another_training_gets_a_sentence(tmp_path: Path, settings: dict[str, object], sentence: str) -> None:
    chosen = {"optimizer": "perceptron", "loss": "perceptron", "batch_size": 1} | settings
    network = Network([Dense(1, "step" if chosen["loss"] == "perceptron" else "sigmoid")], (2,))
    network.fit(np.eye(2), [0, 1], epochs=1, record=tmp_path / "run", **chosen)
    with pytest.raises(ConfigurationError, match=sentence):
        corrections(Recording(tmp_path / "run"))
