"""How long the parts of a layer's movement take, and the scale at which it is shown on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine.analysis.geometry import LayerPath, Progress

SAMPLES = 121
SMALL_SHIFT = 0.02  # of the size of things
WINDOW = 0.06  # of the course: over how much of it a zoom is spread

TURN, STRETCH, SHIFT, ACTIVATE = "turn", "stretch", "shift", "activate"


class Part(NamedTuple):
    """One part of a movement, from `start` to `end` in shares of the whole."""

    name: str
    start: float
    end: float

    def done(self, share: float) -> float:
        """How much of it is done, eased at both ends."""
        if share >= self.end:
            return 1.0
        return float(smooth((share - self.start) / (self.end - self.start)))

    def presence(self, share: float, fade: float) -> float:
        """1 while it is going on, fading in and out over `fade` around its ends."""
        return float(np.clip((share - self.start) / fade + 0.5, 0, 1) * np.clip((self.end - share) / fade + 0.5, 0, 1))


class LayerCourse:
    """When a layer turns, stretches, shifts and applies its activation.

    Parameters
    ----------
    path : LayerPath
    whole : bool
        Whether turn, stretch and shift can be told apart in the picture; where a space is seen through a projection
        they are shown as one movement.
    pace : float
        Seconds are multiplied by it.

    Attributes
    ----------
    seconds : float
        The time that the movement needs to be followed.
    parts : dict of str to Part
        What there is to do; parts that would change nothing are left out.
    unseen : set of str
        Parts that are too small to be seen, and happen together with another.
    """

    def __init__(self, path: LayerPath, whole: bool = False, pace: float = 1.0) -> None:
        affine = path.affine
        pause = 0.2
        self.unseen: set[str] = set()
        spans: dict[str, tuple[float, float]] = {}
        at = pause
        if whole:
            for name in (TURN, STRETCH, SHIFT):
                spans[name] = (at, at + 1.8)
            at += 1.8 + pause
            self.unseen = {SHIFT}
        else:
            if affine.angle > 0.02 or affine.mirrors:
                length = 0.6 + 1.0 * affine.angle / np.pi
                spans[TURN] = (at, at + length)
                at += 0.75 * length  # the stretch sets in while the turn comes to rest
            if np.abs(np.log(np.maximum(affine.singular_values, 1e-6))).max() > 0.02 or affine.collapses:
                spans[STRETCH] = (at, at + 1.3)
                at += 1.3
            at = max([at, *(end for _, end in spans.values())]) + pause
            size = np.abs(affine.bias).max()
            if size > SMALL_SHIFT * max(1.0, affine.singular_values[0]):
                spans[SHIFT] = (at, at + 0.9)
                at += 0.9 + pause
            elif size > 0:
                spans[SHIFT] = spans.get(STRETCH, (at - pause, at))  # too small to see: done on the way
                self.unseen = {SHIFT}
        if path.activation != "linear":
            spans[ACTIVATE] = (at, at + 1.6)
            at += 1.6
        at += pause
        self.seconds = pace * at
        self.parts = {name: Part(name, start / at, end / at) for name, (start, end) in spans.items()}
        self._scales = np.zeros(SAMPLES)

    def progress(self, share: float) -> Progress:
        """How far each part of the movement is when `share` (0 to 1) of the course has passed."""
        names = (TURN, STRETCH, SHIFT, ACTIVATE)
        first = min((part.start for part in self.parts.values()), default=0.0)
        # a part that is left out is done when the first one starts
        done = [self.parts[name].done(share) if name in self.parts else float(share > first) for name in names]
        if ACTIVATE not in self.parts:
            done[3] = float(share >= 1.0)
        return Progress(*done)

    def presence(self, *names: str, share: float) -> float:
        """How much the picture is about the named parts, 0 to 1."""
        fade = 0.35 / max(self.seconds, 1e-9)
        seen = [self.parts[name] for name in names if name in self.parts and name not in self.unseen]
        return max((part.presence(share, fade) for part in seen), default=0.0)

    def fit(self, start: float, end: float, needed: Callable[[Progress], float]) -> None:
        """Choose the scale along the course.

        Parameters
        ----------
        start, end : float
            The scales at rest, before and after.
        needed : callable
            The largest scale at which everything still fits, at each progress.
        """
        shares = np.linspace(0, 1, SAMPLES)
        limit = np.log(np.minimum([needed(self.progress(share)) for share in shares], max(start, end)))
        limit[0], limit[-1] = np.log(start), np.log(end)
        # The lowest limit nearby, averaged: never above the limit, without corners, and exact at both ends.
        reach = np.minimum(np.minimum(np.arange(SAMPLES), np.arange(SAMPLES)[::-1]), round(WINDOW * SAMPLES))
        lowest = np.array([limit[k - r : k + r + 1].min() for k, r in enumerate(reach)])
        for _ in range(2):
            lowest = np.array([lowest[k - r : k + r + 1].mean() for k, r in enumerate(reach)])
        self._scales = lowest

    def scale(self, share: float) -> float:
        """Scene units to a unit of the space."""
        return float(np.exp(np.interp(share, np.linspace(0, 1, SAMPLES), self._scales)))


def smooth(t: float) -> float:
    """From 0 to 1 with no speed and no acceleration at either end: 6t⁵ - 15t⁴ + 10t³ (Perlin 2002)."""
    t = min(max(t, 0.0), 1.0)
    return t * t * t * (t * (6.0 * t - 15.0) + 10.0)
