"""The engine's side on a GPU: otherwise as on the CPU, with a recorder that keeps a snapshot of every epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.ours import Ours, make_network
from benchmarks.training.peers import Weights
from benchmarks.training.workloads import Workload


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> Ours:
    return Ours(workload, make_network(workload).to("cuda"), x, y)
