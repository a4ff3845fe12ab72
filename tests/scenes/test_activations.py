"""Scene `activations`: functions, staircase and stack, against formulas and recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from engine.errors import ConfigurationError, RenderError
from scenes.activations.functions import FunctionsPart, samples
from scenes.activations.scene import Activations
from scenes.activations.stack import StackPart, collapsed
from scenes.activations.staircase import POINTS, StaircasePart
from scenes.mobjects.function_plot import FunctionPlot
from scenes.rendering import make_part
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

Function = Callable[[Any], Any]

FORMULAS: dict[str, tuple[Function, Function]] = {
    "step": (lambda z: (z > 0) * 1.0, lambda z: 0 * z),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
    "tanh": (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
}


def told(small_run: SmallRun, part: str, monkeypatch: pytest.MonkeyPatch, kind: type) -> tuple[Activations, list]:
    """The scene after one of its parts, and the object that told it."""
    made: list = []
    start: Callable[..., None] = vars(kind)["__init__"]

    def begin(self: object, *args: object) -> None:
        made.append(self)
        start(self, *args)

    monkeypatch.setattr(kind, "__init__", begin)
    recordings = {name: small_run(name) for name in ("tanh-stack", "linear-stack", "perceptron")}
    return cast(Activations, walk(Activations, recordings, {"parts": part})[0]), made


def values_of(plot: FunctionPlot, places: np.ndarray) -> np.ndarray:
    """Where places of the frame are along a plot's axes."""
    share = (places[:, :2] - [plot.plot.left, plot.plot.bottom]) / [plot.plot.width, plot.plot.height]
    return np.array([plot.x[0], plot.y[0]]) + share * [plot.x[1] - plot.x[0], plot.y[1] - plot.y[0]]


def test_functions_and_slopes_are_those_of_the_formulas(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, int] = dict.fromkeys(FORMULAS, 0)
    at = FunctionsPart.at

    def watched(self: FunctionsPart, z: float) -> None:
        at(self, z)
        function, slope = FORMULAS[self.name]
        dots = self.dots.points
        assert values_of(self.left, dots[:1])[0] == pytest.approx([z, function(z)], abs=1e-6)
        assert values_of(self.right, dots[1:])[0] == pytest.approx([z, slope(z)], abs=1e-6)
        # units are equally long along both axes, so the tangent's own slope is the slope
        across, up = self.tangent.points[1, :2] - self.tangent.points[0, :2]
        assert up / across == pytest.approx(slope(z), abs=1e-6)
        assert float(self.numbers[2].text.replace("−", "-")) == pytest.approx(slope(z), abs=0.0051)
        seen[self.name] += 1

    slide = FunctionsPart.slide

    def slid(self: FunctionsPart, values: np.ndarray, slopes: np.ndarray) -> None:
        slide(self, values, slopes)
        for z in np.linspace(-2, 2, 14):
            self.at(float(z))
        for line, plot, formula in zip(
            (self.curve, self.trace), (self.left, self.right), FORMULAS[self.name], strict=True
        ):
            drawn = values_of(plot, line.points)
            drawn = drawn[np.isfinite(drawn).all(axis=1)]
            assert len(drawn) > 500
            np.testing.assert_allclose(drawn[:, 1], formula(drawn[:, 0]), atol=1e-6)

    monkeypatch.setattr(FunctionsPart, "at", watched)
    monkeypatch.setattr(FunctionsPart, "slide", slid)
    scene, _ = told(small_run, "functions", monkeypatch, FunctionsPart)
    assert min(seen.values()) > 15
    assert 30 < scene.now < 60


def test_a_step_is_drawn_with_its_gap() -> None:
    z = samples()
    middle = len(z) // 2
    assert np.isnan(z[middle]) and z[middle - 1] < 0 < z[middle + 1]


def test_the_staircase_counts_wrong_points(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    at = StaircasePart.at
    units = []

    def watched(self: StaircasePart, bias: float) -> None:
        at(self, bias)
        z = self.x @ self.weight + bias
        answer = (z > 0) * 1.0 if self.unit == "step" else 1 / (1 + np.exp(-z))
        assert self.loss == pytest.approx(np.mean((answer - self.labels) ** 2), abs=1e-9)
        wrong = (z > 0) != (self.labels == 1)
        assert ((self.halo.radius > 0) == wrong).all()
        assert values_of(self.plot, self.dot.points)[0] == pytest.approx([bias, self.loss], abs=1e-6)
        if np.isfinite(self.line.points).all():
            origin, ends = self.panel.look(np.zeros((1, 2))), self.panel.look(np.eye(2))
            share = (self.line.points[:, :2] - origin) / (ends - origin).diagonal()
            assert share @ self.weight + bias == pytest.approx([0, 0], abs=1e-6)
        units.append(self.unit)

    monkeypatch.setattr(StaircasePart, "at", watched)
    scene, made = told(small_run, "staircase", monkeypatch, StaircasePart)
    part = cast(StaircasePart, made[0])
    recording = small_run("perceptron")
    assert np.array_equal(part.weight, recording.network().parameters[:2].astype(float))
    assert np.array_equal(part.x, recording.data.x[:POINTS]) and {"step", "sigmoid"} == set(units)
    # all but the jumps is level, and the descent that is shown is one, by finite differences too
    assert len(np.unique(part.losses["step"])) <= POINTS + 1
    unit = part.units["sigmoid"]
    for bias, after in zip(part.path, part.path[1:], strict=False):
        slope = (unit.at(bias + 1e-5)[0] - unit.at(bias - 1e-5)[0]) / 2e-5
        assert after - bias == pytest.approx(-4.0 * slope, abs=1e-5)
    assert (np.diff(unit.course(part.path)) < 0).all()
    assert all(part.units["step"].at(bias)[1] == 0 for bias in part.treads())
    assert 20 < scene.now < 50


def test_a_stack_of_linear_layers_is_one_layer(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = small_run("linear-stack")
    network, data = recording.network(), recording.data
    one = collapsed(network)
    assert one.parameter_count == 3
    np.testing.assert_allclose(one.predict(data.x), network.predict(data.x), atol=1e-5)
    scene, made = told(small_run, "stack", monkeypatch, StackPart)
    part = cast(StackPart, made[0])
    product = np.linalg.multi_dot([network.weights[f"{k}.weight"].astype(float) for k in range(4)])
    shown = [[entry.text for entry in row] for row in part.matrices[-1].entries]
    assert shown == [[f"{value:.2f}".replace("-", "−")] for value in product[:, 0]]
    said = " ".join(cue.text.replace("\n", " ") for cue in scene.cues)
    curved = small_run("tanh-stack").evaluate()["accuracy"]
    assert f"Straight on the left: {recording.evaluate()['accuracy']:.1%} are right" in said
    assert f"With tanh it bends: {curved:.1%}" in said
    assert f"{round(recording.evaluate()['accuracy'] * 400)} of 400 points are right" in said
    for side in part.sides:
        assert side.accuracy.text == f"{side.recording.evaluate()['accuracy']:.1%}"


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (("digits", "linear-stack"), "activations compares classifiers of 2 features: digits is none"),
        (("two-curves", "linear-stack"), None),
        (("moons", "linear-stack"), "activations compares recordings of the same data: moons and linear-stack differ"),
        (("digits",), None),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, runs: tuple[str, ...], sentence: str | None) -> None:
    recordings = {name: small_run(name) for name in runs}
    if sentence is None:
        make_part("activations", recordings, {})
        return
    with pytest.raises(RenderError, match=sentence):
        make_part("activations", recordings, {})


def test_some_functions_can_be_chosen(small_run: SmallRun) -> None:
    options = {"parts": "functions", "functions": ("relu", "sigmoid")}
    scene = walk(Activations, {"tanh-stack": small_run("tanh-stack")}, options)[0]
    said = [cue.text for cue in scene.cues]
    assert [text for text in said if "ReLU" in text or "sigmoid" in text][0].startswith("ReLU")
    assert len(said) == 5  # what a function does, two sentences for each, and no family
    with pytest.raises(ConfigurationError, match="sine"):
        Activations.check_options({"functions": ("sine",)})
