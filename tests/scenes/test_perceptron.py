"""Scene `perceptron`: its sums, its line and its corrections are those of the recording."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from engine import Dense, Network, Recording, load_dataset
from engine.experiment import load_experiment
from engine.run import run_experiment
from scenes.perceptron import Perceptron
from scenes.perceptron.arithmetic import product_text, short, sum_text, whole_sum
from scenes.perceptron.line import PLANE, LinePart
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


def trained(folder: Path, x: np.ndarray, y: np.ndarray, epochs: int = 2, start: tuple[float, ...] = ()) -> Recording:
    network = Network([Dense(1, "step", weight_init="normal")], (2,), seed=1)
    if start:
        network.parameters[:] = start
    rule = {"name": "perceptron", "learning_rate": 0.1}
    network.fit(x, y, loss="perceptron", optimizer=rule, batch_size=1, epochs=epochs, record=folder)
    return Recording(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    experiment = load_experiment("perceptron").override(epochs=5)
    return run_experiment(experiment, tmp_path_factory.mktemp("perceptron") / "perceptron")


@pytest.fixture(scope="module")
def scene(run: Recording) -> Perceptron:
    (built,) = walk(Perceptron, run)
    assert isinstance(built, Perceptron)
    return built


@pytest.fixture
def part(scene: Perceptron) -> LinePart:
    return scene.corrected


def said(scene: Perceptron) -> list[str]:
    return [cue.text.replace("\n", " ") for cue in scene.cues]


def numbers(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"-?\d+\.?\d*", text.replace("− ", "-").replace("−", "-"))]


def test_the_sum_is_of_the_example_and_the_first_weights(scene: Perceptron, run: Recording) -> None:
    wx, wy, bias = run.parameters(0).astype(np.float64)
    right, wrong = scene.story.examples
    for number, text in zip((right, wrong), [t for t in said(scene) if "×" in t], strict=False):
        x, y = run.data.x[number]
        assert numbers(text)[:2] == pytest.approx([x, wx], abs=0.005)
    x, y = run.data.x[right]
    products, total = (numbers(said(scene)[k])[-1] for k in (3, 4))
    assert products == pytest.approx(y * wy, abs=0.005)
    assert total == pytest.approx(x * wx + y * wy + bias, abs=0.005)
    x, y = run.data.x[wrong]
    diagram = scene.close_up.diagram
    texts = [each.text for each in (*diagram.inputs, diagram.total, *diagram.weights, diagram.bias)]
    expected = [x, y, x * wx + y * wy + bias, wx, wy, bias]
    assert [float(text.strip("× ").replace("−", "-")) for text in texts] == pytest.approx(expected, abs=0.005)


def test_it_says_rightly_what_the_points_are_and_whether_it_fires(scene: Perceptron, run: Recording) -> None:
    weights, data = run.parameters(0), run.data
    right, wrong = scene.story.examples
    fires = data.x @ weights[:2] + weights[2] > 0
    assert fires[right] == (data.y[right] == 1) and fires[wrong] != (data.y[wrong] == 1)
    for number, words in ((right, "And “{}” it is."), (wrong, "But the point is “{}”: a mistake.")):
        does = "It fires, which means “B”." if fires[number] else "It stays silent, which means “A”."
        assert f"{does} {words.format('AB'[data.y[number]])}" in said(scene)
    shown = scene.close_up.marked.points[0, :2]
    assert shown == pytest.approx(scene.close_up.panel.look(data.x[wrong : wrong + 1])[0])


def test_the_line_is_where_the_sum_is_zero_after_each_recorded_step(part: LinePart, run: Recording) -> None:
    bounds = part.panel.bounds
    for step in run.steps:
        part.at(float(np.count_nonzero(part.story.found.steps <= step)))
        wx, wy, bias = run.parameters(step=step).astype(np.float64)
        share = (part.edge.points[:, :2] - [PLANE.left, PLANE.bottom]) / [PLANE.width, PLANE.height]
        ends = [bounds.left, bounds.bottom] + share * (bounds.right - bounds.left)
        assert np.isfinite(ends).all()
        assert ends @ [wx, wy] + bias == pytest.approx(0, abs=1e-5)


def test_sides_and_rings_are_what_the_neuron_says(part: LinePart, run: Recording) -> None:
    places, data = part.lattice.places, run.data
    for at in (0.0, 3.0, 3.5, float(part.count)):
        part.at(at)
        before, after = part.story.found.parameters[[int(at), int(np.ceil(at))]].astype(np.float64)
        weights = before + (after - before) * (at % 1)
        sums = places @ weights[:2] + weights[2]
        clear = np.abs(sums) > 1e-4
        assert (np.sign(part.sides.values.ravel()) == np.sign(sums))[clear].all()
        wrong = (data.x @ weights[:2] + weights[2] > 0) != (data.y == 1)
        assert (part.panel.rings.radius > 0).tolist() == wrong.tolist() and part.wrong == wrong.sum()


def test_the_table_shows_one_correction(part: LinePart, run: Recording) -> None:
    table = part.table
    for k in (0, 1, 5):
        table.show(k)
        shown = {name: np.array([float(each.text.replace("−", "-")) for each in column])
                 for name, column in table.numbers.items()}  # fmt: skip
        example = int(part.story.found.examples[k])
        adds = run.data.y[example] == 1
        assert table.columns["change"][0] is table.heads["add" if adds else "take"]
        assert shown["change"] == pytest.approx([*(0.1 * run.data.x[example]), 0.1], abs=0.005)
        expected = shown["weight"] + (1 if adds else -1) * shown["change"]
        assert shown["new"] == pytest.approx(expected, abs=0.016)
    table.settle(part.count)
    last = [float(each.text.replace("−", "-")) for each in table.numbers["weight"]]
    assert last == pytest.approx(run.parameters(5), abs=0.005)


def test_the_counts_that_are_told(scene: Perceptron, run: Recording) -> None:
    weights, data = run.parameters(0), run.data
    wrong = int(np.count_nonzero((data.x @ weights[:2] + weights[2] > 0) != (data.y == 1)))
    text = " ".join(said(scene))
    assert f"Before training, {wrong} of 200 points are on the wrong side." in text
    last = np.array([run.parameters(step=step) for step in run.steps])
    assert (last[-1] == run.parameters(5)).all()
    assert f"After {len(scene.story.found)} corrections none is wrong." in text
    assert scene.corrected.readouts["corrections"].text == str(len(scene.story.found))
    assert scene.corrected.readouts["epoch"].text == str(scene.story.found.epochs[-1])
    assert scene.corrected.readouts["mistakes"].text == "0"


def test_captions_can_be_read(scene: Perceptron) -> None:
    assert all(len(cue.text) / 15 <= cue.end - cue.start + 0.1 for cue in scene.cues)


@pytest.mark.parametrize(
    ("x", "epochs", "start", "sentences"),
    [
        ("moons", 2, (), ["points are on the wrong side.", "No straight line parts these points"]),
        ("blobs", 1, (-1.0, -1.0, 20.0), ["Some line parts these points, and the rule is sure to find one"]),
        ("blobs", 1, (-1.0, -1.0, 0.0), ["all 60 points are on the right side", "None is wrong: nothing is corrected"]),
    ],
)
def test_other_endings(tmp_path: Path, x: str, epochs: int, start: tuple[float, ...], sentences: list[str]) -> None:
    if x == "moons":
        data = load_dataset("moons", n=60)
        points, labels = data.x, data.y
    else:
        rng, labels = np.random.default_rng(0), np.repeat([0, 1], 30)
        points = rng.normal(0, 0.1, (60, 2)) + np.where(labels == 0, 0.6, -0.6)[:, None]
    (built,) = walk(Perceptron, trained(tmp_path / "run", points, labels, epochs, start))
    assert isinstance(built, Perceptron)
    for sentence in sentences:
        assert any(sentence in text for text in said(built)), said(built)


def test_told_briefly_it_takes_one_example_and_one_correction(run: Recording, scene: Perceptron) -> None:
    (brief,) = walk(Perceptron, run, {"brief": True})
    assert isinstance(brief, Perceptron)
    assert brief.story.examples == scene.story.examples[:1]
    texts = said(brief)
    assert not any("Another point" in text or "the point is" in text and "But" in text for text in texts)
    assert sum("times the point" in text for text in texts) == 1
    assert texts[-3:] == said(scene)[-3:] and "After" in texts[-3]
    assert (brief.corrected.edge.points == scene.corrected.edge.points).all()


def test_large_numbers_and_one_of_the_parts(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 2)) * [3000, 20000]
    walk(Perceptron, trained(tmp_path / "run", x, (x[:, 0] > 0).astype(int)), {"parts": ["neuron"]})


def test_sums_that_rounding_spoils_are_not_called_equal() -> None:
    assert product_text(2.0, -3.0) == "2.00 × (−3.00) = −6.00"
    assert product_text(-0.314, 2.041) == "−0.31 × 2.04 ≈ −0.64"
    assert sum_text([1.0, -2.5, 0.0], -1.5) == "1.00 − 2.50 + 0.00 = −1.50"
    assert sum_text([0.004, 0.004, 0.004], 0.012) == "0.00 + 0.00 + 0.00 ≈ 0.01"
    assert whole_sum(np.array([1.0, -2.0]), np.array([2.0, -0.5, -1.0]), 2.0) == (
        "1.00 × 2.00 − 2.00 × (−0.50) − 1.00\n= 2.00"
    )
    assert whole_sum(np.full(2, -1e5), np.full(3, -1e5), 2e10) == "Its sum is 2e+10."
    assert [short(value) for value in (0, -9.994, 9.996, 123.4, 123456.0)] == ["0.00", "−9.99", "10.0", "123", "1e+05"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("pass-the-class", "another network"), ("interval", "other data"), ("spirals-linear", "another network")],
)
def test_what_does_not_fit_gets_a_sentence(small_run: SmallRun, name: str, sentence: str) -> None:
    assert sentence in str(Perceptron.fits(small_run(name)))


def test_batches_do_not_fit(tmp_path: Path) -> None:
    network = Network([Dense(1, "step")], (2,))
    network.fit(np.eye(2), [0, 1], loss="perceptron", optimizer="perceptron", batch_size=2, record=tmp_path / "run",
                epochs=1)  # fmt: skip
    assert "in batches of 2 examples" in str(Perceptron.fits(Recording(tmp_path / "run")))
