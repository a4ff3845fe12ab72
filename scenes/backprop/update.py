"""The step: every weight is moved a little, the example is tried again, and all the steps that were recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.animations.playing import PlayTraining
from scenes.animations.propagating import PropagateActivations
from scenes.backprop.backward import factor, sign, text
from scenes.backprop.forward import A_LAYER, PANEL
from scenes.mobjects.diagram_look import resting_look
from scenes.mobjects.diagram_signals import drawn_weights
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.writing import written
from scenes.numbers import right_answers, training_readouts
from scenes.theme import TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.network import Network
    from scenes.backprop.scene import Backprop

CURVE = Zone(2.5, 6.66, -2.0, 1.7)
SECONDS = 8.0


def update(stage: Backprop) -> None:
    """Each weight against its gradient."""
    stage.heading("The step")
    stage.show_values()
    stage.say_loss()
    step, diagram = stage.step, stage.diagram
    stage.caption("Each weight takes a small step\nagainst its gradient.")
    before, after = (drawn_weights(each, diagram.plan) for each in (step.network, step.stepped))
    link = len(diagram.plan.links) - 1
    edge = int(np.abs(stage.gradients.passed[link]).argmax())
    old, gradient, new = (float(each[link][edge]) for each in (before, stage.gradients.passed, after))
    rounded = round(old, 2) - step.rate * round(gradient, 2)
    line = f"{text(old)} − {step.rate:g} × {factor(gradient)} {sign(rounded, new)} {text(new)}"
    stage.formulas.append(line)
    x, y = PANEL.center[:2]
    panel = [
        written("weight − rate × gradient", (x, y + 0.25), size=TEXT.small, color=stage.theme.muted),
        written(line, (x, y - 0.45), size=TEXT.readout, color=stage.theme.text, widest=PANEL.width),
        written(f"learning rate {step.rate:g}", (x, y + 0.8), size=TEXT.label, color=stage.theme.text),
    ]
    stage.fade(*panel, seconds=TIMING.quick)
    stage.read(TIMING.beat)
    stage.caption("The loss has a slope for each weight:\nall of them move at once.")
    move = Moving(stage)
    stage.play_clock(2 * TIMING.slow, move.show, diagram, stage.gradient_edges, stage.numbers)
    stage.read(TIMING.beat)
    stage.fade(leaving=panel, seconds=TIMING.quick)


class Moving:
    """The weights on their way from before the step to after it; gradients and activations step back first."""

    def __init__(self, stage: Backprop) -> None:
        self.stage, step = stage, stage.step
        self.progress = stage.gradient_edges.progress.copy()
        self.network = type(step.network).from_config(step.network.config())
        leaving = [*stage.numbers.inside, *stage.numbers.above]
        self.leaving = [(number, number.opacity) for column in leaving for number in column]

    def show(self, share: float) -> None:
        """Show what is to be seen when `share` of the time has passed."""
        stage, step, diagram = self.stage, self.stage.step, self.stage.diagram
        gone, go = min(1.0, 4 * share), max(0.0, 2 * share - 1)
        stage.gradient_edges.set_progress(self.progress * (1 - gone))
        for number, strength in self.leaving:
            number.set_opacity(strength * (1 - gone))
        self.network.parameters[:] = (1 - go) * step.network.parameters + go * step.stepped.parameters
        diagram.set_network(self.network)
        look = resting_look(diagram)
        look.bright = [bright * (1 - gone) for bright in stage.signals.bright]
        diagram.show_look(look)
        if not stage.are_legible:
            return
        for link, weights in enumerate(drawn_weights(self.network, diagram.plan)):
            for edge, weight in enumerate(weights):
                if gone < 1:
                    gradient = float(stage.gradients.passed[link][edge])
                    there = self.progress[sum(diagram.sizes[:link]) + edge] * (1 - gone)
                    stage.numbers.set_between(link, edge, gradient, stage.theme.highlight, there)
                else:
                    come = min(1.0, 8 * share - 2)
                    stage.numbers.set_between(link, edge, float(weight), stage.theme.text, come)


def again(stage: Backprop) -> None:
    """The same example with the stepped weights."""
    step, diagram = stage.step, stage.diagram
    stage.heading("Once more")
    if stage.diagram not in stage.mobjects:
        stage.show_values()
    stage.say_loss()
    stage.caption("The same example again,\nwith the new weights.")
    diagram.set_network(step.stepped)
    signals = diagram.signals(step.x)
    if stage.are_legible:
        for column in range(len(diagram.places)):
            stage.write_column(column, float(column == 0), signals)
    for k in range(len(diagram.plan.links)):
        stage.play(PropagateActivations(diagram, signals, start=k, end=k + 1, run_time=0.7 * A_LAYER))
        if stage.are_legible:
            stage.write_column(k + 1, 1.0, signals)
    at = int(step.target.argmax())
    answers = [float(step.outputs(each)[at]) for each in (step.before, step.after)]
    losses = stage.losses_said = (step.before.loss, step.after.loss)

    def change(share: float) -> None:
        stage.readouts["answer"].set_value(answers[0] + (answers[1] - answers[0]) * share)
        stage.readouts["loss"].set_value(losses[0] + (losses[1] - losses[0]) * share)

    stage.play_clock(TIMING.beat, change, *stage.readouts.values())
    nearer = abs(answers[1] - step.target[at]) < abs(answers[0] - step.target[at])
    how = "nearer" if nearer else "not nearer"
    stage.caption(f"Its answer is {how}: the loss\nwent from {losses[0]:.3f} to {losses[1]:.3f}.")
    stage.read(TIMING.beat)


def train(stage: Backprop) -> None:
    """All the steps that were recorded."""
    recording, replay, diagram = stage.recording, stage.replay, stage.diagram
    stage.heading("Training")
    stage.show_network()
    leaving = [stage.numbers, stage.gradient_edges, *stage.names]
    stage.fade(leaving=leaving, seconds=TIMING.quick)
    stage.clear_readouts()
    stage.caption("Training does this with all examples,\nagain and again.")
    readouts = training_readouts(stage, replay)
    curve = stage.curve = LossCurve.of(recording, CURVE, (replay.first, replay.last), stage.theme)

    def follow(network: Network) -> None:
        diagram.set_network(network)

    play = PlayTraining(replay, diagram, curve, follow=follow, readouts=readouts, dated=[curve], run_time=SECONDS)
    play.show(replay.first)
    stage.fade(curve, *readouts.values())
    stage.play(play)
    epoch = replay.epoch_at(replay.last)
    if recording.data.task == "classification":
        right, count, held_out = right_answers(recording, epoch)
        which = "right that it never saw." if held_out else "right."
        stage.caption(f"After epoch {epoch} it gets {right:,}\nof {count:,} examples {which}")
    else:
        stage.caption(f"After epoch {epoch}.")
    stage.read(TIMING.beat)
    stage.leave(diagram, curve, *readouts.values())
