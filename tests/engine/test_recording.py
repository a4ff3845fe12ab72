"""Recordings hold what was recorded, to the bit, and read only what is asked for."""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.datasets import load_dataset
from engine.errors import ConfigurationError, RecordingError
from engine.experiment import Experiment
from engine.layers import LSTM, Dense, Flatten, Layer
from engine.network import Network
from engine.recording import Recorder, Recording, data, lines, reader, tensors, writer
from engine.recording.description import Slot

DATA = {"x": np.arange(12, dtype=np.float32).reshape(6, 2), "y": np.array([0, 1, 0, 1, 1, 0])}
SETTINGS = {"loss": "binary_crossentropy", "optimizer": {"name": "adam", "learning_rate": 0.01}, "batch_size": 2}

EXPERIMENT = """
name = "small"
seed = 7
[dataset]
name = "spirals"
n = 100
[network]
layers = [{type = "dense", units = 1, activation = "sigmoid"}]
[training]
loss = "binary_crossentropy"
optimizer = "adam"
epochs = 1
batch_size = 32
"""


def make_network(dtype: str = "float32") -> Network:
    return Network([Dense(3, "tanh"), Dense(1, "sigmoid")], input_shape=(2,), seed=5, dtype=dtype)


def vector(network: Network, epoch: int) -> np.ndarray:
    """Parameters that differ from epoch to epoch in every bit pattern."""
    return np.random.default_rng(epoch).normal(size=network.parameter_count).astype(network.dtype)


def record(path: Path, epochs: int = 5, dtype: str = "float32", **options: object) -> Network:
    """Record some epochs with a made-up training."""
    network = make_network(dtype)
    recorder = Recorder(path, **options)  # type: ignore[arg-type]
    recorder.start(network, {**SETTINGS, "epochs": epochs}, DATA)
    for epoch in range(epochs + 1):
        if epoch + 100 in recorder.snapshot_steps:
            recorder.record_step(epoch + 100, vector(network, epoch + 100))
        metrics = {"epoch": epoch, "loss": 1 / (epoch + 3), "norms": np.array([epoch, 0.1])}
        recorder.record_epoch(epoch, vector(network, epoch), metrics, {"moments": vector(network, -epoch % 97)})
    recorder.finish()
    return network


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_round_trip_to_the_bit(tmp_path: Path, dtype: str) -> None:
    network = record(tmp_path / "run", dtype=dtype)
    run = Recording(tmp_path / "run")
    assert list(run) == run.epochs == [0, 1, 2, 3, 4, 5] and len(run) == 6
    assert run.state == "finished" and run.name == "run" and run.path == tmp_path / "run"
    assert run.training == {**SETTINGS, "epochs": 5} and run.network_config == network.config()
    assert {"neurofilm", "numpy", "numba", "python"} <= run.versions.keys()
    for epoch in run:
        assert run.parameters(epoch).tobytes() == vector(network, epoch).tobytes()
        rebuilt = run.network(epoch)
        assert rebuilt.parameters.tobytes() == vector(network, epoch).tobytes() and rebuilt.dtype == network.dtype
        assert rebuilt.parameters.flags.writeable
    assert run.parameters().tobytes() == run.parameters(-1).tobytes() == vector(network, 5).tobytes()
    assert run.parameters(-6).tobytes() == vector(network, 0).tobytes()
    assert not run.parameters(2).flags.writeable
    for name, array in DATA.items():
        assert getattr(run.data, name).tobytes() == array.tobytes() and getattr(run.data, name).dtype == array.dtype
    assert run.data.x_validation is None and run.data.task == "classification" and run.data.class_names == ("0", "1")
    checkpoint = run.checkpoint()
    assert checkpoint["epoch"] == 5 and checkpoint["parameters"].tobytes() == vector(network, 5).tobytes()
    assert checkpoint["moments"].tobytes() == vector(network, -5 % 97).tobytes()


def test_metrics_come_back_to_the_bit(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run")
    network = make_network()
    recorder.start(network, SETTINGS, DATA)
    rows = [
        {"loss": 0.1 + 0.2, "accuracy": np.float32(1) / 3, "confusion": np.array([[1, 2], [3, 4]])},
        {"loss": float("nan"), "confusion": [[5, float("inf")], [-float("inf"), float("nan")]]},
        {"loss": 5e-324, "late": 1},
    ]
    for epoch, row in enumerate(rows):
        recorder.record_epoch(3 * epoch, network.parameters, row, {})
    recorder.finish()
    metrics = Recording(tmp_path / "run").metrics
    assert list(metrics) == ["epoch", "loss", "accuracy", "confusion", "late"]
    assert metrics["epoch"].tolist() == [0, 3, 6]
    np.testing.assert_array_equal(metrics["loss"], [0.1 + 0.2, np.nan, 5e-324])
    np.testing.assert_array_equal(metrics["accuracy"], [float(np.float32(1) / 3), np.nan, np.nan])
    np.testing.assert_array_equal(metrics["late"], [np.nan, np.nan, 1])
    expected = [[[1, 2], [3, 4]], [[5, np.inf], [-np.inf, np.nan]], np.full((2, 2), np.nan)]
    np.testing.assert_array_equal(metrics["confusion"], expected)
    assert all(values.dtype == np.float64 for values in metrics.values())


def test_metrics_are_lines_of_json_for_other_readers(tmp_path: Path) -> None:
    import json

    record(tmp_path / "run", epochs=1)
    first, second = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(first)["loss"] == 1 / 3
    assert json.loads(second)["norms"] == [1, 0.1]


def test_the_safetensors_library_reads_snapshots_data_and_checkpoint(tmp_path: Path) -> None:
    network = record(tmp_path / "run", snapshot_steps=[102])
    run = Recording(tmp_path / "run")
    tensors = load_file(tmp_path / "run" / "snapshots.safetensors")
    rows = [run.parameters(step=102), *(run.parameters(epoch) for epoch in run)]
    assert list(tensors) == ["parameters"] and tensors["parameters"].dtype == network.dtype
    assert {row.tobytes() for row in tensors["parameters"]} == {row.tobytes() for row in rows}
    assert tensors["parameters"].shape == (len(rows), network.parameter_count)
    assert load_file(tmp_path / "run" / "data.safetensors")["x"].tobytes() == DATA["x"].tobytes()
    assert load_file(tmp_path / "run" / "checkpoint.safetensors")["parameters"].tobytes() == run.parameters().tobytes()


def test_schedule_of_snapshots(tmp_path: Path) -> None:
    network = record(tmp_path / "run", epochs=8, snapshot_every=3, snapshot_steps=[101, 107])
    run = Recording(tmp_path / "run")
    assert run.epochs == [0, 3, 6, 8] and run.steps == [101, 107]
    assert run.metrics["epoch"].tolist() == list(range(9))
    assert run.parameters(8).tobytes() == vector(network, 8).tobytes()
    assert run.network(step=107).parameters.tobytes() == vector(network, 107).tobytes()
    with pytest.raises(RecordingError, match="no snapshot of epoch 5: the nearest is 6"):
        run.parameters(5)
    with pytest.raises(RecordingError, match="no snapshot of step 3: the nearest is 101"):
        run.parameters(step=3)
    with pytest.raises(RecordingError, match="no snapshot of epoch -5"):
        run.parameters(-5)


def test_the_last_epoch_has_a_snapshot_wherever_the_run_ends(tmp_path: Path) -> None:
    network = make_network()
    recorder = Recorder(tmp_path / "run", snapshot_every=10)
    recorder.start(network, {**SETTINGS, "epochs": 50}, DATA)
    for epoch in range(8):
        recorder.record_epoch(epoch, vector(network, epoch), {"loss": 1.0}, {}, snapshot=True if epoch == 4 else None)
    recorder.finish("interrupted", "Ctrl-C")
    run = Recording(tmp_path / "run")
    assert run.epochs == [0, 4, 7] and run.state == "interrupted" and run.message == "Ctrl-C"
    assert run.parameters(7).tobytes() == vector(network, 7).tobytes()
    assert len(run.metrics["epoch"]) == 8


def test_what_is_recorded_is_copied(tmp_path: Path) -> None:
    network = make_network()
    recorder = Recorder(tmp_path / "run")
    recorder.start(network, SETTINGS, DATA)
    parameters, moments, metrics = vector(network, 0), np.ones(3), {"loss": np.array([1.0])}
    recorder.record_epoch(0, parameters, metrics, {"moments": moments})
    parameters[:], moments[:], metrics["loss"][:] = 0, 0, 0
    recorder.finish()
    run = Recording(tmp_path / "run")
    assert run.parameters().tobytes() == vector(network, 0).tobytes()
    assert run.checkpoint()["moments"].tolist() == [1, 1, 1] and run.metrics["loss"].tolist() == [[1.0]]


def test_opening_touches_no_snapshot_and_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(tmp_path / "run", epochs=40)
    opened: list[str] = []
    real = tensors.read_file
    monkeypatch.setattr(tensors, "read_file", lambda path, **options: opened.append(path.name) or real(path, **options))
    (tmp_path / "run" / "snapshots.safetensors").unlink()  # not even looked at
    run = Recording(tmp_path / "run")
    assert len(run) == 41 and run.epochs[-1] == 40 and len(run.metrics["loss"]) == 41 and len(run.digest) == 64
    assert opened == []
    with pytest.raises(RecordingError, match=r"run/snapshots.safetensors is missing"):
        run.parameters(7)


def test_large_files_are_memory_mapped(tmp_path: Path) -> None:
    network = Network([Dense(600)], input_shape=(600,), seed=1)
    recorder = Recorder(tmp_path / "run")
    recorder.start(network, {"loss": "mse"}, DATA)
    recorder.record_epoch(0, network.parameters, {}, {})
    recorder.finish()
    values = Recording(tmp_path / "run").parameters()
    base = values
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert type(base.base.obj).__name__ == "mmap"
    assert values.tobytes() == network.parameters.tobytes()


def test_evaluation_is_that_of_the_network(tmp_path: Path) -> None:
    network = record(tmp_path / "run")
    run = Recording(tmp_path / "run")
    network.parameters[:] = vector(network, 3)
    assert run.evaluate(3) == network.evaluate(DATA["x"], DATA["y"], loss="binary_crossentropy")
    assert run.evaluate(3) == run.evaluate(-3)
    assert run.evaluate(3) != run.evaluate(2)


def test_a_copy_is_the_recording_itself(tmp_path: Path) -> None:
    record(tmp_path / "run")
    run = Recording(tmp_path / "run")
    assert copy.copy(run) is run and copy.deepcopy([run])[0] is run


def test_the_digest_is_of_what_pictures_show(tmp_path: Path) -> None:
    record(tmp_path / "one")
    record(tmp_path / "two")
    record(tmp_path / "longer", epochs=6)
    digests = {name: Recording(tmp_path / name).digest for name in ("one", "two", "longer")}
    assert digests["one"] == digests["two"] != digests["longer"]
    network = make_network()
    for name, parameters, seconds in [("a", 0, 1.0), ("b", 0, 2.0), ("c", 1, 1.0)]:
        recorder = Recorder(tmp_path / name)
        recorder.start(network, SETTINGS, DATA)
        recorder.record_epoch(0, vector(network, parameters), {"loss": 1.0, "seconds": seconds}, {})
        recorder.finish()
        digests[name] = Recording(tmp_path / name).digest
    assert digests["a"] == digests["b"] != digests["c"]


def test_the_same_run_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        record(tmp_path / name, snapshot_steps=[103])
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    for name in files:
        if name.name != ".lock":
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_names_of_the_data_set(tmp_path: Path) -> None:
    dataset = load_dataset("digits")
    train, validation = dataset.split(0.2, seed=1)
    network = Network([Dense(10, "softmax")], input_shape=(64,), seed=0)
    recorder = Recorder(tmp_path / "run", dataset=dataset)
    arrays = {"x": train.x, "y": train.y, "x_validation": validation.x, "y_validation": validation.y}
    recorder.start(network, {"loss": "categorical_crossentropy"}, arrays)
    recorder.record_epoch(0, network.parameters, {}, {})
    recorder.finish()
    recorded = Recording(tmp_path / "run").data
    assert recorded.name == "digits" and recorded.task == "classification"
    assert recorded.class_names == dataset.class_names and recorded.feature_names == dataset.feature_names
    assert recorded.image_shape == dataset.image_shape
    assert recorded.x.tobytes() == train.x.tobytes() and recorded.y_validation.tobytes() == validation.y.tobytes()


def test_an_experiment_is_kept_and_makes_large_data_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = Experiment.from_toml(EXPERIMENT)
    train, validation = experiment.dataset_split()
    assert validation is None
    network = experiment.build_network(train)

    def recorded(name: str, x: np.ndarray) -> Recording:
        recorder = Recorder(tmp_path / name, experiment=experiment, dataset=train)
        recorder.start(network, {"loss": "binary_crossentropy"}, {"x": x, "y": train.y})
        recorder.record_epoch(0, network.parameters, {}, {})
        recorder.finish()
        return Recording(tmp_path / name)

    small = recorded("small", train.x)
    assert small.experiment is not None and small.experiment.digest == experiment.digest
    monkeypatch.setattr(data, "STORE_UP_TO", 1000)
    large = recorded("large", train.x)
    assert (tmp_path / "small/data.safetensors").exists() and not (tmp_path / "large/data.safetensors").exists()
    assert large.data.x.tobytes() == small.data.x.tobytes() == train.x.tobytes()
    assert large.evaluate(0) == small.evaluate(0)
    with pytest.raises(RecordingError, match="large2: the data set that its experiment makes has another x than"):
        _ = recorded("large2", train.x + 1).data


def test_a_run_without_epochs(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run")
    recorder.start(make_network(), SETTINGS, DATA)
    run = Recording(tmp_path / "run")
    assert run.state == "running" and len(run) == 0 and run.metrics["epoch"].size == 0 and run
    with pytest.raises(RecordingError, match="no epoch yet"):
        run.network()
    recorder.finish("diverged", "the loss is NaN")
    assert run.state == "running"  # as it was when it was opened
    run = Recording(tmp_path / "run")
    assert run.state == "diverged" and run.message == "the loss is NaN"


def test_reading_while_it_is_written(tmp_path: Path) -> None:
    network = make_network()
    recorder = Recorder(tmp_path / "run", snapshot_steps=range(1, 1000))
    recorder.start(network, {**SETTINGS, "epochs": 200}, DATA)
    seen = []
    for epoch in range(200):
        recorder.record_step(epoch + 1, vector(network, epoch))
        recorder.record_epoch(epoch, vector(network, epoch), {"loss": float(epoch)}, {"m": vector(network, epoch)})
        if epoch % 5 == 4:
            run = Recording(tmp_path / "run")
            assert run.state == "running"
            assert epoch <= len(run) <= epoch + 1  # all but the one in flight
            assert run.steps == [number + 1 for number in run.epochs]
            assert run.metrics["loss"].tolist() == run.epochs == list(range(len(run)))
            assert run.parameters().tobytes() == vector(network, run.epochs[-1]).tobytes()
            assert run.parameters(step=run.steps[-1]).tobytes() == vector(network, run.epochs[-1]).tobytes()
            assert run.checkpoint()["epoch"] in (epoch - 1, epoch)
            seen.append(len(run))
    recorder.finish()
    assert seen[-1] > seen[0] and Recording(tmp_path / "run").state == "finished"


@pytest.mark.parametrize("snapshots", [10_000])
def test_ten_thousand_snapshots_are_listed_within_a_second(tmp_path: Path, snapshots: int) -> None:
    record(tmp_path / "run", epochs=0)
    metrics = [lines.encode_metrics({"loss": 0.1 / (epoch + 1), "accuracy": 0.5}) for epoch in range(snapshots)]
    text = b"".join(
        lines.encode_line(epoch, metrics[epoch], lines.Snapshot(epoch, "0123abcd"), {}) for epoch in range(snapshots)
    )
    (tmp_path / "run" / "metrics.jsonl").write_bytes(text)
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:  # the run that is stretched here has ended after epoch 0
        real = reader.read_description
        patch.setattr(reader, "read_description", lambda path: _without_end(real(path)))
        began = time.process_time()
        run = Recording(tmp_path / "run")
        assert len(run) == len(run.epochs) == snapshots and run.metrics["loss"][-1] == 0.1 / snapshots
        assert time.process_time() - began < 1


def _without_end(run: object) -> object:
    from dataclasses import replace

    return replace(run, last_epoch=None)  # type: ignore[type-var]


def test_what_a_recorder_refuses(tmp_path: Path) -> None:
    network = make_network()
    with pytest.raises(ConfigurationError, match="snapshot_every=0"):
        Recorder(tmp_path / "run", snapshot_every=0)
    with pytest.raises(ConfigurationError, match="snapshot_steps=1.5"):
        Recorder(tmp_path / "run", snapshot_steps=[1.5])  # type: ignore[list-item]
    recorder = Recorder(tmp_path / "run")
    with pytest.raises(RecordingError, match="start has not been called"):
        recorder.record_epoch(0, network.parameters, {}, {})
    with pytest.raises(RecordingError, match="settings cannot be recorded: .*JSON"):
        recorder.start(network, {"loss": object()}, DATA)
    with pytest.raises(RecordingError, match="an array of type object cannot be recorded"):
        recorder.start(network, {}, {"x": np.array([None]), "y": np.zeros(1)})
    assert not (tmp_path / "run").exists()
    recorder.start(network, SETTINGS, DATA)
    with pytest.raises(RecordingError, match="being recorded already"):
        recorder.start(network, SETTINGS, DATA)
    with pytest.raises(RecordingError, match=r"shape \(3,\) were given to record, and the network has \(13,\)"):
        recorder.record_epoch(0, np.zeros(3), {}, {})
    with pytest.raises(RecordingError, match="cannot be called 'snapshot'"):
        recorder.record_epoch(0, network.parameters, {"snapshot": 1.0}, {})
    with pytest.raises(RecordingError, match="the metric loss is 'high'"):
        recorder.record_epoch(0, network.parameters, {"loss": "high"}, {})
    recorder.record_epoch(0, network.parameters, {}, {})
    with pytest.raises(RecordingError, match="epoch 0 was given after epoch 0"):
        recorder.record_epoch(0, network.parameters, {}, {})
    with pytest.raises(ConfigurationError, match="unknown end of a run 'finishd': did you mean 'finished'"):
        recorder.finish("finishd")  # type: ignore[arg-type]
    recorder.finish()
    recorder.finish()
    with pytest.raises(RecordingError, match="finish has"):
        recorder.record_epoch(1, network.parameters, {}, {})


def test_layouts_with_gaps_or_other_peoples_names_are_refused(tmp_path: Path) -> None:
    class Odd:
        dtype = np.dtype(np.float32)

        def __init__(self, *layout: Slot) -> None:
            self.layout = list(layout)

        def config(self) -> dict[str, object]:
            return {}

    for layout in [
        [Slot("0.weight", (2,), 1, 3)],
        [Slot("0.weight", (2,), 0, 3)],
        [Slot("0.weight", (2,), 0, 2), Slot("0.weight", (1,), 2, 3)],
        [Slot("../weight", (2,), 0, 2)],
        [Slot("0..weight", (2,), 0, 2)],
    ]:
        with pytest.raises(RecordingError, match="layout"):
            Recorder(tmp_path / "run").start(Odd(*layout), {}, DATA)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


def test_a_full_disk_is_reported_and_costs_only_the_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_network()
    recorder = Recorder(tmp_path / "run")
    recorder.start(network, {**SETTINGS, "epochs": 9}, DATA)
    for epoch in range(3):
        recorder.record_epoch(epoch, vector(network, epoch), {"loss": 1.0}, {"m": np.ones(2)})
    recorder.finish("interrupted")
    recorder, _ = Recorder.resume(tmp_path / "run")
    recorder.record_epoch(3, vector(network, 3), {"loss": 1.0}, {"m": np.ones(2)})
    recorder._writer.settle()  # type: ignore[union-attr]
    real = os.write

    def full(file: int, data: bytes) -> int:
        real(file, bytes(data)[: len(data) // 2])  # a part still fits
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RecordingError, match=r"snapshots.safetensors cannot be written: No space left on device$"):
        for epoch in range(4, 9):
            recorder.record_epoch(epoch, vector(network, epoch), {"loss": 1.0}, {"m": np.ones(2)})
    recorder.finish("interrupted")  # says nothing new
    monkeypatch.undo()
    run = Recording(tmp_path / "run")
    assert run.epochs == [0, 1, 2, 3] and run.state == "interrupted"
    assert not list((tmp_path / "run").rglob(".*.tmp"))
    recorder, checkpoint = Recorder.resume(tmp_path / "run")
    assert checkpoint["epoch"] == 3
    recorder.finish("interrupted")


def test_everything_is_flushed_now_and_then_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(writer, "flush", lambda paths: flushed.extend(Path(path).name for path in paths))
    monkeypatch.setattr(writer, "FLUSH_EVERY", 0.0)
    record(tmp_path / "run", epochs=3)
    assert flushed.count("metrics.jsonl") == flushed.count("snapshots.safetensors") >= 4
    assert {"run.json", "data.safetensors"} <= set(flushed)
    assert sorted(os.listdir(tmp_path / "run")) == [
        ".lock", "checkpoint.safetensors", "data.safetensors", "metrics.jsonl", "run.json",
        "snapshots.safetensors",
    ]  # fmt: skip


def test_what_takes_long_is_written_by_a_thread_and_the_rest_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform, names = writer.Writer._perform, []

    def watched(*arguments: Any) -> None:
        names.append(threading.current_thread().name)
        perform(*arguments)

    monkeypatch.setattr(writer.Writer, "_perform", watched)
    runs = []
    for limit, own in ((math.inf, "MainThread"), (-1.0, "recorder")):
        monkeypatch.setattr(writer, "HAND_OVER_FROM", limit)
        path = tmp_path / own
        names.clear()
        record(path, epochs=70, snapshot_every=3, snapshot_steps=[102, 105])
        assert len(names) == 73
        if own == "MainThread":
            assert set(names) == {own}
        else:  # unless the thread had no time to begin; and one in so many is written without it
            assert names.count(own) > 0 and names.count("MainThread") > 0
        runs.append(
            {file.name: file.read_bytes() for file in path.rglob("*") if file.is_file() and file.name != ".lock"}
        )
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("shape", "layers", "image"),
    [
        ((6, 6), [Flatten(), Dense(1, "sigmoid")], (6, 6)),
        ((6, 6), [LSTM(2), Dense(1, "sigmoid")], None),
        ((6, 6, 3), [Flatten(), Dense(1, "sigmoid")], (6, 6, 3)),
        ((6, 6, 2), [Flatten(), Dense(1, "sigmoid")], None),
        ((6,), [Dense(1, "sigmoid")], None),
    ],
)
def test_bare_arrays_that_are_images_are_known_as_images(
    tmp_path: Path, shape: tuple[int, ...], layers: list[Layer], image: tuple[int, ...] | None
) -> None:
    x = np.random.default_rng(0).random((8, *shape), dtype=np.float32)
    network = Network(layers, shape)
    network.fit(x, np.arange(8) % 2, loss="binary_crossentropy", epochs=1, record=tmp_path / "run")
    assert Recording(tmp_path / "run").data.image_shape == image
