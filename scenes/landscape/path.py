"""The plane that holds most of the recorded path, the path in it, and how far off it really was."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, linear

from engine.analysis.landscape import grid_around, path_in, path_plane
from scenes.landscape.measured import Measured, shown, turning_terrain
from scenes.mobjects.legend import Legend
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.terrain import Terrain
from scenes.theme import SAFE, TIMING, Theme, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

LAND = Zone(SAFE.left + 0.2, SAFE.right - 0.2, -1.5, 2.4)  # under it there is room for the key
SECONDS = 10.0
SWING, SWING_SECONDS = 0.5, 20.0  # of the eye, in radians
MOST_STEMS = 24


class Stems(VGroup):
    """From places on a terrain, lines up or down to the losses that the recorded networks really had.

    Parameters
    ----------
    terrain : Terrain
    places : array (N, 2)
        Of the plane.
    heights : array (N,)
        The real losses, on the terrain's scale.
    """

    def __init__(self, terrain: Terrain, places: np.ndarray, heights: np.ndarray, theme: Theme) -> None:
        self.terrain, self.places, self.heights = terrain, places, heights
        self.lines = Polylines(np.zeros((len(places), 2, 2)), np.array([[*rgb(theme.text), 0.7]] * len(places)), 1.5)
        self.heads = PointCloud(np.zeros((len(places), 2)), theme.text, 0.045)
        self.share = 1.0
        super().__init__(self.lines, self.heads)
        self.look()

    def set_share(self, share: float) -> Stems:
        """Let them grow from the surface, to their whole length at 1."""
        self.share = share
        return self.look()

    def look(self) -> Stems:
        """Stand where they are seen now."""
        feet = self.terrain.seen(self.places)
        heads = self.terrain.view.look(self.terrain.in_space(self.places, self.heights))
        heads = feet[:, :2] + (heads - feet[:, :2]) * self.share
        self.lines.set_lines(np.stack([feet[:, :2], heads], axis=1))
        self.heads.set_positions(heads)
        return self


class PathPart:
    """The recorded path on the surface over its own principal plane."""

    def __init__(self, stage: Stage, recording: Recording) -> None:
        theme = stage.theme
        self.stage, self.recording = stage, recording
        self.measured = Measured(recording)
        plane = path_plane(recording)
        self.taken = path_in(recording, plane)
        a, b = grid_around(self.taken.coordinates, self.measured.resolution)
        self.found = self.measured.over(plane, a, b)
        self.terrain, self.step = turning_terrain(stage, self.found, LAND, self.angle, (-SWING, 0.0, SWING))
        self.epochs = np.array(recording.epochs, np.float64)
        self.path = self.terrain.add_path(self.epochs, self.taken.coordinates, theme.highlight, 3.0)
        chosen = np.unique(np.linspace(0, len(self.epochs) - 1, min(len(self.epochs), MOST_STEMS)).round().astype(int))
        self.heights = np.array([self.measured.of_epoch(recording.epochs[k]) for k in chosen])
        self.chosen = chosen
        self.stems = Stems(self.terrain, self.taken.coordinates[chosen], self.heights, theme)
        self.terrain.paths.append(self.stems)
        self.epoch = stage.readout("epoch", ",d", recording.epochs[-1])
        self.loss = stage.readout("loss", ".3f", 9.0, color=theme.loss)

    def angle(self) -> float:
        """How far the eye has gone round: to and fro, so that a long plane lies across the frame."""
        return SWING * math.sin(2 * math.pi * self.stage.now / SWING_SECONDS)

    def tell(self) -> None:
        stage, theme, recording = self.stage, self.stage.theme, self.recording
        last, share = recording.epochs[-1], self.taken.share
        stage.heading("Along the path", "the two principal directions of the way that training took")
        stage.caption("A better cut: along the two directions\nin which the network has moved most.")
        self.set_moment(self.epochs[0])
        stage.fade(self.terrain, self.path, self.epoch, self.loss)
        self.hold(2 * TIMING.slow)
        stage.caption(f"Of the path’s variance\nthis plane holds {shown(share)}.")
        first = self.epochs[0]

        def walk(passed: float) -> None:
            self.terrain.look()
            self.set_moment(first + (self.epochs[-1] - first) * passed**1.6)

        stage.play_clock(SECONDS, walk, self.terrain, self.path, self.epoch, self.loss, rate_func=linear)
        ends = [recording.evaluate(epoch)["loss"] for epoch in (recording.epochs[0], last)]
        stage.caption(f"In {last:,} epochs the loss fell\nfrom {ends[0]:.2f} to {ends[1]:.3f}.")
        self.hold(2 * TIMING.slow)
        stage.caption("What it does not hold lies off the plane.\nStems lead to the losses it really had.")
        key = Legend([(theme.highlight, "path, as the plane shows it"), (theme.text, "its real losses")],
                     (SAFE.left, -1.65), theme=theme)  # fmt: skip

        def grow(passed: float) -> None:
            self.terrain.look()
            self.stems.set_share(passed)

        self.stems.set_share(0.0)
        stage.fade(key, seconds=TIMING.quick)
        stage.play_clock(TIMING.slow, grow, self.terrain, self.path, self.stems)
        self.hold(3 * TIMING.slow)

    def set_moment(self, moment: float) -> None:
        """Show a moment of the training, in epochs."""
        self.path.set_moment(moment)
        epoch = int(self.epochs[self.epochs <= moment + 1e-9][-1])
        self.epoch.set_value(epoch)
        self.loss.set_value(self.recording.evaluate(epoch)["loss"])

    def hold(self, seconds: float) -> None:
        """Wait while the eye goes round."""

        def look(passed: float) -> None:
            self.terrain.look()
            self.stems.look()

        stems = (self.stems,) if self.stems in self.stage.mobjects else ()
        self.stage.play_clock(seconds, look, self.terrain, self.path, *stems)
