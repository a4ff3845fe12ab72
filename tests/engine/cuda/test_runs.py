"""Experiments on the GPU: recorded, resumed and taken on as on the CPU."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from cli.doctor import CHECKS
from engine import Recording
from engine.cuda.linking import SIMULATED
from engine.experiment import load_experiment
from engine.run import resume, run_experiment
from tests.engine.cuda.conftest import Shape


def parameters(run: Path | str, epoch: int = -1) -> np.ndarray:
    return Recording(run).parameters(epoch)


@pytest.fixture(autouse=True)
def grid(launches: Shape) -> None:
    launches(4, 1, in_block=True)


def test_an_experiment_leaves_the_run_that_the_cpu_leaves(workplace: Path, small_experiment: Path) -> None:
    experiment = load_experiment(small_experiment)
    cpu = run_experiment(experiment, "cpu")
    gpu = run_experiment(experiment, "gpu", device="cuda")
    assert gpu.state == "finished" and list(gpu) == list(cpu)
    assert gpu.network_config == cpu.network_config
    for epoch in cpu:
        assert np.abs(parameters("gpu", epoch) - parameters("cpu", epoch)).max() < 1e-5
    for column in ("loss", "val_loss", "gradient_norm"):
        assert np.allclose(gpu.metrics[column], cpu.metrics[column], rtol=1e-5, atol=1e-6, equal_nan=True)
    assert gpu.network().device == "cpu"


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_run_goes_on_after_an_interruption(device: str, workplace: Path, small_experiment: Path) -> None:
    """On the GPU to the same bits, on the CPU to the same numbers but for rounding."""
    experiment = load_experiment(small_experiment)
    run_experiment(experiment, "whole", device="cuda")

    def stop(network: object, epoch: int, metrics: object) -> None:
        if epoch == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment, "part", device="cuda", callbacks=[stop])
    assert Recording("part").state == "interrupted"
    resume("part", device=device)
    difference = np.abs(parameters("part") - parameters("whole")).max()
    assert difference == 0 if device == "cuda" else difference < 1e-5


def test_weights_are_taken_from_a_run_and_frozen(workplace: Path, small_experiment: Path) -> None:
    experiment = load_experiment(small_experiment)
    run_experiment(experiment, "first", device="cuda")
    begun = load_experiment(small_experiment, None, Path("first")).override(freeze="0", epochs=2)
    run = run_experiment(begun, "second", device="cuda")
    before, after = Recording("first").network().weights, run.network().weights
    assert (after["0.weight"] == before["0.weight"]).all()
    assert (after["1.weight"] != before["1.weight"]).any()


def test_ctrl_c_ends_training_after_its_epoch(workplace: Path, small_experiment: Path) -> None:
    def press(network: object, epoch: int, metrics: object) -> None:
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)

    run = run_experiment(load_experiment(small_experiment), "run", device="cuda", callbacks=[press])
    assert run.state == "interrupted"
    assert len(run) <= 5


@pytest.mark.skipif(not SIMULATED, reason="there is a GPU")
def test_the_doctor_tries_the_simulator() -> None:
    (finding,) = CHECKS["gpu"]()
    assert finding.mark == "ok"
    assert finding.detail.startswith("Numba's simulator")
