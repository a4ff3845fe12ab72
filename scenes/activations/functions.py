"""The functions themselves, each with its slope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.activations import ACTIVATIONS
from engine.analysis.slopes import values_and_slopes
from scenes.mobjects.function_plot import FunctionPlot
from scenes.mobjects.legend import Legend
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.text import Formula
from scenes.theme import SAFE, TEXT, TIMING, Zone, rgb

if TYPE_CHECKING:
    from scenes.stage import Stage

NAMES = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "elu": "ELU", "gelu": "GELU",
         "silu": "SiLU"}  # fmt: skip
TITLES = {"step": "Step", "sigmoid": "Sigmoid"}
REACH, LOW, HIGH = 3.0, -1.2, 2.6  # of the axes
FAR = 2.3  # how far the sum slides to each side
LEFT_PLOT, RIGHT_PLOT = Zone(SAFE.left, -0.35, -2.4, 2.45), Zone(0.35, SAFE.right, -2.4, 2.45)
TANGENT = 0.55  # half its length, in scene units
HALF = 300  # samples on each side of zero

# What is shown one after the other: the function, its formula, and what is said before and after the sum has slid.
TOLD = (
    ("step", 'f(z) = 1 "if" z > 0, med "else" 0',
     "The oldest is a step: above zero\nthe neuron fires, else it does not.",
     "Its slope is zero on both sides.\nHold on to that: it will matter."),
    ("sigmoid", "f(z) = 1 slash (1 + e^(-z))", "The sigmoid is a softened step.\nNow there is a slope.",
     "It is steepest in the middle, {peak:g},\nand flat far out."),
    ("tanh", "f(z) = tanh z", "tanh runs from −1 to 1,\nwith zero in the middle.",
     "It is steeper, up to {peak:g},\nand flat far out as well."),
    ("relu", "f(z) = max(z, 0)", "ReLU passes on what is positive,\nand of the rest nothing.",
     "Its slope is {peak:g} on one side,\nhowever far out, and 0 on the other."),
)  # fmt: skip


def samples() -> np.ndarray:
    """Sums (2 HALF + 1,) with a gap at zero, where a step jumps."""
    right = np.linspace(0.0, REACH, HALF)
    right[0] = 1e-9
    return np.concatenate([-right[::-1], [np.nan], right])


def course(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A function's values and slopes at sums, NaN where those are."""
    there = np.isfinite(z)
    values, slopes = np.full(len(z), np.nan), np.full(len(z), np.nan)
    values[there], slopes[there] = values_and_slopes(name, z[there])
    return values, slopes


class FunctionsPart:
    """One function after the other, with a sum that slides along and the slope that it meets.

    Parameters
    ----------
    stage : Stage
    chosen : sequence of str, optional
        Which of those in `TOLD`; by default all, and the whole family after them.
    """

    def __init__(self, stage: Stage, chosen: Sequence[str] | None = None) -> None:
        self.told = TOLD if chosen is None else tuple(each for name in chosen for each in TOLD if each[0] == name)
        self.is_whole = chosen is None
        theme = self.theme = stage.theme
        self.stage = stage
        axes: dict[str, Any] = {
            "x": (-REACH, REACH), "y": (LOW, HIGH), "x_ticks": (-2, 0, 2), "y_ticks": (-1, 0, 1, 2), "equal": True,
        }  # fmt: skip
        self.left = FunctionPlot(**axes, zone=LEFT_PLOT, x_name="sum", y_name="what the neuron passes on", theme=theme)
        self.right = FunctionPlot(**axes, zone=RIGHT_PLOT, x_name="sum", y_name="its slope", theme=theme)
        self.z = samples()
        nothing = np.full((1, len(self.z), 2), np.nan)
        self.curve = Polylines(nothing, theme.text, 4.0)
        self.trace = Polylines(nothing, theme.highlight, 4.0)
        self.tangent = Polylines(np.full((1, 2, 2), np.nan), theme.highlight, 3.0)
        self.dots = PointCloud(np.zeros((2, 2)), theme.highlight, 0.1)
        self.name = self.told[0][0]
        self.numbers = [
            stage.readout(name, ".2f", -9.99, color=colour)
            for name, colour in (("sum", theme.text), ("passed on", theme.text), ("slope", theme.highlight))
        ]
        for number in self.numbers:
            number.set_opacity(0.0)

    def tell(self) -> None:
        """The chosen ones, then the whole family if they are all."""
        stage = self.stage
        stage.heading("Activation functions")
        stage.caption("A neuron adds up. Its activation function\ndecides what it passes on.")
        stage.fade(self.left, self.right)
        stage.wait(TIMING.slow + TIMING.beat)
        for k, (name, formula, before, after) in enumerate(self.told):
            values, slopes = course(name, self.z)
            stage.heading(TITLES.get(name, NAMES.get(name, name)), Formula(formula, TEXT.detail, self.theme.muted))
            stage.caption(before)
            self.change(course(self.name, self.z)[0], values, first=k == 0)
            self.name = name
            stage.wait(TIMING.hold if k else TIMING.beat)
            self.slide(values, slopes)
            stage.caption(after.format(peak=round(float(np.nanmax(slopes)), 2)))
            stage.wait(TIMING.slow + TIMING.quick)
        stage.fade(leaving=(self.left, self.right, self.curve, self.trace, self.tangent, self.dots, *self.numbers))
        stage.clear_readouts()
        if self.is_whole:
            self.family()

    def change(self, old: np.ndarray, new: np.ndarray, first: bool) -> None:
        """One curve becomes the next, while the slope that was traced goes."""
        dots = self.dots.opacity

        def show(share: float) -> None:
            mixed = old + (new - old) * share
            self.curve.set_lines(self.left.curve(self.z, mixed)[None])
            self.curve.set_opacity(share if first else 1.0)
            for leaving in (self.trace, self.tangent, self.dots, *self.numbers):
                leaving.set_opacity(0.0 if first else dots * (1 - share))

        moved = (self.curve, self.trace, self.tangent, self.dots, *self.numbers)
        self.stage.play_clock(TIMING.beat, show, *moved)

    def slide(self, values: np.ndarray, slopes: np.ndarray) -> None:
        """The sum runs from left to right; its slope is drawn as it goes."""
        for mobject in (self.trace, self.tangent, self.dots, *self.numbers):
            mobject.set_opacity(1.0)
        whole = self.right.curve(self.z, slopes)

        def show(share: float) -> None:
            self.at(-FAR + 2 * FAR * share)
            passed = np.where((self.z <= self.sum)[:, None], whole, np.nan)
            self.trace.set_lines(passed[None])

        self.stage.play_clock(2 * TIMING.slow, show, self.trace, self.tangent, self.dots, *self.numbers)

    def at(self, z: float) -> None:
        """Put the sum somewhere."""
        (value,), (slope,) = values_and_slopes(self.name, [z])
        self.sum, self.value, self.slope = z, float(value), float(slope)
        here = self.left.place(z, self.value)
        along = np.array([1.0, self.slope]) / np.hypot(1.0, self.slope) * TANGENT
        self.tangent.set_lines(np.array([[here - along, here + along]]))
        self.dots.set_positions(np.array([here, self.right.place(z, self.slope)]))
        for number, shown in zip(self.numbers, (z, self.value, self.slope), strict=True):
            number.set_value(shown + 0.0 if abs(shown) >= 0.005 else 0.0)

    def family(self) -> None:
        """All functions of single numbers that the engine has, small, side by side."""
        stage, theme = self.stage, self.theme
        names = [name for name, activation in ACTIVATIONS.items() if activation.rows is None]
        stage.heading("The whole family")
        stage.caption("Leaking, smooth, in between: each\nhas been found useful somewhere.")
        columns = -(-len(names) // 2)
        width, height = SAFE.width / columns, 2.45
        self.plots, curves = [], []
        for k, name in enumerate(names):
            left, top = SAFE.left + width * (k % columns), 2.6 - height * (k // columns) * 1.03
            zone = Zone(left + 0.12, left + width - 0.12, top - height + 0.15, top)
            plot = FunctionPlot((-REACH, REACH), (-1.3, 2.6), zone, (0,), (0,), "", NAMES.get(name, name),
                                numbers=False, equal=True, theme=theme)  # fmt: skip
            values, slopes = course(name, self.z)
            lines = np.stack([plot.curve(self.z, slopes), plot.curve(self.z, values)])
            curves.append(Polylines(lines, np.array([rgb(theme.highlight), rgb(theme.text)]), 2.5))
            self.plots.append(plot)
        entries = [(theme.text, "function"), (theme.highlight, "slope")]
        key = Legend(entries, (5.2, SAFE.top), theme=theme)
        stage.fade(*self.plots, *curves, key)
        stage.wait(2 * TIMING.slow)
