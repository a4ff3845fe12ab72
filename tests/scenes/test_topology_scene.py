"""Scene `topology`: what it draws and says, against the recordings; the sheet and the view that is turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.analysis.boundary import logits
from engine.errors import ConfigurationError, RenderError
from engine.experiment import Experiment, load_experiment
from engine.layers import Dense
from engine.recording import Recording
from engine.results import train
from engine.run import run_experiment
from scenes.mobjects.sheet import Sheet
from scenes.mobjects.view import View
from scenes.parts import make_part
from scenes.theme import DARK, Zone
from scenes.topology import Topology
from scenes.topology.levelling import Levelling, trimmed
from scenes.topology.roles import (
    FREED,
    INTERVAL,
    LIFTED,
    LINKED,
    STUCK,
    best_threshold,
    by_role,
    clear_epoch,
    first_perfect,
    role,
)
from scenes.topology.stuck import STARTS
from scenes.topology.telling import Ledger
from scenes.topology.turned_view import TurnedView, level
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

NAMES = (INTERVAL, STUCK, LIFTED, LINKED, FREED)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    """The three small ones, trained to their end."""
    folder = tmp_path_factory.mktemp("runs")
    return {name: run_experiment(load_experiment(name), folder / name) for name in (INTERVAL, STUCK, LIFTED)}


def said(scene: Topology) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def tell(recordings: Any, part: str) -> Topology:
    return cast(Topology, walk(Topology, recordings, {"parts": part})[0])


@pytest.mark.parametrize("name", NAMES)
def test_recordings_stand_for_the_experiment_of_their_shape(small_run: SmallRun, name: str) -> None:
    recording = small_run(name)
    assert role(recording) == name
    assert by_role({"my own": recording}) == {name: recording}


@pytest.mark.parametrize("name", NAMES)
def test_a_single_recording_tells_its_own_parts(small_run: SmallRun, name: str) -> None:
    possible = Topology.possible({"mine": small_run(name)})
    assert possible == [part for part, needed in Topology.PARTS.items() if needed == (name,)] and possible


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("digits", r"topology needs 1 to 3 input features"),
        ("spirals-wide", "topology needs two classes and a shape that can be drawn: .*; spirals-wide has none"),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, name: str, sentence: str) -> None:
    with pytest.raises(RenderError, match=sentence):
        make_part("topology", small_run(name), {})


def test_parts_that_are_not_there(small_run: SmallRun) -> None:
    given = {STUCK: small_run(STUCK)}
    with pytest.raises(RenderError, match="part 'race' of topology needs a recording of the experiment 'bullseye-3'"):
        Topology.chosen(given, {"parts": ("race",)})
    with pytest.raises(ConfigurationError, match="unknown part of topology 'lifed'"):
        Topology.chosen(given, {"parts": ("lifed",)})


def test_the_best_cut_of_a_line_is_the_best() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        x, y = rng.integers(0, 6, 15).astype(float), rng.integers(0, 2, 15)
        place, right = best_threshold(x, y)
        tried = [max((y == (x > at)).sum(), (y == (x < at)).sum()) for at in np.arange(-0.5, 6)]
        assert right == max(tried)
        assert max((y == (x > place)).sum(), (y == (x < place)).sum()) == right


def test_the_interval_needs_the_second_dimension(runs: dict[str, Recording]) -> None:
    recording = runs[INTERVAL]
    scene = tell(recording, "interval")
    assert "One cut of the line gets at most 150 of 200 right." in said(scene)
    network = recording.network(scene.last_epoch)
    answers = network.predict(recording.data.x)[:, 0]
    right = int(((answers > 0.5) == recording.data.y).sum())
    assert right == 200 and "one straight cut gets all 200 points right" in said(scene)
    # the borders are where the answer changes
    assert len(scene.curves) == 2 and "is two borders" in said(scene)
    assert network.predict(np.concatenate(scene.curves)) == pytest.approx(0.5, abs=1e-3)


def test_the_clear_epoch_is_the_first_that_is_sure(runs: dict[str, Recording]) -> None:
    recording = runs[LIFTED]
    epoch = clear_epoch(recording)
    for each, expected in ((epoch, True), (epoch - 1, False)):
        answers = recording.network(each).predict(recording.data.x)[:, 0].astype(float)
        assert bool((np.where(recording.data.y == 1, answers, 1 - answers) > 0.6).all()) is expected
    assert clear_epoch(runs[STUCK]) == runs[STUCK].epochs[-1]
    assert clear_epoch(recording, (None, 3)) == 3


def test_the_table_of_layers_is_the_networks(runs: dict[str, Recording]) -> None:
    network = runs[STUCK].network()
    cells = Ledger(network, Zone(-6, 0, -3, 3), DARK).cells
    for k in (0, 1):
        determinant = np.linalg.det(network.weights[f"{k}.weight"].astype(float))
        assert float(cells[k][1].replace("−", "-")) == pytest.approx(determinant, abs=0.006)
    assert [row[-1] for row in cells] == ["yes"] * 3


def test_two_neurons_are_stuck_and_the_mistakes_light_up(runs: dict[str, Recording]) -> None:
    scene = tell(runs[STUCK], "stuck")
    right = round(runs[STUCK].evaluate()["accuracy"] * 400)
    assert f"The best of {STARTS} trainings gets {right} of 400 points right" in said(scene)
    assert "never gets it out whole" in said(scene) and "would have to cross it" in said(scene)
    part = said(cast(Topology, walk(Topology, runs[STUCK], {"parts": "stuck", "epochs": (None, 9)})[0]))
    right = round(runs[STUCK].evaluate(9)["accuracy"] * 400)
    assert f"After epoch 9 it gets {right} of 400 points right" in part and "The best of" not in part


def test_no_other_start_does_better() -> None:
    preset = load_experiment(STUCK)
    best = [float(train(preset.override(seed=seed))[0].history["accuracy"][-1]) for seed in range(STARTS)]
    assert preset.training.seed in range(STARTS) and max(best) < 1
    assert best[preset.training.seed] == max(best)


def test_the_level_cut_is_where_the_network_is_undecided(runs: dict[str, Recording]) -> None:
    seen: list[Levelling] = []

    class Watched(Levelling):
        def draw(self) -> Any:
            seen.append(self)
            return super().draw()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scenes.topology.lifted.Levelling", Watched)
        scene = tell(runs[LIFTED], "lifted")
    assert "One flat cut now gets all 400 points right" in said(scene)
    assert "a curve that closes around the disc" in said(scene)
    levelling, passage = seen[0], scene.passage
    cut = np.concatenate(levelling.cut())
    assert logits(passage.tail(passage.layers), cut) == pytest.approx(0, abs=1e-4)
    # level: after the turn all of it is at one height, with the disc above it and the ring below
    heights = (cut - levelling.center) @ levelling.turned[2]
    assert np.ptp(heights) < 1e-6
    hidden = scene.plane.points_carried.inputs[-1]
    above = (hidden - levelling.center) @ levelling.turned[2] > heights[0]
    assert np.array_equal(above, runs[LIFTED].data.y == 0)
    assert np.allclose(levelling.turned @ levelling.turned.T, np.eye(3)) and np.linalg.det(levelling.turned) > 0


def test_the_sheet_hangs_where_the_network_puts_the_plane(runs: dict[str, Recording]) -> None:
    hung: list[np.ndarray] = []

    class Watched(Topology):
        def update_mobjects(self, dt: float) -> None:
            super().update_mobjects(dt)
            if self.sheets and not hung:
                hung.append(self.sheets[1].grid.copy())

    scene = cast(Topology, walk(Watched, runs[LIFTED], {"parts": "lifted"})[0])
    grid = hung[0]
    rows, columns, _ = grid.shape
    left, right, bottom, top = scene.bounds
    x, y = np.meshgrid(np.linspace(left, right, columns), np.linspace(bottom, top, rows))
    hidden = scene.passage.network.activations(np.column_stack([x.ravel(), y.ravel()]).astype(np.float32))[0]
    assert grid.reshape(-1, 3) == pytest.approx(hidden, abs=1e-6)


@pytest.mark.parametrize("part", ["rules", "race"])
def test_the_other_parts_keep_things_apart(small_run: SmallRun, part: str) -> None:
    scene = tell({name: small_run(name) for name in (STUCK, LIFTED)}, part)
    assert 10 < scene.now < 60 and scene.cues


def test_the_race_ends_as_it_was_recorded(runs: dict[str, Recording]) -> None:
    first = next(epoch for epoch in runs[LIFTED].epochs if runs[LIFTED].evaluate(epoch)["accuracy"] == 1)
    told = said(tell(runs, "race"))
    assert "The same data on one counter: layers of two neurons, and of three." in told
    assert f"With three, all points are right after epoch {first}; with two, on it goes." in told
    assert told.endswith("Now the reason is plain: in a plane, the disc cannot leave its ring.")


def test_other_data_than_a_disc_or_rings_are_not_called_so(tmp_path: Path) -> None:
    curves = run_experiment(load_experiment("two-curves").override(epochs=30), tmp_path / "curves")
    assert role(curves) == STUCK and first_perfect(curves) is not None
    told = said(tell(curves, "stuck"))
    assert "disc" not in told and "never" not in told and "400 of 400 points right" in told
    rows = "".join(f"{k % 7},{k % 5},{k % 3},{'ab'[k % 2]}\n" for k in range(60))
    (tmp_path / "table.csv").write_text("one,two,three,kind\n" + rows)
    table = Experiment.for_file(tmp_path / "table.csv").override(epochs=2)
    layers = (Dense(3, "relu"), Dense(1, "sigmoid"))
    table = replace(table, network=replace(table.network, layers=layers))
    told = said(tell(run_experiment(table, tmp_path / "table"), "linked"))
    assert "48 points in space, of two kinds." in told
    assert "ring" not in told and "rubber" not in told and "linked" not in told


@pytest.mark.parametrize("folds", [False, True])
def test_the_rules_are_found_kept_or_broken(runs: dict[str, Recording], tmp_path: Path, folds: bool) -> None:
    recording = runs[STUCK]
    if folds:
        experiment = load_experiment(STUCK).override(epochs=2)
        layers = (Dense(2, "relu"), Dense(2, "relu"), Dense(1, "sigmoid"))
        network = replace(experiment.network, layers=layers)
        recording = run_experiment(replace(experiment, network=network), tmp_path / "folds")
    told = said(tell(recording, "rules"))
    assert ("a homeomorphism, as it is called" in told) is not folds
    assert ("what was inside is still inside" in told) is not folds
    assert ("glue points together" in told) is folds


@pytest.mark.parametrize("direction", [(0, 0, 1), (0, 0, -2), (1, 2, 3), (-3, 0.5, -0.1)])
@pytest.mark.parametrize("up", [True, False])
def test_levelling_turns_a_direction_up_or_down(direction: tuple[float, ...], up: bool) -> None:
    vector = np.array(direction, float)
    turned = level(vector, up).power(1.0) @ vector
    assert turned == pytest.approx([0, 0, np.linalg.norm(vector) * (1 if up else -1)], abs=1e-9)


def test_a_turned_view_sees_what_a_plain_one_sees_of_turned_places() -> None:
    rng = np.random.default_rng(0)
    places, center = rng.normal(size=(9, 3)), rng.normal(size=3)
    turn = level(np.array([1.0, -1, 0.5])).power(0.4)
    plain = View(np.array([1.0, 2]), 0.8, 1.0, 3.0)
    turned = TurnedView(np.array([1.0, 2]), 0.8, 1.0, 3.0, turn=turn, center=center)
    assert turned.look(places) == pytest.approx(plain.look((places - center) @ turn.T))
    assert turned.depths(places) == pytest.approx(plain.depths((places - center) @ turn.T))
    late = View(np.array([1.0, 2]), 0.8, 1.0, clock=lambda: 3.0)
    assert late.look(places) == pytest.approx(plain.look(places))


def test_a_sheet_takes_any_places() -> None:
    places = np.random.default_rng(1).normal(size=(4, 5, 3))
    sheet = Sheet(places, DARK.text)
    assert sheet.points == pytest.approx(places.reshape(-1, 3))
    assert sheet.set_places(places + 1).points == pytest.approx(places.reshape(-1, 3) + 1)
    with pytest.raises(ValueError, match="do not fit a sheet"):
        sheet.set_places(places[:2])


def test_a_trimmed_sheet_ends_on_the_cut() -> None:
    x, y = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21))
    places = np.stack([x, y, 0.7 - x**2 - y**2], axis=2)
    upper = trimmed(places, places[..., 2])
    stays = places[..., 2] > 0
    assert np.array_equal(upper[stays], places[stays])
    rest = upper[~stays]
    ends = rest[np.isfinite(rest).all(axis=1)]
    assert 10 < len(ends) < len(rest) and np.abs(ends[:, 2]).max() < 1e-12
