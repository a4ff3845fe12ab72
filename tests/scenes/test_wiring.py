"""Scene `wiring`: the functions are those of the recorded neurons, computed again by hand, and so is what is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import engine
from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.wiring import Wiring
from scenes.wiring.pieces import Pieces, turns, values_of
from scenes.wiring.sentences import said_of_both, said_of_chain
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_experiment(load_experiment("interval").override(epochs=100), tmp_path_factory.mktemp("w") / "interval")


@pytest.fixture(scope="module")
def scene(run: Recording) -> Wiring:
    (built,) = walk(Wiring, run)
    assert isinstance(built, Wiring)
    return built


def in_the_plot(scene: Wiring, places: np.ndarray) -> np.ndarray:
    plot, (left, right), (low, high) = scene.plot.plot, scene.plot.x, scene.plot.y
    share = (places[:, :2] - [plot.left, plot.bottom]) / [plot.width, plot.height]
    return np.asarray([left, low] + share * [right - left, high - low])


def test_the_functions_are_those_of_the_neurons(scene: Wiring, run: Recording) -> None:
    w, b, v, c = (np.asarray(each, np.float64) for each in run.network().weights.values())
    hidden = np.tanh(scene.x[:, None] * w[0] + b)
    assert scene.side_by_side == pytest.approx(hidden[:, scene.pieces.units].T, abs=1e-5)
    assert scene.whole == pytest.approx(1 / (1 + np.exp(-(hidden @ v[:, 0] + c[0]))), abs=1e-5)
    first = scene.unit
    assert scene.chain == pytest.approx(1 / (1 + np.exp(-(hidden[:, first] * v[first, 0] + c[0]))), abs=1e-5)
    assert scene.pieces.sums(first) == pytest.approx(scene.x * w[0, first] + b[first], abs=1e-5)


def test_the_last_curve_is_the_whole_networks(scene: Wiring, run: Recording) -> None:
    x, y = in_the_plot(scene, scene.curve.points).T
    assert len(x) > 100
    assert y == pytest.approx(run.network().predict(x[:, None].astype(np.float32))[:, 0], abs=1e-3)


def test_other_shapes_are_of_the_same_sum(run: Recording) -> None:
    pieces = Pieces(run.network(), -1.0, 1.0)
    assert values_of(pieces.alone(0, "relu"), pieces.x) == pytest.approx(np.maximum(pieces.sums(0), 0), abs=1e-5)


def test_what_is_said_is_so(scene: Wiring, run: Recording) -> None:
    said = " ".join(cue.text.replace("\n", " ") for cue in scene.cues)
    weight, bias = scene.pieces.into[0, scene.unit], scene.pieces.bias[scene.unit]
    assert f"its weight, {weight:.2f}, and adds its bias, {bias:.2f}.".replace("-", "−") in said
    assert np.all(np.diff(scene.chain) >= -1e-6) or np.all(np.diff(scene.chain) <= 1e-6)
    assert f"It only {'rises' if scene.chain[-1] > scene.chain[0] else 'falls'}." in said
    right = np.count_nonzero((run.network().predict(run.data.x)[:, 0] > 0.5) == run.data.y)
    assert (f"all {right}" if right == len(run.data.y) else f"{right} of {len(run.data.y)}") + " are right" in said
    lowest = scene.whole.min()
    assert lowest < 0.5 < min(scene.whole[0], scene.whole[-1])
    assert "It falls, and it rises: none of them does both alone." in said


def test_turns_are_those_of_a_function() -> None:
    x = np.linspace(-1, 1, 201)
    assert turns(x) == [1]
    assert turns(-x) == [-1]
    assert turns(x**2) == [-1, 1]
    assert turns(np.sin(4.5 * x)) == [-1, 1, -1]
    assert turns(0 * x) == []
    # a little wavering is none
    assert turns(x + 0.005 * np.sin(80 * x)) == [1]


def test_sentences_follow_the_numbers() -> None:
    assert "hardly moves" in said_of_chain([], True)
    assert "only falls" in said_of_chain([-1], True)
    assert "only" not in said_of_chain([1, -1], False)
    assert said_of_both([[1], [-1]], [1, -1]).startswith("It rises, and it falls")
    assert "alone" not in said_of_both([[1], [-1]], [1])
    assert "alone" not in said_of_both([[1, -1], [-1]], [1, -1])


def test_what_does_not_fit_gets_a_sentence(run: Recording, small_run: SmallRun, tmp_path: Path) -> None:
    assert "other inputs" in str(Wiring.fits(small_run("xor")))
    assert Wiring.fits(run) is None
    text = Path(engine.__file__).with_name("experiments").joinpath("interval.toml").read_text()
    (tmp_path / "wide.toml").write_text(text.replace("units = 2", "units = 9"))
    wide = run_experiment(load_experiment(tmp_path / "wide.toml").override(epochs=1), tmp_path / "wide")
    assert "room for 2 to 6 hidden neurons: wide has 9" in str(Wiring.fits(wide))
