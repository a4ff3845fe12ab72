"""Recordings of every release so far open, and say what they said when they were made (tools/make_fixtures.py).

What is damaged in files that only they have is found.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.recording import Recording
from engine.recording.tensors import START
from tests.engine.damage import sentence

FIXTURES = Path(__file__).parents[1] / "fixtures" / "recordings"
OLD_FILES = ["snapshots/000001.safetensors", "snapshots/step-000001.safetensors"]
RUNS = sorted(path.parent for path in FIXTURES.glob("*/*/run.json"))


def test_there_are_some() -> None:
    assert {path.relative_to(FIXTURES).as_posix() for path in RUNS} >= {
        "0.1/dense", "0.1/autoencoder", "0.1/convolution", "0.1/recurrent", "0.1-format-2/dense",
    }  # fmt: skip


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_an_old_recording_says_what_it_said(path: Path) -> None:
    told = json.loads(path.with_name(f"{path.name}.json").read_text())
    run = Recording(path)
    assert (run.epochs, run.steps, run.state) == (told["epochs"], told["steps"], told["state"])
    np.testing.assert_array_equal(run.metrics["loss"], told["loss"])
    for epoch in run.epochs:
        assert run.parameters(epoch).astype(np.float64).sum() == pytest.approx(told["sum"][str(epoch)], rel=1e-12)
        evaluated = run.evaluate(epoch)
        assert evaluated == pytest.approx(told["evaluated"][str(epoch)], rel=1e-4)
    np.testing.assert_allclose(run.network().predict(run.data.x[:3]), told["outputs"], rtol=1e-4, atol=1e-6)
    for step in run.steps:
        assert np.isfinite(run.parameters(step=step)).all()
    assert run.checkpoint()["epoch"] == run.metrics["epoch"][-1]
    assert run.experiment is not None and run.experiment.name == path.name
    rebuilt = run.experiment.build_network(run.experiment.dataset_split()[0])
    assert rebuilt.parameter_count == run.parameter_count


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_reading_leaves_a_recording_as_it_is(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(path, tmp_path / path.name))
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in copy.rglob("*") if file.is_file()}
    run = Recording(copy)
    run.evaluate()
    run.checkpoint()
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in copy.rglob("*") if file.is_file()} == before


def test_fixtures_are_never_made_twice() -> None:
    script = FIXTURES.parents[2] / "tools" / "make_fixtures.py"
    result = subprocess.run(
        [sys.executable, script, FIXTURES / "0.1"], capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 1 and "recordings of a release are made once and kept" in result.stderr


@pytest.mark.parametrize("name", OLD_FILES)
def test_flipped_bytes_in_old_snapshots_are_found(old_run: Path, name: str) -> None:
    contents = (old_run / name).read_bytes()
    for at in range(0, len(contents), max(1, len(contents) // 100)):
        flipped = bytearray(contents)
        flipped[at] ^= 1
        (old_run / name).write_bytes(flipped)
        assert name in sentence(old_run), at
    for length in range(0, len(contents), 13):
        (old_run / name).write_bytes(contents[:length])
        assert name in sentence(old_run), length
    (old_run / name).unlink()
    assert name in sentence(old_run)


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (b"", "old/snapshots/000001.safetensors is empty: it was damaged after it was written"),
        (b"PK\3\4 a zip archive" * 9, "is damaged, or was not written by neurofilm: it does not start as such"),
        (b"\x80\4\x95pickle" * 9, "it does not start as such files do"),
        ((1 << 62).to_bytes(8, "little") + START + b'00000000"}}' + b" " * 9, "is damaged: it ends within its header"),
        ((99).to_bytes(8, "little") + START + b'00000000"}}' + b" " * 99, "checksum does not match its contents"),
    ],
)
def test_sentences_about_old_snapshots(old_run: Path, damage: bytes, text: str) -> None:
    (old_run / "snapshots/000001.safetensors").write_bytes(damage)
    assert text in sentence(old_run)
    assert Recording(old_run).parameters(2).size  # the others are as good as before


def test_an_old_snapshot_of_another_epoch_is_found(old_run: Path) -> None:
    shutil.copy(old_run / "snapshots/000002.safetensors", old_run / "snapshots/000001.safetensors")
    assert "000001.safetensors is not the snapshot that this run recorded" in sentence(old_run)
