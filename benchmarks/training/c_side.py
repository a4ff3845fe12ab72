"""C's side: `mlp.c`, compiled for this machine, for the one network that it is written for."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.training.peers import Unsupported, Weights
from benchmarks.training.workloads import WORKLOADS, Workload

SOURCE = Path(__file__).with_name("mlp.c")
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fPIC"]


def _compile() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        compiled, library = Path(folder) / "mlp.o", Path(folder) / "mlp.so"
        subprocess.run(["gcc", *FLAGS, "-c", str(SOURCE), "-o", str(compiled)], check=True)
        # Linked with -ffast-math, the library would switch subnormal numbers off for all that this process computes.
        subprocess.run(["gcc", "-shared", str(compiled), "-o", str(library), "-lm"], check=True)
        return ctypes.CDLL(str(library))


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class C:
    def __init__(self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> None:
        self.library = _compile()
        self.library.mean_loss.restype = self.library.epoch.restype = ctypes.c_double
        self.weights = np.concatenate([w.ravel() for w in weights.values()])
        self.x, self.y = np.ascontiguousarray(x), y.astype(np.float32)
        self.batch_size = workload.batch_size

    def loss(self) -> float:
        arrays = map(_address, (self.weights, self.x, self.y))
        return float(self.library.mean_loss(*arrays, ctypes.c_int(len(self.x))))

    def train(self, after_epoch: Callable[[], bool]) -> None:
        moments, step = np.zeros((2, self.weights.size), np.float32), np.zeros(1, np.int64)
        order, random = np.arange(len(self.x)), np.array([1], np.uint64)
        state = (self.weights, moments[0], moments[1], step, self.x, self.y, order)
        while True:
            self.library.epoch(
                *map(_address, state), ctypes.c_int(len(self.x)), ctypes.c_int(self.batch_size), _address(random)
            )
            if not after_epoch():
                return


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> C:
    if workload != WORKLOADS[0]:
        raise Unsupported("no C for this network")
    return C(workload, weights, x, y)
