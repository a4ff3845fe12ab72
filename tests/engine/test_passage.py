"""Where points are shown on their way, against the engine's activations."""

import numpy as np
import pytest

from engine.analysis.geometry import END, START, Progress
from engine.analysis.passage import Passage
from engine.analysis.projection import principal_projection
from engine.errors import ConfigurationError
from engine.layers import Dense
from engine.network import Network

BEFORE_ACTIVATION = Progress(1, 1, 1, 0)


def make(sizes, activation="tanh", seed=3):
    layers = [Dense(units, activation) for units in sizes[1:-1]] + [Dense(sizes[-1], "sigmoid")]
    network = Network(layers, (sizes[0],), seed=seed)
    network.parameters[:] += np.random.default_rng(seed).normal(size=network.parameter_count, scale=0.3)
    return network


@pytest.mark.parametrize("sizes", [(2, 2, 2, 1), (2, 3, 2, 1), (1, 2, 1), (2, 1, 2, 1), (2, 2, 2, 3)])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("seed", range(3))
def test_every_layer_ends_at_the_engines_activations(sizes, activation, seed):
    passage = Passage(make(sizes, activation, seed))
    x = np.random.default_rng(0).uniform(-1, 1, (40, sizes[0])).astype(np.float32)
    carried = passage.carry(x)
    before, after = passage.network.pre_activations(x), passage.network.activations(x)
    for k in range(passage.layers):
        width = sizes[k + 1]
        shown = passage.positions(carried, k, END)
        np.testing.assert_allclose(shown[:, :width], after[k], atol=1e-12)
        np.testing.assert_array_equal(shown[:, width:], 0)
        np.testing.assert_array_equal(passage.positions(carried, k, BEFORE_ACTIVATION)[:, :width], before[k])
        start = passage.positions(carried, k, START)
        np.testing.assert_allclose(start[:, : sizes[k]], ([x, *after])[k], atol=1e-12)
    assert passage.spatial == (3 in sizes[:-1])


def test_wide_spaces_are_shown_by_their_projection():
    network = make((2, 16, 8, 1))
    x = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype(np.float32)
    outputs = network.activations(x)
    projections = {k: principal_projection(outputs[k]) for k in range(2)}
    passage = Passage(network, projections)
    carried = passage.carry(x)
    for k in range(2):
        seen = projections[k].apply(outputs[k])
        np.testing.assert_allclose(passage.positions(carried, k)[:, :2], seen, atol=1e-5)
    np.testing.assert_allclose(passage.positions(carried, 1, START)[:, :2], projections[0].apply(outputs[0]), atol=1e-5)
    np.testing.assert_allclose(passage.positions(carried, 0, START)[:, :2], x, atol=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_wide_layers_are_not_turned(seed):
    network = make((2, 4, 4, 1), seed=seed)
    x = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype(np.float32)
    outputs = network.activations(x)
    passage = Passage(network, {k: principal_projection(outputs[k]) for k in range(2)})
    assert passage.flipped == ((), ())
    shown = passage.positions(passage.carry(x), 1)
    np.testing.assert_allclose(shown[:, :2], principal_projection(outputs[1]).apply(outputs[1]), atol=1e-5)


def test_determinant_of_the_whole_movement_keeps_its_sign():
    passage = Passage(make((2, 2, 2, 2, 1), seed=5))
    x = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    step = 1e-3
    corners = [passage.carry(x + shift) for shift in ([0, 0], [step, 0], [0, step])]
    for k in range(passage.layers):
        for t in np.linspace(0, 1, 9):
            for progress in (Progress(t), Progress(1, t), Progress(1, 1, t), Progress(1, 1, 1, t)):
                origin, right, up = (passage.positions(c, k, progress)[:, :2] for c in corners)
                a, b = right - origin, up - origin
                assert (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] > 0).all()


def test_tail_goes_on_where_the_layers_before_stopped():
    network = make((2, 2, 3, 1))
    passage = Passage(network)
    x = np.random.default_rng(0).uniform(-1, 1, (20, 2)).astype(np.float32)
    for space, values in enumerate([x, *passage.network.activations(x)[:-1]]):
        np.testing.assert_allclose(passage.tail(space).predict(values), network.predict(x), atol=1e-6)


@pytest.mark.parametrize(
    ("sizes", "named"), [((2, 1), "no hidden layer"), ((2, 5, 1), "5 features"), ((7, 2, 1), "7 features")]
)
def test_what_cannot_be_shown_is_named(sizes, named):
    with pytest.raises(ConfigurationError, match=named):
        Passage(make(sizes))
