"""`neurofilm film` killed or interrupted, as a whole, with its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run, frames

ROOT = Path(__file__).parents[2]
KILLS = 102 if os.environ.get("NEUROFILM_FUZZ") == "long" else 6
posix = pytest.mark.skipif(os.name != "posix", reason="signals like these are POSIX's")

KILLED = """
import os, random, shutil, signal, sys, time
from pathlib import Path
import scenes.segments
from cli.main import main
scenes.segments.SEGMENT_SECONDS = 0.5
kills, chance, ROUND = int(sys.argv[1]), random.Random(5), 6
def film(*more):
    main(["film", "lesson.toml", "-q", "l", "--workers", "1", "--overwrite", *more], standalone_mode=False)
def rendered(folder):
    return list(Path(folder, ".segments").glob("[0-9a-f]*.mp4"))
film("-o", "whole/lesson.mp4")
whole = Path("whole/lesson.mp4").read_bytes()
began = time.time()
film("-o", "timed/lesson.mp4")
planned = min(path.stat().st_mtime for path in rendered("timed")) - began
killed, kept = 0, []
for number in range(kills):
    if number % ROUND == 0:  # from the beginning again
        assert kept == sorted(kept) and (not number or kept[-1] > 1), kept
        shutil.rmtree("films", ignore_errors=True)
        kept = []
    child = os.fork()
    if child == 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")
        film()
        os._exit(0)
    # first before anything is rendered, then whenever some more is
    enough = len(rendered("films")) + chance.randint(1, 8) if number % ROUND else 0
    deadline = time.monotonic() + (60 if enough else chance.uniform(0.01, 0.8 * planned))
    status, ended = 0, 0
    while not ended and time.monotonic() < deadline and not (enough and len(rendered("films")) >= enough):
        time.sleep(0.001)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        time.sleep(chance.uniform(0, 0.005))
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
    killed += os.WIFSIGNALED(status)
    kept.append(len(rendered("films")))
    finished = Path("films/lesson.mp4")
    assert not finished.exists() or finished.read_bytes() == whole, number
film()
assert Path("films/lesson.mp4").read_bytes() == whole
assert kept == sorted(kept) and kept[-1] > 1, kept  # what was rendered is never lost
print("killed", killed, *sorted(os.listdir("films")))
print(*[name for name in os.listdir("films/.segments") if ".part" in name])
"""


@posix
def test_a_film_that_is_killed_again_and_again_goes_on(lesson: Path) -> None:
    """At random moments; 102 of them with make fuzz."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, str(KILLS)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    said = result.stdout.splitlines()
    assert said[-2].split()[2:] == [".segments", "lesson-thumbnail.png", "lesson.mp4"] and said[-1] == ""
    assert int(said[-2].split()[1]) > KILLS / 2


def start(*arguments: str) -> subprocess.Popen[str]:
    """The command in another process, with a group of its own, to which Ctrl-C goes."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "cli.main", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a suite that runs in the background has taken Ctrl-C away
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def members(group: int) -> list[str]:
    """Processes of a group that are still there."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [pid for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_workers_end_with_the_command_and_what_they_rendered_is_kept(
    lesson: Path, number: signal.Signals, succeeds: Run
) -> None:
    succeeds("train", "small.toml")
    process = start("film", "lesson.toml", "-q", "m", "--workers", "2")
    segments = Path("films/.segments")
    wait_for(lambda: process.poll() is not None or any(segments.glob("[0-9a-f]*.mp4")))
    assert process.poll() is None, process.communicate()
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.kill()  # the command alone
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    if number == signal.SIGINT:
        assert "What is rendered is kept: the same command goes on with it." in errors and "Traceback" not in errors
    wait_for(lambda: not members(process.pid), 30)
    kept = set(segments.glob("[0-9a-f]*.mp4"))
    assert kept and not Path("films/lesson.mp4").exists()
    succeeds("film", "lesson.toml", "-q", "m", "--workers", 1)
    assert kept <= set(segments.glob("[0-9a-f]*.mp4")) and not [p for p in segments.iterdir() if ".part" in p.name]
    assert frames(Path("films/lesson.mp4")) == 27 * 30
