"""Time that passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from manim import Animation, Mobject, Scene, linear


class Clock(Animation):
    """Calls a function in every frame with how far the time has run.

    Parameters
    ----------
    function : callable
        Takes the share of the run time that has passed, 0 to 1, through `rate_func`.
    mobjects : Mobject
        What the function changes. If none are given, everything in the scene may change.
    """

    def __init__(self, function: Callable[[float], object], *mobjects: Mobject, **kwargs: Any) -> None:
        self.function = function
        self.anything = not mobjects
        kwargs.setdefault("rate_func", linear)
        super().__init__(Mobject(), **kwargs)
        self.moved = mobjects

    def _setup_scene(self, scene: Scene) -> None:
        for mobject in self.moved:
            if not any(mobject in top.get_family() for top in scene.mobjects):
                scene.add(mobject)

    def is_introducer(self) -> bool:
        return True

    def begin(self) -> None:
        self.interpolate(0)

    def update_mobjects(self, dt: float) -> None:
        pass

    def interpolate(self, alpha: float) -> None:
        self.function(self.rate_func(min(max(alpha, 0.0), 1.0)))

    def finish(self) -> None:
        self.interpolate(1)

    def clean_up_from_scene(self, scene: Scene) -> None:
        pass
