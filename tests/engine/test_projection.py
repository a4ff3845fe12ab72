"""The fixed projection against scikit-learn's PCA and against what a hyperplane does."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from engine.analysis.projection import Projection, principal_projection
from engine.errors import ConfigurationError


def cloud(seed=0, features=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(300, features)) @ rng.normal(size=(features, features)) + rng.normal(size=features)


def test_agrees_with_pca():
    x = cloud()
    ours, theirs = principal_projection(x, 3), PCA(3).fit(x)
    np.testing.assert_allclose(np.abs(ours.components @ theirs.components_.T), np.eye(3), atol=1e-8)
    assert ours.explained == pytest.approx(theirs.explained_variance_ratio_.sum())
    np.testing.assert_allclose(ours.apply(x).mean(axis=0), 0, atol=1e-10)


def test_several_sets_are_one_set():
    x = cloud()
    whole, parts = principal_projection(x), principal_projection(iter([x[:100], x[100:]]))
    np.testing.assert_allclose(whole.components, parts.components, atol=1e-10)


def test_signs_do_not_depend_on_the_points_order():
    x = cloud()
    np.testing.assert_allclose(principal_projection(x).components, principal_projection(x[::-1].copy()).components)
    assert (np.abs(principal_projection(x).components).max(1) == principal_projection(x).components.max(1)).all()


def test_edge_on_shows_the_hyperplane_as_the_line_that_divides_the_points():
    x, rng = cloud(), np.random.default_rng(5)
    weight, bias = rng.normal(size=6), 0.3
    projection = principal_projection(x, 2, edge_on=weight)
    np.testing.assert_allclose(projection.components @ projection.components.T, np.eye(2), atol=1e-10)
    w, b, share = projection.hyperplane(weight, bias)
    assert share == pytest.approx(1)
    np.testing.assert_allclose(projection.apply(x) @ w + b, x @ weight + bias, atol=1e-9)


def test_share_of_a_hyperplane_seen_flat_on_is_zero():
    projection = Projection(np.zeros(3), np.eye(3)[:2], 1.0)
    assert projection.hyperplane([0, 0, 1], 0.0)[2] == 0
    assert projection.hyperplane([1, 0, 1], 0.0)[2] == pytest.approx(np.sqrt(0.5))


def test_identity_changes_nothing():
    x = cloud()
    np.testing.assert_array_equal(Projection.identity(6).apply(x), x)


@pytest.mark.parametrize(
    ("points", "dimensions"), [(np.ones((3, 2)), 3), (np.ones(3), 1), (np.full((2, 2), np.nan), 1)]
)
def test_bad_input_is_named(points, dimensions):
    with pytest.raises(ConfigurationError, match="dimensions=3|points of shape"):
        principal_projection(points, dimensions)
