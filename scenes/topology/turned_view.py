"""A view of a space that is turned first, so that what matters lies level."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.analysis.geometry import Rotation, embed
from scenes.mobjects.view import View


@dataclass
class TurnedView(View):
    """A view whose space is moved and turned before it is looked at.

    Attributes
    ----------
    turn : ndarray, (3, 3)
        Orthogonal; a place p is seen as ``turn @ (p - center)``.
    center : ndarray, (3,)
        The place of the space that is seen at the origin.
    """

    turn: np.ndarray = field(default_factory=lambda: np.eye(3))
    center: np.ndarray = field(default_factory=lambda: np.zeros(3))

    def settled(self, positions: np.ndarray) -> np.ndarray:
        """Positions (N, 3) moved and turned, before any view."""
        return np.asarray((embed(positions, 3) - self.center) @ self.turn.T)

    def look(self, positions: np.ndarray) -> np.ndarray:
        return super().look(self.settled(positions))

    def depths(self, positions: np.ndarray) -> np.ndarray:
        return super().depths(self.settled(positions))


def level(weight: np.ndarray, up: bool = True) -> Rotation:
    """The rotation that turns a direction (3,) to the third axis, along the shortest way.

    Parameters
    ----------
    weight : array (3,)
        Not zero.
    up : bool
        Whether it ends upwards; else downwards.
    """
    start = np.asarray(weight, dtype=np.float64) / np.linalg.norm(weight)
    end = np.array([0.0, 0.0, 1.0 if up else -1.0])
    cross, cosine = np.cross(start, end), float(start @ end)
    if np.linalg.norm(cross) < 1e-9:
        return Rotation(np.eye(3) if cosine > 0 else np.diag([1.0, -1.0, -1.0]))
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return Rotation(np.eye(3) + skew + skew @ skew / (1 + cosine))  # Rodrigues
