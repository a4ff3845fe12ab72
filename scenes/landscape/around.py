"""Around the solution: a cut along two directions that were drawn by lot."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.landscape import filter_normalised_plane, path_in
from scenes.landscape.measured import Measured, shown, turning_terrain
from scenes.theme import SAFE, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

LAND = Zone(SAFE.left + 0.6, SAFE.right - 0.6, -2.4, 2.4)
ROUND = np.linspace(0.0, 2 * math.pi, 12, endpoint=False).tolist()
TURN_SECONDS = 24.0  # for the whole way round
START = 2.2  # in radians: where one sees down to the ball when it is spoken of


class AroundPart:
    """A landscape that turns, with the trained network in its middle."""

    def __init__(self, stage: Stage, recording: Recording) -> None:
        self.stage, self.recording = stage, recording
        self.measured = Measured(recording)
        self.plane = filter_normalised_plane(recording.network())
        self.share = path_in(recording, self.plane).share
        places = np.linspace(-1.0, 1.0, self.measured.resolution)
        self.found = self.measured.over(self.plane, places, places)
        self.terrain, self.step = turning_terrain(stage, self.found, LAND, self.angle, ROUND)
        self.ball = self.terrain.add_path(np.array([0.0, 1.0]), np.zeros((2, 2)), stage.theme.highlight, radius=0.13)

    def angle(self) -> float:
        """How far the eye has gone round."""
        return 2 * math.pi * self.stage.now / TURN_SECONDS + START

    def tell(self) -> None:
        stage, count = self.stage, self.recording.parameter_count
        used, of = len(self.measured.x), len(self.recording.data.x)
        stage.heading("Around the solution", "two random directions, normalised filter by filter")
        stage.caption(f"A network of {count:,} parameters: its loss\nhas as many dimensions.")
        stage.fade(self.terrain, self.ball)
        self.hold(TIMING.slow + TIMING.beat)
        stage.caption("This is a cut through it,\nalong two directions drawn by lot.")
        self.hold(2 * TIMING.slow)
        stage.caption("The ball is the trained network,\nlow in the middle.")
        self.hold(TIMING.slow + TIMING.beat)
        times = "twice" if self.step == 1 else f"{2**self.step:,} times"
        stage.caption(f"From one line up to the next\nthe loss becomes {times} as great.")
        self.hold(2 * TIMING.slow)
        if used < of:
            stage.caption(f"Each place is a network of its own,\nmeasured on {used:,} of {of:,} examples.")
        else:
            stage.caption(f"Each place is a network of its own:\n{self.found.losses.size:,} were measured.")
        self.hold(2 * TIMING.slow)
        stage.caption(f"Of the way that training took\nsuch a cut holds {shown(self.share)}.")
        self.hold(2 * TIMING.slow)

    def hold(self, seconds: float) -> None:
        """Wait while the eye goes round."""
        self.stage.play_clock(seconds, lambda share: self.terrain.look(), self.terrain, self.ball)
