"""A place in the frame that shows one thing at a time."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from manim import Mobject, VGroup, VMobject

from scenes.mobjects.still import Still
from scenes.painting.canvas import PixelBox
from scenes.painting.mobject import Painted
from scenes.theme import TIMING

if TYPE_CHECKING:
    from scenes.painting.canvas import Canvas


class Slot(Painted):
    """Shows one still picture, such as a caption, until it is told to show another; the old one fades first.

    Parameters
    ----------
    fade : float
        Seconds that a change takes, out and in together.

    Attributes
    ----------
    time : float
        The scene's absolute time, which decides how far a change has come.
    """

    fixed_in_frame = True

    def __init__(self, fade: float = TIMING.fade, halo: str | None = None, **kwargs: Any) -> None:
        super().__init__(np.zeros((1, 3)), **kwargs)
        self.fade_time = fade
        self.halo = halo
        self.current: Still | None = None
        self.previous: Still | None = None
        self.changed = -np.inf
        self.time = 0.0

    def show(self, mobject: VMobject | None, time: float) -> None:
        """Change to another picture (or none) from `time` on."""
        self.previous = self.current
        self.current = None if mobject is None else Still(mobject, halo=self.halo)
        self.changed = time
        self.time = time
        self.points = np.zeros((1, 3)) if self.current is None else self.current.points.copy()

    @property
    def settled(self) -> float:
        """The time from which on nothing changes any more."""
        return float(self.changed + self.fade_time)

    def parts(self) -> list[tuple[Still, float]]:
        """What is to be seen now, with its opacity."""
        progress = (self.time - self.changed) / self.fade_time if self.fade_time > 0 else 1.0
        # half the time to leave and half to enter; with nothing to leave, all of it to enter
        leaving = 1 - 2 * progress if self.previous is not None else 0.0
        entering = 2 * progress - 1 if self.previous is not None else progress
        parts = [(self.previous, leaving), (self.current, entering)]
        return [(still, min(opacity, 1.0) * self.opacity) for still, opacity in parts if still and opacity > 0]

    def paint(self, canvas: Canvas) -> None:
        for still, opacity in self.parts():
            still.set_opacity(opacity)
            still.paint(canvas)

    def imprint(self) -> tuple[Any, ...]:
        return tuple((opacity, *still.imprint()) for still, opacity in self.parts())

    def extent(self, canvas: Canvas) -> PixelBox:
        return reduce(PixelBox.union, [still.extent(canvas) for still, _ in self.parts()] or [PixelBox(0, 0, 0, 0)])

    def as_vectors(self) -> Mobject:
        return VGroup(*(still.set_opacity(opacity).as_vectors() for still, opacity in self.parts()))
