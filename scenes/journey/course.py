"""How the answers to all examples went, moment by moment of a training."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.boundary import logits
from engine.analysis.examples import example_losses
from engine.analysis.history import NEVER, ExampleHistory
from engine.confusion import confusion_matrix
from scenes.journey.scores import Scores
from scenes.numbers import LONGEST_CLASS, shortened
from scenes.replay import Pace, Replay

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

MOST_MOMENTS = 400  # snapshots that are looked at
MOST_ANSWERS = 1_000_000  # examples times moments
PACED_BY = 256  # examples


class Course:
    """What a network took each example for, at every moment of its training that was recorded.

    The examples are those that were held out from training, or those of the training where none were.

    Parameters
    ----------
    recording : Recording
    epochs : tuple of int or None
        First and last epoch.

    Attributes
    ----------
    replay : Replay
    moments : ndarray, (M,)
        In epochs; snapshots of single steps lie in between. Of very many some, more of the early ones.
    x, y : ndarray, (N, ...) and (N,)
        The examples; of very many, some at even distances.
    total : int
        How many there are.
    names : list of str
        Of the classes; long ones are cut.
    answers : ndarray of int, (M, N)
        The classes that the examples were taken for.
    pace : Pace
        Slower where more changes; `shares` are the parts of the playing time at which the moments are reached.
    """

    def __init__(self, recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> None:
        data = recording.data
        self.recording, self.scores = recording, Scores(recording)
        self.replay = Replay(recording, epochs)
        self.moments = early_and_even(self.replay.moments, MOST_MOMENTS)
        x, y = data.unseen
        self.total, self.held_out = len(x), data.holds_out
        kept = spread(np.arange(len(x)), max(MOST_ANSWERS // len(self.moments), 1))
        self.x, self.y = np.asarray(x)[kept], np.asarray(y)[kept].astype(np.int64)
        self.numbers = kept
        few = spread(np.arange(len(self.x)), PACED_BY)
        found, bent = [], []
        for moment in self.moments:
            network = self.network(moment)
            found.append(self.scores.of(network, self.x).argmax(axis=1))
            bent.append(np.tanh(logits(network, self.x[few]) / 2))
        self.answers = np.array(found, dtype=np.int64)
        changes = np.sqrt([np.mean((b - a) ** 2) for a, b in zip(bent, bent[1:], strict=False)])
        self.pace = Pace(self.moments, np.asarray(changes, dtype=np.float64))
        count = max(recording.build_network().output_shape[0], 2)
        names = [*data.class_names, *(f"{k}" for k in range(len(data.class_names), count))][:count]
        self.names = told_apart(names, LONGEST_CLASS)

    @property
    def shares(self) -> np.ndarray:
        """The parts of the playing time at which the moments are reached, (M,), from 0 to 1."""
        return self.pace.shares

    @property
    def single_steps(self) -> bool:
        """Whether there are moments between the epochs."""
        return bool((self.moments != self.moments.round()).any())

    def network(self, moment: float) -> Network:
        """The network as it was recorded at one of the moments; the same object every time."""
        return self.replay.network_at(float(moment))

    def nearest(self, share: float) -> int:
        """The number of the moment that is nearest when a part of the playing time has passed."""
        return int(np.abs(self.shares - share).argmin())

    def between(self, share: float) -> tuple[int, float]:
        """The last moment that is over when a part of the playing time has passed, and how far it is to the next."""
        k = int(np.clip(np.searchsorted(self.shares, share, side="right") - 1, 0, len(self.shares) - 1))
        if k + 1 == len(self.shares):
            return k, 0.0
        return k, float(np.clip((share - self.shares[k]) / (self.shares[k + 1] - self.shares[k]), 0.0, 1.0))

    def blended(self, values: np.ndarray, share: float) -> np.ndarray:
        """Values of all moments (M, ...) at a part of the playing time, straight between two moments."""
        k, way = self.between(share)
        return np.asarray(values[k] if way == 0 else (1 - way) * values[k] + way * values[k + 1])

    def right(self) -> np.ndarray:
        """Which answers were right, (M, N) bool."""
        return np.asarray(self.answers == self.y)

    def matrices(self) -> np.ndarray:
        """The confusion matrices of all moments, (M, K, K): row the class, column the answer."""
        return np.array([confusion_matrix(self.y, answers, len(self.names)) for answers in self.answers])

    def scores_of(self, number: int) -> np.ndarray:
        """What the outputs said of each class for one example, (M, K)."""
        one = self.x[number : number + 1]
        return np.array([self.scores.of(self.network(moment), one)[0] for moment in self.moments])

    @cached_property
    def epochs(self) -> np.ndarray:
        """The numbers of those moments that are the ends of epochs (or before the first)."""
        return np.flatnonzero(self.moments == self.moments.round())

    @cached_property
    def history(self) -> ExampleHistory:
        """How each example fared over the epochs; see `engine.analysis.history`."""
        right = self.right()[self.epochs]
        losses = np.zeros(len(self.x))
        for k in self.epochs:
            losses += example_losses(self.network(self.moments[k]), self.x, self.y, self.scores.loss).losses
        numbers = [int(self.moments[k]) for k in self.epochs]
        wrong_last = np.where(right.all(axis=0), -1, len(right) - 1 - right[::-1].argmin(axis=0))
        known = np.array([*numbers, NEVER])
        learned = known[wrong_last + 1]
        forgotten = (right[:-1] & ~right[1:]).sum(axis=0)
        return ExampleHistory(numbers, losses / len(numbers), (~right).sum(axis=0), learned, forgotten)


def spread(values: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the values, at even distances, the first and the last among them."""
    if len(values) <= most:
        return np.asarray(values)
    return np.asarray(values[np.unique(np.linspace(0, len(values) - 1, most).round().astype(int))])


def early_and_even(values: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the values: half of them at even distances, half denser towards the first."""
    if len(values) <= most:
        return np.asarray(values)
    last, half = len(values) - 1, most // 2
    chosen = np.concatenate([np.linspace(0, last, half), np.geomspace(1, last, most - half)])
    return np.asarray(values[np.unique(chosen.round().astype(int))])


def told_apart(names: list[str], longest: int) -> list[str]:
    """Names of at most `longest` letters: cut at their ends, or in the middle where that would make them alike."""
    cut = [shortened(name, longest) for name in names]
    if len(set(cut)) == len(set(names)):
        return cut
    end = (longest - 1) // 2
    start = longest - 1 - end
    return [name if len(name) <= longest else f"{name[:start].rstrip()}…{name[-end:].lstrip()}" for name in names]
