"""Scene `warp`: through the layers and back, or through the epochs."""

from __future__ import annotations

from engine.errors import nearest
from scenes.warp.depth import play_depth
from scenes.warp.stage import WarpStage
from scenes.warp.time import play_time

CLOCKS = {"depth": play_depth, "time": play_time}


class Warp(WarpStage):
    """The plane and the data pass through the network, layer by layer or epoch by epoch.

    Options: ``clock`` is ``"depth"`` (which layer; the default) or ``"time"`` (which epoch); ``epochs`` is a pair of
    the first and last epoch, either of them None: the last one is shown in depth.
    """

    OPTIONS = ("clock",)

    def construct(self) -> None:
        clock = self.options.get("clock", "depth")
        if clock not in CLOCKS:
            raise nearest("clock", clock, CLOCKS)
        CLOCKS[clock](self)
