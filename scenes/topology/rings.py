"""Two rings through one another: three dimensions hold them together, a fourth sets them free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.topology import topology
from scenes.theme import TIMING
from scenes.topology.levelling import Levelling
from scenes.topology.roles import FREED, LINKED, is_linked
from scenes.topology.telling import light_up
from scenes.warp.depth import pass_layer

if TYPE_CHECKING:
    from scenes.topology.scene import Topology

PACE = 0.7


def play_linked(stage: Topology) -> None:
    """However three neurons a layer bend the space, the rings stay linked."""
    stage.take(LINKED)
    linked = is_linked(stage.recording)
    bends = topology(stage.passage.network).homeomorphic is True
    if linked:
        show(stage, "Two rings", "Two rings in space,\neach through the middle of the other.")
    else:
        show(stage, "In space", f"{len(stage.recording.data.x):,} points in space, of two kinds.")
    for k in range(stage.passage.layers):
        said = "Three neurons a layer turn, stretch\nand bend the space." if k == 0 else ""
        if bends and k:
            said = BENT[k - 1] if k <= len(BENT) and (linked or k == 1) else ""
        pass_layer(stage, k, said)
    part(stage)
    right, count = stage.rightly
    if right < count:
        light_up_wrong(stage)
        if linked and bends:
            stage.caption("A flat cut parts only what is not linked:\nbending keeps links linked.")
            stage.hold(TIMING.slow + TIMING.hold)


BENT = ("It bends like rubber; nothing is cut.", "Layer after layer,\nwhat is linked stays linked.")


def play_freed(stage: Topology) -> None:
    """A fourth dimension lets them pass."""
    stage.take(FREED)
    linked = is_linked(stage.recording)
    same = "The same rings" if linked else f"{len(stage.recording.data.x):,} points in space"
    show(stage, "A fourth dimension", f"{same}. Now four neurons a layer.", TIMING.slow)
    for k in range(stage.passage.layers):
        pass_layer(stage, k, FREED_SAID.get(k, ""))
    part(stage)
    right, count = stage.rightly
    if right == count and linked:
        stage.caption("One more dimension\nhas set them free.")
        stage.hold(TIMING.slow + TIMING.beat)


FREED_SAID = {
    0: "Four dimensions cannot be drawn:\nwe see three, like a shadow.",
    1: "The fourth gives room to pass, as a\nthread is lifted off a table.",
}


def show(stage: Topology, heading: str, caption: str, seconds: float = 2 * TIMING.slow) -> None:
    """The rings as they are."""
    stage.heading(heading)
    stage.caption(caption)
    stage.show_classes()
    stage.fade(*stage.plane.visible, stage.diagram)
    stage.add(stage.plane)
    stage.hold(seconds)


def part(stage: Topology) -> None:
    """The last layer's flat cut, laid level, and how many points it gets right."""
    levelling = Levelling(stage)
    stage.heading("The last hidden space")
    stage.caption("Turned until the cut lies level.")
    stage.fade(leaving=tuple(stage.cards[-1]), seconds=TIMING.quick)
    levelling.play()
    levelling.draw()
    stage.caption(f"One flat cut gets\n{stage.told_right} right.")
    stage.hold(TIMING.slow + TIMING.beat)


def light_up_wrong(stage: Topology) -> None:
    """Rims about the points on the wrong side."""
    plane = stage.plane
    places = stage.passage.show(plane.points_carried.inputs[-1], stage.passage.layers)[stage.wrong]
    marks = light_up(plane.view.look(places), plane.cloud.radius[0], stage.theme)
    plane.riders.append((marks, places))
    stage.fade(marks)
