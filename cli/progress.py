"""Progress bars with the time left. Nothing moves when the output is not a terminal: a line for every tenth instead."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click


class Bar:
    """Something that is counted, shown on stderr as a bar on a terminal and as a few plain lines elsewhere."""

    def __init__(self, label: str, unit: str) -> None:
        self.label = label
        self.unit = unit
        self._bar: Any = None
        self._task: Any = None
        self._total: int | None = None
        self._tenth = 0

    def begin(self, total: int | None, done: int = 0) -> None:
        self._total = total
        self._tenth = self._tenths(done)
        if self._bar is not None:  # now it is known how much there is to do
            self._bar.update(self._task, total=total, completed=done)
            return
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),  # names may have brackets
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(self.unit),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(self.label, total=total, completed=done, note="")
        self._bar.start()

    def advance(self, done: int, note: str = "") -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, note=note)
        elif self._tenths(done) > self._tenth:
            self._tenth = self._tenths(done)
            click.echo(f"{self.label}: {self.unit} {done}/{self._total}  {note}".rstrip(), err=True)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _tenths(self, done: int) -> int:
        return 10 * done // self._total if self._total else 0


class EpochProgress(Bar):
    """The `progress` of `Network.fit`."""

    def __init__(self, label: str) -> None:
        super().__init__(label, "epochs")

    def start(self, total_epochs: int, first_epoch: int) -> None:
        self.begin(total_epochs, first_epoch)

    def update(self, epoch: int, metrics: Mapping[str, Any]) -> None:
        self.advance(epoch, describe(metrics))


class FrameProgress(Bar):
    """The `progress` of `scenes.rendering.render`."""

    def __init__(self, label: str) -> None:
        super().__init__(label, "frames")

    def start(self, total_frames: int | None) -> None:
        self.begin(total_frames)

    def update(self, frame: int) -> None:
        self.advance(frame)


def describe(metrics: Mapping[str, Any]) -> str:
    """Losses and accuracies in a few words: "loss 0.0123, accuracy 98.0%"."""
    words = []
    for name, value in metrics.items():
        if not isinstance(value, int | float):
            continue
        if name.endswith("accuracy"):
            words.append(f"{in_words(name)} {value:.1%}")
        elif name.endswith("loss"):
            words.append(f"{in_words(name)} {value:.4g}")
    return ", ".join(words)


def in_words(column: str) -> str:
    """The name of a column of metrics as one would say it: "validation loss" for "val_loss"."""
    return column.replace("val_", "validation ").replace("_", " ")
