"""Scene `examples`: what stands for new examples, what the division says of them, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.errors import RenderError
from engine.experiment import Experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.examples import NEW, PLANE, Examples, spread
from scenes.numbers import cardinal
from scenes.parts import make_part
from scenes.theme import rgb
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

TOML = """
name = "{dataset}"
[dataset]
name = "{dataset}"
n = {n}
{more}
[network]
layers = [{{ type = "dense", units = {units}, activation = "{activation}" }}]
[training]
loss = "{loss}"
epochs = 1
"""
Make = Callable[..., Recording]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    def train(dataset: str, n: int, classes: int = 2) -> Recording:
        many = classes > 2
        text = TOML.format(
            dataset=dataset, n=n, units=classes if many else 1, activation="softmax" if many else "sigmoid",
            loss="categorical_crossentropy" if many else "binary_crossentropy",
            more=f"classes = {classes}" if many else "",
        )  # fmt: skip
        folder: Path = tmp_path_factory.mktemp("examples")
        return run_experiment(Experiment.from_toml(text), folder / dataset)

    return train


def told(recording: Recording, **options: Any) -> tuple[Examples, str]:
    (scene,) = walk(Examples, recording, options)
    return cast(Examples, scene), " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


@pytest.mark.parametrize(("dataset", "classes"), [("two_curves", 2), ("blobs", 3)])
def test_new_ones_are_examples_and_get_the_networks_answers(make: Make, dataset: str, classes: int) -> None:
    recording = make(dataset, 90, classes)
    scene, said = told(recording)
    x, y = recording.data.x[scene.new], recording.data.y[scene.new]
    assert len({*scene.new.tolist()}) == NEW
    # where each one lies, from the middle of the square that holds the data
    half = 1.15 * np.abs(recording.data.x).max()
    places = PLANE.center[:2] + x / half * PLANE.width / 2
    assert scene.marked.points[:, :2] == pytest.approx(places, abs=1e-6)
    p = recording.network(0).predict(x)
    answers = (p[:, 0] > 0.5).astype(int) if classes == 2 else p.argmax(axis=1)
    assert scene.marked.colours is not None
    assert scene.marked.colours[:, :3] == pytest.approx(scene.theme.class_colours(answers))
    assert ((scene.rims.radius > 0) == (answers != y)).all()
    right = int((answers == y).sum())
    which = "all of" if right == NEW else f"{cardinal(right) if right else 'none'} of"
    assert f"90 examples. The colour says of which of {cardinal(classes)} kinds each is." in said
    assert said.endswith(f"Before training, this division is right for {which} these twelve.")


def test_all_examples_have_come_in_their_colours(make: Make) -> None:
    recording = make("two_curves", 90)
    scene, _ = told(recording)
    cloud = scene.panel.cloud
    assert (cloud.radius == cloud.radius.max()).all() and len(cloud.points) == 90
    assert cloud.colours is not None
    quiet = (scene.theme.class_colours(recording.data.y) + rgb(scene.theme.background)) / 2
    assert cloud.colours[:, :3] == pytest.approx(quiet)


def test_few_examples(make: Make) -> None:
    scene, said = told(make("two_curves", 5))
    assert len(scene.new) == 5 and "Let these five stand for them." in said


def test_chosen_points_are_far_apart() -> None:
    x = np.column_stack([np.linspace(-1, 1, 101), np.zeros(101)])
    assert sorted(x[spread(x, 5), 0]) == pytest.approx([-1, -0.5, 0, 0.5, 1])
    assert sorted(spread(np.zeros((4, 2)), 4)) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("regression", "examples shows how classes are parted: regression is trained for regression"),
        ("interval", r"examples needs 2 input features: interval has input_shape=\(1,\)"),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, name: str, sentence: str) -> None:
    with pytest.raises(RenderError, match=sentence):
        make_part("examples", small_run(name), {})
