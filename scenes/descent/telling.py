"""What is said of the ways down, as the losses of the recordings want it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.recording import Recording

FAR_UP = 0.5  # share of the first loss above which a walk has hardly come down
IN_THE_VALLEY = 0.1  # and below which it is in the valley
ROSE = 1.1  # by what factor a loss has to rise to be said to have risen


def losses_of(recording: Recording) -> np.ndarray:
    """The losses of all recorded epochs, (E,), as the engine measures them."""
    return np.array([recording.evaluate(epoch)["loss"] for epoch in recording.epochs])


def rises(losses: np.ndarray) -> bool:
    """Whether a loss is clearly higher after some step than before it."""
    return bool((losses[1:] > ROSE * losses[:-1]).any())


def runs_past(losses: np.ndarray) -> bool:
    """Whether a walk has been clearly lower than where it ends, and had come down by then."""
    return bool(losses[-1] > ROSE * losses.min() and losses.min() < FAR_UP * losses[0])


def how_it_ends(losses: np.ndarray, after: str) -> str:
    """Where a walk has come to; `after` says after how many steps."""
    first, last = losses[0], losses[-1]
    if last < IN_THE_VALLEY * first:
        return f"After {after} it lies in the valley:\nits loss is {last:.3f}."
    return f"After {after} its loss is {last:.3f}.\nAt the start it was {first:.3f}."


def how_rates_differ(slow: np.ndarray, fast: np.ndarray) -> str:
    """What the smallest and the largest of three learning rates do."""
    is_stuck = slow[-1] > FAR_UP * slow[0]
    if rises(fast):
        leaps = "it leaps over the valley and back."
        return f"Too small, it stays far up. Too large,\n{leaps}" if is_stuck else f"The largest is too large:\n{leaps}"
    return "Too small, it stays far up.\nLarger steps come down sooner." if is_stuck else "Here all three come down."


def what_each_does(runners: Sequence[np.ndarray], batch: int) -> tuple[str, str, str, str]:
    """What gradient descent, small batches, momentum and Adam do, of whose losses this is."""
    plain, _, momentum, _ = runners
    creeps = plain[-1] > FAR_UP * plain[0]
    return (
        "Plain gradient descent: one step for all\nthe data. It creeps."
        if creeps
        else "Plain gradient descent:\none step for all the data.",
        f"Batches of {batch}: more steps for the same\ndata, each of them a little astray.",
        "Momentum keeps its way: it gathers speed\nand runs past the lowest place."
        if runs_past(momentum)
        else "Momentum keeps its way:\nit gathers speed as it goes.",
        "Adam measures for each weight\nhow long its own step should be.",
    )
