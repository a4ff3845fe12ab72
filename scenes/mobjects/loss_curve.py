"""The loss over the epochs, up to the moment that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording

MOST_EPOCHS = 400  # that the curves pass through
ROOM = 1.04  # of the axis above the highest loss
TICK_ROOM, EPOCH_ROOM = 0.62, 0.42  # beside and below the curves, in scene units


class LossCurve(VGroup):
    """Curves of the loss that grow with the epochs, and a mark at the moment that is shown.

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
        finite = np.concatenate([values[np.isfinite(values)] for values in self.losses.values()])
        self.highest = max(float(finite.max()) * ROOM if finite.size else 1.0, 1e-12)
        self.first, self.last = float(self.epochs[0]), float(max(self.epochs[-1], self.epochs[0] + 1e-9))
        self.plot = Zone(zone.left + TICK_ROOM, zone.right, zone.bottom + EPOCH_ROOM, zone.top)
        plot = self.plot
        axes = np.array([[[plot.left, plot.top], [plot.left, plot.bottom], [plot.right, plot.bottom]]])
        self.axes = Polylines(axes, theme.faint, 2.0)
        colours = {"training": theme.loss, "validation": theme.text}
        self.colours = {name: colours[name] for name in self.losses}
        tints = np.array([rgb(colour) for colour in self.colours.values()])
        start = np.tile(self.place(self.first, 0.0), (len(self.losses), len(self.epochs), 1))
        self.lines = Polylines(start, tints, 3.5)
        self.dots = PointCloud(np.tile(self.place(self.first, 0.0), (len(self.losses), 1)), tints, 0.075)
        below = plot.bottom - EPOCH_ROOM / 2
        top = float(finite.max()) if finite.size else 0.0
        self.texts = [
            written(loss_text(top), (plot.left - 0.12, self.place(self.first, top)[1]), RIGHT, size, theme.muted),
            written("0", (plot.left - 0.12, plot.bottom), RIGHT, size, theme.muted),
            written(f"{self.first:,.0f}", (plot.left, below), CENTER, size, theme.muted),
            written(f"{self.epochs[-1]:,.0f}", (plot.right, below), RIGHT, size, theme.muted),
            written("epoch", (plot.center[0], below), CENTER, size, theme.muted),
        ]
        for k, (name, colour) in enumerate(sorted(self.colours.items())):
            text = "loss on training data" if name == "training" else "on data held out"
            self.texts.append(written(text, (plot.right, plot.top - 0.14 - 0.34 * k), RIGHT, size, colour))
        self.marks = tuple(marks)
        lines = [[self.place(epoch, 0.0), self.place(epoch, self.highest)] for epoch, _ in marks]
        extra = []
        if lines:
            extra.append(Polylines(np.array(lines), theme.muted, 1.5))
            for epoch, name in marks:
                x = self.place(epoch, 0.0)[0]
                edge = LEFT if x < plot.center[0] else RIGHT
                at = (x + 0.1 * (1 if edge == LEFT else -1), plot.bottom + 0.22)
                self.texts.append(written(name, at, edge, size, theme.muted))
        super().__init__(self.axes, *extra, self.lines, self.dots, *self.texts)
        self.set_moment(self.last)

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
        there = np.array([epoch for epoch in recording.epochs if low <= epoch <= high])
        kept = there[np.unique(np.linspace(0, len(there) - 1, min(len(there), MOST_EPOCHS)).round().astype(int))]
        losses: dict[str, np.ndarray] = {}
        if "val_loss" in recording.metrics:
            measured = dict(zip(recording.metrics["epoch"].astype(int), recording.metrics["val_loss"], strict=True))
            losses["validation"] = np.array([measured[int(epoch)] for epoch in kept])
        # last, so that it is seen where both are equal
        losses["training"] = np.array([recording.evaluate(int(epoch))["loss"] for epoch in kept])
        best = recording.best_epoch
        marks = [] if best is None or not low <= best <= high else [(float(best), f"best: epoch {best}")]
        return cls(kept, losses, zone, marks, theme)

    def place(self, epoch: float, loss: float) -> np.ndarray:
        """Where an epoch and a loss are in the frame, (2,)."""
        plot = self.plot
        share = (epoch - self.first) / (self.last - self.first)
        return np.array([plot.left + plot.width * share, plot.bottom + plot.height * loss / self.highest])

    def at(self, moment: float) -> dict[str, float]:
        """The losses at a moment, in epochs: straight between the epochs that are known."""
        return {name: float(np.interp(moment, self.epochs, values)) for name, values in self.losses.items()}

    def set_moment(self, moment: float) -> LossCurve:
        """Draw the curves up to a moment, in epochs."""
        moment = float(np.clip(moment, self.first, self.last))
        self.moment = moment
        ends = self.at(moment)
        over = self.epochs > moment
        lines, dots = [], []
        for name, values in self.losses.items():
            x = np.where(over, moment, self.epochs)
            y = np.where(over, ends[name], values)
            plot = self.plot
            lines.append(
                np.column_stack(
                    [
                        plot.left + plot.width * (x - self.first) / (self.last - self.first),
                        plot.bottom + plot.height * y / self.highest,
                    ]
                )
            )
            dots.append(self.place(moment, ends[name]))
        self.lines.set_lines(np.array(lines))
        self.dots.set_positions(np.array(dots))
        return self


def loss_text(loss: float) -> str:
    """A loss in three digits or so."""
    return f"{loss:.2f}" if 0.01 <= loss < 100 else f"{loss:.2g}"
