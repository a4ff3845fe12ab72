"""Every scene keeps its texts and pictures in the frame and apart, and the check of it sees what breaks its rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import written
from scenes.registry import SCENES
from scenes.rendering import find_scene
from scenes.stage import Stage
from scenes.theme import SAFE
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.mark.parametrize(("name", "clock"), [(name, clock) for name in SCENES for clock in SCENES[name].clocks])
def test_every_scene_keeps_things_apart(small_run: SmallRun, name: str, clock: str) -> None:
    assert SCENES[name].experiments, f"the scene {name} names no experiment that it can be told with"
    walk(find_scene(name), {chosen: small_run(chosen) for chosen in SCENES[name].experiments}, {"clock": clock})


@pytest.mark.parametrize("name", SCENES)
def test_every_scene_fits_what_it_is_told_with(small_run: SmallRun, name: str) -> None:
    recordings = {chosen: small_run(chosen) for chosen in SCENES[name].experiments}
    assert find_scene(name).fits_together(recordings) is None


def tile(left: float, right: float, bottom: float, top: float) -> Tiles:
    return Tiles(np.ones((1, 1, 1)), np.array([[left, right, bottom, top]]), brightness_ramp(), 0.0, 1.0)


BROKEN: dict[str, Callable[[Stage], object]] = {
    "leaves the frame": lambda stage: stage.add(written("outside", (SAFE.right, 0))),
    "tile at .* leaves the frame": lambda stage: stage.add(tile(0, 1, SAFE.top - 0.5, SAFE.top + 0.5)),
    "text at .* overlaps text at": lambda stage: stage.add(written("one", (0, 0)), written("other", (0.1, 0.03))),
    "text at .* overlaps tile at": lambda stage: stage.add(written("over it", (0, 0)), tile(-1, 1, -1, 1)),
    "text at .* overlaps slot": lambda stage: (stage.caption("Said."), stage.add(written("in the way", (0, -2.8)))),
    "'tiny' is too small": lambda stage: stage.add(written("tiny", (0, 0), size=12)),
    "'scaled' is too small": lambda stage: stage.add(written("scaled", (0, 0)).scale(0.5)),
    "'loss 1' is too small": lambda stage: stage.readout("loss", value=1).scale(0.5),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_check_sees_what_is_wrong(small_run: SmallRun, fault: str) -> None:
    class Broken(Stage):
        def construct(self) -> None:
            BROKEN[fault](self)
            self.wait(0.5)

    with pytest.raises(AssertionError, match=fault):
        walk(Broken, small_run("spirals"))


def test_what_is_not_to_be_seen_is_in_nobodys_way(small_run: SmallRun) -> None:
    class Hidden(Stage):
        def construct(self) -> None:
            one, other = (written(text, (0, 0), color=self.theme.text) for text in ("one", "other"))
            self.add(one, other.set_opacity(0), tile(-1, 1, -1, 1).set_opacity(0))
            self.wait(0.5)

    walk(Hidden, small_run("spirals"))
