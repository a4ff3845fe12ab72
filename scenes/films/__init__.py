"""Scripts that string scenes into whole films, and what a script is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Beat:
    """One part of a film.

    Attributes
    ----------
    scene : str or type
        A name in ``SCENES``, or a `Stage` subclass.
    recordings : tuple of str
        Which of the film's recordings the scene gets, the main one first; none for all of them.
    options : dict
        For the scene.
    title : str
        The chapter's name in the film.
    """

    scene: Any
    recordings: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True)
class Film:
    """An ordered list of beats."""

    name: str
    title: str
    beats: tuple[Beat, ...]
