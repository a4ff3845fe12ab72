"""Loss landscapes against losses worked out by hand, and their planes against scikit-learn's PCA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from engine import BatchNorm, Conv2D, Dense, Flatten, Network, Recording
from engine.analysis import landscape as module
from engine.analysis.landscape import (
    Plane,
    filter_normalised_plane,
    grid_around,
    landscape,
    parameter_plane,
    path_in,
    path_plane,
)
from engine.errors import ConfigurationError, DataError
from tests.engine.cases import scatter


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("landscape") / "run"
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    layers = [Dense(5, "tanh"), BatchNorm(), Dense(1, "sigmoid")]
    network = Network(layers, (2,), seed=2)
    network.fit(x, y, loss="binary_crossentropy", epochs=15, batch_size=20, record=path)
    return Recording(path)


def path_of(recording: Recording) -> np.ndarray:
    return np.array([recording.parameters(epoch) for epoch in recording.epochs], np.float64)


def moved_by_training(recording: Recording) -> np.ndarray:
    moved = np.ones(recording.parameter_count, bool)
    for slot in recording.build_network().layout:
        if "running" in slot.name:
            moved[slot.start : slot.stop] = False
    assert not moved.all()
    return moved


def test_losses_are_those_of_a_parabola() -> None:
    """One weight and a bias, mean squared error: L = mean (w x + b - y)²."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, 1)), rng.normal(size=(30, 1))
    network = Network([Dense(1)], (1,), dtype="float64")
    network.parameters[:] = before = np.array([0.7, -0.2])
    a, b = np.linspace(-2, 2, 7), np.linspace(-1, 3, 5)
    found = landscape(network, x, y, "mse", parameter_plane(network, 0, 1), a, b)
    expected = [[np.mean(((0.7 + i) * x + (-0.2 + j) - y) ** 2) for i in a] for j in b]
    np.testing.assert_allclose(found.losses, expected, rtol=1e-12)
    np.testing.assert_array_equal(found.a, a)
    np.testing.assert_array_equal(network.parameters, before)


def test_sample_weights_count() -> None:
    network = scatter(Network([Dense(1)], (1,), dtype="float64"))
    x, y = np.array([[1.0], [2.0]]), np.array([[0.0], [5.0]])
    plane = parameter_plane(network, 0, 1)
    one = landscape(network, x, y, "mse", plane, [0.0], [0.0], weights=[1.0, 0.0])
    assert one.losses[0, 0] == pytest.approx(network.evaluate(x[:1], y[:1], "mse")["loss"] / 2)


def test_parameters_are_restored_when_it_fails() -> None:
    network = scatter(Network([Dense(1)], (1,)))
    before = network.parameters.copy()
    with pytest.raises(DataError):
        landscape(network, np.zeros((2, 3)), np.zeros(2), "mse", parameter_plane(network, 0, 1), [5.0], [5.0])
    np.testing.assert_array_equal(network.parameters, before)


def test_overflow_is_seen() -> None:
    network = scatter(Network([Dense(1)], (1,)))
    found = landscape(network, np.ones((2, 1)), np.ones(2), "mse", parameter_plane(network, 0, 1), [0.0, 1e60], [0.0])
    assert np.isfinite(found.losses[0, 0]) and not np.isfinite(found.losses[0, 1])


def test_random_filters_have_the_networks_lengths() -> None:
    network = Network([Conv2D(3, 2), BatchNorm(), Flatten(), Dense(4, trainable=False), Dense(2)], (4, 4, 2))
    scatter(network)
    plane = filter_normalised_plane(network, seed=3)
    np.testing.assert_array_equal(plane.origin, network.parameters)
    for direction in plane.directions:
        for slot in network.layout:
            part, own = direction[slot.start : slot.stop].reshape(slot.shape), network.weights[slot.name]
            if len(slot.shape) == 1 or slot.name.startswith("3."):
                assert not part.any()
                continue
            for unit in range(slot.shape[-1]):
                assert np.linalg.norm(part[..., unit]) == pytest.approx(np.linalg.norm(own[..., unit]))
    again, other = filter_normalised_plane(network, seed=3), filter_normalised_plane(network, seed=4)
    np.testing.assert_array_equal(again.directions, plane.directions)
    assert not np.allclose(other.directions, plane.directions)
    assert not np.allclose(plane.directions[0], plane.directions[1])


def test_filter_normalisation_does_not_see_the_scale_of_relu_networks() -> None:
    """One layer's weights times 10, the next one's divided by 10: the same function, and the same landscape."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
    network = scatter(Network([Dense(4, "relu"), Dense(1)], (3,), dtype="float64"))
    grid = np.linspace(-1, 1, 5)
    one = landscape(network, x, y, "mse", filter_normalised_plane(network), grid, grid).losses
    network.weights["0.weight"][...] *= 10
    network.weights["0.bias"][...] *= 10
    network.weights["1.weight"][...] /= 10
    other = landscape(network, x, y, "mse", filter_normalised_plane(network), grid, grid).losses
    np.testing.assert_allclose(other, one, rtol=1e-9)
    assert np.ptp(one) > 0.1


@pytest.mark.parametrize("block", [10**9, 130])
def test_path_plane_is_that_of_pca(recording: Recording, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_VALUES", block)
    plane, moved, path = path_plane(recording), moved_by_training(recording), path_of(recording)
    pca = PCA(2).fit(path[:, moved])
    np.testing.assert_allclose(np.abs(plane.directions[:, moved] @ pca.components_.T), np.eye(2), atol=1e-7)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-9)
    assert not plane.directions[:, ~moved].any()
    np.testing.assert_array_equal(plane.origin, path[-1])
    assert (np.abs(plane.directions).max(axis=1) == plane.directions.max(axis=1)).all()
    found = path_in(recording, plane)
    assert found.share == pytest.approx(pca.explained_variance_ratio_.sum(), abs=1e-9)
    assert 0.5 < found.share < 1
    assert found.epochs == recording.epochs
    away = path - path[-1]
    np.testing.assert_allclose(found.coordinates, away @ plane.directions.T, atol=1e-9)
    np.testing.assert_allclose(
        found.distances, np.linalg.norm(away - found.coordinates @ plane.directions, axis=1), atol=1e-9
    )
    np.testing.assert_allclose(found.coordinates[-1], 0, atol=1e-12)


def test_the_loss_at_the_end_of_the_path_is_the_recorded_one(recording: Recording) -> None:
    plane, data = path_plane(recording), recording.data
    found = landscape(recording.network(), data.x, data.y, "binary_crossentropy", plane, [0.0], [0.0])
    assert found.losses[0, 0] == pytest.approx(recording.evaluate(-1)["loss"], rel=1e-6)


def test_a_random_plane_holds_little_of_the_path(recording: Recording) -> None:
    plane = filter_normalised_plane(recording.network(), seed=1)
    found, path, moved = path_in(recording, plane), path_of(recording), moved_by_training(recording)
    # least squares by another way
    expected = np.linalg.lstsq(plane.directions.T, (path - plane.origin).T, rcond=None)[0].T
    np.testing.assert_allclose(found.coordinates, expected, atol=1e-9)
    basis = np.linalg.svd(plane.directions[:, moved], full_matrices=False)[2]
    centred = path[:, moved] - path[:, moved].mean(axis=0)
    share = np.sum((centred @ basis.T) ** 2) / np.sum(centred**2)
    assert found.share == pytest.approx(share) and share < path_in(recording, path_plane(recording)).share


def test_grid_around_a_path() -> None:
    a, b = grid_around([[0.0, 1.0], [4.0, 1.0], [2.0, 1.0]], 5, 0.25)
    np.testing.assert_allclose(a, [-1, 0.5, 2, 3.5, 5])
    np.testing.assert_allclose(b, [0, 0.5, 1, 1.5, 2])  # a path without height gets room all the same


def test_what_is_no_plane(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="must be different"):
        Plane(np.zeros(3), np.array([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]]))
    with pytest.raises(ConfigurationError, match=r"directions of shape \(2, 4\)"):
        Plane(np.zeros(3), np.ones((2, 4)))
    network = Network([Dense(1)], (1,))
    with pytest.raises(ConfigurationError, match="parameter 2 does not exist"):
        parameter_plane(network, 0, 2)
    plane = parameter_plane(network, 0, 1)
    with pytest.raises(ConfigurationError, match="the plane is of 2 parameters"):
        path_in(recording, plane)
    with pytest.raises(ConfigurationError, match="the plane is of 2 parameters"):
        landscape(recording.network(), np.zeros((1, 2)), [0], "binary_crossentropy", plane, [0.0], [0.0])
    with pytest.raises(ConfigurationError, match="a of shape"):
        landscape(network, [[0.0]], [0.0], "mse", plane, [], [0.0])
    frozen = Network([Dense(1, trainable=False)], (1,))
    with pytest.raises(ConfigurationError, match="no weights that are trainable"):
        filter_normalised_plane(frozen)
    network.fit([[1.0]], [1.0], loss="mse", optimizer="sgd", epochs=1, record=tmp_path / "short")
    with pytest.raises(ConfigurationError, match="has 2 recorded epochs"):
        path_plane(Recording(tmp_path / "short"))
