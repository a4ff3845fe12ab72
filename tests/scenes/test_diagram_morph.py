"""Diagrams that become each other: both ends are the diagrams themselves, and on the way everything holds together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.layers import LSTM, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Residual
from engine.network import Network
from scenes.animations.morphing import MorphDiagram
from scenes.mobjects.diagram_matching import match, match_nodes, pair_columns
from scenes.mobjects.diagram_morph import DiagramMorph
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.theme import Zone

Picture = Callable[..., np.ndarray]
ZONE = Zone(-6, 6, -2.4, 2.8)

pytestmark = pytest.mark.usefixtures("manim_settings")

FAMILY: dict[str, tuple[list[Any], tuple[int, ...]]] = {
    "perceptron": ([Dense(1, "sigmoid")], (2,)),
    "deep": ([Dense(6, "tanh"), Dense(20, "tanh"), Dense(3, "softmax")], (4,)),
    "convolutional": ([Conv2D(3, 3), MaxPool2D(2), Conv2D(9, 2), Flatten(), Dense(5)], (8, 8, 1)),
    "recurrent": ([LSTM(8), Dense(1)], (9, 3)),
    "residual": ([Dense(5), Residual([Dense(5, "relu"), Dense(5)]), Dropout(0.5), Dense(2)], (3,)),
}


def made(name: str) -> NetworkDiagram:
    layers, shape = FAMILY[name]
    diagram = NetworkDiagram(Network(layers, shape, seed=2), ZONE)
    return diagram.show(diagram.signals(np.random.default_rng(0).random(shape)), 1.5)


PAIRS = [("perceptron", "deep"), ("deep", "convolutional"), ("convolutional", "recurrent"), ("recurrent", "residual"),
         ("residual", "perceptron"), ("deep", "deep")]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_both_ends_are_the_diagrams(picture: Picture, first: str, second: str) -> None:
    start, end = made(first), made(second)
    start.pulses.widths[:] = 0  # what runs along connections is not carried over
    end.pulses.widths[:] = 0
    pictures = picture(start), picture(end)
    morph = DiagramMorph(start, end)
    for share, expected in zip((0.0, 1.0), pictures, strict=True):
        difference = np.abs(picture(morph.set_share(share)) - expected)[..., :3].max(axis=-1)
        assert (expected[..., :3].max(axis=-1) > 60).sum() > 500
        # connections that cross are painted in another order
        assert (difference > 24).mean() < 0.003
    assert np.array_equal(picture(start), pictures[0]) and np.array_equal(picture(end), pictures[1])


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_it_moves_without_a_jump(first: str, second: str) -> None:
    morph = DiagramMorph(made(first), made(second))
    before: list[np.ndarray] = []
    for share in np.linspace(0, 1, 41):
        morph.set_share(float(share))
        state = [morph.edges.points.copy(), morph.cores.points.copy(), morph.cores.radius.copy(),
                 np.array(morph.edges.colours), morph.frames.points.copy()]  # fmt: skip
        for a, b in zip(before, state, strict=bool(before)):
            assert np.isfinite(b).all() and np.abs(a - b).max(initial=0.0) < 0.4
        before = state


def test_connections_stay_with_their_neurons() -> None:
    first, second = made("perceptron"), made("deep")
    morph = DiagramMorph(first, second)
    for share in (0.0, 0.3, 0.8, 1.0):
        morph.set_share(share)
        middles = morph.cores.points[:, :2]
        seen = np.array(morph.edges.colours)[:, 3] > 0
        for ends in morph.edges.points.reshape(-1, 2, 3)[seen, :, :2]:
            for end in ends:
                assert np.abs(middles - end).sum(axis=1).min() < 1e-9


def test_inputs_become_inputs_and_outputs_outputs() -> None:
    for first, second in PAIRS:
        a, b = made(first).plan.columns, made(second).plan.columns
        pairs = pair_columns(a, b)
        assert pairs[0] == (0, 0) and pairs[-1] == (len(a) - 1, len(b) - 1)
        assert all(x[0] < y[0] and x[1] < y[1] for x, y in zip(pairs, pairs[1:], strict=False))
    deep = made("deep").plan.columns
    assert pair_columns(deep, deep) == [(k, k) for k in range(4)]


def test_matched_neurons_are_each_others() -> None:
    for count, others in ((1, 1), (1, 5), (3, 8), (16, 16), (9, 4), (2, 16)):
        forth, paired = match_nodes(count, others)
        assert paired.sum() == min(count, others)
        assert len(set(forth[paired].tolist())) == paired.sum()
        back, again = match_nodes(others, count)
        assert all(back[forth[k]] == k and again[forth[k]] for k in np.flatnonzero(paired))
    there, back_ = match(made("deep").plan.columns, made("recurrent").plan.columns)
    for k, partner in enumerate(there.columns):
        for node in np.flatnonzero(there.paired[k]):
            other = there.nodes[k][node]
            assert back_.columns[partner] == k and back_.nodes[partner][other] == node and back_.paired[partner][other]


def test_the_animation_leaves_the_second_diagram(tmp_path: object) -> None:
    from manim import Scene

    first, second = made("perceptron"), made("deep")
    scene = Scene()
    scene.add(first)
    animation = MorphDiagram(first, second, run_time=0.1)
    animation._setup_scene(scene)
    assert animation.mobject in scene.mobjects and first not in scene.mobjects
    animation.begin()
    animation.interpolate(0.5)
    assert 0 < animation.mobject.share < 1
    animation.finish()
    animation.clean_up_from_scene(scene)
    assert scene.mobjects == [second]
