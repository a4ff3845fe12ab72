"""Dropout: the neurons that were switched off in each step, and what it is good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.analysis.dropout import dropout_mask
from engine.errors import RenderError
from scenes.mobjects.function_plot import FunctionPlot
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.writing import RIGHT, written
from scenes.overfit.held_out import course, examples, measured
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

NEURONS = Zone(SAFE.left, 0.0, -1.9, 1.95)
CURVES = Zone(0.7, SAFE.right, -2.35, 2.2)
PLANES = (Zone(-5.4, -0.9, -2.35, 2.15), Zone(0.9, 5.4, -2.35, 2.15))
SLOW, FAST = 8, 24  # steps that are shown one by one, and how many follow quickly
SLOW_SECONDS, FAST_SECONDS = 0.7, 6.0
GROWING, CHANGES = 7.0, 4  # seconds in which the losses grow, and masks a second meanwhile


class Switches(PointCloud):
    """The neurons of some layers as squares of discs: bright where they take part in a step, hollow where not.

    Parameters
    ----------
    recording : Recording
        With dropout layers.
    zone : Zone
    """

    def __init__(self, recording: Recording, zone: Zone, stage: Stage) -> None:
        self.recording, self.network = recording, recording.build_network()
        layers = recording.network_config["layers"]
        self.layers = [k for k, layer in enumerate(layers) if layer["type"] == "dropout"]
        if not self.layers:
            raise RenderError(f"the dropout of {recording.name} cannot be shown: it has no layer of type 'dropout'")
        self.sizes = [int(np.prod(self.network.layer_shapes[k])) for k in self.layers]
        self.rates = [float(layers[k]["rate"]) for k in self.layers]
        side = (zone.width - 0.5 * (len(self.sizes) - 1)) / len(self.sizes)
        self.squares = []
        places = []
        for k, size in enumerate(self.sizes):
            columns = int(np.ceil(np.sqrt(size)))
            gap = min(side / columns, zone.height / columns)
            row, column = np.divmod(np.arange(size), columns)
            left, top = zone.left + k * (side + 0.5), zone.center[1] + gap * columns / 2
            places.append(np.column_stack([left + gap * (column + 0.5), top - gap * (row + 0.5)]))
            self.squares.append(Zone(left, left + gap * columns, top - gap * columns, top))
        radius = 0.36 * gap
        ground, bright = np.array(rgb(stage.theme.background)), np.array(rgb(stage.theme.activation))
        self.off, self.on = 0.88 * ground + 0.12 * bright, bright
        super().__init__(np.concatenate(places), stage.theme.activation, radius)
        self.full = self.radius.copy()

    def set_step(self, step: int) -> Switches:
        """Show which neurons took part in an optimisation step, for the first example of its batch."""
        seed = self.recording.training["seed"]
        masks = [dropout_mask(self.network, step, 1, layer, seed=seed).ravel() for layer in self.layers]
        return self.show(np.concatenate(masks))

    def show(self, present: np.ndarray) -> Switches:
        """Show which neurons take part, (N,) bool."""
        self.present = np.asarray(present, bool)
        self.set_colours(np.where(self.present[:, None], self.on, self.off))
        self.radius = np.where(self.present, self.full, 0.8 * self.full)
        return self


class DropoutPart:
    """Masks as they were drawn, the losses with and without, and the two boundaries."""

    def __init__(self, stage: Stage, plain: Recording, dropped: Recording) -> None:
        self.stage, self.theme = stage, stage.theme
        self.plain, self.dropped = plain, dropped
        self.switches = Switches(dropped, NEURONS, stage)
        self.steps_an_epoch = -(-len(dropped.data.x) // (dropped.training["batch_size"] or len(dropped.data.x)))

    def tell(self) -> None:
        self.blink()
        self.compare_losses()
        self.compare_boundaries()

    def blink(self) -> None:
        """Step by step, then faster."""
        stage, theme, switches = self.stage, self.theme, self.switches
        names = [
            written(f"layer {k + 1}: {size} neurons", (square.center[0], square.top + 0.3), color=theme.muted)
            for k, (size, square) in enumerate(zip(switches.sizes, switches.squares, strict=True))
        ]  # fmt: skip
        self.names = names
        rate = switches.rates[0]
        share = "half of them" if rate == 0.5 else f"{rate:.0%} of them"
        stage.heading("Dropout")
        stage.caption("Here is the huge network again,\nits hidden neurons as dots.")
        switches.show(np.ones(len(switches.full), bool))
        self.homes = [(mobject, mobject.points.copy()) for mobject in (switches, *names)]
        self.aside(0.0)
        stage.fade(switches, *names)
        stage.wait(TIMING.slow)
        stage.caption(f"Dropout: in each step about {share}\nare switched off by lot.")
        self.step = stage.readout("step", ",d", self.steps_an_epoch * self.dropped.epochs[-1])

        def one_by_one(passed: float) -> None:
            self.at_step(1 + min(int(passed * SLOW), SLOW - 1))

        stage.play_clock(SLOW * SLOW_SECONDS, one_by_one, switches, self.step, rate_func=linear)
        stage.caption("No neuron can rely on another: it may\nnot be there the next time.")

        def faster(passed: float) -> None:
            self.at_step(SLOW + 1 + min(int(passed * FAST), FAST - 1))

        stage.play_clock(FAST_SECONDS, faster, switches, self.step, rate_func=linear)

    def aside(self, share: float) -> None:
        """Stand in the middle of the frame (0) or at the left (1)."""
        for mobject, home in self.homes:
            mobject.points[:] = home - [NEURONS.center[0] * (1 - share), 0.0, 0.0]

    def at_step(self, step: int) -> None:
        """Show one optimisation step."""
        self.switches.set_step(step)
        self.step.set_value(step)

    def compare_losses(self) -> None:
        """The losses on the data held out, with and without, while the masks go on."""
        stage, theme = self.stage, self.theme
        courses = [course(recording) for recording in (self.plain, self.dropped)]
        last = float(min(epochs[-1] for epochs, _ in courses))
        highest = 1.1 * max(float(values[epochs <= last].max()) for epochs, values in courses)
        top = np.floor(highest * 5) / 5
        plot = FunctionPlot((0.0, last), (0.0, highest), CURVES, (0, last / 2), (0, top / 2, top), "epoch",
                            "loss on data held out", theme=theme)  # fmt: skip
        self.plot, self.courses = plot, courses
        kept = np.linspace(0.0, last, 251)
        values = [np.interp(kept, *pair) for pair in courses]
        self.lines = Polylines(
            np.full((2, len(kept), 2), np.nan), np.array([rgb(theme.text), rgb(theme.accuracy)]), 3.5
        )
        self.drawn = [plot.places(kept, each) for each in values]
        steps = self.steps_an_epoch

        def grow(share: float) -> None:
            epoch = last * share
            # a new mask in every frame would flicker
            shown = last * int(share * GROWING * CHANGES) / (GROWING * CHANGES)
            self.at_step(max(1, int(shown * steps)))
            self.lines.set_lines([np.where((kept <= epoch + 1e-9)[:, None], line, np.nan) for line in self.drawn])

        stage.caption("So it goes on, to the last step.\nMeanwhile, at each epoch’s end:")
        stage.play_clock(TIMING.beat, self.aside, self.switches, *self.names)
        stage.fade(plot, seconds=TIMING.quick)
        stage.play_clock(GROWING, grow, self.lines, self.switches, self.step)
        ends = [measured(recording, "val_loss", int(last)) for recording in (self.plain, self.dropped)]
        names = []
        for line, end, name, colour in zip(self.drawn, ends, ("without", "with dropout"), (theme.text, theme.accuracy),
                                           strict=True):  # fmt: skip
            over = 0.3 if end == max(ends) else -0.32
            near = line[-40:, 1].max() if over > 0 else line[-60:, 1].min()
            names.append(written(name, (plot.plot.right - 0.05, near + over), RIGHT, TEXT.small, colour))
        stage.fade(*names, seconds=TIMING.quick)
        stage.caption(f"With dropout the loss ends at {ends[1]:.2f},\nwithout it at {ends[0]:.2f}.")
        stage.wait(2 * TIMING.slow)
        stage.fade(leaving=(self.switches, *self.names, plot, self.lines, *names, self.step))
        stage.clear_readouts()

    def compare_boundaries(self) -> None:
        """The boundaries at the end, side by side, with the points that were held out."""
        stage = self.stage
        panels, counts = [], []
        for recording, zone, name in zip((self.plain, self.dropped), PLANES, ("without", "with dropout"), strict=True):
            network = recording.network()
            held_out = examples(recording)
            panel = PlanePanel(recording, zone, network, name, 0.06, 160, examples=held_out, theme=self.theme)
            wrong = mistakes(network, *held_out)
            panel.ring(wrong)
            counts.append(int(wrong.sum()))
            panels.append(panel)
        self.panels, self.counts = panels, counts
        stage.heading("With all neurons again")
        stage.caption("Trained, all neurons answer together.\nThese points were held out.")
        stage.fade(*panels)
        stage.wait(TIMING.slow + TIMING.beat)
        total = len(examples(self.plain)[0])
        stage.caption(f"Without dropout {counts[0]} of {total} are wrong,\nwith it {counts[1]}.")
        stage.wait(2 * TIMING.slow)
