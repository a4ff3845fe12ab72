"""Scene `memory`: what it draws and says, against the recordings."""

from __future__ import annotations

import re
from typing import Any, cast

import numpy as np
import pytest

from engine.datasets.sequences import lorenz_states
from engine.errors import RenderError
from engine.recording import Recording
from scenes.memory import Memory
from scenes.memory.forecast import APART, Forecast
from scenes.memory.forgetting import DEEPEST, Answers, faded, slopes_of, superscript
from scenes.memory.gates import Reading, telling_example
from scenes.memory.roles import LORENZ, LSTM, PLAIN, SINE, by_role, role
from scenes.memory.telling import continued, held_out
from scenes.mobjects.series_plot import Series, SeriesPlot
from scenes.mobjects.tiles import Tiles
from scenes.parts import make_part
from scenes.theme import DARK, Zone
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

ZONE = Zone(-3, 3, -1, 1)


def tell(recordings: Any, part: str) -> Memory:
    return cast(Memory, walk(Memory, recordings, {"parts": part})[0])


def said(scene: Memory) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def adding(small_run: SmallRun) -> dict[str, Recording]:
    return {name: small_run(name) for name in (LSTM, PLAIN)}


@pytest.mark.parametrize("name", [SINE, LSTM, PLAIN, LORENZ])
def test_recordings_stand_for_the_experiment_of_their_shape(small_run: SmallRun, name: str) -> None:
    assert role(small_run(name)) == name
    assert by_role({"mine": small_run(name)}) == {name: small_run(name)}


def test_what_does_not_fit_is_named(small_run: SmallRun) -> None:
    assert role(small_run("spirals")) is None
    with pytest.raises(RenderError, match="spirals has the layers dense, dense, .* and the data 'spirals'"):
        make_part("memory", small_run("spirals"), {})
    with pytest.raises(RenderError, match="memory shows one recurrent layer"):
        make_part("memory", small_run(PLAIN), {})  # it has a part only beside an LSTM


def test_the_states_side_by_side_are_those_of_the_layer(small_run: SmallRun) -> None:
    recording = small_run(SINE)
    seen: list[Tiles] = []

    class Watched(Memory):
        def fade(self, *args: Any, **kwargs: Any) -> None:
            seen.extend(each for each in kwargs.get("leaving", ()) if isinstance(each, Tiles))
            super().fade(*args, **kwargs)

    scene = cast(Memory, walk(Watched, recording, {"parts": "unrolled"})[0])
    network, (x, y) = recording.network(), held_out(recording)
    weights = {name: value.astype(float) for name, value in network.weights.items()}
    state = np.zeros(8)
    names = sorted(name for name in weights if name.startswith("0."))
    for k, value in enumerate(x[0, :, 0]):
        inner = next(weights[n] for n in names if weights[n].shape == (1, 8))
        around = next(weights[n] for n in names if weights[n].shape == (8, 8))
        bias = next(weights[n] for n in names if weights[n].shape == (8,))
        state = np.tanh(value * inner[0] + state @ around + bias)
        assert seen[0].values[k, :, 0] == pytest.approx(state, abs=1e-5)
    answer = float(state @ weights["1.weight"][:, 0] + weights["1.bias"][0])
    assert f"{answer:.3f}".replace("-", "−") in said(scene) and f"{y[0, 0]:.3f}".replace("-", "−") in said(scene)
    assert "25 layers deep, all with the same 80 parameters" in said(scene)


def test_a_wave_is_continued_as_it_goes_on(small_run: SmallRun) -> None:
    recording = small_run(SINE)
    x, y = held_out(recording)
    for k in range(3):
        on = continued(recording, x[k], 4)
        assert on is not None and on[0] == pytest.approx(y[k, 0], abs=1e-5)
    assert continued(small_run(LORENZ), np.zeros((25, 1)), 3) is None


def test_gates_and_answers_are_those_of_the_network(small_run: SmallRun) -> None:
    recording = small_run(LSTM)
    network, (x, _) = recording.network(), held_out(recording)
    reading = Reading(network, x[4])
    # the answer after k steps is that to the row of these steps alone
    for steps in (1, 40, 100):
        short = type(network).from_config({**network.config(), "input_shape": [steps, 2]})
        short.parameters[:] = network.parameters
        assert reading.answers[steps - 1] == pytest.approx(float(short.predict(x[4:5, :steps])[0, 0]), abs=1e-5)
    at = np.isin(np.arange(100), np.flatnonzero(x[4, :, 1]))
    opened, shut = reading.level("input_gate", 3)
    assert opened == pytest.approx(reading.values["input_gate"][at, 3].mean())
    assert shut == pytest.approx(reading.values["input_gate"][~at, 3].mean())
    assert sorted(reading.order) == list(range(32)) and reading.marked.tolist() == np.flatnonzero(at).tolist()


def test_gates_says_what_the_example_is(small_run: SmallRun) -> None:
    recording = small_run(LSTM)
    x, y = held_out(recording)
    chosen = telling_example(x)
    marks = np.flatnonzero(x[chosen, :, 1])
    first, second = x[chosen, marks, 0]
    scene = tell(recording, "gates")
    assert f"{first:.2f} + {second:.2f} = {y[chosen, 0]:.2f}" in said(scene)
    assert f"kept through {marks[1] - marks[0]} steps" in said(scene)
    answer = float(recording.network().predict(x[chosen : chosen + 1])[0, 0])
    assert f"At the end it says {answer:.2f}. The sum is {y[chosen, 0]:.2f}." in said(scene)


def test_points_lie_where_sum_and_answer_say(small_run: SmallRun) -> None:
    recordings = adding(small_run)
    panels: list[Answers] = []

    class Watched(Answers):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            panels.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scenes.memory.forgetting.Answers", Watched)
        scene = tell(recordings, "forgetting")
    assert [panel.recording for panel in panels] == [*recordings.values()]
    for panel in panels:
        x, y = held_out(panel.recording)
        answers = panel.recording.network().predict(x[:300])[:, 0]
        box = np.array([panel.zone.left, panel.zone.bottom])
        shown = (panel.points.points[:, :2] - box) / 3.5 * 2.2 - 0.1
        assert shown[:, 0] == pytest.approx(y[:300, 0], abs=1e-5)
        assert shown[:, 1] == pytest.approx(np.clip(answers, -0.1, 2.1), abs=1e-5)
        assert float(panel.error.text) == pytest.approx(((answers - y[:300, 0]) ** 2).mean(), abs=1e-4)
    slopes = slopes_of(scene, recordings[PLAIN], held_out(recordings[PLAIN])[0][0])
    steps = faded(slopes)
    assert steps is None or (np.abs(slopes[:-steps]) < 1e-6).all() and abs(slopes[-steps]) >= 1e-6


def test_slopes_are_those_of_the_answer(small_run: SmallRun) -> None:
    recording = small_run(LSTM)
    network, (x, _) = recording.network(), held_out(recording)

    class Holder:
        def last_network(self, _: Recording) -> Any:
            return network

    slopes = slopes_of(cast(Memory, Holder()), recording, x[0])
    for step in (0, 50, 99):
        moved = np.repeat(x[:1], 2, axis=0)
        moved[:, step, 0] += [0.02, -0.02]
        up, down = network.predict(moved)[:, 0]
        assert slopes[step] == pytest.approx((up - down) / 0.04, rel=0.05, abs=1e-4)


def test_fading_is_counted_from_the_end() -> None:
    assert faded(np.array([0, 0, 1e-7, 1e-3, 1e-8, 1])) == 3
    assert faded(np.array([1e-3, 0, 0])) is None
    assert faded(np.zeros(4)) == 0
    assert superscript(DEEPEST) == "⁻¹²"


def test_the_forecast_and_the_truth(small_run: SmallRun) -> None:
    recording = small_run(LORENZ)
    scene = tell(recording, "forecast")
    forecast = Forecast(scene)
    assert forecast.truth == pytest.approx(lorenz_states(forecast.seen[-1:], 140, 0.05)[0])
    assert forecast.said[0] == pytest.approx(recording.network().predict(forecast.seen[None])[0], abs=1e-5)
    distance = np.linalg.norm(forecast.said - forecast.truth, axis=1)
    assert forecast.leaves is not None
    assert (distance[: forecast.leaves] <= APART).all() and distance[forecast.leaves] > APART
    found = re.search(r"After ([\d.]+) units of time it leaves", said(scene))
    assert found is not None and float(found[1]) == pytest.approx(0.05 * (forecast.leaves + 1), abs=0.006)


def test_a_curve_passes_through_its_values() -> None:
    values = np.array([0.0, 1.0, -1.0, 0.5])
    plot = SeriesPlot([Series(values, DARK.text), Series(values[:2], DARK.loss, 2)], ZONE, -1, 1, ticks=(0,))
    assert plot.curves[0].points[:, 0] == pytest.approx([-3, -1, 1, 3])
    assert plot.curves[0].points[:, 1] == pytest.approx(values)
    assert plot.curves[1].points[:, 0] == pytest.approx([1, 3])
    plot.set_step(1.5)
    assert plot.curves[0].points[:, :2].tolist() == [[-3, 0], [-1, 1], [0, 0], [0, 0]]
    assert np.isnan(plot.curves[1].points[:, :2]).all()
