"""Experiments that start with the weights of another one: that one is trained first, where it has not been."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from cli.recordings import find_or_train
from engine.recording import Recording
from tests.cli.conftest import Run


def test_what_weights_come_from_is_trained_first(workplace: Path, succeeds: Run) -> None:
    result = succeeds("train", "transfer-digits", "--epochs", 2)
    said = [line.partition(":")[0] for line in result.stdout.splitlines()]
    assert said == ["runs/pretrain-digits", "runs/transfer-digits"]
    source, run = Recording("runs/pretrain-digits"), Recording("runs/transfer-digits")
    assert source.state == run.state == "finished"
    for name in ("1.weight", "6.bias"):
        np.testing.assert_array_equal(run.network().weights[name], source.network().weights[name])
    assert run.experiment is not None and run.experiment.network.weights_from == str(source.path.resolve())

    # for a film it has to be the whole of it; the other run is left alone, and what weights come from is used again
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    whole = find_or_train("transfer-digits")
    assert whole.state == "finished" and len(whole) == 41 and whole.path != run.path
    kept = {path: path.stat().st_mtime_ns for path in before}
    assert {path for path in before if path != Path("runs") and kept[path] != before[path]} == set()
    assert find_or_train("transfer-digits").path == whole.path

    # what weights come from can be made again, to the same bits, and the run is still one of the experiment
    shutil.rmtree(source.path)
    assert find_or_train("transfer-digits").path == whole.path
    assert Recording(source.path).digest == source.digest


def test_a_run_that_is_given_takes_its_place(workplace: Path, small_experiment: Path, succeeds: Run) -> None:
    succeeds("train", "pretrain-digits", "--epochs", 1, "-o", "short")
    succeeds("train", "transfer-digits", "--epochs", 1, "--from", "short")
    assert not Path("runs/pretrain-digits").exists()
    short, run = Recording("short").network(), Recording("runs/transfer-digits").network()
    np.testing.assert_array_equal(run.weights["3.weight"], short.weights["3.weight"])


def test_where_data_cannot_be_had_both_have_something_that_stands_in(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("nothing").mkdir()
    monkeypatch.setenv("NEUROFILM_DATA_DIR", str(Path("nothing").resolve()))
    assert find_or_train("transfer").path == Path("runs/transfer-digits")
    assert sorted(path.name for path in Path("runs").iterdir()) == ["pretrain-digits", "transfer-digits"]
    said = [line for line in capsys.readouterr().err.splitlines() if "stands in" in line]
    assert len(said) == 1 and said[0].startswith("transfer-digits stands in for transfer: ")
