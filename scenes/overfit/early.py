"""Early stopping: training ends when what is held out has not been judged better for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.errors import RenderError
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import LEFT, RIGHT, written
from scenes.overfit.curves import CURVE, PLANE
from scenes.overfit.held_out import course, examples, measured
from scenes.replay import Replay
from scenes.theme import TEXT, TIMING

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

SECONDS = 8.0


class EarlyPart:
    """The losses up to the epoch at which training was stopped, and back to the one that was kept."""

    def __init__(self, stage: Stage, whole: Recording, stopped: Recording) -> None:
        theme = self.theme = stage.theme
        self.stage, self.whole, self.stopped = stage, whole, stopped
        rule = stopped.training.get("early_stopping")
        if rule is None or stopped.best_epoch is None:
            raise RenderError(f"{stopped.name} was not stopped early: train it with early_stopping in [training]")
        self.patience, self.best = int(rule["patience"]), int(stopped.best_epoch)
        self.replay = Replay(stopped)
        start = self.replay.network_at(self.replay.first)
        self.panel = PlanePanel(stopped, PLANE, start, radius=0.06, resolution=144, theme=theme)
        epochs, held_out = course(stopped)
        losses = {
            "validation": np.interp(stopped.epochs, epochs, held_out),
            "training": np.array([stopped.evaluate(epoch)["loss"] for epoch in stopped.epochs]),
        }
        self.curve = LossCurve(np.array(stopped.epochs), losses, CURVE, theme=theme)
        self.epoch = stage.readout("epoch", ",d", stopped.epochs[-1])

    def tell(self) -> None:
        stage, replay, best = self.stage, self.replay, self.best
        last = int(replay.last)
        stage.heading("Early stopping")
        stage.caption("Another way: watch the loss on what\nis held out, and remember the best.")
        self.set_moment(replay.first)
        stage.fade(self.panel, self.curve, self.epoch)
        stage.wait(TIMING.slow)
        moved = (self.panel, self.curve, self.epoch)

        def forward(share: float) -> None:
            self.set_moment(replay.first + (replay.last - replay.first) * share)

        stage.play_clock(SECONDS, forward, *moved, rate_func=linear)
        if self.stopped.state == "stopped":
            stage.caption(f"No better for {self.patience} epochs:\nafter epoch {last} training stops.")
        else:
            stage.caption(f"After epoch {last} the training ends.")
        stage.wait(TIMING.slow + TIMING.quick)
        stage.caption(f"What is kept is epoch {best},\nthe best on what was held out.")
        places = [self.curve.place(best, 0.0), self.curve.place(best, self.curve.highest)]
        self.mark = Polylines(np.array([places]), self.theme.highlight, 2.0)
        edge = LEFT if best < (replay.first + replay.last) / 2 else RIGHT
        at = (places[0] + [0.12 if edge == LEFT else -0.12, 0.25]).tolist()
        name = written(f"best: epoch {best}", at, edge, TEXT.small, self.theme.highlight)
        stage.fade(self.mark, name, seconds=TIMING.quick)
        stage.play_clock(TIMING.slow, lambda share: self.set_moment(replay.last + (best - replay.last) * share), *moved)
        stage.wait(TIMING.slow)
        self.judge()

    def set_moment(self, moment: float) -> None:
        """Show a moment of the training, in epochs; the curve is drawn as far as it has been."""
        self.panel.set_network(self.replay.network_at(moment))
        if moment >= self.curve.moment or moment == self.replay.first:
            self.curve.set_moment(moment)
        self.epoch.set_value(self.replay.epoch_at(moment))

    def judge(self) -> None:
        """The points held out, and how many of them are right, here and after the whole training."""
        stage, panel = self.stage, self.panel
        x, labels = examples(self.stopped)
        _, cloud = panel.points_of(x, labels)
        end = self.whole.epochs[-1]
        kept = measured(self.stopped, "val_loss", self.best), measured(self.whole, "val_loss", end)
        stage.caption(
            f"Held out, its loss is {kept[0]:.2f}. At epoch {end:,},\nwithout stopping, it was {kept[1]:.2f}."
        )
        stage.fade(cloud, leaving=(panel.cloud,))
        stage.wait(2 * TIMING.slow)
