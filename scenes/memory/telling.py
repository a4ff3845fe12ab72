"""What the parts of the lesson share: arrows, words, held-out examples, and how a signal really goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.polylines import Polylines
from scenes.theme import Theme

if TYPE_CHECKING:
    from engine.recording import Recording

HEAD = 0.09  # length of an arrow's head, in scene units


def arrows(starts: np.ndarray, ends: np.ndarray, theme: Theme, width: float = 2.0) -> Polylines:
    """Arrows from (N, 2) to (N, 2), each one line with a gap before the second half of its head."""
    along = ends - starts
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    side = np.column_stack([-along[:, 1], along[:, 0]])
    left, right = ends - HEAD * (along - 0.6 * side), ends - HEAD * (along + 0.6 * side)
    gap = np.full_like(ends, np.nan)
    return Polylines(np.stack([starts, ends, left, gap, right, ends], axis=1), theme.muted, width)


def held_out(recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Examples that the network was not trained on and their targets (N, k); where there are none, the others."""
    x, y = recording.data.unseen
    return np.asarray(x), np.asarray(y).reshape(len(x), -1)


def continued(recording: Recording, seen: np.ndarray, count: int) -> np.ndarray | None:
    """How a piece (T, 1) of the data set's sine wave goes on, (count,); None for other data, and for noisy ones."""
    data = recording.data
    if data.name != "sine" or data.parameters.get("noise", 0.0) != 0:
        return None
    angle = 2 * np.pi / float(data.parameters["period"]) * np.arange(len(seen) + count)
    waves = np.column_stack([np.sin(angle), np.cos(angle)])
    share, *_ = np.linalg.lstsq(waves[: len(seen)], seen[:, 0].astype(np.float64), rcond=None)
    return np.asarray(waves[len(seen) :] @ share)
