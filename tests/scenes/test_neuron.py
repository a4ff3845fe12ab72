"""Scene `neuron`, its bars and its curve: what they draw and say, against the recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.errors import RenderError
from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.mobjects.activation_curve import ActivationCurve
from scenes.mobjects.contributions import Contributions
from scenes.mobjects.matrix import Matrix
from scenes.mobjects.writing import number_text
from scenes.neuron import SHARED, Neuron
from scenes.rendering import make_part
from scenes.theme import Zone
from tests.scenes.layout import walk

PLACE = Zone(-3, 3, -2, 2)


def trained(folder: Path, layers: str = "16,16", activation: str = "relu", **changes: Any) -> Recording:
    experiment = load_experiment("digits").override(layers=layers, activation=activation, epochs=2, **changes)
    return run_experiment(experiment, folder / "digits")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return trained(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def played(digits: Recording) -> Neuron:
    return cast(Neuron, walk(Neuron, digits)[0])


def test_the_sum_is_the_engines(digits: Recording, played: Neuron) -> None:
    network, x = digits.network(), digits.data.x[played.best].astype(np.float64)
    weight = np.asarray(network.weights["0.weight"], dtype=np.float64)[:, played.neuron]
    parts = dict(played.parts)
    assert parts["positive"] == pytest.approx(np.clip(weight * x, 0, None).sum())
    assert parts["negative"] == pytest.approx(np.clip(weight * x, None, 0).sum())
    assert parts["bias"] == pytest.approx(float(network.weights["0.bias"][played.neuron]))
    example = digits.data.x[played.best : played.best + 1]
    before = float(network.pre_activations(example)[0][0, played.neuron])
    assert sum(parts.values()) == pytest.approx(before, rel=1e-5)
    assert played.bars.stops[-1] == pytest.approx(before, rel=1e-5)
    assert played.curve.value == pytest.approx(float(network.activations(example)[0][0, played.neuron]), rel=1e-5)
    sums = digits.data.x.astype(np.float64) @ weight
    assert played.best == int(sums.argmax())


def test_the_equation_holds_with_the_numbers_that_stand_there(digits: Recording, played: Neuron) -> None:
    network = digits.network()
    matrices = played.matrices
    weight = np.asarray(network.weights["0.weight"], dtype=np.float64)
    example = digits.data.x[played.best]
    shown = {
        "weights": weight.T,
        "input": example[:, None],
        "bias": network.weights["0.bias"][:, None],
        "result": network.activations(example[None])[0][0][:, None],
    }
    for name, values in shown.items():
        matrix = matrices[name]
        for row, entries in zip(matrix.rows, matrix.entries, strict=True):
            for column, entry in zip(matrix.columns, entries, strict=True):
                assert entry.text == number_text(float(values[row, column]))
    assert played.neuron in matrices["weights"].rows
    boxes = played.row_boxes()
    for k, name in enumerate(matrices):
        entry = matrices[name].entries[matrices[name].rows.index(played.neuron) if name != "input" else 0][0]
        x, y = entry.get_center()[:2]
        assert boxes[k][0] < x < boxes[k][1] and boxes[k][2] < y < boxes[k][3]


def test_the_pixels_that_are_written_out_count_much(played: Neuron) -> None:
    written = played.pixels_written()
    assert written is not None and written == played.matrices["input"].rows and len(written) == 5
    assert played.matrices["weights"].columns == written[:3]
    assert written[0] // 8 == written[-1] // 8  # neighbours in one row of the image
    sums = [np.abs(played.products[k : k + 5]).sum() for k in range(60) if k // 8 == (k + 4) // 8]
    assert np.abs(played.products[written]).sum() == pytest.approx(max(sums))


def test_captions_say_the_engines_numbers(digits: Recording, played: Neuron) -> None:
    said = " ".join(cue.text.replace("\n", " ") for cue in played.cues)
    parts = dict(played.parts)
    products = number_text(parts["positive"] + parts["negative"])
    sign = "+" if parts["bias"] >= 0 else "−"
    total = number_text(sum(parts.values()))
    bias = number_text(abs(parts["bias"]))
    shown = [float(text.replace("−", "-")) for text in (products, sign + bias, total)]
    relation = "=" if shown[0] + shown[1] == pytest.approx(shown[2], abs=1e-9) else "≈"
    assert f"{products} {sign} {bias} {relation} {total}." in said
    assert "All 16 neurons at once" in said
    assert f"Row {played.neuron + 1} is our neuron" in said
    assert f"gives {number_text(played.curve.value)} again" in said
    assert all(len(line) <= 42 for cue in played.cues for line in cue.text.split("\n"))


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0, 1.7, 2.0, 3.0])
def test_bars_follow_one_another(manim_settings: None, progress: float) -> None:
    values = [3.0, -4.5, 0.5]
    bars = Contributions([("a", 3.0), ("b", -4.5), ("c", 0.5)], PLACE).set_progress(progress)
    corners = bars.bars.points.reshape(-1, 4, 3)
    total = 0.0
    for k, value in enumerate(values):
        share = min(max(progress - k, 0.0), 1.0)
        ends = sorted((bars.x_of(total), bars.x_of(total + value * share)))
        assert [corners[k, 0, 0], corners[k, 1, 0]] == pytest.approx(ends)
        assert bars.readouts[k].text == ("" if share == 0 else f"{value * share:+.2f}".replace("-", "−"))
        total += value
    assert (corners[..., 0] >= PLACE.left - 1e-9).all() and (corners[..., 0] <= PLACE.right + 1e-9).all()


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name not in SHARED])
@pytest.mark.parametrize("value", [-30.0, 0.4, 7.0])
def test_a_value_slides_along_the_engines_function(manim_settings: None, activation: str, value: float) -> None:
    curve = ActivationCurve(activation, value, PLACE).set_value(value)
    expected = float(curve.apply(np.array([value]))[0])
    assert curve.dot.points[0, :2] == pytest.approx(curve.place(value, expected))
    plot = curve.plot
    assert plot.left <= curve.dot.points[0, 0] <= plot.right
    assert plot.bottom - 1e-6 <= curve.dot.points[0, 1] <= plot.top + 1e-6
    if activation == "tanh":
        assert curve.value == pytest.approx(np.tanh(value), abs=1e-6)
    if activation == "relu":
        assert curve.value == pytest.approx(max(value, 0.0))
    x = curve.curve.points[:, 0]
    z = (x - plot.left) / plot.width * 2 * curve.reach - curve.reach
    drawn = (curve.curve.points[:, 1] - plot.bottom) / plot.height * (curve.high - curve.low) + curve.low
    assert drawn == pytest.approx(curve.apply(z), abs=2e-3 * (curve.high - curve.low))


@pytest.mark.parametrize(("layers", "activation"), [("1", "tanh"), ("3", "linear"), ("40,4", "sigmoid"), ("7", "gelu")])
def test_any_first_layer_is_shown(tmp_path: Path, layers: str, activation: str) -> None:
    scene = cast(Neuron, walk(Neuron, trained(tmp_path, layers, activation))[0])
    assert scene.neuron in scene.matrices["weights"].rows
    assert 20 < scene.now < 60


def test_an_entry_that_rounds_to_zero_has_no_sign(manim_settings: None) -> None:
    assert Matrix(np.array([[-0.001]]), PLACE).entries[0][0].text == "0.00"


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    recording = run_experiment(load_experiment("blobs").override(epochs=1), tmp_path / "blobs")
    with pytest.raises(RenderError, match="neuron shows networks of grey images: blobs was trained on rows"):
        make_part("neuron", recording, {})
