"""Every correction of a perceptron: which example it was wrong about, and what that did to its weights.

Nothing is recorded for it: the order of the examples is a function of the training's seed and the epoch (see
`engine.random`), and the rule says the rest. Each epoch begins with its recorded weights, and has to end with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.dropout import examples_of_step
from engine.errors import ConfigurationError, RecordingError
from engine.recording import Recording

TOLERANCE = 1e-3  # of a learning rate; far less than one correction, far more than rounding


@dataclass(frozen=True, eq=False)
class Corrections:
    """What the rule did, in the order in which it did it.

    Attributes
    ----------
    steps : ndarray of int64, shape (M,)
        Optimisation steps that changed anything, counted from 1 over the whole training.
    examples : ndarray of int64, shape (M,)
        Which examples were wrong.
    parameters : ndarray, shape (M + 1, P)
        Before the first correction, and after each.
    examples_an_epoch : int
        So many steps make an epoch.
    """

    steps: NDArray[np.int64]
    examples: NDArray[np.int64]
    parameters: NDArray[np.floating]
    examples_an_epoch: int

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def epochs(self) -> NDArray[np.int64]:
        """The epochs (M,) that the corrections belong to, counted from 1."""
        return (self.steps - 1) // self.examples_an_epoch + 1


def corrections_fault(recording: Recording) -> str | None:
    """None if a recording was trained by the perceptron's rule, example by example, else what is in the way."""
    training = recording.training
    optimizer = training.get("optimizer", {}).get("name")
    if optimizer != "perceptron":
        return f"{recording.name} was trained with the optimizer {optimizer!r}, not by the perceptron's rule"
    if training["batch_size"] != 1:
        return f"{recording.name} was trained in batches of {training['batch_size']} examples, not of one"
    for name, plain in (("schedule", {"name": "constant"}), ("clip_norm", None), ("class_weights", None)):
        if training.get(name, plain) != plain:
            return f"{recording.name} was trained with {name}={training[name]!r}, which changes the perceptron's rule"
    return None


def corrections(recording: Recording, first: int | None = None, last: int | None = None) -> Corrections:
    """Find every correction that the perceptron's rule made in a training.

    Parameters
    ----------
    recording : Recording
        Of a training by the perceptron's rule with one example a step; see `corrections_fault`.
    first, last : int, optional
        The epochs after which to begin and to end; they must have snapshots. By default all that was recorded.

    Returns
    -------
    Corrections

    Raises
    ------
    ConfigurationError
        When it was trained in another way.
    RecordingError
        When the rule does not lead from one recorded epoch to the next.

    Examples
    --------
    >>> found = corrections(Recording("runs/perceptron"))
    >>> f"{len(found)} corrections, the last one in epoch {found.epochs[-1]}"
    """
    fault = corrections_fault(recording)
    if fault is not None:
        raise ConfigurationError(f"corrections are those of the perceptron's rule: {fault}")
    network, data = recording.build_network(), recording.data
    rate = float(recording.training["optimizer"]["learning_rate"])
    epochs = [e for e in recording.epochs if (first is None or e >= first) and (last is None or e <= last)]
    if not epochs:
        raise ConfigurationError(f"{recording.path} has no snapshot of the epochs {first} to {last}")
    y = np.asarray(data.y).reshape(len(data.y), 1)
    steps, examples = [], []
    network.parameters[:] = recording.parameters(epochs[0])
    found = [network.parameters.copy()]
    for start, end in zip(epochs, epochs[1:], strict=False):
        network.parameters[:] = recording.parameters(start)
        for epoch in range(start, end):
            begin = epoch * len(y)
            # the whole epoch at once, as if it were one batch
            order = examples_of_step({**recording.training, "batch_size": len(y)}, len(y), epoch + 1)
            at = 0
            while at < len(y):
                rest = order[at:]
                wrong = np.flatnonzero(network.predict(data.x[rest])[:, 0] != y[rest, 0])
                if not len(wrong):
                    break
                at += int(wrong[0])
                example = int(order[at])
                _, gradient = network.gradient(data.x[example : example + 1], y[example : example + 1], "perceptron")
                network.parameters -= network.dtype.type(rate) * gradient
                at += 1
                steps.append(begin + at)
                examples.append(example)
                found.append(network.parameters.copy())
        if not np.allclose(network.parameters, recording.parameters(end), rtol=1e-4, atol=TOLERANCE * rate):
            raise RecordingError(
                f"{recording.path}: the perceptron's rule does not lead from epoch {start} to the weights recorded "
                f"for epoch {end}"
            )
    return Corrections(np.array(steps, np.int64), np.array(examples, np.int64), np.array(found), len(y))
