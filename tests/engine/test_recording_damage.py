"""Whatever happens to the files of a run: one sentence that names file and fault, and never wrong numbers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.layers import Dense
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.recording.description import read_description, write_description
from engine.recording.files import checksum, sha256
from engine.recording.tensors import START, read_tensors
from tests.engine.damage import everything, sentence

DATA = {"x": np.arange(8, dtype=np.float32).reshape(4, 2), "y": np.array([0, 1, 0, 1])}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three epochs and a step."""
    path = tmp_path_factory.mktemp("runs") / "run"
    network = Network([Dense(2, "tanh"), Dense(1, "sigmoid")], input_shape=(2,), seed=3)
    recorder = Recorder(path, snapshot_steps=[2])
    recorder.start(network, {"loss": "binary_crossentropy", "epochs": 2}, DATA)
    for epoch in range(3):
        if epoch == 1:
            recorder.record_step(2, network.parameters + 7)
        recorder.record_epoch(epoch, network.parameters + epoch, {"loss": 0.5 + epoch}, {"m": np.ones(3)})
    recorder.finish()
    return path


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "run"))


FILES = [
    "run.json",
    "metrics.jsonl",
    "data.safetensors",
    "checkpoint.safetensors",
    "snapshots.safetensors",
]


@pytest.mark.parametrize("name", FILES)
def test_flipped_bytes_are_found(run: Path, name: str) -> None:
    whole = everything(run)
    contents = (run / name).read_bytes()
    generator = np.random.default_rng(len(contents))
    for at in range(0, len(contents), max(1, len(contents) // 700)):
        flipped = bytearray(contents)
        flipped[at] ^= 1 << int(generator.integers(8))
        (run / name).write_bytes(flipped)
        text = sentence(run)
        assert name in text, (at, text)
    (run / name).write_bytes(contents)
    assert everything(run) == whole


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_found(run: Path, name: str) -> None:
    contents = (run / name).read_bytes()
    for length in [0, 1, 7, 8, 9, *range(10, len(contents), 13), len(contents) - 1]:
        (run / name).write_bytes(contents[:length])
        assert name in sentence(run), length
    (run / name).write_bytes(contents + b"\0")
    if name not in ("metrics.jsonl", "snapshots.safetensors"):  # there it is the beginning of a torn line or row
        assert name in sentence(run)


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_missing_or_no_files(run: Path, name: str) -> None:
    (run / name).unlink()
    assert name in sentence(run)
    (run / name).mkdir()
    assert name in sentence(run)
    (run / name).rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(run / name)  # must not wait for a writer
        assert name in sentence(run)
        (run / name).unlink()
    (run / name).symlink_to("/dev/zero")  # must not be read without end
    assert name in sentence(run)


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (b"", "run/snapshots.safetensors is damaged: it ends after 0 bytes, before what was recorded"),
        (b"PK\3\4 a zip archive" * 99, "is damaged, or belongs to another run: it does not start as it did"),
        (b"\x80\4\x95pickle" * 99, "it does not start as it did when written"),
    ],
)
def test_sentences_about_snapshots(run: Path, damage: bytes, text: str) -> None:
    (run / "snapshots.safetensors").write_bytes(damage)
    assert text in sentence(run)


def test_damage_to_one_snapshot_leaves_the_others(run: Path) -> None:
    path = run / "snapshots.safetensors"
    contents = bytearray(path.read_bytes())
    contents[-1] ^= 1
    path.write_bytes(contents)
    assert "snapshots.safetensors does not hold the snapshot of epoch 2 that was recorded" in sentence(run)
    assert Recording(run).parameters(1).shape == Recording(run).parameters(step=2).shape == (9,)


def test_snapshots_of_another_run_are_found(run: Path, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "other")
    recorder.start(Network([Dense(2)], input_shape=(2,), seed=3), {"loss": "mse", "epochs": 0}, DATA)
    recorder.record_epoch(0, np.ones(6, np.float32), {"loss": 0.5}, {})
    recorder.finish()
    shutil.copy(tmp_path / "other/snapshots.safetensors", run)
    assert "snapshots.safetensors is damaged, or belongs to another run" in sentence(run) or "it ends" in sentence(run)


def forge(header: dict[str, object], data: bytes) -> bytes:
    """A safetensors file with a right checksum and whatever header."""
    text = START + b'00000000"},' + json.dumps(header).encode()[1:]
    head = len(text).to_bytes(8, "little") + text
    return head.replace(b"00000000", checksum(head, data).encode(), 1) + data


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 1 << 62]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}},
        {"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}},
        {"a": {"dtype": "O", "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}},
        {"a": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}},
        {"a": []},
        {"a": {}},
    ],
)
def test_forged_headers_are_refused_before_anything_is_allocated(tmp_path: Path, header: dict[str, object]) -> None:
    (tmp_path / "file").write_bytes(forge(header, b"\0" * 4))
    assert "is not a well-formed safetensors file" in sentence(tmp_path / "file", read_tensors)


def test_a_forged_header_that_is_right_is_read(tmp_path: Path) -> None:
    header = {"a": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}
    (tmp_path / "file").write_bytes(forge(header, np.float32(1.5).tobytes()))
    assert read_tensors(tmp_path / "file").tensors["a"].tolist() == [[1.5]]


def resign(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    """Change run.json and give it a right checksum, as an attacker would."""
    values = json.loads(path.read_bytes())
    change(values)
    values["checksum"] = "00000000"
    text = json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n"
    path.write_bytes(text.replace(b"00000000", checksum(text).encode(), 1))


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v["layout"][0].update(stop=1 << 60),
        lambda v: v["layout"][0].update(shape=[1 << 40, 1 << 20]),
        lambda v: v["layout"][0].update(shape="22"),
        lambda v: v["layout"][0].update(name="../../outside"),
        lambda v: v["layout"].pop(),
        lambda v: v.update(layout=5),
        lambda v: v.update(dtype="object"),
        lambda v: v.update(state="well"),
        lambda v: v.update(unknown=1),
        lambda v: v.pop("training"),
        lambda v: v.update(training=[]),
        lambda v: v.update(network={"layers": [{"type": "dense", "units": 10**12}], "input_shape": [2]}),
        lambda v: v.update(network={"layers": [{"type": "denes", "units": 1}], "input_shape": [2]}),
        lambda v: v.update(network={"layers": 3, "input_shape": [2]}),
        lambda v: v.update(network={}),
        lambda v: v["data"].update(arrays={}),
        lambda v: v["data"].update(task="guessing"),
        lambda v: v["data"].update(class_names=[1]),
        lambda v: v["data"]["arrays"]["x"].update(shape=[1 << 50]),
        lambda v: v["data"]["arrays"].update({"../x": v["data"]["arrays"]["x"]}),
        lambda v: v["data"].update(stored=False),
        lambda v: v.update(last_epoch=-1),
        lambda v: v.update(snapshot_steps="12"),
    ],
)
def test_forged_descriptions_are_refused(run: Path, change: Callable[[dict[str, object]], None]) -> None:
    resign(run / "run.json", change)

    def read(path: Path) -> None:
        everything(path)
        Recording(path).network(1)

    assert "run/" in sentence(run, read)


def test_descriptions_of_other_programs_and_newer_formats(run: Path) -> None:
    resign(run / "run.json", lambda values: values.update(version=3))
    assert "written by a newer neurofilm (format 3, and this one reads up to 2): upgrade it" in sentence(run)
    (run / "run.json").write_text('{"format": "something else"}')
    assert "run.json does not belong to a neurofilm recording" in sentence(run)
    (run / "run.json").write_text("[" * 100_000)
    assert "run.json is damaged: it is not JSON" in sentence(run)


def test_a_description_is_what_was_written(run: Path) -> None:
    description = read_description(run / "run.json")
    write_description(run / "again.json", description)
    assert read_description(run / "again.json") == description
    assert (run / "again.json").read_bytes() == (run / "run.json").read_bytes()


def test_a_torn_last_line_does_not_count(run: Path) -> None:
    resign(run / "run.json", lambda values: values.update(state="running", last_epoch=None))
    contents = (run / "metrics.jsonl").read_bytes()
    last = contents.rfind(b"\n", 0, -1) + 1
    for length in range(last, len(contents)):
        (run / "metrics.jsonl").write_bytes(contents[:length])
        assert Recording(run).epochs == [0, 1] and Recording(run).state == "interrupted"
        recorder, checkpoint = Recorder.resume(run)
        recorder.finish("interrupted")
        # the checkpoint is that of epoch 2, and resuming writes the line that is missing
        assert checkpoint["epoch"] == 2 and (run / "metrics.jsonl").read_bytes() == contents
        resign(run / "run.json", lambda values: values.update(state="running", last_epoch=None))


@pytest.mark.parametrize(
    "line",
    [
        '{"epoch":2,"loss":1.0}',
        '{"epoch":-1',
        '{"epoch":1.5',
        '{"epoch":true',
        '{"loss":1.0',
        '{"epoch":3,"steps":{"a":"00000000"}',
        '{"epoch":3,"steps":{"0":"00000000"}',
        '{"epoch":3,"steps":5',
        '{"epoch":3,"snapshot":"../../../x"',
        '{"epoch":3,"snapshot":[3,"../../../x"]',
        '{"epoch":3,"snapshot":[-1,"00000000"]',
        '{"epoch":3,"snapshot":[true,"00000000"]',
        '{"epoch":3,"snapshot":[1' + "0" * 99 + ',"00000000"]',
        '{"epoch":3,"snapshot":["00000000"]',
        '{"epoch":3,"snapshot":{}',
        '{"epoch":3,"steps":{"1":[0,3]}',
        '{"epoch":1',
        "[" * 50_000,
    ],
)
def test_lines_that_nobody_wrote(run: Path, line: str) -> None:
    resign(run / "run.json", lambda values: values.update(state="running", last_epoch=None))
    forged = line + f',"checksum":"{checksum(line.encode())}"}}\n'
    with open(run / "metrics.jsonl", "a") as file:
        file.write(forged)
    assert "metrics.jsonl is damaged: line 4 is not what was written" in sentence(run)


@pytest.mark.parametrize("values", ['"a":"text"', '"a":[1,[2]]', '"a":{}', '"loss":[1,2]', '"a":[null,"x"]'])
def test_metrics_that_are_no_numbers(run: Path, values: str) -> None:
    resign(run / "run.json", lambda values: values.update(state="running", last_epoch=None))
    line = f'{{"epoch":3,{values}'
    with open(run / "metrics.jsonl", "a") as file:
        file.write(line + f',"checksum":"{checksum(line.encode())}"}}\n')
    text = sentence(run)
    assert "metrics.jsonl" in text and "of epoch 3" in text


def test_changed_experiments_are_found(run: Path) -> None:
    resign(run / "run.json", lambda values: values.update(experiment_sha256="0" * 64))
    assert "experiment.toml is missing" in sentence(run)
    (run / "experiment.toml").write_text("name = 'spirals'")
    assert "experiment.toml is damaged or was changed" in sentence(run)
    for text in (b"name = '\xff'", b"a = " + b"[" * 100_000, b"/etc/other.toml", b"name = 3"):
        (run / "experiment.toml").write_bytes(text)
        resign(run / "run.json", lambda values, text=text: values.update(experiment_sha256=sha256(text)))
        assert "experiment.toml is not an experiment" in sentence(run)


@pytest.mark.parametrize("name", ["nothing", "file", "folder"])
def test_what_is_no_run_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    text = sentence(tmp_path / name, Recording)
    assert name in text
    assert {"nothing": "does not exist", "file": "is not a directory", "folder": "has no run.json"}[name] in text
