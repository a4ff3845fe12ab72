"""Scene `landscape`: heights, path, stems and what is said, against the recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.errors import RenderError
from engine.recording import Recording
from scenes.landscape import measured
from scenes.landscape.around import AroundPart
from scenes.landscape.measured import Measured, shown
from scenes.landscape.path import PathPart
from scenes.landscape.scene import Landscape
from scenes.rendering import make_part
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few places: each is a network to be measured."""
    monkeypatch.setattr(measured, "RESOLUTION", 9)


def told(recording: Recording, part: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """The object that told a part, and what was said."""
    made: list[Any] = []
    tell = vars(kind)["tell"]

    def remembered(self: Any) -> None:
        made.append(self)
        tell(self)

    monkeypatch.setattr(kind, "tell", remembered)
    scene = walk(Landscape, recording, {"parts": part})[0]
    assert 15 < scene.now < 45
    return made[0], " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def loss(recording: Recording, parameters: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """The cross-entropy, layer by layer in float64."""
    network, values = recording.network(), x.astype(np.float64)
    for slot in network.layout:
        piece = parameters[slot.start : slot.stop].reshape(slot.shape)
        values = values @ piece if slot.name.endswith("weight") else values + piece
        if slot.name.endswith("bias") and not slot.name.startswith("5."):
            values = np.tanh(values)
    z = values[:, 0]
    return float(np.mean(np.logaddexp(0, z) - y * z))


def test_heights_are_doublings_of_the_loss(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch, coarse: None) -> None:
    recording = small_run("landscape")
    part, said = told(recording, "around", AroundPart, monkeypatch)
    data, found, plane = recording.data, part.found, part.plane
    for i, j in ((0, 0), (4, 4), (2, 7), (8, 3)):
        expected = loss(recording, plane.at(found.a[i], found.b[j]), data.x, data.y)
        assert 2.0 ** found.losses[j, i] == pytest.approx(expected, rel=1e-4)
        corner = part.terrain.surface.grid[j, i]
        middle = (found.losses.min() + found.losses.max()) / 2
        assert corner[2] == pytest.approx((np.log2(expected) - middle) * part.terrain.lift, abs=1e-3)
    # the trained network lies in the middle, and nothing but whole doublings has a line
    assert 2.0 ** found.losses[4, 4] == pytest.approx(recording.evaluate()["loss"], rel=1e-5)
    np.testing.assert_allclose(part.ball.ball.points[0], part.terrain.seen(np.zeros((1, 2)))[0], atol=1e-9)
    middle = (found.losses.min() + found.losses.max()) / 2
    lines = np.array(part.terrain.surface.levels) + middle
    assert len(lines) and np.allclose(lines, lines.round()) and part.step == 1
    assert f"A network of {recording.parameter_count:,} parameters" in said
    assert "81 were measured" in said and f"such a cut holds {shown(part.share)}" in said


def test_the_path_is_the_recorded_one_with_its_real_losses(
    small_run: SmallRun, monkeypatch: pytest.MonkeyPatch, coarse: None
) -> None:
    recording = small_run("landscape")
    part, said = told(recording, "path", PathPart, monkeypatch)
    walked = np.array([recording.parameters(epoch) for epoch in recording], np.float64)
    # the principal plane through the last epoch, by a singular value decomposition
    _, sizes, axes = np.linalg.svd(walked - walked.mean(axis=0), full_matrices=False)
    assert part.taken.share == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum())
    assert f"this plane holds {shown(part.taken.share)}" in said
    expected = np.abs((walked - walked[-1]) @ axes[:2].T)
    np.testing.assert_allclose(np.abs(part.taken.coordinates), expected, atol=1e-4)
    data = recording.data
    for place, height, head, k in zip(
        part.taken.coordinates[part.chosen], part.heights, part.stems.heads.points, part.chosen, strict=True
    ):
        assert 2.0**height == pytest.approx(loss(recording, walked[k], data.x, data.y), rel=1e-4)
        space = part.terrain.in_space(place[None], np.array([height]))
        np.testing.assert_allclose(head[:2], part.terrain.view.look(space)[0], atol=1e-9)
    ends = [recording.evaluate(epoch)["loss"] for epoch in (0, 2)]
    assert f"In 2 epochs the loss fell from {ends[0]:.2f} to {ends[1]:.3f}" in said
    assert part.loss.text == f"{ends[1]:.3f}" and part.epoch.text == "2"
    part.set_moment(1.0)
    np.testing.assert_allclose(part.path.at(1.0), part.terrain.on_box(part.taken.coordinates[1])[0])


def test_of_many_examples_some_are_measured_and_that_is_said(
    small_run: SmallRun, monkeypatch: pytest.MonkeyPatch, coarse: None
) -> None:
    recording = small_run("digits")
    part, said = told(recording, "around", AroundPart, monkeypatch)
    assert len(part.measured.x) == 512
    assert f"measured on 512 of {len(recording.data.x):,} examples" in said
    own = Measured(recording)
    assert 2.0 ** own.of_epoch(1) == pytest.approx(recording.network(1).evaluate(own.x, own.y, own.loss)["loss"])


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0.0%"), (0.0004, "less than 0.1%"), (0.0123, "1.2%"), (0.934, "93%"), (0.9991, "99.9%")]
)
def test_shares_are_written_as_exactly_as_they_are_worth(share: float, text: str) -> None:
    assert shown(share) == text


def test_what_does_not_fit_is_named(small_run: SmallRun, tmp_path: Any) -> None:
    from engine.experiment import load_experiment
    from engine.run import run_experiment

    short = run_experiment(load_experiment("xor").override(epochs=1), tmp_path / "short")
    with pytest.raises(RenderError, match="landscape needs a path through many weights: .* has 2 recorded epochs"):
        make_part("landscape", short, {})
