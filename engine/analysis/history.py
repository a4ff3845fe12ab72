"""How a network came to know its examples: confusion, losses and right answers over the epochs of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.analysis.examples import example_losses
from engine.confusion import ConfusionMonitor, confusion_matrix
from engine.errors import ConfigurationError, RecordingError
from engine.losses import get_loss
from engine.recording import Recording

Part = Literal["training", "validation", "test"]

NEVER = -1


class ConfusionHistory(NamedTuple):
    """Which classes were taken for which, epoch by epoch.

    Attributes
    ----------
    epochs : list of int
    matrices : ndarray of int64, shape (epochs, classes, classes)
        Row: the true class; column: the answer.
    """

    epochs: list[int]
    matrices: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ExampleHistory:
    """How each example fared over the recorded epochs.

    Attributes
    ----------
    epochs : list of int
    losses : ndarray of float64, shape (N,)
        Each example's loss, averaged over the epochs.
    wrong : ndarray of int64, shape (N,), or None
        After how many of the epochs the answer was wrong (not wholly right). None in a regression.
    learned : ndarray of int64, shape (N,), or None
        The epoch from which on the answer was right after every recorded epoch, to the last; -1 for never.
    forgotten : ndarray of int64, shape (N,), or None
        How often a right answer became wrong (forgetting events: Toneva et al., 2019).
    """

    epochs: list[int]
    losses: NDArray[np.float64]
    wrong: NDArray[np.int64] | None
    learned: NDArray[np.int64] | None
    forgotten: NDArray[np.int64] | None

    def hardest(self, k: int = 10) -> NDArray[np.int64]:
        """The numbers of the `k` hardest examples, hardest first: wrong most often, of these with the largest losses.

        In a regression those with the largest losses.
        """
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 1 <= k <= len(self.losses):
            raise ConfigurationError(f"k={k!r} must be a whole number from 1 to {len(self.losses)}")
        wrong = np.zeros(len(self.losses)) if self.wrong is None else self.wrong
        return np.lexsort((-self.losses, -wrong))[:k]


def confusion_history(recording: Recording, part: Part = "training") -> ConfusionHistory:
    """The confusion matrix after every recorded epoch, computed again from the snapshots.

    Matrices that training itself has noted, for the validation data if there are any, are in
    ``recording.metrics["confusion"]``; these are there for every recording and for all its data.

    Parameters
    ----------
    recording : Recording
    part : {"training", "validation", "test"}

    Returns
    -------
    ConfusionHistory

    Raises
    ------
    ConfigurationError
        When the recording has no such data, or its network does not tell up to 20 classes apart.
    """
    x, y = _examples(recording, part)
    network, loss = recording.build_network(), get_loss(_loss(recording))
    monitor = ConfusionMonitor.where_it_makes_sense(network, x, y, loss)
    if monitor is None:
        raise ConfigurationError(
            f"{recording.path} has no confusion matrix: its network does not tell labels of at most 20 classes apart"
        )
    matrices = []
    for epoch in recording.epochs:
        network.parameters[:] = recording.parameters(epoch)
        matrices.append(confusion_matrix(monitor.y, monitor.answers(), monitor.classes))
    return ConfusionHistory(list(recording.epochs), np.array(matrices))


def example_history(recording: Recording, part: Part = "training") -> ExampleHistory:
    """What became of each example over the recorded epochs: its mean loss, wrong answers, when it was learned.

    Parameters
    ----------
    recording : Recording
    part : {"training", "validation", "test"}

    Returns
    -------
    ExampleHistory

    Raises
    ------
    ConfigurationError
        When the recording has no such data, or no epoch yet.
    """
    x, y = _examples(recording, part)
    network, loss = recording.build_network(), _loss(recording)
    epochs = list(recording.epochs)
    if not epochs:
        raise ConfigurationError(f"{recording.path} has no epoch yet: there is no history")
    total, answered = np.zeros(len(x)), False
    wrong, forgotten = np.zeros(len(x), np.int64), np.zeros(len(x), np.int64)
    learned, before = np.full(len(x), NEVER), np.zeros(len(x), bool)
    for epoch in epochs:
        network.parameters[:] = recording.parameters(epoch)
        found = example_losses(network, x, y, loss)
        total += found.losses
        if found.right is None:
            continue
        answered, right = True, found.right == 1.0
        wrong += ~right
        forgotten += before & ~right
        learned[right & ~before] = epoch
        learned[~right] = NEVER
        before = right
    mean = total / len(epochs)
    return ExampleHistory(epochs, mean, *((wrong, learned, forgotten) if answered else (None, None, None)))


def _examples(recording: Recording, part: str) -> tuple[NDArray, NDArray]:
    data = recording.data
    parts = {
        "training": (data.x, data.y),
        "validation": (data.x_validation, data.y_validation),
        "test": (data.x_test, data.y_test),
    }
    if part not in parts:
        raise ConfigurationError(f"part={part!r} must be one of {', '.join(parts)}")
    x, y = parts[part]
    if x is None or y is None:
        known = [name for name, (there, _) in parts.items() if there is not None]
        raise ConfigurationError(f"{recording.path} has no {part} data: choose from {', '.join(known)}")
    return x, y


def _loss(recording: Recording) -> str:
    if "loss" not in recording.training:
        raise RecordingError(f"{recording.path} does not say which loss was made small")
    return str(recording.training["loss"])
