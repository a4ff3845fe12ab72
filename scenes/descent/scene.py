"""Scene `descent`: the loss over two parameters, learning rates, and rules that race."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenes.descent.race import RacePart
from scenes.descent.rates import RatesPart
from scenes.descent.surface import SurfacePart
from scenes.lesson import Lesson
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording

RUNNERS = {
    "gradient descent": "descent-slow",
    "small batches": "descent-batch",
    "momentum": "descent-momentum",
    "Adam": "descent-adam",
}


class Descent(Lesson, Stage):
    """Training as a walk downhill: the recorded path of two parameters on the surface of their losses.

    Options: ``parts``, of ``"surface"``, ``"rates"`` and ``"race"``. The surface needs the main recording alone; the
    rates that with a smaller and that with a larger learning rate; the race those of its four rules.
    """

    PARTS = {
        "surface": (),
        "rates": ("descent-slow", "descent-fast"),
        "race": tuple(RUNNERS.values()),
    }

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        layers = recording.network_config["layers"]
        sizes = [layer.get("units") for layer in layers if layer["type"] == "dense"]
        if tuple(recording.network_config["input_shape"]) != (1,) or sizes != [1] or len(layers) != 1:
            return (
                "descent needs one neuron with one input, whose weight and bias are the two axes: "
                f"{recording.name} has {recording.parameter_count:,} parameters"
            )
        return None

    def surface(self) -> None:
        SurfacePart(self, self.recording).tell()

    def rates(self) -> None:
        RatesPart(self, [self.recordings["descent-slow"], self.recording, self.recordings["descent-fast"]]).tell()

    def race(self) -> None:
        RacePart(self, {name: self.recordings[run] for name, run in RUNNERS.items()}).tell()
