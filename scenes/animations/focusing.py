"""One neuron comes forward, and goes back again."""

from __future__ import annotations

from typing import Any

import numpy as np
from manim import Mobject, Scene, smooth

from scenes.animations.propagating import Watching
from scenes.mobjects.diagram_signals import Signals
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.neuron_numbers import NeuronNumbers

GROWTH = 1.7  # of the neuron that comes forward
NUMBERS = 0.6  # share of the time after which the numbers come


class FocusNeuron(Watching):
    """Let one neuron of a diagram come forward: others step back, what it hears stands out, with its numbers.

    `UnfocusNeuron` takes it back.

    Parameters
    ----------
    diagram : NetworkDiagram
    column, node : int
        Of the neuron, as for `NetworkDiagram.focus_neuron`.
    signals : Signals, optional
        Of the example that is shown: its numbers are written beside the neurons (see `NeuronNumbers`).
    frame : Mobject, optional
        The frame of a moving camera (``scene.camera.frame``), which comes nearer.
    zoom : float
        How much larger things appear at the end, if there is a frame.
    run_time : float

    Attributes
    ----------
    numbers : NeuronNumbers or None
        They stay in the scene.
    """

    mobject: NetworkDiagram

    def __init__(
        self,
        diagram: NetworkDiagram,
        column: int,
        node: int,
        signals: Signals | None = None,
        frame: Mobject | None = None,
        zoom: float = 1.5,
        run_time: float = 2.0,
        **kwargs: Any,
    ) -> None:
        self.column, self.node, self.frame = column, node, frame
        self.numbers = None if signals is None else NeuronNumbers(diagram, column, node, signals, GROWTH)
        if frame is not None:
            # the neuron and what it hears are both seen
            sources = diagram.places[max(column - 1, 0)].mean(axis=0)
            target = np.array([*(diagram.places[column][node] + sources) / 2, 0.0])
            self._views = (float(frame.width), frame.get_center()), (float(frame.width) / zoom, target)
        kwargs.setdefault("rate_func", smooth)
        super().__init__(diagram, run_time, **kwargs)

    def _setup_scene(self, scene: Scene) -> None:
        super()._setup_scene(scene)
        if self.numbers is not None:
            scene.add(self.numbers)

    def show(self, share: float) -> None:
        self.mobject.focus_neuron(self.column, self.node, share, 1 + (GROWTH - 1) * share)
        if self.numbers is not None:
            self.numbers.set_opacity(max(0.0, (share - NUMBERS) / (1 - NUMBERS)))
        if self.frame is not None:
            (width, center), (last_width, last_center) = self._views
            self.frame.set(width=width + (last_width - width) * share)
            self.frame.move_to(center + (last_center - center) * share)


class UnfocusNeuron(Watching):
    """Take back what a `FocusNeuron` has done: all is as before, and its numbers leave the scene.

    Parameters
    ----------
    focus : FocusNeuron
        One that was played.
    run_time : float
    """

    mobject: NetworkDiagram

    def __init__(self, focus: FocusNeuron, run_time: float = 1.0, **kwargs: Any) -> None:
        self.focus = focus
        kwargs.setdefault("rate_func", smooth)
        super().__init__(focus.mobject, run_time, **kwargs)

    def show(self, share: float) -> None:
        self.focus.show(1 - share)

    def clean_up_from_scene(self, scene: Scene) -> None:
        super().clean_up_from_scene(scene)
        if self.focus.numbers is not None:
            scene.remove(self.focus.numbers)
