"""A plain recurrent layer reads a signal: its state at every step, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.analysis.gates import gates
from engine.analysis.rollout import roll_out
from scenes.memory.roles import SINE
from scenes.memory.telling import arrows, continued, held_out
from scenes.mobjects.legend import ScaleLegend
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.series_plot import Series, SeriesPlot
from scenes.mobjects.tiles import Tiles, weight_ramp
from scenes.mobjects.writing import LEFT, number_text, written
from scenes.numbers import number_word
from scenes.painting.mobject import Painted
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.memory.scene import Memory

WAVE = Zone(-5.9, 5.9, -2.2, -1.0)
STATE = Zone(-5.9, 5.9, -0.25, 1.9)
KEY = Zone(4.2, SAFE.right, 2.65, SAFE.top)
LARGE = Zone(-5.9, 5.9, -1.7, 1.7)
SLOW = 4  # steps that are shown one by one
GOES_ON = 3  # times as far as it has read
ROOM = 1.2  # of the scale above the largest value


def play(stage: Memory) -> None:
    """Read, unroll, answer, go on."""
    recording = stage.choose(SINE)
    network = stage.last_network(recording)
    x, y = held_out(recording)
    seen, states = x[0], gates(network, x[:1])["hidden_state"][0]
    steps, units = states.shape
    high = ROOM * float(np.abs(x).max())
    theme = stage.theme
    wave = SeriesPlot([Series(seen[:, 0], theme.muted)], WAVE, -high, high, steps=steps + 1, theme=theme)
    places = np.array([wave.place(t, seen[t, 0]) for t in range(steps)])
    dots = PointCloud(places, theme.text, 0.07)
    width = 0.5 * WAVE.width / steps
    across = np.array([wave.place(t, 0.0)[0] for t in range(steps)])
    boxes = np.column_stack([across - width / 2, across + width / 2, *np.tile([[STATE.bottom], [STATE.top]], steps)])
    cells = Tiles(states[:, :, None], boxes, weight_ramp(theme), -1.0, 1.0)
    middle, low = STATE.center[1], STATE.bottom
    reads = arrows(places + [0, 0.12], np.column_stack([across, np.full(steps, low - 0.06)]), theme)
    carries = arrows(
        np.column_stack([across[:-1] + width / 2, np.full(steps - 1, middle)]),
        np.column_stack([across[1:] - width / 2, np.full(steps - 1, middle)]),
        theme,
    )
    key = ScaleLegend(weight_ramp(theme), -1.0, 1.0, KEY, "state", "g", theme=theme)

    def show(read: float) -> None:
        """Show what is there after so many steps have been read."""
        done = np.clip(read - np.arange(steps), 0.0, 1.0)
        cells.strengths = np.clip(2 * done - 1, 0.0, 1.0)
        reads.widths[:] = 2.0 * np.clip(2 * done, 0.0, 1.0)
        carries.widths[:] = 2.0 * np.clip(2 * done[1:], 0.0, 1.0)
        dots.radius[:] = 0.07 * np.clip(1 + 3 * done * (1 - done) * 1.5, 1.0, None)

    stage.heading("A memory")
    stage.caption("A signal comes in,\none number after another.")
    wave.set_step(0.0)
    dots.radius[:] = 0.0
    stage.add(wave, dots)

    def come(share: float) -> None:
        wave.set_step(share * (steps - 1))
        dots.radius[:] = 0.07 * (np.arange(steps) <= share * (steps - 1) + 1e-9)

    stage.play_clock(TIMING.slow, come, wave, dots, rate_func=linear)
    show(0.0)
    stage.add(reads, carries, cells)
    stage.read()
    stage.caption(f"A recurrent layer reads one number, and\nkeeps a state of {number_word(units, 'number')}.")
    stage.fade(key, seconds=TIMING.quick)
    first = min(SLOW, steps)
    stage.play_clock(first * TIMING.beat / 2, lambda share: show(1.0 * share), reads, cells, dots, rate_func=linear)
    stage.read(TIMING.beat)
    stage.read()
    stage.caption("The next state comes from the next number\nand from the state before.")
    stage.play_clock(first * TIMING.beat, lambda share: show(1 + (first - 1) * share), reads, carries, cells, dots,
                     rate_func=linear)  # fmt: skip
    stage.play_clock(2 * TIMING.slow, lambda share: show(first + (steps - first) * share), reads, carries, cells, dots,
                     rate_func=linear)  # fmt: skip
    shared = sum(weight.size for name, weight in network.weights.items() if name.startswith("0."))
    stage.heading("Unrolled in time")
    stage.caption(f"Drawn side by side: {steps} layers deep,\nall with the same {shared} parameters.")
    stage.read(2 * TIMING.slow)
    shown = answer(stage, wave, float(network.predict(x[:1])[0, 0]), float(y[0, 0]), across[-1])
    stage.fade(leaving=(wave, dots, cells, reads, carries, key, *shown), seconds=TIMING.quick)
    go_on(stage, high)


def answer(stage: Memory, wave: SeriesPlot, said: float, right: float, x: float) -> tuple[Painted, ...]:
    """What the last state is turned into; gives what it has drawn."""
    theme, steps = stage.theme, wave.steps - 1
    place = wave.place(steps, said)
    truth = PointCloud(wave.place(steps, right)[None], theme.text, 0.11)
    point = PointCloud(place[None], theme.highlight, 0.08)
    arrow = arrows(np.array([[x + 0.05, STATE.bottom - 0.1]]), place[None] + [-0.05, 0.14], theme)
    arrow.set_colours(np.array([rgb(theme.highlight)]))
    stage.caption(f"From the last state it says what is next:\n{number_text(said, '.3f')}. "
                  f"It is {number_text(right, '.3f')}.")  # fmt: skip
    stage.fade(arrow, truth, point)
    stage.read(TIMING.slow + TIMING.beat)
    return arrow, truth, point


def go_on(stage: Memory, high: float) -> None:
    """It reads its own answers."""
    recording, theme = stage.recording, stage.theme
    network = stage.last_network(recording)
    x, _ = held_out(recording)
    seen = x[0, :, 0]
    count = GOES_ON * len(seen)
    said = roll_out(network, x[:1], count)[0, :, 0]
    truth = continued(recording, x[0], count)
    start = len(seen) - 1
    series = [Series(seen, theme.text)]
    entries = [("what it has read", theme.text)]
    if truth is not None:
        series.append(Series(np.concatenate([seen[-1:], truth]), theme.muted, start, 8.0))
        entries.append(("how it goes on", theme.muted))
    series.append(Series(np.concatenate([seen[-1:], said]), theme.highlight, start))
    entries.append(("what it says", theme.highlight))
    plot = SeriesPlot(series, LARGE, -high, high, ticks=(0.0,), theme=theme)
    plot.set_step(start)
    names = [
        written(name, (LARGE.left + 3.6 * k, 2.35), LEFT, TEXT.label, colour)
        for k, (name, colour) in enumerate(entries)
    ]
    stage.heading("By itself")
    stage.caption("Now it reads its own answers,\nand goes on by itself.")
    stage.fade(plot, *names)
    last = plot.steps - 1
    stage.play_clock(3 * TIMING.slow, lambda share: plot.set_step(start + share * (last - start)), plot,
                     rate_func=linear)  # fmt: skip
    if truth is not None:
        off = float(np.abs(said - truth).max())
        stage.caption(f"In {count} steps it is never off\nby more than {number_text(off, '.1g')}.")
    else:
        stage.caption(f"These are {count} steps of its own.")
    stage.read(TIMING.slow + TIMING.beat)
