"""Two neurons a layer and three, side by side, on one counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.decision_field import DecisionField, decision_field
from scenes.mobjects.moving_plane import ROOM, fitting_radius
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.view import View
from scenes.mobjects.writing import written
from scenes.replay import Replay
from scenes.theme import TEXT, TIMING, Zone
from scenes.topology.roles import LIFTED, STUCK
from scenes.warp.material import grid_bounds

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.topology.scene import Topology

ZONES = (Zone(-5.9, -0.9, -2.2, 1.7), Zone(0.9, 5.9, -2.2, 1.7))
SECONDS = 10.0


class Runner:
    """One of the two: its points, its regions, its accuracy."""

    def __init__(self, stage: Topology, recording: Recording, zone: Zone) -> None:
        data, theme = recording.data, stage.theme
        self.recording, self.replay = recording, Replay(recording, stage.options.get("epochs"))
        bounds = grid_bounds(data.x)
        unit = ROOM * zone.height / (bounds.right - bounds.left)
        view = View(zone.center[:2].copy(), unit)
        self.cloud = PointCloud(view.look(data.x), theme.class_colours(data.y), fitting_radius(unit * data.x))
        place = Zone(*(unit * np.array(bounds) + np.repeat(view.origin, 2)))
        self.regions: DecisionField = decision_field(
            self.replay.network_at(self.replay.first), bounds, place, line_width=3.5, theme=theme
        )
        hidden = [layer["units"] for layer in recording.network_config["layers"][:-1]]
        name = "hidden neurons: " + " + ".join(map(str, hidden))
        self.name = written(name, (zone.center[0] - 1.9, zone.top + 0.55), (-1, 0), TEXT.label, theme.text)
        self.accuracy = Readout("", 0.0, ".1%", 1.0, TEXT.readout, theme.accuracy, theme.muted)
        self.accuracy.move_to([zone.center[0] + 1.9, zone.top + 0.55, 0], aligned_edge=np.array([1, 0, 0]))

    def first_perfect(self) -> int | None:
        """The first epoch after which all points are right."""
        within = [epoch for epoch in self.recording.epochs if self.replay.first <= epoch <= self.replay.last]
        return next((epoch for epoch in within if self.recording.evaluate(epoch)["accuracy"] == 1), None)

    def show(self, moment: float) -> float:
        """Show a moment, in epochs; after its last one it stays as it is. Gives the accuracy."""
        moment = min(moment, self.replay.last)
        accuracy = self.recording.evaluate(self.replay.epoch_at(moment))["accuracy"]
        self.accuracy.set_value(accuracy)
        self.regions.set_network(self.replay.network_at(moment))
        return accuracy


def play(stage: Topology) -> None:
    """The same counter for both."""
    runners = [Runner(stage, stage.choose(name), zone) for name, zone in zip((STUCK, LIFTED), ZONES, strict=True)]
    first, last = runners[0].replay.first, max(runner.replay.last for runner in runners)
    pace = runners[0].replay.pace()
    epoch = stage.readout("epoch", "d", last)

    def show(moment: float) -> None:
        epoch.set_value(int(moment + 1e-9))  # rounded down: of the epochs that are over
        for runner in runners:
            runner.show(moment)

    stage.heading("Side by side")
    stage.caption("The same data, the same way of training,\non one counter.")
    show(first)
    shown = [part for runner in runners for part in (runner.regions, runner.cloud, runner.name, runner.accuracy)]
    stage.fade(*shown)
    stage.read(TIMING.hold)
    stage.play_clock(SECONDS, lambda share: show(pace.moment(share)), *shown, epoch, rate_func=lambda t: t)
    stage.caption(summary(runners))
    stage.read(2 * TIMING.slow)


def summary(runners: list[Runner]) -> str:
    """How it ended."""
    few, more = (runner.first_perfect() for runner in runners)
    if few is None and more is not None:
        return f"In vain with two; with three neurons\nall are right after epoch {more:,}."
    return "Two neurons a layer on the left,\nthree on the right."
