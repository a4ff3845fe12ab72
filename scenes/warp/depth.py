"""The clock is depth: through the layers, a straight line, and back."""

from __future__ import annotations

from manim import Write

from scenes.animations.passing import PullBack
from scenes.theme import TIMING
from scenes.warp.stage import WarpStage


def play_depth(stage: WarpStage) -> None:
    """Carry the plane through all layers, draw the last layer's line, and pull it back."""
    stage.build()
    stage.build_cards()
    plane, passage = stage.plane, stage.passage
    data = stage.recording.data

    stage.heading("The input")
    stage.caption(f"{len(data.x)} points of {len(data.class_names)} classes")
    stage.fade(plane, stage.diagram)
    stage.hold(TIMING.hold)
    for k in range(passage.layers):
        stage.heading(f"Layer {k + 1} of {passage.layers}")
        stage.show_card(k)
        stage.through_layer(k)
    stage.heading("The last hidden space")
    lines, _ = stage.cut_lines(1.0)
    stage.add(lines)
    stage.hold(2)
    stage.remove(lines)
    plane.curve.set_opacity(1)
    stage.play(PullBack(plane))
    stage.hold(2)
