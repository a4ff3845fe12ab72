"""Scene `robustness`: the answers and shares are the network's own for the images that are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from engine.datasets.distortions import noise, shift
from engine.errors import ConfigurationError
from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.robustness import NOISE, Robustness, farthest
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_experiment(
        load_experiment("digits").override(epochs=15), tmp_path_factory.mktemp("robustness") / "digits"
    )


@pytest.fixture(scope="module")
def scene(run: Recording, small_run: SmallRun) -> Robustness:
    (built,) = walk(Robustness, {"digits": run, "lenet": small_run("lenet")})
    assert isinstance(built, Robustness)
    return built


def test_it_begins_with_an_image_that_is_recognised(scene: Robustness, run: Recording) -> None:
    x, y = run.data.x_validation, run.data.y_validation
    assert x is not None and y is not None
    answers = run.network().predict(x)
    assert answers[scene.number].argmax() == y[scene.number]
    assert scene.answers == pytest.approx(answers[scene.number], abs=1e-6)
    assert f"says {'an' if y[scene.number] == 8 else 'a'} {y[scene.number]}," in scene.cues[0].text


def test_the_last_image_drawn_is_the_noisy_one_and_so_are_its_answers(scene: Robustness, run: Recording) -> None:
    noisy = noise(scene.image[None], NOISE)
    assert scene.panel.picture.values == pytest.approx(noisy)
    answers = run.network().predict(noisy.reshape(1, -1))[0]
    assert scene.bars.values == pytest.approx(answers, abs=1e-6)
    said = next(cue.text for cue in scene.cues[::-1] if "It says" in cue.text or "still says" in cue.text)
    assert str(answers.argmax()) in re.findall(r"says an? (\d)", said)


def test_shares_are_those_of_moved_images(scene: Robustness, run: Recording, small_run: SmallRun) -> None:
    x, y = run.data.x_validation, run.data.y_validation
    assert x is not None and y is not None
    images = x.reshape(-1, 8, 8)
    most = farthest(images)
    assert most == 2
    for recording, shares in zip((run, small_run("lenet")), scene.shares, strict=True):
        moved = shift(images, right=float(most)).reshape(len(images), -1)
        right = recording.network().predict(moved).argmax(axis=1) == y
        assert shares[-1] == pytest.approx(np.mean(right))
    texts = [f"{shares[-1]:.0%}" for shares in scene.shares]
    assert re.findall(r"\d+%", scene.cues[-1].text) == texts
    assert scene.cues[-1].text.startswith("Moved by 2 pixels")


def test_one_recording_is_enough(run: Recording) -> None:
    (built,) = walk(Robustness, run)
    assert isinstance(built, Robustness)
    assert len(built.shares) == 1


def test_what_does_not_fit_gets_a_sentence(run: Recording, small_run: SmallRun, tmp_path: Path) -> None:
    other = run_experiment(load_experiment("moons").override(epochs=1), tmp_path / "moons")
    assert "grey images" in str(Robustness.fits(other))
    assert "the same images" in str(Robustness.fits_together({"digits": run, "moons": other}))
    assert "regression" in str(Robustness.fits(small_run("rnn-sine")))


def test_ways_can_be_chosen(run: Recording) -> None:
    (built,) = walk(Robustness, run, {"ways": ("moved", "squeezed")})
    said = " ".join(cue.text for cue in built.cues)
    assert said.index("move it") < said.index("squeeze it")
    assert "noise" not in said and "turn it" not in said
    with pytest.raises(ConfigurationError, match="melted"):
        Robustness.check_options({"ways": ("melted",)})


def test_the_image_looks_like_those_of_its_class(scene: Robustness) -> None:
    own = scene.images[scene.labels == scene.labels[scene.number]].reshape(-1, 64).astype(np.float64)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    image = scene.image.ravel() / np.linalg.norm(scene.image)
    assert image @ own.mean(axis=0) >= np.median(own @ own.mean(axis=0)) - 1e-9


def test_one_network_is_compared_with_itself_in_place(run: Recording) -> None:
    (built,) = walk(Robustness, run)
    assert isinstance(built, Robustness)
    (shares,) = built.shares
    assert re.findall(r"\d+%", built.cues[-1].text) == [f"{shares[0]:.0%}", f"{shares[-1]:.0%}"]
