"""Every scene is drawn in the theme that was asked for, and the check of it sees what is not."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.writing import written
from scenes.stage import Stage
from scenes.theme import DARK, THEMES
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import SENTINEL, walk


def test_no_colour_of_the_themes_is_one_of_the_sentinel() -> None:
    for theme in THEMES.values():
        for colour in (theme.background, theme.text, theme.muted, theme.faint, theme.positive, theme.negative,
                       theme.activation, theme.loss, theme.accuracy, *theme.grid):  # fmt: skip
            assert int(colour[-2:], 16) > 20, (theme.name, colour)
    assert "sentinel" not in THEMES


@pytest.mark.parametrize(
    "wrong", [lambda: written("text", (0, 0), color=DARK.text), lambda: PointCloud(np.zeros((1, 2)), DARK.classes[0])]
)
def test_the_check_sees_a_colour_of_another_theme(small_run: SmallRun, wrong: object) -> None:
    class Broken(Stage):
        def construct(self) -> None:
            assert self.theme is SENTINEL
            self.add(written("fine", (0, 2), color=self.theme.text))
            self.wait(0.2)
            self.add(wrong())
            self.wait(0.2)

    with pytest.raises(AssertionError, match=r"after 0.4 s: a colour of another theme, .* at \[-?0\."):
        walk(Broken, small_run("spirals"))


def test_the_check_sees_a_caption_that_is_true_in_one_theme(small_run: SmallRun) -> None:
    class Broken(Stage):
        def construct(self) -> None:
            self.caption("The brightest neuron wins.")
            self.wait(0.2)

    with pytest.raises(AssertionError, match="'The brightest neuron wins.' is true in one theme only"):
        walk(Broken, small_run("spirals"))
