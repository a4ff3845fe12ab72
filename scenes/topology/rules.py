"""The rules: layers turn, stretch, shift and squash; they never tear and never glue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.theme import TIMING, Zone
from scenes.topology.roles import STUCK
from scenes.topology.telling import Ledger
from scenes.warp.depth import carry_back, pass_layer
from scenes.warp.stage import CARD

if TYPE_CHECKING:
    from scenes.topology.scene import Topology

TABLE = Zone(CARD.left, CARD.right, CARD.bottom, 2.1)


def play(stage: Topology) -> None:
    """Pass the plane through all layers, with the read-outs that hold them to the rules, and back."""
    stage.take(STUCK)
    stage.heading("The rules")
    stage.caption("A layer moves every point of the plane,\nand the data ride along.")
    stage.show_classes()
    stage.fade(*stage.plane.visible, stage.diagram)
    stage.add(stage.plane)
    stage.read(TIMING.hold)
    ledger = Ledger(stage.passage.network, TABLE, stage.theme)
    for k in range(stage.passage.layers):
        pass_layer(stage, k, *said(stage, k))
        stage.read()
    last = stage.cards[-1]
    stage.heading("What the layers did")
    found, on_the_way, at_last = verdict(ledger)
    stage.caption(found)
    stage.fade(*(text for row in ledger.rows for text in row), leaving=tuple(last))
    stage.read(TIMING.slow)
    stage.caption(on_the_way)
    carry_back(stage, 2 * TIMING.slow)
    stage.read(TIMING.beat)
    if at_last is not None:
        stage.caption(at_last)
        stage.read(TIMING.slow)


def said(stage: Topology, k: int) -> tuple[str, dict[str, str]]:
    """What is said while the plane passes through hidden layer k, and from its activation on."""
    path = stage.passage.paths[k]
    if path.affine.collapses:
        first = "Its matrix flattens the plane:\ndifferent points become one."
    elif k == 0:
        first = "It may turn and stretch the plane,\nand shift it."
    else:
        first = "det W is not zero:\nno direction is flattened away."
    if path.folds:
        return first, {"activate": f"{path.activation} has flat parts:\nit folds the plane."}
    return first, {
        "activate": "The activation squashes: it only rises,\nso no two points become one."
    } if k == 0 else {}


def verdict(ledger: Ledger) -> tuple[str, str | None, str | None]:
    """The last row of the table in words: what was found, what is said on the way back, and what follows from it."""
    if ledger.cells[-1][-1] == "yes":
        return (
            "Nothing torn, nothing glued:\na homeomorphism, as it is called.",
            "All of it can be taken back:\nwhat was inside is still inside.",
            "So the answers keep their meaning:\nneighbours have stayed neighbours.",
        )
    if ledger.cells[-1][-1] == "no":
        glued = "These layers glue points together:\nnot all of it can be taken back."
        return glued, "So some of the way back is lost.", None
    return "Whether points are glued together\nis not known.", None, None
