"""Known results: those that take a moment are measured, and a result that is not reached is said not to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import results
from engine.experiment import Experiment, load_experiment
from engine.layers import Conv2D
from engine.results import RESULTS, Measured, as_table


@pytest.mark.parametrize("name", ["nielsen-100", "autoencoder", "linear"])
def test_quick_results_are_reached(name: str) -> None:
    measured = RESULTS[name].measure(False)
    assert measured.agrees, measured.text


def test_of_the_bullseye_two_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "SEEDS", 2)
    assert RESULTS["bullseye"].measure(False) == Measured("width 2: 0 of 2 seeds, width 3: 2 of 2", True)


@pytest.mark.parametrize("name", ["nielsen-30", "nielsen-100", "mnist-16", "lenet"])
def test_presets_are_tried_on_small_digits(name: str) -> None:
    preset = results._on_digits(load_experiment(name))
    train, _, test = preset.dataset_parts()
    assert test is not None and (len(train), len(test)) == (1438, 359)
    network = preset.build_network(train)
    assert network.output_shape == (10,)
    assert preset.training == load_experiment(name).training
    convolutions = sum(isinstance(layer, Conv2D) for layer in network.layers)
    assert convolutions == (2 if name == "lenet" else 0)


@pytest.mark.parametrize("name", ["nielsen-30", "mnist-16"])
def test_mnist_is_trained_as_the_preset_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Experiment, Any]] = []

    def train(experiment: Experiment, **options: Any) -> tuple[None, list[float]]:
        seen.append((experiment, options))
        return None, [0.1, 0.951, 0.949]

    monkeypatch.setattr(results, "train", train)
    measured = RESULTS[name].measure(True)
    assert seen[0][0] == load_experiment(name)
    assert seen[0][0].training.epochs == RESULTS[name].epochs[0]
    best = "95.10% in the best epoch, 94.90% in the last"
    assert measured == (Measured(best, True) if name == "nielsen-30" else Measured("94.90%", True))


def test_epochs_that_are_stated_are_those_of_the_presets() -> None:
    for name in ("nielsen-30", "nielsen-100", "mnist-16", "lenet"):
        assert RESULTS[name].epochs[0] == load_experiment(name).training.epochs
        assert f"{RESULTS[name].epochs[0]} epochs" in RESULTS[name].described(True)
    assert RESULTS["nielsen-30"].described(False).startswith("64-30-10 sigmoid")


def test_the_last_accuracy_is_of_the_trained_network() -> None:
    preset = results._on_digits(load_experiment("mnist-16")).override(epochs=3)
    trained, accuracies = results.train(preset, test_every_epoch=True)
    assert trained.test is not None and len(accuracies) == 4
    assert accuracies[-1] == trained.network.evaluate(trained.test.x, trained.test.y, "mse")["accuracy"]
    assert results.train(preset)[1] == accuracies[-1:]


def test_the_table_says_what_is_not_reached() -> None:
    table = as_table({"linear": Measured("50%", True), "nielsen-100": Measured("97.00%", False)}, mnist=True)
    assert table.splitlines() == [
        "| network (digits: MNIST) | known | measured |",
        "|---|---|---|",
        "| four layers without activations on xor: accuracy | stays at chance, and equals one linear layer | 50% |",
        "| 784-100-10 sigmoid, cross-entropy, L2 with λ / n = 1e-4, SGD 0.5, 60 epochs | 97.92% (Nielsen, 2015, "
        "chapter 3) | 97.00% (does not agree) |",
    ]


def test_the_table_in_the_readme_is_of_these_results() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[:2] for line in readme.splitlines() if line.startswith("| ")]
    for result in RESULTS.values():
        assert [f"| {result.described(True)}", result.expected(True)] in rows
