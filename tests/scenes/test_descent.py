"""Scene `descent`: the surface, the paths on it and what is said, against the recordings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from engine.analysis.isoline import Bounds
from engine.errors import RenderError
from engine.recording import Recording
from scenes.descent.race import RacePart
from scenes.descent.rates import RatesPart
from scenes.descent.scene import RUNNERS, Descent
from scenes.descent.surface import SurfacePart
from scenes.descent.telling import how_it_ends, how_rates_differ, what_each_does
from scenes.descent.terrain import losses_over, path_of, seen_terrain
from scenes.mobjects.surface import Surface
from scenes.mobjects.surface_path import HIDDEN, SurfacePath
from scenes.mobjects.terrain import ASIDE
from scenes.mobjects.view import View
from scenes.rendering import make_part
from scenes.stage import Stage
from scenes.theme import DARK, Zone
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

NAMES = ("descent", "descent-slow", "descent-fast", *RUNNERS.values())
BOUNDS = Bounds(-3.0, 4.0, -2.0, 3.0)
ZONE = Zone(-3.0, 5.0, -2.0, 2.0)


def told(small_run: SmallRun, part: str, kind: type, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """The object that told a part, and what was said."""
    made: list[Any] = []
    tell = vars(kind)["tell"]

    def remembered(self: Any) -> None:
        made.append(self)
        tell(self)

    monkeypatch.setattr(kind, "tell", remembered)
    scene = cast(Descent, walk(Descent, {name: small_run(name) for name in NAMES}, {"parts": part})[0])
    assert 15 < scene.now < 60
    return made[0], " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def stage_at(now: float) -> Stage:
    """As much of a stage as a terrain looks at: its time and its theme."""
    return cast(Stage, SimpleNamespace(now=now, theme=DARK))


def loss(recording: Recording, parameters: np.ndarray) -> float:
    x, y = recording.data.x[:, 0].astype(float), recording.data.y.ravel().astype(float)
    return float(np.mean((np.tanh(parameters[0] * x + parameters[1]) - y) ** 2))


def test_heights_are_losses(small_run: SmallRun) -> None:
    recording = small_run("descent")
    found = losses_over(recording, BOUNDS, 15)
    expected = [[loss(recording, np.array([a, b])) for a in found.a] for b in found.b]
    np.testing.assert_allclose(found.losses, expected, rtol=1e-4)
    assert found.losses.shape == (11, 15)


@pytest.mark.parametrize("tilt", [0.0, ASIDE])
def test_the_recorded_path_lies_on_the_surface(manim_settings: None, small_run: SmallRun, tilt: float) -> None:
    recording = small_run("descent-fast")
    moments, parameters = path_of(recording)
    assert np.array_equal(moments, recording.epochs)
    assert np.array_equal(parameters, [recording.parameters(epoch) for epoch in recording])
    found = losses_over(recording, BOUNDS)
    terrain = seen_terrain(stage_at(3.0), found, ZONE, ("weight", "bias"))
    path = terrain.add_path(moments, parameters, "#ffffff")
    terrain.set_tilt(tilt)
    path.set_moment(float(moments[-1]))
    # straight pieces between the recorded places, each subdivided, lifted by the loss there and looked at
    ground = np.concatenate([np.linspace(a, b, 2000)[:-1] for a, b in zip(parameters, parameters[1:], strict=False)])
    lifted = RegularGridInterpolator((found.b, found.a), found.losses)(np.column_stack([ground[:, 1], ground[:, 0]]))
    space = np.column_stack(
        [(ground - terrain.middle) * terrain.scale, (lifted - (terrain.low + terrain.high) / 2) * terrain.lift]
    )
    expected = terrain.view.look(space)
    for vertex in path.line.points[:, :2]:
        assert np.linalg.norm(expected - vertex, axis=1).min() < 0.01
    for epoch in recording:
        path.set_moment(epoch)
        at = parameters[epoch]
        height = RegularGridInterpolator((found.b, found.a), found.losses)([[at[1], at[0]]])[0]
        assert height == pytest.approx(recording.evaluate(epoch)["loss"], abs=0.01)
        place = [*((at - terrain.middle) * terrain.scale), (height - (terrain.low + terrain.high) / 2) * terrain.lift]
        np.testing.assert_allclose(path.ball.points[0, :2], terrain.view.look(np.array([place]))[0], atol=2e-3)
        np.testing.assert_allclose(path.dots.points[epoch], path.ball.points[0], atol=1e-9)
        assert (path.dots.radius > 0).sum() == epoch + 1


def test_a_terrain_stays_in_its_zone(manim_settings: None, small_run: SmallRun) -> None:
    stage = stage_at(0.0)
    terrain = seen_terrain(stage, losses_over(small_run("descent"), BOUNDS, 21), ZONE)
    for tilt in (0.0, ASIDE):
        for time in (0.0, 3.0, 5.0, 11.0, 15.0):
            stage.now = time  # type: ignore[misc]
            terrain.set_tilt(tilt)
            x, y = terrain.surface.points[:, :2].T
            assert ZONE.left - 0.02 < x.min() and x.max() < ZONE.right + 0.02
            assert ZONE.bottom - 0.02 < y.min() and y.max() < ZONE.top + 0.02


def test_single_steps_are_part_of_a_path(small_run: SmallRun) -> None:
    recording = small_run("descent-batch")
    moments, parameters = path_of(recording)
    assert len(moments) == 13 and moments[1] == pytest.approx(1 / 6)
    np.testing.assert_array_equal(parameters[1], recording.parameters(step=1))


def test_curve_errors_and_numbers_follow_the_path(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    part, said = told(small_run, "surface", SurfacePart, monkeypatch)
    recording = small_run("descent")
    end = recording.parameters()
    assert f"After 2 steps its loss is {recording.evaluate()['loss']:.3f}. At the start it was " in said
    assert "The loss: the mean of the squared errors." in said
    for parameters in (end, np.array([0.5, -0.25])):
        part.at(parameters)
        assert part.loss == pytest.approx(loss(recording, parameters), rel=1e-4)
        weight, bias, shown = [float(number.text.replace("−", "-")) for number in part.numbers]
        assert [weight, bias, shown] == pytest.approx([*parameters, part.loss], abs=0.006)
        fit = part.fit
        x = np.linspace(fit.x[0], fit.x[1], len(part.curve.points))
        y = np.tanh(parameters[0] * x + parameters[1])
        np.testing.assert_allclose(part.curve.points[:, :2], fit.places(x, y), atol=1e-4)
        ends = part.errors.points.reshape(-1, 2, 3)[..., :2]
        np.testing.assert_allclose(ends[:, 0], fit.places(recording.data.x[:, 0], recording.data.y.ravel()), atol=1e-5)
        at = np.tanh(parameters[0] * recording.data.x[:, 0] + parameters[1])
        np.testing.assert_allclose(ends[:, 1], fit.places(recording.data.x[:, 0], at), atol=1e-3)


def test_three_rates_share_start_and_counter(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    part, said = told(small_run, "rates", RatesPart, monkeypatch)
    assert part.rates == [0.1, 1.0, 10.0]
    starts = [path.places[0] for path in part.paths]
    np.testing.assert_allclose(starts, np.tile(starts[0], (3, 1)))
    runs = [small_run(name) for name in ("descent-slow", "descent", "descent-fast")]
    ends = [recording.evaluate()["loss"] for recording in runs]
    assert f"After 2 steps the losses are {ends[0]:.2f}, {ends[1]:.2f} and {ends[2]:.2f}" in said
    assert "Too small, it stays far up." in said
    part.set_moment(1.5)
    for path, number, recording in zip(part.paths, part.losses, runs, strict=True):
        halfway = (recording.parameters(1).astype(float) + recording.parameters(2)) / 2
        np.testing.assert_allclose(path.at(1.5), part.terrains[0].on_box(halfway)[0], atol=1e-6)
        assert number.text == f"{recording.evaluate(1)['loss']:.3f}"


def test_the_race_is_by_epochs(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    part, said = told(small_run, "race", RacePart, monkeypatch)
    runs = {name: small_run(run) for name, run in RUNNERS.items()}
    ends = {name: recording.evaluate()["loss"] for name, recording in runs.items()}
    best = min(ends, key=lambda name: ends[name])
    assert f"After 2 epochs the lowest loss is that of {best}: {ends[best]:.3f}" in said
    assert "All have the same learning rate, 0.1" in said
    assert "one step for all the data. It creeps." in said and "runs past" not in said
    for path, number, (name, recording) in zip(part.paths, part.losses, runs.items(), strict=True):
        assert path.moment == 2.0
        np.testing.assert_allclose(path.at(2.0), part.terrain.on_box(recording.parameters())[0], atol=1e-6)
        assert number.text == f"{ends[name]:.3f}"


def test_what_does_not_fit_is_named(small_run: SmallRun) -> None:
    with pytest.raises(RenderError, match="whose weight and bias are the two axes: xor has 17 parameters"):
        make_part("descent", small_run("xor"), {})


def test_a_ball_behind_a_hill_is_faint(manim_settings: None) -> None:
    heights = np.zeros((41, 41))
    heights[20:22] = 1.0  # a wall across the middle
    surface = Surface(heights, ((-1.0, 1.0), (-1.0, 1.0)), 0.8, view=View(unit=2.0, tilt=1.0))
    path = SurfacePath(surface, np.array([0.0, 1.0]), np.array([[0.1, -0.6], [0.1, 0.35]]), "#ffffff")
    assert path.clear == 1.0 and path.ball.colours is not None and path.ball.colours[0, 3] == 1.0
    path.set_moment(1.0)
    assert path.clear == 0.0 and path.ball.colours[0, 3] == pytest.approx(HIDDEN)
    # the wall ends: from there on less and less of the ball is hidden, and it is never gone
    seen = [path.set_moment(float(moment)).clear for moment in np.linspace(0, 1, 60)]
    assert set(seen) - {0.0, 1.0} and path.ball.opacity == 1.0
    # from above everything is seen
    assert surface.view is not None
    surface.view.tilt = 0.0
    surface.look()
    assert path.set_moment(1.0).clear == 1.0


@pytest.mark.parametrize(
    ("slow", "fast", "sentence"),
    [
        ([1.0, 0.9], [1.0, 0.1, 0.4], "Too small, it stays far up. Too large, it leaps over the valley and back."),
        ([1.0, 0.2], [1.0, 0.1, 0.4], "The largest is too large: it leaps over the valley and back."),
        ([1.0, 0.9], [1.0, 0.4, 0.1], "Too small, it stays far up. Larger steps come down sooner."),
        ([1.0, 0.2], [1.0, 0.4, 0.1], "Here all three come down."),
    ],
)
def test_what_is_said_of_rates(slow: list[float], fast: list[float], sentence: str) -> None:
    assert how_rates_differ(np.array(slow), np.array(fast)).replace("\n", " ") == sentence


def test_what_is_said_of_ends_and_of_momentum() -> None:
    assert how_it_ends(np.array([1.5, 0.14]), "9 steps") == "After 9 steps it lies in the valley:\nits loss is 0.140."
    assert "At the start it was 1.500." in how_it_ends(np.array([1.5, 0.16]), "9 steps")
    down, past, lost = ([1.0, 0.2, 0.1], [1.0, 0.1, 0.2], [1.0, 0.8, 1.0])
    for momentum, says in ((down, False), (past, True), (lost, False)):
        said = what_each_does([np.array(each) for each in (down, down, momentum, down)], 10)
        assert ("runs past the lowest place" in said[2]) == says
        assert "creeps" not in said[0]
