"""One neuron of two parameters: its curve, its loss, the landscape of all losses, and the recorded way down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.analysis.isoline import Bounds
from scenes.descent.telling import how_it_ends, losses_of
from scenes.descent.terrain import bounds_of, losses_over, path_of, seen_terrain
from scenes.mobjects.function_plot import FunctionPlot
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.terrain import ASIDE
from scenes.numbers import counted
from scenes.painting.mobject import Painted
from scenes.theme import SAFE, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

FIT = Zone(SAFE.left, -1.75, -2.35, 2.45)
LAND = Zone(-1.5, SAFE.right, -2.4, 2.15)
LEAST = Bounds(-3.0, 4.5, -3.0, 3.0)  # what is shown of the plane at least, so that a valley has its hills
SAMPLES = 161
MOST_POINTS = 120
DOWN = 9.0  # seconds that the descent takes


class SurfacePart:
    """From a curve through points to a landscape, and down into its valley."""

    def __init__(self, stage: Stage, recording: Recording) -> None:
        theme = self.theme = stage.theme
        self.stage, self.recording = stage, recording
        self.moments, self.parameters = path_of(recording)
        data = recording.data
        every = max(1, len(data.x) // MOST_POINTS)
        self.x = data.x[::every, 0].astype(np.float64)
        self.y = np.asarray(data.y, np.float64).reshape(len(data.y), -1)[::every, 0]
        reach = 1.1 * float(np.abs(self.x).max())
        low, high = min(-1.2, float(self.y.min()) - 0.1), max(1.2, float(self.y.max()) + 0.1)
        self.fit = FunctionPlot((-reach, reach), (low, high), FIT, (-1, 0, 1), (-1, 0, 1), theme=theme)
        self.points = PointCloud(self.fit.places(self.x, self.y), theme.class_colour(0), 0.05)
        self.grid = np.linspace(-reach, reach, SAMPLES).astype(np.float32)[:, None]
        self.network = recording.network()
        self.curve = Polylines(np.full((1, SAMPLES, 2), np.nan), theme.text, 4.0)
        errors = np.array([[*rgb(theme.loss), 0.6]] * len(self.x))
        self.errors = Polylines(np.full((len(self.x), 2, 2), np.nan), errors, 1.5)
        names = ("weight", "bias", "loss")
        colours = (theme.text, theme.text, theme.loss)
        self.numbers = [
            stage.readout(name, ".3f" if name == "loss" else ".2f", -9.99, color=colour)
            for name, colour in zip(names, colours, strict=True)
        ]
        bounds = bounds_of([recording], LEAST, 0.0)
        self.terrain = seen_terrain(stage, losses_over(recording, bounds), LAND, ("weight", "bias"))
        self.path = self.terrain.add_path(self.moments, self.parameters, theme.highlight)
        # a place that is shown before the training begins
        self.probe = self.terrain.add_path(np.array([0.0, 1.0]), self.parameters[[0, 0]], theme.highlight)

    @property
    def fitted(self) -> tuple[Painted, ...]:
        return self.curve, self.errors, *self.numbers

    def tell(self) -> None:
        stage, start = self.stage, self.parameters[0]
        width, depth = self.terrain.found.a, self.terrain.found.b
        right = np.array([0.55 * width[-1], 0.5 * depth[-1]])
        down = np.array([0.55 * width[-1], 0.4 * depth[0]])
        stage.heading("A landscape of losses")
        stage.caption(
            f"A neuron with one weight and one bias:\nits curve should follow {len(self.recording.data.x)} points."
        )
        self.at(start)
        for number in self.numbers:
            number.set_opacity(0)
        stage.fade(self.fit, self.errors, self.points, self.curve)
        stage.wait(TIMING.slow + TIMING.quick)
        loss = self.recording.training["loss"]
        how = "the mean of the squared errors" if loss == "mse" else "how far off it is"
        stage.caption(f"Turn the two, and the curve changes.\nThe loss: {how}.")
        stage.fade(*self.numbers, seconds=TIMING.quick)
        for first, second in ((start, right), (right, down)):

            def turn(share: float, first: np.ndarray = first, second: np.ndarray = second) -> None:
                self.at(first + (second - first) * share)

            stage.play_clock(TIMING.slow, turn, *self.fitted)
        stage.caption("Each weight and bias is a place on a map,\nredder where the loss is greater.")
        self.probe.set_moment(0.0)
        self.put(down)
        stage.fade(self.terrain, self.probe)
        stage.wait(TIMING.slow + TIMING.quick)

        def back(share: float) -> None:
            self.at(down + (start - down) * share)
            self.put(down + (start - down) * share)

        stage.play_clock(TIMING.slow + TIMING.beat, back, *self.fitted, self.probe)
        stage.caption("Lift each place by its loss:\nthe map becomes a landscape.")
        tilt = self.terrain.set_tilt
        stage.play_clock(TIMING.slow + TIMING.beat, lambda share: tilt(ASIDE * share), self.terrain, self.probe)
        self.hold(TIMING.slow)
        self.descend()

    def at(self, parameters: np.ndarray) -> None:
        """Show the curve, its errors and its numbers with two parameters."""
        self.network.parameters[:] = parameters
        data = self.recording.data
        curve = self.network.predict(self.grid)[:, 0].astype(np.float64)
        self.curve.set_lines(self.fit.curve(self.grid[:, 0], curve)[None])
        at = np.interp(self.x, self.grid[:, 0], curve)
        self.errors.set_lines(np.stack([self.fit.places(self.x, self.y), self.fit.places(self.x, at)], axis=1))
        self.loss = self.network.evaluate(data.x, data.y, self.recording.training["loss"])["loss"]
        for number, value in zip(self.numbers, (*parameters, self.loss), strict=True):
            number.set_value(0.0 if abs(value) < 0.005 else float(value))

    def put(self, parameters: np.ndarray) -> None:
        """Put the probe's ball somewhere."""
        self.probe.places[:] = self.terrain.on_box(parameters)
        self.probe.fine_places[:] = self.probe.places[0]
        self.probe.look()

    def hold(self, seconds: float) -> None:
        """Wait while the eye goes on."""
        self.stage.play_clock(seconds, lambda share: self.terrain.look(), self.terrain, *self.terrain.paths)

    def descend(self) -> None:
        """The recorded path, slowly at first."""
        stage, terrain, path = self.stage, self.terrain, self.path
        last = float(self.moments[-1])
        stage.caption("Training does not see the landscape,\nonly the slope at its feet.")
        self.hold(TIMING.slow + TIMING.beat)
        stage.remove(self.probe)
        terrain.paths.remove(self.probe)
        stage.add(path)
        # where all data are one batch, an epoch is a step
        batch = self.recording.training.get("batch_size")
        step = "step" if batch is None or batch >= len(self.recording.data.x) else "epoch"
        self.counter = stage.readout(step, ",d", last)

        def walk(share: float) -> None:
            moment = last * share**1.7
            terrain.look()
            path.set_moment(moment)
            self.counter.set_value(int(moment + 1e-9))
            self.at(np.array([np.interp(moment, self.moments, self.parameters[:, k]) for k in (0, 1)]))

        stage.caption("So it takes a step against the slope,\nfeels again, and takes the next.")
        moved = (terrain, path, *self.fitted, self.counter)
        stage.play_clock(DOWN, walk, *moved, rate_func=linear)
        stage.caption(how_it_ends(losses_of(self.recording), counted(int(last), step)))
        self.hold(2 * TIMING.slow)
