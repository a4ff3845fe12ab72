"""`neurofilm film` with files, parts and fallbacks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import av
import pytest

import engine.experiment
from cli.main import FAILURE, WRONG_USAGE
from cli.recordings import find_or_train, recordings_of_scene
from engine.experiment import Experiment
from engine.run import run_experiment
from scenes import SCENES, SceneEntry
from scenes.films.file import read_film
from scenes.stage import Stage
from tests.cli.conftest import LESSON, Run, frames

WARP = """
title = "A lesson"
[recordings]
small = "small.toml"
[[beat]]
scene = "warp"
recordings = ["small"]
captions = { 2 = "Watch it bend." }
"""


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
