"""Threads of parallel kernels: they sleep while they wait, unless the user wants it otherwise."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from engine import Dense, Network, machine, threads
from engine.jit import WAITING
from engine.threads import Crew, one_blas_thread

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("chosen", "expected"), [(None, "PASSIVE"), ("active", "ACTIVE")])
def test_threads_sleep_while_they_wait(chosen: str | None, expected: str) -> None:
    pytest.importorskip("numba.np.ufunc.omppool", reason="Numba has no OpenMP on this system")
    environment = {name: value for name, value in os.environ.items() if name not in WAITING}
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


def blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_blas_keeps_to_one_thread_beside_those_of_kernels() -> None:
    with one_blas_thread():
        pass  # finds the libraries
    before = blas_threads()
    with one_blas_thread():
        assert set(blas_threads()) == {1}
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_blas_has_its_threads_back_after_an_error() -> None:
    before = blas_threads()
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == before


def test_training_and_predicting_keep_blas_to_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    network, x = Network([Dense(1)], (1,)), np.ones((2, 1))
    seen: dict[str, set[int]] = {}

    def use() -> None:
        network.fit(x, x, loss="mse", epochs=1)
        network.predict(x)
        network.gradient(x, x, "mse")

    def watch(name: str) -> None:
        compiled = getattr(machine, name)

        def watched(*arguments: Any) -> None:
            seen[name] = set(blas_threads())
            compiled(*arguments)

        monkeypatch.setattr(machine, name, watched)

    use()  # compiles
    names = ("train_batches", "evaluate_batches", "forward_pass", "backward_pass")
    for name in names:
        watch(name)
    use()
    assert seen == {name: {1} for name in names}


# --- how many threads -------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still unless it is moved: ``clock[0] += seconds``."""
    now = [0.0]
    monkeypatch.setattr(threads, "perf_counter", lambda: now[0])
    return now


def crew_of_two(monkeypatch: pytest.MonkeyPatch) -> Crew:
    monkeypatch.setattr(numba, "get_num_threads", lambda: 2)
    monkeypatch.setattr(numba, "set_num_threads", lambda count: None)
    return Crew(helps=True)


@pytest.mark.parametrize("fastest", [1, 2])
def test_the_crew_is_as_large_as_is_fastest(fastest: int, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    crew, turns = crew_of_two(monkeypatch), []
    for _ in range(10 * threads.TRY_AGAIN):
        turns.append(crew.threads)
        with crew.turn(10):
            clock[0] += 0.1 if crew.threads == fastest else 0.2
    assert set(turns[:3]) == {1, 2}
    assert turns.count(fastest) > 0.9 * len(turns)
    assert turns[10:].count(3 - fastest) >= 8  # it is tried again


def test_the_crew_changes_with_the_machine(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    crew, turns = crew_of_two(monkeypatch), []
    for number in range(6 * threads.TRY_AGAIN):
        turns.append(crew.threads)
        busy = number > 3 * threads.TRY_AGAIN
        with crew.turn(10):
            clock[0] += 0.5 if busy and crew.threads == 2 else 0.1 if crew.threads == 2 else 0.2
    assert turns[threads.TRY_AGAIN :].count(2) > threads.TRY_AGAIN
    assert set(turns[-10:]) == {1}


def test_turns_last_about_as_long_as_they_should(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    crew = crew_of_two(monkeypatch)
    assert crew.batches == 1
    with crew.turn(1):
        clock[0] += 0.001
    assert crew.batches == round(threads.TURN / 0.001)
    with crew.turn(10):
        clock[0] += 100
    assert crew.batches == 1


def test_one_thread_computes_where_nothing_is_shared() -> None:
    small, large = Network([Dense(4)], (3,)), Network([Dense(300)], (300,))
    assert (small.shares_work, large.shares_work) == (False, True)
    assert Crew(small.shares_work).most == 1
    assert Crew(large.shares_work).most == numba.get_num_threads()


def test_turns_leave_the_bits_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(900, 300)).astype(np.float32), rng.normal(size=(900, 250)).astype(np.float32)
    results = []
    for turn in (1e-9, 0.03, 100.0):
        monkeypatch.setattr(threads, "TURN", turn)
        network = Network([Dense(250)], (300,))
        history = network.fit(x, y, loss="mse", epochs=3, batch_size=150)
        results.append((network.parameters, history["loss"]))
    for parameters, losses in results:
        assert np.array_equal(parameters, results[0][0])
        assert np.array_equal(losses, results[0][1])
