"""Distortions: compared with what numpy does by whole pixels and quarter turns, and with where a blob ends up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.datasets.distortions import DISTORTIONS, noise, rotate, shift, squeeze
from engine.errors import ConfigurationError, DataError

SOME: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "shift": lambda images: shift(images, 1.5, -2),
    "squeeze": lambda images: squeeze(images, 0.6, 0.8, towards="top"),
    "rotate": lambda images: rotate(images, 20),
    "noise": lambda images: noise(images, 0.3),
}


def batch(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, np.float32)


def middle(images: NDArray[Any]) -> NDArray[np.float64]:
    """Row and column of each picture's centre of mass."""
    rows, columns = np.indices(images.shape[1:])
    mass = images.sum(axis=(1, 2))
    return np.stack([(images * rows).sum(axis=(1, 2)) / mass, (images * columns).sum(axis=(1, 2)) / mass], axis=1)


def test_all_of_them_are_tried() -> None:
    assert set(SOME) == set(DISTORTIONS)


@pytest.mark.parametrize("name", SOME)
def test_shape_type_and_channels_stay(name: str) -> None:
    images = batch(3, 8, 10, 3)
    before = images.copy()
    moved = SOME[name](images)
    assert moved.shape == images.shape and moved.dtype == np.float32 and moved.flags.c_contiguous
    np.testing.assert_array_equal(images, before)
    assert not np.array_equal(moved, before)
    if name != "noise":  # whose numbers are drawn for the whole batch
        for channel in range(3):
            np.testing.assert_array_equal(moved[..., channel], SOME[name](images[..., channel]))
    assert SOME[name](images.astype(np.float64)).dtype == np.float64


def test_a_shift_by_whole_pixels_is_a_slice() -> None:
    images, moved = batch(2, 6, 7), shift(batch(2, 6, 7), down=2, right=-3, fill=0.5)
    np.testing.assert_allclose(moved[:, 2:, :-3], images[:, :-2, 3:], atol=1e-6)
    np.testing.assert_array_equal(moved[:, :2], 0.5)
    np.testing.assert_array_equal(moved[:, :, -3:], 0.5)


def test_half_a_pixel_is_the_mean_of_two() -> None:
    images = batch(1, 5, 5)
    moved = shift(images, right=0.5)
    np.testing.assert_allclose(moved[:, :, 1:], (images[:, :, 1:] + images[:, :, :-1]) / 2, atol=1e-6)
    np.testing.assert_allclose(moved[:, :, 0], images[:, :, 0] / 2, atol=1e-6)


@pytest.mark.parametrize("quarters", [-1, 1, 2, 3])
def test_quarter_turns_are_exact(quarters: int) -> None:
    images = batch(2, 6, 6)
    np.testing.assert_allclose(rotate(images, 90 * quarters), np.rot90(images, quarters, axes=(1, 2)), atol=1e-5)


def test_a_turn_is_counter_clockwise_around_the_centre() -> None:
    images = np.zeros((1, 41, 41))
    images[0, 20, 35] = 1  # to the right of the centre
    row, column = middle(rotate(images, 30))[0]
    np.testing.assert_allclose([row, column], [20 - 15 * np.sin(np.pi / 6), 20 + 15 * np.cos(np.pi / 6)], atol=0.1)


def test_half_the_height_is_the_mean_of_pairs_in_the_lower_half() -> None:
    images = batch(2, 8, 5)
    moved = squeeze(images, height=0.5, towards="bottom", fill=0.25)
    np.testing.assert_allclose(moved[:, 4:], (images[:, ::2] + images[:, 1::2]) / 2, atol=1e-6)
    np.testing.assert_array_equal(moved[:, :4], 0.25)


@pytest.mark.parametrize(
    ("towards", "place"),
    [("centre", (9.5, 9.5)), ("top", (4.5, 9.5)), ("bottom", (14.5, 9.5)), ("left", (9.5, 4.5)),
     ("right", (9.5, 14.5))],
)  # fmt: skip
def test_a_picture_lies_where_it_was_squeezed_to(towards: str, place: tuple[float, float]) -> None:
    moved = squeeze(np.ones((1, 20, 20)), 0.5, 0.5, towards=towards)
    np.testing.assert_allclose(middle(moved)[0], place, atol=1e-6)
    assert moved.sum() == pytest.approx(100)


def test_noise_is_normal_cut_to_the_range_and_seeded() -> None:
    images = np.full((20, 30, 30), 0.5, np.float32)
    moved = noise(images, 0.1, seed=4)
    assert moved.std() == pytest.approx(0.1, rel=0.03) and moved.mean() == pytest.approx(0.5, abs=0.005)
    np.testing.assert_array_equal(moved, noise(images, 0.1, seed=4))
    assert not np.array_equal(moved, noise(images, 0.1, seed=5))
    loud = noise(images, 3.0)
    assert loud.min() == 0 and loud.max() == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: shift(batch(2, 3, 3), down="far"), "shift: down='far' must be a finite number"),  # type: ignore[arg-type]
        (lambda: rotate(batch(2, 3, 3), float("nan")), "rotate: degrees=nan must be a finite number"),
        (lambda: squeeze(batch(2, 3, 3), height=0), "squeeze: height=0 must be a finite number above 0"),
        (lambda: squeeze(batch(2, 3, 3), towards="up"),
         "squeeze: towards='up' must be one of 'centre', 'top', 'bottom', 'left', 'right'"),
        (lambda: noise(batch(2, 3, 3), -1), "noise: deviation=-1 must be a finite number of at least 0"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_gets_one_sentence(call: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        call()
    assert str(error.value) == sentence


@pytest.mark.parametrize("images", [batch(3, 784), np.zeros((2, 3, 3), np.uint8), np.zeros((0, 3, 3))])
def test_what_is_no_batch_of_images_gets_one_sentence(images: NDArray[Any]) -> None:
    with pytest.raises(DataError, match=r"floats of shape \(N, height, width\) or .* are needed$"):
        shift(images, 1)
