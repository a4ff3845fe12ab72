"""Scene `convolution`: what it draws and says, against plain loops over the recording's numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from engine.datasets.dataset import Dataset
from engine.errors import NeurofilmError, RenderError
from engine.layers import AvgPool2D, Conv2D, Dense, Flatten, Reshape
from engine.layers.base import Layer
from engine.network import Network
from engine.recording import Recorder, Recording
from scenes.convolution import Convolution
from scenes.convolution.filtering import Filtering
from scenes.convolution.window import cell_box
from scenes.mobjects.readout import Readout
from scenes.rendering import make_part
from tests.scenes.conftest import Picture, SmallRun
from tests.scenes.layout import walk

Make = Callable[..., Recording]


def slid(image: np.ndarray, weight: np.ndarray, bias: float, stride: int, before: int, after: int) -> np.ndarray:
    """The sums under all windows, one by one."""
    padded = np.pad(image, (before, after))
    size = len(weight)
    places = (len(padded) - size) // stride + 1
    found = np.zeros((places, places))
    for row in range(places):
        for column in range(places):
            window = padded[row * stride : row * stride + size, column * stride : column * stride + size]
            found[row, column] = (window * weight).sum() + bias
    return found


@pytest.fixture(scope="module")
def played(small_run: SmallRun) -> Convolution:
    return cast(Convolution, walk(Convolution, small_run("lenet"))[0])


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A function that gives a recording of random images and some layers, hardly trained."""

    def train(layers: list[Layer], shape: tuple[int, ...] = (9, 7), classes: int = 2) -> Recording:
        rng = np.random.default_rng(5)
        x = rng.random((40, *shape), dtype=np.float32)
        data = Dataset(
            "noise", x.reshape(40, -1) if isinstance(layers[0], Reshape) else x[..., None], np.arange(40) % classes,
            "classification", class_names=tuple(f"class {k}" for k in range(classes)), image_shape=shape,
        )  # fmt: skip
        network = Network([*layers, Flatten(), Dense(classes, "softmax")], data.x.shape[1:], seed=2)
        recorder = Recorder(tmp_path / "noise", dataset=data)
        network.fit(data.x, data.y, loss="categorical_crossentropy", epochs=1, record=recorder)
        return Recording(tmp_path / "noise")

    return train


@pytest.mark.parametrize(
    ("padding", "stride", "before", "after"),
    [("valid", 1, 0, 0), ("same", 1, 1, 1), ("same", 2, 0, 1), ("valid", 2, 0, 0)],
)
def test_a_filtering_is_what_loops_give(padding: str, stride: int, before: int, after: int) -> None:
    rng = np.random.default_rng(3)
    image, weight = rng.random((8, 8)), rng.normal(size=(3, 3))
    found = Filtering(image, weight, 0.3, (stride, stride), padding, "relu", "float64")
    sums = slid(image, weight, 0.3, stride, before, after)
    np.testing.assert_allclose(found.sums, sums, atol=1e-12)
    np.testing.assert_allclose(found.results, np.maximum(sums, 0), atol=1e-12)
    assert found.before == (before, before)
    for row, column in [(0, 0), (1, 2), (found.shape[0] - 1, found.shape[1] - 1)]:
        seen = found.window(row, column)
        assert (seen * weight).sum() + 0.3 == pytest.approx(sums[row, column])
        # the box on the picture covers the pixels that the window sees
        left, right, bottom, top = found.box(row, column, np.array([10.0, 18.0, -8.0, 0.0]))
        assert (left, top) == (10 + column * stride - before, -(row * stride - before))
        assert (right - left, top - bottom) == (3, 3)


def test_the_sum_under_the_window_is_the_network_s(small_run: SmallRun, played: Convolution) -> None:
    recording = small_run("lenet")
    network, image = recording.network(), played.image
    weight = network.weights["1.weight"][:, :, 0, played.filter_number].astype(float)
    sums = slid(image, weight, float(network.weights["1.bias"][played.filter_number]), 1, 1, 1)
    of_the_engine = network.pre_activations(played.example[None])[1][0, :, :, played.filter_number]
    np.testing.assert_allclose(sums, of_the_engine, atol=1e-5)
    np.testing.assert_allclose(played.filtering.sums, of_the_engine, atol=1e-6)
    products, bias, total = played.sum_shown
    assert total == pytest.approx(sums.max(), abs=1e-5)
    assert products + bias == pytest.approx(total)
    said = " ".join(cue.text.replace("\n", " ") for cue in played.cues)
    assert f"Together they give {products:.2f}, and with the bias {total:.2f}".replace("-", "−") in said
    # at the end the map is complete, and its picture in grey is what the network hands on
    np.testing.assert_array_equal(played.window_picture.map.values[0], played.filtering.sums.astype(np.float32))
    after = network.activations(played.example[None])[1][0, :, :, played.filter_number]
    np.testing.assert_array_equal(played.window_picture.result.values[0], after)


def test_while_it_slides_window_products_and_map_belong_together(small_run: SmallRun) -> None:
    seen = 0

    class Watched(Convolution):
        def play_clock(self, duration: float, function: Callable[[float], object], *moved: Any, **other: Any) -> None:
            for share in np.linspace(0, 1, 12):
                function(float(share))
                self.look()
            super().play_clock(duration, function, *moved, **other)

        def look(self) -> None:
            nonlocal seen
            picture = self.window_picture
            if picture.map not in self.mobjects or picture.seen not in self.mobjects:
                return
            row, column = picture.at
            value = float((picture.seen.values * picture.weights.values).sum()) + picture.filtering.bias
            assert value == pytest.approx(picture.filtering.sums[row, column], abs=1e-5)
            np.testing.assert_allclose(picture.products.values, picture.seen.values * picture.weights.values, rtol=1e-6)
            shown, there = picture.map.values[0], np.isfinite(picture.known)
            assert not shown[~there].any()
            np.testing.assert_array_equal(shown[there], picture.filtering.sums.astype(np.float32)[there])
            assert there[row, column] or there.sum() <= 2
            seen += 1

    walk(Watched, small_run("lenet"), {"parts": ("window",)})
    assert seen > 20


def test_the_sizes_that_are_said_are_those_of_the_maps(played: Convolution) -> None:
    found = [(each.padding, each.strides, each.shape) for each in played.size_filterings]
    assert found == [("valid", (1, 1), (6, 6)), ("same", (1, 1), (8, 8)), ("valid", (2, 2), (3, 3))]
    said = " ".join(cue.text.replace("\n", " ") for cue in played.cues)
    assert "A window of 3 fits into 8 pixels at 6 places" in said and "the map stays at 8" in said
    assert "Wiring 64 pixels to 64 neurons" in said


def test_pooling_takes_the_largest_of_the_network_s_map(small_run: SmallRun, played: Convolution) -> None:
    outputs = small_run("lenet").network().activations(played.example[None])
    before, after = outputs[1][0, :, :, played.filter_number], outputs[2][0, :, :, played.filter_number]
    assert played.pooled.own and played.pooled.largest
    np.testing.assert_array_equal(played.pooled.before, before)
    np.testing.assert_array_equal(played.pooled.after, after)
    for row in range(4):
        for column in range(4):
            assert played.pooled.seen(row, column).max() == after[row, column]


def test_the_stack_shows_every_layer_s_maps(small_run: SmallRun, played: Convolution) -> None:
    network, stack = small_run("lenet").network(), played.stack
    last = played.x[played.other_images(3)[-1]]
    outputs = network.activations(last[None])
    assert [stage.layer for stage in stack.stages] == [-1, 1, 2, 3, 4, 6, 7, 8]
    for stage, tiles in zip(stack.stages[1:], stack.tiles[1:], strict=True):
        expected = outputs[stage.layer][0]
        expected = expected.transpose(2, 0, 1) if expected.ndim == 3 else expected.reshape(1, -1, 1)
        np.testing.assert_array_equal(tiles.values, expected)
    np.testing.assert_allclose(played.bars.values, outputs[-1][0], atol=1e-6)
    said = " ".join(cue.text.replace("\n", " ") for cue in played.cues)
    filters = sum(network.weights[f"{k}.{name}"].size for k in (1, 3) for name in ("weight", "bias"))
    dense = network.parameter_count - filters
    assert f"All its filters have {filters:,} weights, the dense layers after them {dense:,}" in said


def test_an_example_on_its_way_fills_one_layer_after_another(played: Convolution) -> None:
    stack = played.stack
    values = stack.values_of(played.example)
    stack.show(values, 1.5)
    np.testing.assert_array_equal(stack.tiles[1].values, values[1].astype(np.float32))
    half = values[2].shape[1] // 2
    np.testing.assert_array_equal(stack.tiles[2].values[:, :half], values[2][:, :half].astype(np.float32))
    assert (stack.tiles[2].values[:, half:] == stack.tiles[2].low).all()
    assert (stack.tiles[3].values == stack.tiles[3].low).all()


def test_captions_can_be_read_and_the_last_ends_with_the_scene(played: Convolution) -> None:
    assert all(len(line) <= 42 for cue in played.cues for line in cue.text.split("\n"))
    # a caption is there for a second for every 15 characters, or so
    assert all(len(cue.text) / (cue.end - cue.start) < 16 for cue in played.cues)
    assert 60 < played.now < 120 and played.cues[-1].end == played.now


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([Conv2D(1, 1)], (4, 4)),
        ([Conv2D(3, 6, activation="relu")], (6, 6)),
        ([Conv2D(3, (2, 3), strides=2, activation="tanh"), AvgPool2D(2)], (9, 7)),
        ([Reshape((12, 12, 1)), Conv2D(40, 7, padding="same", activation="relu")], (12, 12)),
        ([Conv2D(2, 4, activation="sigmoid"), *[Conv2D(2, 1, activation="relu") for _ in range(9)]], (9, 7)),
    ],
    ids=["one weight", "one place", "oblong", "many and large", "deep"],
)
def test_any_network_that_begins_with_a_convolution_is_shown(
    make: Make, layers: list[Layer], shape: tuple[int, ...]
) -> None:
    parts = ("network",) if len(layers) > 3 else ("window", "filters", "size", "pooling", "network")
    classes = 13 if len(layers) > 3 else 2
    scene = cast(Convolution, walk(Convolution, make(layers, shape, classes), {"parts": parts})[0])
    assert len(scene.stack.stages) <= 9
    assert "pooling" not in parts or scene.pooled.own == any(isinstance(layer, AvgPool2D) for layer in layers)


def test_parts_can_be_chosen(small_run: SmallRun) -> None:
    scene = cast(Convolution, walk(Convolution, small_run("lenet"), {"parts": "pooling", "label": 3})[0])
    assert int(scene.y[scene.number]) == 3
    assert isinstance(scene.pooled.after, np.ndarray) and not hasattr(scene, "window_picture")
    assert scene.cues[0].text.startswith("Of each window of 2 × 2 pixels")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"parts": ("windows",)}, "did you mean 'window'"), ({"label": 12}, "label=12 must be the number of a class")],
)
def test_wrong_options_are_named(small_run: SmallRun, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NeurofilmError, match=sentence):
        walk(Convolution, small_run("lenet"), options)


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [
        ("blobs", "convolution shows networks of grey images: .* was trained on rows of numbers"),
        ("digits", "convolution shows a first layer that is a convolution: that of .* is 'dense'"),
        ("autoencoder-linear", "convolution shows how images are told apart: .* is trained for regression"),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, experiment: str, sentence: str) -> None:
    with pytest.raises(RenderError, match=sentence):
        make_part("convolution", small_run(experiment), {})


def test_too_many_classes_do_not_fit(make: Make) -> None:
    with pytest.raises(RenderError, match="convolution has room for 13 classes: noise has 14"):
        make_part("convolution", make([Conv2D(1, 2)], (4, 4), 14), {})


def test_numbers_are_readable_on_every_colour(played: Convolution) -> None:
    grid = played.window_picture.seen
    for value, number in zip(grid.values.ravel(), grid.numbers, strict=True):
        assert isinstance(number, Readout) and re.fullmatch(r"−?\d+\.\d\d", number.text)
        assert float(number.text.replace("−", "-")) == pytest.approx(float(value), abs=0.005)
        bright = value > 0.75
        assert (number.number_color == played.theme.background) == bright or 0.4 < value < 0.75


def test_a_single_sum_is_seen_in_its_place(played: Convolution, picture: Picture) -> None:
    sums = played.filtering.sums
    shown, (row, column) = played.window_picture, played.filtering.place(int(np.abs(sums).argmax()))
    only = np.full(played.filtering.shape, np.nan)
    only[row, column] = sums[row, column]
    shown.set_map(only)
    pixels = picture(shown.map.copy().set_opacity(1.0))
    box = cell_box(shown.map_box, played.filtering.shape, row, column)
    x, y = (box[0] + box[1]) / 2, (box[2] + box[3]) / 2
    expected = played.theme.weight_colours(np.sign(sums[row, column]), 1.0)[:3] * 255
    np.testing.assert_allclose(pixels[round(240 - y * 60), round(427 + x * 60), :3], expected, atol=3)
    shown.set_map(sums)
