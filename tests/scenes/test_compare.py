"""Scene `compare`: what is drawn and said of two or three recordings is what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine import Dense, Network
from engine.errors import TrainingError
from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.compare import Compare
from scenes.compare.names import what_is_shared
from scenes.compare.scene import cut_loss
from scenes.mobjects.first_weights import FirstWeights
from scenes.mobjects.plane_panel import PlanePanel
from scenes.numbers import share_text
from scenes.replay import Pace, common_pace
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    folder = tmp_path_factory.mktemp("compared")
    moons, digits, sine = (load_experiment(name) for name in ("moons", "digits", "regression"))
    made = {
        "moons": moons.override(epochs=6),
        "longer": moons.override(epochs=9, layers=(3,)),
        "moons-adam": moons.override(epochs=6, learning_rate=0.05),
        "moons-slow": moons.override(epochs=6, learning_rate=0.001),
        "digits": digits.override(epochs=2),
        "digits-sigmoid": digits.override(epochs=2, activation="sigmoid"),
        "digits-tanh": digits.override(epochs=2, activation="tanh"),
        "sine": sine.override(epochs=3),
        "sine-adam": sine.override(epochs=3, optimizer="adam"),
    }
    recorded = {name: run_experiment(experiment, folder / name) for name, experiment in made.items()}
    with pytest.raises(TrainingError):
        run_experiment(sine.override(optimizer="sgd", learning_rate=3.0, epochs=9), folder / "sine-wild")
    return recorded | {"sine-wild": Recording(folder / "sine-wild")}


def walked(runs: Mapping[str, Recording], *names: str, **options: object) -> Compare:
    (scene,) = walk(Compare, {name: runs[name] for name in names}, options)
    assert isinstance(scene, Compare)
    return scene


def test_planes_and_curves_end_with_what_is_recorded(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "moons", "longer")
    assert all(isinstance(side.picture, PlanePanel) for side in scene.sides)
    recorded = [runs[name].metrics["val_accuracy"][-1] for name in ("moons", "longer")]
    ends = [entry.values[-1] for entry in scene.curves.series.values()]
    assert ends == pytest.approx(recorded)
    said = scene.cues[-1].text
    assert [share_text(value) for value in recorded] == re.findall(r"[\d.]+%", said)
    # the one that ends first stays where it ended, while the counter runs on
    dots = scene.curves.dots.points
    assert dots[0, :2] == pytest.approx(scene.curves.place(6, recorded[0]))
    assert dots[1, :2] == pytest.approx(scene.curves.place(9, recorded[1]))
    assert scene.counter.text == "9"


def test_what_is_marked_is_what_is_wrong(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "moons", "longer")
    for side in scene.sides:
        assert isinstance(side.picture, PlanePanel)
        network, data = side.recording.network(), side.recording.data
        wrong = (network.predict(data.x)[:, 0] > 0.5) != data.y
        panel = side.picture
        assert np.array_equal(panel.rings.radius > panel.cloud.radius, wrong)
        assert np.array_equal(panel.rings.points, panel.cloud.points)


def test_the_weights_shown_are_the_recorded_ones(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "digits", "digits-sigmoid")
    for side in scene.sides:
        assert isinstance(side.picture, FirstWeights)
        weight = side.recording.network().weights["0.weight"]
        assert side.picture.grid.tiles.values.reshape(16, 64) == pytest.approx(weight.T)
    assert [side.name for side in scene.sides] == ["relu", "sigmoid"]


def test_there_are_pictures_of_all_or_of_none(runs: dict[str, Recording], small_run: SmallRun) -> None:
    (scene,) = walk(Compare, {"digits": runs["digits"], "lenet": small_run("lenet-digits")})
    assert isinstance(scene, Compare)
    assert all(side.picture is None for side in scene.sides) and not scene.titles


def test_numbers_have_losses(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "sine", "sine-adam")
    assert all(side.picture is None for side in scene.sides)
    column = "val_loss" if "val_loss" in runs["sine"].metrics else "loss"
    assert scene.results == pytest.approx([runs[name].metrics[column][-1] for name in ("sine", "sine-adam")])


@pytest.mark.parametrize(
    "names",
    [("moons", "moons-slow", "longer"), ("digits", "digits-tanh", "digits-sigmoid"), ("sine", "sine-adam", "sine")],
)
def test_three_stand_side_by_side(runs: dict[str, Recording], names: tuple[str, ...]) -> None:
    recordings = {f"{k} {name}": runs[name] for k, name in enumerate(names)}
    (scene,) = walk(Compare, recordings)
    assert isinstance(scene, Compare)
    measure = "val_accuracy" if scene.classifies else "val_loss"
    recorded = [runs[name].metrics[measure][-1] for name in names]
    assert scene.results == pytest.approx(recorded)
    assert len({side.colour for side in scene.sides}) == 3
    # the numbers under the pictures, and all of them are said
    pictured = [side for side in scene.sides if side.picture is not None]
    assert [value.text for value in scene.values] == [scene.text(result) for result in recorded][: len(pictured)]
    said = " ".join(cue.text for cue in scene.cues[-2:])
    assert all(scene.text(result) in said for result in recorded)
    for side, dot in zip(scene.sides, scene.curves.dots.points, strict=True):
        assert dot[:2] == pytest.approx(scene.curves.place(side.replay.last, side.values[-1]))
    lefts = [side.picture.get_left()[0] for side in pictured if side.picture is not None]
    assert lefts == sorted(lefts)


def test_one_that_diverged_does_not_flatten_the_others(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "sine", "sine-adam", "sine-wild")
    wild = scene.sides[2]
    assert wild.recording.state == "diverged" and np.isnan(wild.result)
    starts = [runs[name].metrics["val_loss"][0] for name in ("sine", "sine-adam", "sine-wild")]
    assert scene.curves.highest == pytest.approx(2 * max(starts)) and wild.values.max() > 2 * max(starts)
    assert scene.curves.lines.points[:, 1].max() <= scene.curves.plot.top + 1e-9
    assert "diverged" in scene.cues[-1].text
    assert wild.value_at(wild.replay.last) == wild.values[-1] and np.isnan(wild.value_at(wild.replay.last + 1))


def test_losses_that_stay_near_where_they_began_are_drawn_as_they_are() -> None:
    assert cut_loss([np.array([1.0, 2.0, 0.5]), np.array([0.7, np.nan, 0.1])]) is None
    assert cut_loss([np.array([1.0, 0.5]), np.array([0.7, np.inf])]) == 2.0
    assert cut_loss([np.array([0.0, 5.0])]) is None


def test_names_can_be_given(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "moons", "longer", names=("a very long name of a network that nobody can read", "two"))
    assert scene.cues[-1].text.startswith("a very long name of a netwo…: ")
    long = tuple(f"{number} and more words than there is any room for above the picture" for number in "123")
    scene = walked(runs, "moons", "longer", "moons-adam", names=long)
    assert len(scene.titles) == 6  # two lines each


def test_what_does_not_go_together_gets_a_sentence(runs: dict[str, Recording]) -> None:
    assert "two or three recordings" in str(Compare.fits_together({"a": runs["moons"]}))
    assert "at most 3 recordings" in str(Compare.fits_together(dict.fromkeys("abcd", runs["moons"])))
    assert "one task" in str(Compare.fits_together({"a": runs["moons"], "b": runs["moons"], "c": runs["sine"]}))
    assert Compare.fits_together({"a": runs["moons"], "b": runs["digits"]}) is None


def test_what_they_share(runs: dict[str, Recording], tmp_path: Path) -> None:
    def shared(*names: str) -> str:
        return what_is_shared([runs[name] for name in names])

    assert shared("moons", "longer") == "Two networks learn\nfrom the same data."
    assert shared("moons", "longer", "moons-slow") == "Three networks learn\nfrom the same data."
    assert shared("moons", "moons-adam", "moons-slow").endswith("\ntrained in three ways.")
    assert shared("moons", "moons").endswith("\ntrained alike.")
    assert shared("moons", "digits") == "Two networks learn,\neach from its own data."
    assert shared("moons", "moons", "digits") == "Three networks learn,\nnot all from the same data."
    other = run_experiment(load_experiment("moons").override(epochs=1, seed=9), tmp_path / "seed")
    assert "other weights to begin with" in what_is_shared([runs["moons"], other])
    assert "on different data" in what_is_shared(halves(tmp_path))


def halves(folder: Path) -> list[Recording]:
    """The same network trained with 20 and with 10 examples."""
    x, y = np.random.default_rng(0).random((20, 2), dtype=np.float32), np.arange(20) % 2
    for count in (20, 10):
        network = Network([Dense(1, "sigmoid")], (2,))
        settings = {"loss": "binary_crossentropy", "epochs": 1, "batch_size": 5}
        network.fit(x[:count], y[:count], record=folder / str(count), **settings)
    return [Recording(folder / str(count)) for count in (20, 10)]


def test_one_pace_for_both_passes_every_epoch() -> None:
    fast, slow = Pace(np.arange(5.0), np.array([4, 1, 0, 0.0])), Pace(np.arange(9.0), np.ones(8))
    common = common_pace([fast, slow])
    moments = [common.moment(share) for share in np.linspace(0, 1, 50)]
    assert moments[0] == 0 and moments[-1] == 8
    assert (np.diff(moments) > 0).all()


@pytest.mark.parametrize(("share", "text"), [(1.0, "100%"), (0.99999, "99.9%"), (0.5, "50.0%"), (0.0, "0.0%")])
def test_shares_are_never_rounded_up_to_all(share: float, text: str) -> None:
    assert share_text(share) == text


@pytest.mark.parametrize(
    ("names", "outlined"), [(("two-curves", "two-curves-linear"), False), (("bullseye-2", "bullseye-3"), True)]
)
def test_points_that_hide_one_another_have_no_edges(
    small_run: SmallRun, names: tuple[str, str], outlined: bool
) -> None:
    (scene,) = walk(Compare, {name: small_run(name) for name in names})
    panels = [side.picture for side in scene.sides]
    assert [panel.cloud.outline is not None for panel in panels] == [outlined] * 2


def test_shares_and_moments_go_there_and_back() -> None:
    pace = Pace(np.array([0.0, 1, 2, 5, 9]), np.array([3.0, 1, 0.2, 0]))
    for share in (0.0, 0.2, 0.77, 1.0):
        assert pace.share(pace.moment(share)) == pytest.approx(share)
