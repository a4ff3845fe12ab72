"""Scene `pixels`: the numbers and the counts are those of the images that are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from engine import Dense, Flatten, Network
from engine.errors import RenderError
from engine.recording import Recording
from scenes.pixels import Pixels, choose, patch_box, richest_patch
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture
def scene(small_run: SmallRun) -> Pixels:
    (built,) = walk(Pixels, small_run("mnist-16"), {"label": 3})
    assert isinstance(built, Pixels)
    return built


def test_counts_are_of_the_images_shown(scene: Pixels, small_run: SmallRun) -> None:
    data = small_run("mnist-16").data
    bright = data.x > 0.5
    three, other = list(scene.three), scene.other
    assert (data.y[three] == 3).all() and data.y[other] != 3 and len(set(three)) == 3
    said = " ".join(cue.text.replace("\n", " ") for cue in scene.cues)
    either, all_of_them = int(bright[three].any(axis=0).sum()), int(bright[three].all(axis=0).sum())
    assert f"Of {either} pixels that are set in one, {all_of_them} are" in said
    in_common = [int((bright[three[0]] & bright[number]).sum()) for number in (three[1], other)]
    assert scene.agree == in_common
    assert ("has more in common" in said) == (in_common[1] > in_common[0])
    assert re.search(rf"it is an? {data.y[other]}\.", said) or in_common[1] <= in_common[0]


def test_the_numbers_are_the_pixels(scene: Pixels, small_run: SmallRun) -> None:
    image = small_run("mnist-16").data.x[scene.three[0]].reshape(8, 8)
    top, left = richest_patch(image, 6)
    assert scene.patch.values == pytest.approx(image[top : top + 6, left : left + 6])


def test_a_patch_lies_where_its_pixels_are() -> None:
    box = patch_box(np.array([0.0, 8.0, 0.0, 8.0]), (8, 8), 1, 2, 3)
    assert box.tolist() == [2, 5, 4, 7]


def test_the_other_image_is_the_one_that_agrees_best() -> None:
    strokes = np.zeros((6, 2, 4), bool)
    strokes[0, :, :2] = strokes[1, :, 2:] = True  # of one class, with nothing in common
    strokes[2, 0] = True
    strokes[3, :, :2] = True  # of the other class, the same as the first
    strokes[4, 1] = strokes[5, 1] = True
    labels = np.array([0, 0, 0, 1, 1, 1])
    label, three, other = choose(strokes, labels, 0)
    assert label == 0 and set(three) == {0, 1, 2} and three[0] != 1
    assert other == int(np.argmax([(strokes[three[0]] & each).sum() if k > 2 else 0 for k, each in enumerate(strokes)]))
    with pytest.raises(RenderError, match="label=7 is no class"):
        choose(strokes, labels, 7)


def test_images_of_one_pixel(tmp_path: Path) -> None:
    network = Network([Flatten(), Dense(1, "sigmoid")], (1, 1))
    x, y = np.linspace(0.6, 1, 8, dtype=np.float32).reshape(8, 1, 1), np.arange(8) % 2
    network.fit(x, y, loss="binary_crossentropy", epochs=1, record=tmp_path / "run")
    walk(Pixels, Recording(tmp_path / "run"))


def test_too_few_images_get_a_sentence(tmp_path: Path) -> None:
    network = Network([Flatten(), Dense(1, "sigmoid")], (2, 2))
    x = np.random.default_rng(0).random((4, 2, 2), dtype=np.float32)
    network.fit(x, np.arange(4) % 2, loss="binary_crossentropy", epochs=1, record=tmp_path / "run")
    with pytest.raises(RenderError, match="no class with three images"):
        walk(Pixels, Recording(tmp_path / "run"))


def test_what_does_not_fit_gets_a_sentence(small_run: SmallRun) -> None:
    assert "grey images" in str(Pixels.fits(small_run("spirals")))
