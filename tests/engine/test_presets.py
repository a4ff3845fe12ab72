"""The experiments that are shipped keep what is said of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from scipy.optimize import minimize
from sklearn.decomposition import PCA

from engine.experiment import Experiment, list_experiments, load_experiment
from engine.recording import Recording
from engine.run import resume, run_experiment

# What is said of each preset: lowest and highest accuracy on the training data, lowest on what is held out
PROMISES = {
    "blobs": (1.0, 1.0, 0.98),
    "bullseye-2": (0.9, 0.99, None),
    "bullseye-3": (1.0, 1.0, None),
    "circles": (1.0, 1.0, 0.98),
    "depth-1": (0.7, 0.85, None),
    "depth-2": (0.9, 0.99, None),
    "depth-4": (0.98, 1.0, None),
    "depth-8": (0.45, 0.9, None),
    "depth-residual-2": (0.9, 0.99, None),
    "depth-residual-4": (0.98, 1.0, None),
    "depth-residual-8": (0.99, 1.0, None),
    "digits": (0.99, 1.0, 0.94),
    "digits-few": (0.95, 1.0, 0.75),
    "digits-sigmoid": (0.98, 1.0, 0.93),
    "gru-recall": (0.98, 1.0, 0.97),
    "interval": (1.0, 1.0, None),
    "lenet-digits": (0.985, 1.0, 0.95),
    "landscape": (1.0, 1.0, None),
    "linear-stack": (0.65, 0.8, None),
    "linked-rings": (1.0, 1.0, None),
    "linked-rings-3": (0.9, 0.99, None),
    "moons": (1.0, 1.0, 0.98),
    "overfit": (1.0, 1.0, 0.7),
    "overfit-dropout": (0.9, 1.0, 0.8),
    "overfit-early": (0.8, 0.98, 0.8),
    "overfit-right": (0.85, 0.97, 0.85),
    "overfit-small": (0.75, 0.87, 0.75),
    "pass-the-class": (0.85, 0.99, 0.85),
    "perceptron": (1.0, 1.0, None),
    "plain-small": (0.0, 0.15, 0.0),
    "pretrain-digits": (0.98, 1.0, 0.97),
    "resnet-small": (0.99, 1.0, 0.95),
    "spirals": (1.0, 1.0, None),
    "spirals-linear": (0.6, 0.75, None),
    "spirals-wide": (1.0, 1.0, None),
    "tanh-stack": (1.0, 1.0, None),
    "transfer-digits": (0.95, 1.0, 0.9),
    "transfer-scratch-digits": (0.95, 1.0, 0.8),
    "two-curves": (1.0, 1.0, None),
    "two-curves-linear": (0.65, 0.8, None),
    "xor": (1.0, 1.0, None),
}

# The same of those that predict numbers: lowest and highest mean squared error, on what is held out where something is
ERRORS = {
    "autoencoder-digits": (0.02, 0.035),
    "autoencoder-linear": (0.0, 0.06),
    "descent": (0.0, 0.012),
    "descent-adam": (0.0, 0.04),
    "descent-batch": (0.0, 0.0125),
    "descent-fast": (0.03, 0.3),
    "descent-momentum": (0.02, 0.1),
    "descent-slow": (1.2, 1.4),
    "lstm-adding": (0.0, 0.001),
    "lstm-lorenz": (0.0, 3e-5),
    "regression": (0.0, 0.015),
    "rnn-adding": (0.15, 0.17),
    "rnn-sine": (0.0, 1e-4),
}

# Those that need MNIST are tried on a few images of noise; `neurofilm bench results` measures them.
LARGE = [
    "autoencoder-deep", "lenet", "mnist-16", "mnist-wide", "nielsen-100", "nielsen-30",
    "pretrain", "transfer", "transfer-scratch",
]  # fmt: skip


def trainable(name: str, folder: Path, epochs: int | None = None) -> Experiment:
    """A preset with the weights that it starts with, which come from a run in the folder; of noise, fewer images."""
    preset = load_experiment(name).override(epochs=epochs)
    if preset.dataset.name == "mnist" and preset.dataset.samples is not None:
        preset = replace(preset, dataset=replace(preset.dataset, samples="0-19", validation=0.5))
    source = preset.network.weights_of
    if source is None:
        return preset
    return preset.override(weights_from=run_experiment(trainable(source, folder, epochs), folder / source).path)


def test_every_preset_makes_a_promise() -> None:
    assert set(list_experiments()) == {*PROMISES, *ERRORS, *LARGE}


@pytest.mark.parametrize("name", sorted({*PROMISES, *ERRORS, *LARGE}))
def test_presets_are_complete_as_they_stand(name: str, mnist_folder: Path) -> None:
    preset = trainable(name, mnist_folder, 1)
    assert preset.name == name and preset.description
    assert preset.resolved() == preset and Experiment.from_toml(preset.to_toml()) == preset
    train, _ = preset.dataset_split()
    network = preset.build_network(train)
    assert network.input_shape == train.input_shape and network.seed == preset.training.seed


@pytest.mark.parametrize("name", sorted(PROMISES))
def test_presets_keep_their_promises(name: str, tmp_path: Path) -> None:
    least, most, held_out = PROMISES[name]
    run = run_experiment(trainable(name, tmp_path), tmp_path / name)
    assert run.state == ("stopped" if run.training.get("early_stopping") else "finished")
    assert least <= run.evaluate(run.final_epoch)["accuracy"] <= most
    assert ("val_accuracy" in run.metrics) == (held_out is not None)
    if held_out is not None:
        assert run.metrics["val_accuracy"][run.final_epoch] >= held_out
    if name == "spirals":
        check_spirals(run)


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_presets_that_predict_numbers_keep_their_promises(name: str, tmp_path: Path) -> None:
    least, most = ERRORS[name]
    run = run_experiment(load_experiment(name), tmp_path / name)
    assert run.state == "finished"
    assert least <= run.metrics["val_loss" if "val_loss" in run.metrics else "loss"][-1] <= most
    if name == "autoencoder-linear":
        check_principal_plane(run)


@pytest.mark.parametrize("name", LARGE)
def test_presets_for_mnist_run(name: str, mnist_folder: Path, tmp_path: Path) -> None:
    run = run_experiment(trainable(name, tmp_path, 8), tmp_path / "run")
    assert run.state == "finished" and run.test is not None and np.isfinite(run.test["loss"])
    assert run.metrics["loss"][-1] < run.metrics["loss"][0]
    parameters = {"mnist-16": 13_002, "nielsen-30": 23_860, "nielsen-100": 79_510, "mnist-wide": 109_386}
    assert run.network().parameter_count == parameters.get(name, run.network().parameter_count)


def test_what_is_done_against_overfitting_helps(tmp_path: Path) -> None:
    runs = {name: run_experiment(load_experiment(name), tmp_path / name) for name in PROMISES if "overfit" in name}
    losses = {name: run.metrics["val_loss"][run.final_epoch] for name, run in runs.items()}
    assert losses["overfit"] > 1.5 * losses["overfit-dropout"] > 2 * losses["overfit-early"]
    # the same start and the same steps: early stopping only ends them
    early, whole = runs["overfit-early"].metrics["val_loss"], runs["overfit"].metrics["val_loss"]
    np.testing.assert_array_equal(early, whole[: len(early)])
    assert whole.min() < 0.5 * whole[-1]


def test_features_that_were_learned_before_help(tmp_path: Path) -> None:
    again, anew = (load_experiment(name).network.layers for name in ("transfer-digits", "transfer-scratch-digits"))
    assert [replace(layer, trainable=True) for layer in again] == list(anew)
    presets = {name: trainable(name, tmp_path) for name in ("transfer-digits", "transfer-scratch-digits")}
    runs = {name: run_experiment(preset, tmp_path / name) for name, preset in presets.items()}
    transfer, scratch = runs.values()
    source = Recording(tmp_path / "pretrain-digits")
    for key in ("x", "y", "x_validation", "y_validation", "labels"):
        np.testing.assert_array_equal(getattr(transfer.data, key), getattr(scratch.data, key))
    assert len(transfer.data.x) == 40 and transfer.data.class_names == ("even", "odd")
    assert transfer.data.labels is not None and (transfer.data.labels % 2 == transfer.data.y).all()
    # none of these images was seen before
    known = {image.tobytes() for image in np.concatenate([source.data.x, source.data.x_validation])}
    assert not any(image.tobytes() in known for image in np.concatenate([transfer.data.x, transfer.data.x_validation]))
    ours, theirs = transfer.network(), source.network()
    for name, values in ours.weights.items():
        assert name.startswith("8.") != np.array_equal(values, theirs.weights[name])
    assert transfer.metrics["val_accuracy"][-1] > scratch.metrics["val_accuracy"][-1] + 0.04


@pytest.mark.parametrize("layers", [2, 4, 8])
def test_residual_networks_begin_with_the_weights_of_plain_ones(layers: int) -> None:
    plain, residual = (load_experiment(f"depth-{kind}{layers}") for kind in ("", "residual-"))
    begun = plain.build_network(), residual.build_network()
    np.testing.assert_array_equal(begun[0].parameters, begun[1].parameters)
    x = plain.dataset_split()[0].x
    assert not np.allclose(begun[0].predict(x), begun[1].predict(x))
    # nothing else differs between the two, or from those of other depths
    for preset in (plain, residual):
        tables = [each.table() for each in (preset, load_experiment("depth-1"))]
        assert tables[0]["training"] == tables[1]["training"] and tables[0]["dataset"] == tables[1]["dataset"]
        assert tables[0]["seed"] == tables[1]["seed"]


@pytest.mark.parametrize("name", sorted({*PROMISES, *ERRORS, *LARGE}))
def test_a_preset_that_is_interrupted_goes_on_to_the_same_bits(name: str, mnist_folder: Path, tmp_path: Path) -> None:
    def interrupt(network: object, epoch: int, metrics: object) -> None:
        if epoch == 1:
            raise KeyboardInterrupt

    preset = trainable(name, tmp_path, 3)
    whole = run_experiment(preset, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_experiment(preset, tmp_path / "other", callbacks=[interrupt])
    assert Recording(tmp_path / "other").state == "interrupted"
    resumed = resume(tmp_path / "other")
    assert (resumed.epochs, resumed.steps, resumed.test) == ([0, 1, 2, 3], whole.steps, whole.test)
    for epoch in whole:
        assert resumed.parameters(epoch).tobytes() == whole.parameters(epoch).tobytes()
    for column in set(whole.metrics) - {"seconds"}:
        np.testing.assert_array_equal(resumed.metrics[column], whole.metrics[column])


def test_descents_from_one_start_creep_arrive_and_overshoot(tmp_path: Path) -> None:
    presets = {name: load_experiment(name) for name in ("descent-slow", "descent", "descent-fast")}
    rates = [preset.training.optimizer["learning_rate"] for preset in presets.values()]
    assert rates == sorted(set(rates))
    for preset in presets.values():  # nothing else differs
        assert preset.override(learning_rate=1.0).table() | {"name": "", "description": ""} == (
            presets["descent"].table() | {"name": "", "description": ""}
        )
    runs = {name: run_experiment(preset, tmp_path / name) for name, preset in presets.items()}
    paths = {name: np.array([run.parameters(epoch) for epoch in run], float) for name, run in runs.items()}
    assert all(path.shape == (61, 2) and np.array_equal(path[0], [-1.5, 1.5]) for path in paths.values())

    data = runs["descent"].data
    x, y = data.x[:, 0].astype(float), data.y.ravel().astype(float)

    def loss(weights: np.ndarray) -> float:
        return float(np.mean((np.tanh(weights[0] * x + weights[1]) - y) ** 2))

    best = minimize(loss, [1.0, 0.0])
    losses = {name: np.array([loss(weights) for weights in path]) for name, path in paths.items()}
    for name, run in runs.items():
        assert losses[name][-1] == pytest.approx(run.evaluate()["loss"], rel=1e-5)

    assert (np.diff(losses["descent-slow"]) < 0).all() and losses["descent-slow"][-1] > 0.8 * losses["descent-slow"][0]
    assert (np.diff(losses["descent"][:40]) < 0).all() and losses["descent"][-1] < 1.001 * best.fun
    assert np.linalg.norm(paths["descent"][-1] - best.x) < 0.05
    # The fast one is beyond the valley at once, climbs again and again, and does not come to rest.
    beyond = paths["descent-fast"][:, 0] > 1.5 * best.x[0]
    assert beyond[:10].any() and (np.diff(losses["descent-fast"]) > 0).sum() >= 3
    assert losses["descent-fast"][20:].max() > 5 * best.fun
    assert losses["descent-fast"][-1] > 2 * best.fun

    # The surface is not convex: between the start and its mirror image it rises above the straight line.
    a, b = np.array([-1.5, 1.5]), np.array([-1.5, -1.5])
    assert loss((a + b) / 2) > (loss(a) + loss(b)) / 2


def check_principal_plane(run: Recording) -> None:
    """What a linear autoencoder rebuilds with is the plane of the first principal components, and as good."""
    found, best = run.network().weights["1.weight"].astype(float), PCA(2).fit(run.data.x)
    assert np.rad2deg(subspace_angles(found.T, best.components_.T)).max() < 1
    rebuilt = best.inverse_transform(best.transform(run.data.x))
    least = float(((run.data.x - rebuilt) ** 2).mean())
    assert least * (1 - 1e-5) < run.evaluate()["loss"] < 1.005 * least


def check_spirals(run: Recording) -> None:
    """What the preset says of its seed, which the film relies on."""
    network, data = run.network(), run.data
    assert [layer.units for layer in network.layers] == [2, 2, 2, 2, 1]  # type: ignore[attr-defined]
    matrices = [network.weights[f"{layer}.weight"].astype(float) for layer in range(4)]
    assert max(np.linalg.cond(matrix) for matrix in matrices) < 30
    assert min(np.linalg.det(matrix) for matrix in matrices) > 1  # no layer mirrors the plane
    for space in network.activations(data.x)[:4]:
        # neighbours on an arm stay neighbours, so that the arms are seen as curves
        steps = [np.hypot(*np.diff(space[data.y == arm], axis=0).T).max() for arm in (0, 1)]
        assert max(steps) < 0.5
    last, line = network.activations(data.x)[3], network.weights["4.weight"][:, 0]
    distance = (last @ line + network.weights["4.bias"][0]) / np.hypot(*line)
    assert np.where(data.y == 1, distance, -distance).min() > 0.25
    assert len(run) == 301 and run.metrics["accuracy"][100:].min() == 1.0
