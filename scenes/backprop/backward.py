"""Backward: the gradients of the loss, from the output to the first weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.animations.propagating import PropagateGradients
from scenes.backprop.forward import PANEL
from scenes.mobjects.diagram_signals import drawn_weights
from scenes.mobjects.still import Still
from scenes.mobjects.writing import number_text, written
from scenes.theme import TEXT, TIMING

if TYPE_CHECKING:
    from scenes.backprop.scene import Backprop

SLOW, QUICK = 2.2, 0.7  # seconds for an edge
SLOW_EDGES = 2  # of each link that are told slowly


def backward(stage: Backprop) -> None:
    """From the loss back to every weight."""
    stage.heading("Backward")
    stage.show_values()
    stage.say_loss()
    stage.caption("Which way should each weight go?\nFollow the loss back, layer by layer.")
    if not stage.are_legible:
        stage.play(PropagateGradients(stage.diagram, stage.gradients, stage.signals, run_time=6.0))
        stage.caption("The larger a gradient, the more\nthat weight has to do with the loss.")
        stage.wait(TIMING.slow + TIMING.quick)
        return
    for link in range(len(stage.diagram.plan.links)):
        for edge in range(stage.diagram.sizes[link]):
            stage.numbers.between[link][edge].set_opacity(0.0)
    stage.read(TIMING.beat)
    last = len(stage.diagram.plan.links)
    for column in range(last, 0, -1):
        show_deltas(stage, column)
        show_edges(stage, column - 1)
    stage.caption("Each weight and bias has its gradient now:\nhow the loss changes if it grows.")
    stage.read(TIMING.beat)


def delta(stage: Backprop, column: int) -> np.ndarray:
    """The gradients with respect to the sums of a column's neurons, (S,)."""
    return np.asarray(stage.gradients.values[column].ravel(), dtype=np.float64)


def show_deltas(stage: Backprop, column: int) -> None:
    """The gradients of the neurons' sums: at the output from the loss, before it from the neurons behind."""
    values = delta(stage, column)
    is_last = column == len(stage.diagram.plan.links)
    if is_last:
        stage.caption("At the output: how the loss changes\nif the neuron’s sum grows.")
    else:
        stage.caption("A neuron’s share comes back to it\nthrough its weights, times its slope.")
    for node, value in enumerate(values):
        lines = output_lines(stage, node) if is_last else hidden_lines(stage, column, node)
        panel = panel_of(stage, lines)
        show_delta(stage, column, node, float(value), panel)
        stage.read(TIMING.beat)
        stage.remove(*panel)


def show_delta(stage: Backprop, column: int, node: int, value: float, panel: list[Still]) -> None:
    """Write the gradient above a neuron, and beside the network how it comes about."""

    def show(share: float) -> None:
        stage.numbers.set_above(column, node, value, share)
        for line in panel:
            line.set_opacity(min(1.0, 4 * share))

    stage.play_clock(TIMING.quick, show, stage.numbers, *panel)


def output_lines(stage: Backprop, node: int) -> list[str]:
    """How the gradient of an output's sum comes about, where it is the difference to the target; else its value."""
    step, value = stage.step, float(delta(stage, len(stage.diagram.plan.links))[node])
    answer, target = float(step.outputs(step.before)[node]), float(step.target[node])
    if abs(answer - target - value) < 1e-5:
        return [
            "gradient at the output",
            "answer − target",
            f"{text(answer)} − {text(target)} {equals(answer - target, value, answer, target)} {text(value)}",
        ]
    return ["gradient at the output", "", text(value)]


def hidden_lines(stage: Backprop, column: int, node: int) -> list[str]:
    """How the gradient of a hidden neuron's sum comes about: weights times gradients behind it, times its slope."""
    plan = stage.diagram.plan
    part = plan.columns[column].part
    assert part is not None
    weights = drawn_weights(stage.step.network, plan)[column]
    pairs = plan.links[column].pairs
    behind = delta(stage, column + 1)
    value = float(delta(stage, column)[node])
    terms = [(float(weights[edge]), float(behind[pairs[edge, 1]])) for edge in np.flatnonzero(pairs[:, 0] == node)]
    arrives = float(stage.step.before.outputs[part.name].ravel()[plan.columns[column].numbers[node]])
    slope = value / arrives if arrives else 0.0
    if len(terms) == 1:
        weight, each = terms[0]
        sum_text = f"{text(weight)} × {factor(each)} × {text(slope)}"
        rounded = round(weight, 2) * round(each, 2) * round(slope, 2)
        return [
            "gradient at this neuron",
            "weight × gradient × slope",
            f"{sum_text} {sign(rounded, value)} {text(value)}",
        ]
    rounded = round(arrives, 2) * round(slope, 2)
    return [
        "gradient at this neuron", "sum of weight × gradient, × slope",
        f"{text(arrives)} × {text(slope)} {sign(rounded, value)} {text(value)}",
    ]  # fmt: skip


def show_edges(stage: Backprop, link: int) -> None:
    """The gradients of a link's weights, edge by edge: the activation before times the gradient behind."""
    plan = stage.diagram.plan
    found, pairs = stage.gradients.passed[link], plan.links[link].pairs
    activations, behind = stage.signals.values[link].ravel(), delta(stage, link + 1)
    stage.caption("A weight’s gradient: the activation\nbefore it times the gradient behind it.")
    for edge, value in enumerate(found):
        active, each = float(activations[pairs[edge, 0]]), float(behind[pairs[edge, 1]])
        rounded = round(active, 2) * round(each, 2)
        line = f"{text(active)} × {factor(each)} {sign(rounded, float(value))} {text(float(value))}"
        panel = panel_of(stage, ["gradient of this weight", "activation × gradient", line])
        seconds = SLOW if edge == 0 or (edge < SLOW_EDGES and link == len(plan.links) - 1) else QUICK
        show_edge(stage, link, edge, panel, min(seconds, TIMING.beat))
        if seconds > TIMING.beat:
            stage.wait(seconds - TIMING.beat)
        stage.remove(*panel)


def show_edge(stage: Backprop, link: int, edge: int, panel: list[Still], seconds: float) -> None:
    """Let one weight's gradient come along its connection, and say how it comes about."""
    number = sum(stage.diagram.sizes[:link]) + edge
    value = float(stage.gradients.passed[link][edge])

    def flow(share: float) -> None:
        progress = stage.gradient_edges.progress.copy()
        progress[number] = min(1.0, 1.6 * share)
        stage.gradient_edges.set_progress(progress)
        come = float(np.clip(2.5 * share - 1.5, 0.0, 1.0))
        stage.numbers.set_between(link, edge, value, stage.theme.highlight, come)
        for line in panel:
            line.set_opacity(min(1.0, 5 * share))

    stage.play_clock(seconds, flow, stage.gradient_edges, stage.numbers, *panel)


def text(value: float) -> str:
    """A number of two decimals."""
    return number_text(value)


def factor(value: float) -> str:
    """A number after a sign of multiplication."""
    return f"({text(value)})" if text(value).startswith("−") else text(value)


def sign(rounded: float, value: float) -> str:
    """Whether a calculation with rounded numbers comes out equal."""
    return "=" if round(rounded, 2) == round(value, 2) else "≈"


def equals(exact: float, value: float, *terms: float) -> str:
    """The same for a difference of two rounded numbers."""
    return sign(round(terms[0], 2) - round(terms[1], 2), value)


def panel_of(stage: Backprop, lines: list[str]) -> list[Still]:
    """Three lines beside the network: what it is, how it is worked out, in numbers."""
    theme = stage.theme
    stage.formulas.append(lines[-1])
    x, y = PANEL.center[:2]
    looks = [(TEXT.label, theme.text, 0.8), (TEXT.small, theme.muted, 0.25), (TEXT.readout, theme.highlight, -0.45)]
    return [
        written(line, (x, y + up), size=size, color=color, widest=PANEL.width)
        for line, (size, color, up) in zip(lines, looks, strict=True)
        if line
    ]
