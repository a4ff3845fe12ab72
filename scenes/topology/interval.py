"""A stretch of a line between two others: no cut parts them until the line is lifted onto a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.moving_plane import BOUNDED
from scenes.mobjects.polylines import Polylines
from scenes.numbers import number_word
from scenes.theme import TIMING
from scenes.topology.roles import INTERVAL, best_threshold
from scenes.topology.telling import light_up
from scenes.warp.depth import carry_back, draw_cut, let_go, pass_layer

if TYPE_CHECKING:
    from scenes.topology.scene import Topology

CUT = 0.45  # how far the cut through the line reaches to each side, in scene units


def play(stage: Topology) -> None:
    """One cut of the line fails; on the curve that two neurons make of it, one cut does it."""
    stage.take(INTERVAL, clear=True)
    data, plane = stage.recording.data, stage.plane
    stage.heading("One dimension")
    stage.show_classes()
    stage.caption(f"{len(data.x):,} points on a line, of two kinds.")
    stage.fade(*plane.visible, stage.diagram)
    stage.add(plane)
    stage.read(TIMING.hold)
    one_cut(stage)
    how = "squashes" if stage.passage.paths[0].activation in BOUNDED else "bends"
    pass_layer(
        stage, 0, "Two neurons look at the line:\neach stretches and shifts it.",
        {"activate": f"Each {how} it at another place:\nit becomes a curve."},
    )  # fmt: skip
    stage.read()
    lines = draw_cut(stage, f"Now one straight cut gets\n{stage.told_right} right.")
    stage.heading("Lifted into the plane")
    stage.read(TIMING.slow)
    if plane.curve is None:
        return
    count = len(stage.curves)
    stage.caption(f"Back on the line, the one cut\nis {number_word(count, 'border')}.")
    let_go(stage, lines)
    carry_back(stage)
    stage.heading("One dimension")
    stage.show_classes()
    stage.read(TIMING.slow)


def one_cut(stage: Topology) -> None:
    """The best that a single cut of the line can do."""
    data, plane, theme = stage.recording.data, stage.plane, stage.theme
    place, right = best_threshold(data.x[:, 0], data.y)
    stage.caption(f"One cut of the line gets\nat most {right:,} of {len(data.x):,} right.")
    at = plane.view.look(np.array([[place, 0.0, 0.0]]))[0]
    cut = Polylines(np.array([[at - [0, CUT], at + [0, CUT]]]), theme.text, 4.0)
    left = data.x[:, 0] < place
    ones = data.y == 1
    wrong = left == ones if np.count_nonzero(left != ones) == right else left != ones
    marks = light_up(plane.cloud.points[wrong], plane.cloud.radius[0], theme)
    stage.add_behind(marks)
    stage.fade(cut, marks)
    stage.read(TIMING.slow)
    stage.fade(leaving=(cut, marks), seconds=TIMING.quick)
