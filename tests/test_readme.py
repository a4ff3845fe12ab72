"""What README.md shows works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli.main import main

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4}(neurofilm .*)$", README, re.MULTILINE)


def test_the_python_example_runs(workplace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    count, accuracy, _ = capsys.readouterr().out.split(maxsplit=2)
    assert int(count) == 201
    assert float(accuracy) > 0.9
    assert Path("runs/mine/run.json").is_file()


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_understood(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    main.commands[name].make_context(name, arguments)


def test_every_command_is_in_the_table() -> None:
    assert len(COMMANDS) >= 5
    for name in main.commands:
        assert f"| `neurofilm {name}" in README


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (Path(__file__).parent.parent / target).exists(), target
