"""Scene `compare`: two or three trainings side by side, on one counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, linear

from scenes.compare.names import differences, what_is_shared
from scenes.compare.places import PAIR, TRIO, WIDE, title
from scenes.compare.side import Side, picture_of
from scenes.compare.verdicts import Standing, value_text
from scenes.courses import all_hold_out, course
from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.diagram_names import weight_key
from scenes.mobjects.first_weights import FirstWeights
from scenes.mobjects.glyphs import text_width
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.options import given_names
from scenes.replay import Replay, common_pace
from scenes.stage import Stage
from scenes.theme import TEXT, TIMING, Zone
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording

MOST = 3
SECONDS = 12.0
FARTHEST = 2.0  # an axis of losses ends at most at so many times the one that training begins with


class Compare(Stage):
    """Two or three recordings on one counter: what each makes of the data, and how well it does.

    Networks of two features show their regions, networks of grey images their first layer's weights; where one can show
    neither, there are the curves alone. They are of the accuracy of classifiers, else of the loss, on data held out
    where all have some.

    Options: ``names`` are what they are called, by default what is different about them; ``heading`` stands above.
    """

    OPTIONS = ("names", "heading")

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if len(recordings) < 2:
            return "compare shows two or three recordings side by side: give another one as well"
        if len(recordings) > MOST:
            return f"compare shows at most {MOST} recordings side by side, not {len(recordings)}"
        tasks = dict.fromkeys(recording.data.task for recording in recordings.values())
        if len(tasks) > 1:
            return f"compare needs recordings of one task: these are of {' and '.join(tasks)}"
        return None

    def construct(self) -> None:
        self.build()
        self.introduce()
        self.train()
        self.conclude()

    def build(self) -> None:
        """Make all sides, the curves beside them, and one pace for all."""
        recordings = list(self.recordings.values())
        places = PAIR if len(recordings) == 2 else TRIO
        self.classifies = recordings[0].data.task == "classification"
        self.held_out = all_hold_out(recordings, self.measure)
        names = given_names(self.options, len(recordings)) or differences(recordings)
        # not the colours of classes or weights, which are in the pictures
        colours = (self.theme.text, self.theme.accuracy, self.theme.grid[1])
        self.sides = []
        for name, recording, colour, zone in zip(names, recordings, colours, places.pictures, strict=False):
            replay = Replay(recording)
            picture = picture_of(recording, replay, zone, self.theme)
            epochs, values = course(recording, self.measure, self.held_out)
            self.sides.append(Side(name, recording, replay, colour, picture, epochs, values))
        self.pace = common_pace([side.replay.pace() for side in self.sides])
        pictured = all(side.picture is not None for side in self.sides)
        if not pictured:
            self.sides = [side._replace(picture=None) for side in self.sides]
        self.curves = self.make_curves(places.chart if pictured else WIDE, named=not pictured)
        self.titles: list[Mobject] = []
        self.values: list[Readout] = []
        if pictured:
            for side, (at, edge) in zip(self.sides, places.names, strict=True):
                self.titles += title(side.name, at, edge, side.colour, places)
            for side, at in zip(self.sides, places.values, strict=False):
                widest = max(map(self.text, [*side.values, side.result]), key=text_width)
                value = Readout("", widest, "g", widest, TEXT.readout, side.colour, self.theme.muted)
                self.values.append(value.move_to([*at, 0]))
        if any(isinstance(side.picture, FirstWeights) for side in self.sides):
            self.titles.append(Still(weight_key(self.theme)).move_to([*places.key, 0]))

    @property
    def measure(self) -> str:
        """What the curves are of, as it is recorded."""
        return "accuracy" if self.classifies else "loss"

    def text(self, value: float) -> str:
        """A value of the measure in words."""
        return value_text(value, self.classifies)

    def make_curves(self, zone: Zone, named: bool) -> Curves:
        """The measure of all over the epochs."""
        highest = 1.0 if self.classifies else cut_loss([side.values for side in self.sides])
        is_cut = not self.classifies and highest is not None
        # recordings may have the same name
        series = {
            f"{k}": Series(side.name, side.epochs, np.minimum(side.values, highest or np.inf), side.colour)
            for k, side in enumerate(self.sides)
        }
        return Curves(
            series, zone, lambda value: ("≥ " if is_cut else "") + self.text(value), highest,
            names=[*series][::-1] if named else (), names_below=self.classifies, theme=self.theme,
        )  # fmt: skip

    def introduce(self) -> None:
        """All of them before training."""
        self.heading(str(self.options.get("heading", "Side by side")))
        self.caption(what_is_shared([side.recording for side in self.sides]))
        self.counter = self.readout("epoch", ",d", self.curves.last)
        self.counter.set_value(self.curves.first)
        self.curves.set_moment(self.curves.first)
        self.show(self.curves.first)
        pictures = [side.picture for side in self.sides if side.picture is not None]
        counted = [self.curves, self.counter, *self.values]
        self.remove(self.counter)
        self.fade(*pictures, *self.titles, *([] if pictures else counted))
        self.wait(TIMING.slow)
        of = "right answers" if self.classifies else "loss"
        on = "data held out from training" if self.held_out else "the training data"
        self.caption(f"The curves: {of}\non {on}.")
        if pictures:
            self.fade(*counted)
        self.wait(TIMING.slow)

    def show(self, moment: float) -> None:
        """All as they are at a moment, in epochs."""
        for side in self.sides:
            side.show(moment)
        for value, number in zip(self.values, self.values_after(moment), strict=False):
            value.set_value(self.text(number))

    def values_after(self, moment: float) -> list[float]:
        """The measure of each after the last epoch that is over at a moment."""
        return [side.value_at(float(int(moment + 1e-9))) for side in self.sides]

    def train(self) -> None:
        """One counter runs for all."""
        self.caption(f"One counter runs for {'both' if len(self.sides) == 2 else 'all'}.")
        pictures = [side.picture for side in self.sides if side.picture is not None]
        moved: list[Mobject] = [*pictures, *self.values, self.curves, self.counter]

        def run(share: float) -> None:
            moment = self.pace.moment(share)
            self.counter.set_value(int(moment + 1e-9))
            self.curves.set_moment(moment)
            self.show(moment)

        self.play_clock(SECONDS / 2, lambda share: run(share / 2), *moved, rate_func=linear)
        moment = self.pace.moment(0.5)
        self.caption(self.standing(self.values_after(moment)).after(int(moment + 1e-9)))
        self.play_clock(SECONDS / 2, lambda share: run((1 + share) / 2), *moved, rate_func=linear)

    def standing(self, values: Sequence[float]) -> Standing:
        """How the sides stand to each other with these values of the measure."""
        return Standing([side.name for side in self.sides], values, self.classifies)

    def conclude(self) -> None:
        """All results in words, and what is still wrong in the pictures."""
        self.results = [side.result for side in self.sides]
        for readout, result in zip(self.values, self.results, strict=False):
            readout.set_value(self.text(result))
        captions = self.standing(self.results).results()
        self.caption(captions[0])
        wrong = [
            (side.picture, mistakes(side.replay.network_at(side.replay.last), *side.picture.examples))
            for side in self.sides
            if isinstance(side.picture, PlanePanel)
        ]
        for panel, chosen in wrong:
            panel.ring(chosen)
        rings = [panel.rings for panel, chosen in wrong if chosen.any()]
        if rings:
            self.fade(*rings)
        for k, caption in enumerate(captions):
            if k:
                self.caption(caption)
            self.wait(2 * TIMING.slow)


def cut_loss(losses: Sequence[np.ndarray]) -> float | None:
    """Where an axis for several losses ends if one of them grows far beyond where all began; else None.

    The others would be flat on an axis with room for it: it is drawn at the upper edge.
    """
    start = max((float(values[0]) for values in losses if np.isfinite(values[0])), default=0.0)
    most = max((float(values[~np.isnan(values)].max(initial=0.0)) for values in losses), default=0.0)
    return start * FARTHEST if 0 < start * FARTHEST < most else None
