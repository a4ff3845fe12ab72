"""Scene `depth`: bars as high as the figures, regions, charts, curves and counts as recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.experiment import load_experiment
from engine.layers import Conv2D, Dense, Flatten, Residual
from engine.network import Network
from engine.recording import Recording
from engine.run import run_experiment
from scenes.depth import Depth
from scenes.depth.layers import LayersPart, verdict
from scenes.depth.scene import LONG, PLAIN, RESIDUAL
from scenes.depth.ways_round import WaysRoundPart, weighted_layers
from scenes.depth.years import CHART, PERSON, WINNERS, YearsPart
from scenes.numbers import share_text
from scenes.registry import SCENES
from scenes.subtitles import caption_lines
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

EVERYTHING = SCENES["depth"].experiments


Told = tuple[Any, list[str]]


def told(recordings: Mapping[str, Recording], name: str, kind: type) -> Told:
    """The object that told a part of the scene, and what was said."""
    made: list[Any] = []
    tell = vars(kind)["tell"]

    def remembered(self: Any) -> None:
        made.append(self)
        tell(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "tell", remembered)
        (scene,) = walk(Depth, recordings, {"parts": name})
    return made[0], [cue.text for cue in scene.cues]


@pytest.fixture(scope="module")
def recordings(small_run: SmallRun) -> dict[str, Recording]:
    return {name: small_run(name) for name in EVERYTHING}


@pytest.fixture(scope="module")
def layers(recordings: dict[str, Recording]) -> Told:
    return told(recordings, "layers", LayersPart)


def right(recording: Recording, epoch: int = -1) -> float:
    """How much of the training data a network of two classes gets right, counted one by one."""
    answers = recording.network(epoch).predict(recording.data.x)[:, 0] > 0.5
    return sum(bool(answer) == bool(label) for answer, label in zip(answers, recording.data.y, strict=True)) / len(
        answers
    )


def test_bars_are_as_high_as_the_errors(recordings: dict[str, Recording]) -> None:
    part, _ = told(recordings, "years", YearsPart)
    heights = part.boxes[:, 3] - CHART.bottom
    errors = [winner.error for winner in WINNERS]
    assert heights / CHART.height == pytest.approx([error / errors[0] for error in errors])
    assert errors == sorted(errors, reverse=True) and errors[-1] < PERSON < errors[-2]
    assert [winner.layers for winner in WINNERS] == [8, 19, 22, 152]


def test_every_depth_is_shown_as_it_is_recorded(recordings: dict[str, Recording], layers: Told) -> None:
    part, said = layers
    part.set_moment(part.last)
    expected = np.array([[right(recordings[name]) for name in row] for row in (PLAIN, RESIDUAL)])
    assert part.results == pytest.approx(expected)
    assert part.depths == [1, 2, 4, 8]
    for names, panels, values, shares in zip((PLAIN, RESIDUAL), part.panels, part.values, expected, strict=True):
        for name, panel, value, share in zip(names, panels, values, shares, strict=True):
            answers = recordings[name].network().predict(panel.regions.lattice.places)[:, 0]
            np.testing.assert_allclose(panel.regions.values.ravel(), 2 * answers - 1, atol=1e-5)
            assert value.text == share_text(share)
    # of the chart, the plain networks are drawn last, over the others
    lines = part.chart.lines.points[:, :2].reshape(2, 4, 2)[::-1]
    plot = part.chart.plot
    assert (lines[..., 1] - plot.bottom) / plot.height == pytest.approx(expected)
    assert np.array_equal(part.chart.dots.points[:, :2], lines[::-1].reshape(-1, 2))
    plain, residual = (share_text(share) for share in expected[:, -1])
    assert said[-1] == f"8 layers, plain: {plain}.\nWith ways round: {residual}."
    assert "Networks of 1, 2, 4 and 8" in said[1] and "The smallest has nothing to go round." in said[3]
    assert "All are trained alike" in said[4]


def test_a_moment_of_training_is_that_of_every_network(recordings: dict[str, Recording], layers: Told) -> None:
    part, said = layers
    part.set_moment(1.0)
    shares = [[share_text(right(recordings[name], 1)) for name in row] for row in (PLAIN, RESIDUAL)]
    assert [[value.text for value in row] for row in part.values] == shares
    part.set_moment(0.5)  # the numbers are those of the last epoch that is over, the chart moves on
    halfway = np.mean(
        [[[right(recordings[name], epoch) for name in row] for row in (PLAIN, RESIDUAL)] for epoch in (0, 1)], 0
    )
    lines = part.chart.lines.points[:, :2].reshape(2, 4, 2)[::-1]
    assert (lines[..., 1] - part.chart.plot.bottom) / part.chart.plot.height == pytest.approx(halfway)
    assert part.values[0][3].text == share_text(right(recordings["depth-8"], 0)) and part.epoch.text == "0"
    half = int(part.pace.moment(0.5) + 1e-9)
    plain, residual = (share_text(right(recordings[name], half)) for name in (PLAIN[-1], RESIDUAL[-1]))
    assert f"After epoch {half}, 8 layers:\nplain {plain}, with ways round {residual}." in said


def test_diagrams_show_where_each_pair_begins(recordings: dict[str, Recording], layers: Told) -> None:
    part, said = layers
    for names, row in zip((PLAIN, RESIDUAL), part.diagrams, strict=True):
        for name, diagram in zip(names, row, strict=True):
            assert np.array_equal(diagram.network.parameters, recordings[name].parameters(0))
    assert "Each pair begins with the same weights." in said[3]
    for plain, residual in zip(*part.diagrams, strict=True):
        for one, other in zip(plain.places, residual.places, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-9)
        assert len(plain.arcs.points) == 0
    assert [len(residual.plan.arcs) for residual in part.diagrams[1]] == [0, 1, 3, 7]


def test_what_is_said_depends_on_the_recordings(recordings: dict[str, Recording], tmp_path: Path) -> None:
    """Other starts, other training, and data held out."""
    changed = {}
    for number, name in enumerate(dict.fromkeys((*PLAIN, *RESIDUAL))):
        text = load_experiment(name).override(epochs=1 + number % 2, seed=number).to_toml()
        text = text.replace("validation = 0.0", "validation = 0.25")
        changed[name] = run_experiment(type(load_experiment(name)).from_toml(text), tmp_path / name)
    part, said = told(changed, "layers", LayersPart)
    assert not any("begins with the same weights" in text for text in said)
    assert any(text.startswith("All learn, on one counter.") for text in said)
    assert any("that were held out" in text for text in said)
    measured = [[changed[name].metrics["val_accuracy"][-1] for name in row] for row in (PLAIN, RESIDUAL)]
    assert part.results == pytest.approx(np.array(measured))


@pytest.mark.parametrize(
    ("shares", "sentence"),
    [
        ((0.6, 0.8, 0.9, 1.0), "Plain, 8 layers do best."),
        ((0.6, 0.8, 1.0, 0.7), "Plain, 4 layers do best; 8 do worse."),
        ((0.9, 0.8, 0.6, 0.7), "Plain, 1 layer does best; 8 do worse."),
        ((0.6, 0.9, 0.9, 0.9), "Plain, 8 layers do no better than 2."),
        ((0.5, 0.5, 0.5, 0.5), "Plain, all depths do alike."),
        ((0.50001, 0.5, 0.5, 0.50002), "Plain, all depths do alike."),  # what is written alike counts as equal
    ],
)
def test_verdicts_follow_the_numbers(shares: tuple[float, ...], sentence: str) -> None:
    assert verdict("Plain", (1, 2, 4, 8), np.array(shares)) == sentence
    both = f"{sentence}\n{verdict('With ways round', (1, 20, 40, 99), np.array(shares))}"
    assert caption_lines(both)


def test_what_cannot_be_told_gets_a_sentence(recordings: dict[str, Recording], small_run: SmallRun) -> None:
    assert Depth.fits_together(recordings) is None

    def fault(**others: Recording) -> str:
        return str(Depth.fits_together(recordings | {name.replace("_", "-"): run for name, run in others.items()}))

    assert "2 features: digits is none" in fault(depth_8=small_run("digits"))
    assert "one task: moons and depth-1 have different data" in fault(depth_8=small_run("moons"))
    assert "as many layers: these have [1, 2, 4, 8] and [1, 2, 4, 1]" in fault(depth_residual_8=small_run("depth-1"))
    assert "more and more layers, up to 99: these have 1, 2, 4, 4" in fault(
        depth_8=small_run("depth-4"), depth_residual_8=small_run("depth-residual-4")
    )
    assert "trained for regression" in fault(depth_8=small_run("regression"))


def test_curves_end_with_what_is_recorded(recordings: dict[str, Recording]) -> None:
    part, said = told(recordings, "ways_round", WaysRoundPart)
    recorded = [recordings[name].metrics["val_accuracy"][-1] for name in LONG]
    assert part.results == pytest.approx(recorded)
    plain, residual = map(share_text, recorded)
    assert said[-1] == f"Plain: {plain}.\nWith ways round: {residual}."
    counts = {weighted_layers(recordings[name].network()) for name in LONG}
    assert counts == {22}
    assert "Here are 22," in said[0] and "As many again" in said[1] and "pass unchanged" in said[1]
    assert "the same images:\nhow many others" in said[2]


def test_the_question_is_about_the_recordings(small_run: SmallRun) -> None:
    changed = {"plain-small": small_run("depth-8"), "resnet-small": small_run("bullseye-3")}
    _, said = told(changed, "ways_round", WaysRoundPart)
    assert said[1].startswith("And 2, with ways round") and "Each learns from data of its own:\nhow many do" in said[2]


def test_layers_within_blocks_count() -> None:
    inner = [Conv2D(2, 3, padding="same"), Conv2D(2, 3, padding="same")]
    assert weighted_layers(Network([Conv2D(2, 3), Residual(inner), Flatten(), Dense(3)], (6, 6, 1))) == 4


def test_recordings_decide_which_parts_can_be_told(recordings: dict[str, Recording]) -> None:
    assert Depth.possible({"plain-small": recordings["plain-small"]}) == ["years"]
    assert Depth.possible({name: recordings[name] for name in LONG}) == ["years", "ways_round"]
    assert Depth.possible(recordings) == ["years", "layers", "ways_round"]
