"""BLAS keeps to one thread, and has its own back afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from engine import Dense, Network, machine
from engine.threads import one_blas_thread


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
