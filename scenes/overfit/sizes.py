"""Three networks on the same noisy points: too small, right, too large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.mobjects.writing import LEFT, written
from scenes.overfit.held_out import examples, measured
from scenes.replay import Replay
from scenes.theme import SAFE, TEXT, TIMING, Zone
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

SIDE = 3.95
ZONES = tuple(
    Zone(left, left + SIDE, -2.3, -2.3 + SIDE) for left in np.linspace(SAFE.left, SAFE.right - SIDE, 3).tolist()
)
TITLE, NUMBERS = 0.66, 0.24  # above the panels
SECONDS = 12.0
RADIUS = 0.06


class SizesPart:
    """Three trainings on one counter, then the points that none of them has seen."""

    def __init__(self, stage: Stage, recordings: Sequence[Recording]) -> None:
        theme = self.theme = stage.theme
        self.stage, self.recordings = stage, list(recordings)
        self.replays = [Replay(recording) for recording in recordings]
        self.panels: list[PlanePanel] = []
        self.titles: list[Still] = []
        self.learned: list[Readout] = []
        self.kept: list[Readout] = []
        self.unseen: list[tuple[PointCloud, PointCloud]] = []
        for recording, replay, zone in zip(recordings, self.replays, ZONES, strict=True):
            start = replay.network_at(replay.first)
            panel = PlanePanel(recording, zone, start, radius=RADIUS, resolution=144, theme=theme)
            self.panels.append(panel)
            self.unseen.append(panel.points_of(*examples(recording)))
            title = f"{start.parameter_count:,} parameters"
            self.titles.append(written(title, (zone.left, zone.top + TITLE), LEFT, TEXT.label, theme.text))
            for name, x, found in (("learned", zone.left, self.learned), ("held out", zone.right, self.kept)):
                readout = Readout(name, 1.0, ".0%", 1.0, TEXT.small, theme.accuracy, theme.muted)
                edge = -1 if found is self.learned else 1
                readout.move_to([x, zone.top + NUMBERS, 0], aligned_edge=np.array([edge, 0, 0]))
                found.append(readout)
        self.epoch = stage.readout("epoch", ",d", recordings[-1].epochs[-1])

    def tell(self) -> None:
        stage = self.stage
        data = self.recordings[-1].data
        kept = len(examples(self.recordings[-1])[0])
        stage.heading("How large should a network be?")
        stage.caption(f"{len(data.x):,} noisy points to learn from.\n{kept:,} more are held out, unseen.")
        clouds = [panel.cloud for panel in self.panels]
        frames = [panel.frame for panel in self.panels]
        stage.fade(*frames, *clouds)
        stage.wait(TIMING.slow + TIMING.beat)
        stage.caption("Three networks learn from them:\na small one, a larger one, a huge one.")
        self.set_moment(0.0)
        regions = [panel.regions for panel in self.panels if panel.regions is not None]
        for field in regions:
            stage.add_behind(field)
        stage.fade(*regions, *self.titles, *self.learned, self.epoch)
        stage.wait(TIMING.slow)
        stage.caption("The longer they learn:\nwatch the boundary of the huge one.")
        pace = self.replays[-1].pace()
        moved = (*regions, *self.learned, self.epoch)
        stage.play_clock(SECONDS, lambda share: self.set_moment(pace.moment(share)), *moved, rate_func=linear)
        wrong = self.ring_learned()
        stage.caption(
            f"Of the points that they have learned from,\n{wrong[0]}, {wrong[1]} and {wrong[2]} are on the wrong side."
        )
        rings = [panel.rings for panel in self.panels]
        stage.add(*rings)
        stage.bring_to_back(*rings, *regions)
        stage.wait(2 * TIMING.slow)
        self.show_unseen(rings, clouds)

    def set_moment(self, moment: float) -> None:
        """Show all three at one moment, in epochs."""
        for panel, replay, readout in zip(self.panels, self.replays, self.learned, strict=True):
            panel.set_network(replay.network_at(moment))
            readout.set_value(replay.recording.evaluate(replay.epoch_at(moment))["accuracy"])
        self.epoch.set_value(self.replays[-1].epoch_at(moment))

    def ring_learned(self) -> list[int]:
        """Ring the training points that are on the wrong side at the end; how many they are."""
        counts = []
        for panel, recording in zip(self.panels, self.recordings, strict=True):
            wrong = mistakes(recording.network(), recording.data.x, recording.data.y)
            panel.ring(wrong)
            counts.append(int(wrong.sum()))
        return counts

    def show_unseen(self, rings: list, clouds: list) -> None:
        """The points held out take the place of the others, and the wrong ones of them are ringed."""
        stage = self.stage
        accuracies, wrong = [], []
        for panel, recording, unseen, kept in zip(self.panels, self.recordings, self.unseen, self.kept, strict=True):
            x, labels = examples(recording)
            mistaken = mistakes(recording.network(), x, labels)
            wrong.append(int(mistaken.sum()))
            panel.ring(mistaken, unseen[0])
            accuracies.append(measured(recording, "val_accuracy", recording.epochs[-1]))
            kept.set_value(accuracies[-1])
        self.wrong_unseen = wrong
        stage.caption(f"Of those held out {wrong[0]}, {wrong[1]} and {wrong[2]} are wrong:\nthat is what counts.")
        for new_rings, cloud in self.unseen:
            stage.add(new_rings.set_opacity(0), cloud.set_opacity(0))
        entering = [mobject for pair in self.unseen for mobject in pair]
        stage.fade(*entering, *self.kept, leaving=(*rings, *clouds))
        stage.wait(2 * TIMING.slow)
        best = int(np.argmax(accuracies))
        names = ("smallest", "middle one", "largest")
        alike = sum(round(accuracy, 2) == round(accuracies[best], 2) for accuracy in accuracies) > 1
        verdict = "On new points none is clearly best." if alike else f"On new points the {names[best]} is best."
        stage.caption(f"{verdict}\nToo large a network learns the noise." if best == 1 and not alike else verdict)
        stage.wait(2 * TIMING.slow)
