"""The benchmarks of training: every side computes the same loss, and turns are counted as they should be."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.train import make_table
from benchmarks.training.ours import make_network
from benchmarks.training.peers import OURS, PEERS, Peer, Unsupported
from benchmarks.training.turns import Conditions, Result, measure
from benchmarks.training.workloads import WORKLOADS, Workload, make_data
from engine.datasets.mnist import load_mnist

each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=[each.name for each in WORKLOADS])

# What a side does not have: C is written for the first workload, scikit-learn's networks are dense and classify.
DENSE = [each for each in WORKLOADS if each.data == "classes" and len(each.input_shape) == 1]
LACKS = {"C": WORKLOADS[1:], "scikit-learn": [each for each in WORKLOADS if each not in DENSE]}


def loss_of(peer: Peer, workload: Workload) -> float:
    weights = make_network(workload).weights
    return peer.make(workload, weights, *make_data(workload, None)).loss()


@each_workload
@pytest.mark.parametrize("peer", PEERS, ids=[peer.name for peer in PEERS])
def test_all_sides_compute_the_same_loss(peer: Peer, workload: Workload) -> None:
    if peer.missing():
        pytest.skip(str(peer.missing()))
    if workload in LACKS.get(peer.name, []):
        with pytest.raises(Unsupported):
            loss_of(peer, workload)
        return
    if peer.name != "C":
        workload = replace(workload, examples=50)
    assert loss_of(peer, workload) == pytest.approx(loss_of(OURS, workload), rel=1e-4)


def test_images_are_those_of_the_folder_that_is_given(mnist_folder: Path) -> None:
    workload = next(each for each in WORKLOADS if each.input_shape == (784,))
    x, y = make_data(replace(workload, examples=20), mnist_folder)
    there = load_mnist("mnist", "train", 20, mnist_folder)
    assert np.array_equal(x, there.x) and np.array_equal(y, there.y)


@pytest.mark.parametrize("peer", [OURS, *PEERS], ids=[peer.name for peer in [OURS, *PEERS]])
def test_all_sides_learn(peer: Peer) -> None:
    if peer.missing():
        pytest.skip(str(peer.missing()))
    workload = WORKLOADS[0]
    x, _ = make_data(workload, None)
    side = peer.make(workload, make_network(workload).weights, x, (x[:, 0] > 0.5).astype(int))
    before, epochs = side.loss(), 0

    def after_epoch() -> bool:
        nonlocal epochs
        epochs += 1
        return epochs < 30

    side.train(after_epoch)
    assert epochs == 30
    if peer.name != "JAX":  # which leaves its starting weights as they are
        assert side.loss() < 0.9 * before


def test_turns_are_taken_and_compared() -> None:
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    workload = replace(WORKLOADS[0], examples=64)
    unrecorded = next(peer for peer in PEERS if peer.name == "unrecorded")
    result = measure(workload, [unrecorded], Conditions(rounds=5, seconds=0.01, cores=1))
    assert {name: len(times) for name, times in result.rounds.items()} == {OURS.name: 5, "unrecorded": 5}
    assert all(time > 0 for times in result.rounds.values() for time in times)
    if hasattr(os, "sched_getaffinity"):
        assert os.sched_getaffinity(0) == cores  # what comes after the measuring has all of them again


def test_ratios_are_medians_of_pairs() -> None:
    rounds: dict[str, Any] = {OURS.name: [1.0, 10.0, 2.0], "JAX": [3.0, 20.0, 8.0]}
    result = Result(replace(WORKLOADS[0], goals={"JAX": 2.5}), rounds, [])
    assert result.step(OURS.name) == 2
    assert result.ratio("JAX") == 3
    table = make_table([result])
    assert [list(column.cells)[0] for column in table.columns][:2] == [WORKLOADS[0].name, "2.0"]
    assert list(table.columns[-1].cells) == ["[green]JAX 2.5 ✓[/]"]
