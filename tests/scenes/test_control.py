"""Mobjects and scenes look as they did when somebody looked at them."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.registry import SCENES
from tests.scenes.conftest import SmallRun
from tests.scenes.control import FOLDER, MOBJECTS, change, kept, mobject_picture, path_of, scene_picture

RENEW = "look at both pictures; if the new one is better, keep it: python tools/renew_control.py"


@pytest.mark.parametrize("name", MOBJECTS)
def test_mobjects_look_as_they_did(name: str) -> None:
    changed = change(kept(name), mobject_picture(name))
    assert not changed, f"{name}: {changed}; {RENEW} {name!r}"


@pytest.mark.parametrize("name", SCENES)
def test_scenes_look_as_they_did(small_run: SmallRun, name: str) -> None:
    assert path_of(name).exists(), f"the scene {name} has no control image: python tools/renew_control.py {name}"
    changed = change(kept(name), scene_picture(name, small_run))
    assert not changed, f"{name}: {changed}; {RENEW} {name}"


def test_every_control_image_is_of_something_and_small() -> None:
    names = {path_of(name).name for name in (*MOBJECTS, *SCENES)}
    assert {path.name for path in FOLDER.iterdir()} == names
    assert all(path.stat().st_size < 60_000 for path in FOLDER.iterdir())


def test_changes_are_noticed() -> None:
    picture = kept("discs")
    assert change(picture, picture) == ""
    assert "colours differ" in change(picture, np.roll(picture, 2, axis=1))
    assert "colours differ" in change(picture, np.clip(picture.astype(int) + 12, 0, 255).astype(np.uint8))
    assert "the size" in change(picture, picture[:-1])
    assert "empty" in change(np.zeros_like(picture), np.zeros_like(picture))
    slight = picture.astype(int) + np.random.default_rng(0).integers(-2, 3, picture.shape)
    assert change(picture, np.clip(slight, 0, 255).astype(np.uint8)) == ""
