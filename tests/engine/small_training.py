"""A training of 23 points in three classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine import Dense, Network

SETTINGS: dict[str, Any] = {"loss": "categorical_crossentropy", "optimizer": {"name": "adam", "learning_rate": 0.02}}


def network(seed: int = 3, dtype: str = "float64") -> Network:
    return Network([Dense(5, "tanh"), Dense(3, "softmax")], (2,), seed=seed, dtype=dtype)


def data(count: int = 23, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 2))
    return x, (x[:, 0] > 0.2).astype(int) + (x[:, 1] > 0)
