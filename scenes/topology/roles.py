"""Which part of the lesson a recording can play, by its shape and not by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.boundary import logits
from scenes.replay import epochs_shown
from scenes.warp.material import fits

if TYPE_CHECKING:
    from engine.recording import Recording

INTERVAL, STUCK, LIFTED, LINKED, FREED = "interval", "bullseye-2", "bullseye-3", "linked-rings-3", "linked-rings"
SURE = 0.6  # how sure a network is of every point at the epoch that is shown


def role(recording: Recording) -> str | None:
    """The experiment in whose place a recording can stand, or None."""
    if fits(recording) is not None or len(recording.data.class_names) != 2:
        return None
    inputs = recording.network_config["input_shape"][0]
    hidden = hidden_units(recording)
    widest = max(hidden)
    if inputs == 1 and hidden == [2]:
        return INTERVAL
    if inputs == 2 and widest <= 2:
        return STUCK
    if inputs == 2 and widest == 3 and hidden[-1] == 3:
        return LIFTED
    if inputs == 3 and widest == 3 and hidden[-1] == 3:
        return LINKED
    if inputs == 3 and widest == 4 and hidden[-1] == 4:
        return FREED
    return None


def by_role(recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    """The recordings by the experiment that they stand for; of several for one, the first."""
    found: dict[str, Recording] = {}
    for recording in recordings.values():
        known = role(recording)
        if known is not None:
            found.setdefault(known, recording)
    return found


def is_bullseye(recording: Recording) -> bool:
    """Whether the data are a disc in a ring, not others of two features and two classes."""
    return recording.data.name == "bullseye"


def is_linked(recording: Recording) -> bool:
    """Whether the data are two rings through one another, not others of three features and two classes."""
    return recording.data.name == "tori"


def hidden_units(recording: Recording) -> list[int]:
    """How many neurons each hidden layer has."""
    return [layer["units"] for layer in recording.network_config["layers"][:-1]]


def first_perfect(recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> int | None:
    """The first epoch after which all points are right; None where there is none."""
    shown = epochs_shown(recording, epochs)
    return next((epoch for epoch in shown if recording.evaluate(epoch)["accuracy"] == 1), None)


def clear_epoch(recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> int:
    """The first epoch at which the network is sure of every point; else at which all are right; else the last one.

    Later the weights only grow, and what the network has made of space is pressed into corners.
    """
    shown = epochs_shown(recording, epochs)
    data, right = recording.data, None
    for epoch in shown:
        z = logits(recording.network(epoch), data.x)
        ahead = np.where(data.y == 1, z[:, 0], -z[:, 0]) if z.shape[1] == 1 else _ahead(z, data.y)
        sure = 1 / (1 + np.exp(-np.clip(ahead, -50, 50)))
        if (sure > SURE).all():
            return epoch
        if right is None and (sure > 0.5).all():
            right = epoch
    return shown[-1] if right is None else right


def _ahead(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The logit of the right class before that of the other one."""
    rows = np.arange(len(z))
    return np.asarray(z[rows, labels] - z[rows, 1 - labels])


def best_threshold(x: np.ndarray, labels: np.ndarray) -> tuple[float, int]:
    """The place on a line at which one cut gets most points right, and how many that are.

    Parameters
    ----------
    x : array (N,)
    labels : array (N,) of 0 and 1
    """
    order = np.argsort(x, kind="stable")
    places, ones = x[order], labels[order]
    below = np.concatenate([[0], np.cumsum(ones)])  # ones to the left of each cut
    right = (np.arange(len(x) + 1) - below) + (below[-1] - below)  # zeros to the left, ones to the right
    right = np.maximum(right, len(x) - right)  # or the other way round
    # a cut goes between two different places
    edges = np.concatenate([[places[0] - 1], places, [places[-1] + 1]])
    right[edges[1:] == edges[:-1]] = 0
    best = int(right.argmax())
    return float((edges[best] + edges[best + 1]) / 2), int(right[best])
