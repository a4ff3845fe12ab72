"""The compiler's flags and its cache: keyed by the sources, found again by other processes, honest about NaN."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine import jit

SOURCES = Path(engine.__file__).parent


def run(code: str, cache: Path | None, folder: Path, **places: str) -> str:
    """Run Python code in a process of its own, with the engine that lies in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | places
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with a copy of the engine, for tests that change it or need it to stay as it is."""
    shutil.copytree(SOURCES, tmp_path / "copy" / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


FOLDER = "from engine.jit import cache_folder; print(cache_folder())"


def test_the_cache_folder_follows_the_sources(copied: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before = run(FOLDER, cache, copied)
    assert before == run(FOLDER, cache, copied)
    with (copied / "engine" / "activations.py").open("a") as helper:
        helper.write("\n# changed\n")
    after = run(FOLDER, cache, copied)
    assert after != before
    assert {Path(before).parent, Path(after).parent} == {cache}
    with (copied / "engine" / "errors.py").open("a") as other:
        other.write("\n# holds no kernels\n")
    assert run(FOLDER, cache, copied) == after


def test_a_changed_helper_is_compiled_anew(copied: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    code = "from engine import Dense, Network; print(Network([Dense(1, 'relu')], (1,)).predict([[-1e9], [1e9]]).min())"
    assert float(run(code, cache, copied)) == 0
    source = copied / "engine" / "activations.py"
    text = source.read_text()
    assert "return max(x, like(x, 0))" in text
    source.write_text(text.replace("return max(x, like(x, 0))", "return max(x, like(x, 7))"))
    assert float(run(code, cache, copied)) == 7


def test_the_users_cache_folder_is_honoured(copied: Path, tmp_path: Path) -> None:
    code = "from engine import Dense, Network; Network([Dense(1)], (1,)).predict([[1.0]])"
    run(code, tmp_path, copied)
    assert list(tmp_path.glob("engine-kernels-*/**/*.nbi"))
    assert run("from engine.jit import cache_is_cold; print(cache_is_cold())", tmp_path, copied) == "False"
    assert run("from engine.jit import cache_is_cold; print(cache_is_cold())", tmp_path / "empty", copied) == "True"


def test_without_a_choice_the_cache_is_in_the_users_cache_folder(copied: Path, tmp_path: Path) -> None:
    places = {"XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    assert Path(run(FOLDER, None, copied, **places)).is_relative_to(tmp_path)


def test_folders_of_earlier_sources_are_pruned(copied: Path, tmp_path: Path) -> None:
    for age in range(8):
        old = tmp_path / f"engine-kernels-{age:016x}"
        old.mkdir()
        os.utime(old, (1000 - age, 1000 - age))
    (tmp_path / "mine").mkdir()
    current = Path(run(FOLDER, tmp_path, copied))
    left = sorted(folder.name for folder in tmp_path.glob("engine-kernels-*"))
    assert len(left) == jit.CACHE_FOLDERS_KEPT
    assert current.name in left
    assert f"engine-kernels-{0:016x}" in left  # the most recently used of the old ones
    assert (tmp_path / "mine").is_dir()


def test_specialised_loops_are_found_in_the_cache_again(copied: Path, tmp_path: Path) -> None:
    code = """
from engine.activations import ACTIVATIONS
from engine.machine import signatures
import numpy as np
for name in ("tanh", "relu"):
    for kernel, kind in zip(ACTIVATIONS[name].kernels(np.dtype("float32")), ("forward", "backward")):
        kernel.compile(signatures("float32")[kind])
        print(sum(kernel.stats.cache_hits.values()), sum(kernel.stats.cache_misses.values()))
"""
    assert run(code, tmp_path, copied).split("\n") == ["0 1"] * 4
    assert run(code, tmp_path, copied).split("\n") == ["1 0"] * 4


def test_a_second_process_compiles_nothing(copied: Path, tmp_path: Path) -> None:
    code = """
from numba.core import event
from engine import Dense, Network
with event.install_recorder("numba:llvm_lock") as recorder:
    pass
with event.install_recorder("numba:run_pass") as recorder:
    net = Network([Dense(4, "tanh"), Dense(1, "sigmoid")], (2,))
    net.fit([[0.0, 1.0], [1.0, 0.0]], [0, 1], loss="binary_crossentropy", epochs=2)
print(len(recorder.buffer))
"""
    assert int(run(code, tmp_path, copied)) > 0
    assert int(run(code, tmp_path, copied)) == 0


@jit.kernel
def is_nan(x: float) -> bool:
    return math.isnan(x)


@jit.kernel
def is_finite(x: float) -> bool:
    return math.isfinite(x)


@jit.kernel
def total(values: np.ndarray) -> float:
    result = 0.0
    for i in range(values.size):
        result += values[i]
    return result


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fast_mathematics_does_not_hide_nan_or_infinity(dtype: type) -> None:
    assert is_nan(dtype(np.nan))
    assert not is_nan(dtype(1))
    for value in (np.nan, np.inf, -np.inf):
        assert not is_finite(dtype(value))
        values = np.ones(1000, dtype)
        values[500] = value
        assert not is_finite(total(values))
    assert is_finite(total(np.ones(1000, dtype)))


def test_flags_never_assume_that_nan_cannot_happen() -> None:
    assert not jit.FASTMATH & {"fast", "nnan", "ninf"}


def test_like_keeps_single_precision() -> None:
    @jit.kernel
    def half(x):
        return x * jit.like(x, 0.5)

    assert half.py_func is not None
    half(np.float32(3))
    assert str(half.nopython_signatures[0].return_type) == "float32"


def test_a_kernel_is_called_through_its_address() -> None:
    assert callable_by_address(np.arange(4.0)) == [0, 2, 4, 6]


@jit.kernel
def double(values):
    for i in range(values.size):
        values[i] *= 2


@jit.kernel
def call_it(entry, values):
    jit.call(entry, (values,))


def callable_by_address(values: np.ndarray) -> list[float]:
    from numba import float64, void

    call_it(jit.address(double, void(float64[::1])), values)
    return values.tolist()
