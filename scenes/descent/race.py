"""Gradient descent, small batches, momentum and Adam on one landscape, from one start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from scenes.descent.surface import LEAST
from scenes.descent.telling import losses_of, what_each_does
from scenes.descent.terrain import bounds_of, losses_over, path_of, seen_terrain
from scenes.mobjects.legend import Legend
from scenes.mobjects.readout import Readout
from scenes.mobjects.terrain import ASIDE
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

LAND = Zone(-2.3, SAFE.right, -2.4, 2.8)
KEY = (SAFE.left, 2.2)
ROW = 0.42
SECONDS = 16.0
COLOURS = (1, 0, 3, 8)  # of the theme's classes: apart from each other and from the ground


class RacePart:
    """Four paths on one surface, by the epoch: how often each has seen all the data."""

    def __init__(self, stage: Stage, runners: Mapping[str, Recording]) -> None:
        theme = stage.theme
        self.stage, self.runners = stage, dict(runners)
        recordings = list(self.runners.values())
        found = losses_over(recordings[0], bounds_of(recordings, LEAST, 0.0))
        self.terrain = seen_terrain(stage, found, LAND, ("weight", "bias"))
        colours = [theme.class_colour(k) for k in COLOURS]
        self.paths = [
            self.terrain.add_path(*path_of(recording), colour, 2.5, 0.1)
            for recording, colour in zip(recordings, colours, strict=True)
        ]
        size = TEXT.label
        self.key = Legend(list(zip(colours, self.runners, strict=True)), KEY, size, theme=theme)
        row = 0.36 * size / TEXT.small
        self.losses = []
        for k, colour in enumerate(colours):
            number = Readout("", 0.0, ".3f", 9.0, size, colour)
            number.move_to([SAFE.left + 3.95, KEY[1] - row * (k + 0.5), 0], aligned_edge=np.array([1, 0, 0]))
            self.losses.append(number)
        self.last = min(int(path.moments[-1]) for path in self.paths)
        self.counter = stage.readout("epoch", ",d", self.last)

    def tell(self) -> None:
        stage, terrain = self.stage, self.terrain
        recordings = list(self.runners.values())
        rates = {recording.training["optimizer"]["learning_rate"] for recording in recordings}
        stage.heading("Four ways down")
        same = (
            f"All have the same learning rate, {rates.pop():g}."
            if len(rates) == 1
            else "Each has its own learning rate."
        )
        stage.caption(f"Four rules start from one place.\n{same}")
        terrain.set_tilt(ASIDE)
        self.set_moment(0.0)
        stage.fade(terrain, *self.paths[::-1], self.key, *self.losses, self.counter)
        self.hold(TIMING.slow + TIMING.beat)
        size = recordings[1].training["batch_size"]
        said = what_each_does([losses_of(recording) for recording in recordings], size)
        moved = (terrain, *self.paths[::-1], *self.losses, self.counter)
        for k, sentence in enumerate(said):
            stage.caption(sentence)

            def walk(share: float, k: int = k) -> None:
                terrain.look()
                self.set_moment(self.last * (k + share) / len(said))

            stage.play_clock(SECONDS / len(said), walk, *moved, rate_func=linear)
        ends = {name: recording.evaluate(self.last)["loss"] for name, recording in self.runners.items()}
        first = min(ends, key=lambda name: ends[name])
        stage.caption(f"After {self.last} epochs the lowest loss is\nthat of {first}: {ends[first]:.3f}.")
        self.hold(2 * TIMING.slow)

    def set_moment(self, moment: float) -> None:
        """Show a moment of all four, in epochs."""
        epoch = int(moment + 1e-9)
        for path, number, recording in zip(self.paths, self.losses, self.runners.values(), strict=True):
            path.set_moment(moment)
            number.set_value(recording.evaluate(epoch)["loss"])
        self.counter.set_value(epoch)

    def hold(self, seconds: float) -> None:
        """Wait while the eye goes on."""
        self.stage.play_clock(seconds, lambda share: self.terrain.look(), self.terrain, *self.paths)
