"""Losses of whole trainings, kept in drift.json: where they lie, which presets have some, how they are measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.datasets.dataset import as_arrays
from engine.experiment import load_experiment
from engine.network import Network
from engine.training import fit

TABLE = Path(__file__).with_name("drift.json")
POINTS = 10

# These need MNIST, weights of another run, or more than three seconds.
LEFT_OUT = {
    "autoencoder-deep", "lenet", "mnist-16", "mnist-wide", "nielsen-100", "nielsen-30",
    "pretrain", "transfer", "transfer-digits", "transfer-scratch",
    "lstm-adding", "plain-small", "resnet-small",
}  # fmt: skip

Kept = dict[str, list[tuple[int, float, float]]]  # preset -> epoch, loss, relative tolerance


def read_table() -> Kept:
    return {
        name: [(int(e), float(a), float(b)) for e, a, b in rows] for name, rows in json.loads(TABLE.read_text()).items()
    }


def losses(name: str, nudges: int | None = None, epochs: int | None = None) -> np.ndarray:
    """The training loss after each epoch of a preset, from epoch 0, at most up to `epochs`.

    `nudges`, a seed, moves every weight by up to one unit in the last place after every epoch: what rounding on another
    machine, with other vector instructions, may do.
    """
    preset = load_experiment(name)
    train, validation = preset.dataset_split()
    complete, arrays = preset.resolved(train), as_arrays(train, validation, None)
    network = complete.build_network(train)
    generator = None if nudges is None else np.random.default_rng(nudges)

    def nudge(network: Network, epoch: int, metrics: dict[str, Any]) -> bool:
        if generator is not None:
            towards = generator.choice([-np.inf, 0, np.inf], network.parameters.size).astype(network.dtype)
            moved = np.nextafter(network.parameters, towards)
            network.parameters[:] = np.where(towards == 0, network.parameters, moved)
        return epoch == epochs

    given = (arrays["x_validation"], arrays["y_validation"]) if validation is not None else None
    settings = complete.training.settings()
    return fit(network, arrays["x"], arrays["y"], validation_data=given, callbacks=[nudge], **settings)["loss"]
