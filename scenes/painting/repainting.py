"""Which parts of a frame must be painted again, since something there is not as it was in the frame before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from manim import Mobject

from scenes.painting.canvas import Canvas, PixelBox
from scenes.painting.mobject import Painted

SLACK = 10_000  # pixels that are rather painted needlessly than in a box of their own
MOST = 0.8  # of the frame: where more has changed, all is painted
_TELLING: dict[type, bool] = {}  # what `tells` has found


class Shown(NamedTuple):
    """How a mobject was painted.

    Attributes
    ----------
    mobject : Painted
    imprint : tuple
        All that its picture depends on.
    box : PixelBox
        The pixels that it may cover.
    """

    mobject: Painted
    imprint: tuple[Any, ...]
    box: PixelBox


class Picture:
    """What a frame shows, so that it need only be painted again where the next one differs.

    Attributes
    ----------
    shown : dict of int to Shown
        By the mobject's id, in the order in which they were painted.
    view : tuple
        Where scene coordinates lay; empty if nothing is known of what the frame shows.
    ground : ndarray or None
        What lay under all.
    """

    def __init__(self) -> None:
        self.shown: dict[int, Shown] = {}
        self.view: tuple[Any, ...] = ()
        self.ground: np.ndarray | None = None

    def forget(self) -> None:
        """Nothing is known of what the frame shows any more."""
        self.shown, self.view, self.ground = {}, (), None

    def change(
        self, mobjects: Sequence[Mobject], canvas: Canvas, fixed: Canvas, ground: np.ndarray
    ) -> list[PixelBox] | None:
        """Which boxes must be painted again to show these mobjects, in this order; None if everything must be.

        It is for the caller to paint them: what is known of the frame is already what it is about to show.

        Parameters
        ----------
        mobjects : sequence of Mobject
        canvas, fixed : Canvas
            For what moves with the scene, and for what is fixed in the frame.
        ground : ndarray
            The frame where there is nothing.
        """
        before, view = self.shown, (canvas.view, fixed.view)
        is_known = self.view == view and self.ground is ground
        self.forget()
        if not canvas.is_flat:
            return None
        shown: dict[int, Shown] = {}
        for mobject in mobjects:
            now = _showing(mobject, before.get(id(mobject)) if is_known else None, canvas, fixed)
            if now is None:
                return None
            shown[id(mobject)] = now
        self.shown, self.view, self.ground = shown, view, ground
        if not is_known or [k for k in before if k in shown] != [k for k in shown if k in before]:
            return None
        boxes = [was.box for k, was in before.items() if was is not shown.get(k)]
        boxes += [now.box for k, now in shown.items() if now is not before.get(k)]
        boxes = merged(box for box in boxes if box.area > 0)
        height, width = canvas.words.shape
        return boxes if sum(box.area for box in boxes) <= MOST * height * width else None


def _showing(mobject: Mobject, before: Shown | None, canvas: Canvas, fixed: Canvas) -> Shown | None:
    """How a mobject is to be painted, the same object as before if it is as before; None if that cannot be told."""
    if not isinstance(mobject, Painted) or not tells(type(mobject)):
        return None
    is_seen = mobject.opacity > 0
    imprint = mobject.imprint() if is_seen else ()
    if imprint is None:
        return None
    imprint = (mobject.opacity, mobject.fixed_in_frame, *imprint) if is_seen else ()
    if before is not None and before.imprint == imprint:
        return before
    box = mobject.extent(fixed if mobject.fixed_in_frame else canvas) if is_seen else PixelBox(0, 0, 0, 0)
    return None if box is None else Shown(mobject, imprint, box)


def tells(kind: type) -> bool:
    """Whether the class that paints is also the one that tells what the picture depends on and how far it reaches."""
    if kind not in _TELLING:
        painting = next(each for each in kind.__mro__ if "paint" in vars(each))
        _TELLING[kind] = "imprint" in vars(painting) and "extent" in vars(painting)
    return _TELLING[kind]


def merged(boxes: Iterable[PixelBox]) -> list[PixelBox]:
    """Boxes that hold all the given ones, fewer and with little else in them."""
    result: list[PixelBox] = []
    waiting = list(boxes)
    while waiting:
        box = waiting.pop()
        for k, other in enumerate(result):
            both = box.union(other)
            if both.area <= box.area + other.area + SLACK:
                del result[k]
                waiting.append(both)
                break
        else:
            result.append(box)
    return result
