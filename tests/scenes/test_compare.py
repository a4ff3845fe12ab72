"""Scene `compare`: what is drawn and said of two recordings is what they hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine import Dense, Network
from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.compare import Compare
from scenes.compare.names import differences, what_is_shared
from scenes.mobjects.first_weights import FirstWeights
from scenes.mobjects.plane_panel import PlanePanel
from scenes.numbers import share_text
from scenes.replay import Pace, common_pace
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    folder = tmp_path_factory.mktemp("compared")
    moons = load_experiment("moons").override(epochs=6)
    made = {
        "moons": moons,
        "longer": moons.override(epochs=9, layers=(3,)),
        "digits": load_experiment("digits").override(epochs=2),
        "digits-sigmoid": load_experiment("digits").override(epochs=2, activation="sigmoid"),
        "sine": load_experiment("regression").override(epochs=3),
        "sine-adam": load_experiment("regression").override(epochs=3, optimizer="adam"),
    }
    return {name: run_experiment(experiment, folder / name) for name, experiment in made.items()}


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


def test_numbers_have_losses(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "sine", "sine-adam")
    assert all(side.picture is None for side in scene.sides)
    column = "val_loss" if "val_loss" in runs["sine"].metrics else "loss"
    assert scene.results == pytest.approx([runs[name].metrics[column][-1] for name in ("sine", "sine-adam")])


def test_names_can_be_given(runs: dict[str, Recording]) -> None:
    scene = walked(runs, "moons", "longer", names=("a very long name of a network that nobody can read", "two"))
    assert scene.cues[-1].text.startswith("a very long name of a netwo…: ")


def test_what_does_not_go_together_gets_a_sentence(runs: dict[str, Recording]) -> None:
    assert "two or three recordings" in str(Compare.fits_together({"a": runs["moons"]}))
    assert "one task" in str(Compare.fits_together({"a": runs["moons"], "b": runs["sine"]}))
    assert Compare.fits_together({"a": runs["moons"], "b": runs["digits"]}) is None


def test_what_they_share_and_what_not(runs: dict[str, Recording], small_run: SmallRun, tmp_path: Path) -> None:
    assert what_is_shared([runs["moons"], runs["longer"]]).startswith("Two networks learn\nfrom the same")
    assert "trained alike" in what_is_shared([runs["moons"], runs["moons"]])
    assert "each from its own" in what_is_shared([runs["moons"], runs["digits"]])
    x, y = np.random.default_rng(0).random((20, 2), dtype=np.float32), np.arange(20) % 2
    halves = []
    for count in (20, 10):
        network = Network([Dense(1, "sigmoid")], (2,))
        network.fit(x[:count], y[:count], loss="binary_crossentropy", epochs=1, record=tmp_path / str(count))
        halves.append(Recording(tmp_path / str(count)))
    assert "on different data" in what_is_shared(halves)
    assert differences(halves) == ("20 examples", "10 examples")


def test_one_pace_for_both_passes_every_epoch() -> None:
    fast, slow = Pace(np.arange(5.0), np.array([4, 1, 0, 0.0])), Pace(np.arange(9.0), np.ones(8))
    common = common_pace([fast, slow])
    moments = [common.moment(share) for share in np.linspace(0, 1, 50)]
    assert moments[0] == 0 and moments[-1] == 8
    assert (np.diff(moments) > 0).all()


@pytest.mark.parametrize(("share", "text"), [(1.0, "100%"), (0.99999, "99.9%"), (0.5, "50.0%"), (0.0, "0.0%")])
def test_shares_are_never_rounded_up_to_all(share: float, text: str) -> None:
    assert share_text(share) == text
