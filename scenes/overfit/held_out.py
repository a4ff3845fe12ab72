"""What a recording says of the data that were held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.recording import Recording


def examples(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """The points that were held out, (N, 2), and their labels, (N,)."""
    data = recording.data
    assert data.x_validation is not None and data.y_validation is not None
    return data.x_validation, data.y_validation


def course(recording: Recording, name: str = "val_loss") -> tuple[np.ndarray, np.ndarray]:
    """A metric's epochs and values, both (E,), where there are values."""
    epochs, values = recording.metrics["epoch"], recording.metrics[name]
    there = np.isfinite(values)
    return epochs[there], values[there]


def measured(recording: Recording, name: str, epoch: int) -> float:
    """A metric of an epoch, as it was measured in training."""
    return float(recording.metrics[name][recording.metrics["epoch"] == epoch][0])


def lowest(recording: Recording) -> int:
    """The epoch with the lowest loss on the data held out."""
    epochs, losses = course(recording)
    return int(epochs[losses.argmin()])
