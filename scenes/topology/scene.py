"""Scene `topology`: what bending alone cannot part, and what one dimension more can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from engine.analysis.projection import Projection, run_projection
from scenes.lesson import Lesson
from scenes.mobjects.sheet import Sheet
from scenes.theme import Zone
from scenes.topology import interval, lifted, race, rings, rules, stuck
from scenes.topology.roles import FREED, INTERVAL, LIFTED, LINKED, STUCK, by_role, clear_epoch
from scenes.topology.turned_view import TurnedView
from scenes.warp.material import fits
from scenes.warp.stage import PLANE, WarpStage

if TYPE_CHECKING:
    from engine.recording import Recording


class Topology(Lesson, WarpStage):
    """What layers can do to space, and what only one dimension more can do.

    The parts are ``interval`` (a stretch between others, lifted onto a curve), ``rules`` (bend, never tear, never
    glue), ``stuck`` (a disc in a ring, which two neurons a layer cannot part), ``lifted`` (three can), ``race`` (both
    side by side), ``linked`` and ``freed`` (two rings through one another, with three neurons a layer and with four).
    Which recording plays which part is told by its shape.

    Options: ``parts``; ``epochs`` is a pair of the first and last epoch to choose from, either of them None.
    """

    clear = False
    sheets: Sequence[Sheet] = ()

    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "interval": (INTERVAL,),
        "rules": (STUCK,),
        "stuck": (STUCK,),
        "lifted": (LIFTED,),
        "race": (STUCK, LIFTED),
        "linked": (LINKED,),
        "freed": (FREED,),
    }

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if by_role(recordings):
            return None
        first = next(iter(recordings.values()))
        fault = fits(first)
        if fault is not None:
            return fault.replace("warp", "topology", 1)
        return (
            "topology needs two classes and a shape that can be drawn: 1 input into one layer of 2 neurons, 2 inputs "
            f"and layers of 2 or 3, or 3 inputs and layers of 3 or 4; {first.name} has none of these"
        )

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        return super().possible(by_role(recordings))

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        return super().chosen(by_role(recordings), options)

    def build(self, zone: Zone = PLANE) -> None:
        """Nothing yet: each part takes what it needs."""

    def interval(self) -> None:
        interval.play(self)

    def rules(self) -> None:
        rules.play(self)

    def stuck(self) -> None:
        stuck.play(self)

    def lifted(self) -> None:
        lifted.play(self)

    def race(self) -> None:
        race.play(self)

    def linked(self) -> None:
        rings.play_linked(self)

    def freed(self) -> None:
        rings.play_freed(self)

    def choose(self, experiment: str) -> Recording:
        """Go on with the recording that stands for an experiment."""
        self.recording = by_role(self.recordings)[experiment]
        return self.recording

    def take(self, experiment: str, clear: bool = False) -> None:
        """Build the plane, or the space, for a recording.

        Parameters
        ----------
        experiment : str
            Which it stands for.
        clear : bool
            Whether to show the epoch at which it is first sure of every point, rather than the last one.
        """
        self.choose(experiment)
        self.clear = clear
        self.regions, self.sheets = None, []
        WarpStage.build(self)
        self.view = self.plane.view = TurnedView(self.plane.view.origin, clock=lambda: self.now)
        self.plane.remove(*self.plane.marks)  # they stand where the axes are level
        self.plane.cloud.outline, self.plane.cloud.outline_width = self.theme.background, 1.2
        self.plane.rest(0)
        self.build_cards()

    def update_mobjects(self, dt: float) -> None:
        super().update_mobjects(dt)
        for sheet in self.sheets:
            sheet.look()

    def hold(self, seconds: float) -> None:
        super().hold(max(seconds, self.unread))

    @property
    def last_epoch(self) -> int:
        if self.clear:
            return clear_epoch(self.recording, self.options.get("epochs"))
        return super().last_epoch

    def projections(self) -> dict[int, Projection]:
        """Four dimensions are seen along three; of the last space the first is what the last layer looks along."""
        layers = self.recording.network_config["layers"]
        last = len(layers) - 2
        return {
            k: run_projection(self.recording, k, 3, edge_on=k == last)
            for k, layer in enumerate(layers[:-1])
            if layer["units"] > 3
        }

    @property
    def rightly(self) -> tuple[int, int]:
        """How many points are right at the epoch that is shown, and of how many."""
        return int((~self.wrong).sum()), len(self.wrong)

    @property
    def told_right(self) -> str:
        """The same in words."""
        right, count = self.rightly
        return f"all {count:,} points" if right == count else f"{right:,} of {count:,} points"
