"""Scene `overfit`: regions, rings, losses and masks against the recordings."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from engine.analysis.dropout import examples_of_step
from engine.errors import RenderError
from engine.recording import Recording
from scenes.overfit.curves import NEIGHBOURS, CurvesPart, what_to_watch
from scenes.overfit.dropout import DropoutPart
from scenes.overfit.early import EarlyPart
from scenes.overfit.scene import Overfit
from scenes.overfit.sizes import SizesPart
from scenes.rendering import make_part
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

NAMES = ("overfit", "overfit-small", "overfit-right", "overfit-dropout", "overfit-early")


def told(small_run: SmallRun, part: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> tuple[Overfit, Any, str]:
    """The scene after one of its parts, the object that told it, and what it said."""
    made: list[Any] = []
    tell = vars(kind)["tell"]

    def remembered(self: Any) -> None:
        made.append(self)
        tell(self)

    monkeypatch.setattr(kind, "tell", remembered)
    scene = cast(Overfit, walk(Overfit, {name: small_run(name) for name in NAMES}, {"parts": part})[0])
    return scene, made[0], " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def wrong(recording: Recording, x: Any, y: Any, epoch: int = -1) -> np.ndarray:
    return np.asarray((recording.network(epoch).predict(x)[:, 0] > 0.5) != y)


def test_three_sizes_on_one_counter(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, part, said = told(small_run, "sizes", SizesPart, monkeypatch)
    counts, unseen = [], []
    for name, panel, new in zip(("overfit-small", "overfit-right", "overfit"), part.panels, part.unseen, strict=True):
        recording = small_run(name)
        data, network = recording.data, recording.network()
        answers = network.predict(panel.regions.lattice.places)[:, 0]
        np.testing.assert_allclose(panel.regions.values.ravel(), 2 * answers - 1, atol=1e-5)
        ringed = wrong(recording, data.x, data.y)
        assert ((panel.rings.radius > 0) == ringed).all()
        kept = wrong(recording, data.x_validation, data.y_validation)
        assert ((new[0].radius > 0) == kept).all()
        counts.append(int(ringed.sum()))
        unseen.append(int(kept.sum()))
    assert f"{counts[0]}, {counts[1]} and {counts[2]} are on the wrong side" in said
    assert f"Of those held out {unseen[0]}, {unseen[1]} and {unseen[2]} are wrong" in said
    assert [readout.text for readout in part.kept] == [f"{1 - count / 100:.0%}" for count in unseen]
    assert 25 < scene.now < 45


def test_the_two_losses_are_the_recorded_ones(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, part, said = told(small_run, "curves", CurvesPart, monkeypatch)
    recording = small_run("overfit")
    metrics = recording.metrics
    np.testing.assert_allclose(part.curve.losses["validation"], metrics["val_loss"])
    trained = [recording.evaluate(epoch)["loss"] for epoch in recording]
    np.testing.assert_allclose(part.curve.losses["training"], trained)
    assert part.turn == metrics["epoch"][np.argmin(metrics["val_loss"])]
    assert f"{trained[-1]:.2f} and, on what is held out, {metrics['val_loss'][-1]:.2f}" in said
    # what was learned by heart, found by counting neighbours one by one
    data = recording.data
    right = ~wrong(recording, data.x, data.y)
    for k, chosen in enumerate(part.by_heart()):
        nearest = sorted(range(len(data.x)), key=lambda j: float(np.linalg.norm(data.x[j] - data.x[k])))
        others = sum(data.y[j] != data.y[k] for j in nearest[1 : NEIGHBOURS + 1])
        assert chosen == (right[k] and others > NEIGHBOURS / 2)
    if part.by_heart().any():
        assert ((part.panel.rings.radius > 0) == part.by_heart()).all()
        assert f"{part.by_heart().sum()} points lie" in said or "One point lies" in said
    frame = scene.camera.frame
    assert frame.width == pytest.approx(8 * 854 / 480) and np.allclose(frame.get_center(), 0)


def test_told_briefly_the_curves_are_not_looked_at_more_closely(small_run: SmallRun) -> None:
    whole, brief = (
        walk(Overfit, small_run("overfit"), {"parts": "curves", "brief": told_briefly})[0]
        for told_briefly in (False, True)
    )
    texts, fewer = ([cue.text for cue in scene.cues] for scene in (whole, brief))
    assert texts[: len(fewer)] == fewer and len(texts) == len(fewer) + 1
    assert "lie among points" in texts[-1] and brief.now < whole.now - 5


def test_neurons_blink_out_as_they_did(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    at_step = DropoutPart.at_step

    def watched(self: DropoutPart, step: int) -> None:
        at_step(self, step)
        steps.append(step)
        assert self.step.text == f"{step:,}"

    monkeypatch.setattr(DropoutPart, "at_step", watched)
    _, part, said = told(small_run, "dropout", DropoutPart, monkeypatch)
    assert steps[0] == 1 and {8, 9} <= set(steps)
    recording = small_run("overfit-dropout")
    data, network = recording.data, recording.network(0)
    switches = part.switches.set_step(1)
    present = switches.present
    np.testing.assert_allclose(switches.colours[present, :3], np.tile(switches.on, (present.sum(), 1)))
    np.testing.assert_allclose(switches.colours[~present, :3], np.tile(switches.off, ((~present).sum(), 1)))
    # the weights out of a neuron that is switched off have no gradient in that step
    example = examples_of_step(recording.training, len(data.x), 1)[:1]
    network.seed = recording.training["seed"]
    _, gradient = network.gradient(data.x[example], data.y[example], "binary_crossentropy", training=True, step=1)
    active = network.activations(data.x[example])[0][0] > 0
    slots = {slot.name: slot for slot in network.layout}
    slot = slots["2.weight"]
    rows = gradient[slot.start : slot.stop].reshape(slot.shape)
    assert not rows[~present[:64]].any()
    assert rows[present[:64] & active].any(axis=1).all()
    ends = [small_run(name).metrics["val_loss"][-1] for name in ("overfit-dropout", "overfit")]
    assert f"With dropout the loss ends at {ends[0]:.2f}, without it at {ends[1]:.2f}" in said
    for drawn, (_, values) in zip(part.drawn, part.courses, strict=True):
        plot = part.plot
        loss = (drawn[-1, 1] - plot.plot.bottom) / plot.plot.height * plot.y[1]
        assert loss == pytest.approx(values[-1])
    assert part.counts == [
        int(wrong(small_run(name), data.x_validation, data.y_validation).sum())
        for name in ("overfit", "overfit-dropout")
    ]


def test_early_stopping_goes_back_to_its_epoch(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    _, part, said = told(small_run, "early", EarlyPart, monkeypatch)
    recording = small_run("overfit-early")
    losses = recording.metrics["val_loss"]
    best = int(recording.metrics["epoch"][np.argmin(losses)])
    assert part.best == best and part.epoch.text == f"{best}"
    assert part.mark.points[0, 0] == pytest.approx(part.curve.place(best, 0.0)[0])
    answers = recording.network(best).predict(part.panel.regions.lattice.places)[:, 0]
    np.testing.assert_allclose(part.panel.regions.values.ravel(), 2 * answers - 1, atol=1e-5)
    end = small_run("overfit").metrics["val_loss"][-1]
    assert f"its loss is {losses.min():.2f}" in said and f"it was {end:.2f}" in said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("digits", "overfit shows classifiers of 2 features: digits is none"),
        ("spirals", "overfit needs data held out from training: spirals has none"),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, name: str, sentence: str) -> None:
    with pytest.raises(RenderError, match=sentence):
        make_part("overfit", small_run(name), {})


def test_a_single_run_shows_its_losses(small_run: SmallRun) -> None:
    scene = walk(Overfit, small_run("circles"))[0]
    assert any("what is held out" in cue.text for cue in scene.cues)


def test_a_run_that_was_not_stopped_is_named(small_run: SmallRun) -> None:
    recordings = {"overfit": small_run("overfit"), "overfit-early": small_run("overfit-right")}
    with pytest.raises(RenderError, match="overfit-right was not stopped early"):
        walk(Overfit, recordings, {"parts": "early"})


def test_what_is_said_of_the_two_losses() -> None:
    assert "it soon does not" in what_to_watch(falls=True, turns=True, when=0.1)
    assert "not to the end" in what_to_watch(falls=True, turns=True, when=0.9)
    for falls, turns in ((True, False), (False, True), (False, False)):
        assert what_to_watch(falls, turns, 0.1).startswith("Red is the loss on what it learns from,")
