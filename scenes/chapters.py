"""Lessons whose parts are functions of their own, in files of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from manim import VMobject

from scenes.lesson import Lesson
from scenes.stage import Stage
from scenes.theme import TIMING


class Chapters(Lesson, Stage):
    """A lesson of one recording whose parts are functions that take the scene.

    A subclass names its `parts` and implements `build`, which makes what they share. A part ends with `leave`: what it
    showed is still there when the scene ends with it, and fades away when another part follows.

    Attributes
    ----------
    parts : dict of str to callable
        Functions of the scene, by name, in their order.
    """

    parts: ClassVar[Mapping[str, Callable[[Any], None]]] = {}

    def __init_subclass__(cls, **settings: Any) -> None:
        super().__init_subclass__(**settings)
        cls.PARTS = {name: () for name in cls.parts}

    def construct(self) -> None:
        self._left: tuple[VMobject, ...] = ()
        super().construct()
        self.wait(TIMING.beat)

    def tell(self, part: str) -> None:
        self.parts[part](self)

    def leave(self, *mobjects: VMobject) -> None:
        """Say what is to fade away when something follows."""
        self._left = mobjects

    def sweep(self) -> None:
        """Let fade what was to leave."""
        if self._left:
            self.fade(leaving=self._left, seconds=TIMING.quick)
        self._left = ()
