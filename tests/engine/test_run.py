"""Running experiments: what a run holds, and how one that was stopped goes on to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.datasets.mnist import load_mnist
from engine.errors import DataError, NeurofilmError, RecordingError, TrainingError
from engine.experiment import Experiment, load_experiment
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


def stop_after(epoch: int) -> Any:
    return lambda network, now, metrics: now == epoch


def bits(run: Recording) -> list[Any]:
    metrics = {name: values for name, values in run.metrics.items() if name != "seconds"}
    snapshots = [run.parameters(epoch).tobytes() for epoch in run]
    return [run.epochs, run.steps, snapshots, {name: values.tobytes() for name, values in metrics.items()}]


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


def test_the_best_epoch_is_marked_and_can_be_seen(tmp_path: Path) -> None:
    """Also where the schedule of snapshots had left it out."""
    text = SMALL
    for old, new in (
        ("epochs = 12", "epochs = 200\nearly_stopping = {patience = 7}"),
        ("validation = 0.25", "validation = 0.25\ntest = 0.25\nnoise = 0.4"),
        ("units = 3", "units = 30"),
        ("0.02", "0.2"),
        ("snapshot_every = 5", "snapshot_every = 50"),
    ):
        text = text.replace(old, new)
    run = run_experiment(Experiment.from_toml(text), tmp_path / "run")
    losses = run.metrics["val_loss"]
    assert run.state == "stopped" and run.best_epoch == np.argmin(losses) == len(losses) - 8
    assert (
        run.best_epoch % 50 and run.epochs == [0, run.best_epoch, len(losses) - 1] and run.final_epoch == run.best_epoch
    )
    measured = run.network(run.best_epoch).evaluate(run.data.x_validation, run.data.y_validation, "binary_crossentropy")
    assert measured["loss"] == pytest.approx(losses[run.best_epoch])
    assert run.data.x_test is not None and run.data.y_test is not None
    # what was measured on the test data was measured with the best epoch's parameters
    assert run.test == run.network(run.best_epoch).evaluate(run.data.x_test, run.data.y_test, "binary_crossentropy")


def test_without_early_stopping_the_last_epoch_counts(tmp_path: Path) -> None:
    run = run_experiment(Experiment.from_toml(SMALL), tmp_path / "run")
    assert run.best_epoch is None and run.final_epoch == 12 and run.test is None


@pytest.mark.parametrize("rule", ["", "early_stopping = {patience = 6}"])
def test_the_test_part_is_measured_once_at_the_end(rule: str, tmp_path: Path) -> None:
    text = SMALL.replace("validation = 0.25", "validation = 0.25\ntest = 0.2").replace(
        "epochs = 12", f"epochs = 12\n{rule}"
    )
    experiment = Experiment.from_toml(text)
    run = run_experiment(experiment, tmp_path / "run")
    tested = experiment.dataset_parts()[2]
    assert tested is not None and run.data.x_test is not None
    np.testing.assert_array_equal(run.data.x_test, tested.x)
    assert run.test == run.network(run.final_epoch).evaluate(tested.x, tested.y, "binary_crossentropy")
    stopped = run_experiment(experiment, tmp_path / "stopped", callbacks=[stop_after(4)])
    assert stopped.test == stopped.network(stopped.final_epoch).evaluate(tested.x, tested.y, "binary_crossentropy")
    if not rule:
        resumed = resume(tmp_path / "stopped")
        assert resumed.test == run.test and bits(resumed)[0] == [0, 4, 5, 10, 12]


def test_an_interrupted_run_has_not_been_tested(tmp_path: Path) -> None:
    def interrupt(network: object, epoch: int, metrics: object) -> None:
        raise KeyboardInterrupt

    text = SMALL.replace("validation = 0.25", "test = 0.2")
    with pytest.raises(KeyboardInterrupt):
        run_experiment(Experiment.from_toml(text), tmp_path / "run", callbacks=[interrupt])
    run = Recording(tmp_path / "run")
    assert run.state == "interrupted" and run.test is None and run.best_epoch is None
    assert resume(tmp_path / "run").test is not None


def test_mnist_is_tested_on_its_own_test_part(mnist_folder: Path, tmp_path: Path) -> None:
    text = """
        name = "tiny"
        [dataset]
        name = "mnist"
        validation = 0.2
        [network]
        layers = [{type = "dense", units = 10, activation = "softmax"}]
        [training]
        epochs = 2
    """
    run = run_experiment(Experiment.from_toml(text), tmp_path / "run")
    test = load_mnist("mnist", "test")
    assert run.data.x_test is not None
    np.testing.assert_array_equal(run.data.x_test, test.x)
    assert run.test == run.network().evaluate(test.x, test.y, "categorical_crossentropy")
    assert run.metrics["confusion"].shape == (3, 10, 10) and run.metrics["confusion"][2].sum() == len(
        run.data.y_validation
    )


def test_what_is_too_large_to_keep_is_made_again(
    mnist_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.recording.data.STORE_UP_TO", 1000)
    text = """
        name = "code"
        [dataset]
        name = "mnist"
        task = "reconstruction"
        validation = 0.2
        [training]
        epochs = 3
    """
    whole = run_experiment(Experiment.from_toml(text), tmp_path / "whole")
    stopped = run_experiment(Experiment.from_toml(text), tmp_path / "run", callbacks=[stop_after(1)])
    assert not (tmp_path / "run" / "data.safetensors").exists()
    resumed = resume(tmp_path / "run")
    assert resumed.test == whole.test != stopped.test
    assert resumed.data.x_test is not None and resumed.data.labels_test is not None
    np.testing.assert_array_equal(resumed.data.labels_test, np.arange(10))
    other = mnist_folder / "t10k-images-idx3-ubyte.gz"
    other.write_bytes((mnist_folder / "train-images-idx3-ubyte.gz").read_bytes())
    (mnist_folder / "t10k-labels-idx1-ubyte.gz").write_bytes((mnist_folder / "train-labels-idx1-ubyte.gz").read_bytes())
    with pytest.raises(RecordingError, match="makes has another x_test than the network was trained on$"):
        _ = Recording(tmp_path / "run").data


def test_an_autoencoder_is_recorded_with_the_classes(tmp_path: Path) -> None:
    text = """
        name = "code"
        [dataset]
        name = "digits"
        task = "reconstruction"
        validation = 0.5
        [network]
        layers = [{type = "dense", units = 2}]
        [training]
        epochs = 1
    """
    experiment = Experiment.from_toml(text)
    run = run_experiment(experiment, tmp_path / "run")
    train, validation = experiment.dataset_split()
    assert validation is not None and run.data.labels is not None and run.data.labels_validation is not None
    np.testing.assert_array_equal(run.data.labels, train.labels)
    np.testing.assert_array_equal(run.data.labels_validation, validation.labels)
    np.testing.assert_array_equal(run.data.y, train.x)
    assert run.data.label_names == tuple("0123456789") and run.data.task == "regression"
    assert run.network().output_shape == (64,) and "confusion" not in run.metrics


def test_log_spaced_snapshots_are_taken(tmp_path: Path) -> None:
    run = run_experiment(Experiment.from_toml(SMALL).override(snapshot_log=4), tmp_path / "run")
    assert run.steps == [1, 2, 3, 6, 10, 18, 32]  # of 12 epochs of 4 steps
    np.testing.assert_array_equal(run.parameters(step=32), run_experiment(
        Experiment.from_toml(SMALL.replace("[1, 6]", "[32]")), tmp_path / "other").parameters(step=32))  # fmt: skip


def test_a_folder_of_images_is_learned(tmp_path: Path) -> None:
    for kind in ("across", "down"):
        (tmp_path / "stripes" / kind).mkdir(parents=True)
        for index in range(20):
            pixels = np.zeros((12, 12), np.uint8)
            pixels[index % 3 :: 3] = 150 + 5 * index
            image = Image.fromarray(pixels if kind == "across" else pixels.T)
            image.save(tmp_path / "stripes" / kind / f"{index}.png")
    run = run_experiment(load_experiment(tmp_path / "stripes", size=12).override(epochs=10), tmp_path / "run")
    assert run.metrics["val_accuracy"][-1] == 1 and run.data.class_names == ("across", "down")
    assert run.data.image_shape == (12, 12)


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
