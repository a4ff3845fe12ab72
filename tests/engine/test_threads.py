"""Threads of parallel kernels: they sleep while they wait, unless the user wants it otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info

from engine import Conv2D, Dense, Network

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("chosen", "expected"), [(None, "PASSIVE"), ("active", "ACTIVE")])
def test_threads_sleep_while_they_wait(chosen: str | None, expected: str) -> None:
    pytest.importorskip("numba.np.ufunc.omppool", reason="Numba has no OpenMP on this system")
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if chosen is not None:
        environment["OMP_WAIT_POLICY"] = chosen
    code = "import engine.layers, os; print(os.environ.get('OMP_WAIT_POLICY'))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment | {"OMP_DISPLAY_ENV": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == str(chosen)  # what others read from the environment is left as it was
    assert re.search(rf"OMP_WAIT_POLICY *= *'{expected}'", ran.stderr)


def test_blas_keeps_to_one_thread_beside_those_of_kernels() -> None:
    plain, convolution = Network([Dense(1)], (1,)), Network([Conv2D(1, 1)], (1, 1, 1))
    with convolution.threads():
        pools = threadpool_info()
        assert {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"} == {1}
    before = threadpool_info()
    with plain.threads():
        assert threadpool_info() == before
