"""Data that scikit-learn makes are kept: the same numbers without it; a file that cannot be trusted never counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.datasets

from engine.datasets import kept, load_dataset
from engine.datasets.kept import made_by_sklearn

MOONS: dict[str, Any] = {"n_samples": (7, 8), "noise": 0.1, "random_state": 3}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where data are kept, empty at first."""
    monkeypatch.setattr(kept, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "neurofilm" / "data" / "scikit-learn"


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Says how often scikit-learn has been asked for moons."""
    calls, make = [], sklearn.datasets.make_moons
    monkeypatch.setattr(sklearn.datasets, "make_moons", lambda **given: calls.append(given) or make(**given))
    return lambda: len(calls)


def test_the_same_arrays_are_made_once(folder: Path, count: Callable[[], int]) -> None:
    x, y = made_by_sklearn("make_moons", **MOONS)
    assert count() == 1 and len(list(folder.iterdir())) == 1
    again = made_by_sklearn("make_moons", **MOONS)
    assert count() == 1
    for one, other in ((x, again[0]), (y, again[1])):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_other_arguments_and_versions_are_other_data(
    folder: Path, count: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by_sklearn("make_moons", **MOONS)
    made_by_sklearn("make_moons", **MOONS | {"random_state": 4})
    monkeypatch.setattr(kept, "version", lambda name: "1000")
    made_by_sklearn("make_moons", **MOONS)
    assert count() == len(list(folder.iterdir())) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-30],
        lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
        lambda data: b"PK" + data,
    ],
)
def test_a_damaged_file_is_made_again(damage: Callable[[bytes], bytes], folder: Path, count: Callable[[], int]) -> None:
    x, y = made_by_sklearn("make_moons", **MOONS)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    found = made_by_sklearn("make_moons", **MOONS)
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[1], y)
    assert path.read_bytes() == whole or count() == 1  # bytes in front of an archive are allowed


def test_a_folder_that_cannot_be_made_keeps_nothing(folder: Path, count: Callable[[], int]) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    for _ in range(2):
        assert made_by_sklearn("make_moons", **MOONS)[0].shape == (15, 2)
    assert count() == 2 and folder.read_text() == "in the way"


def test_only_some_small_data_sets_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    for seed in range(5):
        made_by_sklearn("make_moons", **MOONS | {"random_state": seed})
        os.utime(max(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns), (seed, seed))
    assert len(list(folder.iterdir())) == 3
    monkeypatch.setattr(kept, "LARGEST", 100)
    before = set(folder.iterdir())
    made_by_sklearn("make_moons", **MOONS | {"random_state": 9})
    assert set(folder.iterdir()) == before


@pytest.mark.parametrize("name", ["moons", "circles", "blobs", "digits"])
def test_data_sets_come_without_scikit_learn_the_second_time(name: str, tmp_path: Path) -> None:
    shown = f"load_dataset({name!r}).digest, 'sklearn' in sys.modules"
    code = f"import sys; from engine.datasets import load_dataset; print({shown})"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    run = [sys.executable, "-c", code]
    found = [subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    digest = load_dataset(name).digest
    assert [line.split() for line in found] == [[digest, "True"], [digest, "False"]]
