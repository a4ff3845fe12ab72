"""Scene `flow`, its network and its animations: what they draw and say, against the recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.datasets.dataset import Dataset
from engine.errors import RenderError
from engine.experiment import load_experiment
from engine.layers import LSTM, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, Reshape, Residual
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.run import run_experiment
from scenes.animations.propagating import PixelsToNeurons, PropagateActivations
from scenes.flow import Flow, choose
from scenes.images import class_probabilities
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.numbers import certainty
from scenes.rendering import make_part
from scenes.theme import DARK, Zone, rgb
from tests.scenes.layout import walk

Make = Callable[..., Recording]
ZONE = Zone(-3, 3, -2, 2.5)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    experiment = load_experiment("digits").override(epochs=3)
    return run_experiment(experiment, tmp_path_factory.mktemp("runs") / "digits")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function that trains a network on images and gives its recording."""

    def train(
        widths: tuple[int, ...] = (5,), shape: tuple[int, ...] = (3, 4), classes: int = 2, epochs: int = 2,
        names: tuple[str, ...] | None = None, learnable: bool = False, before: tuple[Layer, ...] = (),
    ) -> Recording:  # fmt: skip
        rng = np.random.default_rng(4)
        x = rng.random((60, int(np.prod(shape))), dtype=np.float32)
        y = np.arange(60) % classes
        if learnable:
            x[:, 0] = y
        data = Dataset("noise", x, y, "classification", image_shape=shape,
                       class_names=names or tuple(f"class {k}" for k in range(classes)))  # fmt: skip
        last = Dense(1, "sigmoid") if classes == 2 else Dense(classes, "softmax")
        hidden = (Dense(width, "tanh") for width in widths)
        network = Network([*before, *hidden, last], (x.shape[1],), seed=1)
        recorder = Recorder(tmp_path / "noise", dataset=data)
        loss = "binary_crossentropy" if classes == 2 else "categorical_crossentropy"
        network.fit(x, y, loss=loss, epochs=epochs, record=recorder)
        return Recording(tmp_path / "noise")

    return train


@pytest.fixture(scope="module")
def played(digits: Recording) -> Flow:
    return cast(Flow, walk(Flow, digits)[0])


def diagram_of(recording: Recording) -> NetworkDiagram:
    data = recording.data
    return NetworkDiagram(recording.network(), ZONE, x=data.x, inputs=liveliest(data.x))


def shares(diagram: NetworkDiagram) -> np.ndarray:
    """How bright the drawn neurons are, 0 to 1."""
    colours = diagram.cores.colours
    assert colours is not None
    ground = np.array(rgb(DARK.background))
    return np.asarray(((colours[:, :3] - ground) / (1 - ground))[:, 0])


def test_neurons_are_as_bright_as_they_are_active(manim_settings: None, digits: Recording) -> None:
    diagram, network, x = diagram_of(digits), digits.network(), digits.data.x
    example = x[7]
    diagram.show(diagram.signals(example), 3.0)
    layers = [x, *network.activations(x)]
    expected = []
    for k, values in enumerate(layers):
        # the mean of the examples' largest, where the activation has no bounds
        high = 1.0 if k == 3 else values.max(axis=1).mean()
        expected.append(np.minimum(values[7][diagram.shown[k]] / high, 1.0))
    assert shares(diagram) == pytest.approx(np.concatenate(expected), abs=1e-5)
    assert len(diagram.shown[0]) == 16 and diagram.shown[1] == list(range(16)) and diagram.shown[3] == list(range(10))


def test_connections_show_weight_times_activation(manim_settings: None, digits: Recording) -> None:
    diagram, network = diagram_of(digits), digits.network()
    example = digits.data.x[11]
    activations = diagram.signals(example)
    diagram.show(activations, 3.0)
    colours = diagram.edges.colours
    assert colours is not None
    edge = 0
    for k in range(3):
        weight = np.asarray(network.weights[f"{k}.weight"], dtype=np.float64)
        passed = activations.values[k].ravel()[:, None] * weight
        drawn = passed[np.ix_(diagram.shown[k], diagram.shown[k + 1])]
        strongest = np.abs(drawn).max()
        for i in range(drawn.shape[0]):
            for j in range(drawn.shape[1]):
                ends = diagram.edges.points[2 * edge : 2 * edge + 2, :2]
                assert ends[0] == pytest.approx(diagram.places[k][i])
                assert ends[1] == pytest.approx(diagram.places[k + 1][j])
                if abs(drawn[i, j]) > 1e-9:
                    hue = DARK.positive if drawn[i, j] > 0 else DARK.negative
                    assert colours[edge, :3] == pytest.approx(rgb(hue))
                most = colours[sum(diagram.sizes[:k]) : sum(diagram.sizes[: k + 1]), 3].max()
                assert (colours[edge, 3] / most) ** 2 == pytest.approx(abs(drawn[i, j]) / strongest, abs=1e-6)
                edge += 1
    assert edge == sum(diagram.sizes)


def test_what_has_not_been_reached_is_dark(manim_settings: None, digits: Recording) -> None:
    diagram = diagram_of(digits)
    activations = diagram.signals(digits.data.x[3])
    diagram.show(activations, 1.0)
    bright = np.split(shares(diagram), np.cumsum([len(shown) for shown in diagram.shown])[:-1])
    assert bright[0].any() and bright[1].any()
    assert not bright[2].any() and not bright[3].any()


def test_something_runs_along_the_connections_of_one_layer(manim_settings: None, digits: Recording) -> None:
    diagram = diagram_of(digits)
    animation = PropagateActivations(diagram, diagram.signals(digits.data.x[3]), run_time=3.0)
    first, second = diagram.sizes[0], sum(diagram.sizes[:2])
    heads = []
    for share in np.linspace(0.34, 0.66, 9):
        animation.interpolate(share)
        assert diagram.pulses.widths[first:second].max() > 1
        assert not diagram.pulses.widths[:first].any() and not diagram.pulses.widths[second:].any()
        heads.append(diagram.pulses.points[2 * first + 1, 0])
    assert (np.diff(heads) >= -1e-9).all() and heads[-1] > heads[0] + 0.5
    animation.interpolate(1.0)
    assert not diagram.pulses.widths.any()


def test_pixels_become_the_neurons_that_stand_for_them(manim_settings: None, digits: Recording) -> None:
    diagram = diagram_of(digits)
    image = digits.data.x[5].reshape(8, 8)
    panel = ImagePanel(image, Zone(-6, -4, -1, 1))
    animation = PixelsToNeurons(panel, diagram)
    cloud = animation.mobject
    animation.interpolate(0.0)
    assert cloud.opacity == 0
    assert cloud.points[0, :2] == pytest.approx([-6 + 0.125, 1 - 0.125])
    assert cloud.points[9, :2] == pytest.approx([-6 + 0.375, 1 - 0.375])
    animation.interpolate(1.0)
    for place, pixel in zip(diagram.places[0], diagram.shown[0], strict=True):
        assert cloud.points[pixel, :2] == pytest.approx(place)
        assert cloud.radius[pixel] == pytest.approx(diagram.radius)
    hidden = np.setdiff1d(np.arange(64), diagram.shown[0])
    assert not cloud.radius[hidden].any()
    colours = cloud.colours
    assert colours is not None
    ground = np.array(rgb(DARK.background))
    assert ((colours[:, :3] - ground) / (1 - ground))[:, 0] == pytest.approx(image.ravel(), abs=1e-6)


def test_the_liveliest_inputs_are_those_that_differ_most() -> None:
    x = np.random.default_rng(1).normal(size=(50, 30)) * np.arange(30)
    chosen = liveliest(x, 5)
    spread = x.std(axis=0)
    assert chosen == sorted(chosen) and len(chosen) == 5
    assert spread[chosen].min() >= np.delete(spread, chosen).max()


def test_bars_and_boxes_end_with_the_networks_answer(digits: Recording, played: Flow) -> None:
    assert played.wrong_one is not None and digits.data.x_validation is not None
    answers = digits.network().predict(digits.data.x_validation[played.wrong_one : played.wrong_one + 1])[0]
    assert played.bars.values == pytest.approx(answers, abs=1e-6)
    row = played.bars.readouts[int(answers.argmax())].get_center()[1]
    assert played.bars.box.points[:4, 1].mean() == pytest.approx(row, abs=0.05)


def test_captions_say_the_networks_answers(digits: Recording, played: Flow) -> None:
    said = " ".join(cue.text.replace("\n", " ") for cue in played.cues)
    data, network = digits.data, digits.network()
    assert data.x_validation is not None and data.y_validation is not None and played.wrong_one is not None
    answers = network.predict(data.x_validation)
    first, wrong = played.right_ones[0], played.wrong_one
    assert "Two hidden layers follow, and then ten neurons, one for each answer." in said
    assert f"is its answer: {played.class_name(int(data.y_validation[first]))}, and" in said
    assert f"it is {certainty(float(answers[first].max()))} sure" in said
    assert f"This is {played.class_name(int(data.y_validation[wrong]))}." in said
    assert f"It takes it for {played.class_name(int(answers[wrong].argmax()))}, and is" in said
    missed = int((answers.argmax(axis=1) != data.y_validation).sum())
    assert f"Of {len(answers)} new images it gets {missed} wrong." in said
    assert all(len(line) <= 42 for cue in played.cues for line in cue.text.split("\n"))


def test_chosen_examples_are_right_and_the_mistake_is_the_surest() -> None:
    rng = np.random.default_rng(2)
    answers = rng.dirichlet(np.full(4, 0.2), 200)
    labels = rng.integers(0, 4, 200)
    right, wrong = choose(answers, labels, 6)
    assert len(right) == len(set(right)) == 6
    assert (answers[right].argmax(axis=1) == labels[right]).all()
    assert len(set(labels[right[:4]].tolist())) == 4
    missed = np.flatnonzero(answers.argmax(axis=1) != labels)
    assert wrong in missed and answers[wrong].max() == answers[missed].max()
    assert choose(np.eye(3), np.arange(3), 2) == ([0, 1], None)
    assert choose(np.eye(2), np.array([1, 0]), 2)[0] == []


def test_a_single_output_has_two_classes(make: Make) -> None:
    recording = make()
    network, x = recording.network(), recording.data.x
    answers = class_probabilities(network, x)
    assert answers.shape == (60, 2)
    assert answers.sum(axis=1) == pytest.approx(np.ones(60))
    assert answers[:, 1] == pytest.approx(network.predict(x)[:, 0])


@pytest.mark.parametrize(
    ("share", "text"), [(0.5, "50%"), (0.98, "98%"), (0.9949, "99.5%"), (0.99961, "over 99.9%"), (1.0, "over 99.9%")]
)
def test_nothing_is_said_to_be_certain(share: float, text: str) -> None:
    assert certainty(share) == text


@pytest.mark.parametrize(
    "settings",
    [
        {"widths": (1,)},
        {"widths": (40, 3)},
        {"widths": ()},
        {"widths": (4, 4, 4, 4, 4, 4)},
        {"shape": (1, 1)},
        {"shape": (2, 9, 1)},
        {"epochs": 1},
        {"classes": 16, "names": tuple(f"a class with the very long name {k}" for k in range(16))},
        {"classes": 20, "widths": (20,)},
        {"before": (Reshape((1, 1, 1)), Conv2D(1, 1), Flatten()), "shape": (1, 1)},
        {"before": (Reshape((3, 4, 1)), AvgPool2D((1, 2)), Dropout(0.5), Flatten())},
        {"learnable": True, "epochs": 200, "widths": (12,)},
    ],
    ids=str,
)
def test_any_network_of_images_is_shown(make: Make, settings: dict[str, Any]) -> None:
    scene = cast(Flow, walk(Flow, make(**settings))[0])
    assert scene.cues[-1].end == scene.now
    if settings.get("learnable"):
        assert scene.wrong_one is None and "It gets all 60 images right." in scene.cues[-1].text


def test_a_convolutional_network_has_the_image_in_its_first_column(make: Make) -> None:
    block = Residual([Conv2D(4, 3, padding="same", activation="relu"), Conv2D(4, 3, padding="same")])
    layers = (Reshape((6, 6, 1)), Conv2D(4, 3, padding="same", activation="relu"), block, MaxPool2D(2), Flatten())
    recording = make(before=layers, shape=(6, 6), classes=3)
    scene = cast(Flow, walk(Flow, recording)[0])
    said = " ".join(cue.text.replace("\n", " ") for cue in scene.cues)
    assert "Each small filter looks everywhere for one pattern" in said and "Neurons weigh what has been found" in said
    assert "Every pixel is an input neuron" not in said
    np.testing.assert_allclose(scene.panel.box, scene.diagram.layout.boxes[0])
    shown = scene.wrong_one if scene.wrong_one is not None else scene.right_ones[-1]
    maps = recording.network().activations(scene.x[shown][None])[1][0]
    assert scene.diagram.ranges is not None
    expected = np.clip(maps / scene.diagram.ranges[1][1], 0, 1).transpose(2, 0, 1)
    np.testing.assert_allclose(scene.diagram.images[1].values, expected, atol=1e-6)


def test_earlier_epochs_can_be_shown(digits: Recording) -> None:
    scene = cast(Flow, walk(Flow, digits, {"epochs": (None, 1)})[0])
    assert scene.epoch == 1
    assert np.array_equal(scene.net.parameters, digits.parameters(1))


def test_what_does_not_fit_is_named(make: Make, tmp_path: Path) -> None:
    recording = run_experiment(load_experiment("blobs").override(epochs=1), tmp_path / "blobs")
    with pytest.raises(RenderError, match="flow shows networks of grey images: blobs was trained on rows of numbers"):
        make_part("flow", recording, {})
    with pytest.raises(RenderError, match="flow has room for 20 classes: noise has 21"):
        make_part("flow", make(classes=21), {})


def test_recurrent_networks_are_not_shown(make: Make) -> None:
    with pytest.raises(RenderError, match="flow shows networks that see an image at once: noise has .* type 'lstm'"):
        make_part("flow", make(before=(Reshape((3, 4)), LSTM(2))), {})
