"""Scene `cost`: areas are the numbers that they stand for, and sentences follow them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import RenderError
from engine.experiment import load_experiment
from engine.layers import LSTM, Conv2D, Dense, Flatten, MaxPool2D
from engine.recording import Recording
from engine.run import run_experiment
from scenes.cost import Cost
from scenes.cost.counting import CountPart, rows_of
from scenes.cost.growing import BASELINE, LARGEST, GrowPart
from scenes.cost.networks import (
    Counted,
    all_counted,
    compared,
    counted_layers,
    counted_recording,
    kind_of,
    large,
    times,
)
from scenes.cost.picture import PicturePart
from scenes.cost.squares import KEY_SIDE
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

NAMES = ("mnist-16", "perceptron", "mnist-wide", "lenet")


@pytest.fixture(scope="module")
def recordings(small_run: SmallRun) -> dict[str, Recording]:
    return {name: small_run(name) for name in NAMES}


def told(recordings: dict[str, Recording], part: str) -> Cost:
    (scene,) = walk(Cost, recordings, {"parts": part})
    assert isinstance(scene, Cost)
    return scene


def said(scene: Cost) -> str:
    return " | ".join(cue.text.replace("\n", " ") for cue in scene.cues)


# --- counting one network ---------------------------------------------------------------------------------------------


def test_every_layer_is_counted_as_the_example_passes(recordings: dict[str, Recording]) -> None:
    scene = told(recordings, "count")
    part = scene.part
    assert isinstance(part, CountPart)
    assert [(row.terms, row.size) for row in part.rows] == [("64 × 16", 1024), ("16 × 16", 256), ("16 × 10", 160)]
    counts = []
    for reached in (0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 1.0):
        part.show(reached)
        counts.append(int(part.counter.text.replace(",", "")))
    assert counts == [0, 512, 1024, 1280, 1360, 1440, 1024]
    assert "1,440 multiplications: each weight is used once." in said(scene)


def test_filters_are_counted_with_their_map(recordings: dict[str, Recording]) -> None:
    (scene,) = walk(Cost, {"lenet": recordings["lenet"]}, {"parts": "count"})
    assert isinstance(scene, Cost) and isinstance(scene.part, CountPart)
    part, network = scene.part, recordings["lenet"].network()
    assert [row.terms for row in part.rows] == [
        "64 places × 9 × 6", "16 places × 54 × 16", "64 × 32", "32 × 24", "24 × 10",
    ]  # fmt: skip
    total = 64 * 54 + 16 * 54 * 16 + 64 * 32 + 32 * 24 + 240
    part.show(len(part.diagram.plan.links))
    assert part.counter.text == f"{total:,}"
    weights = sum(values.size for name, values in network.weights.items() if name.endswith("weight"))
    assert f"{total:,} multiplications by {weights:,} weights, which are used again and again." in said(scene)


def test_many_layers_become_one_row() -> None:
    network = counted_layers("deep", [Dense(4) for _ in range(20)], (4,))
    rows = rows_of(network)
    assert len(rows) == 7 and sum(row.size for row in rows) == network.multiplications == 20 * 16
    assert rows[3].terms == "⋮ 14 more layers" and len(rows[3].layers) == 14


# --- areas ------------------------------------------------------------------------------------------------------------


def test_areas_are_the_numbers(recordings: dict[str, Recording]) -> None:
    scene = told(recordings, "grow")
    part = scene.part
    assert isinstance(part, GrowPart)
    # mnist-wide and mnist-16 have the same network where digits stand in for both: it is shown once
    assert [each.multiplications for each in part.networks] == [2, 1440, 20336]
    columns, squares = part.columns, part.columns.squares
    for scale in (columns.scale_for(2), 0.01, 1.0):
        columns.set_scale(scale)
        corners = squares.filled.points.reshape(-1, 4, 3)
        sizes = np.ptp(corners[:, :, 0], axis=1) * np.ptp(corners[:, :, 1], axis=1) / scale**2
        np.testing.assert_allclose(sizes, [cost.multiplications for each in part.networks for cost in each.costs])
        assert corners[:, :, 1].min() == pytest.approx(BASELINE)
        lines = squares.outlined.points.reshape(3, -1, 3)
        areas = np.ptp(lines[:, :, 0], axis=1) * np.ptp(lines[:, :, 1], axis=1) / scale**2
        np.testing.assert_allclose(areas, [3, 1482, 4062])
        assert columns.key.shown == pytest.approx((KEY_SIDE / scale) ** 2)
        written = float(columns.key.readout.text.replace(",", ""))
        assert written == pytest.approx(columns.key.shown, rel=0.06)
    assert columns.scale_for(2) * np.sqrt(20336) == pytest.approx(LARGEST)
    assert columns.scale_for(0) * np.sqrt(3) == pytest.approx(LARGEST)  # its bias is one parameter more


def test_what_the_arithmetic_brought_is_what_was_measured(recordings: dict[str, Recording]) -> None:
    scene = told(recordings, "grow")
    dense, filters = recordings["mnist-16"], recordings["lenet"]
    share = [float(each.metrics["val_accuracy"][-1]) for each in (dense, filters)]
    text = compared(scene.networks)
    assert text is not None and text.replace("\n", " ") in said(scene)
    assert text.startswith("14 times the arithmetic") and f"{share[0]:.1%}" in text and f"{share[1]:.1%}" in text
    assert "The smallest network multiplies 2 times." in said(scene)
    assert "64–16–16–10: 1,440. 720 times as many." in said(scene)


def test_sentences_follow_the_numbers(recordings: dict[str, Recording]) -> None:
    def network(size: int, right: float | None) -> Counted:
        class Measured(Counted):
            @property
            def right(self) -> float | None:
                return right

        made = counted_layers("n", [Dense(size)], (10,))
        return Measured(made.name, made.costs, made.parameters, recordings["mnist-16"])

    more = compared([network(2, 0.9), network(7, None), network(9, 0.95)])
    assert more == "4.5 times the arithmetic: 95.0% of new\nimages right instead of 90.0%."
    assert compared([network(2, 0.9), network(9, 0.9)]) == (
        "4.5 times the arithmetic,\nand as many right: 90.0% of new images."
    )
    assert compared([network(2, 0.95), network(9, 0.9)]) == (
        "4.5 times the arithmetic, and fewer\nright: 90.0% of new images, not 95.0%."
    )
    assert compared([network(2, None), network(9, 0.9)]) is None
    for text in (more, compared([network(2, 1.0), network(900_000, 0.9)])):
        assert text is not None and max(map(len, text.split("\n"))) <= 42


# --- a larger picture -------------------------------------------------------------------------------------------------


def test_a_larger_picture_is_computed_from_the_same_layers(recordings: dict[str, Recording]) -> None:
    scene = told(recordings, "picture")
    part = scene.part
    assert isinstance(part, PicturePart) and part.filters is not None
    assert (part.dense.multiplications, part.dense.parameters) == (48_000_000, 48_000_016)
    assert (part.filters.multiplications, part.filters.parameters) == (10**6 * 27 * 6, 28 * 6)
    text = said(scene)
    assert "A colour picture of 1,000 by 1,000 pixels: 3,000,000 numbers go in." in text
    assert "16 neurons that hear all of them would need 48 million parameters." in text
    assert "6 filters of 3×3 instead: 168 parameters, used at 1,000,000 places." in text
    assert "285,714 times fewer to learn, but 3.4 times the arithmetic." in text


def test_filters_that_do_less_are_told_so(recordings: dict[str, Recording]) -> None:
    (scene,) = walk(Cost, recordings, {"parts": "picture"})
    assert isinstance(scene, Cost)
    part = PicturePart(scene, scene.networks[0], Dense(1000), Conv2D(2, 3, strides=5))
    assert part.filters is not None and part.filters.multiplications == 200 * 200 * 27 * 2
    assert part.dense.multiplications == 3 * 10**9


def test_without_a_convolution_there_are_only_neurons(recordings: dict[str, Recording]) -> None:
    (scene,) = walk(Cost, {"digits": recordings["mnist-16"]})
    assert "filters" not in said(scene) and "48 million" in said(scene) and "Numbers as areas" not in said(scene)


def test_parts_that_cannot_be_told_are_named(recordings: dict[str, Recording]) -> None:
    alone = {"lenet": recordings["lenet"]}
    assert Cost.possible(alone) == ["count"]
    with pytest.raises(RenderError, match="the part 'grow' of cost needs two networks that differ"):
        walk(Cost, alone, {"parts": ["count", "grow"]})
    with pytest.raises(RenderError, match="the part 'picture' of cost needs a network that begins with a dense layer"):
        walk(Cost, alone, {"parts": "picture"})


def test_too_many_and_none_at_all(recordings: dict[str, Recording], small_run: SmallRun) -> None:
    five = {**recordings, "xor": small_run("xor")}
    assert Cost.fits_together(five) == "cost has room for 4 networks, not 5"
    assert Cost.fits_together(recordings) is None


@pytest.mark.parametrize("name", ["lstm-adding", "resnet-small", "autoencoder-digits"])
def test_other_networks(tmp_path: Path, name: str) -> None:
    experiment = load_experiment(name).override(epochs=1)
    if "n" in experiment.dataset.parameters:
        few = {**experiment.dataset.parameters, "n": 40}
        experiment = replace(experiment, dataset=replace(experiment.dataset, parameters=few))
    recording = run_experiment(experiment, tmp_path / "run")
    counted = counted_recording(recording)
    assert counted.multiplications > counted.weights or name == "autoencoder-digits"
    walk(Cost, {"run": recording})


# --- words ------------------------------------------------------------------------------------------------------------


def test_networks_have_short_names() -> None:
    assert kind_of([Dense(1)], (2,)) == "1 neuron" and kind_of([Flatten(), Dense(3)], (2, 2)) == "3 neurons"
    assert kind_of([Dense(5), Dense(1)], (2,)) == "2–5–1"
    layers = [Conv2D(2, 3), MaxPool2D(2), Conv2D(2, 3), Flatten(), Dense(5)]
    assert kind_of(layers, (20, 20, 1)) == "2 convolutions, 1 dense"
    assert kind_of([LSTM(3), Dense(1)], (4, 2)) == "1 lstm, 1 dense"


def test_large_numbers_can_be_read() -> None:
    numbers = (2, 416_520, 9_999_999, 48_000_016, 450_000_000)
    assert [large(number) for number in numbers] == ["2", "416,520", "9,999,999", "48 million", "450 million"]
    assert large(3 * 10**12) == "3 trillion" and large(12_345_678_900) == "12.3 billion"
    assert [times(ratio) for ratio in (1.26, 9.94, 31.6, 105_263.2)] == ["1.3", "9.9", "32", "105,263"]


def test_networks_that_are_built_alike_are_counted_once(recordings: dict[str, Recording]) -> None:
    twice = all_counted([recordings["mnist-16"], recordings["mnist-wide"], recordings["perceptron"]])
    assert [each.name for each in twice] == ["1 neuron", "64–16–16–10"]
