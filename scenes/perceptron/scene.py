"""Scene `perceptron`: a neuron that fires or doesn't, and the rule by which it learns a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.analysis.corrections import corrections_fault
from scenes.lesson import Lesson
from scenes.perceptron.line import LinePart
from scenes.perceptron.neuron import NeuronPart
from scenes.perceptron.story import Story
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording


class Perceptron(Lesson, Stage):
    """The model of a neuron in the numbers of one example; then every correction that moved its line.

    Options: ``parts``, of ``"neuron"`` and ``"line"``; ``epochs`` is a pair of the first and last epoch, either of
    them None; ``brief`` tells of one example and of one correction, not of two.
    """

    OPTIONS = ("epochs", "brief")
    PARTS = {"neuron": (), "line": ()}

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        network, name = recording.network_config, recording.name
        if recording.data.task != "classification" or tuple(network["input_shape"]) != (2,):
            return f"perceptron shows how two kinds of points in a plane are parted: {name} has other data"
        layers = [(layer.get("units"), layer.get("activation")) for layer in network["layers"]]
        if layers != [(1, "step")]:
            return f"perceptron shows a single neuron with a step, that fires or doesn't: {name} has another network"
        fault = corrections_fault(recording)
        return None if fault is None else f"perceptron shows how single mistakes are corrected: {fault}"

    def build(self) -> None:
        self.story = Story(self.recording, self.options.get("epochs"), bool(self.options.get("brief")))

    def neuron(self) -> None:
        self.close_up = NeuronPart(self, self.story)
        self.close_up.tell()

    def line(self) -> None:
        self.corrected = LinePart(self, self.story)
        self.corrected.tell()
