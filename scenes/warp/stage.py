"""What the scenes about a moving plane share: where things stand, and the plane itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from engine.analysis.isoline import Bounds
from engine.analysis.passage import Passage
from scenes.animations.passing import FlowThroughLayer
from scenes.mobjects.decision_field import DecisionField, decision_field
from scenes.mobjects.layer_card import LayerCard, what_it_does
from scenes.mobjects.moving_plane import MovingPlane
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.replay import epochs_shown
from scenes.stage import Clock, Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone
from scenes.warp.material import boundary_curves, fits, grid_bounds, last_cut, mistakes, wide_projections

if TYPE_CHECKING:
    from engine.analysis.projection import Projection
    from engine.network import Network
    from engine.recording import Recording

# Text and numbers stand in a column at the left, the plane has the rest.
PLANE = Zone(-2.9, SAFE.right, -2.4, 2.75)
CARD = Zone(SAFE.left, -3.2, -0.85, 2.3)
DIAGRAM = Zone(SAFE.left, -3.55, -2.4, -1.45)
VERB_TOP = 2.95
CLASS_LINES = 7  # above the diagram


class WarpStage(Stage):
    """A stage with a plane that can move through a network.

    Attributes
    ----------
    plane : MovingPlane
    passage : Passage
    cards : list of LayerCard
        One for each hidden layer, and beside them `verbs`: what its parts do, in words.
    diagram : NetworkDiagram
    regions : DecisionField or None
        The regions that are there at the moment.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("epochs",)
    regions: DecisionField | None = None

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        return fits(recording)

    @property
    def last_epoch(self) -> int:
        """The epoch that is shown where time stands still: the last of those that were asked for."""
        return epochs_shown(self.recording, self.options.get("epochs"))[-1]

    def build(self, zone: Zone = PLANE) -> None:
        """Compute what is shown of the last epoch, and make the mobjects."""
        data = self.recording.data
        self.network = self.recording.network(self.last_epoch)
        self.passage = Passage(self.network, self.projections())
        self.bounds = grid_bounds(data.x)
        self.curves = boundary_curves(self.passage, self.bounds)
        self.wrong = mistakes(self.network, data.x, data.y)
        self.plane = MovingPlane(self.passage, data.x, data.y, self.bounds, zone, self.curves, theme=self.theme)
        self.plane.view.clock = lambda: self.now
        if self.plane.curve is not None:
            self.plane.curve.set_opacity(0)
        self.diagram = self.build_diagram(self.passage.network)

    def projections(self) -> dict[int, Projection]:
        """Through which directions each hidden layer of more than three features is seen."""
        return wide_projections(self.recording)

    def build_diagram(self, network: Network) -> NetworkDiagram:
        """The network as a diagram in the column, its largest weight in full colour."""
        count = len(network.layers)
        widths = [network.weights[f"{k}.weight"].shape[0] for k in range(count)]
        self.largest = max(float(np.abs(network.weights[f"{k}.weight"]).max()) for k in range(count))
        counts = [*widths, network.output_shape[0]]
        diagram = NetworkDiagram(counts, DIAGRAM, most=8, radius=0.13, names="none", key=True, theme=self.theme)
        return self.show_weights(network, diagram)

    def show_weights(self, network: Network, diagram: NetworkDiagram | None = None) -> NetworkDiagram:
        """Show a network's weights in the diagram, on the scale on which it was built."""
        weights = [network.weights[f"{k}.weight"] for k in range(len(network.layers))]
        return (diagram or self.diagram).set_weights(weights, self.largest)

    def show_classes(self, shown: bool = True) -> None:
        """Say in the column which colour is which class, or no longer."""
        names = self.recording.data.class_names
        entries = [(name, self.theme.class_colour(k)) for k, name in enumerate(names)]
        self.legend(entries if shown else None, CLASS_LINES)

    def build_cards(self) -> None:
        """Make the cards of all hidden layers."""
        self.cards, self.verbs = [], []
        for k, path in enumerate(self.passage.paths):
            flat = float((self.plane.points_carried.before[k] <= 0).any(axis=1).mean()) if path.folds else 0.0
            self.cards.append(LayerCard(path, k + 1, CARD, flat, self.note(k), self.theme))
            words = what_it_does(path, self.plane.courses[k])
            self.verbs.append({name: self.verb(text) for name, text in words.items()})

    def note(self, k: int) -> str:
        """What has to be said about how hidden layer k is drawn."""
        if k in self.passage.projections:
            projection = self.passage.projections[k]
            seen = {1: "one", 2: "two", 3: "three"}[projection.dimensions]
            return f"{self.passage.widths[k + 1]} dimensions, seen from {seen} ({projection.explained:.0%})"
        units = ", ".join(str(unit + 1) for unit in self.passage.flipped[k])
        return f"unit {units} drawn with its sign turned" if units else ""

    def verb(self, text: str) -> Still:
        """A line under the heading that says what is going on."""
        label = Label(text, size=TEXT.detail, color=self.theme.highlight)
        label.move_to([SAFE.left, VERB_TOP, 0], aligned_edge=np.array([-1, 1, 0]))
        still = Still(label)
        still.set_opacity(0)
        return still

    def hold(self, seconds: float) -> None:
        """Let time pass; spaces with three dimensions go on turning."""
        if self.passage.spatial:
            self.play(Clock(lambda _: self.plane.refresh(), self.plane, run_time=seconds))
        else:
            self.wait(seconds)

    def through_layer(self, k: int, captions: Mapping[str, str] | None = None, pace: float = 1.0) -> None:
        """Carry the plane through hidden layer k, with its card and its verbs.

        Parameters
        ----------
        k : int
            From 0.
        captions : dict of str to str, optional
            What is said from the beginning of a part on, by the part's name.
        pace : float
            The layer's time is multiplied by it.
        """
        course = self.plane.courses[k]
        card, verbs = self.cards[k], self.verbs[k]

        def follow(share: float) -> None:
            card.follow(course, share)
            for name, verb in verbs.items():
                verb.set_opacity(card.at_work[name])

        said = {course.parts[part].start: text for part, text in (captions or {}).items() if part in course.parts}
        stops = [0.0, *sorted(said), 1.0]
        self.add(card, *verbs.values())
        for start, end in pairwise(stops):
            if start in said:
                self.caption(said[start])
            flow = FlowThroughLayer(self.plane, k, pace * course.seconds * (end - start), start, end)
            self.play(flow, Clock(partial(_between, follow, start, end), card, run_time=flow.run_time))
        self.remove(*verbs.values())

    def show_card(self, k: int, seconds: float = TIMING.quick) -> None:
        """Fade to the card of hidden layer k, and look at that layer in the diagram."""
        card = self.cards[k]
        before = self.cards[k - 1] if k else None
        self.add(card)

        def fade(share: float) -> None:
            if before is not None:
                before.light(1 - min(1.0, 2 * share))
            card.light(max(0.0, 2 * share - 1) if before is not None else share)
            self.diagram.focus(k, share, k - 1 if k else None)
            self.plane.refresh()

        self.play_clock(seconds, fade, self.plane, card)
        if before is not None:
            self.remove(before)

    def cut_lines(self) -> tuple[Polylines | None, float]:
        """The last layer's cut in the last hidden space, where the plane is put, and the share of it that is shown.

        None where the cut does not pass through what is shown.
        """
        self.plane.rest(self.passage.layers)
        x, y = self.plane.zone.width / 2 / self.plane.view.unit, self.plane.zone.height / 2 / self.plane.view.unit
        cut = last_cut(self.passage.network, self.passage.projections.get(self.passage.layers - 1), (x, y))
        if not cut.lines:
            return None, 0.0
        lines = Polylines([np.zeros_like(line) for line in cut.lines], self.theme.text, 4.0, opacity=0.0)
        self.plane.riders.append((lines, np.concatenate(cut.lines)))
        self.plane.refresh()
        return lines, cut.share

    def field(self, space: int) -> DecisionField | None:
        """The regions of the classes in one of the spaces, if it is a plane that is shown as it is."""
        if self.passage.widths[space] != 2:
            return None
        self.plane.rest(space)
        view, bounds = self.plane.view, self.bounds
        if space > 0:
            half = self.plane.reach(space)
            bounds = Bounds(-half[0], half[0], -half[1], half[1])
        zone = Zone(*(view.unit * np.array(bounds) + np.repeat(view.origin, 2)))
        return decision_field(self.passage.tail(space), bounds, zone, theme=self.theme, opacity=0.0)


def _between(show: Callable[[float], None], start: float, end: float, share: float) -> None:
    show(start + share * (end - start))
