"""What a second process compiles is what the first one looks for; and it never stands in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest

from engine import ahead

TRAIN = """
from engine import Dense, Network, ahead, machine
from engine.helping import help_out, share_pass, share_sum, share_update
network = Network([Dense(60, "tanh"), Dense(1)], (30,), dtype="float64")
ahead.compile_ahead("float64")
process = ahead._COMPILING[0].process
network.fit([[0.5] * 30] * 800, [[1.0]] * 800, loss="mse", epochs=1, batch_size=400)
assert process.returncode == 0 and not ahead._COMPILING
for loop in (machine.run_batches, help_out, share_pass, share_sum, share_update):
    misses, hits = sum(loop.stats.cache_misses.values()), sum(loop.stats.cache_hits.values())
    print(loop.py_func.__name__, misses, hits)
"""


def test_the_first_training_finds_what_another_process_has_compiled(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_NUM_THREADS": "2"}
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", TRAIN], env=environment, capture_output=True, text=True, timeout=300
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 5
    assert all(line.split()[1:] == ["0", "1"] for line in result.stdout.splitlines()), result.stdout


LOAD = """
import time
from engine import ahead, machine
from engine.products import product
ahead.load_ahead("float64")
ends = time.monotonic() + 60
while not (product.overloads and machine.run_batches.overloads) and time.monotonic() < ends:
    time.sleep(0.01)
print(*(sum(each.stats.cache_hits.values()) for each in (product, machine.run_batches)))
"""


def test_what_is_compiled_is_loaded_by_a_thread(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = [sys.executable, "-W", "error", "-c"]
    cold = [*run, "from engine import ahead; ahead.beside = None; ahead.load_ahead('float64')"]
    subprocess.run(cold, env=environment, check=True, timeout=60)  # does nothing
    train = (
        "from engine import Dense, Network; Network([Dense(1)], (2,), dtype='float64').evaluate([[1, 2]], [1], 'mse')"
    )
    subprocess.run([*run, train], env=environment, check=True, timeout=300)
    result = subprocess.run([*run, LOAD], env=environment, capture_output=True, text=True, timeout=100)
    assert (result.returncode, result.stdout, result.stderr) == (0, "1 1\n", "")


@pytest.fixture
def cold(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing were compiled yet."""
    monkeypatch.setattr(ahead, "_COMPILING", [])  # there may be one that an earlier test has begun
    monkeypatch.setattr(ahead, "cache_is_cold", lambda: True)
    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    ahead.compile_ahead.cache_clear()


def refuse(*arguments: Any, **settings: Any) -> None:
    raise AssertionError("a process was started")


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize(("owner", "name", "value"), [(ahead, "cache_is_cold", False), (numba, "get_num_threads", 1)])
def test_no_process_is_started_where_it_is_of_no_use(
    owner: Any, name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, lambda: value)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    ahead.compile_ahead("float32")
    assert not ahead._COMPILING


@pytest.mark.usefixtures("cold")
def test_without_an_interpreter_there_is_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    ahead.compile_ahead("float32")
    assert not ahead._COMPILING
    ahead.settle(everything=True)


@pytest.mark.usefixtures("cold")
def test_it_ends_with_the_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    ahead.compile_ahead("float32")
    process = ahead._COMPILING[0].process
    ahead.give_up()
    assert process.returncode not in (None, 0) and not ahead._COMPILING
