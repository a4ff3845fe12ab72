"""The scene: which example it follows, and the clock that all parts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from manim import Mobject, linear

from engine.errors import RenderError
from scenes.chapters import Chapters
from scenes.journey.answers import answers
from scenes.journey.choosing import choose, spoken, story
from scenes.journey.confusion import confusion
from scenes.journey.course import Course
from scenes.journey.focus import Focus
from scenes.journey.hardest import hardest
from scenes.journey.path import path, path_fault
from scenes.journey.portrait import Portrait, kind_of
from scenes.mobjects.legend import Legend
from scenes.mobjects.readout import Readout
from scenes.numbers import class_name
from scenes.theme import SAFE, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.journey.curves import AnswerCurves
    from scenes.journey.matrix import ConfusionMatrix
    from scenes.journey.space import HiddenMap

PORTRAIT = Zone(SAFE.left, -3.5, -2.1, 2.35)
KEY = (5.15, 2.25)
KEY_WIDTH = 1.1
SHORTEST, MANY = 0.3, 12  # share of a part's time that it has at least, and from how many moments on it has all


class Dated(Protocol):
    """What shows a moment of the training."""

    def set_share(self, share: float) -> object:
        """Show the moment that is reached when a part of the playing time has passed."""
        ...


class Journey(Chapters):
    """One example through a whole training, then all of them, and those that were hardest.

    Options: ``parts`` is a selection of ``"answers"`` (the example's outputs over the epochs, and how often the answer
    changes), ``"path"`` (its way through the last hidden space), ``"confusion"`` (the confusion matrix fills) and
    ``"hardest"`` (what was wrong most often); ``example`` is the number of the example, from 0, of those that were
    held out or, where none were, of the training's (by default one that flips, is wrong at first and right at the
    end); ``epochs`` is a pair of the first and last epoch, either of them None.
    """

    parts = {"answers": answers, "path": path, "confusion": confusion, "hardest": hardest}
    OPTIONS = ("epochs", "example")
    # what the parts have shown
    curves: AnswerCurves
    map: HiddenMap
    matrix: ConfusionMatrix
    hard: list[int]

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        name = recording.name
        if recording.data.task != "classification":
            return f"journey follows an example that is classified: {name} is trained for {recording.data.task}"
        if not recording.epochs:
            return f"journey needs at least one snapshot: {name} has no epoch yet"
        return None

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        names = super().possible(recordings)
        fault = path_fault(next(iter(recordings.values())))
        return [name for name in names if name != "path" or fault is None]

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        names = super().chosen(recordings, options)
        fault = path_fault(next(iter(recordings.values())))
        if "path" in names and fault is not None:
            raise RenderError(fault)
        return names

    def build(self) -> None:
        """Read the course of the training, and choose the example."""
        course = self.course = Course(self.recording, self.options.get("epochs"))
        self.number = self.asked_for()
        self.label = int(course.y[self.number])
        self.story = story(course.answers[:, self.number], self.label)
        self.focus = Focus(course, self.number, self.theme)
        self.noun = kind_of(self.recording)
        self.portrait = Portrait(course, self.number, PORTRAIT, self.theme)
        self.key = Legend(self.focus.entries, KEY, widest=KEY_WIDTH, theme=self.theme)
        self.followers: list[Dated] = [self.portrait]
        self.moved: list[Mobject] = []
        self.share = 0.0
        self.epoch: Readout | None = None

    def asked_for(self) -> int:
        """The number, of those that are looked at, of the example that is followed."""
        asked = self.options.get("example")
        if asked is None:
            return choose(self.course)
        found = [k for k, number in enumerate(self.course.numbers) if number == asked]
        if not found:
            total = self.course.total
            raise RenderError(f"example={asked!r} must be the number of an example that is looked at, 0 to {total - 1}")
        return found[0]

    def introduce(self) -> None:
        """Show the example and what is said of it at first, if it is not there yet."""
        if self.epoch is not None:
            return
        course = self.course
        first = int(course.answers[0, self.number])
        which = f"{course.total:,} {self.noun}s"
        where = "held out" if course.held_out else "it learns from"
        self.caption(f"One of {which} {where}:\nit is {class_name(course.names[self.label])}.")
        self.fade(self.portrait)
        self.read(TIMING.slow)
        widest = self.epoch_text(float(course.moments[-1]))
        self.epoch = self.readout("epoch", "", widest, self.epoch_text(float(course.moments[0])))
        self.moved += [*self.portrait.moving, self.epoch]
        self.caption(f"{self.when()} the network says\n"
                     f"{class_name(course.names[first])}: {'right' if self.story.first else 'wrong'}.")  # fmt: skip
        self.epoch.set_opacity(0.0)

        def enter(share: float) -> None:
            assert self.epoch is not None
            self.portrait.show_verdict(share)
            self.epoch.set_opacity(share)

        self.play_clock(TIMING.beat, enter, *self.portrait.moving, self.epoch)
        self.read(TIMING.slow)

    def when(self) -> str:
        """The first moment, as a sentence begins with it."""
        first = float(self.course.moments[0])
        return "Before training" if first == 0 else f"After epoch {spoken(first)}"

    def epoch_text(self, moment: float) -> str:
        """A moment as the counter shows it; with decimals where there are some between the epochs."""
        return f"{moment:,.2f}" if self.course.single_steps else f"{moment:,.0f}"

    def at(self, share: float) -> None:
        """Show everything as it is when a part of the playing time has passed."""
        self.share = share
        for follower in self.followers:
            follower.set_share(share)
        if self.epoch is not None:
            self.epoch.set_value(self.epoch_text(float(self.course.moments[self.course.nearest(share)])))

    def clear_stage(self) -> None:
        """Take the example and the counter away, if they are there."""
        if self.epoch is not None:
            self.fade(leaving=(self.portrait, self.epoch), seconds=TIMING.quick)
            self.clear_readouts()
            self.epoch, self.moved = None, []

    def rewind(self) -> None:
        """Go back to the first moment."""
        if self.share > 0:
            start = self.share
            self.play_clock(TIMING.beat, lambda share: self.at(start * (1 - share)), *self.moved)

    def run(self, seconds: float, shown: Dated, *moved: Mobject) -> None:
        """Let the training run, and what is shown follow it."""
        self.followers.append(shown)
        count = len(self.course.moments)
        seconds = max(seconds * min(1.0, max(SHORTEST, (count - 1) / MANY)), self.unread)
        self.play_clock(seconds, self.at, *self.moved, *moved, rate_func=linear)
        self.followers.remove(shown)
