"""Film `spirals`: how a small network untangles two spirals, in seven beats."""

from __future__ import annotations

import numpy as np
from manim import LEFT, RIGHT, UP, linear

from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.films import Beat, Film
from scenes.films.end_card import end_card
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.layer_course import ACTIVATE, smooth
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.replay import Replay
from scenes.theme import SAFE, TIMING, Zone
from scenes.warp.depth import arrive, carry_back, draw_cut, let_go, pass_layer
from scenes.warp.material import mistakes
from scenes.warp.stage import PLANE, WarpStage

NAME = "spirals"
TITLE = "Two spirals, untangled"
CENTER = Zone(-PLANE.width / 2, PLANE.width / 2, PLANE.bottom, PLANE.top)
BOUNDARY = 3.5  # stroke of the line between the regions
NUMBERS = -3.9  # right edge of the read-outs in the column
HALO = 0.105  # radius of the mark behind a mistaken point
COMMAND = f"neurofilm film {NAME}"


class SpiralsBeat(WarpStage):
    """What the beats share. Each begins with the picture with which the one before has ended."""

    def start(self, zone: Zone = PLANE) -> None:
        """Build everything, with the axes and the points in the input plane to be seen."""
        self.build(zone)
        self.add(self.plane)
        if self.plane.grid is not None:
            self.plane.grid.set_opacity(0)

    def boundary_field(self, network: Network, opacity: float = 1.0) -> None:
        """Regions of the input plane with the line between them, behind everything."""
        self.plane.rest(0)
        view = self.plane.view
        zone = Zone(*(view.unit * np.array(self.bounds) + np.repeat(view.origin, 2)))
        self.regions = decision_field(
            network, self.bounds, zone, line_width=BOUNDARY, theme=self.theme, opacity=opacity
        )
        self.add_behind(self.regions)

    def end(self) -> None:
        """Take the words away, so that the next beat can begin with its own."""
        self.caption(None)
        self.heading(None)
        self.wait(TIMING.fade)


class Appear(SpiralsBeat):
    """Two curves of points."""

    def construct(self) -> None:
        self.start(CENTER)
        cloud = self.plane.cloud
        full = cloud.radius.copy()
        labels = self.recording.data.y
        names = self.recording.data.class_names
        self.plane.axes.set_opacity(0)
        cloud.radius = np.zeros_like(full)
        self.caption("Two kinds of points, blue and orange,\nwound into one another.")
        # the samples of an arm come in order from the centre outwards
        rank = np.array([np.count_nonzero(labels[:k] == label) for k, label in enumerate(labels)])
        last = rank.max() + 1

        def draw(alpha: float) -> None:
            self.plane.axes.set_opacity(min(1.0, 2 * alpha))
            for label in range(len(names)):
                front = (last + 12) * smooth(alpha * 1.35 - 0.35 * label)
                here = labels == label
                cloud.radius[here] = full[here] * np.clip((front - rank[here]) / 12, 0.0, 1.0)

        self.play_clock(3.0, draw, self.plane, rate_func=linear)
        self.wait(0.4)
        self.caption("Can a machine learn\nto tell them apart?")
        self.wait(2.0)
        self.end()


class StraightLine(SpiralsBeat):
    """A trained straight line, and what it gets wrong."""

    def construct(self) -> None:
        self.start(CENTER)
        line = self.recordings["spirals-linear"]
        x, y = line.data.x, line.data.y
        replay = Replay(line)
        self.boundary_field(replay.network_at(replay.first), opacity=0.0)
        self.heading("A straight line")
        self.caption("The simplest rule is a straight line:\nblue on one side, orange on the other.")
        regions = self.regions
        assert regions is not None
        accuracy = self.readout("accuracy", ".1%", 1.0, color=self.theme.accuracy)
        accuracy.set_opacity(0)
        play = PlayTraining(replay, regions, follow=regions.set_network, readouts={"accuracy": accuracy}, run_time=3.2)
        play.show(replay.first)
        self.fade(regions, accuracy, seconds=0.8)
        self.wait(0.8)
        self.play(play)
        wrong = mistakes(line.network(), x, y)
        count, missed = len(x), int(wrong.sum())
        marks = PointCloud(self.plane.view.look(x[wrong]), self.theme.loss, HALO, opacity=0.0)
        self.caption(f"The best it finds gets {count - missed} of {count} right:\n{missed} are on the wrong side.")
        self.add(marks)
        self.bring_to_back(marks, regions)
        self.play_clock(TIMING.beat, lambda alpha: marks.set_opacity(0.9 * alpha), marks)
        self.wait(1.8)
        self.fade(leaving=(marks, regions, accuracy), seconds=TIMING.quick)
        self.end()


class Training(SpiralsBeat):
    """The network learns, in fast motion."""

    def construct(self) -> None:
        self.start()
        plane, data = self.plane, self.recording.data
        away = CENTER.center[0] - PLANE.center[0]
        home = plane.view.origin.copy()
        replay = Replay(self.recording)
        first = replay.network_at(replay.first)
        hidden = [layer["units"] for layer in self.recording.network_config["layers"][:-1]]
        self.heading("A small network")
        self.caption(f"A small network: {_count(len(hidden))} layers\nof {_count(hidden[0])} neurons each.")
        self.show_weights(first)

        def slide(alpha: float) -> None:
            plane.view.origin = home + [away * (1 - alpha), 0.0]
            plane.refresh()
            self.diagram.set_opacity(alpha)

        self.play_clock(1.0, slide, plane, self.diagram)
        self.wait(1.2)
        parameters = self.network.parameter_count
        self.caption(f"Its {parameters} numbers begin at random,\nand so do its answers.")
        self.boundary_field(first, opacity=0.0)
        regions = self.regions
        assert regions is not None
        readouts, names = self.column_readouts(replay)

        def follow(network: Network) -> None:
            regions.set_network(network)
            self.show_weights(network)

        play = PlayTraining(
            replay, regions, self.diagram, follow=follow, readouts=readouts, run_time=7.0, rate_func=_ease_in
        )
        play.show(replay.first)
        self.fade(regions, *readouts.values(), *names)
        self.wait(1.4)
        self.caption("Training changes them a little at a time.\nEach epoch shows it every point once.")
        self.play(play)
        right, epoch = int((~self.wrong).sum()), replay.epoch_at(replay.last)
        every = "every point" if right == len(data.x) else f"{right} of {len(data.x)} points"
        self.caption(f"After {epoch} epochs {every}\n{'is' if right == len(data.x) else 'are'} on the right side.")
        self.wait(2.0)
        self.fade(leaving=(regions, *readouts.values(), *names), seconds=TIMING.quick)
        self.end()

    def column_readouts(self, replay: Replay) -> tuple[dict[str, Readout], list[Readout]]:
        """Epoch, loss and accuracy under the heading, with their names."""
        theme, recording = self.theme, self.recording
        highest = max(recording.evaluate(epoch)["loss"] for epoch in recording.epochs)
        made = {
            "epoch": self.readout("", "d", recording.epochs[-1]),
            "loss": self.readout("", ".3f", highest, color=theme.loss),
            "accuracy": self.readout("", ".1%", 1.0, color=theme.accuracy),
        }
        names = [Readout(name, "", label_color=theme.muted) for name in made]
        for k, (name, number) in enumerate(zip(names, made.values(), strict=True)):
            top = 2.2 - 0.6 * k
            name.move_to([SAFE.left, top, 0], aligned_edge=UP + LEFT)
            number.move_to([NUMBERS, top, 0], aligned_edge=UP + RIGHT)
        return made, names


class Layers(SpiralsBeat):
    """The trained network bends the plane, layer by layer."""

    def construct(self) -> None:
        self.start()
        self.build_cards()
        plane = self.plane
        self.add(self.diagram)
        self.caption("How does it do that? Watch the plane:\nthe points ride along.")
        assert plane.grid is not None
        self.fade(plane.grid)
        self.wait(1.2)
        said = [
            "A layer turns and stretches the plane.",
            "The next layer does the same again:\nturn and stretch, then squash.",
            "Nothing is torn and nothing is folded:\nneighbours stay neighbours.",
            "And so, layer by layer,\nthe spirals come undone.",
        ]
        for k in range(self.passage.layers):
            later = {ACTIVATE: "Then it squashes the plane\ninto a square."} if k == 0 else None
            pass_layer(self, k, said[min(k, len(said) - 1)], later)
            if k == 0:
                self.wait(0.3)
        self.wait(TIMING.quick)
        self.end()


class Cut(SpiralsBeat):
    """In the last space a straight line does it."""

    def construct(self) -> None:
        self.start()
        self.build_cards()
        assert self.plane.grid is not None
        self.plane.grid.set_opacity(1)
        self.plane.rest(self.passage.layers)
        self.cards[-1].light(1.0)
        self.diagram.focus(self.passage.layers - 1)
        self.add(self.diagram, self.cards[-1])
        right, count = int((~self.wrong).sum()), len(self.wrong)
        all_ = f"all {count}" if right == count else f"{right} of {count}"
        draw_cut(self, f"Here one straight line parts\n{all_} points.")
        self.wait(2.0)
        self.end()


class Back(SpiralsBeat):
    """The line travels back and becomes the curve."""

    def construct(self) -> None:
        self.start()
        plane = self.plane
        assert plane.grid is not None
        plane.grid.set_opacity(1)
        lines, share = self.cut_lines()
        assert lines is not None
        lines.set_opacity(share)
        self.regions = self.field(self.passage.layers)
        if self.regions is not None:
            self.regions.set_opacity(1)
            self.add_behind(self.regions)
        self.diagram.focus(self.passage.layers)
        self.add(lines, self.diagram)
        self.caption("Now the film runs backwards,\nand the line rides along.")
        self.wait(1.0)
        let_go(self, lines)
        carry_back(self, 5.6)
        self.caption("The straight line has become the curve\nthat runs between the spirals.")
        arrive(self)
        self.wait(1.6)
        self.caption("The line stayed straight.\nThe network learned to bend the plane.")
        self.wait(2.4)
        self.end()


class EndCard(SpiralsBeat):
    """What was trained, and how to make this film again."""

    def construct(self) -> None:
        self.start()
        plane = self.plane
        assert plane.grid is not None and plane.curve is not None
        plane.grid.set_opacity(1)
        plane.curve.set_opacity(1)
        self.regions = self.field(0)
        assert self.regions is not None
        self.regions.set_opacity(1)
        self.add_behind(self.regions)
        self.add(self.diagram)
        home, away = plane.view.origin.copy(), np.array([-3.3, 0.0])
        corners = self.regions.points.copy()
        card = Still(end_card(TITLE, self.recording, COMMAND, self.theme))
        card.set_opacity(0)
        self.add(card)

        def slide(alpha: float) -> None:
            plane.view.origin = home + alpha * (away - home)
            plane.refresh()
            plane.axes.set_opacity(1 - alpha)
            self.diagram.set_opacity(1 - min(1.0, 2 * alpha))
            self.regions_at(corners, plane.view.origin - home)
            card.set_opacity(max(0.0, 2 * alpha - 1))

        self.play_clock(1.4, slide)
        self.wait(3.8)

    def regions_at(self, corners: np.ndarray, shift: np.ndarray) -> None:
        """Move the regions along with the plane."""
        assert self.regions is not None
        self.regions.points = corners.copy()
        self.regions.points[:, :2] += shift


def _count(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[number] if number < len(words) else str(number)


def _ease_in(t: float) -> float:
    """Slow at the start, where most happens."""
    return float(0.35 * t + 0.65 * t**1.6)


FILM = Film(
    NAME,
    TITLE,
    (
        Beat(Appear, ("spirals",), title="Two spirals"),
        Beat(StraightLine, ("spirals", "spirals-linear"), title="A straight line"),
        Beat(Training, ("spirals",), title="Training"),
        Beat(Layers, ("spirals",), title="Layer by layer"),
        Beat(Cut, ("spirals",), title="A straight line will do"),
        Beat(Back, ("spirals",), title="The line becomes a curve"),
        Beat(EndCard, ("spirals",), title="What was trained"),
    ),
)
