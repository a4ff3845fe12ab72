"""What README.md shows works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from cli.main import main
from scenes.theme import DARK, LIGHT, rgb

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^ {4}(neurofilm .*)$", README, re.MULTILINE)


@pytest.fixture(scope="module")
def readers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader is who has trained what the first example trains; its output is in ``said.txt``."""
    folder = tmp_path_factory.mktemp("reader")
    done = run(folder, "-c", EXAMPLES[0])
    (folder / "said.txt").write_text(done, encoding="utf-8")
    return folder


def run(folder: Path, *arguments: str) -> str:
    """What Python says when it is called in a folder."""
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def frames(film: Path) -> list[np.ndarray]:
    """All frames of a film, uint8 (H, W, 3)."""
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_the_example_of_the_library_runs(readers_folder: Path) -> None:
    count, accuracy, _ = (readers_folder / "said.txt").read_text(encoding="utf-8").split(maxsplit=2)
    assert int(count) == 201
    assert float(accuracy) > 0.9
    assert (readers_folder / "runs/mine/run.json").is_file()


def test_the_example_for_manim_s_own_command_runs(readers_folder: Path) -> None:
    (command,) = re.findall(r"`(manim [^`]*)`", README)
    (readers_folder / "mine.py").write_text(EXAMPLES[1], encoding="utf-8")
    run(readers_folder, "-m", *shlex.split(command))
    shown = frames(readers_folder / "media/videos/mine/480p15/Mine.mp4")
    assert 40 <= len(shown) <= 50
    assert np.abs(shown[-1].astype(int) - shown[16]).max() > 60, "nothing moves"


def test_the_example_of_a_stage_runs(readers_folder: Path) -> None:
    run(readers_folder, "-c", EXAMPLES[2])
    shown = frames(readers_folder / "films/regions.mp4")
    assert len(shown) == 60
    ground = np.array(rgb(LIGHT.background)) * 255
    assert np.abs(shown[-1][5, 5] - ground).max() <= 3
    assert np.abs(shown[-1].astype(int) - shown[0]).max() > 60, "nothing moves"
    assert "The regions form" in (readers_folder / "films/regions.srt").read_text(encoding="utf-8")


def test_the_example_for_a_notebook_runs(readers_folder: Path) -> None:
    notebook = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"for cell in ('from manim import *', {EXAMPLES[3]!r}):\n"
        "    shell.run_cell(cell).raise_error()\n"
    )
    run(readers_folder, "-c", notebook)
    (film,) = (readers_folder / "media/videos").rglob("Loss.mp4")
    shown = frames(film)
    assert len(shown) >= 44
    assert np.abs(shown[-1][5, 5] - np.array(rgb(DARK.background)) * 255).max() <= 6, "another ground than the theme's"
    assert np.abs(shown[-1].astype(int) - shown[0]).max() > 60, "nothing moves"


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
