"""Scene `lines`: the lines, the terms and the region are those of the recorded network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.analysis.boundary import logits
from engine.experiment import Experiment, load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.lines import PLANE, Lines
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    experiment = load_experiment("bullseye-3").override(epochs=40)
    return run_experiment(experiment, tmp_path_factory.mktemp("lines") / "bullseye-3")


@pytest.fixture(scope="module")
def scene(run: Recording) -> Lines:
    (built,) = walk(Lines, run)
    assert isinstance(built, Lines)
    return built


def in_the_data(scene: Lines, places: np.ndarray) -> np.ndarray:
    bounds = scene.bounds
    share = (places[:, :2] - [PLANE.left, PLANE.bottom]) / [PLANE.width, PLANE.height]
    return np.asarray([bounds.left, bounds.bottom] + share * (bounds.right - bounds.left))


def test_lines_lie_where_the_neurons_sums_are_zero(scene: Lines, run: Recording) -> None:
    before = run.network()
    for k, line in enumerate(scene.large):
        ends = in_the_data(scene, line.points)
        if np.isfinite(ends).all():
            assert before.pre_activations(ends)[0][:, k] == pytest.approx(0, abs=1e-4)


def test_the_sum_is_the_networks_own(scene: Lines, run: Recording) -> None:
    rows, columns = scene.total.shape
    places = scene.bounds.lattice(columns, rows).reshape(rows, columns, 2)[::-1].reshape(-1, 2)
    assert scene.total.ravel() == pytest.approx(logits(run.network(), places)[:, 0], abs=1e-3)
    assert scene.region.values == pytest.approx(np.tanh(scene.total / 2), abs=1e-6)


def test_small_planes_are_the_activations(scene: Lines, run: Recording) -> None:
    for k, unit in enumerate(scene.units):
        rows, columns = unit.field.values.shape
        places = scene.bounds.lattice(columns, rows).reshape(rows, columns, 2)[::-1].reshape(-1, 2)
        assert unit.field.values.ravel() == pytest.approx(run.network().activations(places)[0][:, k], abs=1e-5)
        assert (unit.field.low, unit.field.high) == (-1, 1)


def test_what_is_said_is_so(scene: Lines, run: Recording) -> None:
    data = run.data
    right = int(np.count_nonzero((run.network().predict(data.x)[:, 0] > 0.5) == data.y))
    which = f"all {len(data.y)}" if right == len(data.y) else f"{right} of {len(data.y)}"
    assert f"{which} points" in scene.cues[-1].text
    assert "Three neurons, three lines." in scene.cues[2].text
    # tanh has two signs
    assert "positive on one side" in scene.cues[1].text
    sides = [np.sign(run.network().pre_activations(data.x)[0][:, k]) * (2 * data.y.ravel() - 1) for k in range(3)]
    best = max(max(np.mean(each > 0), np.mean(each < 0)) for each in sides)
    assert f"The best alone is right for {best:.1%}." in scene.cues[2].text


@pytest.mark.parametrize("layers", [(1,), (8,)])
def test_other_numbers_of_neurons(layers: tuple[int, ...], tmp_path: Path) -> None:
    experiment: Experiment = load_experiment("moons").override(epochs=1, layers=layers, activation="relu")
    (built,) = walk(Lines, run_experiment(experiment, tmp_path / "run"))
    assert isinstance(built, Lines) and len(built.units) == layers[0]
    assert "active on one side" in built.cues[1].text


@pytest.mark.parametrize(
    ("name", "layers", "sentence"),
    [("moons", (9,), "room for 8"), ("moons", (3, 3), "one hidden layer"), ("blobs", (3,), "one output"),
     ("digits", (3,), "other data")],
)  # fmt: skip
def test_what_does_not_fit_gets_a_sentence(tmp_path: Path, name: str, layers: tuple[int, ...], sentence: str) -> None:
    recording = run_experiment(load_experiment(name).override(epochs=1, layers=layers), tmp_path / "run")
    assert sentence in str(Lines.fits(recording))
