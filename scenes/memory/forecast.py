"""A trajectory of the Lorenz system: a network goes on with it by itself, and leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, linear
from scipy.interpolate import CubicSpline

from engine.analysis.rollout import roll_out
from engine.datasets.sequences import lorenz_states
from scenes.memory.roles import LORENZ
from scenes.memory.telling import held_out
from scenes.mobjects.legend import Legend
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.series_plot import Series, SeriesPlot
from scenes.mobjects.view import View, largest_unit
from scenes.theme import SAFE, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.memory.scene import Memory

SPACE = Zone(SAFE.left, 0.9, -2.35, 2.6)
CURVES = [Zone(2.2, SAFE.right, y, y + 0.95) for y in (0.9, -0.55, -2.0)]
STEPS = 140
APART = 0.2  # a fifth of the scale: 5 of the system's own units
PIECES = 100  # that are looked at to find an ordinary one
SECONDS = 14.0
FINE = 5  # places that are drawn for each step
FRESH, FAINTEST = 45.0, 0.22  # steps after which a path is as faint as it gets, and how faint that is
# The wings lie about the diagonal of x and y: from the front, both are seen.
FRONT = np.array([[1.0, 1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, np.sqrt(2.0)]]) / np.sqrt(2.0)


class Forecast:
    """What really comes and what the network says, from the end of a piece on.

    Parameters
    ----------
    stage : Memory
    steps : int

    Attributes
    ----------
    seen : array (length, 3)
        The piece that the network begins with, one that was held out: of those that were looked at the one that it
        follows as long as half of them.
    truth, said : array (steps, 3)
    leaves : int or None
        The step at which they are `APART` for the first time.
    interval : float
        Time between two steps.
    """

    def __init__(self, stage: Memory, steps: int = STEPS) -> None:
        recording = stage.recording
        x, _ = held_out(recording)
        pieces = x[:PIECES].astype(np.float64)
        self.interval = float(recording.data.parameters["interval"])
        truth = lorenz_states(pieces[:, -1], steps, self.interval)
        said = roll_out(stage.last_network(recording), x[:PIECES], steps)
        distances = np.linalg.norm(said - truth, axis=2)
        over = distances > APART
        leaves = np.where(over.any(axis=1), over.argmax(axis=1), steps)
        self.median = float(np.median(leaves)) * self.interval
        chosen = int(np.abs(leaves - np.median(leaves)).argmin())
        self.seen, self.truth, self.said = pieces[chosen], truth[chosen], said[chosen]
        self.distance = distances[chosen]
        self.leaves = int(leaves[chosen]) if leaves[chosen] < steps else None


class Trail(Polylines):
    """The way of a point up to a step, the older the fainter; between the steps it is a smooth curve.

    Parameters
    ----------
    places : array (N, 3)
        At whole steps, in the space.
    start : int
        The step of the first one.
    """

    def __init__(self, places: np.ndarray, start: int, view: View, colour: str, width: float) -> None:
        self.curve = CubicSpline(np.arange(len(places)), places)
        self.last, self.start, self.view = len(places) - 1, start, view
        self.at = np.linspace(0, self.last, FINE * self.last + 1)
        self.head = np.zeros(2)
        colours = np.tile([*rgb(colour), 1.0], (len(self.at), 1))
        super().__init__(np.full((1, len(self.at), 2), np.nan), colours, width, per_vertex=True)

    def show(self, step: float) -> None:
        """Show it up to a step, as it is seen now."""
        now = float(np.clip(step - self.start, 0.0, self.last))
        at = np.minimum(self.at, now)
        seen = self.view.look(self.curve(at))
        self.head = seen[-1]
        self.points[:, :2] = seen if step > self.start else np.nan
        assert self.colours is not None
        self.colours[:, 3] = np.clip(1 - (now - at) / FRESH, FAINTEST, 1.0)


def play(stage: Memory) -> None:
    """The piece, the two ways on, and the moment when they part."""
    stage.choose(LORENZ)
    theme = stage.theme
    forecast = Forecast(stage)
    length, steps = len(forecast.seen), len(forecast.truth)
    whole = np.concatenate([forecast.seen, forecast.truth])
    path = np.concatenate([forecast.seen[-1:], forecast.said])
    everything = np.concatenate([whole, forecast.said])
    turned = everything @ FRONT.T
    middle = (turned.min(axis=0) + turned.max(axis=0)) / 2
    view = View(SPACE.center[:2].copy(), 1.0, 1.0, clock=lambda: stage.now)
    view.unit = largest_unit(turned - middle, 1.0, SPACE.width, SPACE.height)
    truth = Trail(whole @ FRONT.T - middle, 0, view, theme.muted, 5.0)
    said = Trail(path @ FRONT.T - middle, length - 1, view, theme.highlight, 2.5)
    heads = PointCloud(np.zeros((2, 2)), np.array([rgb(theme.text), rgb(theme.highlight)]), 0.09)
    limit = 1.05 * float(np.abs(everything).max())
    plots = [
        SeriesPlot([Series(whole[:, k], theme.muted, 0, 5.0),
                    Series(path[:, k], theme.highlight, length - 1, 2.5)],
                   zone, -limit, limit, name, ticks=(0.0,), theme=theme)
        for k, (zone, name) in enumerate(zip(CURVES, "xyz", strict=True))
    ]  # fmt: skip
    legend = Legend([(theme.muted, "how it really goes on"), (theme.highlight, "what the network says")],
                    (CURVES[0].left - 0.1, 3.0), theme=theme)  # fmt: skip

    def show(step: float) -> None:
        """Show everything up to a step, counted from the beginning of the piece."""
        for trail in (truth, said):
            trail.show(step)
        heads.set_positions(np.stack([truth.head, said.head]))
        heads.radius[:] = [0.09, 0.09 if step > length - 1 else 0.0]
        for plot in plots:
            plot.set_step(step)

    stage.heading("A forecast")
    stage.caption("A point moves by three simple equations,\nthe Lorenz system: chaotic.")
    show(0.0)
    stage.fade(truth, said, heads, *plots, legend)
    moved = (truth, said, heads, *plots)
    stage.play_clock(2 * TIMING.slow, lambda share: show(share * (length - 1)), *moved, rate_func=linear)
    stage.caption(f"The network reads {length} states of it,\nand goes on by itself.")
    time = stage.readout("time on its own", ".2f", forecast.interval * steps)
    last = length - 1 + steps
    parted = last if forecast.leaves is None else length + forecast.leaves

    def let_run(start: float, end: float) -> None:
        def follow(share: float) -> None:
            step = start + share * (end - start)
            show(step)
            time.set_value(max(0.0, step - length + 1) * forecast.interval)

        stage.play_clock(SECONDS * (end - start) / steps, follow, *moved, time, rate_func=linear)

    let_run(length - 1, parted)
    if forecast.leaves is not None:
        when = (forecast.leaves + 1) * forecast.interval
        stage.caption(f"After {when:.2f} units of time\nit leaves the true path.")
        turn(stage, lambda: show(parted), moved, TIMING.slow)
        let_run(parted, last)
        stage.caption("Small errors grow in chaos. It still moves\nlike the real one, but elsewhere.")
    else:
        stage.caption("It has kept to the true path.")
    turn(stage, lambda: show(last), moved, max(2 * TIMING.slow, stage.unread))


def turn(stage: Memory, show: object, moved: tuple[VGroup | PointCloud | Polylines, ...], seconds: float) -> None:
    """Let the eye go round what stands still."""
    assert callable(show)
    stage.play_clock(seconds, lambda _: show(), *moved)
