"""Scene `cost`: how much arithmetic an answer takes, and what larger pictures would ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import RenderError
from scenes.cost.counting import CountPart
from scenes.cost.growing import GrowPart
from scenes.cost.networks import all_counted, counted_recording, first_layers
from scenes.cost.picture import PicturePart
from scenes.lesson import Lesson
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording

MOST = 4


class Cost(Lesson, Stage):
    """Multiplications and parameters of networks, as areas.

    The main recording's network is counted layer by layer; the others stand beside it.

    Options: ``parts``, of ``"count"``, ``"grow"`` (which needs two networks that differ) and ``"picture"`` (which needs
    a network that begins with a dense layer; where another one begins with a convolution, that is shown as well).
    """

    PARTS = {"count": (), "grow": (), "picture": ()}

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        if not counted_recording(recording).multiplications:
            return f"cost counts multiplications by weights: {recording.name} has no layer that does any"
        return None

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if len(recordings) > MOST:
            return f"cost has room for {MOST} networks, not {len(recordings)}"
        return next((fault for each in recordings.values() if (fault := cls.fits(each)) is not None), None)

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        return [name for name in cls.PARTS if cls.missing(name, recordings) is None]

    @classmethod
    def missing(cls, part: str, recordings: Mapping[str, Recording]) -> str | None:
        """What a part cannot do without and these recordings do not have."""
        if part == "grow" and len(all_counted(recordings.values())) < 2:
            return "two networks that differ"
        if part == "picture" and first_layers(recordings)[0] is None:
            return "a network that begins with a dense layer"
        return None

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        names = super().chosen(recordings, options)
        for name in names:
            if (what := cls.missing(name, recordings)) is not None:
                raise RenderError(f"the part {name!r} of cost needs {what}")
        return names

    def build(self) -> None:
        self.counted = counted_recording(self.recording)
        self.networks = all_counted(self.recordings.values())

    def count(self) -> None:
        """One network, layer by layer."""
        self.part: CountPart | GrowPart | PicturePart = CountPart(self, self.recording, self.counted)
        self.part.tell()

    def grow(self) -> None:
        """All of them."""
        self.part = GrowPart(self, self.networks)
        self.part.tell()

    def picture(self) -> None:
        """First layers for a large picture."""
        dense, convolution = first_layers(self.recordings)
        assert dense is not None
        self.part = PicturePart(self, self.networks[-1], dense, convolution)
        self.part.tell()
