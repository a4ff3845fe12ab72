"""Where manim's own classes must know of ours: loaded with whatever of `scenes` a scene uses."""

from __future__ import annotations

from typing import Any

import cairo
from manim import CairoRenderer, Camera, VMobject, config


def _display(self: Camera, vmobject: VMobject, ctx: cairo.Context) -> Any:
    """Manim's own cameras draw a painted mobject as vectors: they know no display function but their own."""
    if not hasattr(vmobject, "as_vectors_for"):
        return _display_vectorized(self, vmobject, ctx)
    if vmobject.opacity > 0:
        for member in vmobject.as_vectors_for(self).family_members_with_points():
            self.display_vectorized(member, ctx)
    return self


def _play(self: CairoRenderer, scene: Any, *args: Any, **kwargs: Any) -> None:
    """Manim's own renderer takes no video of an animation from its cache.

    The cache goes by the code and by what the mobjects hold. It sees no recording that they are computed from, and
    would show the same code on another recording, or on one that was trained further, as the first one was.
    """
    before = config["disable_caching"]
    config["disable_caching"] = True
    try:
        _play_cached(self, scene, *args, **kwargs)
    finally:
        config["disable_caching"] = before


_display_vectorized, _play_cached = Camera.display_vectorized, CairoRenderer.play
Camera.display_vectorized = _display
CairoRenderer.play = _play
