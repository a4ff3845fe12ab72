"""One task, learned by networks of more and more layers, plain and with ways round them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from scenes.courses import all_hold_out, course
from scenes.depth.chart import DepthChart
from scenes.depth.ways_round import weighted_layers
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import outlines
from scenes.mobjects.still import Still
from scenes.mobjects.writing import CENTER, LEFT, RIGHT, written
from scenes.numbers import cardinal, counted, share_text
from scenes.replay import Replay, common_pace
from scenes.stage import Stage
from scenes.subtitles import LINE_LENGTH
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.recording import Recording

# The task, and beside it the networks
TASK = Zone(SAFE.left, SAFE.left + 3.5, -1.75, 1.75)
NETWORKS = Zone(-2.65, SAFE.right, -2.35, 2.5)
LABEL = 1.3  # room for "8 layers" before a diagram
APART = 0.5  # between diagrams beside one another
ARCS = 0.55  # room above a diagram for the ways round its layers
FLAT = 0.25  # of that, what the ways round of short blocks leave free

# The planes, a row for each kind
SIDE, STEP, LEFTMOST = 1.75, 1.93, SAFE.left + 1.4
TITLES = 2.47  # over the columns
TOPS = (2.2, -0.08)  # of the rows
UNDER, LINE, RADIUS = 0.25, 0.36, 0.024
ROW_NAMES = (("plain",), ("with ways", "round"))
VERDICTS = ("Plain", "With ways round")
CHART = Zone(2.75, SAFE.right, -2.35, 2.45)
SECONDS = 14.0
MOST = 99  # layers, of which captions can speak


class LayersPart:
    """The networks as diagrams, then all of their trainings on one counter, then what depth did.

    Parameters
    ----------
    stage : Stage
    plain, residual : sequence of Recording
        By depth, as many of one kind as of the other, of networks of two features. The first may be the same in both.
    """

    def __init__(self, stage: Stage, plain: Sequence[Recording], residual: Sequence[Recording]) -> None:
        theme = self.theme = stage.theme
        self.stage, self.rows = stage, (list(plain), list(residual))
        self.depths = [hidden_layers(recording) for recording in plain]
        self.colours = (theme.text, theme.accuracy)
        everything = [recording for row in self.rows for recording in row]
        self.held_out = all_hold_out(everything, "accuracy")
        self.courses = [[course(recording, "accuracy", self.held_out) for recording in row] for row in self.rows]
        self.replays = [[Replay(recording) for recording in row] for row in self.rows]
        self.pace = common_pace([replay.pace() for row in self.replays for replay in row])
        self.last = int(max(epochs[-1] for row in self.courses for epochs, _ in row))

    # --- the networks -------------------------------------------------------------------------------------------------

    def tell(self) -> None:
        self.show_networks()
        self.train()
        self.conclude()

    def show_networks(self) -> None:
        """The task, and the diagrams one by one; then the ways round their layers."""
        stage, theme, data = self.stage, self.theme, self.rows[0][0].data
        stage.heading("The same task, more layers")
        kinds = cardinal(len(data.class_names))
        stage.caption(f"{len(data.x):,} points of {kinds} kinds:\nof which kind is each?")
        task = PlanePanel(self.rows[0][0], TASK, radius=0.045, outlined=False, theme=theme)
        stage.fade(task)
        stage.wait(TIMING.hold)
        *shallower, deepest = map(str, self.depths)
        stage.caption(f"Networks of {', '.join(shallower)} and {deepest} hidden layers learn to tell them apart.")
        zones = self.places()
        self.diagrams = [
            [NetworkDiagram(recording.network(recording.epochs[0]), zone, names="none", theme=theme)
             for recording, zone in zip(row, self.zones_of(row, zones), strict=True)]
            for row in self.rows
        ]  # fmt: skip
        labels = [self.label(depth, zone) for depth, zone in zip(self.depths, zones, strict=True)]
        for diagram, label in zip(self.diagrams[0], labels, strict=True):
            stage.fade(diagram, label)
            stage.wait(TIMING.quick)
        stage.read(TIMING.beat)
        stage.caption(f"The same, but with ways round the layers:\nwhat comes in can {self.passing}.")
        for plain, residual in zip(*self.diagrams, strict=True):
            stage.fade(residual)
            stage.remove(plain)
        stage.read(TIMING.beat)
        if alike := self.alike():
            stage.caption(alike)
            stage.read(TIMING.slow)
        gone = [leaf for diagram in self.diagrams[1] for leaf in diagram.submobjects]
        stage.caption(None)
        stage.fade(leaving=[*gone, *labels, *task.submobjects], seconds=TIMING.quick)
        stage.remove(task, *self.diagrams[1])

    def places(self) -> list[Zone]:
        """Where the diagrams go, side by side as far as there is room, with the same steps from layer to layer."""
        step = (NETWORKS.width - LABEL) / (max(self.depths) + 1)
        rows: list[list[float]] = [[]]
        x = NETWORKS.left
        for depth in self.depths:
            width = LABEL + step * (depth + 1)
            if rows[-1] and x + width > NETWORKS.right + 1e-9:
                rows.append([])
                x = NETWORKS.left
            rows[-1].append(x + LABEL)
            x += width + APART
        height = NETWORKS.height / len(rows)
        tops = [NETWORKS.top - height * k for k, row in enumerate(rows) for _ in row]
        lefts = [left for row in rows for left in row]
        return [
            Zone(left, left + step * (depth + 1), top - height + FLAT, top - ARCS + FLAT)
            for left, top, depth in zip(lefts, tops, self.depths, strict=True)
        ]

    def zones_of(self, row: Sequence[Recording], zones: Sequence[Zone]) -> list[Zone]:
        """Zones for the diagrams of a row, so that neurons of both rows stand in the same places."""
        blocks = [any(layer["type"] == "residual" for layer in each.network_config["layers"]) for each in row]
        return [
            Zone(zone.left, zone.right, zone.bottom, zone.top + (ARCS if has else 0.0))
            for zone, has in zip(zones, blocks, strict=True)
        ]

    def label(self, depth: int, zone: Zone) -> Still:
        """The number of layers before a diagram."""
        return written(counted(depth, "layer"), (zone.left - 0.2, zone.center[1]), RIGHT, TEXT.small, self.theme.text)

    @property
    def passing(self) -> str:
        """What the ways round do to what comes in."""
        names = [name for recording in self.rows[1] for name in recording.network().weights]
        return "pass them by" if any(name.endswith("projection") for name in names) else "pass unchanged"

    def alike(self) -> str:
        """What the networks of a pair have in common; empty if nothing is worth saying."""
        pairs = [pair for pair in zip(*self.rows, strict=True) if pair[0] is not pair[1]]
        starts = [[recording.parameters(recording.epochs[0]) for recording in pair] for pair in pairs]
        lines = []
        if len(pairs) < len(self.depths):
            lines.append("The smallest has nothing to go round.")
        if all(np.array_equal(one, other) for one, other in starts):
            lines.append("Each pair begins with the same weights.")
        return "\n".join(lines)

    # --- their trainings ----------------------------------------------------------------------------------------------

    def train(self) -> None:
        """A plane for each, all on one counter, and the chart that goes with them."""
        stage, theme = self.stage, self.theme
        self.build_planes()
        self.chart = DepthChart(self.depths, self.colours, CHART, theme)
        self.epoch = stage.readout("epoch", ",d", self.last)
        stage.remove(self.epoch)
        self.set_moment(0.0)
        trainings = [recording.training for row in self.rows for recording in row]
        how = "are trained alike" if all(each == trainings[0] for each in trainings) else "learn"
        stage.caption(f"All {how}, on one counter.\nThe regions are what each one answers.")
        planes = [panel for row in self.panels for panel in row]
        values = [value for row in self.values for value in row]
        stage.fade(*planes, *self.titles, *values, self.epoch)
        stage.read(TIMING.slow)
        which = "that were held out" if self.held_out else "that they learn from"
        stage.caption(f"The chart: right answers by depth,\non the points {which}.")
        stage.fade(self.chart)
        stage.read(TIMING.beat)
        moved = (*planes, *values, self.chart, self.epoch)
        half = self.pace.moment(0.5)
        stage.play_clock(
            SECONDS / 2, lambda share: self.set_moment(self.pace.moment(share / 2)), *moved, rate_func=linear
        )
        plain, residual = (share_text(float(row[-1])) for row in self.shares(int(half + 1e-9)))
        stage.caption(
            f"After epoch {int(half + 1e-9):,}, {self.depths[-1]} layers:\nplain {plain}, with ways round {residual}."
        )
        stage.play_clock(
            SECONDS / 2, lambda share: self.set_moment(self.pace.moment((1 + share) / 2)), *moved, rate_func=linear
        )

    def build_planes(self) -> None:
        """The planes with their titles and numbers."""
        theme = self.theme
        self.panels: list[list[PlanePanel]] = []
        self.values: list[list[Readout]] = []
        self.titles = [
            written(counted(depth, "layer"), (LEFTMOST + STEP * k + SIDE / 2, TITLES), CENTER, TEXT.small, theme.muted)
            for k, depth in enumerate(self.depths)
        ]
        for number, (row, replays, top) in enumerate(zip(self.rows, self.replays, TOPS, strict=True)):
            colour, lines = self.colours[number], ROW_NAMES[number]
            self.panels.append([])
            self.values.append([])
            for k, (recording, replay) in enumerate(zip(row, replays, strict=True)):
                left = LEFTMOST + STEP * k
                zone = Zone(left, left + SIDE, top - SIDE, top)
                panel = PlanePanel(
                    recording, zone, replay.network_at(replay.first), radius=RADIUS, line_width=2.5, outlined=False,
                    theme=theme,
                )  # fmt: skip
                self.panels[-1].append(panel)
                value = Readout("", "100%", "g", "00.0%", TEXT.small, colour, theme.muted)
                self.values[-1].append(value.move_to([zone.center[0], zone.bottom - UNDER, 0]))
            for k, line in enumerate(lines):
                y = top - SIDE / 2 - LINE * (k - (len(lines) - 1) / 2)
                self.titles.append(written(line, (SAFE.left, y), LEFT, TEXT.small, colour))

    def shares(self, moment: float) -> np.ndarray:
        """How much is right at a moment, in epochs, (rows, depths)."""
        return np.array([[np.interp(moment, *each) for each in row] for row in self.courses])

    def set_moment(self, moment: float) -> None:
        """Show all as they are at a moment, in epochs; one that has ended stays."""
        over = int(moment + 1e-9)
        shares = self.shares(over)
        for panels, values, replays, row in zip(self.panels, self.values, self.replays, shares, strict=True):
            for panel, value, replay, share in zip(panels, values, replays, row, strict=True):
                panel.set_network(replay.network_at(min(moment, replay.last)))
                value.set_value(share_text(float(share)))
        self.chart.set_values(self.shares(moment))
        self.epoch.set_value(over)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def conclude(self) -> None:
        """Which depth did best in each row, and the two deepest beside each other."""
        stage = self.stage
        self.results = self.shares(self.last)
        told = [verdict(name, self.depths, row) for name, row in zip(VERDICTS, self.results, strict=True)]
        stage.caption("\n".join(told))
        stage.read(2 * TIMING.slow)
        boxes = [row[-1].zone for row in self.panels]
        self.marks = Polylines(
            outlines(np.array([[box.left, box.right, box.bottom, box.top] for box in boxes])), self.theme.highlight, 4.0
        )
        plain, residual = (share_text(float(row[-1])) for row in self.results)
        stage.caption(f"{self.depths[-1]} layers, plain: {plain}.\nWith ways round: {residual}.")
        stage.fade(self.marks)
        stage.read(2 * TIMING.slow)


def verdict(name: str, depths: Sequence[int], shares: np.ndarray) -> str:
    """Which depth does best, in a sentence; what is written alike counts as equal."""
    texts = [share_text(float(share)) for share in shares]
    best = [depth for depth, text in zip(depths, texts, strict=True) if text == texts[int(np.argmax(shares))]]
    deepest = depths[-1]
    if len(best) == len(depths):
        return f"{name}, all depths do alike."
    do = "does" if best[0] == 1 else "do"
    if best == [deepest]:
        number, rest = deepest, "do best"
    elif deepest in best:
        number, rest = deepest, f"do no better than {best[0]}"
    else:
        number, rest = best[0], f"{do} best; {deepest} do worse"
    full = f"{name}, {counted(number, 'layer')} {rest}."
    return full if len(full) <= LINE_LENGTH else f"{name}, {number} {rest}."


def hidden_layers(recording: Recording) -> int:
    """How many layers with weights come before the last one."""
    return weighted_layers(recording.network()) - 1


def fault_of(rows: Sequence[Sequence[Recording]]) -> str | None:
    """None if two rows of recordings can be told of, else a sentence that says why not."""
    first = rows[0][0]
    for recording in (recording for row in rows for recording in row):
        if tuple(recording.network_config["input_shape"]) != (2,):
            return f"depth shows layers by classifiers of 2 features: {recording.name} is none"
        if not np.array_equal(recording.data.x, first.data.x) or not np.array_equal(recording.data.y, first.data.y):
            return f"depth shows layers by one task: {recording.name} and {first.name} have different data"
    depths, others = ([hidden_layers(recording) for recording in row] for row in rows)
    if depths != others:
        return f"depth shows pairs of networks with as many layers: these have {depths} and {others}"
    if sorted(set(depths)) != depths or depths[0] < 1 or depths[-1] > MOST:
        return f"depth shows more and more layers, up to {MOST}: these have {', '.join(map(str, depths))}"
    return None
