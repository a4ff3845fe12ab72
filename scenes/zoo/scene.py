"""Scene `zoo`: one kind of network becomes the next, each with its parameters and what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from manim import linear

from scenes.animations.morphing import MorphDiagram
from scenes.lesson import Lesson
from scenes.mobjects.diagram_plan import MOST_NEURONS
from scenes.mobjects.network_diagram import RADIUS, NetworkDiagram, liveliest
from scenes.mobjects.readout import Readout
from scenes.mobjects.writing import CENTER, written
from scenes.replay import epochs_shown
from scenes.stage import Clock, Stage
from scenes.theme import SAFE, TEXT, TIMING, Theme, Zone
from scenes.zoo.kinds import KINDS, by_kind, kind_of, result_of, task_of

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

PLACE = Zone(SAFE.left + 0.1, SAFE.right - 0.1, -2.4, 2.35)
PER_COLUMN = 2.8  # width of a small network, for each of its columns
SEEN = 64  # examples that set the scale of what is bright
A_COLUMN = 0.45  # seconds that an example needs from one column to the next
LONGEST = 4.0
GRID, ROWS = Zone(SAFE.left, SAFE.right, -2.45, 2.75), 2


class Zoo(Lesson, Stage):
    """The family of networks: each kind's diagram grows out of the one before.

    The parts are the kinds in `scenes.zoo.kinds.KINDS`, and ``family``, all of them at once. Which recording is of
    which kind is told by its layers.

    Options: ``parts``; ``epochs`` is a pair of the first and last epoch, either of them None: the last one is shown.

    Attributes
    ----------
    diagram : NetworkDiagram or None
        The one that is there.
    """

    OPTIONS = ("epochs",)
    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **{name: (kind.experiment,) for name, kind in KINDS.items()},
        "family": (),
    }
    diagram: NetworkDiagram | None = None

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if by_kind(recordings):
            return None
        first = next(iter(recordings.values()))
        kinds = ", ".join(layer["type"] for layer in first.network_config["layers"])
        return f"zoo knows {', '.join(kind.title for kind in KINDS.values())}: {first.name} has the layers {kinds}"

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        known = by_kind(recordings)
        # one alone is no family
        return [name for name in super().possible(known) if name != "family" or len(known) > 1]

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        return super().chosen(by_kind(recordings), options)

    def construct(self) -> None:
        names = self.chosen(self.recordings, self.options)
        known = by_kind(self.recordings)
        self.parameters: Readout | None = None
        largest = max(self.last_network(recording).parameter_count for recording in known.values())
        for name in names:
            if name == "family":
                self.family(known)
            else:
                self.visit(known[KINDS[name].experiment], largest)

    def last_network(self, recording: Recording) -> Network:
        """The network of the epoch that is shown."""
        return recording.network(epochs_shown(recording, self.options.get("epochs"))[-1])

    def visit(self, recording: Recording, largest: int) -> None:
        """One kind: it grows out of the one before, an example passes, and what it can do is said."""
        kind = KINDS[str(kind_of(recording))]
        network = self.last_network(recording)
        diagram = diagram_of(network, recording, fitting_zone(network), self.theme)
        self.heading(kind.title, f"learned: {task_of(recording)}")
        self.caption(kind.idea)
        if self.parameters is None:
            self.parameters = self.readout("parameters", ",d", largest)
        parameters = self.parameters
        before, after = parameters.text, network.parameter_count

        def count(share: float) -> None:
            if share < 0.5 and before:
                parameters.set_value(before)
            else:
                parameters.set_value(after)

        if self.diagram is None:
            parameters.set_value(after)
            self.fade(diagram)
        else:
            count(0.0)
            self.play(MorphDiagram(self.diagram, diagram), Clock(count, parameters, run_time=2.0))
        self.diagram = diagram
        self.read(TIMING.quick)
        self.let_pass(diagram, recording)
        self.read()
        self.caption(result_of(recording, self.options.get("epochs")))
        self.read(TIMING.slow + TIMING.quick)
        self.rest(diagram)

    def let_pass(self, diagram: NetworkDiagram, recording: Recording) -> None:
        """Let the first example pass through."""
        signals = diagram.signals(first_example(recording))
        last = len(diagram.places) - 1
        seconds = min(max(A_COLUMN * last, TIMING.slow), LONGEST)
        self.play_clock(seconds, lambda share: diagram.show(signals, share * last), diagram, rate_func=linear)

    def rest(self, diagram: NetworkDiagram) -> None:
        """Back to the weights alone, from which the next diagram grows."""
        diagram.rest()

    def family(self, known: Mapping[str, Recording]) -> None:
        """All kinds at once, with their parameters."""
        names = [name for name, kind in KINDS.items() if kind.experiment in known]
        shown = []
        boxes = places(len(names))
        for name, box in zip(names, boxes, strict=True):
            kind, recording = KINDS[name], known[KINDS[name].experiment]
            network = self.last_network(recording)
            inner = Zone(box.left + 0.1, box.right - 0.1, box.bottom + 0.75, box.top - 0.1)
            diagram = diagram_of(network, recording, inner, self.theme, small=True)
            middle = (box.left + box.right) / 2
            title = written(name.replace("_", " ").replace("feed forward", "feed-forward"), (middle, box.bottom + 0.5),
                            CENTER, TEXT.small, self.theme.text)  # fmt: skip
            if name in ("lstm", "gru"):
                title = written(kind.title, (middle, box.bottom + 0.5), CENTER, TEXT.small, self.theme.text)
            number = written(f"{network.parameter_count:,}", (middle, box.bottom + 0.15), CENTER, TEXT.small,
                             self.theme.muted)  # fmt: skip
            shown += [diagram, title, number]
        leaving = () if self.diagram is None else (self.diagram,)
        self.heading("The family", "with the parameters of each")
        self.caption(None)
        if self.parameters is not None:
            self.clear_readouts()
        if leaving:
            self.fade(leaving=leaving, seconds=TIMING.quick)
            self.diagram = None
        self.caption("All of them multiply, add and squash;\nwhat differs is who hears whom.")
        self.fade(*shown, seconds=TIMING.slow)
        self.read(2 * TIMING.slow)


def first_example(recording: Recording) -> np.ndarray:
    """The first example, of the network's input shape."""
    return np.asarray(recording.data.x[0]).reshape(recording.network_config["input_shape"])


def fitting_zone(network: Network) -> Zone:
    """Where a network's diagram goes: narrower where it has few layers."""
    width = min(PLACE.width, PER_COLUMN * (len(network.layers) + 1))
    return Zone(-width / 2, width / 2, PLACE.bottom, PLACE.top)


def diagram_of(network: Network, recording: Recording, zone: Zone, theme: Theme, small: bool = False) -> NetworkDiagram:
    """A recording's network, its images as images."""
    shape = recording.data.image_shape
    x = np.asarray(recording.data.x[:SEEN]).reshape(-1, *network.input_shape)
    flat = len(network.input_shape) == 1 and shape is not None
    return NetworkDiagram(
        network,
        zone,
        x=None if small else x,
        inputs=liveliest(x) if flat else None,
        image_shape=shape[:2] if shape is not None else None,
        names="none" if small else "all",
        radius=0.06 if small else RADIUS,
        most=8 if small else MOST_NEURONS,
        theme=theme,
    )


def places(count: int) -> list[Zone]:
    """Where so many small diagrams go, in two rows."""
    columns = -(-count // ROWS)
    width, height = GRID.width / columns, GRID.height / ROWS
    return [
        Zone(GRID.left + width * (k % columns), GRID.left + width * (k % columns + 1),
             GRID.top - height * (k // columns + 1), GRID.top - height * (k // columns))
        for k in range(count)
    ]  # fmt: skip
