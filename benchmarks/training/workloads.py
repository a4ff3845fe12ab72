"""The workloads: a network, its data and how it is trained. A new one is one entry of WORKLOADS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

IMAGE = (28, 28, 1)
PIXELS = (784,)


@dataclass(frozen=True)
class Workload:
    """What is trained, the same for every side.

    Attributes
    ----------
    layers : tuple of dict
        The engine's settings of each layer.
    data : {"classes", "numbers", "inputs"}
        What the targets are: labels of as many classes as there are outputs, numbers, or the inputs themselves.
    goals : mapping of str to float
        At least how many times as fast as each peer the engine shall be.
    """

    name: str
    layers: tuple[Mapping[str, Any], ...]
    input_shape: tuple[int, ...]
    loss: str
    optimizer: Mapping[str, Any]
    batch_size: int
    examples: int
    data: str = "classes"
    goals: Mapping[str, float] = field(default_factory=dict)


def dense(*units: int, activation: str, last: str) -> tuple[Mapping[str, Any], ...]:
    """Dense layers, all with one activation but the last."""
    names = [activation] * (len(units) - 1) + [last]
    return tuple({"type": "dense", "units": n, "activation": name} for n, name in zip(units, names, strict=True))


SGD = {"name": "sgd", "learning_rate": 0.1}
ADAM = {"name": "adam", "learning_rate": 0.001}
CLASSIC = dense(16, 16, 10, activation="sigmoid", last="softmax")
CLASSES = "categorical_crossentropy"

WORKLOADS = [
    Workload(
        "2-16-16-1 tanh, Adam, batch 32",
        dense(16, 16, 1, activation="tanh", last="sigmoid"),
        (2,), "binary_crossentropy", ADAM, 32, 1000,
        goals={"JAX": 2, "PyTorch": 30, "C": 0.8},
    ),
    Workload("784-16-16-10 sigmoid, SGD, batch 32", CLASSIC, PIXELS, CLASSES, SGD, 32, 12_800, goals={"JAX": 2.5}),
    Workload("784-16-16-10 sigmoid, SGD, batch 10", CLASSIC, PIXELS, CLASSES, SGD, 10, 12_800, goals={"JAX": 2.5}),
    Workload(
        "784-128-64-10 relu, Adam, batch 128",
        dense(128, 64, 10, activation="relu", last="softmax"),
        PIXELS, CLASSES, ADAM, 128, 12_800,
        goals={"JAX": 1.3},
    ),
    Workload(
        "784-512-512-10 relu, Adam, batch 128",
        dense(512, 512, 10, activation="relu", last="softmax"),
        PIXELS, CLASSES, ADAM, 128, 6_400,
        goals={"JAX": 1.15},
    ),
    Workload(
        "conv 8@5×5, pool, conv 16@5×5, pool, 10, Adam, batch 64",
        (
            {"type": "conv2d", "filters": 8, "kernel_size": 5, "activation": "relu"},
            {"type": "max_pool2d"},
            {"type": "conv2d", "filters": 16, "kernel_size": 5, "activation": "relu"},
            {"type": "max_pool2d"},
            {"type": "flatten"},
            *dense(10, activation="relu", last="softmax"),
        ),
        IMAGE, CLASSES, ADAM, 64, 3_200,
        goals={"PyTorch": 1.5},
    ),
    Workload(
        "autoencoder 784-128-32-2-32-128-784, Adam, batch 128",
        dense(128, 32, 2, 32, 128, 784, activation="relu", last="sigmoid"),
        PIXELS, "mse", ADAM, 128, 6_400, data="inputs",
        goals={"JAX": 1.2},
    ),
    Workload(
        "LSTM 1→32→1, T = 50, Adam, batch 32",
        ({"type": "lstm", "units": 32}, *dense(1, activation="tanh", last="linear")),
        (50, 1), "mse", ADAM, 32, 3_200, data="numbers",
        goals={"JAX": 1.3},
    ),
]  # fmt: skip


def make_data(workload: Workload, data_dir: Path | None) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """The examples: MNIST's first ones where a folder is given and the shape fits, else random ones of its shape."""
    rng = np.random.default_rng(0)
    images = workload.input_shape in (IMAGE, PIXELS)
    x: NDArray[np.float32]
    if images and data_dir is not None:
        from engine.datasets.mnist import load_mnist

        dataset = load_mnist("mnist", "train", workload.examples, data_dir)
        x = dataset.x.reshape(-1, *workload.input_shape)
        labels = dataset.y.astype(np.int64)
    else:
        x = rng.random((workload.examples, *workload.input_shape), np.float32)
        labels = rng.integers(0, max(2, workload.layers[-1]["units"]), workload.examples)
    if workload.data == "inputs":
        return x, x
    if workload.data == "numbers":
        return x, rng.random((workload.examples, workload.layers[-1]["units"]), np.float32)
    return x, labels
