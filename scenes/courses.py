"""How a measure went over the epochs of a training."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.loss_curve import measured, spread_epochs

if TYPE_CHECKING:
    from engine.recording import Recording


def all_hold_out(recordings: Iterable[Recording], measure: str) -> bool:
    """Whether all of them have recorded a measure, ``"accuracy"`` or ``"loss"``, on data held out from training."""
    return all(f"val_{measure}" in recording.metrics for recording in recordings)


def course(
    recording: Recording, measure: str, held_out: bool, epochs: tuple[float, float] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Epochs and a measure after each of them, both (M,) float64.

    Parameters
    ----------
    recording : Recording
    measure : str
        ``"accuracy"`` or ``"loss"``.
    held_out : bool
        Whether on data held out, as it was measured in training, or on the training data, by the snapshots.
    epochs : tuple of float, optional
        The first and the last; by default the recording's own.
    """
    shown = spread_epochs(recording, *(epochs or (recording.epochs[0], recording.epochs[-1])))
    if held_out:
        values = measured(recording, f"val_{measure}", shown)
    else:
        values = np.array([recording.evaluate(int(epoch))[measure] for epoch in shown])
    return shown.astype(np.float64), values
