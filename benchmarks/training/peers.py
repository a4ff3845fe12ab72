"""The sides that are measured, each in its own file, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.workloads import Workload

Weights = Mapping[str, NDArray[np.float32]]


class Unsupported(Exception):
    """A peer that does not have what a workload needs; the text says what."""


class Side(Protocol):
    """A network in one of the frameworks, with the engine's starting weights."""

    def loss(self) -> float:
        """The mean loss over all examples."""

    def train(self, after_epoch: Callable[[], bool]) -> None:
        """Train epoch after epoch, each on a new order of the examples, until `after_epoch` gives False.

        It is called when an epoch is complete, its mean loss included.
        """


@dataclass(frozen=True)
class Peer:
    """A framework: its name, the module whose `make` builds a Side, and what has to be there."""

    name: str
    module: str
    needs: str
    advice: str

    def missing(self) -> str | None:
        """One sentence when the peer is not installed."""
        if find_spec(self.needs) is not None or which(self.needs) is not None:
            return None
        return f"{self.name} is left out, since {self.needs} is not installed: {self.advice}"

    def make(self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> Side:
        """Build the side; Unsupported when it does not have what the workload needs."""
        side: Side = import_module(self.module).make(workload, weights, x, y)
        return side


OURS = Peer("neurofilm", "benchmarks.training.ours", "engine", "")
PEERS = [
    Peer("unrecorded", "benchmarks.training.ours_unrecorded", "engine", ""),
    Peer("PyTorch", "benchmarks.training.pytorch_side", "torch", "pip install 'neurofilm[bench]'"),
    Peer("JAX", "benchmarks.training.jax_side", "jax", "pip install 'neurofilm[bench]'"),
    Peer("scikit-learn", "benchmarks.training.sklearn_side", "sklearn", "pip install scikit-learn"),
    Peer("C", "benchmarks.training.c_side", "gcc", "install a C compiler"),
]


def supported(table: Mapping[str, Any], kind: str, name: str) -> Any:
    """An entry of a peer's table of translations; Unsupported when there is none."""
    if name not in table:
        raise Unsupported(f"no translation of the {kind} {name!r}")
    return table[name]
