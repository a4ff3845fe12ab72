"""Scene `examples`: points stand for examples, new ones come, and a division of the plane answers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.analysis.boundary import logits
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import CENTER, RIGHT, number_text, written
from scenes.numbers import cardinal
from scenes.replay import Replay
from scenes.stage import Stage
from scenes.theme import TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

PLANE = Zone(-2.25, 2.25, -1.95, 2.55)
POINT, MARKED = 0.05, 0.11  # radii: of all points, and of those that are looked at
MOST_POINTS = 1000
NEW = 12  # examples that stand for new ones
QUIET = 0.5  # of the others’ colour meanwhile
FIRST = (0.72, 0.72)  # the first example is the one nearest to there, in shares of the plane
COMING = 2.5  # seconds in which all others come
POP = 0.06  # of that time, in which one grows


class Examples(Stage):
    """What there is to learn: examples as points of a plane, new ones without a name, and what a division says of them.

    Options: none.
    """

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        name, shape = recording.name, tuple(recording.network_config["input_shape"])
        if recording.data.task != "classification":
            return f"examples shows how classes are parted: {name} is trained for {recording.data.task}"
        if shape != (2,):
            return f"examples needs 2 input features: {name} has input_shape={shape}"
        return None

    def construct(self) -> None:
        self.build()
        self.one_example()
        self.all_examples()
        self.new_ones()
        self.divide()

    def build(self) -> None:
        """Choose which examples are looked at, and make the mobjects."""
        data, theme = self.recording.data, self.theme
        every = max(1, -(-len(data.x) // MOST_POINTS))
        self.x, self.y = np.asarray(data.x[::every], np.float64), data.y[::every]
        replay = Replay(self.recording)
        self.epoch = replay.epoch_at(replay.first)
        network: Network = self.recording.network(self.epoch)
        self.panel = PlanePanel(
            self.recording, PLANE, network, radius=POINT, examples=(self.x, self.y), outlined=False, theme=theme
        )
        self.places = self.panel.look(self.x)
        self.first = nearest(self.places, np.array([PLANE.left, PLANE.bottom]) + np.array(FIRST) * PLANE.width)
        self.new = spread(self.x, min(NEW, len(self.x)))
        self.outputs = int(network.output_shape[0])
        z = logits(network, self.x[self.new])
        self.answers = (z[:, 0] > 0).astype(np.int64) if z.shape[1] == 1 else z.argmax(axis=1)
        self.wrong = self.answers != self.y[self.new]
        self.marked = PointCloud(self.places[self.new], theme.muted, 0.0, theme.background, 1.5)
        self.rims = PointCloud(self.places[self.new], theme.loss, np.where(self.wrong, 1.7 * MARKED, 0.0))

    def one_example(self) -> None:
        """Two numbers are a place."""
        panel, place, theme = self.panel, self.places[self.first], self.theme
        names = self.recording.data.feature_names or ("x", "y")
        numbers = [
            f"{name} = {number_text(float(value))}" for name, value in zip(names, self.x[self.first], strict=True)
        ]
        below = written(numbers[0], (place[0], PLANE.bottom - 0.25), CENTER, TEXT.small, theme.text, widest=4.0)
        beside = written(numbers[1], (PLANE.left - 0.15, place[1]), RIGHT, TEXT.small, theme.text, widest=4.0)
        feet = np.array([[place[0], PLANE.bottom], [PLANE.left, place[1]]])
        lines = Polylines(np.stack([feet, feet], axis=1), theme.muted, 2.5)
        dot = PointCloud(place[None], theme.text, 0.0, theme.background, 1.5)
        self.heading("Examples")
        self.caption("Two numbers of one thing\nmake it a point in the plane.")
        self.fade(panel.frame, below, beside)

        def meet(share: float) -> None:
            ends = feet + min(1.0, share / 0.8) * (place - feet)
            lines.set_lines(np.stack([feet, ends], axis=1))
            dot.radius[:] = MARKED * max(0.0, share / 0.2 - 4)

        self.play_clock(TIMING.hold, meet, lines, dot)
        self.read(TIMING.beat)
        self.leaving = (below, beside, lines, dot)

    def all_examples(self) -> None:
        """One after the other, in no order, each in the colour of its kind."""
        cloud, names = self.panel.cloud, self.recording.data.class_names
        kinds = len(names) or max(2, self.outputs)
        count = f"{len(self.recording.data.x):,} examples"
        if kinds > 1:
            self.caption(f"{count}. The colour says\nof which of {cardinal(kinds)} kinds each is.")
        else:
            self.caption(f"{count},\nall of one kind.")
        self.legend([(name, self.theme.class_colour(k)) for k, name in enumerate(names)])
        turns = np.random.default_rng(0).permutation(len(self.x)) / max(1, len(self.x)) * (1 - POP)
        turns[self.first] = 0.0

        def come(share: float) -> None:
            cloud.radius[:] = POINT * np.clip((share - turns) / POP, 0.0, 1.0)

        come(0.0)
        self.add(cloud)
        self.fade(leaving=self.leaving, seconds=TIMING.quick)
        self.play_clock(COMING, come, cloud, rate_func=linear)
        self.read(TIMING.quick)

    def new_ones(self) -> None:
        """Some lose their colour."""
        few = "this one" if len(self.new) == 1 else f"these {cardinal(len(self.new))}"
        self.caption(f"New ones will come, of unknown kind.\nLet {few} stand for them.")
        cloud, marked, order = self.panel.cloud, self.marked, np.linspace(0, 0.7, len(self.new))
        loud, ground = self.theme.class_colours(self.y), np.array(rgb(self.theme.background))
        self.add(marked)

        def fade(share: float) -> None:
            marked.radius[:] = MARKED * np.clip((share - order) / 0.3, 0.0, 1.0)
            # not fainter, as discs over one another would still be bright
            cloud.set_colours(loud + share * (1 - QUIET) * (ground - loud))

        self.play_clock(TIMING.slow, fade, cloud, marked)
        self.read(TIMING.quick)

    def divide(self) -> None:
        """The network as training found it answers for every place, and so for the new ones."""
        regions, marked, theme = self.panel.regions, self.marked, self.theme
        assert regions is not None
        self.caption("To classify is to divide the plane:\neach part answers for one kind.")
        before = np.tile(rgb(theme.muted), (len(self.new), 1))
        after = theme.class_colours(self.answers)
        regions.set_opacity(0.0)
        self.add_behind(regions)
        self.fade(regions)
        self.play_clock(TIMING.beat, lambda share: marked.set_colours(before + share * (after - before)), marked)
        self.read(TIMING.beat)
        self.caption(self.verdict())
        if self.wrong.any():
            self.rims.set_opacity(0.0)
            self.add(self.rims)
            self.bring_to_front(marked)
            self.fade(self.rims)
        self.read(TIMING.slow)

    def verdict(self) -> str:
        """How many of the new ones it is right for."""
        when = "Before training" if self.epoch == 0 else f"After epoch {self.epoch:,}"
        count, right = len(self.new), int(np.count_nonzero(~self.wrong))
        these = f"these {cardinal(count)}"
        if count == 1:
            return f"{when}, this division is\n{'right' if right else 'wrong'} for it."
        which = f"all of {these}" if right == count else f"{cardinal(right) if right else 'none'} of {these}"
        return f"{when}, this division is right\nfor {which}."


def nearest(places: np.ndarray, to: np.ndarray) -> int:
    """The number of the place (N, 2) that is nearest to another."""
    return int(np.hypot(*(places - to).T).argmin())


def spread(x: np.ndarray, count: int) -> np.ndarray:
    """Numbers of points, (N, features), the first near the mean, each other far from those before."""
    chosen = [nearest(x, x.mean(axis=0))]
    while len(chosen) < count:
        away = np.linalg.norm(x[:, None] - x[chosen], axis=2).min(axis=1)
        away[chosen] = -1.0  # points may lie on one another
        chosen.append(int(away.argmax()))
    return np.array(chosen)
