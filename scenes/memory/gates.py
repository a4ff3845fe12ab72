"""Inside an LSTM: one cell's gates and its memory while it reads the numbers that it has to add."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import VGroup, linear

from engine.analysis.gates import gates
from engine.analysis.passage import tail
from scenes.memory.roles import LSTM
from scenes.memory.telling import held_out
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.series_plot import Series, SeriesPlot
from scenes.mobjects.tiles import Tiles, brightness_ramp, weight_ramp
from scenes.mobjects.writing import LEFT, number_text, written
from scenes.numbers import number_word
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from engine.network import Network
    from scenes.memory.scene import Memory

LEFT_EDGE, RIGHT_EDGE = -4.15, 6.55
INPUT = Zone(LEFT_EDGE, RIGHT_EDGE, 1.75, 2.6)
ROWS = [(y, y + 0.62) for y in (0.8, -0.24, -1.28, -2.32)]
NAMES = ("input gate", "forget gate", "cell state", "its answer so far")
MAPS = [Zone(LEFT_EDGE, RIGHT_EDGE, y, y + 1.2) for y in (0.2, -1.1, -2.4)]
PER_STEP = 0.09  # seconds
GUIDE = 0.45  # how strong the lines under the marked numbers are
QUIET = 0.45  # how strong a number is that is not marked


class Reading:
    """What an LSTM does while it reads one example of the adding problem.

    Parameters
    ----------
    network : Network
        An LSTM and a dense layer.
    x : array (steps, 2)

    Attributes
    ----------
    values : dict of str to array (steps, units)
        See `engine.analysis.gates.gates`.
    answers : array (steps,)
        What the dense layer makes of the state at each step.
    order : array (units,)
        The cells, those first whose changes of the hidden state move the answer most.
    marked : array of int
        The steps whose numbers are marked.
    """

    def __init__(self, network: Network, x: np.ndarray) -> None:
        self.x = x
        self.values = {name: values[0].astype(np.float64) for name, values in gates(network, x[None]).items()}
        hidden = self.values["hidden_state"]
        self.answers = tail(network, 1).predict(hidden.astype(network.dtype))[:, 0].astype(np.float64)
        weight = np.asarray(network.weights["1.weight"], dtype=np.float64)[:, 0]
        self.order = np.argsort(-np.abs(weight) * np.ptp(hidden, axis=0), kind="stable")
        self.marked = np.flatnonzero(x[:, 1] > 0.5)

    def level(self, gate: str, cell: int) -> tuple[float, float]:
        """How open a gate of a cell is on average at marked steps, and at the others."""
        values = self.values[gate][:, cell]
        at = np.isin(np.arange(len(values)), self.marked)
        return float(values[at].mean()), float(values[~at].mean())


def telling_example(x: np.ndarray) -> int:
    """An example whose two marked numbers are far apart in time, and both far from what one would guess.

    Parameters
    ----------
    x : array (N, steps, 2)
        Of the adding problem.
    """
    count, steps, _ = x.shape
    marks = np.sort(np.argsort(-x[:, :, 1], axis=1, kind="stable")[:, :2], axis=1)
    numbers = x[np.arange(count)[:, None], marks, 0]
    far = np.abs(numbers - 0.5).min(axis=1)
    apart = (np.diff(marks, axis=1)[:, 0] >= steps / 3) & (marks[:, 0] >= steps / 10) & (marks[:, 1] <= 0.9 * steps)
    # both to the same side: the sum is then far from what one would guess, too
    alike = np.sign(numbers[:, 0] - 0.5) == np.sign(numbers[:, 1] - 0.5)
    return int(np.where(apart & alike, far, far - 1).argmax())


def play(stage: Memory) -> None:
    """The task, one cell, all cells."""
    recording = stage.choose(LSTM)
    network = stage.last_network(recording)
    x, y = held_out(recording)
    chosen = telling_example(x)
    reading, total = Reading(network, x[chosen]), float(y[chosen, 0])
    numbers = task(stage, reading, total)
    one_cell(stage, reading, total)
    all_cells(stage, reading)
    stage.fade(leaving=tuple(numbers), seconds=TIMING.quick)


def task(stage: Memory, reading: Reading, total: float) -> VGroup:
    """The row of numbers, two of them marked, and their sum."""
    theme, x = stage.theme, reading.x
    steps = len(x)
    width = INPUT.width / steps
    left = INPUT.left + width * np.arange(steps)
    boxes = np.column_stack([left + 0.1 * width, left + 0.9 * width, np.full(steps, INPUT.bottom),
                             INPUT.bottom + np.maximum(x[:, 0], 0.02) * INPUT.height])  # fmt: skip
    colours = np.tile([*rgb(theme.muted), QUIET], (steps, 1))
    colours[reading.marked] = [*rgb(theme.highlight), 1.0]
    bars = Rectangles(boxes, colours)
    name = written("numbers", (SAFE.left, INPUT.center[1]), LEFT, TEXT.label, theme.muted)
    stage.heading("Long memory")
    stage.caption(f"{steps} numbers, read one by one.\nAdd the {number_word(len(reading.marked), 'marked one')}.")
    stage.fade(bars, name)
    stage.read(TIMING.slow)
    shown = [number_text(float(x[at, 0])) for at in reading.marked]
    stage.caption(f"{' + '.join(shown)} = {number_text(total)}: the first must be kept\n"
                  f"through {int(np.ptp(reading.marked))} steps." if len(shown) == 2 else None)  # fmt: skip
    stage.read(TIMING.slow + TIMING.beat)
    return VGroup(bars, name)


def one_cell(stage: Memory, reading: Reading, total: float) -> None:
    """The cell that matters most: its gates, what it keeps, and the answer so far."""
    theme, cell = stage.theme, int(reading.order[0])
    units = reading.values["cell_state"].shape[1]
    kept = reading.values["cell_state"][:, cell]
    most = max(1e-6, 1.1 * float(np.abs(kept).max()))
    reach = np.concatenate([reading.answers, [0.0, total]])
    room = 0.1 * float(np.ptp(reach))
    half = INPUT.width / len(reading.x) / 2  # a step's value stands under the middle of its number
    zones = [Zone(LEFT_EDGE + half, RIGHT_EDGE - half, *row) for row in ROWS]
    opening, keeping = (reading.values[f"{name}_gate"][:, cell] for name in ("input", "forget"))
    plots = [
        SeriesPlot([Series(opening, theme.text)], zones[0], 0, 1, ticks=(0, 1), theme=theme),
        SeriesPlot([Series(keeping, theme.text)], zones[1], 0, 1, ticks=(0, 1), theme=theme),
        SeriesPlot([Series(kept, theme.text, width=4.0)], zones[2], -most, most, ticks=(0,), theme=theme),
        SeriesPlot([Series(reading.answers, theme.highlight, width=4.0)], zones[3], float(reach.min()) - room,
                   float(reach.max()) + room, ticks=(total,), style=".2f", theme=theme),
    ]  # fmt: skip
    across = [plots[0].place(float(mark), 0)[0] for mark in reading.marked]
    guides = Polylines([np.array([[x, INPUT.bottom - 0.05], [x, zones[-1].bottom]]) for x in across],
                       theme.highlight, 1.5, opacity=0.0)  # fmt: skip
    names = [
        written(name, (SAFE.left, zone.center[1]), LEFT, TEXT.label, theme.muted)
        for name, zone in zip(NAMES, zones, strict=True)
    ]
    steps = len(reading.x)
    stage.heading("One cell of an LSTM")
    stage.caption(f"Of {units} cells, this one moves\nthe answer most.")
    follow(plots, 0.0)
    stage.add_behind(guides)
    stage.fade(*plots, *names)
    stage.play_clock(TIMING.quick, lambda share: guides.set_opacity(GUIDE * share), guides)
    stage.read(TIMING.beat)
    at = 0.0
    opened, shut = reading.level("input_gate", cell)
    for k, mark in enumerate(reading.marked[:2]):
        run(stage, plots, at, float(mark) - 0.5)
        stage.read()
        stage.caption(input_words(opened, shut) if k == 0 else "The second one comes,\nand is added to what was kept.")
        run(stage, plots, float(mark) - 0.5, min(float(mark) + 1.5, steps - 1), slow=8.0)
        stage.read(TIMING.beat)
        at = min(float(mark) + 1.5, steps - 1)
        if k == 0:
            stage.caption(keep_words(reading.level("forget_gate", cell)[1]))
    run(stage, plots, at, steps - 1)
    stage.caption(f"At the end it says {number_text(reading.answers[-1])}.\nThe sum is {number_text(total)}.")
    stage.read(TIMING.slow + TIMING.beat)
    stage.fade(leaving=(*plots, *names, guides), seconds=TIMING.quick)


def input_words(opened: float, shut: float) -> str:
    """What the input gate does at marked numbers."""
    verb = "opens" if opened > shut else "closes"
    return f"At a marked number the input gate {verb}:\n{opened:.2f} there, {shut:.2f} on average elsewhere."


def keep_words(forget: float) -> str:
    """What the forget gate does between them."""
    kept = "the cell keeps what it has" if forget > 0.9 else "that share of the cell stays"
    return f"The forget gate is at {forget:.3f} on average:\n{kept}."


def follow(plots: list[SeriesPlot], step: float) -> None:
    """Show all plots up to a step."""
    for plot in plots:
        plot.set_step(step)


def run(stage: Memory, plots: list[SeriesPlot], start: float, end: float, slow: float = 1.0) -> None:
    """Let the steps pass."""
    if end <= start:
        return
    seconds = max(slow * PER_STEP * (end - start), TIMING.quick)
    stage.play_clock(seconds, lambda share: follow(plots, start + share * (end - start)), *plots, rate_func=linear)


def all_cells(stage: Memory, reading: Reading) -> None:
    """The gates and the states of all cells, those that matter most at the top."""
    theme, order = stage.theme, reading.order
    most = max(1e-6, float(np.abs(reading.values["cell_state"]).max()))
    shown = [("input_gate", brightness_ramp(theme), 0.0), ("forget_gate", brightness_ramp(theme), 0.0),
             ("cell_state", weight_ramp(theme), -most)]  # fmt: skip
    parts = []
    for (name, ramp, low), zone in zip(shown, MAPS, strict=True):
        high = 1.0 if low == 0 else most
        box = np.array([[zone.left, zone.right, zone.bottom, zone.top]])
        values = reading.values[name][:, order].T
        parts.append(Tiles(values[None], box, ramp, low, high))
        at = (SAFE.left, zone.center[1] + 0.3)
        parts.append(written(name.replace("_", " ") + "s", at, LEFT, TEXT.label, theme.muted))
        key = Zone(SAFE.left + 0.05, SAFE.left + 1.75, zone.bottom - 0.1, zone.center[1] + 0.02)
        parts.append(ScaleLegend(ramp, low, high, key, "", ".0f" if low == 0 else ".1f", theme=theme))
    units = len(order)
    stage.heading(f"All {units} cells")
    stage.caption(None)
    stage.caption(f"All {units} cells, a row for each: most gates\nmove where a number is marked."
                  if moving(reading) else f"All {units} cells, a row for each.")  # fmt: skip
    stage.fade(*parts)
    stage.read(2 * TIMING.slow)
    stage.fade(leaving=tuple(parts), seconds=TIMING.quick)


def moving(reading: Reading) -> bool:
    """Whether most input gates are moved more by the marks than by anything else, by their standard deviations."""
    values = reading.values["input_gate"]
    at = np.isin(np.arange(len(values)), reading.marked)
    away = np.abs(values[at] - values[~at].mean(axis=0)).mean(axis=0)
    return bool((away > 2 * values[~at].std(axis=0)).mean() > 0.5)
