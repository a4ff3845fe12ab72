"""The disc in the ring with three neurons: the sheet bends into space, and a flat cut parts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.moving_plane import BOUNDED
from scenes.theme import TIMING
from scenes.topology.levelling import Levelling
from scenes.topology.roles import LIFTED
from scenes.warp.depth import arrive, let_go, pass_layer

if TYPE_CHECKING:
    from scenes.topology.scene import Topology


def play(stage: Topology) -> None:
    """Lift the plane, part it with a flat cut, and take the cut back into the plane."""
    stage.take(LIFTED, clear=True)
    plane = stage.plane
    stage.heading("Three neurons")
    stage.caption("The same points. Now three neurons\nlook at the plane.")
    stage.show_classes()
    stage.fade(*plane.visible, stage.diagram)
    stage.add(plane)
    stage.read(TIMING.hold)
    last = stage.passage.layers - 1
    for k in range(last + 1):
        first = "With three numbers for each point,\nthe plane lies in space." if k == 0 else None
        how = "Squashed" if stage.passage.paths[k].activation in BOUNDED else "Bent"
        later = {"activate": f"{how} from three sides, the sheet\nbulges: it has room to bend."} if k == last else {}
        pass_layer(stage, k, first, later)
    stage.hold(TIMING.quick)
    levelling = Levelling(stage)
    stage.heading("Lifted into space")
    names = stage.recording.data.class_names
    stage.caption(f"Turned until the {names[0]} is on top.")
    card = stage.cards[-1]
    stage.fade(leaving=tuple(card), seconds=TIMING.quick)
    levelling.play()
    stage.caption(f"One flat cut now gets\n{stage.told_right} right.")
    lines = levelling.draw()
    stage.hold(TIMING.slow + TIMING.beat)
    if plane.curve is None:
        return
    stage.caption("Each point of the cut goes back\nto where it came from.")
    levelling.leave()
    let_go(stage, lines)
    levelling.carry_back(2 * TIMING.slow)
    closed = len(stage.curves) == 1 and np.allclose(stage.curves[0][0], stage.curves[0][-1], atol=0.05)
    shape = f"that closes around the {names[0]}" if closed else "between the classes"
    stage.caption(f"In the plane the flat cut is a curve\n{shape}.")
    arrive(stage)
    stage.hold(TIMING.slow + TIMING.beat)
