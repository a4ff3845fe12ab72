"""Lessons whose parts are functions."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ConfigurationError
from scenes.chapters import Chapters
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

TOLD: list[str] = []


def first(scene: Chapters) -> None:
    TOLD.append("first")
    scene.wait(0.2)


def second(scene: Chapters) -> None:
    TOLD.append("second")
    scene.wait(0.2)


class Fable(Chapters):
    """Two parts."""

    parts = {"first": first, "second": second}


@pytest.mark.parametrize(
    ("asked", "found"),
    [(None, ["first", "second"]), ("second", ["second"]), (("second", "first"), ["second", "first"])],
)
def test_parts_come_as_they_are_asked_for(small_run: SmallRun, asked: Any, found: list[str]) -> None:
    TOLD.clear()
    walk(Fable, small_run("spirals"), {} if asked is None else {"parts": asked})
    assert found == TOLD


def test_what_is_no_part_is_named(small_run: SmallRun) -> None:
    with pytest.raises(ConfigurationError, match="unknown part of fable 'frist': did you mean 'first'"):
        Fable.chosen({"spirals": small_run("spirals")}, {"parts": "frist"})
