"""Two networks of one depth: one layer after the other, and with ways round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.analysis.anatomy import anatomy
from engine.layers import Conv2D, Dense
from scenes.courses import all_hold_out, course
from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.writing import LEFT, written
from scenes.numbers import share_text
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording

STRIPS = (Zone(SAFE.left, 0.9, 0.55, 1.75), Zone(SAFE.left, 0.9, -1.75, -0.4))
CURVES = Zone(1.5, SAFE.right, -2.1, 2.3)
NAMES = ("plain", "with ways round")
SECONDS = 8.0


class WaysRoundPart:
    """The diagrams of both, and how many answers of theirs are right, epoch by epoch."""

    def __init__(self, stage: Stage, plain: Recording, residual: Recording) -> None:
        theme = self.theme = stage.theme
        self.stage = stage
        self.recordings = recordings = (plain, residual)
        self.colours = (theme.text, theme.accuracy)
        networks = [recording.network() for recording in recordings]
        self.counts = [weighted_layers(network) for network in networks]
        self.projects = any(name.endswith("projection") for name in networks[1].weights)
        self.strips = [
            NetworkDiagram(network, zone, names="none", theme=theme)
            for network, zone in zip(networks, STRIPS, strict=True)
        ]
        self.held_out = held_out = all_hold_out(recordings, "accuracy")
        series = {
            name: Series(name, *course(recording, "accuracy", held_out), colour)
            for name, recording, colour in zip(NAMES, recordings, self.colours, strict=True)
        }
        self.curves = Curves(series, CURVES, share_text, 1.0, theme=theme)
        self.results = [float(entry.values[-1]) for entry in self.curves.series.values()]

    def tell(self) -> None:
        stage, counts, curves = self.stage, self.counts, self.curves
        stage.heading("Depth alone")
        titles = [
            written(f"{name}: {count} layers", (zone.left, zone.top + 0.35), LEFT, TEXT.label, colour)
            for name, count, zone, colour in zip(NAMES, counts, STRIPS, self.colours, strict=True)
        ]
        stage.caption(f"Then simply more layers? Here are {counts[0]},\none after the other.")
        stage.fade(self.strips[0], titles[0])
        stage.wait(TIMING.slow)
        as_many = "As many again" if counts[1] == counts[0] else f"And {counts[1]}"
        passing = "pass them by" if self.projects else "pass unchanged"
        stage.caption(f"{as_many}, with ways round them:\nwhat comes in can {passing}.")
        stage.fade(self.strips[1], titles[1])
        stage.wait(TIMING.slow)
        curves.set_moment(curves.first)
        stage.caption(self.question())
        stage.fade(curves)
        end, first = curves.last, curves.first
        stage.play_clock(
            SECONDS, lambda share: curves.set_moment(first + share * (end - first)), curves, rate_func=linear
        )
        plain, residual = map(share_text, self.results)
        stage.caption(f"Plain: {plain}.\nWith ways round: {residual}.")
        stage.wait(TIMING.slow + TIMING.hold)

    def question(self) -> str:
        """What the curves will answer."""
        one, other = (recording.data for recording in self.recordings)
        things = "images" if one.image_shape is not None else "examples"
        same = np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y)
        others = "others " if self.held_out else ""
        learn = f"Both learn from the same {things}:" if same else "Each learns from data of its own:"
        return f"{learn}\nhow many {others}do they get right?"


def weighted_layers(network: Network) -> int:
    """How many layers have weights, those inside residual blocks included."""
    return sum(isinstance(part.layer, (Conv2D, Dense)) for part in anatomy(network))
