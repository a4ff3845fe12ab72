"""An LSTM and a plain recurrent layer on one task: what each answers, and how far back each can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, linear

from engine.analysis.attribution import InputGradient
from scenes.memory.gates import telling_example
from scenes.memory.roles import LSTM, PLAIN
from scenes.memory.telling import held_out
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import Rectangles, outlines
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.replay import epochs_shown
from scenes.theme import TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.memory.scene import Memory

SIZE = 3.5
BOXES = [Zone(x - SIZE / 2, x + SIZE / 2, -1.85, -1.85 + SIZE) for x in (-3.1, 3.1)]
NAMES = ("LSTM", "plain RNN")
LOW, HIGH = -0.1, 2.1  # of sums of two numbers from 0 to 1
EXAMPLES = 300
ALWAYS = 0.1  # answers that differ less, by their standard deviation, are all the same
REACH = Zone(-5.2, 6.55, 0.0, 0.0)
ROWS = ((0.55, 2.25), (-2.2, -0.5))
DEEPEST = -12  # of the powers of ten that are shown
FADED = 1e-6


class Answers:
    """One network's answers to held-out examples over the epochs, against the right ones."""

    def __init__(self, stage: Memory, recording: Recording, zone: Zone, name: str) -> None:
        theme = stage.theme
        x, y = held_out(recording)
        x, y = x[:EXAMPLES], y[:EXAMPLES, 0]
        self.recording = recording
        self.epochs = epochs_shown(recording, stage.options.get("epochs"))
        self.right = y.astype(np.float64)
        self.said = np.array([recording.network(epoch).predict(x)[:, 0] for epoch in self.epochs], dtype=np.float64)
        self.errors = ((self.said - self.right) ** 2).mean(axis=1)
        self.zone = zone
        box = Polylines(outlines(np.array([[zone.left, zone.right, zone.bottom, zone.top]])), theme.faint, 2.0)
        ends = np.array([[0.0, 0.0], [2.0, 2.0]])
        diagonal = Polylines(self.place(ends)[None], theme.muted, 2.0, opacity=0.7)
        self.points = PointCloud(np.zeros((len(y), 2)), theme.highlight, 0.05)
        self.error = Readout("error", 0.0, ".4f", 1.0, TEXT.readout, theme.loss, theme.muted)
        self.error.move_to([zone.right, zone.top + 0.33, 0], aligned_edge=np.array([1, 0, 0]))
        self.parts = (
            box, diagonal, self.points, self.error,
            written(name, (zone.left, zone.top + 0.33), LEFT, TEXT.label, theme.text),
            written("right sum", (zone.center[0], zone.bottom - 0.24), CENTER, TEXT.small, theme.muted),
            written("answer", (zone.left - 0.15, zone.center[1]), RIGHT, TEXT.small, theme.muted),
        )  # fmt: skip
        self.show(float(self.epochs[0]))

    def place(self, at: np.ndarray) -> np.ndarray:
        """Where right sums and answers (N, 2) are in the frame."""
        share = (np.clip(at, LOW, HIGH) - LOW) / (HIGH - LOW)
        return np.array([self.zone.left, self.zone.bottom]) + SIZE * share

    def show(self, moment: float) -> None:
        """Show the answers at a moment, in epochs, on their straight way from one epoch to the next."""
        moment = float(np.clip(moment, self.epochs[0], self.epochs[-1]))
        k = min(int(np.searchsorted(self.epochs, moment, side="right")) - 1, len(self.epochs) - 2)
        if len(self.epochs) == 1:
            said, error = self.said[0], self.errors[0]
        else:
            share = (moment - self.epochs[k]) / (self.epochs[k + 1] - self.epochs[k])
            said = (1 - share) * self.said[k] + share * self.said[k + 1]
            error = self.errors[k + 1 if share >= 1 else k]
        self.points.set_positions(self.place(np.column_stack([self.right, said])))
        self.error.set_value(float(error))


def play(stage: Memory) -> None:
    """What they answer; then, what moves their answers."""
    recordings = [stage.choose(name) for name in (LSTM, PLAIN)]
    panels = [Answers(stage, recording, zone, name)
              for recording, zone, name in zip(recordings, BOXES, NAMES, strict=True)]  # fmt: skip
    first, last = panels[0].epochs[0], max(panel.epochs[-1] for panel in panels)
    epoch = stage.readout("epoch", "d", last, value=first)

    def show(moment: float) -> None:
        epoch.set_value(int(moment + 1e-9))
        for panel in panels:
            panel.show(moment)

    count = len(panels[0].right)
    stage.heading("Two networks, one task")
    stage.caption(f"{count} rows that they have not seen:\non the line the answer is right.")
    shown = [part for panel in panels for part in panel.parts]
    stage.fade(*shown)
    stage.read(TIMING.slow + TIMING.beat)
    stage.caption("Both learn in the same way,\nfrom the same rows.")
    stage.play_clock(3 * TIMING.slow, lambda share: show(first + share * (last - first)), *shown, epoch,
                     rate_func=linear)  # fmt: skip
    stage.read()
    stage.caption(answers_words(panels))
    stage.read(2 * TIMING.slow)
    stage.fade(leaving=(*shown, epoch), seconds=TIMING.quick)
    stage.clear_readouts()
    reach(stage, recordings)


def answers_words(panels: list[Answers]) -> str:
    """How it ended."""
    keeps, plain = panels
    if plain.said[-1].std() < ALWAYS < keeps.said[-1].std():
        return f"The plain one says about {plain.said[-1].mean():.1f}\nto everything. The LSTM adds."
    return f"Their mean squared errors are\n{keeps.errors[-1]:.3f} and {plain.errors[-1]:.3f}."


def reach(stage: Memory, recordings: list[Recording]) -> None:
    """How much the answer to one row moves with each of its numbers."""
    x, _ = held_out(recordings[0])
    chosen = telling_example(x)
    marked = np.flatnonzero(x[chosen, :, 1] > 0.5)
    slopes = [slopes_of(stage, recording, x[chosen]) for recording in recordings]
    parts = []
    for values, name, row in zip(slopes, NAMES, ROWS, strict=True):
        parts.append(bars_of(stage, values, marked, name, Zone(REACH.left, REACH.right, *row)))
    stage.heading("How far back it sees")
    stage.caption("How much does the answer move\nwhen a number moves a little?")
    stage.fade(*parts)
    stage.read(2 * TIMING.slow)
    at = " and ".join(f"{slopes[0][mark]:.2f}" for mark in marked)
    stage.caption(f"The LSTM: {at} times as much\nfor the marked numbers.")
    stage.read(TIMING.slow + TIMING.beat)
    steps = faded(slopes[1])
    if steps is not None:
        stage.caption(f"The plain one is blind {steps} steps back:\nless than a millionth arrives.")
        stage.read(TIMING.slow + TIMING.beat)
        stage.caption("Step by step it shrinks on the way back:\nthere is nothing left to learn from.")
        stage.read(TIMING.slow + TIMING.beat)


def slopes_of(stage: Memory, recording: Recording, x: np.ndarray) -> np.ndarray:
    """The slopes of the answer by each number of a row, (steps,) float64, by the engine's own backward kernels."""
    gradient = InputGradient(stage.last_network(recording))(x[None], output=0)
    return np.asarray(gradient.values[0, :, 0], dtype=np.float64)


def faded(slopes: np.ndarray) -> int | None:
    """How many steps back, and from there on, less than a millionth arrives; None where it never fades so far."""
    there = np.flatnonzero(np.abs(slopes) >= FADED)
    first = int(there[0]) if len(there) else len(slopes)
    return len(slopes) - first if first > 0 else None


def bars_of(stage: Memory, slopes: np.ndarray, marked: np.ndarray, name: str, zone: Zone) -> VGroup:
    """Sizes of slopes as bars on a logarithmic scale."""
    theme, steps = stage.theme, len(slopes)
    width = zone.width / steps
    left = zone.left + width * np.arange(steps)
    powers = np.log10(np.maximum(np.abs(slopes), 10.0**DEEPEST))
    heights = np.clip((powers - DEEPEST) / -DEEPEST, 0.004, 1.05) * zone.height
    colours = np.tile([*rgb(theme.muted), 0.8], (steps, 1))
    colours[marked] = [*rgb(theme.highlight), 1.0]
    bars = Rectangles(np.column_stack([left + 0.1 * width, left + 0.9 * width, np.full(steps, zone.bottom),
                                       zone.bottom + heights]), colours)  # fmt: skip
    ticks = {0: "1", DEEPEST // 2: f"10{superscript(DEEPEST // 2)}", DEEPEST: f"10{superscript(DEEPEST)}"}
    heights_of = {power: zone.bottom + (power - DEEPEST) / -DEEPEST * zone.height for power in ticks}
    rules = Polylines([np.array([[zone.left, y], [zone.right, y]]) for y in heights_of.values()], theme.faint, 1.3)
    texts = [written(text, (zone.left - 0.15, heights_of[power]), RIGHT, TEXT.small, theme.muted)
             for power, text in ticks.items()]  # fmt: skip
    title = written(name, (zone.left, zone.top + 0.3), LEFT, TEXT.label, theme.text)
    return VGroup(rules, bars, *texts, title)


def superscript(number: int) -> str:
    """A whole number in raised digits."""
    return str(number).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
