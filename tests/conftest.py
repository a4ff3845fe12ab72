"""Fixtures that several parts share."""

from __future__ import annotations

from pathlib import Path

import pytest

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
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in."""
    folder = tmp_path / "workplace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder
