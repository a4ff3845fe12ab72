"""Threads of parallel kernels: they sleep while they wait, unless the user wants it otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert f"OMP_WAIT_POLICY = '{expected}'" in ran.stderr
