"""Help, exit statuses, and errors as sentences."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from cli.main import FAILURE, WRONG_USAGE, main
from engine.errors import (
    ConfigurationError,
    DataError,
    NeurofilmError,
    RecordingError,
    RenderError,
    TrainingError,
    nearest,
)

COMMANDS = ["film", "new", "train", "render", "storyboard", "list", "info", "doctor", "bench"]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """A command `fail` that raises what the test puts under "error"."""
    box: dict[str, BaseException] = {}

    @click.command("fail")
    def fail() -> None:
        raise box["error"]

    monkeypatch.setitem(main.commands, "fail", fail)
    return box


def test_the_commands() -> None:
    assert list(main.commands) == COMMANDS


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_an_example(command: str, option: str) -> None:
    result = CliRunner().invoke(main, [command, option])
    assert result.exit_code == 0
    lines = result.output.rstrip().splitlines()
    start = max(index for index, line in enumerate(lines) if line.strip() in ("Example:", "Examples:"))
    examples = lines[start + 1 :]
    assert examples
    assert all(line.startswith(f"    neurofilm {command}") for line in examples)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained(command: str) -> None:
    for parameter in main.commands[command].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{command} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_are_understood(command: str) -> None:
    """Every example parses: names of options and numbers of arguments are right."""
    subject = main.commands[command]
    assert subject.epilog is not None
    lines = [line.strip() for line in subject.epilog.splitlines() if line.strip().startswith("neurofilm")]
    assert lines
    for line in lines:
        _, name, *arguments = line.split()
        assert name == command
        subject.make_context(name, arguments)


def test_help_of_the_whole() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert all(f"  {command} " in result.output for command in COMMANDS)
    assert result.output.rstrip().splitlines()[-1].strip() == "neurofilm film spirals"
    assert "..." not in result.output.partition("Commands:")[2], "a summary is too long for its line"


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("neurofilm, version 0.")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["--unknown"],
        ["film"],
        ["film", "spirals", "-q", "x"],
        ["film", "no-such-film"],
        ["train"],
        ["train", "spirals", "--layers", "a,b"],
        ["train", "spirals", "--layers", "0"],
        ["train", "spirals", "--epochs", "0"],
        ["train", "spirals", "--epochs", "many"],
        ["train", "spirals", "--seed", "-1"],
        ["train", "spirals", "--resume", "runs/spirals"],
        ["train", "--resume", "runs/spirals", "--epochs", "3"],
        ["train", "--resume", "runs/spirals", "-o", "elsewhere"],
        ["train", "spirals", "--target", "species"],
        ["film", "spirals", "--scenes", "4-2"],
        ["film", "spirals", "--scenes", "0"],
        ["film", "spirals", "--scenes", "8"],
        ["film", "spirals", "--workers", "0"],
        ["film", "spirals", "--workers", "2", "--cluster", "tcp://127.0.0.1:1"],
        ["film", "no-such-film.toml"],
        ["new"],
        ["new", "film"],
        ["new", "film", "../elsewhere"],
        ["new", "film", ".hidden"],
        ["render"],
        ["render", "no-such-scene", "runs/spirals"],
        ["render", "warp", "runs/spirals", "--format", "avi"],
        ["render", "warp", "runs/spirals", "--epochs", "5"],
        ["render", "warp", "runs/spirals", "--clock", "noon"],
        ["storyboard"],
        ["storyboard", "warp", "--scenes", "2"],
        ["storyboard", "no-such-thing"],
        ["storyboard", "warp", "runs/spirals", "--frames", "0"],
        ["list", "everything"],
        ["info"],
        ["doctor", "me"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == WRONG_USAGE, result.output
    assert result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [["film", "spirls"], ["render", "wrap", "run"], ["storyboard", "wrap"]])
def test_unknown_names_bring_the_nearest(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == WRONG_USAGE
    assert "did you mean" in result.stderr


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("layers=() is empty"), WRONG_USAGE),
        (nearest("layer", "desne", ["dense"]), WRONG_USAGE),
        (DataError("row 3 holds 'x'"), FAILURE),
        (RecordingError("runs/x is none"), FAILURE),
        (TrainingError("the loss is NaN"), FAILURE),
        (RenderError("it does not fit"), FAILURE),
        (NeurofilmError("no"), FAILURE),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_errors_are_one_sentence(failing: dict[str, BaseException], error: Exception, status: int) -> None:
    failing["error"] = error
    result = CliRunner().invoke(main, ["fail"])
    assert result.exit_code == status
    assert result.stderr == f"Error: {error}\n"
    assert result.stdout == ""


def test_errors_of_the_system_name_the_file(failing: dict[str, BaseException]) -> None:
    failing["error"] = PermissionError(13, "Permission denied", "runs/x")
    result = CliRunner().invoke(main, ["fail"])
    assert result.exit_code == FAILURE
    assert result.stderr == "Error: runs/x: Permission denied\n"


def test_too_little_memory_is_a_sentence(failing: dict[str, BaseException]) -> None:
    failing["error"] = MemoryError("Unable to allocate 3 GiB")
    result = CliRunner().invoke(main, ["fail"])
    assert result.exit_code == FAILURE
    assert result.stderr == "Error: there is not enough memory: Unable to allocate 3 GiB\n"


def test_a_bug_is_not_hidden(failing: dict[str, BaseException]) -> None:
    failing["error"] = ZeroDivisionError("a bug")
    result = CliRunner().invoke(main, ["fail"])
    assert isinstance(result.exception, ZeroDivisionError)


def test_interruption(failing: dict[str, BaseException]) -> None:
    failing["error"] = KeyboardInterrupt()
    result = CliRunner().invoke(main, ["fail"])
    assert result.exit_code == FAILURE
    assert "Aborted!" in result.stderr
