"""Scene `depth`: deeper networks saw better year by year, and depth alone is not enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from scenes.depth.layers import LayersPart, fault_of
from scenes.depth.ways_round import WaysRoundPart
from scenes.depth.years import YearsPart
from scenes.lesson import Lesson
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording

# By depth; with one layer there is nothing to go round
PLAIN = ("depth-1", "depth-2", "depth-4", "depth-8")
RESIDUAL = ("depth-1", "depth-residual-2", "depth-residual-4", "depth-residual-8")
LONG = ("plain-small", "resnet-small")


class Depth(Lesson, Stage):
    """Known networks and their errors, from the literature; then recorded ones, plain and with ways round.

    Options: ``parts``, of ``"years"``, which needs no recording of its own, ``"layers"``, one task learned by networks
    of more and more layers, and ``"ways_round"``, two long networks of the same depth.
    """

    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "years": (),
        "layers": tuple(dict.fromkeys((*PLAIN, *RESIDUAL))),
        "ways_round": LONG,
    }

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        if recording.data.task != "classification":
            return f"depth compares how many answers are right: {recording.name} is trained for {recording.data.task}"
        return None

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        faults = [*map(cls.fits, recordings.values()), super().fits_together(recordings)]
        if "layers" in cls.possible(recordings):
            faults.append(fault_of([[recordings[name] for name in row] for row in (PLAIN, RESIDUAL)]))
        return next((fault for fault in faults if fault is not None), None)

    def years(self) -> None:
        YearsPart(self).tell()

    def layers(self) -> None:
        plain, residual = ([self.recordings[name] for name in row] for row in (PLAIN, RESIDUAL))
        LayersPart(self, plain, residual).tell()

    def ways_round(self) -> None:
        WaysRoundPart(self, *(self.recordings[name] for name in LONG)).tell()
