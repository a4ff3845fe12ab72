"""The gradients of a network's weights, on their way back along its connections."""

from __future__ import annotations

import numpy as np

from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.polylines import Polylines
from scenes.theme import rgb

WIDEST = 5.0  # stroke of the largest gradient


class GradientEdges(Polylines):
    """The gradients of weights: over each connection a line that comes from behind it, the wider the larger.

    Parameters
    ----------
    diagram : NetworkDiagram
    passed : list of ndarray (E,)
        The gradient with respect to each connection's weight, link by link.
    """

    def __init__(self, diagram: NetworkDiagram, passed: list[np.ndarray]) -> None:
        # from one neuron's rim to the other's
        way = diagram.ends[:, 1] - diagram.ends[:, 0]
        rim = way / np.maximum(np.hypot(*way.T), 1e-9)[:, None] * diagram.radius
        self.ends = np.stack([diagram.ends[:, 0] + rim, diagram.ends[:, 1] - rim], axis=1)
        sizes = np.abs(np.concatenate(passed))
        shares = np.sqrt(sizes / max(float(sizes.max(initial=0.0)), 1e-30))
        self.strokes = 1.0 + (WIDEST - 1.0) * shares
        colours = np.tile([*rgb(diagram.theme.highlight), 1.0], (len(sizes), 1))
        colours[:, 3] = 0.25 + 0.75 * shares
        self.progress = np.zeros(len(sizes))
        super().__init__(self.ends, colours, self.strokes)
        self.set_progress(self.progress)

    def set_progress(self, progress: np.ndarray) -> GradientEdges:
        """How far each has come back along its connection, (E,) from 0 to 1."""
        self.progress = np.asarray(progress, dtype=np.float64)
        start, way = self.ends[:, 1], self.ends[:, 0] - self.ends[:, 1]
        self.set_lines(np.stack([start, start + way * self.progress[:, None]], axis=1))
        self.widths = np.where(self.progress > 0, self.strokes, 0.0)
        return self
