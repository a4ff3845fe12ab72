"""Recordings of every release so far open, and say what they said when they were made (tools/make_fixtures.py)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.recording import Recording

FIXTURES = Path(__file__).parents[1] / "fixtures" / "recordings"
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
