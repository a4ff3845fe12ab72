"""Which moment of a scene is shown when in a film: time slows down where a caption takes longer to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scenes.subtitles import Cue


@dataclass(frozen=True)
class Timetable:
    """Pairs of moments, of the scene and of the film, in seconds; time passes evenly between them.

    Attributes
    ----------
    scene, film : tuple of float
        Ascending, from 0.
    pace : float
        Seconds of the scene in a second of the film after the last pair.
    """

    scene: tuple[float, ...] = (0.0,)
    film: tuple[float, ...] = (0.0,)
    pace: float = 1.0

    def to_film(self, moment: float) -> float:
        """When a moment of the scene is shown."""
        if moment >= self.scene[-1]:
            return self.film[-1] + (moment - self.scene[-1]) / self.pace
        return float(np.interp(moment, self.scene, self.film))

    def to_scene(self, moment: float) -> float:
        """Which moment of the scene is shown at a moment of the film."""
        if moment >= self.film[-1]:
            return self.scene[-1] + (moment - self.film[-1]) * self.pace
        return float(np.interp(moment, self.film, self.scene))

    def place(self, cue: Cue) -> Cue:
        """A cue by the film's clock."""
        return Cue(cue.text, self.to_film(cue.start), self.to_film(cue.end), cue.number)


def readable(cues: Iterable[Cue], pace: float, reading: float) -> Timetable:
    """The timetable in which every caption is there as long as it takes to read it.

    Parameters
    ----------
    cues : iterable of Cue
        By the scene's clock, in order.
    pace : float
        Seconds of the scene in a second of the film where there is nothing to wait for.
    reading : float
        Characters that are read in a second; 0 if that is to be left to the scene.
    """
    scene, film = [0.0], [0.0]
    for cue in cues if reading else ():
        if cue.end <= cue.start:
            continue
        start = film[-1] + (cue.start - scene[-1]) / pace
        needed = len(cue.text.replace("\n", " ")) / reading
        for moment, shown in ((cue.start, start), (cue.end, start + max((cue.end - cue.start) / pace, needed))):
            if moment > scene[-1]:
                scene.append(moment)
                film.append(shown)
    return Timetable(tuple(scene), tuple(film), pace)
