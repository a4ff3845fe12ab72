"""Lessons in parts: which are told, and what is said where one cannot be."""

from __future__ import annotations

import pytest

from engine.errors import ConfigurationError, RenderError
from scenes.lesson import Lesson
from scenes.mobjects.slot import Slot
from scenes.mobjects.writing import written
from scenes.rendering import configured, make_part, measure_parts
from scenes.stage import Stage
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


class Fable(Lesson, Stage):
    PARTS = {"first": (), "second": ("xor",), "third": ()}

    def build(self) -> None:
        self.told: list[str] = []

    def tell(self, name: str) -> None:
        # what an earlier part has left would be in the way
        assert all(isinstance(mobject, Slot) for mobject in self.mobjects)
        self.told.append(name)
        self.caption(f"The {name} part.")
        self.fade(written(name, (0, 0), color=self.theme.text))
        self.readout(name)

    def first(self) -> None:
        self.tell("first")

    def second(self) -> None:
        self.tell("second")

    def third(self) -> None:
        self.tell("third")


@pytest.mark.parametrize(
    ("others", "parts", "told"),
    [
        ((), None, ["first", "third"]),
        (("xor",), None, ["first", "second", "third"]),
        (("xor",), ("third", "second"), ["third", "second"]),
        ((), "third", ["third"]),
    ],
)
def test_parts_are_told_in_the_order_that_is_asked_for(
    small_run: SmallRun, others: tuple[str, ...], parts: object, told: list[str]
) -> None:
    recordings = {name: small_run(name) for name in ("two-curves-linear", *others)}
    scene = walk(Fable, recordings, {} if parts is None else {"parts": parts})[0]
    assert scene.told == told  # type: ignore[attr-defined]
    assert [cue.text for cue in scene.cues] == [f"The {name} part." for name in told]


@pytest.mark.parametrize(
    ("parts", "kind", "message"),
    [
        ("secnd", ConfigurationError, "unknown part of fable 'secnd': did you mean 'second'"),
        (("first", "second"), RenderError, "the part 'second' of fable needs a recording of the experiment 'xor'"),
        ((), ConfigurationError, r"parts=\(\): name at least one part of fable, such as 'first'"),
    ],
)
def test_parts_that_cannot_be_told_are_named(
    small_run: SmallRun, parts: object, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        part = make_part(Fable, small_run("two-curves-linear"), {"parts": parts})
        with configured([part], 854, 480, 15):
            measure_parts([part])


def test_a_lesson_without_a_possible_part_says_what_it_needs(small_run: SmallRun) -> None:
    class Needy(Fable):
        PARTS = {"second": ("xor",)}

    with pytest.raises(RenderError, match="needy needs recordings of the experiments xor as well"):
        make_part(Needy, small_run("two-curves-linear"), {})
