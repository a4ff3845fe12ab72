"""Which classes are taken for which."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.losses import Loss
from engine.network import Network
from engine.objective import measured_outputs

MOST_CLASSES = 20
# Examples for which a matrix is made after every epoch; for k times as many, after every k-th.
EVERY_EPOCH = 10_000


def confusion_matrix(truth: ArrayLike, answers: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Count how often each class was taken for each.

    Parameters
    ----------
    truth, answers : array_like of int, shape (N,)
    classes : int

    Returns
    -------
    ndarray of int64, shape (classes, classes)
        Row: the true class; column: the answer.
    """
    pairs = np.asarray(truth, np.int64) * classes + np.asarray(answers, np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


class ConfusionMonitor:
    """The confusion matrix of a network on labelled examples, for the metrics of its training.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *input_shape)
    y : array_like of int, shape (N,)
    loss : Loss
        Decides, as for the accuracy, from where on a single output means class 1.

    Notes
    -----
    The matrix is made for epoch 0 and after every ``every``-th epoch, so that large data cost no more than 10,000
    predictions an epoch.
    """

    def __init__(self, network: Network, x: ArrayLike, y: ArrayLike, loss: Loss) -> None:
        self.network, self.loss = network, loss
        self.x, self.y = np.asarray(x), np.asarray(y)
        self.classes = class_count(network)
        self.every = -(-len(self.y) // EVERY_EPOCH)
        self.threshold = 0.0 if loss.from_logits(network.output_activation) else loss.threshold

    @classmethod
    def where_it_makes_sense(cls, network: Network, x: ArrayLike, y: ArrayLike, loss: Loss) -> ConfusionMonitor | None:
        """Make one when `y` holds labels of at most 20 classes that the network tells apart; else None."""
        labels = np.asarray(y)
        named = labels.ndim == 1 and labels.dtype.kind in "iub" and len(network.output_shape) == 1
        if not named or not 0 < class_count(network) <= MOST_CLASSES or labels.max() >= class_count(network):
            return None
        return cls(network, x, labels, loss)

    def measure(self, epoch: int, outputs: NDArray[Any] | None = None) -> dict[str, Any]:
        """``{"confusion": matrix}`` where this epoch has one, else nothing; see `answers`."""
        if epoch % self.every:
            return {}
        return {"confusion": confusion_matrix(self.y, self.answers(outputs), self.classes).tolist()}

    def answers(self, outputs: NDArray[Any] | None = None) -> NDArray[np.int64]:
        """The class that the network takes each example for.

        By its outputs (N, outputs) as the loss takes them, logits or predictions, if they are known already.
        """
        if outputs is None:
            outputs = measured_outputs(self.network, self.loss, self.x)
        if outputs.shape[1] == 1:
            return (outputs[:, 0] > self.threshold).astype(np.int64)
        return np.argmax(outputs, axis=1)


def class_count(network: Network) -> int:
    """How many classes a network with one row of outputs tells apart: one output tells two."""
    return max(network.output_shape[0], 2)
