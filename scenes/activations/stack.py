"""Why layers need activation functions: a stack of linear layers is one linear layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.analysis.boundary import last_lines
from engine.layers import Dense
from engine.network import Network
from scenes.mobjects.matrix import Matrix
from scenes.mobjects.plane_panel import TITLE_ABOVE, PlanePanel
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.writing import CENTER, written
from scenes.replay import Replay
from scenes.theme import SAFE, TEXT, TIMING, Zone
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.stage import Stage

SIDE = 4.25
PLANES = tuple(Zone(x, x + SIDE, -2.35, -2.35 + SIDE) for x in (-5.6, 1.35))
SECONDS = 9.0
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def collapsed(network: Network) -> Network:
    """One layer that computes what a stack of dense layers does whose hidden ones are linear.

    x W₁ W₂ … + (b₁ W₂ + b₂) … is worked out in float64; the last activation stays.
    """
    dense = [k for k, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    weight = np.eye(network.input_shape[0])
    bias = np.zeros(network.input_shape[0])
    for k in dense:
        matrix = network.weights[f"{k}.weight"].astype(np.float64)
        weight, bias = weight @ matrix, bias @ matrix + network.weights[f"{k}.bias"]
    one = Network([Dense(weight.shape[1], network.output_activation)], network.input_shape, dtype="float64")
    one.weights["0.weight"][...], one.weights["0.bias"][...] = weight, bias
    return one


class Side:
    """One of two trainings side by side: its plane and its accuracy."""

    def __init__(self, stage: Stage, recording: Recording, zone: Zone, name: str) -> None:
        self.recording, self.replay = recording, Replay(recording)
        start = self.replay.network_at(self.replay.first)
        self.panel = PlanePanel(recording, zone, start, name, 0.045, outlined=False, theme=stage.theme)
        self.accuracy = Readout("", 1.0, ".1%", 1.0, TEXT.label, stage.theme.accuracy)
        self.accuracy.move_to([zone.right, zone.top + TITLE_ABOVE, 0], aligned_edge=np.array([1, 0, 0]))

    def move_to(self, stage: Stage, x: float) -> None:
        """Slide sideways until the left edge is there."""
        moved = [*self.panel.family_members_with_points(), self.accuracy]
        homes = [mobject.points.copy() for mobject in moved]
        zone = self.panel.zone

        def slide(share: float) -> None:
            for mobject, home in zip(moved, homes, strict=True):
                mobject.points[:] = home + [(x - zone.left) * share, 0.0, 0.0]

        stage.play_clock(TIMING.beat, slide, *moved)
        self.panel.zone = Zone(x, x + zone.width, zone.bottom, zone.top)

    def set_moment(self, moment: float) -> None:
        """Show a moment of the training, in epochs."""
        self.panel.set_network(self.replay.network_at(moment))
        self.accuracy.set_value(self.recording.evaluate(self.replay.epoch_at(moment))["accuracy"])


class StackPart:
    """Two networks of equal size train on data that bend: one of linear layers, one with tanh."""

    def __init__(self, stage: Stage, linear: Recording, curved: Recording) -> None:
        self.stage, self.theme = stage, stage.theme
        self.linear, self.curved = linear, curved
        layers = curved.network_config["layers"]
        self.count = len(layers)
        activation = layers[0]["activation"]
        self.sides = [
            Side(stage, linear, PLANES[0], "all linear"),
            Side(stage, curved, PLANES[1], f"with {activation}"),
        ]
        self.activation = activation
        self.epoch = stage.readout("epoch", ",d", curved.epochs[-1])

    def tell(self) -> None:
        stage, (left, right) = self.stage, self.sides
        count = NUMBERS[self.count] if self.count < len(NUMBERS) else str(self.count)
        stage.heading("A stack of layers")
        stage.caption(f"Two networks of {count} layers each.\nThe left one has no activation functions.")
        for side in self.sides:
            side.set_moment(side.replay.first)
        self.epoch.set_value(left.replay.first)
        stage.fade(left.panel, left.accuracy, right.panel, right.accuracy, self.epoch)
        stage.wait(TIMING.slow + TIMING.beat)
        start = [recording.network(recording.epochs[0]).parameters for recording in (self.linear, self.curved)]
        if np.array_equal(start[0], start[1]):
            stage.caption("Both begin with the same weights\nand learn from the same points.")
        else:
            stage.caption("Both learn from the same points.")
        pace = right.replay.pace()

        def follow(share: float) -> None:
            moment = pace.moment(share)
            for side in self.sides:
                side.set_moment(moment)
            self.epoch.set_value(right.replay.epoch_at(moment))

        moved = [side.panel for side in self.sides] + [side.accuracy for side in self.sides]
        stage.play_clock(SECONDS, follow, *moved, self.epoch)
        share = self.linear.evaluate()["accuracy"], self.curved.evaluate()["accuracy"]
        stage.caption(
            f"Straight on the left: {share[0]:.1%} are right.\nWith {self.activation} it bends: {share[1]:.1%}."
        )
        stage.wait(2 * TIMING.slow)
        stage.fade(leaving=(right.panel, right.accuracy, self.epoch))
        stage.clear_readouts()
        left.move_to(stage, SAFE.left)
        self.multiply()

    def multiply(self) -> None:
        """The matrices of the linear stack, and their product."""
        stage, theme, left = self.stage, self.theme, self.sides[0]
        network = self.linear.network()
        one = collapsed(network)
        matrices = [np.asarray(network.weights[f"{k}.weight"], np.float64) for k in range(self.count)]
        product = one.weights["0.weight"]
        columns = [matrix.shape[1] for matrix in (*matrices, product)]
        room = SAFE.right - (left.panel.zone.right + 0.3)
        gaps = [0.12] * (self.count - 1) + [0.55]
        unit = (room - sum(gaps)) / (sum(columns) + 0.35 * len(columns))
        x, middle = left.panel.zone.right + 0.3, 0.0
        shown, names = [], []
        for k, matrix in enumerate((*matrices, product)):
            width = unit * (columns[k] + 0.35)
            zone = Zone(x, x + width, middle - 1.0, middle + 1.0)
            shown.append(Matrix(matrix, zone, size=TEXT.label, theme=theme))
            title = f"layer {k + 1}" if k < self.count else "all"
            names.append(written(title, (zone.center[0], middle + 1.0), CENTER, TEXT.small, theme.muted))
            x += width + (gaps[k] if k < len(gaps) else 0.0)
            if k == self.count - 1:
                equals = written("=", (x - gaps[k] / 2, middle), CENTER, 40, theme.text)
        self.matrices = shown
        stage.heading("Linear times linear is linear")
        stage.caption("Without an activation function\na layer only multiplies and adds.")
        stage.fade(*shown[:-1], *names[:-1])
        stage.wait(TIMING.slow + TIMING.quick)
        stage.caption("Such matrices multiply to a single one:\nthe whole stack is one layer.")
        stage.fade(shown[-1], names[-1], equals)
        stage.wait(TIMING.slow + TIMING.quick)
        data = self.linear.data
        right = int(np.count_nonzero(~mistakes(one, data.x, data.y)))
        lines = last_lines(one.weights["0.weight"], one.weights["0.bias"], left.panel.bounds)
        mark = Polylines([left.panel.look(line) for line in lines], theme.highlight, 5.0)
        stage.caption(f"That one layer's line is the same line:\n{right} of {len(data.x)} points are right.")
        stage.fade(mark)
        stage.wait(2 * TIMING.slow)
