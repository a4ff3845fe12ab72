"""What commands share: types of values, and where outputs go."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli import options
from cli.options import BatchSize, EpochRange, find_run
from cli.render import complete_output
from engine.datasets import mnist
from engine.errors import RecordingError
from scenes.theme import THEMES


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("32", 32), ("full", "full")])
def test_batch_size(text: str, value: int | str) -> None:
    assert BatchSize().convert(text, None, None) == value


@pytest.mark.parametrize("text", ["0", "-1", "all", "1.5", ""])
def test_batch_size_refuses(text: str) -> None:
    with pytest.raises(click.BadParameter):
        BatchSize().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "value"), [("0:100", (0, 100)), ("50:", (50, None)), (":200", (None, 200)), (":", (None, None))]
)
def test_epoch_range(text: str, value: tuple[int | None, int | None]) -> None:
    assert EpochRange().convert(text, None, None) == value


@pytest.mark.parametrize("text", ["", "100", "a:b", "0:1:2", "-1:5", "9:3"])
def test_epoch_range_refuses(text: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        EpochRange().convert(text, None, None)
    assert repr(text) in caught.value.message


@pytest.mark.parametrize(
    ("output", "format_", "expected"),
    [
        (None, None, ("films/run-warp.mp4", "mp4")),
        (None, "gif", ("films/run-warp.gif", "gif")),
        ("a.webm", None, ("a.webm", "webm")),
        ("a.GIF", None, ("a.GIF", "gif")),
        ("a.mp4", "mp4", ("a.mp4", "mp4")),
        ("a.b", "png", ("a.b", "png")),
    ],
)
def test_output_and_format_complete_each_other(
    output: str | None, format_: str | None, expected: tuple[str, str]
) -> None:
    path, chosen = complete_output(Path(output) if output else None, format_, Path("films/run-warp"))
    assert (str(path), chosen) == (str(Path(expected[0])), expected[1])


@pytest.mark.parametrize("output", ["a.avi", "a"])
def test_an_output_that_names_no_known_format(output: str) -> None:
    with pytest.raises(click.UsageError):
        complete_output(Path(output), None, Path("films/run-warp"))


def test_a_run_is_found_by_path_and_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = Path("runs/mine")
    run.mkdir(parents=True)
    (run / "run.json").touch()
    assert find_run(Path("mine")) == run
    assert find_run(run) == run
    with pytest.raises(RecordingError, match="no run directory 'other'; runs/ holds mine"):
        find_run(Path("other"))


def test_no_runs_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordingError, match="train one first"):
        find_run(Path("spirals"))


def test_the_environment_variable_is_the_engine_s() -> None:
    assert options.DATA_DIR == mnist.DATA_DIR


def test_every_theme_can_be_chosen() -> None:
    assert tuple(THEMES) == options.THEMES
