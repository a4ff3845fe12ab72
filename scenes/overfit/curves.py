"""The two losses part, and the boundary runs round single points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.animations.playing import PlayTraining
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import LEFT, written
from scenes.numbers import training_readouts
from scenes.overfit.held_out import course, lowest, measured
from scenes.replay import Replay
from scenes.theme import FRAME_HEIGHT, FRAME_WIDTH, SAFE, TEXT, TIMING, Zone, rgb
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

PLANE = Zone(SAFE.left, SAFE.left + 4.6, -2.35, 2.25)
CURVE = Zone(-1.35, SAFE.right, -2.35, 1.95)
SECONDS = 13.0
NEIGHBOURS = 7
WORSE = 1.05  # times the lowest loss, from which on it is said to have got worse
SOON = 0.5  # share of the training
ZOOM = 3.6


class CurvesPart:
    """One training: plane and losses on one counter; unless brief, a closer look at what was learned by heart."""

    def __init__(self, stage: Stage, recording: Recording) -> None:
        theme = self.theme = stage.theme
        self.stage, self.recording = stage, recording
        self.replay = Replay(recording, stage.options.get("epochs"))
        start = self.replay.network_at(self.replay.first)
        self.panel = PlanePanel(recording, PLANE, start, radius=0.06, resolution=160, theme=theme)
        epochs, held_out = course(recording)
        there = np.isin(epochs, recording.epochs)
        kept = epochs[there][:: max(1, int(there.sum()) // 250)].astype(int)
        losses = {
            "validation": np.interp(kept, epochs, held_out),
            "training": np.array([recording.evaluate(int(epoch))["loss"] for epoch in kept]),
        }
        self.curve = LossCurve(kept, losses, CURVE, theme=theme)
        self.turn = lowest(recording)

    def tell(self) -> None:
        stage, recording, replay = self.stage, self.recording, self.replay
        last = replay.epoch_at(replay.last)
        stage.heading("Two losses")
        stage.caption("A large network again,\nand its loss over the epochs.")
        self.readouts = training_readouts(stage, replay)
        play = PlayTraining(
            replay, self.panel, self.curve, follow=self.panel.set_network, readouts=self.readouts, dated=[self.curve],
            run_time=SECONDS,
        )  # fmt: skip
        play.show(replay.first)
        stage.fade(self.panel, self.curve, *self.readouts.values())
        stage.wait(TIMING.hold)
        first = replay.epoch_at(replay.first)
        ends = [recording.evaluate(last)["loss"], measured(recording, "val_loss", last)]
        turns = self.turn < last and ends[1] > WORSE * measured(recording, "val_loss", self.turn)
        falls = ends[0] < recording.evaluate(first)["loss"]
        stage.caption(what_to_watch(falls, turns, (self.turn - first) / max(last - first, 1)))
        stage.play(play)
        if turns:
            x, top = self.curve.place(self.turn, 0)[0], self.curve.plot.top
            self.mark = Polylines(np.array([[[x, self.curve.plot.bottom], [x, top]]]), self.theme.highlight, 2.0)
            # beside the line, under the names of the curves
            at = (x + 0.12, self.curve.plot.top - 0.14 - 2 * 0.34)
            name = written(f"epoch {self.turn:,}", at, LEFT, TEXT.small, self.theme.highlight)
            stage.caption(f"From epoch {self.turn:,} on it gets worse\nat what it has not seen.")
            stage.fade(self.mark, name)
            stage.wait(2 * TIMING.slow)
        stage.caption(f"In the end the losses are {ends[0]:.2f}\nand, on what is held out, {ends[1]:.2f}.")
        stage.wait(2 * TIMING.slow)
        if not stage.options.get("brief"):
            self.look_closer()

    def by_heart(self) -> np.ndarray:
        """Which training points are right although most of their nearest neighbours are of other classes, (N,) bool."""
        data = self.recording.data
        distances = np.linalg.norm(data.x[:, None] - data.x[None], axis=2)
        nearest = np.argsort(distances, axis=1)[:, 1 : NEIGHBOURS + 1]
        strange = (data.y[nearest] != data.y[:, None]).mean(axis=1) > 0.5
        return np.asarray(strange & ~mistakes(self.recording.network(), data.x, data.y))

    def look_closer(self) -> None:
        """The camera goes to where such points are, and comes back."""
        chosen = self.by_heart()
        if not chosen.any():
            return
        stage, panel = self.stage, self.panel
        stage.heading("Learned by heart")
        panel.rings.set_colours(np.tile(rgb(self.theme.highlight), (len(chosen), 1)))
        panel.ring(chosen)
        count = int(chosen.sum())
        stage.caption(
            f"{count} points lie among points of the other\nkind. It has bent itself round every one."
            if count > 1
            else "One point lies among points of the other\nkind. It has bent itself round it."
        )
        frame = stage.camera.frame
        home = frame.points.copy()
        places = panel.cloud.points[chosen][:, :2]
        # where most of them are close together
        near = (np.linalg.norm(places[:, None] - places[None], axis=2) < 1.0).sum(axis=1)
        half = np.array([FRAME_WIDTH, FRAME_HEIGHT]) / ZOOM / 2
        low = np.array([PLANE.left, PLANE.bottom]) + half
        high = np.array([PLANE.right, PLANE.top]) - half
        center = np.array([*np.clip(places[near.argmax()], low, high), 0.0])

        def zoom(share: float) -> None:
            scale = ZOOM**-share
            frame.points = center * (1 - scale) / (1 - 1 / ZOOM) + home * scale

        stage.wait(2 * TIMING.slow)
        # nothing is to stand over what is looked at
        stage.caption(None)
        stage.heading(None)
        stage.fade(leaving=tuple(self.readouts.values()), seconds=TIMING.quick)
        stage.play_clock(TIMING.slow, zoom)
        stage.wait(TIMING.slow + TIMING.beat)
        stage.play_clock(TIMING.hold, lambda share: zoom(1 - share))
        stage.wait(TIMING.quick)


def what_to_watch(falls: bool, turns: bool, when: float) -> str:
    """What the two losses do: whether the one falls, and whether, and after what share of the time, the other turns."""
    if falls and turns:
        does = "it soon does not." if when < SOON else "not to the end."
        return f"On what it learns from, the loss falls.\nOn what is held out, {does}"
    return "Red is the loss on what it learns from,\nbeside it that on what is held out."
