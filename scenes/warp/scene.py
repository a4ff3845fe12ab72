"""Scene `warp`: through the layers and back, or through the epochs."""

from __future__ import annotations

from scenes.warp.depth import play_depth
from scenes.warp.stage import WarpStage


class Warp(WarpStage):
    """The plane and the data pass through the network, layer by layer or epoch by epoch."""

    def construct(self) -> None:
        play_depth(self)
