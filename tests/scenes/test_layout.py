"""Every scene keeps its texts and pictures in the frame and apart, and the check of it sees what breaks its rules."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.mobjects.writing import written
from scenes.registry import SCENES
from scenes.rendering import find_scene
from scenes.stage import Stage
from scenes.theme import SAFE
from tests.scenes.layout import walk

EXPERIMENTS = ("spirals", "digits")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    folder = tmp_path_factory.mktemp("runs")
    return {name: run_experiment(load_experiment(name).override(epochs=2), folder / name) for name in EXPERIMENTS}


@pytest.mark.parametrize(("name", "clock"), [(name, clock) for name in SCENES for clock in SCENES[name].clocks])
def test_every_scene_keeps_things_apart(recordings: dict[str, Recording], name: str, clock: str) -> None:
    scene = find_scene(name)
    fitting = [recording for recording in recordings.values() if scene.fits(recording) is None]
    assert fitting, f"no small recording fits {name}: add one to EXPERIMENTS"
    walk(scene, fitting[0], {"clock": clock})


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
def test_the_check_sees_what_is_wrong(recordings: dict[str, Recording], fault: str) -> None:
    class Broken(Stage):
        def construct(self) -> None:
            BROKEN[fault](self)
            self.wait(0.5)

    with pytest.raises(AssertionError, match=fault):
        walk(Broken, recordings["spirals"])


def test_what_is_not_to_be_seen_is_in_nobodys_way(recordings: dict[str, Recording]) -> None:
    class Hidden(Stage):
        def construct(self) -> None:
            self.add(written("one", (0, 0)), written("other", (0, 0)).set_opacity(0), tile(-1, 1, -1, 1).set_opacity(0))
            self.wait(0.5)

    walk(Hidden, recordings["spirals"])
