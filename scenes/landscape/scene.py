"""Scene `landscape`: the loss of a large network over a random plane, and over the plane of its own path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.landscape import filter_normalised_plane, path_plane
from engine.errors import ConfigurationError
from scenes.landscape.around import AroundPart
from scenes.landscape.path import PathPart
from scenes.lesson import Lesson
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording


class Landscape(Lesson, Stage):
    """Two cuts through the loss of a network of any size, as landscapes that turn.

    Heights are logarithms of the loss. Options: ``parts``, of ``"around"`` (two random directions about the solution,
    filter-normalised) and ``"path"`` (the two principal directions of the recorded path, with the share that they
    hold).
    """

    PARTS = {"around": (), "path": ()}

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        try:
            filter_normalised_plane(recording.network())
            path_plane(recording)
        except ConfigurationError as error:
            return f"landscape needs a path through many weights: {error}"
        return None

    def around(self) -> None:
        AroundPart(self, self.recording).tell()

    def path(self) -> None:
        PathPart(self, self.recording).tell()
