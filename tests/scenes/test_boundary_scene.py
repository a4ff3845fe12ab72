"""Scene `boundary` and its fields of neurons: what they draw and say, against the recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from engine.errors import RenderError
from engine.experiment import Experiment, load_experiment
from engine.network import Network
from engine.recording import Recording
from engine.run import run_experiment
from scenes.boundary import PLANE, Boundary
from scenes.mobjects.neuron_fields import NeuronFields
from scenes.mobjects.readout import Readout
from scenes.rendering import make_part
from scenes.theme import DARK, Zone, rgb
from scenes.warp.material import grid_bounds
from tests.scenes.layout import walk

TOML = """
name = "{name}"
seed = 3
[dataset]
name = "{dataset}"
n = 60
{more}
[network]
layers = [{layers}]
[training]
epochs = {epochs}
batch_size = 16
"""
ZONE = Zone(-6.5, 2, -0.5, 2.8)
Make = Callable[..., Recording]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A function that trains a small network and gives its recording."""
    made: dict[str, Recording] = {}

    def train(
        widths: tuple[int, ...] = (3, 2), dataset: str = "moons", activation: str = "tanh", classes: int = 2,
        epochs: int = 4, dropout: bool = False,
    ) -> Recording:  # fmt: skip
        name = f"{dataset}-{activation}-{'-'.join(map(str, widths))}-{classes}-{epochs}-{dropout}"
        if name not in made:
            layers = [f'{{type = "dense", units = {width}, activation = "{activation}"}}' for width in widths]
            if dropout:
                layers.insert(1, '{type = "dropout", rate = 0.2}')
            last = '1, activation = "sigmoid"' if classes == 2 else f'{classes}, activation = "softmax"'
            layers.append(f'{{type = "dense", units = {last}}}')
            more = f"classes = {classes}" if dataset == "blobs" else ""
            text = TOML.format(name=name, dataset=dataset, more=more, layers=", ".join(layers), epochs=epochs)
            made[name] = run_experiment(Experiment.from_toml(text), tmp_path_factory.mktemp("runs") / name)
        return made[name]

    return train


def fields_of(recording: Recording) -> NeuronFields:
    networks = [recording.network(epoch) for epoch in recording]
    fields = NeuronFields(networks, grid_bounds(recording.data.x), ZONE)
    return fields.set_network(recording.network())


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "linear"])
def test_fields_are_the_engines_activations(manim_settings: None, make: Make, activation: str) -> None:
    recording = make(activation=activation)
    fields, network = fields_of(recording), recording.network()
    places = fields.lattice.places
    assert places[0] == pytest.approx([fields.lattice.places[:, 0].min(), fields.lattice.places[:, 1].max()])
    active = network.activations(places)
    drawn = fields.fields.values.reshape(2 + 3 + 2, -1)
    for j, first in ((0, 2), (1, 5)):
        low, high = fields.ranges[j]
        for unit in range(active[j].shape[1]):
            assert drawn[first + unit] * (high - low) + low == pytest.approx(active[j][:, unit], abs=1e-5)
    for epoch in recording:
        for j, values in enumerate(recording.network(epoch).activations(places)[:2]):
            low, high = fields.ranges[j]
            assert values.min() >= low - 1e-6 and values.max() <= high + 1e-6
    assert fields.outputs[0].values.ravel() == pytest.approx(network.predict(places)[:, 0], abs=1e-6)


def test_inputs_grow_to_the_right_and_upwards(manim_settings: None, make: Make) -> None:
    x, y = fields_of(make()).fields.values[:2]
    assert (np.diff(x, axis=1) > 0).all() and np.ptp(x, axis=0).max() < 1e-6
    assert (np.diff(y, axis=0) < 0).all() and np.ptp(y, axis=1).max() < 1e-6


def test_connections_are_the_weights(manim_settings: None, make: Make) -> None:
    recording = make()
    fields, network = fields_of(recording), recording.network()
    assert fields.largest == pytest.approx(
        max(float(np.abs(w).max()) for e in recording for n, w in recording.network(e).weights.items() if "weight" in n)
    )
    edge = 0
    colours = fields.edges.colours
    assert colours is not None
    for k, name in enumerate(("0.weight", "1.weight", "2.weight")):
        for i, row in enumerate(network.weights[name]):
            for j, weight in enumerate(row):
                start, end = fields.edges.points[2 * edge], fields.edges.points[2 * edge + 1]
                before, after = fields.boxes[k][i], fields.boxes[k + 1][j]
                assert start[:2] == pytest.approx([before[1], before[2:].mean()])
                assert end[:2] == pytest.approx([after[0], after[2:].mean()])
                hue = DARK.positive if weight >= 0 else DARK.negative
                assert colours[edge, :3] == pytest.approx(rgb(hue))
                assert (fields.edges.widths[edge] / 4.0) ** 2 == pytest.approx(abs(weight) / fields.largest)
                edge += 1
    assert edge == len(fields.edges.widths)


def test_of_wide_layers_some_neurons_are_shown_and_named(manim_settings: None, make: Make) -> None:
    recording = make(widths=(20, 3))
    fields = fields_of(recording)
    assert len(fields.boxes[1]) == 16
    assert fields._title(1, 20, False) == "layer 1: 16 of 20" and fields._title(2, 3, False) == "layer 2"
    active = recording.network().activations(fields.lattice.places)[0]
    assert fields.fields.values[2 + 15].ravel() * 2 - 1 == pytest.approx(active[:, 15], abs=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"widths": (16, 16)},
        {"widths": (30,), "activation": "relu"},
        {"widths": (2, 2, 2, 2, 2, 2, 2)},
        {"widths": (2,) * 12},
        {"widths": (1,)},
        {"widths": ()},
        {"dataset": "blobs", "classes": 6},
        {"epochs": 1},
        {"widths": (4, 4), "dropout": True},
    ],
    ids=str,
)
def test_nothing_overlaps_or_leaves_the_frame(make: Make, settings: dict[str, object]) -> None:
    scene = cast(Boundary, walk(Boundary, make(**settings))[0])
    assert 15 < scene.now < 60
    assert scene.cues[-1].end == scene.now
    assert all(len(line) <= 42 for cue in scene.cues for line in cue.text.split("\n"))


def test_all_follow_one_counter(make: Make) -> None:
    recording = make(epochs=6)
    seen: list[tuple[float, int, float]] = []

    class Watched(Boundary):
        def follow(self, network: Network) -> None:
            super().follow(network)
            shown = cast(Readout, self.readouts["epoch"]).text
            moment = self.curve.moment
            expected = self.replay.network_at(moment)
            assert np.array_equal(expected.parameters, network.parameters)
            inside = self.neurons.outputs[0].values.ravel()
            assert inside == pytest.approx(network.predict(self.neurons.lattice.places)[:, 0], abs=1e-6)
            seen.append((self.now, int(shown), moment))

    scene = cast(Boundary, walk(Watched, recording)[0])
    assert all(int(moment + 1e-9) == epoch for _, epoch, moment in seen)
    assert seen[0][2] == 0.0 and seen[-1][2] == 6.0
    assert scene.parts[0].pace is scene.parts[1].pace
    # the second half goes on where the first has stopped
    assert scene.parts[0].rate_func(1.0) == scene.parts[1].rate_func(0.0) == 0.5


def test_points_lie_where_the_data_are(make: Make) -> None:
    recording = make()
    scene = cast(Boundary, walk(Boundary, recording)[0])
    bounds = scene.bounds
    places = scene.cloud.points[:, :2]
    x = (places - [PLANE.left, PLANE.bottom]) / PLANE.width * (bounds.right - bounds.left)
    assert x + [bounds.left, bounds.bottom] == pytest.approx(recording.data.x, abs=1e-5)


def test_captions_say_recorded_numbers(make: Make) -> None:
    recording = make()
    said = " ".join(cue.text.replace("\n", " ") for cue in cast(Boundary, walk(Boundary, recording)[0]).cues)
    right = [round(recording.evaluate(epoch)["accuracy"] * 60) for epoch in (0, 4)]
    assert "60 points of two classes" in said
    assert f"Before training {right[0]} of 60 are right" in said
    which = "all 60" if right[1] == 60 else f"{right[1]} of 60"
    assert f"After epoch 4, {which} points" in said


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [
        ("digits", r"boundary needs 2 input features: digits has input_shape=\(64,\)"),
        ("interval", r"boundary needs 2 input features: interval has input_shape=\(1,\)"),
    ],
)
def test_what_does_not_fit_is_named(experiment: str, sentence: str, tmp_path: Path) -> None:
    recording = run_experiment(load_experiment(experiment).override(epochs=1), tmp_path / experiment)
    with pytest.raises(RenderError, match=sentence):
        make_part("boundary", recording, {})


def test_a_network_too_deep_to_show_is_named(make: Make) -> None:
    with pytest.raises(RenderError, match="boundary has room for 16 dense layers: .* has 18"):
        make_part("boundary", make(widths=(2,) * 17, epochs=1), {})
