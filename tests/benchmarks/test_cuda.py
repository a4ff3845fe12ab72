"""The benchmarks on a GPU, as far as they go without one."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from benchmarks import cuda
from benchmarks.training.ours import make_network
from benchmarks.training.turns import Result
from benchmarks.training.workloads import WORKLOADS, make_data
from engine import devices


def test_without_a_gpu_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "simulated", lambda: False)
    monkeypatch.setattr(cuda, "what_is_missing", lambda: "this test has none")
    monkeypatch.setattr(sys, "argv", ["cuda"])
    with pytest.raises(SystemExit, match="^there is no GPU to measure: this test has none$"):
        cuda.main()


def test_goals_are_those_of_workloads() -> None:
    for start in cuda.GOALS:
        assert any(workload.name.startswith(start) for workload in WORKLOADS), start


def test_ratios_are_over_our_gpu() -> None:
    rounds = {"GPU": [2.0, 4.0, 3.0], "PyTorch eager": [40.0, 88.0, 60.0], "neurofilm": [1.0, 2.0, 1.5]}
    result = Result(WORKLOADS[0], rounds, [])
    assert cuda.ratio(result, "PyTorch eager") == 20
    table = cuda.make_table([result], [1e-6])
    cells = [str(cell) for column in table.columns for cell in column.cells]
    assert "3.0" in cells and "1.00 (3.0)" in cells and "60.0 (20.00)" in cells and "PyTorch eager 20 ✓" in cells


def test_pytorchs_side_computes_and_learns_the_same_loss() -> None:
    """On the CPU, which it is not meant for, but where it can be seen."""
    pytest.importorskip("torch")
    from benchmarks.training.pytorch_cuda import Eager

    workload = WORKLOADS[0]
    x, _ = make_data(workload, None)
    y = (x[:, 0] > 0.5).astype(np.int64)
    network = make_network(workload)
    side = Eager(workload, network.weights, x, y, device="cpu")
    before = side.loss()
    assert before == pytest.approx(network.evaluate(x, y, workload.loss)["loss"], rel=1e-4)
    epochs = iter(range(30))
    side.train(lambda: next(epochs, None) is not None)
    assert side.loss() < 0.9 * before
