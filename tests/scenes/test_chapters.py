"""The option that chooses parts of a scene."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import NeurofilmError
from scenes.chapters import chosen_parts

KNOWN = ("one", "two", "three")


@pytest.mark.parametrize(
    ("asked", "found"),
    [(None, ["one", "two", "three"]), ("two", ["two"]), (("three", "one"), ["three", "one"]), (["two"], ["two"])],
)
def test_parts_come_as_they_are_asked_for(asked: Any, found: list[str]) -> None:
    assert chosen_parts({} if asked is None else {"parts": asked}, KNOWN) == found


@pytest.mark.parametrize(
    ("asked", "sentence"), [(("two", "tree"), "unknown part 'tree': did you mean 'three'"), ((), "names no part")]
)
def test_what_is_no_part_is_named(asked: Any, sentence: str) -> None:
    with pytest.raises(NeurofilmError, match=sentence):
        chosen_parts({"parts": asked}, KNOWN)
