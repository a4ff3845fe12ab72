"""Fixtures that several parts share."""

from __future__ import annotations

import gzip
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.datasets.mnist import DATA_DIR, FILES

WriteIdx = Callable[[Path, NDArray[np.uint8]], None]

SMALL = """\
name = "small"
description = "Two moons, few samples, few epochs"
seed = 3

[dataset]
name = "moons"
n = 60
noise = 0.1
validation = 0.2

[network]
layers = [
    { type = "dense", units = 4, activation = "tanh" },
    { type = "dense", units = 1, activation = "sigmoid" },
]

[training]
loss = "binary_crossentropy"
optimizer = { name = "adam", learning_rate = 0.02 }
epochs = 12
batch_size = 16
"""


@pytest.fixture
def small_experiment(tmp_path: Path) -> Path:
    """A TOML file with an experiment that trains in no time; its name is "small"."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def old_run(tmp_path: Path) -> Path:
    """A copy of a run of format 1, which had a file for each snapshot; its name is "old"."""
    return Path(shutil.copytree(Path(__file__).parent / "fixtures/recordings/0.1/dense", tmp_path / "old"))


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in."""
    folder = tmp_path / "workplace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def write_idx() -> WriteIdx:
    """Write an IDX file of bytes, gzipped where the name says so."""

    def write(path: Path, values: NDArray[np.uint8]) -> None:
        head = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
        contents = head + values.tobytes()
        path.write_bytes(gzip.compress(contents) if path.suffix == ".gz" else contents)

    return write


@pytest.fixture
def mnist_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_idx: WriteIdx) -> Path:
    """A folder that NEUROFILM_DATA_DIR names: 30 images of noise to train on, 10 to test with, classes in turn."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 30), ("test", 10)):
        images, labels = FILES[part]
        write_idx(folder / f"{images}.gz", rng.integers(0, 256, (count, 28, 28)).astype(np.uint8))
        write_idx(folder / f"{labels}.gz", (np.arange(count) % 10).astype(np.uint8))
    monkeypatch.setenv(DATA_DIR, str(folder))
    return folder
