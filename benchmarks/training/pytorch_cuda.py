"""PyTorch's sides on a GPU: eager, and with a whole step captured as a CUDA graph. The data stay on the GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.training.peers import Weights
from benchmarks.training.pytorch_side import PyTorch
from benchmarks.training.workloads import Workload


class Eager(PyTorch):
    """One kernel after another; the loss is read once an epoch, so that nothing waits in between."""

    def __init__(
        self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any], device: str = "cuda"
    ) -> None:
        super().__init__(workload, weights, x, y)
        self.device = device
        self.model.to(device)
        self.x, self.y = self.x.to(device), self.y.to(device)

    def step(self, batch: Tensor, total: Tensor) -> None:
        """Train on the examples `batch` and add their loss to `total`."""
        loss = self.measure(self.model(self.x[batch]), self.y[batch])
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        total += loss.detach() * len(batch)

    def train(self, after_epoch: Callable[[], bool]) -> None:
        total = torch.zeros((), device=self.device)
        while True:
            order = torch.randperm(len(self.x), device=self.device)
            total.zero_()
            for start in range(0, len(order), self.batch_size):
                self.step(order[start : start + self.batch_size], total)
            total.item()  # waits for the GPU
            if not after_epoch():
                return


class Graphs(Eager):
    """A graph for the batches of each size: a step is one launch."""

    def __init__(self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> None:
        super().__init__(workload, weights, x, y)
        for group in self.optimizer.param_groups:
            group["capturable"] = True
        self.graphs: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def step(self, batch: Tensor, total: Tensor) -> None:
        if len(batch) not in self.graphs:
            self.graphs[len(batch)] = self._capture(batch, total)
        graph, indices, _ = self.graphs[len(batch)]
        indices.copy_(batch)
        graph.replay()

    def _capture(self, batch: Tensor, total: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        indices = batch.clone()
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # a graph cannot hold what happens in first steps only
            for _ in range(3):
                super().step(indices, total)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            super().step(indices, total)
        return graph, indices, total


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> Eager:
    return Eager(workload, weights, x, y)


def make_graphs(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> Graphs:
    return Graphs(workload, weights, x, y)
