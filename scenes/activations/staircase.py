"""Why a step cannot be trained: its loss is a staircase, each tread of it flat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.analysis.boundary import last_lines
from engine.layers import Dense
from engine.network import Network
from scenes.mobjects.function_plot import FunctionPlot
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.painting.mobject import Painted
from scenes.theme import SAFE, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

PLANE = Zone(SAFE.left, SAFE.left + 4.4, -2.35, 2.05)
PLOT = Zone(-1.4, SAFE.right, -2.4, 2.2)
POINTS = 20  # few enough for the treads to be seen
SAMPLES = 601
TANGENT = 0.8
STEPS, RATE = 12, 4.0  # of the descent that is shown
LOSS = "mse"


class SingleUnit:
    """One unit of two inputs whose bias moves while its weights stay, and its loss on a few points.

    Parameters
    ----------
    activation : str
    weight : array (2,)
    x, y : array (N, 2), (N,)
    """

    def __init__(self, activation: str, weight: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
        self.network = Network([Dense(1, activation)], (2,), dtype="float64")
        self.network.parameters[:2] = weight
        self.x, self.y = x, y.astype(np.float64)[:, None]

    def at(self, bias: float) -> tuple[float, float]:
        """The loss with a bias and its slope there, by the engine's forward and backward passes."""
        self.network.parameters[2] = bias
        loss, gradient = self.network.gradient(self.x, self.y, LOSS)
        return loss, float(gradient[2])

    def course(self, biases: np.ndarray) -> np.ndarray:
        """The losses with several biases."""
        return np.array([self.at(float(bias))[0] for bias in biases])


class StaircasePart:
    """The bias of a perceptron is moved, and its loss with it; then the step is softened to a sigmoid."""

    def __init__(self, stage: Stage, recording: Recording) -> None:
        theme, data = stage.theme, recording.data
        self.stage, self.theme = stage, theme
        x, y = data.x[:POINTS].astype(np.float64), data.y[:POINTS]
        self.weight = recording.network().parameters[:2].astype(np.float64)
        self.units = {name: SingleUnit(name, self.weight, x, y) for name in ("step", "sigmoid")}
        reach = float(np.abs(x @ self.weight).max())
        self.range = (-0.8 * reach, 0.8 * reach)
        self.biases = np.linspace(*self.range, SAMPLES)
        self.losses = {name: unit.course(self.biases) for name, unit in self.units.items()}
        highest = 1.15 * max(float(losses.max()) for losses in self.losses.values())
        top = np.floor(highest * 10) / 10
        self.plot = FunctionPlot(self.range, (0.0, highest), PLOT, (0,), (0, top / 2, top), "bias",
                                 "loss: mean squared error", ".3g", theme=theme)  # fmt: skip
        self.curve = Polylines(np.full((1, SAMPLES, 2), np.nan), theme.loss, 4.0)
        self.tangent = Polylines(np.full((1, 2, 2), np.nan), theme.highlight, 3.0)
        self.dot = PointCloud(np.zeros((1, 2)), theme.highlight, 0.11)
        self.panel = PlanePanel(recording, PLANE, radius=0.085, examples=(x, y), theme=theme)
        self.halo = self.panel.rings
        self.line = Polylines(np.full((1, 2, 2), np.nan), theme.text, 3.5)
        self.labels = y
        self.x = x
        self.slope = stage.readout("slope", ".2f", -9.99, color=theme.highlight)
        self.unit = "step"

    def tell(self) -> None:
        stage = self.stage
        stage.heading("One weight of a step")
        stage.caption(f"A unit with a step parts {POINTS} points.\nCan its bias be trained?")
        self.at(self.range[0])
        self.curve.set_lines(self.drawn(self.losses["step"], self.range[0]))
        self.slope.set_opacity(0)
        stage.fade(self.panel, self.line)
        stage.wait(TIMING.hold)
        stage.caption("The bias shifts the line.\nRinged points are on the wrong side.")
        stage.fade(self.plot, self.curve, self.dot, seconds=TIMING.quick)
        low, high = self.range

        def sweep(share: float) -> None:
            bias = low + (high - low) * share
            self.at(bias)
            self.curve.set_lines(self.drawn(self.losses["step"], bias))

        moved = (self.curve, self.dot, self.line, self.halo, self.tangent, self.slope)
        self.tangent.set_opacity(0)
        stage.play_clock(6.0, sweep, *moved)
        treads = self.treads()
        stage.caption("The loss is a staircase: it jumps when\nthe line passes a point.")

        def back(share: float) -> None:
            self.at(high + (treads[0] - high) * share)

        stage.play_clock(TIMING.slow, back, *moved)
        stage.wait(TIMING.beat)
        stage.caption("Every tread is flat: a slope of 0 never\nsays which way is down.")
        self.tangent.set_opacity(1)
        self.slope.set_opacity(1)
        stage.wait(TIMING.quick)
        for k in range(len(treads) - 1):

            def climb(share: float, k: int = k) -> None:
                self.at(treads[k] + (treads[k + 1] - treads[k]) * share)

            stage.play_clock(TIMING.beat, climb, *moved)
            stage.wait(TIMING.quick)
        stage.wait(TIMING.quick)
        self.soften(treads[-1], moved)
        self.descend(treads[-1], moved)

    def soften(self, bias: float, moved: tuple[Painted, ...]) -> None:
        """The step becomes a sigmoid, the staircase a slope."""
        stage = self.stage
        stage.heading("The same with a sigmoid")
        stage.caption("With a sigmoid in place of the step\nthe loss is smooth.")
        old, new = self.losses["step"], self.losses["sigmoid"]
        losses = [self.units[name].at(bias)[0] for name in ("step", "sigmoid")]
        self.tangent.set_opacity(0)

        def show(share: float) -> None:
            self.curve.set_lines(self.drawn(old + (new - old) * share, self.range[1]))
            self.dot.set_positions(self.plot.place(bias, losses[0] + (losses[1] - losses[0]) * share)[None])

        stage.play_clock(TIMING.slow, show, *moved)
        self.unit = "sigmoid"
        self.at(bias)
        self.tangent.set_opacity(1)
        stage.wait(TIMING.hold)

    def descend(self, bias: float, moved: tuple[Painted, ...]) -> None:
        """Steps against the slope, each the engine's own."""
        stage, unit = self.stage, self.units["sigmoid"]
        path = [bias]
        for _ in range(STEPS):
            path.append(path[-1] - RATE * unit.at(path[-1])[1])
        self.path = np.array(path)
        stage.caption("Now there is a slope to follow:\neach step against it is a step down.")
        stage.wait(TIMING.quick)
        places = np.arange(len(path))
        losses = unit.course(self.path)
        marks = PointCloud(self.plot.places(self.path, losses), self.theme.text, 0.0)
        self.steps = marks

        def walk(share: float) -> None:
            self.at(float(np.interp(share * STEPS, places, self.path)))
            marks.radius = np.where(places <= share * STEPS + 1e-9, 0.05, 0.0)

        stage.add(marks)
        stage.bring_to_front(self.tangent, self.dot)
        stage.play_clock(2 * TIMING.slow + TIMING.beat, walk, *moved, marks, rate_func=linear)
        stage.wait(TIMING.slow)

    def at(self, bias: float) -> None:
        """Set the bias, and everything with it."""
        loss, slope = self.units[self.unit].at(bias)
        self.bias, self.loss = bias, loss
        here = self.plot.place(bias, loss)
        ahead = self.plot.place(bias + 1.0, loss + slope) - here
        ahead *= TANGENT / np.hypot(*ahead)
        self.tangent.set_lines(np.array([[here - ahead, here + ahead]]))
        self.dot.set_positions(here[None])
        self.slope.set_value(slope)
        line = last_lines(self.weight[:, None], np.array([bias]), self.panel.bounds)
        self.line.set_lines(self.panel.look(line[0])[None] if len(line) else np.full((1, 2, 2), np.nan))
        wrong = (self.x @ self.weight + bias > 0) != (self.labels == 1)
        self.panel.ring(wrong)

    def drawn(self, losses: np.ndarray, up_to: float) -> np.ndarray:
        """The curve of the losses (1, SAMPLES, 2) as far as a bias."""
        places = self.plot.curve(self.biases, losses)
        return np.where((self.biases <= up_to)[:, None], places, np.nan)[None]

    def treads(self) -> list[float]:
        """Biases in the middle of three wide treads, of falling loss, on the side of the higher losses."""
        losses = self.losses["step"]
        edges = np.flatnonzero(np.diff(losses) != 0)
        starts, ends = np.concatenate([[0], edges + 1]), np.concatenate([edges, [SAMPLES - 1]])
        best = int(losses.argmin())
        right = [(a, b) for a, b in zip(starts, ends, strict=True) if a > best]
        left = [(a, b) for a, b in zip(starts, ends, strict=True) if b < best]
        side = right if right and (not left or losses[right[-1][0]] >= losses[left[0][0]]) else left
        side = side or list(zip(starts, ends, strict=True))
        wide = sorted(side, key=lambda tread: tread[0] - tread[1])[:3]
        chosen = sorted(wide, key=lambda tread: losses[tread[0]])
        return [float(self.biases[(a + b) // 2]) for a, b in chosen]
