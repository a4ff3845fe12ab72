"""Scene `inputs`: the pixel is one of the recording's, and what the neurons hold is what stands beside them."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from scenes.inputs import CUBES, Inputs
from scenes.theme import rgb
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def scene(small_run: SmallRun) -> Inputs:
    (built,) = walk(Inputs, small_run("digits"))
    return cast(Inputs, built)


def test_the_pixel_is_one_of_an_image_of_the_recording(scene: Inputs, small_run: SmallRun) -> None:
    x = small_run("digits").data.x
    image = x[scene.number].reshape(8, 8)
    assert scene.panel.picture.values[0] == pytest.approx(image)
    row, column = scene.place
    assert scene.values[3] == pytest.approx(image[row, column] / x.max())
    # neither dark nor full, so that there is something to be told
    assert 0.3 < scene.values[3] < 0.9
    left, right, bottom, top = scene.panel.box[0]
    assert scene.own == pytest.approx([
        left + (right - left) * column / 8, left + (right - left) * (column + 1) / 8,
        top - (top - bottom) * (row + 1) / 8, top - (top - bottom) * row / 8,
    ])  # fmt: skip


def test_neurons_hold_what_is_told_beside_them(scene: Inputs) -> None:
    sugar, sound, words, _ = scene.values
    assert sugar == pytest.approx(3 * CUBES / 100)
    assert words == pytest.approx(3 / 8)
    assert 0 < sound < 1
    assert [float(readout.text) for readout in scene.readouts] == pytest.approx(scene.values, abs=0.006)
    ground, bright = np.array(rgb(scene.theme.background)), np.array(rgb(scene.theme.activation))
    assert scene.neurons.colours is not None
    assert scene.neurons.colours[:, :3] == pytest.approx(ground + (bright - ground) * scene.values[:, None])


def test_an_image_is_as_many_features_as_it_has_pixels(scene: Inputs) -> None:
    assert scene.cues[-1].text == "An image of 8 × 8 pixels\nis 64 features."
    # the box that was round a pixel is round all of them
    assert scene.box.points[:, 0].min() == pytest.approx(scene.panel.box[0, 0])
    assert scene.box.points[:, 0].max() == pytest.approx(scene.panel.box[0, 1])


def test_only_grey_images_have_such_pixels(small_run: SmallRun) -> None:
    assert Inputs.fits(small_run("digits")) is None
    assert "inputs shows networks of grey images" in str(Inputs.fits(small_run("spirals")))
