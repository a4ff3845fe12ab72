"""Run directories: what may be overwritten, who may write, how a run goes on, and what survives a kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.datasets import load_dataset
from engine.errors import RecordingError
from engine.layers import Dense
from engine.network import Network
from engine.recording import Recorder, Recording

DATA = {"x": np.arange(8, dtype=np.float32).reshape(4, 2), "y": np.array([0, 1, 0, 1])}
NETWORK = Network([Dense(1, "sigmoid")], input_shape=(2,), seed=3)
PLAY = Path(__file__).with_name("recording_play.py")


def start(path: Path, **options: object) -> Recorder:
    recorder = Recorder(path, **options)  # type: ignore[arg-type]
    recorder.start(NETWORK, {"loss": "binary_crossentropy", "epochs": 2}, DATA)
    return recorder


def record(path: Path, value: float = 0.0, epochs: int = 2, **options: object) -> None:
    recorder = start(path, **options)
    for epoch in range(epochs + 1):
        recorder.record_epoch(epoch, NETWORK.parameters * 0 + value, {"loss": value}, {"m": np.ones(1)})
    recorder.finish()


def tree(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}


# --- what may be overwritten ------------------------------------------------------------------------------------------


def test_an_existing_run_is_kept_unless_asked_otherwise(tmp_path: Path) -> None:
    record(tmp_path / "run", 1.0)
    before = tree(tmp_path)
    with pytest.raises(RecordingError, match="run exists already: ask for it to be overwritten, resume it, or record"):
        Recorder(tmp_path / "run")
    assert tree(tmp_path) == before
    record(tmp_path / "run", 2.0, epochs=1, overwrite=True)
    run = Recording(tmp_path / "run")
    assert run.epochs == [0, 1] and run.parameters(1)[0] == 2


def test_a_run_of_the_old_format_is_replaced_as_a_whole(old_run: Path) -> None:
    assert list((old_run / "snapshots").iterdir())
    record(old_run, 2.0, epochs=1, overwrite=True)
    assert Recording(old_run).epochs == [0, 1] and not (old_run / "snapshots").exists()


def test_a_run_of_the_old_format_goes_on_in_the_new_one(old_run: Path) -> None:
    before = {epoch: Recording(old_run).parameters(epoch).copy() for epoch in Recording(old_run)}
    recorder, checkpoint = Recorder.resume(old_run)
    values = checkpoint["parameters"]
    for epoch in (1, 2):
        recorder.record_step(100 + epoch, values - epoch)
        recorder.record_epoch(checkpoint["epoch"] + epoch, values + epoch, {"loss": 1.0}, {})
    recorder.finish()
    both = Recording(old_run)
    assert both.epochs == [*before, checkpoint["epoch"] + 1, checkpoint["epoch"] + 2]
    assert all(both.parameters(epoch).tobytes() == before[epoch].tobytes() for epoch in before)
    assert both.parameters().tobytes() == (values + 2).tobytes()
    assert both.parameters(step=101).tobytes() == (values - 1).tobytes()
    assert len(load_file(old_run / "snapshots.safetensors")["parameters"]) == 4


def test_the_old_run_stays_until_the_new_one_has_an_epoch(tmp_path: Path) -> None:
    record(tmp_path / "run", 1.0)
    before = tree(tmp_path / "run")
    recorder = start(tmp_path / "run", overwrite=True)
    run = Recording(tmp_path / "run")
    assert len(run) == 3 and run.parameters(2)[0] == 1
    recorder.finish("interrupted")  # before the first epoch
    after = tree(tmp_path / "run")
    assert {**after, ".lock": b""} == {**before, ".lock": b""}
    recorder = start(tmp_path / "run", overwrite=True)
    recorder.record_epoch(0, NETWORK.parameters, {"loss": 1.0}, {})
    recorder.finish("interrupted")
    assert len(Recording(tmp_path / "run")) == 1


def test_a_recording_that_is_open_notices_that_it_was_replaced(tmp_path: Path) -> None:
    record(tmp_path / "run", 1.0)
    run = Recording(tmp_path / "run")
    held = run.parameters(1)
    record(tmp_path / "run", 2.0, overwrite=True)
    assert held[0] == 1
    with pytest.raises(RecordingError, match="does not hold the snapshot of epoch 2 .* the run was recorded again"):
        run.parameters(2)


def test_files_of_others_are_never_touched(tmp_path: Path, old_run: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    with pytest.raises(RecordingError, match="mine is not empty and not a run directory"):
        Recorder(tmp_path / "mine", overwrite=True)
    (tmp_path / "mine" / "run.json").write_text("{}")  # nor does this make it one
    with pytest.raises(RecordingError, match="mine is not empty and not a run directory"):
        Recorder(tmp_path / "mine", overwrite=True)
    with pytest.raises(RecordingError, match=r"thesis.tex exists and is not a directory"):
        Recorder(tmp_path / "mine" / "thesis.tex", overwrite=True)
    record(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("seed 3 is best")
    record(tmp_path / "run", 2.0, overwrite=True)
    assert (tmp_path / "run" / "notes.txt").read_text() == "seed 3 is best"
    (old_run / "snapshots" / "mine.png").touch()
    with pytest.raises(RecordingError, match="snapshots holds 'mine.png', which is no snapshot"):
        Recorder(old_run, overwrite=True)


@pytest.mark.parametrize("name", ["snapshots", "snapshots.safetensors"])
def test_links_are_not_followed_out_of_the_directory(tmp_path: Path, name: str) -> None:
    record(tmp_path / "run")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "000000.safetensors").write_text("not ours")
    (tmp_path / "run" / name).unlink(missing_ok=True)
    (tmp_path / "run" / name).symlink_to(outside if name == "snapshots" else outside / "000000.safetensors")
    with pytest.raises(RecordingError, match=f"{name} is a link"):
        Recorder.resume(tmp_path / "run")
    record(tmp_path / "run", overwrite=True)
    assert len(Recording(tmp_path / "run")) == 3 and (outside / "000000.safetensors").read_text() == "not ours"
    (tmp_path / "run" / "metrics.jsonl").unlink()
    (tmp_path / "run" / "metrics.jsonl").symlink_to(outside / "target")
    (outside / "target").write_bytes(b"")
    recorder, _ = Recorder.resume(tmp_path / "run")  # writes the missing line, in a file of its own
    recorder.finish()
    assert (outside / "target").read_bytes() == b""


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    record(tmp_path / "run")
    (tmp_path / "run" / "snapshots").mkdir()  # where the old format has its snapshots
    (tmp_path / "link").symlink_to(tmp_path / "run")
    ways = (
        lambda: Recorder.resume(tmp_path / "link")[0].finish(),
        lambda: record(tmp_path / "link", overwrite=True),
    )
    for again in ways:
        for name in (".run.json.tmp", "snapshots/.000007.safetensors.tmp", ".notes.tmp"):
            (tmp_path / "run" / name).touch()
        again()
        assert [path.name for path in (tmp_path / "run").rglob("*.tmp")] == [".notes.tmp"]  # which is not ours


def test_empty_directories_and_parents(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    record(tmp_path / "empty")
    record(tmp_path / "a" / "b" / "c")
    assert len(Recording(tmp_path / "empty")) == len(Recording(tmp_path / "a" / "b" / "c")) == 3


def test_read_only_places_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RecordingError, match="run cannot be written: Not a directory"):
        start(tmp_path / "file" / "run")


# --- who may write ----------------------------------------------------------------------------------------------------


def test_a_second_recorder_is_refused_while_the_first_writes(tmp_path: Path) -> None:
    recorder = start(tmp_path / "run")
    recorder.record_epoch(0, NETWORK.parameters, {}, {})
    with pytest.raises(RecordingError, match=rf"run is being written by process {os.getpid()}: wait until it is done"):
        start(tmp_path / "run", overwrite=True)
    with pytest.raises(RecordingError, match=f"is being written by process {os.getpid()}"):
        Recorder.resume(tmp_path / "run")
    recorder.record_epoch(1, NETWORK.parameters, {}, {})
    recorder.finish()
    recorder, _ = Recorder.resume(tmp_path / "run")
    recorder.finish()
    assert Recording(tmp_path / "run").epochs == [0, 1]


def test_a_second_process_is_refused_while_the_first_writes(tmp_path: Path) -> None:
    record(tmp_path / "run")
    recorder, _ = Recorder.resume(tmp_path / "run")
    before = Recording(tmp_path / "run").digest
    result = play("train", tmp_path / "run", "5", "overwrite")
    assert result.returncode == 1
    assert result.stderr.strip() == (
        f"{tmp_path / 'run'} is being written by process {os.getpid()}: wait until it is done, or write to another "
        "directory"
    )
    assert Recording(tmp_path / "run").digest == before
    recorder.finish()
    assert play("train", tmp_path / "run", "5", "overwrite").returncode == 0


def test_readers_do_not_keep_writers_out(tmp_path: Path) -> None:
    import threading

    record(tmp_path / "run")
    run, stop = Recording(tmp_path / "run"), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            _ = Recording(tmp_path / "run").state

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            recorder, _ = Recorder.resume(tmp_path / "run")
            recorder.finish()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert run.state == "finished"


# --- going on ---------------------------------------------------------------------------------------------------------


def test_a_resumed_training_gives_the_bits_of_an_uninterrupted_one(tmp_path: Path) -> None:
    data = load_dataset("moons", n=60)

    def fit(path: Path, epochs: int, resume: bool = False) -> None:
        network = Network([Dense(4, "tanh"), Dense(1, "sigmoid")], input_shape=(2,), seed=1)
        recorder, checkpoint = Recorder.resume(path) if resume else (Recorder(path, snapshot_every=2), None)
        network.fit(data.x, data.y, loss="binary_crossentropy", epochs=epochs, record=recorder, checkpoint=checkpoint)

    fit(tmp_path / "whole", 7)
    fit(tmp_path / "parts", 3)
    fit(tmp_path / "parts", 7, resume=True)
    whole, parts = Recording(tmp_path / "whole"), Recording(tmp_path / "parts")
    assert whole.epochs == [0, 2, 4, 6, 7] and parts.epochs == [0, 2, 3, 4, 6, 7] and parts.state == "finished"
    for epoch in whole:
        assert whole.parameters(epoch).tobytes() == parts.parameters(epoch).tobytes()
    assert whole.metrics["loss"].tobytes() == parts.metrics["loss"].tobytes()
    assert {n: np.asarray(v).tobytes() for n, v in whole.checkpoint().items()} == {
        n: np.asarray(v).tobytes() for n, v in parts.checkpoint().items()
    }


def test_resuming_checks_that_it_is_the_same_training(tmp_path: Path) -> None:
    record(tmp_path / "run", epochs=1)
    recorder, _ = Recorder.resume(tmp_path / "run")
    with pytest.raises(RecordingError, match=r"was recorded from other data \(y differs\): it cannot go on with these"):
        recorder.start(NETWORK, {}, {**DATA, "y": 1 - DATA["y"]})
    with pytest.raises(RecordingError, match="was recorded from another network"):
        recorder.start(Network([Dense(1, "tanh")], (2,), seed=3), {}, DATA)
    recorder.start(NETWORK, {"loss": "binary_crossentropy", "epochs": 5}, DATA)
    assert Recording(tmp_path / "run").state == "running"
    recorder.record_epoch(2, NETWORK.parameters, {"loss": 1.0}, {})
    recorder.finish()
    run = Recording(tmp_path / "run")
    assert run.training["epochs"] == 5 and run.epochs == [0, 1, 2] and run.state == "finished"


def test_what_cannot_be_resumed(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no run directory"):
        Recorder.resume(tmp_path / "run")
    start(tmp_path / "run").finish("interrupted")
    with pytest.raises(RecordingError, match="run holds no epoch to go on from: train it again"):
        Recorder.resume(tmp_path / "run")
    record(tmp_path / "other")
    (tmp_path / "other" / "checkpoint.safetensors").write_bytes(b"")
    for _ in range(2):  # the lock is free again
        with pytest.raises(RecordingError, match=r"checkpoint.safetensors is empty"):
            Recorder.resume(tmp_path / "other")
    assert len(Recording(tmp_path / "other")) == 3


# --- kills ------------------------------------------------------------------------------------------------------------


def play(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PLAY, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False
    )


def test_nothing_is_lost_at_any_system_call(tmp_path: Path) -> None:
    """A process that is killed before its n-th change of the file system, for every n; see recording_play.py."""
    result = play("every-call", tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    kills = dict(line.split() for line in result.stdout.splitlines())
    assert int(kills["train"]) > 40 and int(kills["overwrite"]) > 50 and int(kills["resume"]) > 20


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_nothing_is_lost_at_random_moments(tmp_path: Path) -> None:
    generator = random.Random(4)
    assert play("train", tmp_path / "whole", "60").returncode == 0
    whole = Recording(tmp_path / "whole")
    kills = 0
    for number in range(8):
        path = tmp_path / f"run{number}"
        command = [sys.executable, str(PLAY), "train", str(path), "60", "slowly"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = -1
            for line in process.stdout:  # the epochs that were given to record
                told = int(line)
                if told >= generator.randrange(40):
                    break
            time.sleep(generator.uniform(0, 0.004))
            process.kill()
            rest = process.stdout.read().split()
            told = max([told, *map(int, rest)])
        kills += process.returncode == -signal.SIGKILL
        run = Recording(path)
        assert run.state == "interrupted"
        assert told - 1 <= run.epochs[-1] <= told + 1  # only the one in flight is lost
        for epoch in run:
            assert run.parameters(epoch).tobytes() == whole.parameters(epoch).tobytes()
        result = play("resume", path, "60")
        assert result.returncode == 0, result.stderr
        assert Recording(path).digest == whole.digest
        assert {**tree(path), ".lock": b""} == {**tree(tmp_path / "whole"), ".lock": b""}
    assert kills >= 6
