"""Lessons that are told in parts, of which a film may take some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from manim import Mobject

from engine.errors import ConfigurationError, RenderError, nearest
from scenes.mobjects.slot import Slot
from scenes.painting.mobject import Painted
from scenes.stage import BaseStage
from scenes.theme import TIMING

if TYPE_CHECKING:
    from engine.recording import Recording


class Lesson(BaseStage):
    """A stage that tells its story in parts; it goes before `Stage` or `Stage3D` in a scene's bases.

    A subclass implements `build`, which makes what several parts need, and a method for each part.

    Options: ``parts`` names the parts to tell, in this order; by default all that the given recordings allow.

    Attributes
    ----------
    PARTS : dict of str to tuple of str
        The names of the parts' methods, in order, each with the names of the recordings that it needs besides the
        main one.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("parts",)
    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        super().check_options(options)
        cls.asked_parts(options)

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        fault = super().fits_together(recordings)
        if fault is None and not cls.possible(recordings):
            needed = next(iter(cls.PARTS.values()))
            fault = f"{cls.__name__.lower()} needs recordings of the experiments {', '.join(needed)} as well"
        return fault

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        """The parts that these recordings allow."""
        return [name for name, needed in cls.PARTS.items() if all(other in recordings for other in needed)]

    @classmethod
    def asked_parts(cls, options: Mapping[str, Any]) -> list[str] | None:
        """The parts that the options name, None where they name none; `ConfigurationError` where one is unknown."""
        asked = options.get("parts")
        if asked is None:
            return None
        scene = cls.__name__.lower()
        names = [asked] if isinstance(asked, str) else [str(name) for name in asked]
        if not names:
            raise ConfigurationError(
                f"parts={asked!r}: name at least one part of {scene}, such as {next(iter(cls.PARTS))!r}"
            )
        for name in names:
            if name not in cls.PARTS:
                raise nearest(f"part of {scene}", name, cls.PARTS)
        return names

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        """The parts to tell; `RenderError` where one needs a recording that is not there."""
        names = cls.asked_parts(options)
        if names is None:
            return cls.possible(recordings)
        scene = cls.__name__.lower()
        for name in names:
            missing = [other for other in cls.PARTS[name] if other not in recordings]
            if missing:
                raise RenderError(
                    f"the part {name!r} of {scene} needs a recording of the experiment {missing[0]!r}, which was not "
                    "given"
                )
        return names

    def build(self) -> None:
        """Compute what several parts need."""

    def construct(self) -> None:
        # the class that `Part` makes is named after the scene, so that messages name the scene, too
        names = self.chosen(self.recordings, self.options)
        self.build()
        for k, name in enumerate(names):
            if k:
                self.sweep()
            self.tell(name)

    def tell(self, part: str) -> None:
        """Tell one of the parts."""
        getattr(self, part)()

    def sweep(self) -> None:
        """Take away what a part leaves: everything but the heading."""
        leaves = [
            member
            for member in self.get_mobject_family_members()
            if isinstance(member, Painted) and not isinstance(member, Slot)
        ]
        self.caption(None)
        self.legend(None)
        strengths = [leaf.opacity for leaf in leaves]

        def show(share: float) -> None:
            for leaf, strength in zip(leaves, strengths, strict=True):
                leaf.set_opacity(strength * (1 - share))

        self.play_clock(TIMING.quick, show)
        kept: list[Mobject] = [mobject for mobject in self.mobjects if isinstance(mobject, Slot)]
        self.remove(*(mobject for mobject in self.mobjects if mobject not in kept))
        self.clear_readouts()
