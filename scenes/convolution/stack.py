"""The whole network: every feature map, from the image to the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import linear

from engine.layers import Conv2D, Dense, Residual
from engine.layers.pooling import Pool2D
from scenes.images import class_probabilities
from scenes.mobjects.layer_stack import LayerStack
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.numbers import certainty, class_name
from scenes.theme import SAFE, TIMING, Zone

if TYPE_CHECKING:
    from engine.network import Network
    from scenes.convolution.scene import Convolution

STACK = Zone(SAFE.left, 4.05, -2.4, 2.75)
BARS = Zone(4.35, SAFE.right, -1.7, 2.3)
A_LAYER, QUICK = 1.2, 0.15  # seconds
SOME = 200  # images that set the scales
OTHERS = 3


def whole_network(stage: Convolution) -> None:
    """One image slowly, others quickly, and where the weights are."""
    data = stage.recording.data
    bars = stage.bars = ProbabilityBars(data.class_names, BARS, stage.theme)
    ends = (float(bars.boxes[:, 2].min()), float(bars.boxes[:, 3].max()))
    stack = stage.stack = LayerStack(stage.net, stage.image.shape, data.x[:SOME], STACK, ends, stage.theme)
    values = stack.values_of(stage.example)
    stack.show(values, 0.0)
    stage.heading("The whole network")
    kinds = [None if each.layer < 0 else stage.net.layers[each.layer] for each in stack.stages]
    stage.caption("Filters make maps of the image.")
    stage.fade(stack, bars)
    nothing = np.zeros(len(data.class_names))
    for k in range(1, len(kinds)):
        if isinstance(kinds[k], Dense):
            stage.read()
            stage.caption("Dense layers weigh what was found.")
        elif k > 1 and stack.stages[k].is_maps and not isinstance(kinds[k], Pool2D):
            stage.read()
            stage.caption("The next filters look at all maps\nof the layer before.")
        pass_through(stage, values, None, stage.example, nothing, A_LAYER, (k - 1, k))
    stage.read(TIMING.beat)
    answers = class_probabilities(stage.net, stage.example[None])[0]
    winner = int(answers.argmax())
    name, sure = class_name(data.class_names[winner]), certainty(float(answers.max()))
    stage.caption(f"From strokes to {name}:\nit is {sure} sure.")
    box(stage, winner, TIMING.quick)
    stage.read(TIMING.beat)
    others = stage.other_images(OTHERS)
    if others:
        stage.caption("Every image takes the same way.")
    for number in others:
        example = stage.x[number]
        box(stage, winner, 0.2, leaving=True)
        before, values = values, stack.values_of(example)
        pass_through(stage, values, before, example, answers, QUICK)
        answers = class_probabilities(stage.net, example[None])[0]
        winner = int(answers.argmax())
        box(stage, winner, 0.2)
        stage.read(TIMING.beat)
    filters, dense = stage.weights_in = weights_in(stage.net)
    if dense:
        stage.caption(f"All its filters have {filters:,} weights,\nthe dense layers after them {dense:,}.")
        stage.read(TIMING.beat)
    stage.leave(stack, bars)


def pass_through(
    stage: Convolution, values: list[np.ndarray], before: list[np.ndarray] | None, example: np.ndarray,
    old: np.ndarray, a_layer: float, way: tuple[int, int] | None = None,
) -> None:  # fmt: skip
    """Let an example pass through all stages, or some of the way, and the bars follow the last one."""
    stack, bars = stage.stack, stage.bars
    last = len(stack.stages) - 1
    answers = class_probabilities(stage.net, example[None])[0]
    first, end = (-1, last) if way is None else way  # before the first stage the image itself comes in

    def travel(share: float) -> None:
        reached = first + share * (end - first)
        stack.show(values, reached, before)
        come = float(np.clip(reached - last + 1, 0.0, 1.0))
        bars.set_values(old + (answers - old) * come)

    stage.play_clock(a_layer * (end - first), travel, stack, bars, rate_func=linear)


def box(stage: Convolution, winner: int, seconds: float, leaving: bool = False) -> None:
    """Box the most likely class, or no longer."""
    bars = stage.bars
    stage.play_clock(seconds, lambda share: bars.choose(winner, 1 - share if leaving else share), bars)


def weights_in(network: Network) -> tuple[int, int]:
    """How many weights and biases the filters have, those inside residual blocks too, and the dense layers."""
    counts = [0, 0]
    for layer, (start, stop) in zip(network.layers, network.layer_spans, strict=True):
        if isinstance(layer, (Conv2D, Residual, Dense)):
            counts[isinstance(layer, Dense)] += stop - start
    return counts[0], counts[1]
