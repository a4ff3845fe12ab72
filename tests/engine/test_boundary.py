"""The boundary in both of its places: straight lines from the weights, and the curve that they become."""

import numpy as np
import pytest

from engine.analysis.boundary import last_lines, last_planes, logits, margins, pull_back, pull_back_places
from engine.analysis.isoline import Bounds
from engine.errors import ConfigurationError

SQUARE = Bounds(-1.5, 1.5, -1.5, 1.5)


class TanhNetwork:
    """The slow, obvious network: enough of `engine.network.Network` for its geometry, in float64."""

    dtype = np.dtype("float64")

    def __init__(self, sizes, seed):
        rng = np.random.default_rng(seed)
        self.layers = [
            (rng.normal(size=(a, b)) * 1.5, rng.normal(size=b) * 0.3)
            for a, b in zip(sizes[:-1], sizes[1:], strict=True)
        ]
        self.input_shape, self.output_shape = (sizes[0],), (sizes[-1],)

    def pre_activations(self, x):
        values = []
        for weight, bias in self.layers:
            values.append(x @ weight + bias)
            x = np.tanh(values[-1])
        return values

    def activations(self, x):
        return [np.tanh(z) for z in self.pre_activations(x)]


def test_one_line_is_the_weights_line_and_ends_at_the_edges():
    weight, bias = np.array([[1.0], [2.0]]), np.array([0.5])
    (line,) = last_lines(weight, bias, SQUARE)
    np.testing.assert_allclose(line @ weight + bias, 0, atol=1e-12)
    assert np.isclose(np.abs(line), 1.5).any(axis=1).all()


@pytest.mark.parametrize(("weight", "bias"), [([[1.0], [0.0]], [9.0]), ([[0.0], [0.0]], [1.0])])
def test_no_line_outside_the_bounds_or_without_weights(weight, bias):
    assert last_lines(weight, bias, SQUARE).shape == (0, 2, 2)


def test_lines_of_several_classes_are_where_the_two_largest_logits_are_equal():
    rng = np.random.default_rng(2)
    weight, bias = rng.normal(size=(2, 4)), rng.normal(size=4) * 0.3
    lines = last_lines(weight, bias, SQUARE)
    assert len(lines) >= 3
    for start, end in lines:
        for share in (0.01, 0.5, 0.99):
            z = np.sort((start + share * (end - start)) @ weight + bias)
            assert z[-1] == pytest.approx(z[-2])
    # Seen the other way round: every neighbouring pair of samples with different winners has a line between them.
    nodes = SQUARE.lattice(60, 60)
    winners = (nodes @ weight + bias).argmax(axis=1).reshape(60, 60)
    crossings = np.argwhere(winners[:, 1:] != winners[:, :-1])
    step = 3.0 / 59
    for row, column in crossings:
        point = nodes.reshape(60, 60, 2)[row, column] + [step / 2, 0]
        along = lines[:, 1] - lines[:, 0]
        t = np.clip(((point - lines[:, 0]) * along).sum(1) / (along**2).sum(1), 0, 1)
        distance = np.linalg.norm(lines[:, 0] + t[:, None] * along - point, axis=1)
        assert distance.min() <= step


@pytest.mark.parametrize("seed", range(4))
def test_every_point_of_the_curve_is_on_the_line(seed):
    network = TanhNetwork((2, 2, 2, 1), seed)
    lines = pull_back(network, SQUARE, resolution=128)
    span = np.ptp(logits(network, SQUARE.lattice(100, 100)))
    for line in lines:
        assert np.abs(logits(network, line)).max() < 1e-9 * span
        weight, bias = network.layers[-1]
        np.testing.assert_allclose(network.activations(line)[-2] @ weight + bias, 0, atol=1e-9 * span)


def test_the_line_carried_back_by_inverting_every_layer_is_the_curve():
    network = TanhNetwork((2, 2, 2, 1), 1)
    (weight, bias) = network.layers[-1]
    (ends,) = last_lines(weight, bias, Bounds(-1, 1, -1, 1))
    back = ends[0] + np.linspace(0.001, 0.999, 4001)[:, None] * (ends[1] - ends[0])
    for w, b in reversed(network.layers[:-1]):
        back = back[(np.abs(back) < 1).all(axis=1)]  # beyond the image of tanh there is nothing to go back to
        back = (np.arctanh(back) - b) @ np.linalg.inv(w)
    back = back[(np.abs(back) < 1.4).all(axis=1)]
    assert len(back) > 50
    curve = np.concatenate(pull_back(network, SQUARE, resolution=128))
    nearest = np.min(np.linalg.norm(back[:, None] - curve[None], axis=2), axis=1)
    assert nearest.max() < 0.03


def test_steps_are_short_in_every_space():
    network = TanhNetwork((2, 2, 2, 1), 0)
    for line in pull_back(network, SQUARE, resolution=64, longest=0.05):
        for image in [line / 3, *network.activations(line)[:-1]]:
            assert np.linalg.norm(np.diff(image, axis=0), axis=1).max() < 0.11  # spans up to 2


def test_borders_of_several_classes_are_drawn_once():
    network = TanhNetwork((2, 3, 3), 5)
    points = np.concatenate(pull_back(network, SQUARE, resolution=128))
    z = np.sort(logits(network, points), axis=1)
    np.testing.assert_allclose(z[:, -1], z[:, -2], atol=1e-9)
    order = np.argsort(logits(network, points), axis=1)[:, -2:]
    assert len({tuple(sorted(pair)) for pair in order.tolist()}) >= 2


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_planes_are_where_the_largest_logits_are_equal_inside_the_cube(classes):
    rng = np.random.default_rng(classes)
    weight, bias = rng.normal(size=(3, classes)), rng.normal(size=classes) * 0.1
    polygons = last_planes(weight, bias)
    assert polygons
    for polygon in polygons:
        assert len(polygon) >= 3 and np.abs(polygon).max() <= 1 + 1e-9
        z = polygon @ weight + bias
        z = np.column_stack([z, 0 * z]) if classes == 1 else np.sort(z, axis=1)
        np.testing.assert_allclose(z[:, -1], z[:, -2], atol=1e-9)
        # round the polygon every turn is in the same sense
        normal = np.cross(polygon[1] - polygon[0], polygon[2] - polygon[1])
        steps = np.diff(np.concatenate([polygon, polygon[:2]]), axis=0)
        assert (np.cross(steps[:-1], steps[1:]) @ normal >= -1e-9).all()


def test_no_plane_beside_the_cube():
    assert last_planes([[1.0], [0.0], [0.0]], [5.0]) == []


@pytest.mark.parametrize(("sizes", "seed"), [((1, 3, 2, 1), 0), ((1, 4, 1), 2), ((1, 4, 3), 1)])
def test_places_on_a_line_are_where_the_winner_changes(sizes, seed):
    network = TanhNetwork(sizes, seed)
    places = pull_back_places(network, -2.0, 2.0)
    x = np.linspace(-2, 2, 5001)[:, None]
    z = logits(network, x)
    winners = (z[:, 0] > 0) if sizes[-1] == 1 else z.argmax(axis=1)
    expected = (x[1:, 0] + x[:-1, 0])[winners[1:] != winners[:-1]] / 2
    assert len(expected)
    np.testing.assert_allclose(places, expected, atol=1e-3)


def test_margins():
    np.testing.assert_array_equal(margins([[3.0, 1.0, 2.0]]), [[1.0, -2.0, -1.0]])
    np.testing.assert_array_equal(margins([[3.0]]), [[3.0]])


def test_wrong_shapes_are_named():
    with pytest.raises(ConfigurationError, match=r"input_shape=\(3,\)"):
        pull_back(TanhNetwork((3, 1), 0), SQUARE)
    with pytest.raises(ConfigurationError, match=r"input_shape=\(3,\)"):
        pull_back_places(TanhNetwork((3, 1), 0), -1, 1)
    with pytest.raises(ConfigurationError, match=r"weight \(3, 1\)"):
        last_lines(np.ones((3, 1)), np.ones(1), SQUARE)
    with pytest.raises(ConfigurationError, match=r"weight \(2, 1\)"):
        last_planes(np.ones((2, 1)), np.ones(1))
