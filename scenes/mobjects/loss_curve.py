"""The loss over the epochs, up to the moment that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.curves import Curves, Series
from scenes.theme import DARK, TEXT, Theme, Zone

if TYPE_CHECKING:
    from engine.recording import Recording

MOST_EPOCHS = 400  # that the curves pass through
LABELS = {"training": "loss on training data", "validation": "on data held out"}


class LossCurve(Curves):
    """Curves of the loss that grow with the epochs, and a dot at the moment that is shown.

    Parameters
    ----------
    epochs : array (M,)
        Ascending.
    losses : mapping of str to array (M,)
        ``"training"`` and possibly ``"validation"``; NaN leaves a gap.
    zone : Zone
        Axes and their numbers included.
    marks : sequence of (float, str)
        Epochs with a line and a name, such as the best one.
    """

    def __init__(
        self,
        epochs: np.ndarray,
        losses: Mapping[str, np.ndarray],
        zone: Zone,
        marks: Sequence[tuple[float, str]] = (),
        theme: Theme = DARK,
        size: float = TEXT.small,
    ) -> None:
        self.epochs = np.asarray(epochs, dtype=np.float64)
        self.losses = {name: np.asarray(values, dtype=np.float64) for name, values in losses.items()}
        colours = {"training": theme.loss, "validation": theme.text}
        series = {
            name: Series(LABELS[name], self.epochs, values, colours[name]) for name, values in self.losses.items()
        }
        super().__init__(series, zone, loss_text, names=sorted(series), marks=marks, theme=theme, size=size)

    @classmethod
    def of(
        cls, recording: Recording, zone: Zone, epochs: tuple[float, float] | None = None, theme: Theme = DARK
    ) -> LossCurve:
        """The losses of a recording: on the training data by the snapshots, on data held out as they were measured.

        Parameters
        ----------
        recording : Recording
        zone : Zone
        epochs : tuple of float, optional
            First and last of those that are shown.
        """
        low, high = epochs or (recording.epochs[0], recording.epochs[-1])
        kept = spread_epochs(recording, low, high)
        losses: dict[str, np.ndarray] = {}
        if "val_loss" in recording.metrics:
            losses["validation"] = measured(recording, "val_loss", kept)
        # last, so that it is seen where both are equal
        losses["training"] = np.array([recording.evaluate(int(epoch))["loss"] for epoch in kept])
        best = recording.best_epoch
        marks = [] if best is None or not low <= best <= high else [(float(best), f"best: epoch {best}")]
        return cls(kept, losses, zone, marks, theme)


def spread_epochs(recording: Recording, low: float, high: float) -> np.ndarray:
    """Epochs with snapshots that a curve passes through, (M,) ascending, at most `MOST_EPOCHS` of them."""
    there = np.array([epoch for epoch in recording.epochs if low <= epoch <= high])
    return there[np.unique(np.linspace(0, len(there) - 1, min(len(there), MOST_EPOCHS)).round().astype(int))]


def measured(recording: Recording, column: str, epochs: np.ndarray) -> np.ndarray:
    """A column of the recorded metrics at some epochs, (M,) float64."""
    known = dict(zip(recording.metrics["epoch"].astype(int), recording.metrics[column], strict=True))
    return np.array([known[int(epoch)] for epoch in epochs])


def loss_text(loss: float) -> str:
    """A loss in three digits or so."""
    return f"{loss:.2f}" if 0.01 <= loss < 100 else f"{loss:.2g}"
