"""What the parts of the scene share: the step, and the picture of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.errors import RenderError
from scenes.backprop.backward import backward
from scenes.backprop.forward import forward, show_loss
from scenes.backprop.step import take_step, worst_example
from scenes.backprop.update import again, train, update
from scenes.chapters import Chapters
from scenes.mobjects.diagram_numbers import DiagramNumbers, have_room
from scenes.mobjects.gradient_edges import GradientEdges
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.replay import Replay
from scenes.theme import SAFE, TEXT, Zone

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording
    from scenes.mobjects.diagram_signals import Signals
    from scenes.mobjects.loss_curve import LossCurve
    from scenes.mobjects.readout import Readout

PARTS = {
    "forward": forward, "loss": show_loss, "backward": backward, "update": update, "again": again, "training": train,
}  # fmt: skip
KNOWN = ("dense", "flatten", "dropout")
DIAGRAM = Zone(-4.6, 1.7, -2.2, 2.3)
RADIUS, SPACING = 0.37, 1.55
MOST_NEURONS = 10
LINE = 12  # letters of a line of an input's name
MOST_LINES = 3


class Backprop(Chapters):
    """One example passes through a network, the gradients of its loss pass back, and every weight takes a step.

    Options: ``parts`` is a selection of ``"forward"``, ``"loss"``, ``"backward"``, ``"update"``, ``"again"`` (the
    example after the step) and ``"training"`` (all the steps that were recorded); ``example`` is the number of an
    example of the training data, by default the one with the largest loss; ``learning_rate`` is that of the step;
    ``epochs`` is a pair of the first and last epoch, either of them None: the step is taken from the first.
    """

    OPTIONS = ("epochs", "example", "learning_rate")
    parts = PARTS
    # what the parts have shown
    gradient_edges: GradientEdges
    formulas: list[str]
    losses_said: tuple[float, float]
    curve: LossCurve

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        layers, name = recording.network_config["layers"], recording.name
        other = next((layer["type"] for layer in layers if layer["type"] not in KNOWN), None)
        if other is not None:
            return f"backprop shows dense layers only: {name} has one of type {other!r}"
        if "loss" not in recording.training:
            return f"backprop needs the loss that was trained with: {name} does not say it"
        if any(layer.get("activation") == "step" for layer in layers):
            return f"backprop follows slopes: {name} has a step function, whose slope is 0 everywhere"
        return None

    def build(self) -> None:
        """Take the step, and make what is shown in all parts."""
        recording, data = self.recording, self.recording.data
        self.replay = Replay(recording, self.options.get("epochs"))
        network = recording.network(self.replay.epoch_at(self.replay.first))
        loss = str(recording.training["loss"])
        self.number = self.chosen_example(network, loss)
        self.step = take_step(network, data.x[self.number], data.y[self.number], loss, self.chosen_rate())
        self.diagram = NetworkDiagram(
            network, DIAGRAM, x=data.x, most=MOST_NEURONS, radius=RADIUS, spacing=SPACING, names="none",
            theme=self.theme,
        )  # fmt: skip
        self.signals = self.diagram.signals(self.step.x)
        self.gradients = self.diagram.gradients(self.step.x, self.step.y, loss)
        self.are_legible = have_room(self.diagram)
        self.numbers = DiagramNumbers(self.diagram)
        self.gradient_edges = GradientEdges(self.diagram, self.gradients.passed)
        self.names = self.input_names()
        self.readouts: dict[str, Readout] = {}
        self.formulas = []

    def chosen_example(self, network: Network, loss: str) -> int:
        """The number of the example."""
        data, asked = self.recording.data, self.options.get("example")
        if asked is None:
            return worst_example(network, data.x, data.y, loss)
        if isinstance(asked, bool) or not isinstance(asked, int) or not 0 <= asked < len(data.x):
            raise RenderError(f"example={asked!r} must be a whole number from 0 to {len(data.x) - 1}")
        return asked

    def chosen_rate(self) -> float | None:
        """The learning rate that is asked for, if one is."""
        asked = self.options.get("learning_rate")
        if asked is not None and (not isinstance(asked, (int, float)) or isinstance(asked, bool) or not asked > 0):
            raise RenderError(f"learning_rate={asked!r} must be a number above 0")
        return asked

    def input_names(self) -> list[Still]:
        """What the inputs are called, left of them."""
        data, diagram = self.recording.data, self.diagram
        if not data.feature_names or not self.are_legible or data.image_shape is not None:
            return []
        found = []
        for name, place in zip(data.feature_names, diagram.places[0], strict=True):
            label = Label("\n".join(wrapped(name)), size=TEXT.small, color=self.theme.muted, align="right")
            right = place[0] - diagram.radius - 0.2
            label.move_to([right, place[1], 0.0], aligned_edge=np.array([1.0, 0.0, 0.0]))
            if label.width > right - SAFE.left:
                label.scale_to_fit_width(right - SAFE.left).move_to(
                    [right, place[1], 0.0], aligned_edge=np.array([1.0, 0.0, 0.0])
                )
            found.append(Still(label))
        return found

    def show_network(self) -> None:
        """Bring in the network, if it is not there."""
        if self.diagram not in self.mobjects:
            self.diagram.rest()
            self.fade(self.diagram, *self.names)
            self.add(self.gradient_edges, self.numbers)

    def show_values(self) -> None:
        """Show the example's activations at once, where no part before has."""
        self.show_network()
        if not self.readouts:
            self.diagram.show(self.signals, float(len(self.diagram.plan.links)))
            if self.are_legible:
                for column in range(len(self.diagram.places)):
                    self.write_column(column)
            self.say_answer()

    def write_column(self, column: int, opacity: float = 1.0, signals: Signals | None = None) -> None:
        """The activations of a column, in its neurons; by default those before the step."""
        signals = signals or self.signals
        self.numbers.set_inside(column, signals.values[column].ravel(), signals.bright[column], opacity)

    def say_answer(self) -> None:
        """The answer and the target, at the top right."""
        outputs, target = self.step.outputs(self.step.before), self.step.target
        at = int(target.argmax())
        self.readouts["answer"] = self.readout("answer", ".2f", 9.99, float(outputs[at]))
        self.readouts["target"] = self.readout("should be", ".2f", 9.99, float(target[at]), color=self.theme.accuracy)

    def say_loss(self) -> None:
        """The loss, under the answer and the target."""
        if "loss" not in self.readouts:
            loss = max(9.999, self.step.before.loss, self.step.after.loss)
            self.readouts["loss"] = self.readout("loss", ".3f", loss, self.step.before.loss, color=self.theme.loss)


def wrapped(name: str) -> list[str]:
    """A name in lines of a few letters."""
    lines = [""]
    for word in name.split():
        word = word if len(word) <= LINE else word[: LINE - 1] + "…"
        if lines[-1] and len(lines[-1]) + len(word) + 1 > LINE:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], lines[MOST_LINES - 1] + "…"]
