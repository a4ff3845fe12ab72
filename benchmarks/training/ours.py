"""The engine's side: `fit` as it is used, with a recorder that keeps a snapshot of every epoch."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.peers import Weights
from benchmarks.training.workloads import Workload
from engine import Network, Recorder
from engine.layers import layer_from_config


def make_network(workload: Workload) -> Network:
    """The workload's network with its starting weights."""
    return Network([layer_from_config(dict(layer)) for layer in workload.layers], workload.input_shape, seed=1)


class Ours:
    def __init__(
        self, workload: Workload, network: Network, x: NDArray[np.float32], y: NDArray[Any], record: bool = True
    ) -> None:
        self.workload, self.network, self.x, self.y, self.record = workload, network, x, y, record
        # Recordings stay until the end: where many files were removed, ext4 is slow to make new ones for minutes.
        self.folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.recordings = 0

    def loss(self) -> float:
        return self.network.evaluate(self.x, self.y, self.workload.loss)["loss"]

    def train(self, after_epoch: Callable[[], bool]) -> None:
        def listen(network: Network, epoch: int, metrics: dict[str, Any]) -> bool:
            return epoch > 0 and not after_epoch()

        self.recordings += 1
        self.network.fit(
            self.x, self.y, loss=self.workload.loss, optimizer=dict(self.workload.optimizer), epochs=1_000_000,
            batch_size=self.workload.batch_size, callbacks=[listen],
            record=Recorder(self.folder / f"run-{self.recordings}") if self.record else None,
        )  # fmt: skip


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> Ours:
    return Ours(workload, make_network(workload), x, y)
