"""Scene `activations`: the functions and their slopes, why a step cannot be trained, why layers must not be linear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import ConfigurationError, nearest
from scenes.activations.functions import TOLD, FunctionsPart
from scenes.activations.stack import StackPart
from scenes.activations.staircase import StaircasePart
from scenes.lesson import Lesson
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.recording import Recording


class Activations(Lesson, Stage):
    """Activation functions with their slopes; a step's loss, which is flat; a stack of linear layers, which is one.

    Options: ``parts``, of ``"functions"``, ``"staircase"`` and ``"stack"``. The functions need no recording; the
    staircase is the perceptron's; the stack is of the main recording beside one of linear layers on the same data.
    ``functions`` names those to show, of ``"step"``, ``"sigmoid"``, ``"tanh"`` and ``"relu"``, by default all.
    """

    OPTIONS = ("functions",)
    PARTS = {"functions": (), "staircase": ("perceptron",), "stack": ("linear-stack",)}

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        super().check_options(options)
        cls.asked_functions(options)

    @classmethod
    def asked_functions(cls, options: Mapping[str, Any]) -> list[str] | None:
        """The functions that the options name, None where they name none; `ConfigurationError` for an unknown one."""
        asked = options.get("functions")
        if asked is None:
            return None
        names = [asked] if isinstance(asked, str) else [str(name) for name in asked]
        known = [name for name, *_ in TOLD]
        if not names:
            raise ConfigurationError(f"functions={asked!r}: name at least one, such as {known[0]!r}")
        for name in names:
            if name not in known:
                raise nearest("function", name, known)
        return names

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        fault = super().fits_together(recordings)
        if fault is None and "perceptron" in recordings:
            unit = recordings["perceptron"].network_config
            sizes = [layer.get("units") for layer in unit["layers"]]
            if sizes != [1] or tuple(unit["input_shape"]) != (2,):
                return "activations moves the bias of a single unit of 2 inputs: the recording 'perceptron' has others"
        if fault is None and "linear-stack" in recordings:
            main, linear = next(iter(recordings.values())), recordings["linear-stack"]
            if main.data.task != "classification" or tuple(main.network_config["input_shape"]) != (2,):
                return f"activations compares classifiers of 2 features: {main.name} is none"
            if any(layer["type"] != "dense" for layer in main.network_config["layers"]):
                return f"activations compares stacks of dense layers: {main.name} has others"
            if not np.array_equal(main.data.x, linear.data.x):
                return f"activations compares recordings of the same data: {main.name} and {linear.name} differ"
        return fault

    def functions(self) -> None:
        FunctionsPart(self, self.asked_functions(self.options)).tell()

    def staircase(self) -> None:
        StaircasePart(self, self.recordings["perceptron"]).tell()

    def stack(self) -> None:
        StackPart(self, self.recordings["linear-stack"], self.recording).tell()
