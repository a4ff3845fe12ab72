"""Losses by themselves: extreme logits, weights, the activations they follow, and what counts as right."""

from __future__ import annotations

import numpy as np
import pytest

from engine import ACTIVATIONS, LOSSES, Dense, Network
from engine.errors import ConfigurationError
from tests.engine.cases import difference, examples, scatter

each_loss = pytest.mark.parametrize("loss", LOSSES)


def passing_on(units: int, loss: str, dtype: str = "float32") -> Network:
    """A network whose logits are its inputs."""
    network = Network([Dense(units, LOSSES[loss].link or "linear")], (units,), dtype=dtype)
    network.weights["0.weight"][:] = np.eye(units)
    return network


@each_loss
@pytest.mark.parametrize("size", [1e4, 1e2])
def test_extreme_logits_give_finite_losses_and_gradients(loss: str, size: float) -> None:
    network = passing_on(3, loss)
    x = size * np.array([[1, -1, 0], [-1, 1, 1], [0, 0, 0]], np.float32)
    labels = np.array([1, 0, 2])
    targets = labels if LOSSES[loss].labels_only else np.eye(3)[labels]
    value, gradient = network.gradient(x, targets, loss)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert value > 0


def test_cross_entropies_of_large_logits_grow_as_the_logits_do() -> None:
    for loss, targets in (
        ("binary_crossentropy", np.array([[1.0, 0.0]])),
        ("categorical_crossentropy", np.array([[1.0, 0.0]])),
        ("sparse_categorical_crossentropy", np.array([0])),
    ):
        value = passing_on(2, loss).evaluate([[-1e4, 1e4]], targets, loss)["loss"]
        assert value == pytest.approx(1e4 if loss == "binary_crossentropy" else 2e4)


@each_loss
def test_a_weight_of_two_counts_as_two_examples(loss: str) -> None:
    network = scatter(Network([Dense(3, LOSSES[loss].link or "linear")], (4,), dtype="float64"))
    x, targets = examples(network, loss, 6)
    weights = np.array([0.0, 1, 2, 1, 1, 1])
    chosen = [1, 2, 2, 3, 4, 5]
    value, gradient = network.gradient(x, targets, loss, weights)
    expected, same = network.gradient(x[chosen], targets[chosen], loss)
    assert difference(value, expected) < 1e-14
    assert difference(gradient, same) < 1e-14
    assert difference(network.evaluate(x, targets, loss, weights)["loss"], expected) < 1e-14


@each_loss
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_loss_follows_its_activation_or_logits(loss: str, activation: str) -> None:
    link = LOSSES[loss].link
    network = Network([Dense(3, activation)], (2,))
    x, targets = examples(network, loss, 4)
    if link in (None, activation) or activation == "linear":
        assert np.isfinite(network.evaluate(x, targets, loss)["loss"])
        return
    with pytest.raises(ConfigurationError, match=f"loss '{loss}' needs .*'{link}'.* not '{activation}'"):
        network.evaluate(x, targets, loss)


@each_loss
def test_logits_are_the_same_as_the_activation(loss: str) -> None:
    link = LOSSES[loss].link
    if link is None:
        assert not LOSSES[loss].from_logits("linear")
        return
    with_link, without = (Network([Dense(3, name)], (4,), seed=3) for name in (link, "linear"))
    x, targets = examples(with_link, loss, 5)
    assert with_link.evaluate(x, targets, loss) == without.evaluate(x, targets, loss)
    assert np.array_equal(with_link.gradient(x, targets, loss)[1], without.gradient(x, targets, loss)[1])


def test_hand_worked_values() -> None:
    x = np.array([[1.0, -2.0]])
    for loss, targets, expected in (
        ("mse", [[0.0, 0.0]], (1 + 4) / 2),
        ("mae", [[0.0, 0.0]], (1 + 2) / 2),
        ("huber", [[0.5, 0.0]], (0.125 + 1.5) / 2),
        ("hinge", [[1.0, 1.0]], (0 + 3) / 2),
        ("perceptron", [[1.0, 1.0]], (0 + 2) / 2),
        ("binary_crossentropy", [[1.0, 1.0]], (np.log1p(np.exp(-1)) + np.log1p(np.exp(2))) / 2),
        ("categorical_crossentropy", [[0.0, 1.0]], 3 + np.log1p(np.exp(-3))),
        ("sparse_categorical_crossentropy", [1], 3 + np.log1p(np.exp(-3))),
    ):
        value = passing_on(2, loss, "float64").evaluate(x, np.array(targets), loss)["loss"]
        assert value == pytest.approx(expected, rel=1e-14), loss


@pytest.mark.parametrize(
    ("loss", "outputs", "labels", "right"),
    [
        ("categorical_crossentropy", [[2, 1, 0], [0, 3, 1], [5, 5, 6]], [0, 2, 2], 2 / 3),
        ("sparse_categorical_crossentropy", [[2, 1, 0], [0, 3, 1], [5, 5, 6]], [0, 2, 2], 2 / 3),
        ("mse", [[0.9, 0.1], [0.2, 0.3]], [0, 0], 1 / 2),
        ("mse", [[0.9], [0.2], [0.6]], [1, 0, 0], 2 / 3),
        ("binary_crossentropy", [[0.1], [-0.1], [3]], [1, 1, 1], 2 / 3),
        # three questions, of which one has the answer yes: the loudest yes is the class
        ("binary_crossentropy", [[2, 1, -1], [-3, -1, -2], [5, 5, 6]], [0, 2, 2], 2 / 3),
        ("hinge", [[0.1], [-0.1], [0.4]], [1, 1, 0], 1 / 3),
        ("perceptron", [[0.1], [-0.1], [0.4]], [1, 1, 0], 1 / 3),
    ],
)
def test_accuracy_counts_the_right_answers(
    loss: str, outputs: list[list[float]], labels: list[int], right: float
) -> None:
    network = passing_on(len(outputs[0]), loss)
    assert network.evaluate(np.array(outputs), np.array(labels), loss)["accuracy"] == pytest.approx(right)


def test_each_of_several_questions_is_counted_by_itself() -> None:
    network = passing_on(2, "binary_crossentropy")
    answers = network.evaluate([[1.0, -1.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]], "binary_crossentropy")
    assert answers["accuracy"] == 3 / 4


def test_a_regression_has_no_accuracy() -> None:
    assert set(passing_on(1, "mse").evaluate([[1.0], [2.0]], [[0.5], [3.5]], "mse")) == {"loss"}


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"^unknown loss 'crossentropy': did you mean .*binary_crossentropy"):
        passing_on(1, "mse").evaluate([[1.0]], [[1.0]], "crossentropy")
