"""The command line as a function; a short film for it to make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest
from click.testing import CliRunner, Result

from cli.main import main

Run = Callable[..., Result]

LESSON = """
title = "A lesson"
[recordings]
small = "small.toml"

[[beat]]
card = "title"
chapter = "Beginning"
seconds = 9

[[beat]]
card = "words"
title = "{small.parameters} numbers, {small.epochs} epochs."
recordings = ["small"]
seconds = 9

[[beat]]
card = "end"
chapter = "The end"
recordings = ["small"]
seconds = 9
"""


@pytest.fixture
def neurofilm() -> Run:
    """Run a command; an exception that it lets through is let through here."""
    return lambda *arguments: CliRunner().invoke(main, [str(word) for word in arguments], catch_exceptions=False)


@pytest.fixture
def succeeds(neurofilm: Run) -> Run:
    """Run a command that must end well."""

    def run(*arguments: object) -> Result:
        result = neurofilm(*arguments)
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def lesson(workplace: Path, small_experiment: Path) -> Path:
    """The film lesson.toml, and the experiment that it names, in an empty folder."""
    (workplace / "small.toml").write_text(small_experiment.read_text(encoding="utf-8"), encoding="utf-8")
    path = workplace / "lesson.toml"
    path.write_text(LESSON, encoding="utf-8")
    return path


def frames(path: Path) -> int:
    """How many frames a film has."""
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)
