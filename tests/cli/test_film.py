"""`neurofilm film` with files, parts, fallbacks and workers; and killed or interrupted, as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import av
import pytest
from click.testing import Result

import engine.experiment
from cli.main import FAILURE, WRONG_USAGE
from cli.recordings import find_or_train, recordings_of_scene
from engine.experiment import Experiment
from engine.run import run_experiment
from scenes import SCENES, SceneEntry
from scenes.films.file import read_film
from scenes.stage import Stage

ROOT = Path(__file__).parents[2]
KILLS = 102 if os.environ.get("NEUROFILM_FUZZ") == "long" else 6
posix = pytest.mark.skipif(os.name != "posix", reason="signals like these are POSIX's")
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

WARP = """
title = "A lesson"
[recordings]
small = "small.toml"
[[beat]]
scene = "warp"
recordings = ["small"]
captions = { 2 = "Watch it bend." }
"""


@pytest.fixture
def lesson(workplace: Path, small_experiment: Path) -> Path:
    """The film lesson.toml, and the experiment that it names, in an empty folder."""
    (workplace / "small.toml").write_text(small_experiment.read_text(encoding="utf-8"), encoding="utf-8")
    path = workplace / "lesson.toml"
    path.write_text(LESSON, encoding="utf-8")
    return path


def frames(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(video=0) if packet.size)


def test_a_film_of_ones_own(lesson: Path, succeeds: Run) -> None:
    result = succeeds("film", "lesson.toml", "-q", "l", "--workers", 1)
    assert frames(Path("films/lesson.mp4")) == 3 * 9 * 15
    assert result.stdout.splitlines()[-1] == "films/lesson.mp4: 405 frames, 27.0 s"
    assert Path("runs/small/run.json").is_file() and Path("films/lesson-thumbnail.png").is_file()
    with av.open("films/lesson.mp4") as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["Beginning", "The end"]
    # an unchanged film is put together again from what is there
    before = Path("films/lesson.mp4").read_bytes()
    began = {path: path.stat().st_mtime_ns for path in Path("films/.segments").glob("[0-9a-f]*.mp4")}
    succeeds("film", "lesson.toml", "-q", "l", "--workers", 1, "--overwrite")
    assert Path("films/lesson.mp4").read_bytes() == before
    assert set(Path("films/.segments").glob("[0-9a-f]*.mp4")) == set(began)


def test_a_part_trains_and_renders_only_what_it_needs(lesson: Path, succeeds: Run) -> None:
    succeeds("film", "lesson.toml", "-q", "l", "--workers", 1, "--scenes", "1")
    assert frames(Path("films/lesson-1.mp4")) == 9 * 15
    assert not Path("runs").exists()


def test_what_is_said(lesson: Path, succeeds: Run) -> None:
    result = succeeds("film", "lesson.toml", "--script")
    assert "2.  [WordsCard, 9.0 s]" in result.stdout and "3.  The end  [EndCard, 9.0 s]" in result.stdout
    assert not Path("films").exists()
    lesson.write_text(WARP, encoding="utf-8")
    lines = succeeds("film", "lesson.toml", "--script").stdout.splitlines()
    assert lines[0].startswith("1.  [Warp, ")
    assert [line.split()[1] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[2].endswith("  2  Watch it bend.")


def test_a_film_that_is_begun_with_the_command(workplace: Path, succeeds: Run, neurofilm: Run) -> None:
    result = succeeds("new", "film", "my lesson")
    assert result.stdout.startswith("my lesson.toml: ")
    film = read_film("my lesson.toml")
    assert film.name == "my lesson" and film.command == "neurofilm film 'my lesson.toml'"
    assert 'neurofilm film "my lesson.toml" -q h' in Path("my lesson.toml").read_text(encoding="utf-8")
    again = neurofilm("new", "film", "my lesson.toml")
    assert again.exit_code == FAILURE and again.stderr == "Error: my lesson.toml exists; choose another name\n"


@pytest.mark.parametrize("name", ["../x", "/tmp/x", "a/b", ".x", "-x", "a\\b", "", "..", "a\x1bb"])
def test_names_that_are_no_files(workplace: Path, neurofilm: Run, name: str) -> None:
    result = neurofilm("new", "film", "--", name)
    assert result.exit_code == WRONG_USAGE and "must be able to name a file" in result.stderr
    assert list(workplace.iterdir()) == [] and sorted(path.name for path in workplace.parent.iterdir()) == ["workplace"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["lesson"], "unknown film 'lesson': for the file lesson.toml give its whole name"),
        (["lessen.toml"], "the film lessen.toml cannot be read: No such file or directory"),
        (["lesson.toml", "--scenes", "2-4"], "the film 'lesson' has the beats 1 to 3"),
        (["lesson.toml", "--scenes", "two"], "is not a choice of beats"),
        (["lesson.toml", "--cluster", "there"], "must be given as tcp://HOST:PORT"),
        (["wrong.toml"], "wrong.toml: beat 1: unknown scene 'wrap': did you mean 'warp'"),
    ],
)
def test_what_is_wrong_gets_a_sentence(lesson: Path, neurofilm: Run, arguments: list[str], sentence: str) -> None:
    Path("wrong.toml").write_text('title = "a"\n[[beat]]\nscene = "wrap"\n')
    result = neurofilm("film", *arguments)
    assert result.exit_code == WRONG_USAGE and sentence in result.stderr
    assert "Traceback" not in result.output and not Path("films").exists()


def test_a_run_that_is_not_there(lesson: Path, neurofilm: Run) -> None:
    lesson.write_text(LESSON.replace("small.toml", "mine"))
    result = neurofilm("film", "lesson.toml")
    assert result.exit_code == FAILURE and "there is no run directory 'mine'" in result.stderr


# --- which recordings -------------------------------------------------------------------------------------------------


class Pair(Stage):
    """A scene that is told with two."""


@pytest.fixture
def experiments(lesson: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Experiment]:
    """The experiments "one", "two" and "other", where "two" needs data that cannot be had; the scene "pair" of both."""
    small = Experiment.from_toml("small.toml")
    text = small.to_toml()
    known = {
        name: Experiment.from_toml(text.replace('name = "small"', f'name = "{name}"')) for name in ("one", "other")
    }
    lost = (
        'name = "two"\nfallback = "other"\n[dataset]\nname = "mnist"\n'
        '[network]\nlayers = [{ type = "dense", units = 10, activation = "softmax" }]\n'
    )
    known["two"] = Experiment.from_toml(lost)
    monkeypatch.setattr(engine.experiment, "load_experiment", lambda name: known[name])
    Path("nothing").mkdir()
    monkeypatch.setenv("NEUROFILM_DATA_DIR", str(Path("nothing").resolve()))
    module = ModuleType("pair_scene")
    module.Pair = Pair  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pair_scene", module)
    monkeypatch.setitem(SCENES, "pair", SceneEntry("pair_scene", "Pair", "Two", experiments=("one", "two")))
    return known


def test_a_scene_without_runs_is_told_with_its_experiments(
    experiments: dict[str, Experiment], capsys: pytest.CaptureFixture[str]
) -> None:
    found = recordings_of_scene("pair", [])
    assert list(found) == ["one", "two"]
    assert found["one"].path == Path("runs/one") and found["two"].path == Path("runs/other")
    said = [line for line in capsys.readouterr().err.splitlines() if "stands in" in line]
    assert len(said) == 1 and said[0].startswith("other stands in for two: ")
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    assert [run.path for run in recordings_of_scene("pair", []).values()] == [run.path for run in found.values()]
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before


def test_data_that_cannot_be_had_and_nothing_to_stand_in(experiments: dict[str, Experiment]) -> None:
    experiments["two"] = Experiment.from_toml(experiments["two"].to_toml().replace('fallback = "other"\n', ""))
    with pytest.raises(engine.errors.DataError):
        find_or_train("two")


def test_runs_go_where_their_experiments_are(experiments: dict[str, Experiment], neurofilm: Run) -> None:
    for name, run in (("one", "a"), ("other", "b"), ("one", "c")):
        run_experiment(experiments[name].override(epochs=1), f"runs/{run}")
    a, b, c = (Path("runs", name) for name in "abc")

    def told(*runs: Path) -> dict[str, str]:
        return {name: str(recording.path) for name, recording in recordings_of_scene("pair", list(runs)).items()}

    assert told(a, b) == told(b, a) == {"one": "runs/a", "two": "runs/b"}  # by name; "other" stands in for "two"
    assert told(a, c) == {"one": "runs/a", "two": "runs/c"}  # both are "one": the second takes what is left
    assert told(b) == {"two": "runs/b"}
    assert told(Path("c")) == {"one": "runs/c"}
    result = neurofilm("render", "pair", "a", "b", "c")
    assert result.exit_code == WRONG_USAGE
    assert "the scene 'pair' is told with at most 2 runs (one, two), and 3 were given" in result.stderr


def test_a_scene_of_any_recordings_takes_them_as_they_are_given(
    experiments: dict[str, Experiment], neurofilm: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, run in (("one", "a"), ("other", "b"), ("one", "c")):
        run_experiment(experiments[name].override(epochs=1), f"runs/{run}")
    monkeypatch.setitem(SCENES, "pair", replace(SCENES["pair"], any_runs=3))

    def told(*names: str) -> list[str]:
        return [recording.name for recording in recordings_of_scene("pair", [Path(name) for name in names]).values()]

    assert told("b", "a", "c") == ["b", "a", "c"] and told("c", "b") == ["c", "b"]
    assert told("a", "a", "a") == ["a", "a", "a"]
    assert list(recordings_of_scene("pair", [])) == ["one", "two"]
    result = neurofilm("render", "pair", "a", "b", "c", "a")
    assert result.exit_code == WRONG_USAGE
    assert "the scene 'pair' is told with at most 3 runs, and 4 were given" in result.stderr


# --- kills ------------------------------------------------------------------------------------------------------------

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
