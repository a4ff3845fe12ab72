"""Known results: what is published or proved of small networks, trained again here and compared.

Each entry of RESULTS trains what it needs and says what it measured and whether that agrees. Handwritten digits are
MNIST's where its files are at hand; else scikit-learn's 1797 of 8×8 pixels, a fifth of them for testing, of which
nothing is published, so that only a bound that we have found to hold can be given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from engine.dataset_section import DatasetSection, forget_data
from engine.datasets import Dataset
from engine.experiment import Experiment, load_experiment
from engine.layers import Conv2D, Dense, Flatten, Layer, MaxPool2D, Reshape
from engine.network import Network
from engine.training import History, fit

SEEDS = 20


class Measured(NamedTuple):
    """What was measured, in a few words, and whether it agrees with what is known."""

    text: str
    agrees: bool


class Trained(NamedTuple):
    """A network after its training, how that went, and the parts of the data."""

    network: Network
    history: History
    train: Dataset
    validation: Dataset | None
    test: Dataset | None


@dataclass(frozen=True)
class KnownResult:
    """Something that is known of a network.

    Attributes
    ----------
    title : str
        What is trained, and how; ``{inputs}`` and ``{epochs}`` stand for what depends on the digits.
    known : str
        What is known, and from where.
    on_digits : str
        What is expected in its place where MNIST is not at hand; empty where the result has nothing to do with it.
    measure : callable
        ``measure(mnist)`` trains and measures; `mnist` says whether MNIST is to be used.
    """

    title: str
    known: str
    measure: Callable[[bool], Measured]
    on_digits: str = ""
    epochs: tuple[int, int] = (0, 0)  # on MNIST, on the small digits

    def described(self, mnist: bool) -> str:
        return self.title.format(inputs=784 if mnist else 64, epochs=self.epochs[0 if mnist else 1])

    def expected(self, mnist: bool) -> str:
        return self.known if mnist or not self.on_digits else self.on_digits


def train(experiment: Experiment, *, test_every_epoch: bool = False) -> tuple[Trained, list[float]]:
    """Train without recording; give the accuracies on the test data after each epoch, or after the last one."""
    train_part, validation, test = experiment.dataset_parts()
    complete = experiment.resolved(train_part)
    network = complete.build_network(train_part)
    forget_data()
    accuracies: list[float] = []

    def look(network: Network, epoch: int, metrics: dict[str, float]) -> None:
        if test is not None and (test_every_epoch or epoch == complete.training.epochs):
            accuracies.append(network.evaluate(test.x, test.y, complete.training.loss or "mse").get("accuracy", np.nan))

    held_out = None if validation is None else (validation.x, validation.y)
    history = fit(
        network, train_part.x, train_part.y, validation_data=held_out, callbacks=[look], **complete.training.settings()
    )
    return Trained(network, history, train_part, validation, test), accuracies


# --- handwritten digits -----------------------------------------------------------------------------------------------


def _on_digits(preset: Experiment) -> Experiment:
    """The preset with the small digits in place of MNIST's, and convolutions that fit them."""
    section = DatasetSection(name="digits", test=0.2)
    layers: list[Layer] = list(preset.network.layers)
    if isinstance(layers[0], Reshape):
        filters = [layer.filters for layer in layers if isinstance(layer, Conv2D)]
        first, second = (Conv2D(each, 3, padding="same", activation="relu") for each in filters)
        start = [Reshape((8, 8, 1)), first, MaxPool2D(2), second, MaxPool2D(2), Flatten()]
        layers = [*start, *(layer for layer in layers if isinstance(layer, Dense))]
    return replace(preset, dataset=section, network=replace(preset.network, layers=tuple(layers)))


def _accuracy(
    name: str, least: float, least_on_digits: float, *, best: bool = False, epochs: int | None = None
) -> Callable[[bool], Measured]:
    """Measure the accuracy of a preset on the test data at the end and, where wanted, in the best epoch."""

    def measure(mnist: bool) -> Measured:
        preset = load_experiment(name)
        _, accuracies = train(preset if mnist else _on_digits(preset).override(epochs=epochs), test_every_epoch=best)
        text = f"{accuracies[-1]:.2%}"
        if best:
            text = f"{max(accuracies):.2%} in the best epoch, {text} in the last"
        return Measured(text, max(accuracies) >= (least if mnist else least_on_digits))

    return measure


def _principal_plane(mnist: bool) -> Measured:
    """Compare what a linear autoencoder rebuilds with to the plane of the first two principal components."""
    from scipy.linalg import subspace_angles
    from sklearn.decomposition import PCA

    preset = load_experiment("autoencoder-linear")
    if mnist:
        section = DatasetSection(name="mnist", task="reconstruction")
        network = replace(preset.network, layers=(Dense(2), Dense(784)))
        preset = replace(preset, dataset=section, network=network).override(epochs=40, batch_size=128)
    trained, _ = train(preset)
    x = trained.train.x.astype(np.float64)
    plane = PCA(2, svd_solver="covariance_eigh").fit(x)
    least = float(((x - plane.inverse_transform(plane.transform(x))) ** 2).mean())
    found = trained.network.weights["1.weight"].astype(np.float64)
    angle = float(np.rad2deg(subspace_angles(found.T, plane.components_.T)).max())
    excess = trained.network.evaluate(trained.train.x, trained.train.y, "mse")["loss"] / least - 1
    return Measured(f"{angle:.2f}° apart, error {excess:+.3%}", angle < 1 and abs(excess) < 0.005)


# --- memory, topology, linearity --------------------------------------------------------------------------------------


def _adding(mnist: bool) -> Measured:
    losses = {name: train(load_experiment(f"{name}-adding"))[0].history["val_loss"][-1] for name in ("lstm", "rnn")}
    agrees = bool(losses["lstm"] < 0.01 and 0.15 < losses["rnn"] < 0.18)
    return Measured(f"LSTM {losses['lstm']:.5f}, SimpleRNN {losses['rnn']:.4f}", agrees)


def _bullseye(mnist: bool) -> Measured:
    """How many of the seeds get every sample right, with layers of two units and with one of three."""
    parted = {}
    for width in (2, 3):
        preset, right = load_experiment(f"bullseye-{width}"), []
        for seed in range(SEEDS):
            trained, _ = train(preset.override(seed=seed))
            data, loss = trained.train, preset.training.loss or ""
            at_the_end = trained.network.evaluate(data.x, data.y, loss)["accuracy"]
            right.append(max(at_the_end, trained.history["accuracy"].max()) == 1)
        parted[width] = sum(right)
    text = f"width 2: {parted[2]} of {SEEDS} seeds, width 3: {parted[3]} of {SEEDS}"
    return Measured(text, parted[2] == 0 and parted[3] == SEEDS)


def _linear_stack(mnist: bool) -> Measured:
    """Compare a stack of linear layers with the one layer that its matrices multiply to."""
    preset = load_experiment("xor")
    layers = (Dense(16), Dense(16), Dense(16), Dense(1, "sigmoid"))
    trained, _ = train(replace(preset, network=replace(preset.network, layers=layers, dtype="float64")))
    network, data = trained.network, trained.train
    weight, bias = np.eye(2), np.zeros(2)
    for index in range(len(layers)):
        matrix = network.weights[f"{index}.weight"]
        weight, bias = weight @ matrix, bias @ matrix + network.weights[f"{index}.bias"]
    one = Network([Dense(1, "sigmoid")], (2,), dtype="float64")
    one.weights["0.weight"][...], one.weights["0.bias"][...] = weight, bias
    apart = float(np.abs(one.predict(data.x) - network.predict(data.x)).max())
    accuracy = network.evaluate(data.x, data.y, "binary_crossentropy")["accuracy"]
    text = f"{accuracy:.1%}, outputs at most {apart:.0e} from those of one layer"
    return Measured(text, abs(accuracy - 0.5) < 0.1 and apart < 1e-12)


RESULTS: dict[str, KnownResult] = {
    "nielsen-30": KnownResult(
        "{inputs}-30-10 sigmoid, mse, SGD 3.0, batches of 10, {epochs} epochs",
        "95.42% in the best epoch (Nielsen, 2015, chapter 1)",
        _accuracy("nielsen-30", 0.9500, 0.9, best=True, epochs=200),
        "at least 90%",
        (30, 200),
    ),
    "nielsen-100": KnownResult(
        "{inputs}-100-10 sigmoid, cross-entropy, L2 with λ / n = 1e-4, SGD 0.5, {epochs} epochs",
        "97.92% (Nielsen, 2015, chapter 3)",
        _accuracy("nielsen-100", 0.977, 0.95),
        "at least 95%",
        (60, 60),
    ),
    "mnist-16": KnownResult(
        "{inputs}-16-16-10 sigmoid, mse, SGD, {epochs} epochs",
        "at least 94.5%",
        _accuracy("mnist-16", 0.945, 0.9, epochs=100),
        "at least 90%",
        (30, 100),
    ),
    "lenet": KnownResult(
        "two convolutions and three dense layers, Adam, {epochs} epochs",
        "at least 98.8%",
        _accuracy("lenet", 0.988, 0.95, epochs=30),
        "at least 95%",
        (5, 30),
    ),
    "autoencoder": KnownResult(
        "linear autoencoder with a code of two numbers",
        "the plane of the first two principal components: under 1° apart, error within 0.5%",
        _principal_plane,
    ),
    "adding": KnownResult(
        "adding problem with 100 steps: mean squared error on what is held out",
        "LSTM below 0.01, SimpleRNN near 0.167, that of always answering 1",
        _adding,
    ),
    "bullseye": KnownResult(
        f"a disc in a ring, tanh, {SEEDS} seeds: how many reach 100%",
        "width 2: none, width 3: all (Olah, 2014)",
        _bullseye,
    ),
    "linear": KnownResult(
        "four layers without activations on xor: accuracy",
        "stays at chance, and equals one linear layer",
        _linear_stack,
    ),
}


def as_table(measured: dict[str, Measured], mnist: bool) -> str:
    """The results as a table in Markdown."""
    digits = "MNIST" if mnist else "8×8 digits"
    rows = [f"| network (digits: {digits}) | known | measured |", "|---|---|---|"]
    for name, result in measured.items():
        known = RESULTS[name]
        mark = "" if result.agrees else " (does not agree)"
        rows.append(f"| {known.described(mnist)} | {known.expected(mnist)} | {result.text}{mark} |")
    return "\n".join(rows)
