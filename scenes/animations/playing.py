"""Training played back: one counter that drives any number of things."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from manim import Animation, Mobject, Scene, VGroup, linear

from engine.network import Network
from scenes.mobjects.readout import Readout
from scenes.replay import Pace, Replay


class Dated(Protocol):
    """What shows a moment of the training, such as a curve that grows."""

    def set_moment(self, moment: float) -> object:
        """Show a moment, in epochs."""
        ...


class PlayTraining(Animation):
    """Run through the epochs, slower where more changes, and let everything follow one moment.

    Parameters
    ----------
    replay : Replay
    mobjects : Mobject
        What changes.
    follow : callable, optional
        Takes the network of the moment and sets the mobjects; None where everything follows the moment.
    readouts : dict of str to Readout
        ``"epoch"`` shows the epoch, other names the recorded measures of that epoch on the training data.
    dated : sequence
        What follows the moment itself, in epochs, and not the network: curves.
    pace : Pace, optional
        By default the recording's own.
    """

    def __init__(
        self,
        replay: Replay,
        *mobjects: Mobject,
        follow: Callable[[Network], object] | None = None,
        readouts: dict[str, Readout] | None = None,
        dated: Sequence[Dated] = (),
        pace: Pace | None = None,
        run_time: float = 8.0,
        **kwargs: Any,
    ) -> None:
        self.replay, self.follow, self.readouts = replay, follow, readouts or {}
        self.dated = tuple(dated)
        self.pace = pace or replay.pace()
        self.moved = [*mobjects, *self.readouts.values()]
        kwargs.setdefault("rate_func", linear)
        super().__init__(VGroup(*self.moved), run_time=run_time, **kwargs)

    def create_starting_mobject(self) -> Mobject:
        return self.mobject

    def get_all_mobjects(self) -> list[Mobject]:
        return [self.mobject]

    def is_introducer(self) -> bool:
        # or manim would add the group of all, and bring to the front what lies behind
        return True

    def _setup_scene(self, scene: Scene) -> None:
        there = scene.get_mobject_family_members()
        scene.add(*(mobject for mobject in self.moved if mobject not in there))
        for mobject in self.moved:
            mobject.add_updater(_moves)

    def interpolate_mobject(self, alpha: float) -> None:
        self.show(self.pace.moment(self.rate_func(alpha)))

    def show(self, moment: float) -> None:
        """Show one moment, in epochs."""
        epoch = self.replay.epoch_at(moment)
        measured = self.replay.recording.evaluate(epoch)
        for name, readout in self.readouts.items():
            readout.set_value(epoch if name == "epoch" else measured[name])
        for mobject in self.dated:
            mobject.set_moment(moment)
        if self.follow is not None:
            self.follow(self.replay.network_at(moment))

    def clean_up_from_scene(self, scene: Scene) -> None:
        self.interpolate(1)
        for mobject in self.moved:
            mobject.remove_updater(_moves)


def _moves(mobject: Mobject) -> None:
    """Tells a scene of manim's own that a mobject must be drawn in every frame; what it shows is set elsewhere."""
