"""Recordings in one piece: what arrives is what was sent, and nothing else is taken."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import engine.recording.data
from engine.errors import RecordingError
from engine.experiment import Experiment
from engine.recording import Recording
from engine.recording.packing import pack_recording, unpack_recording
from engine.run import run_experiment


@pytest.fixture
def recording(small_experiment: Path, tmp_path: Path) -> Recording:
    experiment = Experiment.from_toml(small_experiment).override(epochs=3, snapshot_log=3)
    return run_experiment(experiment, tmp_path / "runs" / "small")


@pytest.mark.parametrize("kept", [True, False])
def test_what_arrives_is_what_was_sent(
    small_experiment: Path, tmp_path: Path, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kept:
        monkeypatch.setattr(engine.recording.data, "STORE_UP_TO", 0)
    experiment = Experiment.from_toml(small_experiment).override(epochs=3, snapshot_log=3)
    sent = run_experiment(experiment, tmp_path / "runs" / "small")
    assert sent.data_description.stored == kept and sent.steps
    arrived = unpack_recording(pack_recording(sent), tmp_path / "there" / "small")
    assert arrived.digest == sent.digest and arrived.name == sent.name
    assert (tmp_path / "there/small/data.safetensors").is_file()
    for epoch in sent.epochs:
        np.testing.assert_array_equal(arrived.parameters(epoch), sent.parameters(epoch))
    np.testing.assert_array_equal(arrived.parameters(step=sent.steps[0]), sent.parameters(step=sent.steps[0]))
    np.testing.assert_array_equal(arrived.data.x, sent.data.x)
    assert arrived.evaluate() == sent.evaluate() and arrived.experiment == sent.experiment


def test_a_run_of_the_old_format_arrives_with_its_files(old_run: Path, tmp_path: Path) -> None:
    sent = Recording(old_run)
    arrived = unpack_recording(pack_recording(sent), tmp_path / "there" / "old")
    assert arrived.digest == sent.digest
    assert arrived.snapshot_files == sent.snapshot_files == [
        "snapshots/000000.safetensors", "snapshots/000001.safetensors", "snapshots/000002.safetensors",
        "snapshots/000003.safetensors", "snapshots/step-000001.safetensors",
    ]  # fmt: skip
    for epoch in sent.epochs:
        np.testing.assert_array_equal(arrived.parameters(epoch), sent.parameters(epoch))


def changed(content: bytes, change: Callable[[dict[str, bytes]], object], method: int = zipfile.ZIP_STORED) -> bytes:
    """The same archive with other entries."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, part in entries.items():
            archive.writestr(name, part)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name",
    ["../outside", "/tmp/outside", "snapshots/../../outside", "snapshots/a.py", ".lock", "snapshots", "x\\..\\y",
     "checkpoint.safetensors"],
)  # fmt: skip
def test_other_files_are_refused_before_anything_is_written(recording: Recording, tmp_path: Path, name: str) -> None:
    content = changed(pack_recording(recording), lambda entries: entries.update({name: b"x"}))
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(RecordingError, match="which is no file of a run"):
        unpack_recording(content, tmp_path / "there" / "small")
    assert sorted(os.listdir(tmp_path)) == before


def test_archives_that_are_made_to_fill_the_disk(recording: Recording, tmp_path: Path) -> None:
    content = changed(pack_recording(recording), lambda entries: None, zipfile.ZIP_DEFLATED)
    with pytest.raises(RecordingError, match="in a way that is not ours"):
        unpack_recording(content, tmp_path / "there" / "small")


def test_missing_and_damaged(recording: Recording, tmp_path: Path) -> None:
    content = pack_recording(recording)
    with pytest.raises(RecordingError, match="lacks a file"):
        unpack_recording(changed(content, lambda entries: entries.pop("run.json")), tmp_path / "a" / "small")
    for k, end in enumerate(range(0, len(content), len(content) // 7)):
        with pytest.raises(RecordingError):
            unpack_recording(content[:end], tmp_path / f"b{k}" / "small")
    forged = changed(content, lambda entries: entries.update({"run.json": b"{}"}))
    with pytest.raises(RecordingError):
        unpack_recording(forged, tmp_path / "c" / "small")
    flipped = bytearray(content)
    flipped[content.index(b"safetensors") + 200] ^= 1
    with pytest.raises(RecordingError):
        unpack_recording(bytes(flipped), tmp_path / "d" / "small").network()
