"""The clock is depth: through the layers, a straight line, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scenes.animations.passing import PullBack
from scenes.mobjects.polylines import Polylines
from scenes.stage import Clock
from scenes.theme import TIMING

if TYPE_CHECKING:
    from scenes.warp.stage import WarpStage

CHANGE = 0.15  # of a layer's course: how long the diagram takes to look at another layer
SPACES = {1: "line", 2: "plane", 3: "space"}


def play_depth(stage: WarpStage) -> None:
    """Carry the plane through all layers, draw the last layer's line, and pull it back."""
    stage.build()
    stage.build_cards()
    show_input(stage)
    for k in range(stage.passage.layers):
        pass_layer(stage, k)
    lines = draw_cut(stage)
    stage.hold(TIMING.slow)
    shape, ends = cut_shape(stage)
    plural = ends == "part"
    if stage.plane.curve is not None and not shape.startswith("point"):
        stage.caption(f"Now back: each point of the {shape}\nreturns to where it came from.")
    else:
        stage.caption(f"Now back to the {noun(stage)}.")
    let_go(stage, lines)
    carry_back(stage)
    if stage.plane.curve is not None:
        has = "have" if plural else "has"
        what = "the borders of the classes" if plural or noun(stage) != "plane" else "the boundary between the classes"
        stage.caption(f"The {STRAIGHT[shape]} {has} become\n{what}.")
    else:
        stage.caption(None)
    arrive(stage)
    stage.hold(TIMING.slow + TIMING.beat)


def noun(stage: WarpStage) -> str:
    """What the input is called."""
    return SPACES[stage.passage.widths[0]]


def show_input(stage: WarpStage) -> None:
    """The data, and the plane that they lie in."""
    plane, data = stage.plane, stage.recording.data
    stage.heading("The input")
    stage.caption(f"{len(data.x)} points of {len(data.class_names)} classes,\nand the {noun(stage)} they lie in.")
    stage.show_classes()
    stage.add(plane)
    stage.fade(*plane.visible, stage.diagram)
    stage.hold(TIMING.slow)


def pass_layer(stage: WarpStage, k: int, caption: str | None = None, later: Mapping[str, str] | None = None) -> None:
    """One hidden layer: its name and numbers, and its movement.

    Parameters
    ----------
    stage : WarpStage
    k : int
        From 0.
    caption : str, optional
        What is said; by default what there is to see.
    later : dict of str to str, optional
        What is said from the beginning of a part of the movement on.
    """
    stage.heading(f"Layer {k + 1} of {stage.passage.layers}")
    stage.show_classes(False)
    caption = layer_caption(stage, k) if caption is None else caption
    if caption:
        stage.caption(caption)
    stage.show_card(k)
    stage.through_layer(k, later)


def layer_caption(stage: WarpStage, k: int) -> str:
    """What is to be seen while the plane passes through hidden layer k; nothing where it has been said just before."""
    said = what_happens(stage, k)
    return "" if k > 0 and what_happens(stage, k - 1) == said else said


def what_happens(stage: WarpStage, k: int) -> str:
    """What hidden layer k does to the plane."""
    paths = stage.passage.paths
    merges = [path.folds or path.affine.collapses for path in paths]
    if k == min(stage.passage.projections, default=-1):
        return f"{stage.passage.widths[k + 1]} dimensions, seen along two\nof their directions."
    if k == 0:
        last = {"tanh": "squashes it", "sigmoid": "squashes it", "relu": "folds it", "linear": ""}.get(
            paths[0].activation, "bends it"
        )
        moves = f"A layer turns and stretches the {noun(stage)},\nshifts it" + (f", and {last}." if last else ".")
        return moves
    if merges[k]:
        how = "folds" if paths[k].folds else "flattens"
        return f"Here different points come to lie\non one another: the layer {how}."
    if any(merges[:k]):
        return "This layer folds nothing:\nneighbours stay neighbours."
    return "Nothing is torn and nothing is folded:\nneighbours stay neighbours."


def draw_cut(stage: WarpStage, caption: str | None = None) -> Polylines | None:
    """The last layer's straight line in the last hidden space, and how well it parts the classes."""
    stage.heading("The last hidden space")
    stage.caption(cut_caption(stage) if caption is None else caption)
    lines, share = stage.cut_lines()
    stage.regions = stage.field(stage.passage.layers)
    if stage.regions is not None:
        stage.add_behind(stage.regions)
    grow = grower(stage, lines)

    def draw(alpha: float) -> None:
        if lines is not None:
            grow(alpha)
            lines.set_opacity(share * min(1.0, 3 * alpha))
        if stage.regions is not None:
            stage.regions.set_opacity(alpha)
        stage.cards[-1].light(1 - alpha)
        stage.diagram.focus(stage.passage.layers, min(1.0, 2 * alpha), stage.passage.layers - 1)
        stage.plane.refresh()

    stage.play_clock(TIMING.slow, draw)
    return lines


# What the last layer draws, by the number of dimensions that are shown.
SHAPES = {1: "point", 2: "line", 3: "cut"}
STRAIGHT = {"point": "point", "points": "points", "line": "straight line", "lines": "straight lines",
            "cut": "flat cut", "cuts": "flat cuts"}  # fmt: skip


def cut_shape(stage: WarpStage) -> tuple[str, str]:
    """What the last layer draws in the last hidden space, and the verb that goes with it."""
    shape = SHAPES[stage.passage.shown_width(stage.passage.layers)]
    return (f"{shape}s", "part") if stage.network.output_shape[0] > 2 else (shape, "parts")


def grower(stage: WarpStage, lines: Polylines | None) -> Callable[[float], None]:
    """Put the cut on the stage, and give a function that lets each of its lines grow from its middle."""
    if lines is None:
        return lambda share: None
    stage.add(lines)
    positions = stage.plane.riders[-1][1]
    whole = positions.copy()
    middles = [whole[a:b].mean(axis=0) for a, b in pairwise(lines.starts)]
    middle = np.repeat(middles, np.diff(lines.starts), axis=0)

    def grow(share: float) -> None:
        positions[:] = middle + share * (whole - middle)

    return grow


def cut_caption(stage: WarpStage) -> str:
    """What the last layer's cut achieves."""
    wrong, count = int(stage.wrong.sum()), len(stage.wrong)
    shape, parts = cut_shape(stage)
    article = "" if parts == "part" else "one " if shape == "point" else "a "
    said = f"In the last space {article}{STRAIGHT[shape]} {parts}\n"
    return said + (f"{count - wrong} of the {count} points." if wrong else f"all {count} points without a mistake.")


def let_go(stage: WarpStage, lines: Polylines | None) -> None:
    """From the whole line to the part of it that has something to come back from, and no regions."""
    curve = stage.plane.curve
    strength = 0.0 if lines is None else lines.opacity
    leaving = [mobject for mobject in (lines, stage.regions) if mobject is not None]

    def fade(alpha: float) -> None:
        if lines is not None:
            lines.set_opacity(strength * (1 - alpha))
        if curve is not None:
            curve.set_opacity(min(1.0, 2 * alpha))
        if stage.regions is not None:
            stage.regions.set_opacity(1 - alpha)
        stage.diagram.focus(stage.passage.layers - 1, alpha, stage.passage.layers)
        stage.plane.refresh()

    stage.play_clock(TIMING.beat, fade)
    stage.remove(*leaving)
    stage.plane.riders.clear()
    stage.regions = None


def carry_back(stage: WarpStage, seconds: float | None = None) -> None:
    """The plane travels back through all layers, and the boundary with it."""
    stage.heading("Back through the layers")
    back = PullBack(stage.plane, seconds)

    def look_along(alpha: float) -> None:
        layer, share = back.where(alpha)
        near = CHANGE - min(share, CHANGE)  # to the layer that is next on the way back
        if layer > 0 and near > 0:
            stage.diagram.focus(layer - 1, near / CHANGE, layer)
        else:
            stage.diagram.focus(layer)

    stage.play(back, Clock(look_along, stage.diagram, run_time=back.run_time))


def arrive(stage: WarpStage) -> None:
    """In the input again, with the regions between which the straight line has become the boundary."""
    stage.heading("The input")
    stage.regions = stage.field(0)
    if stage.regions is not None:
        stage.add_behind(stage.regions)

    def settle(alpha: float) -> None:
        if stage.regions is not None:
            stage.regions.set_opacity(alpha)
        stage.diagram.focus(None, alpha, 0)

    stage.play_clock(TIMING.beat, settle)
