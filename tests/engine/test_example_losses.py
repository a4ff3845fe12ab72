"""The loss of each example, against that of the network on this example alone."""

from __future__ import annotations

import numpy as np
import pytest

from engine import LOSSES, LSTM, Dense, Network
from engine.analysis.examples import example_losses
from engine.errors import DataError
from tests.engine.cases import examples, scatter


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSSES)
def test_each_is_the_loss_of_its_example(loss: str, dtype: str) -> None:
    network = scatter(Network([Dense(4, "tanh"), Dense(3, LOSSES[loss].link or "linear")], (5,), dtype=dtype))
    x, y = examples(network, loss, 23)
    found = example_losses(network, x, y, loss)
    alone = [network.evaluate(x[n : n + 1], y[n : n + 1], loss) for n in range(23)]
    np.testing.assert_allclose(
        found.losses, [each["loss"] for each in alone], rtol=1e-5 if dtype == "float32" else 1e-12
    )
    together = network.evaluate(x, y, loss)
    assert found.losses.mean() == pytest.approx(together["loss"], rel=1e-5)
    if "accuracy" in together:
        assert found.right is not None
        np.testing.assert_allclose(found.right, [each["accuracy"] for each in alone])
        assert found.right.mean() == pytest.approx(together["accuracy"])
    else:
        assert found.right is None


def test_labels_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    network = scatter(Network([Dense(4, "tanh"), Dense(3, "softmax")], (5,)))
    x, labels = np.random.default_rng(0).normal(size=(50, 5)), np.random.default_rng(1).integers(0, 3, 50)
    whole = example_losses(network, x, labels, "categorical_crossentropy")
    assert whole.right is not None
    np.testing.assert_array_equal(whole.right, network.predict(x).argmax(axis=1) == labels)
    picked = network.predict(x)[np.arange(50), labels]
    np.testing.assert_allclose(whole.losses, -np.log(picked), rtol=1e-5)
    monkeypatch.setattr("engine.network.CHUNK", 7)
    parts = example_losses(network, x, labels, "sparse_categorical_crossentropy")
    np.testing.assert_allclose(parts.losses, whole.losses, rtol=1e-5)
    np.testing.assert_array_equal(np.asarray(parts.right), whole.right)


def test_outputs_of_a_sequence() -> None:
    network = scatter(Network([LSTM(2, return_sequences=True)], (4, 1), dtype="float64"))
    x, y = examples(network, "mse", 6)
    expected = ((network.predict(x) - y) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(example_losses(network, x, y, "mse").losses, expected, rtol=1e-12)


def test_data_that_do_not_fit() -> None:
    network = Network([Dense(1)], (2,))
    with pytest.raises(DataError, match="x holds no examples"):
        example_losses(network, np.zeros((0, 2)), np.zeros(0), "mse")
