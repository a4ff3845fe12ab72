"""Scene `loss`: every guess is on the curve where the network puts it, and the mean is the recorded loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.loss import HIGHEST, Loss
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    experiment = load_experiment("pass-the-class").override(epochs=20)
    return run_experiment(experiment, tmp_path_factory.mktemp("loss") / "run")


@pytest.fixture(scope="module")
def scene(run: Recording) -> Loss:
    (built,) = walk(Loss, run)
    assert isinstance(built, Loss)
    return built


def test_the_mean_is_the_recorded_loss(scene: Loss, run: Recording) -> None:
    assert scene.mean == pytest.approx(run.evaluate(0)["loss"], abs=1e-5)
    assert f"{scene.mean:.3f}" in scene.cues[-3].text
    assert ("lowers the mean" in scene.cues[-2].text) == (run.evaluate(20)["loss"] < run.evaluate(0)["loss"])


def test_dots_lie_on_the_curve_at_their_probabilities(scene: Loss, run: Recording) -> None:
    area = scene.plot.plot
    p = (scene.dots.points[:, 0] - area.left) / area.width
    loss = (scene.dots.points[:, 1] - area.bottom) / area.height * HIGHEST
    said = run.network().predict(run.data.x)[:, 0].astype(float)
    right = np.where(run.data.y == 1, said, 1 - said)
    shown = np.maximum(right, np.exp(-HIGHEST))
    assert p == pytest.approx(shown, abs=1e-6)
    assert loss == pytest.approx(-np.log(shown), abs=1e-5)
    assert scene.left == np.count_nonzero(right < 0.5)
    assert f"{scene.left:,} of {len(right)}" in scene.cues[-1].text or scene.left == 0


def test_the_guess_that_is_looked_at_is_the_untrained_networks(scene: Loss, run: Recording) -> None:
    before = run.network(0).predict(run.data.x[scene.number : scene.number + 1])[0, 0]
    right = before if run.data.y[scene.number] == 1 else 1 - before
    assert scene.shares[scene.number] == pytest.approx(right, abs=1e-6)
    assert f"{right:.0%}" in scene.cues[1].text
    assert run.data.class_names[run.data.y[scene.number]] in scene.cues[0].text


@pytest.mark.parametrize("name", ["blobs", "digits"])
def test_more_classes_and_no_plane(name: str, tmp_path: Path) -> None:
    recording = run_experiment(load_experiment(name).override(epochs=1), tmp_path / name)
    (built,) = walk(Loss, recording)
    assert isinstance(built, Loss)
    assert built.mean == pytest.approx(recording.evaluate(0)["loss"], rel=0.2)  # of many examples some are shown


def test_other_losses_get_a_sentence(small_run: SmallRun, tmp_path: Path) -> None:
    assert "cross-entropy" in str(Loss.fits(small_run("rnn-sine")))
    squared = run_experiment(load_experiment("moons").override(epochs=1, loss="mse"), tmp_path / "run")
    assert "'mse'" in str(Loss.fits(squared))
