"""The line of a neuron, and every correction that moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear, smooth

from engine.analysis.boundary import last_lines
from scenes.mobjects.decision_field import Lattice, two_class_ramp
from scenes.mobjects.field import ValueField
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.perceptron.story import Story
from scenes.perceptron.table import CorrectionTable
from scenes.theme import SAFE, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.stage import Stage

PLANE = Zone(SAFE.left, SAFE.left + 4.65, -2.25, 2.4)
CENTRED = -PLANE.width / 2  # where its left edge is at first
TABLE = Zone(-1.3, SAFE.right, -1.1, 1.6)
KEY, KEY_WIDTH = (-1.3, -1.55), 3.0
RESOLUTION = 64
POINT, MARKED, HALO = 0.065, 0.11, 0.06  # radii: of points, of the one that is looked at, and its ring beyond it
MOST_STOPS = 40  # of the others that are shown
A_STOP, ALL_STOPS = 0.4, 12.0  # seconds for each, and at most for all
FLYING, FLIGHT = 0.1, 0.7  # radius of what flies, and the share of its time until it arrives
STANDING = 0.35  # share of its time in which a mistake is seen before the line moves


class LinePart:
    """Where the neuron fires, two corrections in numbers, all others, and how it ends."""

    def __init__(self, stage: Stage, story: Story) -> None:
        theme = self.theme = stage.theme
        self.stage, self.story = stage, story
        shown = story.shown
        self.panel = PlanePanel(
            story.recording, PLANE, radius=POINT, examples=(story.x[shown], story.y[shown]), theme=theme
        )
        bounds = self.panel.bounds
        self.lattice = Lattice(bounds, RESOLUTION)
        self.cell = (bounds.right - bounds.left) / RESOLUTION
        shape = (self.lattice.rows, self.lattice.columns)
        self.sides = ValueField(np.zeros(shape), PLANE, two_class_ramp(theme), -1.0, 1.0, opacity=0.0)
        self.edge = Polylines(np.full((1, 2, 2), np.nan), theme.text, 4.0)
        self.halo = PointCloud(np.zeros((1, 2)), theme.highlight, MARKED + HALO, opacity=0.0)
        self.marked = PointCloud(np.zeros((1, 2)), theme.text, MARKED, theme.background, opacity=0.0)
        self.legend = story.legend(KEY, KEY_WIDTH, theme)
        self.flying = PointCloud(np.zeros((2, 2)), theme.highlight, 0.0)
        self.table = CorrectionTable(story, TABLE, theme)
        self.count, self.now = len(story.found), 0.0
        self.moved = (self.sides, self.panel, self.edge, self.halo, self.marked)
        self.stand(CENTRED)

    def tell(self) -> None:
        self.both_sides()
        if self.count:
            self.make_readouts()
            self.rule()
            for k in range(self.story.told):
                self.correct(k)
            self.go_on()
        self.end()

    # --- what is shown ---------------------------------------------------------------------------------------------

    def at(self, corrections: float) -> None:
        """Show the line after so many corrections, and what is on the wrong side of it."""
        self.now = corrections
        weights, story = self.story.parameters(corrections), self.story
        lines = last_lines(weights[:2, None], weights[2:], self.panel.bounds)
        self.edge.set_lines(self.panel.look(lines[0])[None] if len(lines) else np.full((1, 2, 2), np.nan))
        sums = self.lattice.ask(story.network(corrections))[..., 0]
        # from one side to the other within a cell, so that the edge, which the line covers, is smooth
        width = self.cell * max(float(np.hypot(*weights[:2])), 1e-12)
        self.sides.set_values(np.clip(sums / width, -1.0, 1.0))
        wrong = story.mistakes(corrections)
        self.wrong = int(np.count_nonzero(wrong))
        self.panel.ring(wrong[story.shown])

    def stand(self, left: float) -> None:
        """Move the plane, so that its left edge is there."""
        self.sides.shift([left - self.panel.zone.left, 0.0, 0.0])
        self.panel.slide(left)
        self.at(self.now)

    def mark(self, example: int) -> None:
        """Mark the point that is looked at."""
        place = self.panel.look(self.story.x[example : example + 1])
        self.halo.set_positions(place)
        colour = rgb(self.theme.class_colour(int(self.story.y[example])))
        self.marked.set_positions(place).set_colours(np.array([colour]))

    def make_readouts(self) -> None:
        """Epoch, corrections and mistakes at the top right."""
        stage, story, theme = self.stage, self.story, self.theme
        self.readouts = {
            "epoch": stage.readout("epoch", ",d", story.last, story.first + 1),
            "corrections": stage.readout("corrections", ",d", self.count, 0),
            "mistakes": stage.readout("wrong", ",d", len(story.y), self.wrong, color=theme.loss),
        }

    def count_up(self) -> None:
        """The read-outs follow the line."""
        done = int(np.floor(self.now + 1e-9))
        epochs = self.story.found.epochs
        self.readouts["epoch"].set_value(int(epochs[min(done, self.count - 1)]))
        self.readouts["corrections"].set_value(done)
        self.readouts["mistakes"].set_value(self.wrong)

    # --- what is told ----------------------------------------------------------------------------------------------

    def both_sides(self) -> None:
        """A straight line parts where it fires from where it does not."""
        stage, panel, story = self.stage, self.panel, self.story
        fires, wrong = story.called(1), f"{self.wrong:,} of {len(story.y):,} points"
        when = "Before training" if story.first == 0 else f"After epoch {story.first:,}"
        stage.heading("A line")
        panel.rings.set_opacity(0.0)
        stage.add(panel)
        stage.caption(f"Where its sum is above zero it fires, and\nsays {fires}: on one side of a straight line.")
        stage.fade(panel.frame, panel.cloud, seconds=TIMING.quick)
        stage.add_behind(self.sides)
        stage.add(self.edge)
        stage.bring_to_front(panel.rings, panel.cloud, self.halo, self.marked)
        stage.fade(self.sides, self.edge)
        stage.read(TIMING.hold)
        verb = "is" if self.wrong == 1 else "are"
        if self.wrong:
            stage.caption(f"{when}, {wrong}\n{verb} on the wrong side.")
        else:
            stage.caption(f"{when} all {len(story.y):,} points\nare on the right side.")
        stage.play_clock(TIMING.quick, panel.rings.set_opacity, panel.rings)
        stage.read(TIMING.hold)

    def rule(self) -> None:
        """What the rule does."""
        stage = self.stage
        stage.heading("The perceptron’s rule", "Frank Rosenblatt, 1958")
        stage.caption("It is shown one point at a time.\nWhere it is right, nothing changes.")
        stage.play_clock(TIMING.beat, lambda share: self.stand(CENTRED + (PLANE.left - CENTRED) * share), *self.moved)
        stage.fade(*self.readouts.values(), self.legend, seconds=TIMING.quick)
        stage.read(TIMING.quick)

    def correct(self, k: int) -> None:
        """One correction, with its numbers."""
        stage, story = self.stage, self.story
        example = int(story.found.examples[k])
        name = story.called(int(story.y[example]))
        silent = story.y[example] == 1
        self.mark(example)
        stage.caption(f"Here it {'stays silent' if silent else 'fires'}, and the point\nis {name}: a mistake.")
        stage.bring_to_front(self.halo, self.marked)
        stage.fade(self.halo, self.marked, seconds=TIMING.quick)
        stage.read(TIMING.beat)
        self.table.show(k)
        if silent:
            stage.caption(f"To come nearer to firing, it adds\n{story.rate:g} times the point to its weights.")
        else:
            stage.caption(f"To come nearer to silence, it takes\n{story.rate:g} times the point from its weights.")
        columns = self.table.columns
        if k == 0:
            stage.fade(*columns["weight"], seconds=TIMING.quick)
        self.fly(columns["change"])
        stage.fade(*columns["new"], seconds=TIMING.quick)
        stage.wait(TIMING.quick)

        def move(share: float) -> None:
            self.at(k + share)
            self.count_up()

        stage.play_clock(TIMING.hold, move, *self.moved, *self.readouts.values())
        stage.read(TIMING.beat)
        leaving = [self.halo, self.marked, *columns["change"], *columns["new"]]
        stage.fade(leaving=leaving, seconds=TIMING.quick)
        self.table.settle(k + 1)

    def fly(self, entering: list[Mobject]) -> None:
        """The point's two numbers come to the table."""
        stage, start = self.stage, np.repeat(self.marked.points[:, :2], 2, axis=0)
        end = np.array([number.get_center()[:2] for number in self.table.numbers["change"][:2]])
        stage.add(*entering, self.flying)

        def show(share: float) -> None:
            flown = min(1.0, share / FLIGHT)
            self.flying.set_positions(start + (end - start) * smooth(flown))
            self.flying.radius = np.full(2, FLYING if 0 < flown < 1 else 0.0)
            for mobject in entering:
                mobject.set_opacity(max(0.0, share - FLIGHT) / (1 - FLIGHT))

        stage.play_clock(TIMING.hold, show, self.flying, *entering, rate_func=linear)

    def go_on(self) -> None:
        """All other corrections, each seen for a moment."""
        start = self.story.told
        if start == self.count:
            return
        stage, rest = self.stage, self.count - start
        # of very many only some are shown, and the line passes over the others between them
        stops = np.unique(np.linspace(start, self.count, min(rest, MOST_STOPS) + 1).round()).astype(int)
        stage.caption("On it goes, point by point: each mistake\nmoves the line a little.")
        for mobject in (self.halo, self.marked):
            mobject.set_opacity(1.0)
        stage.add(self.halo, self.marked)

        def show(share: float) -> None:
            at = share * (len(stops) - 1)
            k = min(int(at), len(stops) - 2)
            passed = smooth(float(np.clip((at - k - STANDING) / (1 - STANDING), 0.0, 1.0)))
            self.mark(int(self.story.found.examples[stops[k]]))
            self.at(float(stops[k] + (stops[k + 1] - stops[k]) * passed))
            self.count_up()
            self.table.settle(self.now)

        show(0.0)
        seconds = min(A_STOP * (len(stops) - 1), ALL_STOPS)
        moved = (*self.moved, *self.table.columns["weight"], *self.readouts.values())
        stage.play_clock(seconds, show, *moved, rate_func=linear)
        stage.read()
        stage.fade(leaving=(self.halo, self.marked), seconds=TIMING.quick)

    def end(self) -> None:
        """What has become of the mistakes, whether that was to be expected, and what the rule cannot do."""
        stage, story, count = self.stage, self.story, self.count
        done = "After one correction" if count == 1 else f"After {count:,} corrections"
        if not self.wrong:
            if count:
                stage.caption(f"{done} none is wrong.\nNow the line stays where it is.")
            else:
                stage.caption("None is wrong: nothing is corrected,\nand the line stays where it is.")
            stage.read(TIMING.slow)
            stage.caption("Where a line can part the points,\nthe rule is sure to find one.")
        else:
            verb = "is" if self.wrong == 1 else "are"
            stage.caption(f"{done}, {self.wrong:,} of {len(story.y):,} points {verb} on the wrong side.")
            stage.read(TIMING.slow)
            if story.separable:
                stage.caption("Some line parts these points, and the rule\nis sure to find one, given time.")
            else:
                stage.caption("No straight line parts these points:\nthe rule would never come to rest.")
        stage.read(TIMING.slow)
        stage.heading("One neuron alone")
        stage.caption("One neuron alone can learn like this.\nIn a network, whose mistake would it be?")
        stage.read(TIMING.slow)
