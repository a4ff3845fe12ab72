"""The spots that neurons look at: their squares and what is said of them, against the weights."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.hope.anatomy import ROOM, Anatomy
from scenes.weights import Weights
from scenes.weights.spots import Spot, SpotsPart, longest_edge, smallest_spot
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    experiment = load_experiment("digits").override(epochs=3)
    return run_experiment(experiment, tmp_path_factory.mktemp("spots") / "digits")


@pytest.fixture(scope="module")
def scene(digits: Recording) -> Weights:
    return cast(Weights, walk(Weights, digits, {"parts": ("training", "edges")})[0])


def by_trying(weights: np.ndarray, share: float) -> int:
    """The side of the smallest square, found by trying all."""
    power = weights.astype(np.float64) ** 2
    height, width = power.shape
    for side in range(1, max(power.shape) + 1):
        for top in range(max(1, height - side + 1)):
            for left in range(max(1, width - side + 1)):
                if power[top : top + side, left : left + side].sum() >= share * power.sum() * (1 - 1e-12):
                    return side
    raise AssertionError


@pytest.mark.parametrize("shape", [(8, 8), (1, 1), (3, 9), (12, 5)])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_smallest_square_is_found(shape: tuple[int, int], share: float) -> None:
    weights = np.random.default_rng(1).normal(size=shape)
    spot = smallest_spot(weights, share)
    assert spot.side == by_trying(weights, share)
    top, left = int(spot.top), int(spot.left)
    held = (weights[top : top + spot.side, left : left + spot.side] ** 2).sum()
    assert held >= share * (weights**2).sum() * (1 - 1e-12)


def test_one_bright_pixel_is_a_spot_of_one_pixel() -> None:
    weights = np.full((7, 9), 0.01)
    weights[4, 6] = -3.0
    assert smallest_spot(weights) == Spot(4.0, 6.0, 1)
    frame = np.array([0.0, 9.0, 0.0, 7.0])
    assert smallest_spot(weights).box(frame, (7, 9)) == pytest.approx([6.0, 7.0, 2.0, 3.0])
    assert Spot(0.0, 0.0, 9).box(frame, (7, 9)) == pytest.approx(frame)


def test_the_longest_edge_of_a_bar_is_as_long_as_the_bar() -> None:
    image = np.zeros((16, 16))
    image[3:13, 7:10] = 1.0
    anatomy = Anatomy(image)
    edges = anatomy.edges()
    k, spot = longest_edge(edges, anatomy.scale)
    rows, columns = np.nonzero(edges.masks[k])
    extent = max(np.ptp(rows) + 1, np.ptp(columns) + 1) / anatomy.scale
    assert extent <= spot.side < extent + 1
    assert all(
        max(np.ptp(np.nonzero(mask)[0]), np.ptp(np.nonzero(mask)[1])) + 1 <= extent * anatomy.scale
        for mask in edges.masks
    )
    assert 8 <= spot.side <= 12  # the bar is 10 pixels long
    # the square lies round the edge
    assert spot.top <= rows.min() / anatomy.scale - ROOM <= spot.top + spot.side
    assert spot.left <= columns.min() / anatomy.scale - ROOM <= spot.left + spot.side


def test_squares_and_numbers_are_those_of_the_weights(digits: Recording, scene: Weights) -> None:
    part = scene.spots
    weight = digits.network().weights["0.weight"]
    sides = [by_trying(weight[:, neuron].reshape(8, 8), 0.5) for neuron in scene.shown]
    assert [spot.side for spot in part.spots] == sides
    boxes = part.squares.points.reshape(16, -1, 3)
    pixel = (scene.grid.boxes[:, 1] - scene.grid.boxes[:, 0]) / 8
    assert np.ptp(boxes[:, :, 0], axis=1) / pixel == pytest.approx(np.array(sides, float))
    said = " ".join(cue.text.replace("\n", " ") for cue in scene.cues)
    assert part.edge is not None
    assert f"fit into {part.edge.side} × {part.edge.side} pixels" in said
    small = sum(side <= part.edge.side for side in sides)
    assert int(part.small.sum()) == small
    found = re.search(r"Of these 16, (\d+) (?:is|are) as small", said)
    assert (int(found[1]) if found else 0 if "none is as small" in said else 16) == small


@pytest.mark.parametrize(
    ("small", "found", "conclusion"),
    [
        (0, "Of these 4 none is as small", "looks for a short edge: the hope was only a hope"),
        (1, "Of these 4, 1 is as small", "look for no short edge: the hope may hold for one of them"),
        (3, "The other one looks", "small need not be one"),
        (4, "Each of them is as small", "small need not be one"),
    ],
)
def test_sentences_follow_from_the_numbers(digits: Recording, small: int, found: str, conclusion: str) -> None:
    part = cast(Any, object.__new__(SpotsPart))
    part.stage = SimpleNamespace(recording=digits, epoch=3)
    part.spots = [Spot(0.0, 0.0, 1)] * 4
    part.small = np.arange(4) < small
    assert found in part.found()
    assert conclusion in part.conclusion()[0].replace("\n", " ")
    if 2 * small < 4:
        x, y = digits.data.unseen
        right = float(np.mean(digits.network().predict(x).argmax(axis=1) == y))
        assert f"{right:.1%} of new images" in part.conclusion()[1]
    assert all(len(line) <= 42 for text in (part.found(), *part.conclusion()) for line in text.split("\n"))
