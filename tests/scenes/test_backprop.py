"""Scene `backprop`: its numbers, against a network by hand, finite differences and the engine's own training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.errors import NeurofilmError, RenderError
from engine.experiment import load_experiment
from engine.network import Network
from engine.recording import Recording
from engine.run import run_experiment
from scenes.backprop import Backprop
from scenes.backprop.step import take_step
from scenes.mobjects.readout import Readout
from scenes.rendering import make_part
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

LAYERS = (("0.weight", "0.bias"), ("1.weight", "1.bias"))


@pytest.fixture(scope="module")
def recording(small_run: SmallRun) -> Recording:
    return small_run("pass-the-class")


@pytest.fixture(scope="module")
def gradients_shown(recording: Recording) -> Backprop:
    return cast(Backprop, walk(Backprop, recording, {"parts": ("forward", "loss", "backward")})[0])


@pytest.fixture(scope="module")
def played(recording: Recording) -> Backprop:
    return cast(Backprop, walk(Backprop, recording)[0])


def by_hand(weights: dict[str, np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """The activations of two layers of sigmoids."""
    found = [x]
    for weight, bias in LAYERS:
        found.append(1 / (1 + np.exp(-(found[-1] @ weights[weight] + weights[bias]))))
    return found


def loss_by_hand(weights: dict[str, np.ndarray], x: np.ndarray, y: float) -> float:
    p = float(by_hand(weights, x)[-1][0])
    return -float(y * np.log(p) + (1 - y) * np.log(1 - p))


def as_float(readout: Readout) -> float:
    return float(readout.text.replace("−", "-"))


def weights_of(network: Network) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=np.float64) for name, values in network.weights.items()}


def said(scene: Backprop) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def test_the_example_is_the_one_with_the_largest_loss(recording: Recording, played: Backprop) -> None:
    data, weights = recording.data, weights_of(recording.network(0))
    losses = [loss_by_hand(weights, x, y) for x, y in zip(data.x.astype(float), data.y, strict=True)]
    assert played.number == int(np.argmax(losses))


def test_forward_numbers_are_the_network_s(recording: Recording, gradients_shown: Backprop) -> None:
    scene, weights = gradients_shown, weights_of(recording.network(0))
    x, y = recording.data.x[scene.number].astype(float), float(recording.data.y[scene.number])
    for column, expected in enumerate(by_hand(weights, x)):
        shown = [as_float(number) for number in scene.numbers.inside[column]]
        np.testing.assert_allclose(shown, expected, atol=0.0051)
    loss = loss_by_hand(weights, x, y)
    assert f"The loss says how wrong that is: {loss:.3f}." in said(scene)
    assert as_float(scene.readouts["loss"]) == pytest.approx(loss, abs=0.00051)
    assert as_float(scene.readouts["target"]) == y


def test_every_gradient_is_the_slope_of_the_loss(recording: Recording, gradients_shown: Backprop) -> None:
    scene, weights = gradients_shown, weights_of(recording.network(0))
    x, y = recording.data.x[scene.number].astype(float), float(recording.data.y[scene.number])
    h = 1e-5
    for link, (name, bias) in enumerate(LAYERS):
        pairs = scene.diagram.plan.links[link].pairs
        shown = {tuple(pair): as_float(number) for pair, number in zip(pairs, scene.numbers.between[link], strict=True)}
        assert len(shown) == weights[name].size
        for place in np.ndindex(*weights[name].shape):
            sides = []
            for step in (h, -h):
                moved = {key: values.copy() for key, values in weights.items()}
                moved[name][place] += step
                sides.append(loss_by_hand(moved, x, y))
            assert shown[place] == pytest.approx((sides[0] - sides[1]) / (2 * h), abs=0.0051), (name, place)
        # the gradient at a neuron is that of its bias
        for node, number in enumerate(scene.numbers.above[link + 1]):
            more, less = ({key: values.copy() for key, values in weights.items()} for _ in range(2))
            more[bias][node] += h
            less[bias][node] -= h
            slope = (loss_by_hand(more, x, y) - loss_by_hand(less, x, y)) / (2 * h)
            assert as_float(number) == pytest.approx(slope, abs=0.0051)
    assert scene.gradient_edges.progress.min() == 1.0


def test_calculations_come_out(gradients_shown: Backprop, played: Backprop) -> None:
    found = [line for line in [*gradients_shown.formulas, *played.formulas] if "×" in line or "−" in line.lstrip("−")]
    products = 0
    for line in found:
        if line.startswith("-ln"):
            continue
        left, sign, right = re.split(r"\s([=≈])\s", line)
        value = eval(left.replace("×", "*").replace("−", "-"))
        tolerance = 0.0051 if sign == "=" else 0.05
        assert value == pytest.approx(float(right.replace("−", "-")), abs=tolerance), line
        products += "×" in left
    assert products > 15


def test_the_step_is_that_of_stochastic_gradient_descent(recording: Recording, played: Backprop) -> None:
    network, data = recording.network(0), recording.data
    chosen = slice(played.number, played.number + 1)
    network.fit(
        data.x[chosen], data.y[chosen], loss="binary_crossentropy", epochs=1, batch_size=1,
        optimizer={"name": "sgd", "learning_rate": played.step.rate},
    )  # fmt: skip
    np.testing.assert_allclose(played.step.stepped.parameters, network.parameters, atol=1e-6)
    np.testing.assert_array_equal(played.step.network.parameters, recording.network(0).parameters)


def test_the_loss_after_the_step_is_measured(recording: Recording, played: Backprop) -> None:
    data = recording.data
    weights = weights_of(played.step.stepped)
    after = loss_by_hand(weights, data.x[played.number].astype(float), float(data.y[played.number]))
    before, now = played.losses_said
    assert now == pytest.approx(after, abs=1e-4) and now < before
    assert f"the loss went from {before:.3f} to {now:.3f}" in said(played)


def test_the_end_is_the_recording_s(recording: Recording, played: Backprop) -> None:
    assert played.curve.at(2.0)["training"] == recording.evaluate(2)["loss"]
    data, network = recording.data, recording.network()
    assert data.x_validation is not None and data.y_validation is not None
    right = int(((network.predict(data.x_validation)[:, 0] > 0.5) == data.y_validation).sum())
    assert f"After epoch 2 it gets {right} of {len(data.y_validation)} examples right that it never saw." in said(
        played
    )


def test_captions_can_be_read_and_the_last_ends_with_the_scene(played: Backprop) -> None:
    assert all(len(line) <= 42 for cue in played.cues for line in cue.text.split("\n"))
    # a caption is there for a second for every 15 characters, or so
    assert all(len(cue.text) / (cue.end - cue.start) < 16 for cue in played.cues)
    assert 40 < played.now < 90 and played.cues[-1].end == played.now


@pytest.mark.parametrize("part", ["loss", "backward", "update", "again", "training"])
def test_each_part_stands_alone(recording: Recording, part: str) -> None:
    scene = cast(Backprop, walk(Backprop, recording, {"parts": (part,), "example": 3, "learning_rate": 0.1})[0])
    assert (scene.number, scene.step.rate) == (3, 0.1)


@pytest.mark.parametrize("experiment", ["digits", "regression", "xor", "perceptron", "spirals"])
def test_other_networks_of_dense_layers_are_shown_or_named(small_run: SmallRun, experiment: str) -> None:
    if experiment == "perceptron":
        with pytest.raises(RenderError, match="backprop follows slopes: perceptron has a step function"):
            make_part("backprop", small_run(experiment), {})
        return
    scene = cast(Backprop, walk(Backprop, small_run(experiment))[0])
    assert scene.step.after.loss < scene.step.before.loss
    assert scene.are_legible == (experiment == "xor")


def test_a_convolution_does_not_fit(small_run: SmallRun) -> None:
    with pytest.raises(RenderError, match="backprop shows dense layers only: .* has one of type 'reshape'"):
        make_part("backprop", small_run("lenet"), {})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"example": 150}, "example=150 must be a whole number from 0 to 149"),
        ({"learning_rate": 0}, "learning_rate=0 must be a number above 0"),
    ],
)
def test_wrong_options_are_named(recording: Recording, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NeurofilmError, match=sentence):
        walk(Backprop, recording, options)


def test_a_step_is_taken_that_helps(tmp_path: Path) -> None:
    run = run_experiment(load_experiment("xor").override(epochs=1), tmp_path / "xor")
    network, data = run.network(0), run.data
    step = take_step(network, data.x[0], data.y[0], "binary_crossentropy")
    assert step.after.loss < step.before.loss
    assert step.after.loss == pytest.approx(
        step.stepped.evaluate(data.x[:1], data.y[:1], "binary_crossentropy")["loss"], rel=1e-5
    )
