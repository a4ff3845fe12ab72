"""How a network's diagram looks while something passes through it, from the example's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.diagram_signals import Signals
from scenes.theme import Theme, rgb

if TYPE_CHECKING:
    from scenes.mobjects.network_diagram import NetworkDiagram

WIDEST, THINNEST = 4.5, 0.6  # strokes of the strongest connection, and of one that carries nothing
FEW = 60  # connections of a link; where there are more, each is fainter
RESTING, LIT = 0.35, 0.8  # how visible connections are that nothing has passed yet, and those that something has
LENGTH = 0.45  # of what runs along a connection, as a share of the connection
ARRIVAL = 0.6  # share of the way after which a neuron lights up
HANDED_ON, HANDED_WIDTH = 0.25, 1.6  # how visible a connection without a weight is at least, and its stroke


@dataclass
class Look:
    """Everything about a diagram that changes when something passes.

    Attributes
    ----------
    colours, widths : ndarray (E, 4) and (E,)
        Of the connections, link by link.
    bright : list of ndarray
        How bright the neurons (S,) or pixels (M, h, w) of each column are, 0 to 1.
    glow : list of ndarray
        The same for gradients, which take the place of activations by as much as `glowing` says, column by column.
    glowing : ndarray (columns,)
    pulses : ndarray (E, 2, 2)
        The ends of what runs along the connections.
    pulse_colours, pulse_widths : ndarray (E, 4) and (E,)
        Width 0 where nothing runs.
    """

    colours: np.ndarray
    widths: np.ndarray
    bright: list[np.ndarray]
    glow: list[np.ndarray]
    glowing: np.ndarray
    pulses: np.ndarray
    pulse_colours: np.ndarray
    pulse_widths: np.ndarray


def tints(values: np.ndarray, top: float, weighted: bool, theme: Theme, gradient: bool = False) -> np.ndarray:
    """Colours (E, 4) of what the connections of a link have or carry: the hue is the sign, the opacity the size.

    The opacity is the root of the share of the largest, so that small ones can be seen too. Gradients have one hue.
    """
    if weighted and not gradient:
        colours = theme.weight_colours(values, 1.0)
    else:
        colours = np.tile([*rgb(theme.highlight if gradient else theme.muted), 1.0], (len(values), 1))
    colours[:, 3] = shares(values, top)
    if not weighted:
        colours[:, 3] = HANDED_ON + (1 - HANDED_ON) * colours[:, 3]
    return colours


def shares(values: np.ndarray, top: float) -> np.ndarray:
    """The roots of sizes as shares of the largest, 0 to 1; 0 where there is no number."""
    return np.sqrt(np.clip(np.nan_to_num(np.abs(values) / max(top, 1e-30)), 0.0, 1.0))


def largest_of(values: np.ndarray) -> float:
    """The size of the largest number, 0 where there is none: a network whose training blew up is drawn, too."""
    return float(np.abs(values[np.isfinite(values)]).max(initial=0.0))


def strokes(values: np.ndarray, top: float, weighted: bool) -> np.ndarray:
    """The widths of connections."""
    return THINNEST + ((WIDEST if weighted else HANDED_WIDTH) - THINNEST) * shares(values, top)


def resting_look(diagram: NetworkDiagram) -> Look:
    """Nothing but the weights."""
    edges = len(diagram.ends)
    return Look(
        diagram.signed, diagram.resting_widths, diagram.dark(), diagram.dark(), np.zeros(len(diagram.plan.columns)),
        diagram.ends, np.zeros((edges, 4)), np.zeros(edges),
    )  # fmt: skip


def passed_tints(diagram: NetworkDiagram, signals: Signals) -> tuple[np.ndarray, np.ndarray]:
    """The colours (E, 4) and widths (E,) of all connections that have carried an example; each link has its scale."""
    colours, widths = [np.zeros((0, 4))], [np.zeros(0)]
    for link, values in zip(diagram.plan.links, signals.passed, strict=True):
        top = largest_of(values)
        colours.append(tints(values, top, link.is_weighted, diagram.theme, signals.are_gradients))
        widths.append(strokes(values, top, link.is_weighted))
    return np.concatenate(colours), np.concatenate(widths)


def passing_look(diagram: NetworkDiagram, signals: Signals, reached: float, before: Signals | None = None) -> Look:
    """An example that has come as far as column `reached`; see `NetworkDiagram.show`."""
    count = len(diagram.plan.columns)
    share = np.clip(reached - np.arange(count - 1), 0.0, 1.0)
    colours, widths, pulses = _edges(diagram, signals, share, before, backwards=False)
    arrived = np.concatenate([[1.0], _arrived(share)])
    old = diagram.dark() if before is None else before.bright
    bright = [a + (b - a) * come for a, b, come in zip(old, signals.bright, arrived, strict=True)]
    return Look(colours, widths, bright, diagram.dark(), np.zeros(count), *pulses)


def gradient_look(diagram: NetworkDiagram, signals: Signals, passed: float, before: Signals | None = None) -> Look:
    """Gradients on their way back; see `NetworkDiagram.show_gradients`."""
    count = len(diagram.plan.columns)
    # first the output's own, then link by link from the right
    share = np.clip(passed - 1 - np.arange(count - 1)[::-1], 0.0, 1.0)
    colours, widths, pulses = _edges(diagram, signals, share, before, backwards=True)
    glowing = np.concatenate([_arrived(share), [float(np.clip(passed, 0.0, 1.0))]])
    bright = diagram.dark() if before is None else before.bright
    return Look(colours, widths, bright, signals.bright, glowing, *pulses)


def _arrived(share: np.ndarray) -> np.ndarray:
    """How far what is at the end of a link has lit up."""
    return np.asarray(np.clip((share - ARRIVAL) / (1 - ARRIVAL), 0.0, 1.0))


def _edges(
    diagram: NetworkDiagram, signals: Signals, share: np.ndarray, before: Signals | None, backwards: bool
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Colours and widths of connections of which `share` (links,) has been passed, and what runs along them."""
    tint, width = passed_tints(diagram, signals)
    if before is None:
        rest, rest_widths = diagram.signed.copy(), diagram.resting_widths
        rest[:, 3] *= RESTING
    else:
        rest, rest_widths = passed_tints(diagram, before)
        rest[:, 3] *= LIT
    each = share[diagram.link_of_edge]
    lit = tint.copy()
    lit[:, 3] *= LIT
    colours = rest + (lit - rest) * each[:, None]
    head, tail = np.minimum(1.0, each * (1 + LENGTH)), np.maximum(0.0, each * (1 + LENGTH) - LENGTH)
    start, way = diagram.ends[:, 0], diagram.ends[:, 1] - diagram.ends[:, 0]
    if backwards:
        start, way = diagram.ends[:, 1], -way
    pulses = np.stack([start + way * tail[:, None], start + way * head[:, None]], axis=1)
    running = np.where((each > 0) & (each < 1), width, 0.0)
    return colours, rest_widths + (width - rest_widths) * each, (pulses, tint, running)
