"""Subnormal numbers are off while the machine trains, and only then."""

from __future__ import annotations

import platform

import numpy as np
import pytest

from engine import Dense, Network, Trainer
from engine.jit import kernel
from engine.subnormals import FLUSH, flush_subnormals, restore_subnormals

TINY = np.float32(1e-39)  # below the smallest normal number, 1.18e-38

needs_switch = pytest.mark.skipif(not FLUSH, reason=f"not known how on {platform.machine()}")


@kernel
def halved(value):
    mode = flush_subnormals()
    inside = value[0] * value[1]
    restore_subnormals(mode)
    return inside, value[0] * value[1]


def trained(gradient_scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The optimizer's moments after a gradient of this size, and after many of zero."""
    network = Network([Dense(4, "linear", bias_init="zeros")], (3,))
    x, y = np.ones((1, 3), np.float32), np.full((1, 4), gradient_scale, np.float32)
    trainer = Trainer(network, x, y, loss="mse", optimizer={"name": "momentum", "learning_rate": 1e-6})
    trainer.train_epoch()
    first = trainer.moments.copy()
    trainer.data.x[:] = 0
    trainer.data.y[:] = network.weights["0.bias"]
    for _ in range(1200):
        trainer.data.y[:] = network.weights["0.bias"]
        trainer.train_epoch()
    return first, trainer.moments


@needs_switch
def test_moments_fade_to_zero_and_not_to_subnormals() -> None:
    first, later = trained(1.0)
    assert (first[: first.size // 2] != 0).all()
    sizes = np.abs(later)
    assert not ((sizes > 0) & (sizes < np.finfo(np.float32).tiny)).any()


@needs_switch
def test_the_switch_is_put_back() -> None:
    trained(1.0)
    assert np.float32(2) * (TINY * np.float32(0.5)) == TINY
    Network([Dense(1)], (1,)).evaluate([[1.0]], [[1.0]], "mse")
    assert np.float32(2) * (TINY * np.float32(0.5)) == TINY


@needs_switch
def test_kernels_can_switch_them_off() -> None:
    inside, _ = halved(np.array([1e-30, 1e-9], np.float32))
    assert inside == 0
    assert np.float32(1e-30) * np.float32(1e-9) > 0
