"""Running experiments: the presets keep their promises, and a run that was stopped goes on to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import DataError, NeurofilmError, RecordingError, TrainingError
from engine.experiment import Experiment, list_experiments, load_experiment
from engine.recording import Recording
from engine.run import resume, run_experiment

SMALL = """
name = "small"
[dataset]
name = "moons"
n = 40
validation = 0.25
[network]
layers = [{type = "dense", units = 3, activation = "tanh"}]
[training]
optimizer = {name = "adam", learning_rate = 0.02}
schedule = "cosine"
epochs = 12
batch_size = 8
[recording]
snapshot_every = 5
snapshot_steps = [1, 6]
"""

# What is said of each preset: lowest and highest accuracy on the training data, lowest on what is held out
PROMISES = {
    "blobs": (1.0, 1.0, 0.98),
    "bullseye-2": (0.9, 0.99, None),
    "bullseye-3": (1.0, 1.0, None),
    "circles": (1.0, 1.0, 0.98),
    "digits": (0.99, 1.0, 0.94),
    "interval": (1.0, 1.0, None),
    "moons": (1.0, 1.0, 0.98),
    "spirals": (1.0, 1.0, None),
    "spirals-linear": (0.6, 0.75, None),
    "spirals-wide": (1.0, 1.0, None),
    "two-curves": (1.0, 1.0, None),
    "two-curves-linear": (0.65, 0.8, None),
    "xor": (1.0, 1.0, None),
}

# The same of those that predict numbers: lowest and highest mean squared error on what is held out
ERRORS = {
    "lstm-adding": (0.0, 0.001),
    "rnn-adding": (0.15, 0.17),
    "rnn-sine": (0.0, 1e-4),
}


def stop_after(epoch: int) -> Any:
    return lambda network, now, metrics: now == epoch


def bits(run: Recording) -> list[Any]:
    metrics = {name: values for name, values in run.metrics.items() if name != "seconds"}
    snapshots = [run.parameters(epoch).tobytes() for epoch in run]
    return [run.epochs, run.steps, snapshots, {name: values.tobytes() for name, values in metrics.items()}]


def test_every_preset_makes_a_promise() -> None:
    assert set(list_experiments()) == {*PROMISES, *ERRORS}


@pytest.mark.parametrize("name", sorted({*PROMISES, *ERRORS}))
def test_presets_are_complete_as_they_stand(name: str) -> None:
    preset = load_experiment(name)
    assert preset.name == name and preset.description
    assert preset.resolved() == preset and Experiment.from_toml(preset.to_toml()) == preset
    train, _ = preset.dataset_split()
    network = preset.build_network(train)
    assert network.input_shape == train.input_shape and network.seed == preset.training.seed


@pytest.mark.parametrize("name", sorted(PROMISES))
def test_presets_keep_their_promises(name: str, tmp_path: Path) -> None:
    least, most, held_out = PROMISES[name]
    run = run_experiment(load_experiment(name), tmp_path / name)
    assert run.state == "finished"
    assert least <= run.evaluate()["accuracy"] <= most
    assert ("val_accuracy" in run.metrics) == (held_out is not None)
    if held_out is not None:
        assert run.metrics["val_accuracy"][-1] >= held_out
    if name == "spirals":
        check_spirals(run)


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_presets_that_predict_numbers_keep_their_promises(name: str, tmp_path: Path) -> None:
    least, most = ERRORS[name]
    run = run_experiment(load_experiment(name), tmp_path / name)
    assert run.state == "finished"
    assert least <= run.metrics["val_loss"][-1] <= most


def check_spirals(run: Recording) -> None:
    """What the preset says of its seed, which the film relies on."""
    network, data = run.network(), run.data
    assert [layer.units for layer in network.layers] == [2, 2, 2, 2, 1]  # type: ignore[attr-defined]
    matrices = [network.weights[f"{layer}.weight"].astype(float) for layer in range(4)]
    assert max(np.linalg.cond(matrix) for matrix in matrices) < 30
    assert min(np.linalg.det(matrix) for matrix in matrices) > 1  # no layer mirrors the plane
    for space in network.activations(data.x)[:4]:
        # neighbours on an arm stay neighbours, so that the arms are seen as curves
        steps = [np.hypot(*np.diff(space[data.y == arm], axis=0).T).max() for arm in (0, 1)]
        assert max(steps) < 0.5
    last, line = network.activations(data.x)[3], network.weights["4.weight"][:, 0]
    distance = (last @ line + network.weights["4.bias"][0]) / np.hypot(*line)
    assert np.where(data.y == 1, distance, -distance).min() > 0.25
    assert len(run) == 301 and run.metrics["accuracy"][100:].min() == 1.0


def test_a_run_holds_its_experiment_and_data(tmp_path: Path) -> None:
    small = Experiment.from_toml(SMALL)
    run = run_experiment(small, tmp_path / "run")
    assert run.experiment is not None
    assert run.experiment == small.resolved() and run.experiment.digest == small.digest
    train, held_out = small.dataset_split()
    assert held_out is not None and run.data.x_validation is not None
    np.testing.assert_array_equal(run.data.x, train.x)
    np.testing.assert_array_equal(run.data.x_validation, held_out.x)
    assert run.data.name == "moons" and run.data.class_names == ("upper", "lower")
    assert run.epochs == [0, 5, 10, 12] and run.steps == [1, 6]
    assert run.training["schedule"]["name"] == "cosine" and run.training["batch_size"] == 8


def test_the_same_experiment_gives_the_same_bits(tmp_path: Path) -> None:
    small = Experiment.from_toml(SMALL)
    one, other = (run_experiment(small, tmp_path / name) for name in ("one", "other"))
    assert bits(one) == bits(other) and one.digest == other.digest
    assert bits(one) != bits(run_experiment(small.override(seed=1), tmp_path / "third"))


@pytest.mark.parametrize("stop", [1, 4, 11])
def test_resumed_equals_uninterrupted(stop: int, tmp_path: Path) -> None:
    small = Experiment.from_toml(SMALL)
    whole = run_experiment(small, tmp_path / "whole")
    stopped = run_experiment(small, tmp_path / "stopped", callbacks=[stop_after(stop)])
    assert stopped.state == "stopped" and stopped.epochs[-1] == stop
    resumed = resume(tmp_path / "stopped")
    assert resumed.state == "finished"
    for epoch in whole:
        np.testing.assert_array_equal(resumed.parameters(epoch), whole.parameters(epoch))
    for name in set(whole.metrics) - {"seconds"}:
        np.testing.assert_array_equal(resumed.metrics[name], whole.metrics[name])
    assert resumed.steps == whole.steps


def test_a_resumed_run_needs_its_data_file_no_more(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b,kind\n" + "".join(f"{row},{row * row % 7},{'xyz'[row % 3]}\n" for row in range(30)))
    experiment = Experiment.for_file(table).override(epochs=6)
    whole = run_experiment(experiment, tmp_path / "whole")
    run_experiment(experiment, tmp_path / "stopped", callbacks=[stop_after(2)])
    table.unlink()
    resumed = resume(tmp_path / "stopped")
    np.testing.assert_array_equal(resumed.parameters(), whole.parameters())
    assert resumed.data.class_names == ("x", "y", "z") and resumed.data.feature_names == ("a", "b")


def test_regression_from_a_file(tmp_path: Path) -> None:
    table = tmp_path / "line.csv"
    table.write_text("x,y\n" + "".join(f"{row / 10},{1000 + 3 * row / 10}\n" for row in range(60)))
    run = run_experiment(Experiment.for_file(table), tmp_path / "run")
    assert run.data.task == "regression" and "accuracy" not in run.metrics
    assert run.metrics["val_loss"][-1] < 0.01 < run.metrics["val_loss"][0]


def test_early_stopping_is_obeyed(tmp_path: Path) -> None:
    text = SMALL.replace(
        "epochs = 12", 'epochs = 500\nearly_stopping = {monitor = "loss", patience = 3, min_delta = 0.05}'
    )
    run = run_experiment(Experiment.from_toml(text), tmp_path / "run")
    assert run.state == "stopped" and 3 < run.metrics["epoch"][-1] < 400
    with pytest.raises(RecordingError) as error:
        resume(tmp_path / "run")
    assert str(error.value) == f"{tmp_path}/run was stopped early by its own rule: there is nothing to go on with"


def test_a_finished_run_is_not_resumed(tmp_path: Path) -> None:
    whole = run_experiment(Experiment.from_toml(SMALL), tmp_path / "run")
    before = bits(whole)
    with pytest.raises(RecordingError) as error:
        resume(tmp_path / "run")
    assert str(error.value) == f"{tmp_path}/run has finished its 12 epochs: there is nothing to go on with"
    assert bits(Recording(tmp_path / "run")) == before


def test_a_run_without_an_experiment_says_how_to_go_on(tmp_path: Path) -> None:
    small = Experiment.from_toml(SMALL)
    train, _ = small.dataset_split()
    small.build_network(train).fit(train.x, train.y, loss="binary_crossentropy", epochs=2, record=tmp_path / "run")
    with pytest.raises(RecordingError, match="was not recorded from an experiment.*Recorder.resume and Network.fit"):
        resume(tmp_path / "run")


def test_what_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = [
        SMALL.replace('name = "moons"\nn = 40', f'file = "{tmp_path}/gone.csv"'),
        SMALL.replace("validation = 0.25", "validation = 0.001"),
        SMALL.replace("[training]", '[training]\nloss = "categorical_crossentropy"')
        .replace('units = 3, activation = "tanh"}', 'units = 2, activation = "tanh"}')
        .replace("n = 40", "n = 40.5"),
    ]
    for text in wrong:
        with pytest.raises(NeurofilmError):
            run_experiment(Experiment.from_toml(text), tmp_path / "run")
        assert not (tmp_path / "run").exists()


def test_a_run_that_exists_is_kept(tmp_path: Path) -> None:
    small = Experiment.from_toml(SMALL)
    before = bits(run_experiment(small, tmp_path / "run"))
    with pytest.raises(RecordingError, match="run"):
        run_experiment(small.override(seed=5), tmp_path / "run")
    assert bits(Recording(tmp_path / "run")) == before
    assert bits(run_experiment(small.override(seed=5), tmp_path / "run", overwrite=True)) != before


def test_divergence_names_the_epoch_and_keeps_what_was_good(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n" + "".join(f"{row},{row**2 / 3}\n" for row in range(40)))
    wild = Experiment.for_file(table).override(optimizer="sgd", learning_rate=1e12, activation="relu", epochs=30)
    with pytest.raises(TrainingError, match="learning rate"):
        run_experiment(wild, tmp_path / "run")
    run = Recording(tmp_path / "run")
    assert run.state == "diverged" and run.epochs[0] == 0 and np.isfinite(run.parameters()).all()


def test_missing_data_are_an_error_of_the_data(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        Experiment.for_file(tmp_path / "gone.csv")
