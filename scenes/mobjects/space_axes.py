"""The axes of a space, with unit ticks and a frame: what makes its scale visible."""

from __future__ import annotations

import numpy as np

from scenes.mobjects.polylines import Polylines
from scenes.mobjects.view import View
from scenes.theme import DARK, Theme, rgb

TICKS = 12  # on each side of zero
TICK_LENGTH = 0.14
LEGIBLE, CLEAR = 0.1, 0.3  # distances of ticks, in scene units, from which they appear and are fully there
REACH = 12.0  # how far lines run where nothing ends them, in scene units


class SpaceAxes(Polylines):
    """Two axes through the origin with a tick at every unit, and the square or cube from -1 to 1 as a frame.

    Where units come too close their ticks fade out; those at tens stay.

    Parameters
    ----------
    reach : tuple of float
        How far the axes run from the origin to each side and up and down, in scene units.
    spatial : bool
        Whether there is a third axis and a cube.
    """

    def __init__(self, reach: tuple[float, float] = (REACH, REACH), spatial: bool = False, theme: Theme = DARK) -> None:
        self.dimensions = 3 if spatial else 2
        self.reach = (*reach, reach[1])
        axes = self.dimensions
        self.steps = np.array([k for k in range(-TICKS, TICKS + 1) if k])
        # axes, then ticks at units, ticks at tens, then the frame's edges; two vertices each
        self.edges = _edges(self.dimensions)
        count = axes + 2 * axes * len(self.steps) + len(self.edges)
        self.kinds = np.repeat([0, 1, 2, 3], [axes, axes * len(self.steps), axes * len(self.steps), len(self.edges)])
        colours = np.empty((count, 4))
        colours[:, :3] = rgb(theme.faint)
        colours[self.kinds == 1, :3] = colours[self.kinds == 2, :3] = rgb(theme.muted)
        colours[:, 3] = 1.0
        widths = np.choose(self.kinds, [1.6, 1.3, 1.3, 1.6])
        super().__init__(np.zeros((count, 2, 3)), colours, widths)

    def place(self, view: View, frame_opacity: float) -> SpaceAxes:
        """Put the axes where a view sees them, with the frame from -1 to 1 as opaque as is said.

        Seen from aside, the axes end near the frame.
        """
        look, scale, tilt = view.look, view.unit, view.tilt
        origin = look(np.zeros((1, 3)))[0]
        flat_reach, near_reach = np.array(self.reach) / scale, np.full(3, 1.35)
        reaches = flat_reach + tilt * (np.minimum(near_reach, flat_reach) - flat_reach)
        lines, alphas = [], []
        directions = np.eye(3)[: self.dimensions]
        for axis, direction in enumerate(directions):
            lines.append(look(np.outer([-reaches[axis], reaches[axis]], direction)))
            alphas.append(np.array([1.0 if axis < 2 else tilt]))
        for size in (1, 10):
            for axis, direction in enumerate(directions):
                places = self.steps * size
                at = look(np.outer(places, direction))
                along = look(direction[None])[0] - origin
                normal = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
                ends = np.array([-0.5, 0.5])[:, None] * TICK_LENGTH * normal * (1.6 if size == 10 else 1.0)
                lines.append((at[:, None] + ends).reshape(-1, 2))
                shown = np.clip((size * float(np.hypot(*along)) - LEGIBLE) / (CLEAR - LEGIBLE), 0.0, 1.0)
                alphas.append(np.where(np.abs(places) <= reaches[axis], shown * (1.0 if axis < 2 else tilt), 0.0))
        corners = np.zeros((len(self.edges) * 2, 3))
        corners[:, : self.dimensions] = self.edges.reshape(-1, self.dimensions)
        if self.dimensions == 3:
            corners[:, 2] *= tilt  # the cube rises out of the square
        lines.append(look(corners))
        alphas.append(np.full(len(self.edges), frame_opacity))
        self.points[:, :2] = np.concatenate(lines)
        assert self.colours is not None
        self.colours[:, 3] = np.concatenate(alphas)
        return self


def _edges(dimensions: int) -> np.ndarray:
    """The edges of the square or cube from -1 to 1, (E, 2, dimensions)."""
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * dimensions, indexing="ij")).reshape(dimensions, -1).T
    return np.array([(a, b) for i, a in enumerate(corners) for b in corners[i + 1 :] if np.count_nonzero(a != b) == 1])
