"""Progress: plain lines where there is no terminal, a bar where there is one."""

from __future__ import annotations

import sys

import pytest

from cli.progress import EpochProgress, FrameProgress, describe


def run(bar: EpochProgress, epochs: int, first: int = 0) -> None:
    bar.start(epochs, first)
    for epoch in range(first, epochs + 1):
        bar.update(epoch, {"epoch": epoch, "loss": 1 / (1 + epoch), "accuracy": 0.5})
    bar.stop()


def test_without_a_terminal_a_line_for_every_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    run(EpochProgress("spirals"), 600)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert len(lines) == 10
    assert lines[0].startswith("spirals: epochs 60/600  loss ")
    assert lines[-1].endswith("accuracy 50.0%")
    assert "\x1b" not in err
    assert "\r" not in err


def test_a_resumed_run_counts_from_where_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    run(EpochProgress("spirals"), 100, first=75)
    assert [line.split()[2] for line in capsys.readouterr().err.splitlines()] == ["80/100", "90/100", "100/100"]


def test_few_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    run(EpochProgress("spirals"), 2)
    assert [line.split()[2] for line in capsys.readouterr().err.splitlines()] == ["1/2", "2/2"]


def test_frames_whose_number_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    bar = FrameProgress("warp.mp4")
    bar.start(None)
    bar.update(100)
    bar.stop()
    assert capsys.readouterr().err == ""


def test_on_a_terminal_there_is_a_bar_with_the_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    run(EpochProgress("spirals"), 20)
    err = capsys.readouterr().err
    assert "20/20" in err
    assert "0:00:00" in err
    assert "━" in err


def test_a_name_with_brackets_is_shown_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    run(EpochProgress("[/red] [bold]x"), 20)
    assert "[/red] [bold]x" in capsys.readouterr().err


def test_stop_without_start() -> None:
    FrameProgress("warp.mp4").stop()


def test_metrics_in_words() -> None:
    metrics = {"epoch": 3, "loss": 0.01234567, "val_accuracy": 0.975, "gradient_norm": 1.0, "layers": [1.0]}
    assert describe(metrics) == "loss 0.01235, validation accuracy 97.5%"
