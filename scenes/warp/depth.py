"""The clock is depth: through the layers, a straight line, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.animations.passing import PullBack
from scenes.mobjects.polylines import Polylines
from scenes.stage import Clock
from scenes.theme import TIMING

if TYPE_CHECKING:
    from scenes.warp.stage import WarpStage

SPACES = {1: "line", 2: "plane", 3: "space"}


def play_depth(stage: WarpStage) -> None:
    """Carry the plane through all layers, draw the last layer's line, and pull it back."""
    stage.build()
    stage.build_cards()
    show_input(stage)
    for k in range(stage.passage.layers):
        pass_layer(stage, k)
    lines = draw_cut(stage)
    carry_back(stage, lines)


def noun(stage: WarpStage) -> str:
    """What the input is called."""
    return SPACES[stage.passage.widths[0]]


def show_input(stage: WarpStage) -> None:
    """The data, and the plane that they lie in."""
    plane, data = stage.plane, stage.recording.data
    stage.heading("The input")
    stage.caption(f"{len(data.x)} points of {len(data.class_names)} classes,\nand the {noun(stage)} they lie in.")
    stage.add(plane)
    stage.fade(*plane.visible, stage.diagram)
    stage.hold(TIMING.slow)


def pass_layer(stage: WarpStage, k: int, caption: str | None = None) -> None:
    """One hidden layer: its name and numbers, and its movement."""
    stage.heading(f"Layer {k + 1} of {stage.passage.layers}")
    if caption is None:
        caption = layer_caption(stage, k)
    if caption:
        stage.caption(caption)
    stage.show_card(k)
    stage.through_layer(k)


def layer_caption(stage: WarpStage, k: int) -> str:
    """What is to be seen while the plane passes through hidden layer k; nothing where all has been said."""
    paths = stage.passage.paths
    folding = [path.folds or path.affine.collapses for path in paths]
    if k == 0:
        last = {"tanh": "squashes it", "sigmoid": "squashes it", "relu": "folds it", "linear": ""}.get(
            paths[0].activation, "bends it"
        )
        moves = f"A layer turns and stretches the {noun(stage)},\nshifts it" + (f", and {last}." if last else ".")
        return moves
    if k == 1 and not any(folding):
        return "Nothing is torn and nothing is folded:\nneighbours stay neighbours."
    if folding[k] and not any(folding[1:k]):
        return "Here different points come to lie\non one another: the layer folds."
    return ""


def draw_cut(stage: WarpStage) -> Polylines:
    """The last layer's straight line in the last hidden space, and how well it parts the classes."""
    plane = stage.plane
    stage.heading("The last hidden space")
    wrong, count = int(stage.wrong.sum()), len(stage.wrong)
    shape = {1: "one point", 3: "a flat cut"}.get(stage.passage.shown_width(stage.passage.layers), "a straight line")
    several = stage.network.output_shape[0] > 2
    parts = "straight lines part" if several else f"{shape} parts"
    if wrong:
        stage.caption(f"In the last space {parts}\n{count - wrong} of the {count} points.")
    else:
        stage.caption(f"In the last space {parts}\nall {count} points without a mistake.")
    lines, share = stage.cut_lines()
    regions = stage.field(stage.passage.layers)
    below = [] if regions is None else [regions]
    stage.add(lines)
    for mobject in below:
        stage.add_behind(mobject)
    whole = lines.points.copy()

    def draw(alpha: float) -> None:
        middle = (whole[0::2] + whole[1::2]) / 2 if len(whole) == 2 * len(lines.widths) else None
        if middle is not None:
            lines.points[0::2] = middle + alpha * (whole[0::2] - middle)
            lines.points[1::2] = middle + alpha * (whole[1::2] - middle)
        lines.set_opacity(share * min(1.0, 3 * alpha))
        for mobject in below:
            mobject.set_opacity(alpha)
        stage.cards[-1].light(1 - alpha, {})
        stage.diagram.focus(stage.passage.layers)
        plane.refresh()

    stage.play_clock(TIMING.slow, draw, plane, lines, *below)
    stage.hold(TIMING.slow)
    stage.regions = regions
    return lines


def carry_back(stage: WarpStage, lines: Polylines) -> None:
    """The line travels back through all layers and becomes the boundary in the input."""
    plane, curve = stage.plane, stage.plane.curve
    if curve is None:
        stage.caption(f"And back: the same {noun(stage)} as before.")
    else:
        stage.caption("Now back: each point of the line\nreturns to where it came from.")
        stage.play_clock(TIMING.beat, lambda alpha: hand_over(stage, lines, alpha), lines, curve)
    stage.remove(lines)
    stage.heading("Back through the layers")
    back = PullBack(plane)
    layers = Clock(lambda alpha: stage.diagram.focus(back.where(alpha)[0]), stage.diagram, run_time=back.run_time)
    stage.play(back, layers)
    arrive(stage)


def hand_over(stage: WarpStage, lines: Polylines, alpha: float) -> None:
    """From the whole line to the part of it that has something to come back from, and no regions."""
    lines.set_opacity(1 - alpha)
    if stage.plane.curve is not None:
        stage.plane.curve.set_opacity(min(1.0, 2 * alpha))
    if stage.regions is not None:
        stage.regions.set_opacity(1 - alpha)


def arrive(stage: WarpStage) -> None:
    """In the input again, with the boundary that the straight line has become."""
    stage.heading("The input")
    if stage.plane.curve is not None:
        stage.caption("The straight line has become\nthe boundary between the classes.")
    regions = stage.field(0)
    below = [] if regions is None else [regions]
    for mobject in below:
        stage.add_behind(mobject)

    def settle(alpha: float) -> None:
        for mobject in below:
            mobject.set_opacity(alpha)
        stage.diagram.focus(0, 1 - alpha)

    stage.play_clock(TIMING.beat, settle, *below, stage.diagram)
    stage.hold(TIMING.slow + TIMING.beat)
