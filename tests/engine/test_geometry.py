"""How a layer moves space, against plain matrix products, determinants and the inverse of tanh."""

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.analysis.geometry import (
    END,
    START,
    AffinePath,
    LayerPath,
    Progress,
    Rotation,
    embed,
    flat_units,
    layer_paths,
    orient,
)
from engine.errors import ConfigurationError
from engine.layers import Dense
from engine.network import Network

SHAPES = [(1, 1), (2, 2), (3, 3), (5, 5), (1, 2), (2, 1), (2, 3), (3, 2), (2, 5)]


def random_layer(shape, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape) * 2, rng.normal(size=shape[1])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(20))
def test_path_leads_from_the_identity_to_the_layer(shape, seed):
    weight, bias = random_layer(shape, seed)
    path = AffinePath(weight, bias)
    x = np.random.default_rng(seed + 1).normal(size=(7, shape[0]))
    np.testing.assert_allclose(path.positions(x, 0, 0, 0), embed(x, path.dimension), atol=1e-12)
    end = path.positions(x, 1, 1, 1)
    np.testing.assert_allclose(end[:, : shape[1]], x @ weight + bias, atol=1e-10)
    np.testing.assert_allclose(end[:, shape[1] :], 0, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(20))
def test_determinant_stays_positive_on_the_way(shape, seed):
    weight, bias = random_layer(shape, seed)
    path = AffinePath(weight, bias)
    for t in np.linspace(0, 1, 11):
        assert np.linalg.det(path.matrix(t, 0)) == pytest.approx(1)
        determinant = np.linalg.det(path.matrix(1, t))
        if path.collapses and t == 1:
            assert determinant == pytest.approx(0, abs=1e-10)
        else:
            assert determinant > 0


def test_a_straight_blend_would_have_torn_where_the_path_does_not():
    weight = np.array([[-1.0, 0.2], [-0.2, -1.0]])  # half a turn
    blend = [np.linalg.det((1 - t) * np.eye(2) + t * weight) for t in np.linspace(0, 1, 101)]
    assert min(blend) < 0.02
    path = AffinePath(weight)
    assert min(np.linalg.det(path.matrix(t, t)) for t in np.linspace(0, 1, 101)) > 0.99


def test_mirror_needs_one_dimension_more():
    path = AffinePath(np.diag([1.0, -2.0]))
    assert path.mirrors and path.dimension == 3 and path.determinant == pytest.approx(-2)
    halfway = path.positions(np.array([[0.0, 1.0]]), 0.5, 0, 0)
    assert abs(halfway[0, 2]) == pytest.approx(1)  # the point has left the plane, not shrunk to nothing
    assert not AffinePath(np.diag([1.0, 2.0])).mirrors


def test_rank_and_collapse():
    flat = AffinePath(np.array([[1.0, 2.0], [2.0, 4.0]]))
    assert flat.rank == 1 and flat.collapses and not flat.keeps_plane
    assert AffinePath(np.ones((3, 2)) + np.eye(3, 2)).collapses  # 3 to 2 dimensions always
    lift = AffinePath(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    assert lift.rank == 2 and lift.keeps_plane and lift.determinant is None


def test_zero_weight_is_a_path_to_a_point():
    path = AffinePath(np.zeros((2, 2)), np.array([1.0, 2.0]))
    assert path.rank == 0
    np.testing.assert_allclose(path.positions(np.ones((1, 2)), 1, 1, 1), [[1, 2]])


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_powers_of_a_rotation_add_up(n):
    rng = np.random.default_rng(n)
    q, _ = np.linalg.qr(rng.normal(size=(n, n)))
    q[:, 0] *= np.sign(np.linalg.det(q))
    rotation = Rotation(q)
    np.testing.assert_allclose(rotation.power(1), q, atol=1e-12)
    third = rotation.power(1 / 3)
    np.testing.assert_allclose(third @ third @ third, q, atol=1e-12)
    np.testing.assert_allclose(third @ third.T, np.eye(n), atol=1e-12)


def test_angle_of_a_turn():
    c, s = np.cos(2.5), np.sin(2.5)
    assert Rotation([[c, -s], [s, c]]).angle == pytest.approx(2.5)
    assert Rotation(-np.eye(2)).angle == pytest.approx(np.pi)
    assert Rotation(np.eye(3)).angle == 0


@pytest.mark.parametrize(("name", "rule"), [("tanh", np.tanh), ("sigmoid", lambda z: 1 / (1 + np.exp(-z)))])
def test_layer_path_ends_at_the_given_values_and_keeps_order(name, rule):
    weight, bias = random_layer((2, 2), 3)
    layer = LayerPath(AffinePath(weight, bias), name)
    x = np.random.default_rng(0).normal(size=(50, 2))
    z = x @ weight + bias
    h = rule(z)
    np.testing.assert_allclose(layer.positions(x, z, h, START), embed(x, layer.dimension), atol=1e-14)
    np.testing.assert_array_equal(layer.positions(x, z, h, Progress(1, 1, 1, 0))[:, :2], z)
    np.testing.assert_allclose(layer.positions(x, z, h, END)[:, :2], h, atol=1e-15)
    order = np.argsort(z[:, 0])
    for t in np.linspace(0.1, 1, 10):
        assert (np.diff(layer.positions(x, z, h, Progress(1, 1, 1, t))[order, 0]) > 0).all()
    assert layer.homeomorphic and not layer.folds


def test_relu_folds_and_says_where():
    layer = LayerPath(AffinePath(np.eye(2)), "relu")
    assert layer.folds and not layer.homeomorphic
    z = np.array([[1.0, -1.0], [2.0, -3.0], [-1.0, -1.0], [1.0, 1.0]])
    np.testing.assert_array_equal(flat_units(z), [0.25, 0.75])


@pytest.mark.parametrize(("weight", "bias", "named"), [
    (np.array([[1.0, np.nan]]), None, r"\(1, 2\)"),
    (np.ones(3), None, r"\(3,\)"),
    (np.eye(2), np.ones(3), r"bias of shape \(3,\)"),
])  # fmt: skip
def test_bad_matrices_are_named(weight, bias, named):
    with pytest.raises(ConfigurationError, match=named):
        AffinePath(weight, bias)


def dense_network(sizes, activation, seed):
    layers = [Dense(units, activation) for units in sizes[1:-1]] + [Dense(sizes[-1], "sigmoid")]
    network = Network(layers, (sizes[0],), seed=seed)
    network.parameters[:] += np.random.default_rng(seed).normal(size=network.parameter_count, scale=0.3)
    return network


@pytest.mark.parametrize("seed", range(8))
def test_oriented_network_mirrors_nothing_and_computes_the_same(seed):
    network = dense_network((2, 2, 2, 2, 1), "tanh", seed)
    oriented = orient(network)
    x = np.random.default_rng(1).normal(size=(100, 2)).astype(np.float32)
    np.testing.assert_allclose(oriented.network.predict(x), network.predict(x), atol=1e-6)
    assert not any(path.affine.mirrors for path in layer_paths(oriented.network)[:-1])
    for k, units in enumerate(oriented.flipped[:-1]):
        signs = np.ones(2, dtype=np.float32)
        signs[list(units)] = -1
        np.testing.assert_allclose(oriented.network.activations(x)[k], network.activations(x)[k] * signs, atol=1e-6)
    assert oriented.flipped[-1] == ()


def test_networks_that_mirror_are_among_the_tried():
    flips = [orient(dense_network((2, 2, 2, 2, 1), "tanh", seed)).flipped for seed in range(8)]
    assert any(units for layers in flips for units in layers)
    assert any(not units for layers in flips for units in layers[:-1])


def test_orientation_leaves_relu_alone():
    for seed in range(6):
        network = dense_network((2, 2, 2, 1), "relu", seed)
        oriented = orient(network)
        np.testing.assert_array_equal(oriented.network.parameters, network.parameters)
        assert oriented.network is not network


@pytest.mark.parametrize("sizes", [(2, 2, 2, 1), (2, 3, 2, 1), (1, 2, 1), (2, 3, 3, 1), (2, 16, 2, 4)])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_every_path_ends_at_the_engines_activations(sizes, activation):
    network = dense_network(sizes, activation, 4)
    x = np.random.default_rng(1).uniform(-1, 1, (50, sizes[0])).astype(np.float32)
    before, after = network.pre_activations(x), network.activations(x)
    inputs = [x, *after]
    for k, path in enumerate(layer_paths(network)):
        z = path.affine.positions(inputs[k], 1, 1, 1)
        np.testing.assert_allclose(z[:, : sizes[k + 1]], before[k], atol=1e-5)
        end = path.positions(inputs[k], before[k], after[k], END)
        np.testing.assert_allclose(end[:, : sizes[k + 1]], after[k], atol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_layers_bend_without_gluing_where_the_activation_rises(name):
    z = np.linspace(-3, 3, 601)[:, None]
    network = Network([Dense(1, name)], (1,), dtype="float64")
    network.parameters[:] = 1, 0
    rises = (np.diff(network.predict(z)[:, 0]) > 0).all()
    assert LayerPath(AffinePath(np.eye(1)), name).homeomorphic == rises
