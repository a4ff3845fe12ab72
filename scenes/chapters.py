"""Scenes that tell their story in parts, some of which can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from manim import VMobject

from engine.errors import RenderError, nearest
from scenes.stage import Stage
from scenes.subtitles import caption_lines
from scenes.theme import TIMING


class Chapters(Stage):
    """A scene that tells its story in parts; the option ``parts`` chooses some of them.

    A subclass names its `parts` and implements `build`, which makes what they share. A part ends with `leave`: what it
    showed is still there when the scene ends with it, and fades away when another part follows.

    Attributes
    ----------
    parts : dict of str to callable
        Functions of the scene, by name, in their order.
    """

    parts: ClassVar[Mapping[str, Callable[[Any], None]]] = {}

    def build(self) -> None:
        """Compute what is shown, and make what stays for more than one part."""

    def construct(self) -> None:
        chosen = chosen_parts(self.options, list(self.parts))
        self._left: tuple[VMobject, ...] = ()
        self.build()
        for name in chosen:
            self.make_room()
            self.parts[name](self)
        self.read(TIMING.beat)

    def caption(self, text: str | None) -> None:
        # the one before is there until it could be read
        if text is not None and "\n".join(caption_lines(text)) != self._own:
            self.read()
        super().caption(text)

    def leave(self, *mobjects: VMobject) -> None:
        """Say what is to fade away when something follows."""
        self._left = mobjects

    def make_room(self) -> None:
        """Let fade what was to leave, once the caption could be read."""
        self.read()
        if self._left:
            self.fade(leaving=self._left, seconds=TIMING.quick)
        self._left = ()


def chosen_parts(options: Mapping[str, Any], known: Sequence[str]) -> list[str]:
    """The parts of a scene that its option ``parts`` asks for, in the order in which it asks for them.

    Parameters
    ----------
    options : mapping
        ``parts`` is a name or a sequence of names; without it, all are meant.
    known : sequence of str
        The names of the parts that there are.

    Raises
    ------
    ConfigurationError
        When there is no part of a name.
    RenderError
        When none is named.

    Examples
    --------
    >>> chosen_parts({"parts": ("pooling",)}, ("window", "pooling"))
    ['pooling']
    """
    asked = options.get("parts")
    if asked is None:
        return list(known)
    names = [asked] if isinstance(asked, str) else list(asked)
    if not names:
        raise RenderError(f"parts={asked!r} names no part: leave it out for all, or name some of {', '.join(known)}")
    for name in names:
        if name not in known:
            raise nearest("part", name, known)
    return names
