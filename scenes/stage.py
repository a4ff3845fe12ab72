"""The base of all scenes: recordings in, and captions, headings and read-outs in their places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from manim import Animation, Dot, ManimColor, Mobject, MovingCameraScene, Scene, ThreeDScene, VGroup, VMobject, smooth

from scenes.animations.clock import Clock
from scenes.films import Telling
from scenes.frames import FrameRenderer
from scenes.mobjects.readout import Readout
from scenes.mobjects.slot import Slot
from scenes.mobjects.text import Label
from scenes.options import check_known
from scenes.painting.camera import PaintCamera, PaintThreeDCamera
from scenes.painting.mobject import Painted
from scenes.subtitles import Cue, caption_lines
from scenes.theme import CAPTION, HEADING, READOUTS, TEXT, TIMING, Theme, find_theme

if TYPE_CHECKING:
    from engine.recording import Recording

__all__ = ["BaseStage", "Clock", "Stage", "Stage3D", "caption_lines", "fitting", "legend_of"]

LEGEND_LINES = 11
LEGEND_LENGTH = 22
FRONT = 1000  # z-index of captions and read-outs


class BaseStage(Scene):
    """What flat and spatial stages share: a scene that takes recordings.

    A subclass implements `construct`. It is rendered with `scenes.rendering.render`, or by manim's own command line
    if it has the class attribute `recording` or `recordings`.

    Attributes
    ----------
    OPTIONS : tuple of str
        Names of the options that the scene reads, besides those of its bases; no others are taken.
    recordings : dict of str to Recording
        By name; the first one is also `recording`.
    options : dict
        What the user asked for, such as ``{"clock": "time", "epochs": (0, 100)}``.
    telling : Telling
        What a film changes in the captions and their time.
    theme : Theme
    cues : list of Cue
        The captions so far.
    said : int
        How many captions the scene had, also those that the film leaves out.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("theme",)
    recordings: Mapping[str, Recording] = {}
    recording: Recording
    options: Mapping[str, Any] = {}
    telling = Telling()
    camera_class: type[Any] = PaintCamera

    def __init__(self, renderer: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("camera_class", type(self).camera_class)
        if self.recordings and not hasattr(self, "recording"):
            self.recording = next(iter(self.recordings.values()))
        self.theme: Theme = find_theme(str(self.options.get("theme", "dark")))
        self.cues: list[Cue] = []
        self._cue: tuple[str, float, int] | None = None
        self.said = 0
        self._own: str | None = None  # the caption as the scene has it
        self._readouts: list[Readout] = []
        super().__init__(renderer=renderer, **kwargs)
        if ManimColor(self.camera.background_color) != ManimColor(self.theme.background):
            self.camera.background_color = self.theme.background  # manim's own command knows no themes
        self._slots = {name: Slot(halo=self.theme.background) for name in ("caption", "heading", "detail", "legend")}
        for slot in self._slots.values():
            slot.set_z_index(FRONT)

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        """None if the scene can show this recording, else a sentence that says why not."""
        return None

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        """None if the scene can show these recordings, the main one first, else a sentence that says why not.

        A scene that compares several recordings checks here that it has them.
        """
        return cls.fits(next(iter(recordings.values())))

    @classmethod
    def known_options(cls) -> set[str]:
        """Names of the options that the scene takes: its own, and those of the classes that it is made from."""
        return {name for base in cls.__mro__ for name in vars(base).get("OPTIONS", ())}

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Raise `ConfigurationError` for an option that the scene does not know, or a value that breaks its rule."""
        check_known(cls.__name__.lower(), options, cls.known_options())

    @property
    def now(self) -> float:
        """Seconds since the scene's beginning of the frame being drawn."""
        return float(self.renderer.time)

    # What is said

    def caption(self, text: str | None) -> None:
        """Show a caption from now on, at the bottom and in the subtitles, until the next one; None clears it.

        Parameters
        ----------
        text : str or None
            At most two lines of 42 characters; a longer line without a break of its own is broken evenly.
        """
        own = None if text is None else "\n".join(caption_lines(text))
        if own is not None and own == self._own:
            return
        self._hold_caption()
        self._close_cue()
        self._own, text = own, own
        if own is not None:
            self.said += 1
            text = self._in_other_words(own)
        if text is None:
            self._show("caption", None)
            return
        self._cue = (text, self.now, self.said)
        label = Label(text, size=TEXT.caption, color=self.theme.text, align="center")
        # one line stands where the first of two would, so that captions do not jump
        self._show("caption", label.stand_on(0, CAPTION.top - 0.3, "center"))

    def heading(self, text: str | None, detail: str | VMobject | None = None) -> None:
        """Show a heading at the top left, with a smaller line or formula under it; None clears both."""
        label = None
        if text is not None:
            label = fitting(text, HEADING.width, TEXT.heading, self.theme.text, bold=True)
            label.stand_on(HEADING.left, HEADING.top - 0.3)
        self._show("heading", label)
        if isinstance(detail, str):
            detail = fitting(detail, HEADING.width, TEXT.detail, self.theme.muted)
            detail.stand_on(HEADING.left, HEADING.top - 0.83)
        elif detail is not None:
            detail.move_to([HEADING.left, HEADING.top - 0.6, 0], aligned_edge=np.array([-1, 1, 0]))
        self._show("detail", detail)

    def legend(self, entries: Sequence[tuple[str, str]] | None, lines: int = LEGEND_LINES) -> None:
        """Say at the left, under the heading, what colours mean; None clears it.

        Parameters
        ----------
        entries : sequence of (name, colour)
            Long names are cut.
        lines : int
            Where there are more entries, the last line says only how many more.
        """
        self._show("legend", None if not entries else legend_of(entries, self.theme, lines))

    def readout(
        self, label: str, style: str = "g", widest: float | str = 0, value: float | str = 0, color: str | None = None
    ) -> Readout:
        """Add a named number at the top right, under those that are there; set its value with ``set_value``."""
        readout = Readout(
            label,
            value,
            style,
            widest,
            color=color or self.theme.text,
            label_color=self.theme.muted,
            halo=self.theme.background,
        )
        readout.fixed_in_frame = True
        readout.set_z_index(FRONT)
        top = READOUTS.top - 0.46 * len(self._readouts)
        readout.move_to([READOUTS.right, top, 0], aligned_edge=np.array([1, 1, 0]))
        self._readouts.append(readout)
        self.add(readout)
        return readout

    def clear_readouts(self) -> None:
        """Remove all read-outs."""
        self.remove(*self._readouts)
        self._readouts = []

    def _show(self, name: str, mobject: VMobject | None) -> None:
        slot = self._slots[name]
        if mobject is None and slot.current is None:
            return
        slot.show(mobject, self.now)
        # manim's own renderer shows a wait as one frame, in which a change would not come to its end
        slot.fade_time = TIMING.fade if isinstance(self.renderer, FrameRenderer) else 0.0
        if slot not in self.mobjects:
            self.add(slot)

    def _in_other_words(self, text: str) -> str | None:
        """What the film says in the place of the scene's caption."""
        if self.said not in self.telling.captions:
            return text
        given = self.telling.captions[self.said]
        return "\n".join(caption_lines(given)) if given.strip() else None

    def _hold_caption(self) -> None:
        """Let the picture stand where the film wants more time for the caption that is there."""
        if self._own is not None and self.said in self.telling.holds:
            # by the film's clock, whatever the scene's pace
            self.wait(self.telling.holds[self.said] * self.telling.pace)

    def _close_cue(self) -> None:
        if self._cue is not None:
            text, start, number = self._cue
            self.cues.append(Cue(text, start, self.now, number))
            self._cue = None

    # Time

    def play_clock(
        self,
        duration: float,
        function: Callable[[float], object],
        *mobjects: Mobject,
        rate_func: Callable[[float], float] = smooth,
        **kwargs: Any,
    ) -> None:
        """Let `duration` seconds pass, calling `function` with 0 to 1 in every frame.

        Parameters
        ----------
        duration : float
        function : callable
            Sets everything from the share of time that has passed.
        mobjects : Mobject
            What the function changes, if it is not everything; what is not there is added.
        rate_func : callable
            Eases the time; manim's `linear` for none.
        """
        self.play(Clock(function, *mobjects, run_time=duration, rate_func=rate_func), **kwargs)

    @property
    def unread(self) -> float:
        """Seconds that the caption still has to be there so that it can be read."""
        if self._cue is None:
            return 0.0
        text, start = self._cue[:2]
        return max(0.0, len(text.replace("\n", " ")) / TIMING.reading - (self.now - start))

    def read(self, seconds: float = 0.0) -> None:
        """Wait until the caption could be read, at least some seconds."""
        seconds = max(seconds, self.unread)
        if seconds > 0:
            self.wait(seconds)

    def add_behind(self, mobject: VMobject) -> None:
        """Add something behind everything else."""
        self.add(mobject)
        self.bring_to_back(mobject)

    def fade(self, *entering: VMobject, leaving: Sequence[VMobject] = (), seconds: float = TIMING.beat) -> None:
        """Let painted mobjects come and go at once; nothing is copied for it, and what is there keeps its layer."""
        strengths = [mobject.get_fill_opacity() for mobject in leaving]
        there = self.get_mobject_family_members()
        self.add(*(mobject for mobject in entering if mobject not in there))

        def show(share: float) -> None:
            for mobject in entering:
                mobject.set_opacity(share)
            for mobject, strength in zip(leaving, strengths, strict=True):
                mobject.set_opacity(strength * (1 - share))

        self.play_clock(seconds, show, *entering, *leaving)
        self.remove(*leaving)

    @property
    def settled(self) -> float:
        """The time from which on a still picture stays as it is."""
        return max(slot.settled for slot in self._slots.values())

    def update_mobjects(self, dt: float) -> None:
        super().update_mobjects(dt)
        for slot in self._slots.values():
            slot.time = self.now

    def get_moving_mobjects(self, *animations: Animation) -> list[Mobject]:
        clocks = [animation for animation in animations if isinstance(animation, Clock)]
        if any(clock.anything for clock in clocks):
            return list(self.mobjects)
        moving = set(super().get_moving_mobjects(*animations))
        for clock in clocks:
            for mobject in clock.moved:
                moving.update(mobject.get_family())
        # painted mobjects are cheap to paint, and what they show may change without manim's knowing
        family = self.get_mobject_family_members()
        first = next((k for k, m in enumerate(family) if m in moving or isinstance(m, Painted)), None)
        return [] if first is None else family[first:]

    def tear_down(self) -> None:
        self._hold_caption()
        self._close_cue()


class Stage(BaseStage, MovingCameraScene):
    """A flat scene whose camera frame can move and zoom: ``self.camera.frame``."""


class Stage3D(BaseStage, ThreeDScene):
    """A scene in space; captions, headings and read-outs stay fixed in the frame."""

    camera_class: type[Any] = PaintThreeDCamera


def fitting(text: str, width: float, size: float, color: str, **kwargs: Any) -> Label:
    """A label that is at most `width` wide: smaller than `size` if it must be, and cut if that is not enough."""
    while True:
        label = Label(text, size=size, color=color, **kwargs)
        if label.width <= width or len(text) < 2:
            return label
        if size > TEXT.small:
            size = max(TEXT.small, size * width / label.width * 0.99)
        else:
            text = text[: int(len(text) * width / label.width) - 1].rstrip("… ") + "…"


def legend_of(entries: Sequence[tuple[str, str]], theme: Theme, lines: int = LEGEND_LINES) -> VGroup:
    """Names, each with a disc in its colour, one under the other."""
    shown = list(entries) if len(entries) <= lines else list(entries[: lines - 1])
    rows = VGroup()
    for k, (name, colour) in enumerate(shown):
        y = HEADING.bottom - 1.25 - 0.37 * k
        rows.add(Dot([HEADING.left + 0.09, y + 0.08, 0], radius=0.09, color=colour))
        text = name if len(name) <= LEGEND_LENGTH else name[: LEGEND_LENGTH - 1].rstrip() + "…"
        rows.add(Label(text, size=TEXT.small, color=theme.muted).stand_on(HEADING.left + 0.32, y))
    if len(shown) < len(entries):
        text = f"and {len(entries) - len(shown)} more"
        rows.add(Label(text, size=TEXT.small, color=theme.muted).stand_on(HEADING.left + 0.32, y - 0.37))
    return rows
