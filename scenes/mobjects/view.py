"""From the coordinates of a space to the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

FOCAL = 18.0  # distance of the eye, in scene units
TILT = np.radians(62.0)  # from above, where a space has three dimensions
SWING, SWING_SECONDS = np.radians(32.0), 18.0  # how far and how slowly the eye goes round


@dataclass
class View:
    """Where a space's points are seen.

    Attributes
    ----------
    origin : ndarray, (2,)
        Where the space's origin is in the frame.
    unit : float
        Scene units to a unit of the space.
    tilt : float
        0 looks at the first two axes from above, 1 from aside at all three.
    time : float
        Seconds; seen from aside, the eye slowly goes to and fro with it.
    clock : callable, optional
        Gives the time instead, whenever something is looked at: what is drawn is then never a frame late.
    """

    origin: np.ndarray = field(default_factory=lambda: np.zeros(2))
    unit: float = 1.0
    tilt: float = 0.0
    time: float = 0.0
    clock: Callable[[], float] | None = None

    def look(self, positions: np.ndarray) -> np.ndarray:
        """Positions (N, 2) or (N, 3) in the space as they are seen in the frame, (N, 2)."""
        scaled = self.unit * positions
        if scaled.shape[1] == 2 or (self.tilt == 0.0 and not scaled[:, 2].any()):
            return np.asarray(scaled[:, :2] + self.origin)
        right, up, near = self._turned(scaled)
        seen: np.ndarray = np.column_stack([right, up]) * (FOCAL / (FOCAL - near))[:, None] + self.origin
        return seen

    def depths(self, positions: np.ndarray) -> np.ndarray:
        """How near to the eye positions (N, 3) are, (N,)."""
        return self._turned(self.unit * positions)[2]

    @property
    def axes(self) -> np.ndarray:
        """To the right, upwards and towards the eye, (3, 3): each row is a direction of the space."""
        return np.array(self._turned(np.eye(3)))

    def _turned(self, scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """To the right, upwards and towards the eye, in scene units."""
        time = self.time if self.clock is None else self.clock()
        round_ = self.tilt * SWING * np.sin(2 * np.pi * time / SWING_SECONDS)
        down = self.tilt * TILT
        x, y, z = scaled.T
        right, back = np.cos(round_) * x - np.sin(round_) * y, np.sin(round_) * x + np.cos(round_) * y
        return right, np.cos(down) * back + np.sin(down) * z, np.cos(down) * z - np.sin(down) * back


def largest_unit(positions: np.ndarray, tilt: float, width: float, height: float) -> float:
    """The scale at which positions (N, 3) are seen within a rectangle about the origin, wherever the eye is going."""
    limit = np.inf
    for time in (0.0, SWING_SECONDS / 4, -SWING_SECONDS / 4) if tilt else (0.0,):
        right, up, near = View(tilt=tilt, time=time)._turned(positions)
        for across, half in ((right, width / 2), (up, height / 2)):
            # unit * |across| * FOCAL / (FOCAL - unit * near) <= half, solved for the unit
            slope = np.abs(across) / half + near / FOCAL
            limit = min(limit, 1.0 / max(float(slope.max()), 1e-6))
    return limit


def corners(extent: np.ndarray) -> np.ndarray:
    """The corners of a box that reaches `extent` (3,) to both sides of the origin, (8, 3)."""
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3, indexing="ij")).reshape(3, -1).T
    return np.asarray(signs * extent)
