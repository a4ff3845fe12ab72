"""Scene `code`: images through two numbers and back, the map that forms, a walk on it, the linear one beside PCA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from scenes.code import charting, flat, squeeze, walk
from scenes.code.autoencoder import DEEP, LINEAR, Autoencoder, by_role, fault
from scenes.lesson import Lesson
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording


class Code(Lesson, Stage):
    """What an autoencoder makes of images.

    The parts are ``squeeze`` (images through two numbers and rebuilt), ``map`` (the two numbers of all images over the
    training), ``walk`` (what lies between), and ``flat`` (a linear autoencoder and principal component analysis).

    Options: ``parts``; ``epochs`` is a pair of the first and last epoch, either of them None.
    """

    OPTIONS = ("epochs",)
    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "squeeze": (DEEP,),
        "map": (DEEP,),
        "walk": (DEEP,),
        "flat": (LINEAR,),
    }

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if cls.possible(recordings):
            return None
        first = next(iter(recordings.values()))
        return fault(first) or f"code shows linear autoencoders of two layers: {first.name} has more"

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        return super().possible(by_role(recordings))

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        return super().chosen(by_role(recordings), options)

    def squeeze(self) -> None:
        squeeze.play(self)

    def map(self) -> None:
        charting.play(self)

    def walk(self) -> None:
        walk.play(self)

    def flat(self) -> None:
        flat.play(self)

    def choose(self, experiment: str) -> Autoencoder:
        """Go on with the recording that stands for an experiment."""
        self.recording = by_role(self.recordings)[experiment]
        return Autoencoder(self.recording, self.options.get("epochs"))
