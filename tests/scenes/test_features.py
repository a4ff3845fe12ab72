"""Scene `features`: what it draws and says, against the recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.datasets.dataset import Dataset
from engine.errors import RenderError
from engine.layers import Conv2D, Dense, Flatten, MaxPool2D, Residual
from engine.layers.base import Layer
from engine.network import Network
from engine.recording import Recorder, Recording
from scenes.features import Features
from scenes.images import class_probabilities
from scenes.neuron import Neuron
from scenes.rendering import make_part
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

Make = Callable[..., Recording]


@pytest.fixture(scope="module")
def played(small_run: SmallRun) -> Features:
    return cast(Features, walk(Features, small_run("lenet"))[0])


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function that gives a recording of random images and some layers, hardly trained."""

    def train(layers: list[Layer], shape: tuple[int, ...] = (6, 5), classes: int = 2) -> Recording:
        rng = np.random.default_rng(5)
        x = rng.random((40, *shape, 1), dtype=np.float32)
        x = x if isinstance(layers[0], (Conv2D, Residual)) else x.reshape(40, -1)
        names = tuple(f"class {k} of a long name" for k in range(classes))
        data = Dataset("noise", x, np.arange(40) % classes, "classification", class_names=names, image_shape=shape)
        network = Network(layers, data.x.shape[1:], seed=2)
        recorder = Recorder(tmp_path / "noise", dataset=data)
        loss = "binary_crossentropy" if network.output_shape == (1,) else "categorical_crossentropy"
        optimizer = "adam"
        if isinstance(layers[-1], Dense) and layers[-1].activation == "step":
            loss, optimizer = "perceptron", "perceptron"
        network.fit(data.x, data.y, loss=loss, optimizer=optimizer, epochs=1, record=recorder)
        return Recording(tmp_path / "noise")

    return train


def said(scene: Features) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def test_filters_are_the_recorded_weights(small_run: SmallRun, played: Features) -> None:
    network = small_run("lenet").network()
    first, later = network.weights["1.weight"], network.weights["3.weight"]
    for k in range(6):
        np.testing.assert_array_equal(played.first_filters.tiles.values[k], first[:, :, 0, k])
    for row in range(6):
        for column in range(16):
            np.testing.assert_array_equal(
                played.later_filters.tiles.values[16 * row + column], later[:, :, row, column]
            )


def test_one_unit_shows_its_largest_and_smallest_sums(small_run: SmallRun, played: Features) -> None:
    network = small_run("lenet").network()
    weight = network.weights["1.weight"][:, :, 0, played.unit].astype(float)
    bias = float(network.weights["1.bias"][played.unit])
    images = np.pad(played.x.reshape(-1, 8, 8).astype(float), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    sums = (windows * weight).sum(axis=(3, 4)).reshape(len(images), -1) + bias
    most, least = played.unit_extremes
    np.testing.assert_allclose(most.sums, np.sort(sums.max(axis=1))[::-1][:6], atol=1e-5)
    np.testing.assert_allclose(least.sums, np.sort(sums.min(axis=1))[:6], atol=1e-5)
    for found in (most, least):
        np.testing.assert_allclose((found.pieces * weight).sum(axis=(1, 2)) + bias, found.sums, atol=1e-5)
    against = "strokes lie where its weights are negative" in said(played)
    assert against == bool((least.sums < bias).all())


def test_the_dense_unit_is_the_one_that_neuron_looks_at(small_run: SmallRun) -> None:
    recording = small_run("digits")
    (scene,) = walk(Features, recording, {"parts": ["unit"]})
    (neuron,) = walk(Neuron, recording)
    assert isinstance(scene, Features) and isinstance(neuron, Neuron)
    assert scene.unit == neuron.neuron
    # its weights over an image, and its bias, are the sum that stands below the image
    network = recording.network()
    weight, bias = (
        network.weights["0.weight"][:, scene.unit].astype(float),
        float(network.weights["0.bias"][scene.unit]),
    )
    for found in scene.unit_extremes:
        np.testing.assert_allclose((found.pieces.reshape(-1, 64) * weight).sum(axis=1) + bias, found.sums, atol=1e-4)
    assert "the neuron wants strokes. Where one is negative, it wants none. And near zero" in said(scene)


def test_pieces_excite_their_units_most(small_run: SmallRun, played: Features) -> None:
    network = small_run("lenet").network()
    outputs = network.activations(played.x)
    assert [grid.shape for grid in played.grids] == [(5, 8)] * 4
    for layer, grid in zip((1, 3, 6, 7), played.grids, strict=True):
        values = outputs[layer].reshape(len(played.x), -1, outputs[layer].shape[-1]).max(axis=1)
        for unit in grid.units:
            best = grid.excitation.examples[:, unit]
            np.testing.assert_array_equal(values[best, unit], np.sort(values[:, unit])[::-1][:8])


def test_pieces_are_what_the_units_see(small_run: SmallRun, played: Features) -> None:
    network = small_run("lenet").network()
    weight, bias = network.weights["1.weight"][:, :, 0].astype(float), network.weights["1.bias"].astype(float)
    grid = played.grids[0]
    pieces = grid.tiles.values.reshape(5, 8, 3, 3)
    for row, unit in enumerate(grid.units):
        # a filter's weights times the piece is what it gave out there
        found = np.maximum((pieces[row] * weight[:, :, unit]).sum(axis=(1, 2)) + bias[unit], 0)
        np.testing.assert_allclose(found, grid.excitation.values[:, unit], atol=1e-5)
    whole = played.grids[-1]
    numbers = whole.excitation.examples[:, whole.units].T.ravel()
    np.testing.assert_array_equal(whole.tiles.values, played.x[numbers].reshape(-1, 8, 8))


def test_outputs_show_the_images_of_highest_score(small_run: SmallRun, played: Features) -> None:
    logits = small_run("lenet").network().logits(played.x)
    pieces = played.class_grid.tiles.values.reshape(4, 10, 8, 8)
    for label in range(10):
        best = np.argsort(-logits[:, label], kind="stable")[:4]
        np.testing.assert_array_equal(pieces[:, label], played.x[best].reshape(4, 8, 8))
    assert f"Of {len(played.x)} images" in said(played)


def test_shares_add_up_to_the_score(small_run: SmallRun, played: Features) -> None:
    network = small_run("lenet").network()
    right, lead = played.explained["right"], played.explained["lead"]
    blank = network.logits(np.zeros((1, 64)))[0]
    label = int(right.outputs[0])
    assert right.baseline_output is not None and lead.baseline_output is not None
    assert float(right.baseline_output[0]) == pytest.approx(blank[label], abs=1e-5)
    assert float(right.values.sum() + blank[label]) == pytest.approx(float(right.output[0]), abs=0.05)
    zero = f"{float(right.baseline_output[0]):.1f}".replace("-", "−")
    assert f"A blank image would score {zero}. With what the pixels add, it is {right.output[0]:.1f}." in said(played)

    assert played.mistake is not None
    scores = network.logits(played.x[played.mistake : played.mistake + 1])[0].astype(float)
    answer, truth = int(scores.argmax()), int(played.y[played.mistake])
    assert answer != truth
    assert float(lead.output[0]) == pytest.approx(scores[answer] - scores[truth], abs=1e-5)
    assert float(lead.values.sum() + blank[answer] - blank[truth]) == pytest.approx(float(lead.output[0]), abs=0.1)
    assert f" is ahead by {lead.output[0]:.1f}: " in said(played)
    assert ("the blue pixels weigh more" in said(played)) == (lead.values.sum() > 0)


def test_the_mistake_is_the_surest(small_run: SmallRun, played: Features) -> None:
    answers = class_probabilities(small_run("lenet").network(), played.x)
    wrong = answers.argmax(axis=1) != played.y
    assert played.mistake is not None and wrong[played.mistake]
    assert answers[played.mistake].max() == answers[wrong].max()


def test_captions_can_be_read_and_the_last_ends_with_the_scene(played: Features) -> None:
    assert all(len(line) <= 42 for cue in played.cues for line in cue.text.split("\n"))
    # a caption is there for a second for every 15 characters, or so
    assert all(len(cue.text) / (cue.end - cue.start) < 16 for cue in played.cues)
    assert 40 < played.now < 100 and played.cues[-1].end == played.now


@pytest.mark.parametrize(
    ("layers", "settings"),
    [
        ([Dense(1, "sigmoid")], {}),
        ([Dense(40, "tanh"), Dense(3, "softmax")], {"classes": 3}),
        ([Conv2D(20, (2, 3), activation="relu"), Conv2D(18, 3, activation="relu"), Flatten(), Dense(16, "softmax")],
         {"classes": 16}),
        ([Residual([Conv2D(2, 3, padding="same")], "relu"), MaxPool2D(2), Conv2D(1, 1, activation="relu"), Flatten(),
          *[Dense(2, "relu") for _ in range(4)], Dense(2, "softmax")], {}),
    ],
    ids=["no hidden layer", "dense", "many filters", "residual and deep"],
)  # fmt: skip
def test_any_network_of_images_is_shown(make: Make, layers: list[Layer], settings: dict[str, Any]) -> None:
    scene = cast(Features, walk(Features, make(layers, **settings))[0])
    assert len(scene.grids) == min(4, len(scene.hidden))


def test_parts_can_be_chosen(small_run: SmallRun) -> None:
    scene = cast(Features, walk(Features, small_run("lenet"), {"parts": ("attribution",), "label": 7})[0])
    assert int(scene.explained["right"].outputs[0]) == 7
    assert not hasattr(scene, "grids") and "The network sees a 7 here" in said(scene)


def test_no_mistakes_are_said_to_be_none(make: Make) -> None:
    class Faultless(Features):
        def build(self) -> None:
            super().build()
            # what it answers is what is asked for
            self.y = class_probabilities(self.net, self.x).argmax(axis=1)

    recording = make([Dense(3, "relu"), Dense(2, "softmax")])
    scene = cast(Features, walk(Faultless, recording, {"parts": ("attribution",)})[0])
    assert scene.mistake is None and "It gets all 40 of these images right." in said(scene)


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [
        ("blobs", "features shows networks of grey images: .* was trained on rows of numbers"),
        ("autoencoder-linear", "features shows how images are told apart: .* is trained for regression"),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, experiment: str, sentence: str) -> None:
    with pytest.raises(RenderError, match=sentence):
        make_part("features", small_run(experiment), {})


def test_a_network_without_slopes_does_not_fit(make: Make) -> None:
    with pytest.raises(RenderError, match="has a step function, whose slope is 0"):
        make_part("features", make([Dense(1, "step")]), {})
