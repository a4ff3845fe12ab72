"""The model of a neuron: weights, a sum, a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear, smooth

from scenes.mobjects.activation_curve import ActivationCurve
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.unit_diagram import SUM_RADIUS, UnitDiagram
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.perceptron.arithmetic import product_text, short, sum_text, whole_sum
from scenes.perceptron.story import Story
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.stage import Stage

PLANE = Zone(SAFE.left, SAFE.left + 3.8, -1.8, 2.0)
UNIT = Zone(-1.9, 2.1, -2.15, 2.4)
CURVE = Zone(2.55, SAFE.right, -0.7, 1.6)
KEY_WIDTH = 1.9
BULB = (3.55, -1.6)
BULB_RADIUS = 0.3
MARKED = 0.11  # radius of the point that is looked at
HALO = 0.06  # how much wider its ring is
FLYING = 0.1


class NeuronPart:
    """Two examples with the first weights: if possible one that they get right, and one that they get wrong."""

    def __init__(self, stage: Stage, story: Story) -> None:
        theme = self.theme = stage.theme
        self.stage, self.story = stage, story
        shown = story.shown
        self.panel = PlanePanel(
            story.recording, PLANE, radius=0.06, examples=(story.x[shown], story.y[shown]), theme=theme
        )
        names = story.feature_names
        self.axis_names = [
            written(names[0], (PLANE.right, PLANE.bottom - 0.24), RIGHT, TEXT.small, theme.muted, widest=PLANE.width),
            written(names[1], (PLANE.left, PLANE.top + 0.26), LEFT, TEXT.small, theme.muted, widest=PLANE.width),
        ]
        self.legend = story.legend((SAFE.right - KEY_WIDTH, SAFE.top), KEY_WIDTH, theme)
        self.weights = story.parameters(0)
        self.examples = story.examples
        self.total = story.sums(0)
        self.diagram = UnitDiagram(
            names, self.weights[:2], self.weights[2], UNIT, float(np.abs(self.weights).max()), short, theme
        )
        farthest = max(float(np.abs(self.total[self.examples]).max()), 1e-6)
        self.curve = ActivationCurve("step", farthest, CURVE, theme)
        (x, y), end = self.diagram.sum_place, CURVE.left
        self.arrow = Polylines(arrow(x + SUM_RADIUS + 0.06, end + 0.12, y), theme.muted, 2.5)
        at = self.curve.place(0.0, 0.0) - [0.0, 0.2]
        self.threshold = written("0", at.tolist(), CENTER, TEXT.small, theme.muted)
        self.ring = PointCloud(np.array([BULB]), theme.muted, BULB_RADIUS)
        self.bulb = PointCloud(np.array([BULB]), theme.background, BULB_RADIUS - 0.03)
        self.halo = PointCloud(np.zeros((1, 2)), theme.highlight, MARKED + HALO)
        self.marked = PointCloud(np.zeros((1, 2)), theme.text, MARKED, theme.background)
        self.flying = PointCloud(np.zeros((2, 2)), theme.highlight, FLYING)
        self.saying = {
            fires: written(text, (BULB[0] + BULB_RADIUS + 0.2, BULB[1]), LEFT, TEXT.label, theme.text)
            for fires, text in ((True, "it fires"), (False, "it stays silent"))
        }

    def tell(self) -> None:
        stage, story = self.stage, self.story
        stage.heading("A neuron")
        which = " and ".join(story.called(label) for label in (0, 1))
        stage.caption(f"Points of two kinds, {which}.\nA neuron is to tell them apart.")
        self.panel.slide(-PLANE.width / 2)
        stage.fade(self.panel, self.legend)
        stage.read(TIMING.slow)
        for k, number in enumerate(self.examples):
            self.choose(number, k == 0)
            self.listen(number, k == 0)
            self.add_up(number, k == 0)
            self.answer(number, k == 0)

    def choose(self, number: int, is_first: bool) -> None:
        """The point that is looked at."""
        stage, place = self.stage, self.panel.look(self.story.x[number : number + 1])
        colour = np.array([rgb(self.theme.class_colour(int(self.story.y[number])))])
        if is_first:
            stage.caption("A point is two numbers:\nthe neuron hears of nothing else.")
            start, end = self.panel.zone.left, PLANE.left
            stage.play_clock(TIMING.beat, lambda share: self.panel.slide(start + (end - start) * share), self.panel)
            place = self.panel.look(self.story.x[number : number + 1])
            stage.fade(*self.axis_names, seconds=TIMING.quick)
        else:
            stage.caption("Another point:")
            self.forget()
        self.halo.set_positions(place)
        self.marked.set_positions(place).set_colours(colour)
        stage.fade(self.halo, self.marked, seconds=TIMING.quick)

    def forget(self) -> None:
        """Nothing is heard any more of the last point."""
        leaving = [self.halo, self.marked, self.shown_saying]
        self.stage.fade(leaving=leaving, seconds=TIMING.quick)
        self.diagram.set_inputs(None).set_sum(None)
        self.curve.set_value(0.0)
        self.light(0.0)

    def light(self, fires: float) -> None:
        """How brightly the output shines, from 0 to 1."""
        ground, active = np.array(rgb(self.theme.background)), np.array(rgb(self.theme.activation))
        self.bulb.set_colours((ground + (active - ground) * fires)[None])

    def listen(self, number: int, is_first: bool) -> None:
        """The point's two numbers come to the inputs."""
        stage, diagram, x = self.stage, self.diagram, self.story.x[number]
        if is_first:
            self.parts = [diagram.lines, *diagram.weights, diagram.patch, diagram.bias, diagram.bias_name]
            self.target = [diagram.total, diagram.sum_name]
            discs = [diagram.pulses, diagram.rings, diagram.cores, *diagram.inputs, *diagram.names]
            for mobject in (*self.parts, *self.target):
                mobject.set_opacity(0.0)
            # the connections lie behind the discs
            stage.add(*diagram.submobjects)
            stage.fade(*discs, seconds=TIMING.quick)
        start = np.repeat(self.marked.points[:, :2], 2, axis=0)

        def fly(share: float) -> None:
            self.flying.set_positions(start + (diagram.places - start) * smooth(share))
            self.flying.radius = np.full(2, FLYING if 0 < share < 1 else 0.0)
            if share >= 1:
                diagram.set_inputs(x)

        stage.play_clock(TIMING.beat, fly, self.flying, diagram, rate_func=linear)
        stage.read(TIMING.quick)
        if is_first:
            stage.caption("Each is multiplied by a weight,\nwhich says how much it counts.")
            stage.fade(*self.parts, seconds=TIMING.beat)
            stage.read(TIMING.hold)

    def add_up(self, number: int, is_first: bool) -> None:
        """Everything runs together, and the sum stands there."""
        stage, diagram, total = self.stage, self.diagram, float(self.total[number])
        x = self.story.x[number].astype(np.float64)
        products = x * self.weights[:2]
        if is_first:
            stage.caption("\n".join(product_text(a, w) for a, w in zip(x, self.weights, strict=False)))
            stage.read(TIMING.hold)
            terms = [*products, self.weights[2]]
            stage.caption(f"They are added up, and the bias with them:\n{sum_text(terms, total)}.")
            stage.fade(*self.target, seconds=TIMING.quick)
        else:
            stage.caption(whole_sum(x, self.weights, total))

        def run(share: float) -> None:
            diagram.send(share)
            diagram.set_sum(total if share >= 1 else None)

        stage.play_clock(TIMING.hold, run, diagram, rate_func=smooth)
        stage.read(TIMING.hold)

    def answer(self, number: int, is_first: bool) -> None:
        """The threshold, and what the output says; is it so?"""
        stage, total = self.stage, float(self.total[number])
        fires = bool(self.story.fires(0)[number])
        label = int(self.story.y[number])
        if is_first:
            stage.caption("Is the sum above zero? Then the neuron\nfires. If not, it stays silent.")
            self.curve.set_value(0.0)
            stage.fade(self.curve, self.threshold, self.arrow, self.ring, self.bulb)
            stage.read(TIMING.quick)

        def slide(share: float) -> None:
            self.curve.set_value(total * share)
            lit = float(fires) if share >= 1 else 0.0
            self.light(lit)
            self.diagram.set_sum(total, lit)

        stage.play_clock(TIMING.beat, slide, self.curve, self.bulb, self.diagram)
        self.shown_saying = self.saying[fires]
        does = "It fires" if fires else "It stays silent"
        said, true = self.story.called(int(fires)), self.story.called(label)
        if int(fires) == label:
            stage.caption(f"{does}, which means {said}.\nAnd {true} it is.")
        else:
            stage.caption(f"{does}, which means {said}.\nBut the point is {true}: a mistake.")
        stage.fade(self.shown_saying, seconds=TIMING.quick)
        stage.read(TIMING.slow)


def arrow(left: float, right: float, y: float) -> list[np.ndarray]:
    """A line to the right, and the two strokes of its head."""
    shaft = [[left, y], [right, y], [right, y]]
    return [np.array(shaft), np.array([[right - 0.16, y + 0.12], [right, y], [right - 0.16, y - 0.12]])]
