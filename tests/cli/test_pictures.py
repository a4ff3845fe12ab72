"""film, render and storyboard: from the command to the file, with a scene that is over in a moment."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest
from click.testing import Result
from PIL import Image

import engine.experiment
from cli import options
from cli.main import FAILURE, WRONG_USAGE
from cli.recordings import find_or_train
from engine.experiment import Experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes import FILMS, SCENES, FilmEntry, SceneEntry
from scenes.films import Beat, Film
from scenes.rendering import QUALITIES
from scenes.stage import Stage

Run = Callable[..., Result]


class Moment(Stage):
    """A caption for a fifth of a second; notes what it was given."""

    OPTIONS = ("epochs",)
    seen: list[tuple[dict[str, Recording], dict[str, object]]] = []

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        inputs = recording.network_config["input_shape"]
        return None if inputs == [2] else f"the scene shows networks with 2 inputs, and this one has {inputs[0]}"

    def construct(self) -> None:
        Moment.seen.append((dict(self.recordings), dict(self.options)))
        self.caption("A moment")
        self.wait(0.2)


@pytest.fixture
def studio(workplace: Path, small_experiment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scene "moment", a film "short" of two beats, and the experiment "small" that it needs."""
    module = ModuleType("short_film")
    beats = (Beat("moment", ("small",), title="One"), Beat("moment", ("small",), title="Two"))
    module.FILM = Film("short", "A short film", beats)  # type: ignore[attr-defined]
    module.Moment = Moment  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "short_film", module)
    monkeypatch.setitem(SCENES, "moment", SceneEntry("short_film", "Moment", "A moment", ("time",)))
    monkeypatch.setitem(FILMS, "short", FilmEntry("short_film", "Two moments"))
    small = Experiment.from_toml(small_experiment)
    monkeypatch.setattr(engine.experiment, "load_experiment", lambda name: small)
    monkeypatch.setattr(Moment, "seen", [])
    return workplace


def video(path: str) -> tuple[int, int, int]:
    """Frames, width and height."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        return sum(1 for _ in container.decode(stream)), stream.width, stream.height


def train_small(small_experiment: Path, run: str = "runs/small", **changes: object) -> Recording:
    experiment = Experiment.from_toml(small_experiment).override(**changes)  # type: ignore[arg-type]
    return run_experiment(experiment, run)


def test_the_letters_are_those_of_the_scenes() -> None:
    assert tuple(QUALITIES) == options.QUALITIES


def test_a_film_trains_and_renders(studio: Path, succeeds: Run) -> None:
    result = succeeds("film", "short", "-q", "l")
    assert Recording("runs/small").state == "finished"
    assert video("films/short.mp4") == (6, 854, 480)
    assert Path("films/short.srt").read_text(encoding="utf-8").count("A moment") == 2
    assert result.stdout.splitlines()[-1] == "films/short.mp4: 6 frames, 0.4 s"
    assert "short.mp4: frames 6/6" in result.stderr


def test_a_film_uses_a_finished_run_as_it_is(studio: Path, small_experiment: Path, succeeds: Run) -> None:
    train_small(small_experiment)
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    result = succeeds("film", "short", "-q", "l", "-o", "other.mp4")
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before
    assert "epochs" not in result.stderr
    assert Path("other.mp4").exists()


def test_a_film_leaves_another_run_of_that_name_alone(studio: Path, small_experiment: Path) -> None:
    other = train_small(small_experiment, seed=99)
    first, second = find_or_train("small"), find_or_train("small")
    assert Recording("runs/small").digest == other.digest
    assert first.path == second.path != other.path
    assert first.network_config["seed"] == 3


def test_a_film_uses_a_run_that_early_stopping_ended(
    studio: Path, small_experiment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = small_experiment.read_text().replace(
        "epochs = 12", "epochs = 12\nearly_stopping = {patience = 1, min_delta = 9}"
    )
    small = Experiment.from_toml(text)
    monkeypatch.setattr(engine.experiment, "load_experiment", lambda name: small)
    first = find_or_train("small")
    assert first.state == "stopped"
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    assert find_or_train("small").path == first.path
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before


def test_a_film_goes_on_with_a_run_that_was_stopped(studio: Path, small_experiment: Path) -> None:
    class Stop(Exception):
        pass

    def stop(network: object, epoch: int, metrics: object) -> None:
        if epoch == 5:
            raise Stop

    with pytest.raises(Stop):
        run_experiment(Experiment.from_toml(small_experiment), "runs/small", callbacks=[stop])
    assert Recording("runs/small").state == "interrupted"
    finished = find_or_train("small")
    whole = train_small(small_experiment, "whole")
    np.testing.assert_array_equal(finished.parameters(-1), whole.parameters(-1))


def test_an_output_that_exists_is_refused_before_training(studio: Path, neurofilm: Run, succeeds: Run) -> None:
    Path("films").mkdir()
    Path("films/short.mp4").write_bytes(b"mine")
    for command in (["film", "short"], ["storyboard", "short", "-o", "films/short.mp4"]):
        result = neurofilm(*command)
        assert result.exit_code == FAILURE
        assert "--overwrite" in result.stderr
    assert not Path("runs").exists()
    assert Path("films/short.mp4").read_bytes() == b"mine"
    succeeds("film", "short", "-q", "l", "--overwrite")
    assert video("films/short.mp4")[0] == 6


def test_a_scene_is_rendered_with_its_options(studio: Path, small_experiment: Path, succeeds: Run) -> None:
    train_small(small_experiment)
    succeeds("render", "moment", "small", "-q", "l", "--epochs", "2:8", "--clock", "time")
    assert video("films/small-moment.mp4") == (3, 854, 480)
    recordings, chosen = Moment.seen[-1]
    assert recordings["small"].path == Path("runs/small")
    assert chosen == {"epochs": (2, 8), "clock": "time"}


def test_an_option_that_a_scene_does_not_know_is_refused_before_training(workplace: Path, neurofilm: Run) -> None:
    result = neurofilm("render", "compare", "--epochs", "0:3")
    assert result.exit_code == WRONG_USAGE and "unknown option of compare 'epochs'" in result.stderr
    Path("mine.toml").write_text('title = "a"\n[[beat]]\nscene = "warp"\noptions = { epoch = [0, 3] }')
    for command in ("film", "storyboard"):
        result = neurofilm(command, "mine.toml")
        assert result.exit_code == WRONG_USAGE
        assert "mine.toml: beat 1: unknown option of warp 'epoch': did you mean 'epochs'" in result.stderr
    assert not Path("runs").exists()


@pytest.mark.parametrize("format_", options.FORMATS)
def test_every_format(studio: Path, small_experiment: Path, format_: str, succeeds: Run) -> None:
    train_small(small_experiment)
    result = succeeds("render", "moment", "runs/small", "-q", "l", "--format", format_)
    path = Path(f"films/small-moment.{format_}")
    assert str(path) in result.stdout
    assert path.stat().st_size > 500
    assert [left.name for left in Path("films").iterdir() if ".part" in left.name] == []


def test_a_clock_that_a_scene_does_not_have(studio: Path, small_experiment: Path, neurofilm: Run) -> None:
    result = neurofilm("render", "moment", "small", "--clock", "depth")
    assert result.exit_code == WRONG_USAGE
    assert "'moment' has no clock 'depth'" in result.stderr


def test_format_and_ending_that_disagree(studio: Path, small_experiment: Path, neurofilm: Run) -> None:
    train_small(small_experiment)
    result = neurofilm("render", "moment", "small", "-o", "a.mp4", "--format", "gif")
    assert result.exit_code == WRONG_USAGE
    assert result.stderr.count("\n") == 1
    assert not Path("a.mp4").exists()


def test_a_scene_that_does_not_fit_says_why(studio: Path, small_experiment: Path, neurofilm: Run) -> None:
    table = Path("wide.csv")
    rows = [f"{k % 2}.0,{k}.0,{k % 3}.0,{'ab'[k % 2]}" for k in range(24)]
    table.write_text("\n".join(["u,v,w,kind", *rows]), encoding="utf-8")
    run_experiment(Experiment.for_file(table, target="kind").override(epochs=1), "runs/wide")
    for command in (["render", "moment", "wide"], ["storyboard", "moment", "wide"]):
        result = neurofilm(*command)
        assert result.exit_code == FAILURE
        assert result.stderr == "Error: the scene shows networks with 2 inputs, and this one has 3\n"
    assert not Path("films").exists()


def test_a_damaged_snapshot_is_named(studio: Path, small_experiment: Path, neurofilm: Run) -> None:
    train_small(small_experiment)
    damaged = Path("runs/small/snapshots.safetensors")
    content = bytearray(damaged.read_bytes())
    content[-3] ^= 0xFF
    damaged.write_bytes(bytes(content))

    def read(self: Moment) -> None:
        self.recording.network(-1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Moment, "construct", read)
        result = neurofilm("render", "moment", "small", "-q", "l")
    assert result.exit_code == FAILURE
    assert "snapshots.safetensors does not hold the snapshot of epoch 12 that was recorded" in result.stderr
    assert not list(Path("films").glob("*")) if Path("films").exists() else True


def test_storyboards(studio: Path, small_experiment: Path, succeeds: Run) -> None:
    train_small(small_experiment)
    result = succeeds("storyboard", "moment", "small", "--frames", 2)
    assert result.stdout == "films/small-moment-storyboard.png\n"
    with Image.open("films/small-moment-storyboard.png") as sheet:
        assert sheet.format == "PNG"
    succeeds("storyboard", "short", "--frames", 4, "-o", "sheet.png")
    assert Path("sheet.png").exists()


def test_storyboards_and_runs(studio: Path, neurofilm: Run) -> None:
    assert "needs a RUN" in neurofilm("storyboard", "moment").stderr
    assert "says which recordings it shows and takes no RUN" in neurofilm("storyboard", "short", "runs/small").stderr
