"""An activation function as a curve, with a value that slides along it."""

from __future__ import annotations

import numpy as np
from manim import VGroup

from engine.layers import Dense
from engine.network import Network
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, number_text, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

SAMPLES = 241
LEAST = 4.0  # the curve is shown at least from minus this to this
ROOM = 1.12  # farther than the value
LEGEND_ROOM, TICK_ROOM = 0.36, 0.75  # below and at the left of the curve, in scene units


class ActivationCurve(VGroup):
    """What a neuron makes of its sum.

    Parameters
    ----------
    activation : str
        One of the engine's that takes one number.
    farthest : float
        The value that will be shown; the axis reaches a little farther.
    zone : Zone
    """

    def __init__(self, activation: str, farthest: float, zone: Zone, theme: Theme = DARK) -> None:
        self._network = Network([Dense(1, activation)], (1,))
        self._network.parameters[:] = [1.0, 0.0]
        self.reach = max(abs(farthest) * ROOM, LEAST)
        # the middle one is 0, and another just above it makes a step steep
        z = np.insert(np.linspace(-self.reach, self.reach, SAMPLES), SAMPLES // 2 + 1, 1e-6)
        values = self.apply(z)
        low, high = min(0.0, float(values.min())), max(float(values.max()), 1e-9)
        self.low, self.high = low, high
        self.plot = Zone(zone.left + TICK_ROOM, zone.right, zone.bottom + LEGEND_ROOM, zone.top)
        axes = [
            [self.place(-self.reach, 0.0), self.place(self.reach, 0.0)],
            [self.place(0.0, low), self.place(0.0, high)],
        ]
        self.axes = Polylines(np.array(axes), theme.faint, 2.0)
        self.curve = Polylines(np.array([[self.place(*pair) for pair in zip(z, values, strict=True)]]), theme.text, 3.0)
        self.drops = Polylines(np.zeros((2, 2, 2)), np.array([[*rgb(theme.highlight), 0.7]] * 2), 2.0)
        self.dot = PointCloud(np.zeros((1, 2)), theme.highlight, 0.09)
        ends = [
            written(number_text(value, style), at, edge, TEXT.small, theme.muted)
            for value, style, at, edge in (
                (-self.reach, ".1f", (self.plot.left, self.plot.bottom - 0.2), CENTER),
                (self.reach, ".1f", (self.plot.right, self.plot.bottom - 0.2), RIGHT),
                (high, ".3g", (self.plot.left - 0.15, self.plot.top), RIGHT),
            )
        ]
        names = {"relu": "ReLU", "sigmoid": "sigmoid"}
        at = (self.plot.left + 0.1, self.plot.top - 0.1)
        title = written(names.get(activation, activation), at, LEFT, TEXT.label, theme.muted)
        super().__init__(self.axes, self.curve, self.drops, self.dot, *ends, title)
        self.set_value(0.0)

    def apply(self, z: np.ndarray) -> np.ndarray:
        """The function by the engine's own kernel, (N,)."""
        return np.asarray(self._network.predict(np.asarray(z, dtype=np.float32)[:, None])[:, 0], dtype=np.float64)

    def place(self, z: float, value: float) -> np.ndarray:
        """Where a sum and its activation are in the frame, (2,)."""
        plot = self.plot
        x = plot.left + plot.width * (z + self.reach) / (2 * self.reach)
        return np.array([x, plot.bottom + plot.height * (value - self.low) / (self.high - self.low)])

    def set_value(self, z: float) -> ActivationCurve:
        """Slide to a sum."""
        self.value = float(self.apply(np.array([z]))[0])
        at = self.place(z, self.value)
        self.dot.set_positions(at[None])
        self.drops.set_lines(np.array([[self.place(z, 0.0), at], [self.place(0.0, self.value), at]]))
        return self
