"""Three learning rates from the same start on the same landscape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from scenes.descent.surface import LEAST
from scenes.descent.telling import how_rates_differ, losses_of
from scenes.descent.terrain import bounds_of, losses_over, path_of, seen_terrain
from scenes.mobjects.readout import Readout
from scenes.mobjects.terrain import ASIDE
from scenes.mobjects.writing import LEFT, written
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

WIDTH = 4.2
ZONES = tuple(Zone(left, left + WIDTH, -2.4, 1.6) for left in np.linspace(SAFE.left, SAFE.right - WIDTH, 3).tolist())
TITLE, NUMBERS = 2.3, 1.88
SECONDS = 12.0


class RatesPart:
    """Three landscapes side by side, one counter."""

    def __init__(self, stage: Stage, recordings: Sequence[Recording]) -> None:
        theme = stage.theme
        self.stage, self.recordings = stage, list(recordings)
        self.rates = [float(recording.training["optimizer"]["learning_rate"]) for recording in recordings]
        bounds = bounds_of(recordings, LEAST, 0.05)
        found = losses_over(recordings[0], bounds)
        self.terrains, self.paths, self.titles, self.losses = [], [], [], []
        for recording, rate, zone in zip(recordings, self.rates, ZONES, strict=True):
            terrain = seen_terrain(stage, found, zone)
            path = terrain.add_path(*path_of(recording), theme.highlight, 2.5, 0.09)
            self.terrains.append(terrain)
            self.paths.append(path)
            title = written(f"learning rate {rate:g}", (zone.left, TITLE), LEFT, TEXT.label, theme.text)
            number = Readout("loss", 0.0, ".3f", 9.0, TEXT.small, theme.loss, theme.muted)
            number.move_to([zone.left, NUMBERS, 0], aligned_edge=np.array([-1, 0, 0]))
            self.titles.append(title)
            self.losses.append(number)
        self.last = min(int(path.moments[-1]) for path in self.paths)
        self.counter = stage.readout("step", ",d", self.last)

    def tell(self) -> None:
        stage = self.stage
        moved = (*self.terrains, *self.paths, *self.losses, self.counter)
        stage.heading("How long a step?")
        stage.caption("The same start, the same landscape.\nOnly the learning rate differs.")
        for terrain in self.terrains:
            terrain.set_tilt(ASIDE)
        self.set_moment(0.0)
        stage.fade(*self.terrains, *self.paths, *self.titles, *self.losses, self.counter)
        self.hold(TIMING.slow)
        stage.caption("It says how long a step is: the slope\ntimes the learning rate.")
        self.hold(TIMING.slow + TIMING.beat)

        def walk(share: float) -> None:
            for terrain in self.terrains:
                terrain.look()
            self.set_moment(self.last * share**1.5)

        stage.caption(how_rates_differ(losses_of(self.recordings[0]), losses_of(self.recordings[-1])))
        stage.play_clock(SECONDS, walk, *moved, rate_func=linear)
        ends = [recording.evaluate(self.last)["loss"] for recording in self.recordings]
        stage.caption(f"After {self.last:,} steps the losses are\n{ends[0]:.2f}, {ends[1]:.2f} and {ends[2]:.2f}.")
        self.hold(2 * TIMING.slow)

    def set_moment(self, moment: float) -> None:
        """Show a moment of all trainings, in epochs."""
        epoch = int(moment + 1e-9)
        for path, number, recording in zip(self.paths, self.losses, self.recordings, strict=True):
            path.set_moment(moment)
            number.set_value(recording.evaluate(epoch)["loss"])
        self.counter.set_value(epoch)

    def hold(self, seconds: float) -> None:
        """Wait while the eyes go on."""

        def look(share: float) -> None:
            for terrain in self.terrains:
                terrain.look()

        self.stage.play_clock(seconds, look, *self.terrains, *self.paths)
