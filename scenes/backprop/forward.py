"""Forward: what the network makes of the example, and how wrong that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.animations.propagating import PropagateActivations
from scenes.mobjects.diagram_signals import drawn_weights
from scenes.mobjects.still import Still
from scenes.mobjects.text import Formula
from scenes.mobjects.writing import number_text
from scenes.theme import TEXT, TIMING, Zone

if TYPE_CHECKING:
    from scenes.backprop.scene import Backprop

A_LAYER = 1.6  # seconds
PANEL = Zone(2.3, 6.66, -1.6, 1.5)


def forward(stage: Backprop) -> None:
    """The example passes through the network, number by number."""
    diagram = stage.diagram
    stage.heading("Forward")
    when = "before training" if stage.replay.first == 0 else f"after epoch {stage.replay.first:.0f}"
    stage.caption(f"One example of the data,\nand the network {when}.")
    stage.show_network()
    show_weights(stage)
    stage.read(TIMING.hold)
    if stage.are_legible:
        stage.play_clock(TIMING.quick, lambda share: stage.write_column(0, share), stage.numbers)
    stage.caption("Activations times weights are added up,\nneuron by neuron, layer by layer.")
    for k in range(len(diagram.plan.links)):
        stage.play(PropagateActivations(diagram, stage.signals, start=k, end=k + 1, run_time=A_LAYER))
        if stage.are_legible:
            stage.play_clock(
                TIMING.quick, lambda share, k=k: stage.write_column(k + 1, share), stage.numbers  # type: ignore[misc]
            )  # fmt: skip
    stage.read()
    stage.say_answer()
    answer, target = stage.readouts["answer"].text, stage.readouts["target"].text
    who = "It answers" if len(stage.step.target) == 1 else "It gives the right output"
    stage.caption(f"{who} {answer}.\nRight would be {target}.")
    stage.read(TIMING.beat)


def show_weights(stage: Backprop) -> None:
    """Write its weight on each connection."""
    if not stage.are_legible:
        return
    weights = drawn_weights(stage.step.network, stage.diagram.plan)

    def write(share: float) -> None:
        for link, values in enumerate(weights):
            for edge, value in enumerate(values):
                stage.numbers.set_between(link, edge, float(value), stage.theme.text, share)

    stage.play_clock(TIMING.quick, write, stage.numbers)


def show_loss(stage: Backprop) -> None:
    """How wrong the answer is, in one number."""
    stage.heading("The loss")
    stage.show_values()
    stage.say_loss()
    stage.caption(f"The loss says how wrong that is:\n{stage.step.before.loss:.3f}.")
    text = loss_formula(stage)
    panel = []
    if text:
        stage.formulas.append(text)
        formula = Formula(text, size=TEXT.readout, color=stage.theme.text)
        formula.scale(min(1.0, PANEL.width / formula.width)).move_to(PANEL.center)
        panel = [Still(formula)]
        stage.fade(*panel, seconds=TIMING.quick)
    stage.read(TIMING.beat)
    if panel:
        stage.fade(leaving=panel, seconds=TIMING.quick)


def loss_formula(stage: Backprop) -> str:
    """The loss in numbers, as Typst mathematics, for the losses that have a short formula; else nothing."""
    step = stage.step
    outputs, target = step.outputs(step.before), step.target
    value = f"{step.before.loss:.3f}"
    at = int(target.argmax())
    answer = number_text(float(outputs[at]))
    if step.loss == "binary_crossentropy" and len(outputs) == 1:
        inner = answer if target[0] >= 0.5 else f"1 - {answer}"
        return f"-ln({inner}) approx {value}"
    if step.loss in ("categorical_crossentropy", "sparse_categorical_crossentropy"):
        return f"-ln({answer}) approx {value}"
    if step.loss == "mse" and len(outputs) == 1:
        return f"({answer} - {number_text(float(np.ravel(target)[0]))})^2 approx {value}"
    return ""
