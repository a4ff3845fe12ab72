"""Scripts that string scenes into whole films, and what a script is."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRANSITIONS = ("cut", "fade")
WORDS = ("title", "words")  # cards


@dataclass(frozen=True)
class Telling:
    """How a beat is told: what a film may change in a scene without knowing what is in it.

    Attributes
    ----------
    captions : dict of int to str
        Other words for the scene's captions, by their numbers from 1; empty text for none.
    holds : dict of int to float
        Seconds for which the picture stands still at the end of a caption, by its number.
    pace : float
        How fast the scene passes: 0.5 takes twice as long.
    reading : float
        Characters of a caption that are read in a second: where the scene is quicker, its time passes more slowly. 0
        leaves that to the scene.
    transition : {"cut", "fade"}
        Whether the first and last picture are there at once, or come out of the background and go back into it.
    """

    captions: Mapping[int, str] = field(default_factory=dict)
    holds: Mapping[int, float] = field(default_factory=dict)
    pace: float = 1.0
    reading: float = 0.0
    transition: str = "cut"


@dataclass(frozen=True)
class Beat:
    """One part of a film.

    Attributes
    ----------
    scene : str or type
        A name in ``SCENES`` or ``CARDS``, or a `Stage` subclass.
    recordings : tuple of str
        Which of the film's recordings the scene gets, the main one first; none for all of them.
    options : dict
        For the scene.
    title : str
        The chapter that begins with the beat; empty where the one before goes on.
    telling : Telling
    """

    scene: Any
    recordings: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    telling: Telling = field(default_factory=Telling)


@dataclass(frozen=True)
class Thumbnail:
    """The still that stands for a film: a beat by its number from 1, and the share of it that has passed."""

    beat: int
    at: float = 0.5


@dataclass(frozen=True)
class Film:
    """An ordered list of beats.

    Attributes
    ----------
    name : str
    title : str
    beats : tuple of Beat
    sources : dict of str to str
        Where a recording comes from, by the name that the beats give it: an experiment or a run directory. A name that
        is not here is an experiment's own.
    theme : str
        In which the film is shown, unless another one is asked for; empty for the usual one.
    thumbnail : Thumbnail, optional
        By default the middle of the middle beat.
    file : str
        The name of its file, where it is somebody's own.
    """

    name: str
    title: str
    beats: tuple[Beat, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    theme: str = ""
    thumbnail: Thumbnail | None = None
    file: str = ""

    @property
    def command(self) -> str:
        """What makes the film again."""
        name = self.file or self.name
        return f"neurofilm film {shlex.quote(name)}"

    def needed(self, beat: Beat) -> tuple[str, ...]:
        """Which recordings a beat is told with; one that names none is about all, unless it is only words."""
        return beat.recordings or (() if beat.scene in WORDS else self.recordings)

    @property
    def recordings(self) -> tuple[str, ...]:
        """Names of all recordings that the beats are told with, in the order in which they are first needed."""
        return tuple(dict.fromkeys(name for beat in self.beats for name in beat.recordings))
