"""Two neurons a layer and three, side by side, on one counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from scenes.mobjects.decision_field import DecisionField, decision_field
from scenes.mobjects.moving_plane import ROOM, fitting_radius
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.view import View
from scenes.mobjects.writing import written
from scenes.numbers import cardinal
from scenes.replay import Replay
from scenes.theme import TEXT, TIMING, Zone
from scenes.topology.roles import LIFTED, STUCK, first_perfect, hidden_units, is_bullseye
from scenes.warp.material import grid_bounds

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.topology.scene import Topology

ZONES = (Zone(-5.9, -0.9, -2.2, 1.7), Zone(0.9, 5.9, -2.2, 1.7))
SECONDS = 10.0
EARLIEST = 0.25  # share of that time before anything is said


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
        name = "hidden neurons: " + " + ".join(map(str, hidden_units(recording)))
        self.name = written(name, (zone.center[0] - 1.9, zone.top + 0.55), (-1, 0), TEXT.label, theme.text)
        self.accuracy = Readout("", 0.0, ".1%", 1.0, TEXT.readout, theme.accuracy, theme.muted)
        self.accuracy.move_to([zone.center[0] + 1.9, zone.top + 0.55, 0], aligned_edge=np.array([1, 0, 0]))

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
    few, more = (first_perfect(runner.recording, stage.options.get("epochs")) for runner in runners)
    epoch = stage.readout("epoch", "d", last)

    def show(moment: float) -> None:
        epoch.set_value(int(moment + 1e-9))  # rounded down: of the epochs that are over
        for runner in runners:
            runner.show(moment)

    stage.heading("Side by side")
    stage.caption(introduction([runner.recording for runner in runners]))
    show(first)
    shown = [part for runner in runners for part in (runner.regions, runner.cloud, runner.name, runner.accuracy)]
    stage.fade(*shown)
    stage.read(TIMING.hold)
    # until all are right on one side, though not before what was said could be read
    turn = 1.0 if more is None else max(EARLIEST, pace.share(more))

    def run(start: float, end: float) -> None:
        def follow(share: float) -> None:
            show(pace.moment(start + (end - start) * share))

        stage.play_clock(SECONDS * (end - start), follow, *shown, epoch, rate_func=linear)

    run(0.0, turn)
    if more is not None:
        told = f"With three, all points are right\nafter epoch {more:,}"
        stage.caption(f"{told}." if few is not None else f"{told}; with two, on it goes.")
    if turn < 1:
        run(turn, 1.0)
    stage.read(TIMING.beat)
    if more is not None and few is None:
        stage.caption(reason(runners[0].recording))
        stage.read(2 * TIMING.slow)


def introduction(recordings: list[Recording]) -> str:
    """What is the same, and what is different."""
    few, more = (hidden_units(recording) for recording in recordings)
    first, second = (recording.data for recording in recordings)
    same = np.array_equal(first.x, second.x) and np.array_equal(first.y, second.y)
    on_the_left = f"{'a layer' if len(few) == 1 else 'layers'} of {cardinal(max(few))} neurons"
    return f"{'The same data' if same else 'Both'} on one counter:\n{on_the_left}, and of {cardinal(max(more))}."


def reason(recording: Recording) -> str:
    """Why few neurons try in vain."""
    if is_bullseye(recording):
        return "Now the reason is plain: in a plane,\nthe disc cannot leave its ring."
    return "With two neurons a layer,\nnever all of them."
