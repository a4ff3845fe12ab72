"""Scene `overfit`: networks of three sizes on noisy data, losses that part, dropout, early stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.lesson import Lesson
from scenes.overfit.curves import CurvesPart
from scenes.overfit.dropout import DropoutPart
from scenes.overfit.early import EarlyPart
from scenes.overfit.sizes import SizesPart
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording


class Overfit(Lesson, Stage):
    """A network learns noise by heart: its boundary, its losses, and what is done against it.

    Options: ``parts``, of ``"sizes"``, ``"curves"``, ``"dropout"`` and ``"early"``. The curves need the main recording
    alone, the sizes a smaller network on each side of the right one, the others a run with the remedy.
    ``epochs``, a pair of the first and last epoch, is for the curves; ``brief`` leaves out their closer look at what
    was learned by heart, which the sizes have shown.
    """

    OPTIONS = ("epochs", "brief")
    PARTS = {
        "sizes": ("overfit-small", "overfit-right"),
        "curves": (),
        "dropout": ("overfit-dropout",),
        "early": ("overfit-early",),
    }

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        network, data, name = recording.network_config, recording.data, recording.name
        if data.task != "classification" or tuple(network["input_shape"]) != (2,):
            return f"overfit shows classifiers of 2 features: {name} is none"
        if data.x_validation is None or len(data.x_validation) == 0:
            return f"overfit needs data held out from training: {name} has none, so train it with validation = 0.25"
        return None

    def sizes(self) -> None:
        SizesPart(self, [self.recordings["overfit-small"], self.recordings["overfit-right"], self.recording]).tell()

    def curves(self) -> None:
        CurvesPart(self, self.recording).tell()

    def dropout(self) -> None:
        DropoutPart(self, self.recording, self.recordings["overfit-dropout"]).tell()

    def early(self) -> None:
        EarlyPart(self, self.recording, self.recordings["overfit-early"]).tell()
