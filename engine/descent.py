"""What moves a network's parameters: an optimizer, what of them it moves, and the penalties on them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine import machine
from engine.errors import ConfigurationError
from engine.jit import address
from engine.optimizers import Optimizer

if TYPE_CHECKING:
    from engine.network import Network


def build_descent(network: Network, optimizer: Optimizer, clip_norm: float | None) -> machine.Descent:
    """What the machine needs to move the parameters: the optimizer, what is trainable, the penalties."""
    update = address(optimizer.kernel(), machine.signatures(network.dtype.name)["update"])
    return machine.Descent(update, optimizer.settings(), *stretches(network), check_clip_norm(clip_norm))


def check_clip_norm(clip_norm: float | None) -> float:
    """The limit as a number, infinite where there is none; ConfigurationError when it is not above 0."""
    if clip_norm is not None and not (isinstance(clip_norm, (int, float)) and clip_norm > 0):
        raise ConfigurationError(f"clip_norm={clip_norm!r} must be a number above 0, or None for no limit")
    return math.inf if clip_norm is None else float(clip_norm)


def stretches(network: Network) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """The `segments`, `penalised` and `penalties` of a network's parameters; see `machine.Descent`."""
    segments: list[list[int]] = []
    for slot in network.layout:
        if slot.trainable and segments and segments[-1][1] == slot.start:
            segments[-1][1] = slot.stop
        elif slot.trainable:
            segments.append([slot.start, slot.stop])
    penalised = [slot for slot in network.layout if slot.trainable and (slot.l1 or slot.l2)]
    return (
        np.array(segments, np.int64).reshape(-1, 2),
        np.array([(slot.start, slot.stop) for slot in penalised], np.int64).reshape(-1, 2),
        np.array([(slot.l1, slot.l2) for slot in penalised], network.dtype).reshape(-1, 2),
    )
