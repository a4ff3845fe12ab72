"""PyTorch's side on a GPU with CUDA graphs."""

from __future__ import annotations

from benchmarks.training.pytorch_cuda import make_graphs as make

__all__ = ["make"]
