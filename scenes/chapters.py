"""Scenes that tell their story in parts, some of which can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import RenderError, nearest


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
