"""Scene `weights`: what it draws and says, against the recording."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from engine.datasets.dataset import Dataset
from engine.errors import RenderError
from engine.experiment import load_experiment
from engine.layers import Dense
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.run import run_experiment
from scenes.images import most_excited
from scenes.mobjects.readout import Readout
from scenes.rendering import make_part
from scenes.weights import Weights
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

Make = Callable[..., Recording]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    experiment = load_experiment("digits").override(epochs=3)
    return run_experiment(experiment, tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function that trains a network on random images and gives its recording."""

    def train(
        widths: tuple[int, ...] = (5,), shape: tuple[int, ...] = (3, 4), classes: int = 2, epochs: int = 2,
        names: tuple[str, ...] | None = None,
    ) -> Recording:  # fmt: skip
        rng = np.random.default_rng(4)
        x = rng.random((60, int(np.prod(shape))), dtype=np.float32)
        y = np.arange(60) % classes
        names = names or tuple(f"class {k}" for k in range(classes))
        data = Dataset("noise", x, y, "classification", class_names=names, image_shape=shape)
        layers = [Dense(width, "tanh") for width in widths] + [Dense(classes, "softmax")]
        network = Network(layers, (x.shape[1],), seed=1)
        recorder = Recorder(tmp_path / "noise", dataset=data)
        network.fit(x, y, loss="categorical_crossentropy", epochs=epochs, record=recorder)
        return Recording(tmp_path / "noise")

    return train


@pytest.fixture(scope="module")
def played(digits: Recording) -> Weights:
    return cast(Weights, walk(Weights, digits)[0])


def test_nothing_overlaps_or_leaves_the_frame(played: Weights) -> None:
    assert 20 < played.now < 60
    assert played.cues[-1].end == played.now


def test_the_images_are_the_weights_of_their_neurons(digits: Recording) -> None:
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    class Watched(Weights):
        def follow(self, network: Network) -> None:
            super().follow(network)
            seen.append((np.array(network.weights["0.weight"]), np.array(self.grid.tiles.values)))

    scene = cast(Weights, walk(Watched, digits)[0])
    assert len(seen) > 2
    for weight, images in seen:
        assert images.shape == (16, 8, 8)
        for place, neuron in enumerate(scene.shown):
            assert np.array_equal(images[place].ravel(), weight[:, neuron])
    assert np.array_equal(seen[0][0], digits.network(0).weights["0.weight"])
    assert np.array_equal(seen[-1][0], digits.network().weights["0.weight"])
    assert scene.largest >= max(float(np.abs(weight).max()) for weight, _ in (seen[0], seen[-1]))


def test_the_neuron_close_up_is_computed_by_the_engine(digits: Recording, played: Weights) -> None:
    network, x = digits.network(), digits.data.x
    weight = np.asarray(network.weights["0.weight"], dtype=np.float64)
    neuron, best = most_excited(network, 0, x)
    sums = x.astype(np.float64) @ weight[:, neuron]
    assert best == int(sums.argmax())
    total, bias, before, after = played.sum_shown
    assert total == pytest.approx(sums.max(), rel=1e-4)
    assert bias == pytest.approx(float(network.weights["0.bias"][neuron]))
    assert before == pytest.approx(total + bias)
    assert after == pytest.approx(max(before, 0.0))


def test_captions_say_recorded_numbers(digits: Recording, played: Weights) -> None:
    said = " ".join(cue.text.replace("\n", " ") for cue in played.cues)
    data = digits.data
    assert data.y_validation is not None and data.x_validation is not None
    right = int((digits.network().predict(data.x_validation).argmax(axis=1) == data.y_validation).sum())
    assert "An image is 64 pixels" in said
    assert "All 16 neurons" in said
    assert f"After epoch 3 it gets {right} of {len(data.y_validation)} images right that it never saw" in said
    assert f"Of all {len(data.x):,} images" in said
    assert all(len(line) <= 42 for cue in played.cues for line in cue.text.split("\n"))


def test_read_outs_and_the_curve_end_with_the_recording(digits: Recording, played: Weights) -> None:
    measured = digits.evaluate()
    texts = {name: cast(Readout, readout).text for name, readout in played.readouts.items()}
    assert texts == {"epoch": "3", "loss": f"{measured['loss']:.3f}", "accuracy": f"{measured['accuracy']:.1%}"}
    assert played.curve.moment == 3.0
    assert played.curve.at(3.0)["training"] == measured["loss"]
    assert played.curve.at(2.0)["validation"] == digits.metrics["val_loss"][2]


@pytest.mark.parametrize(
    "settings",
    [
        {"widths": (1,)},
        {"widths": (40,)},
        {"widths": ()},
        {"shape": (1, 1)},
        {"shape": (2, 9)},
        {"shape": (9, 2, 1), "widths": (3, 2, 2, 2)},
        {"epochs": 1},
        {"classes": 20, "names": tuple(f"a class with the very long name {k}" for k in range(20))},
    ],
    ids=str,
)
def test_any_network_of_images_is_shown(make: Make, settings: dict[str, object]) -> None:
    scene = cast(Weights, walk(Weights, make(**settings))[0])
    assert scene.neuron in scene.shown
    assert len(scene.shown) == min(scene.units, 32)


def test_some_epochs_can_be_chosen(digits: Recording) -> None:
    scene = cast(Weights, walk(Weights, digits, {"epochs": (1, 2)})[0])
    assert (scene.replay.first, scene.epoch) == (1.0, 2)
    assert "after epoch 1" in " ".join(cue.text for cue in scene.cues)


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [("blobs", "weights shows networks of grey images: .* was trained on rows of numbers")],
)
def test_what_does_not_fit_is_named(experiment: str, sentence: str, tmp_path: Path) -> None:
    recording = run_experiment(load_experiment(experiment).override(epochs=1), tmp_path / experiment)
    with pytest.raises(RenderError, match=sentence):
        make_part("weights", recording, {})


def test_colour_images_do_not_fit(make: Make) -> None:
    with pytest.raises(RenderError, match=re.escape("was trained on colour images")):
        make_part("weights", make(shape=(2, 2, 3)), {})


def test_parts_can_be_told_alone(digits: Recording) -> None:
    said = {
        part: [cue.text for cue in walk(Weights, digits, {"parts": (part,)})[0].cues]
        for part in ("training", "edges", "close", "later")
    }
    assert said["training"][0].startswith("All 16 neurons") and said["training"][0].endswith("before training.")
    assert said["edges"][0].endswith("after epoch 3.") and said["close"][0] == said["edges"][0]
    assert said["later"][0].startswith("Later layers")


def test_edges_are_told_only_where_they_are_asked_for(played: Weights) -> None:
    assert not any("edge" in cue.text for cue in played.cues)


def test_edges_need_classes(small_run: SmallRun) -> None:
    with pytest.raises(RenderError, match="the edges of weights are those of classes"):
        walk(Weights, small_run("autoencoder-digits"), {"parts": ("edges",)})
