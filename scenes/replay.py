"""A recorded training as something that can be played: at any moment, and at a pace that follows what happens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.analysis.boundary import logits
from engine.errors import RenderError
from engine.network import Network

if TYPE_CHECKING:
    from engine.recording import Recording

MOST_STOPS = 400  # snapshots that are looked at to find the pace
MOST_POINTS = 256
MOST_BYTES = 64 << 20  # of snapshots that are kept at hand
# Time is given in proportion to what changes, more to the beginning, and some to every epoch, so that plateaus pass
# quickly but the counter never jumps.
HAPPENING, EARLY, EVEN = 0.5, 0.25, 0.25


def epochs_shown(recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> list[int]:
    """The epochs with snapshots between the first and the last that are asked for; `RenderError` if there are none."""
    low, high = epochs or (None, None)
    shown = [epoch for epoch in recording.epochs if (low is None or epoch >= low) and (high is None or epoch <= high)]
    if not shown:
        asked = ":".join("" if bound is None else str(bound) for bound in (low, high))
        raise RenderError(
            f"{recording.name} has no snapshot of the epochs {asked}: it has {recording.epochs[0]} to "
            f"{recording.epochs[-1]}"
        )
    return shown


class Replay:
    """The network at any moment of its recorded training.

    Between two snapshots the parameters are blended, so that the picture moves without steps; at a snapshot they are
    the recorded ones.

    Parameters
    ----------
    recording : Recording
    epochs : tuple of int or None
        First and last epoch to play; None for the recording's own.

    Attributes
    ----------
    moments : ndarray, (M,) float64
        When there are snapshots, in epochs; snapshots of single steps lie in between.
    first, last : float
        Of the moments.
    """

    def __init__(self, recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> None:
        self.recording = recording
        within = epochs_shown(recording, epochs)
        batch = recording.training.get("batch_size")
        steps_an_epoch = 1 if batch is None else math.ceil(len(recording.data.x) / batch)
        keys: dict[float, tuple[str, int]] = {step / steps_an_epoch: ("step", step) for step in recording.steps}
        keys.update({float(epoch): ("epoch", epoch) for epoch in recording.epochs})
        chosen = sorted(at for at in keys if within[0] <= at <= within[-1])
        self.moments = np.array(chosen)
        self.first, self.last = float(self.moments[0]), float(self.moments[-1])
        self._keys = [keys[at] for at in chosen]
        self._network: Network = recording.network()
        self._read: dict[int, NDArray[Any]] = {}

    def _parameters(self, k: int) -> NDArray[Any]:
        if k not in self._read:
            kind, number = self._keys[k]
            read = self.recording.parameters(step=number) if kind == "step" else self.recording.parameters(number)
            # the neighbour that it is blended with stays, however large the network is
            while len(self._read) > 1 and (len(self._read) + 1) * read.nbytes > MOST_BYTES:
                del self._read[next(iter(self._read))]
            self._read[k] = read
        return self._read[k]

    def network_at(self, moment: float) -> Network:
        """The network at a moment, in epochs; the same object every time, with other parameters."""
        k = int(np.clip(np.searchsorted(self.moments, moment, side="right") - 1, 0, len(self.moments) - 1))
        shown = self._network.parameters
        shown[:] = self._parameters(k)
        if moment > self.moments[k] and k + 1 < len(self.moments):
            share = (moment - self.moments[k]) / (self.moments[k + 1] - self.moments[k])
            shown *= 1 - share
            shown += share * self._parameters(k + 1)
        return self._network

    def epoch_at(self, moment: float) -> int:
        """The last epoch with a snapshot that is over at a moment: the one whose numbers are shown."""
        over = [epoch for epoch in self.recording.epochs if epoch <= moment + 1e-9]
        return over[-1] if over else self.recording.epochs[0]

    def pace(self) -> Pace:
        """The pace at which to play it: slower where the network's answers change more."""
        count = len(self.moments)
        stops = np.unique(np.linspace(0, count - 1, min(count, MOST_STOPS)).round().astype(int))
        x = self.recording.data.x
        x = x[np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(int))]
        answers = [np.tanh(logits(self.network_at(float(self.moments[k])), x) / 2) for k in stops]
        changes = [float(np.sqrt(np.mean((b - a) ** 2))) for a, b in zip(answers, answers[1:], strict=False)]
        return Pace(self.moments[stops], np.array(changes))


class Pace:
    """From the share of time that has passed to the moment of training that is shown.

    Parameters
    ----------
    moments : ndarray, (M,)
        Ascending, in epochs.
    changes : ndarray, (M - 1,)
        How much changes between neighbouring moments.
    """

    def __init__(self, moments: np.ndarray, changes: np.ndarray) -> None:
        self.moments = np.asarray(moments, dtype=np.float64)
        if len(self.moments) < 2:
            self.shares = np.zeros(len(self.moments))
            return
        lengths = np.diff(self.moments)
        changes = np.asarray(changes, dtype=np.float64)
        total = changes.sum()
        what_happens = changes / total if total > 0 else np.full(len(changes), 1 / len(changes))
        early = np.diff(np.log1p((self.moments - self.moments[0]) / lengths[0]))
        steps = HAPPENING * what_happens + EARLY * early / early.sum() + EVEN * lengths / lengths.sum()
        width = max(1, len(steps) // 40)
        padded = np.pad(steps, width, mode="edge")
        steps = np.convolve(padded, np.ones(2 * width + 1) / (2 * width + 1), mode="valid")
        passed = np.concatenate([[0.0], np.cumsum(steps)])
        self.shares = passed / passed[-1]

    def share(self, moment: float) -> float:
        """The share of the time that has passed when a moment is shown."""
        return float(np.interp(moment, self.moments, self.shares))

    def moment(self, share: float) -> float:
        """The moment when `share` (0 to 1) of the time has passed."""
        if len(self.moments) < 2:
            return float(self.moments[0])
        return float(np.interp(share, self.shares, self.moments))


def common_pace(paces: Sequence[Pace]) -> Pace:
    """One pace for several trainings: slower where any of them changes more."""
    moments = np.unique(np.concatenate([pace.moments for pace in paces]))
    passed = np.mean([np.interp(moments, pace.moments, pace.shares) for pace in paces], axis=0)
    common = Pace(moments, np.zeros(max(len(moments) - 1, 0)))
    # one that has ended before the others no longer counts
    common.shares = passed / passed[-1] if passed[-1] > 0 else passed
    return common
