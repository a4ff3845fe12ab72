"""Weights of classes are weights of their examples, wherever they are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from engine import Dense, Network
from engine.class_weights import example_weights
from engine.errors import ConfigurationError, DataError
from engine.experiment import Experiment
from engine.recording import Recording
from engine.run import resume, run_experiment

X = np.random.default_rng(1).normal(size=(60, 2))
Y = (np.arange(60) % 6 == 0).astype(int)  # one in six is of class 1


def trained(y: Any = Y, loss: str = "binary_crossentropy", **settings: Any) -> Network:
    outputs = Dense(1, "sigmoid") if loss == "binary_crossentropy" else Dense(3, "softmax")
    network = Network([Dense(4, "tanh"), outputs], (2,), seed=3, dtype="float64")
    network.fit(X, y, loss=loss, epochs=3, batch_size=7, **settings)
    return network


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_class_weights_train_as_the_same_example_weights_do(loss: str) -> None:
    by_class = trained(loss=loss, class_weights={0: 1.0, 1: 3.0})
    by_example = trained(loss=loss, weights=np.where(Y == 1, 3.0, 1.0))
    assert np.array_equal(by_class.parameters, by_example.parameters)
    assert not np.array_equal(by_class.parameters, trained(loss=loss).parameters)


def test_a_class_that_is_not_named_counts_one_and_example_weights_are_multiplied() -> None:
    given = np.linspace(0.5, 2, 60)
    both = trained(class_weights={1: 3}, weights=given)
    assert np.array_equal(both.parameters, trained(weights=given * np.where(Y == 1, 3.0, 1.0)).parameters)


def test_a_class_of_weight_two_is_as_one_that_occurs_twice() -> None:
    twice = np.concatenate([np.arange(60), np.flatnonzero(Y)])
    network = Network([Dense(1, "sigmoid")], (2,), seed=3, dtype="float64")
    gradients = [
        len(x) * network.gradient(x, y, "binary_crossentropy", weights)[1]
        for x, y, weights in ((X, Y, example_weights({1: 2.0}, Y, 2)), (X[twice], Y[twice], None))
    ]
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12)


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = np.random.default_rng(0).choice(4, 200, p=[0.6, 0.25, 0.1, 0.05])
    expected = compute_class_weight("balanced", classes=np.arange(4), y=labels)[labels]
    np.testing.assert_allclose(example_weights("balanced", labels, 4), expected, rtol=1e-14)
    np.testing.assert_allclose(example_weights("balanced", labels, 9), expected, rtol=1e-14)  # five that do not occur
    assert np.array_equal(
        trained(class_weights="balanced").parameters, trained(weights=np.where(Y == 1, 60 / 20, 60 / 100)).parameters
    )


def test_a_rare_class_is_found_once_it_counts() -> None:
    rng = np.random.default_rng(5)
    labels = (np.arange(1000) % 20 == 0).astype(int)
    x = rng.normal(size=(1000, 1)) + 1.5 * labels[:, None]
    found = {}
    for weights in (None, "balanced"):
        network = Network([Dense(1, "sigmoid")], (1,), seed=1)
        network.fit(x, labels, loss="binary_crossentropy", epochs=30, class_weights=weights)
        found[weights] = (network.predict(x[labels == 1]) > 0.5).mean()
    assert found[None] < 0.3 < 0.6 < found["balanced"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("balancd", "class_weights='balancd' must be 'balanced', or weights of classes such as {0: 1.0, 1: 3.0}"),
        ([1.0, 3.0], "class_weights=[1.0, 3.0] must be 'balanced', or weights of classes such as {0: 1.0, 1: 3.0}"),
        ({}, "class_weights={} must be 'balanced', or weights of classes such as {0: 1.0, 1: 3.0}"),
        ({2: 1.0}, "class_weights has a weight for class 2: there are 2 classes, numbered 0 to 1"),
        ({-1: 1.0}, "class_weights: -1 must be the number of a class, counted from 0"),
        ({"cat": 1.0}, "class_weights: 'cat' must be the number of a class, counted from 0"),
        ({True: 1.0}, "class_weights: True must be the number of a class, counted from 0"),
        ({0: -1}, "class_weights: the weight -1 of class 0 must be a number from 0 to 1e+30"),
        ({0: float("nan")}, "class_weights: the weight nan of class 0 must be a number from 0 to 1e+30"),
        ({0: "3"}, "class_weights: the weight '3' of class 0 must be a number from 0 to 1e+30"),
        ({0: 1.0, "0": 2.0}, "class_weights: class 0 has two weights"),
    ],
)
def test_weights_that_make_no_sense_are_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        trained(class_weights=given)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("y", "loss", "sentence"),
    [
        (X, "mse", "class_weights weighs classes, and this training tells none apart: y must hold labels"),
        (np.eye(3)[Y], "categorical_crossentropy", "class_weights weighs classes, and y has the shape (60, 3) and dty"),
        (np.zeros(60, int), "categorical_crossentropy", "class_weights leaves nothing to learn from: all classes that"),
    ],
)
def test_what_has_no_classes_is_refused(y: Any, loss: str, sentence: str, tmp_path: Path) -> None:
    network = Network([Dense(2 if loss == "mse" else 3, "linear" if loss == "mse" else "softmax")], (2,))
    with pytest.raises(DataError) as caught:
        network.fit(X, y, loss=loss, epochs=1, class_weights={0: 0.0}, record=tmp_path / "run")
    assert str(caught.value).startswith(sentence)
    assert not (tmp_path / "run").exists()


TOML = """
name = "weighted"
[dataset]
name = "moons"
n = 40
[network]
layers = [{type = "dense", units = 2, activation = "tanh"}, {type = "dense", units = 1, activation = "sigmoid"}]
[training]
epochs = 3
class_weights = WEIGHTS
"""


@pytest.mark.parametrize(("text", "kept"), [("{ 1 = 3, 0 = 1.0 }", {"0": 1.0, "1": 3.0}), ('"balanced"', "balanced")])
def test_an_experiment_has_class_weights_and_resumes_with_them(text: str, kept: Any, tmp_path: Path) -> None:
    experiment = Experiment.from_toml(TOML.replace("WEIGHTS", text))
    assert experiment.training.class_weights == kept
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    whole = run_experiment(experiment, tmp_path / "whole")
    assert json.loads(json.dumps(whole.training["class_weights"])) == kept

    def interrupt(network: object, epoch: int, metrics: object) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment, tmp_path / "other", callbacks=[interrupt])
    resume(tmp_path / "other")
    other = Recording(tmp_path / "other")
    assert other.parameters(3).tobytes() == whole.parameters(3).tobytes()


def test_class_weights_count_in_the_digest_and_are_checked_in_toml() -> None:
    plain = Experiment.from_toml(TOML.replace("class_weights = WEIGHTS", ""))
    weighted = Experiment.from_toml(TOML.replace("WEIGHTS", "{ 1 = 3 }"))
    same = Experiment.from_toml(TOML.replace("WEIGHTS", "{ 1 = 3.0 }"))
    assert "class_weights" not in plain.to_toml()
    assert weighted.digest == same.digest != plain.digest
    with pytest.raises(ConfigurationError, match=r"training\.class_weights: 'cat' must be the number of a class"):
        Experiment.from_toml(TOML.replace("WEIGHTS", "{ cat = 3 }"))
