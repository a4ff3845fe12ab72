"""Sequences: a sine wave and the Lorenz system to predict, and two tasks that ask for a long memory.

A sample has the shape (steps, features). Every sample is drawn on its own, so that a validation part shares no stretch
of a curve with the training part. The same seed gives the same data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.datasets.dataset import Dataset
from engine.validation import check_finite, check_whole

# The state of the Lorenz system is shown as (state - CENTRE) / SCALE, which lies in about [-1, 1] along every axis.
CENTRE, SCALE = np.array([0.0, 0.0, 25.0]), 25.0

# One step of the integration, and how long the system runs before its state counts as being on the attractor.
LORENZ_STEP, LORENZ_SETTLING = 0.01, 25.0


def sine(n: int = 500, steps: int = 25, period: float = 20.0, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Pieces of a sine wave, each from a phase of its own; the target is the value that comes next.

    Parameters
    ----------
    n : int
        Number of samples.
    steps : int
        Values in a sample, which has the shape (steps, 1).
    period : float
        Steps in one period of the wave, above 2.
    noise : float
        Standard deviation of the normal noise on the values that are shown; the target has none.
    seed : int
        Seed of the phases and the noise.
    """
    _check("sine", n=n, steps=steps, noise=noise, seed=seed)
    check_finite("dataset 'sine': period", period, positive=True)
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0.0, 1.0, (n, 1))
    wave = np.sin(2 * np.pi * (phase + np.arange(steps + 1) / period))
    x = (wave[:, :steps] + noise * rng.standard_normal((n, steps))).astype(np.float32)
    given = {"n": n, "steps": steps, "period": period, "noise": noise, "seed": seed}
    return Dataset("sine", x[:, :, None], wave[:, steps:], "regression", parameters=given, target_names=("next value",))


def lorenz(n: int = 1000, steps: int = 25, interval: float = 0.05, seed: int = 0) -> Dataset:
    """Pieces of trajectories of the Lorenz system, a chaotic one; the target is the state that comes next.

    ``x' = 10 (y - x), y' = x (28 - z) - y, z' = x y - 8/3 z`` (Lorenz, 1963), by Runge and Kutta's method of fourth
    order. Every sample is a piece of a trajectory of its own that has had time to reach the attractor, shown as
    ``(state - (0, 0, 25)) / 25``.

    Parameters
    ----------
    n : int
        Number of samples.
    steps : int
        States in a sample, which has the shape (steps, 3).
    interval : float
        Time between two states; 0.75 is about once around one wing.
    seed : int
        Seed of where the trajectories start.
    """
    _check("lorenz", n=n, steps=steps, seed=seed)
    check_finite("dataset 'lorenz': interval", interval, positive=True)
    state = CENTRE + np.random.default_rng(seed).normal(0.0, 8.0, (n, 3))
    start = (_run_lorenz(state, LORENZ_SETTLING) - CENTRE) / SCALE
    shown = np.concatenate([start[:, None], lorenz_states(start, steps, interval)], axis=1)
    return Dataset(
        "lorenz",
        shown[:, :steps],
        shown[:, steps],
        "regression",
        parameters={"n": n, "steps": steps, "interval": interval, "seed": seed},
        target_names=("next x", "next y", "next z"),
    )


def lorenz_states(start: ArrayLike, steps: int, interval: float = 0.05) -> NDArray[np.float64]:
    """How trajectories of the Lorenz system go on, by the same method as in `lorenz`.

    Parameters
    ----------
    start : array_like, shape (N, 3)
        States as `lorenz` shows them.
    steps : int
    interval : float
        Time between two states.

    Returns
    -------
    ndarray of float64, shape (N, steps, 3)
        The states after one interval, two intervals and so on.
    """
    state = np.asarray(start, dtype=np.float64) * SCALE + CENTRE
    states = []
    for _ in range(steps):
        state = _run_lorenz(state, interval)
        states.append(state)
    return (np.stack(states, axis=1) - CENTRE) / SCALE


def adding(n: int = 10000, steps: int = 100, seed: int = 0) -> Dataset:
    """The adding problem: the sum of two numbers that are marked in a long row of numbers.

    The first feature of each step is uniform in [0, 1]; the second is 1 at one step of the first half and at one of
    the second half, 0 elsewhere. The target is the sum of the two marked numbers. Its variance is 1/6: whoever always
    answers 1, the mean, has a mean squared error of 0.167. After Hochreiter and Schmidhuber (1997), in the form of
    Le et al. (2015).

    Parameters
    ----------
    n : int
        Number of samples.
    steps : int
        Numbers in a row, at least 2; a sample has the shape (steps, 2).
    seed : int
        Seed of the numbers and the marks.
    """
    _check("adding", n=n, steps=steps, seed=seed)
    rng = np.random.default_rng(seed)
    x = np.zeros((n, steps, 2), np.float32)
    x[:, :, 0] = rng.random((n, steps), np.float32)
    rows, half = np.arange(n), steps // 2
    marks = rng.integers(0, half, n), rng.integers(half, steps, n)
    for mark in marks:
        x[rows, mark, 1] = 1.0
    y = sum(x[rows, mark, 0].astype(np.float64) for mark in marks)
    given = {"n": n, "steps": steps, "seed": seed}
    return Dataset("adding", x, y, "regression", parameters=given, target_names=("sum of the marked numbers",))


def delayed_recall(n: int = 2000, steps: int = 30, symbols: int = 4, noise: float = 0.2, seed: int = 0) -> Dataset:
    """Remember the first symbol through a stretch of noise, and name it when asked.

    At the first step one of the symbols' features is 1; then comes normal noise; at the last step the last feature,
    the question, is 1. The class is the symbol.

    Parameters
    ----------
    n : int
        Number of samples; each symbol has as many, or one more than another.
    steps : int
        Length of a sample, at least 2; it has the shape (steps, symbols + 1).
    symbols : int
        How many there are, from 2 to 26.
    noise : float
        Standard deviation of the noise on the symbols' features between the first and the last step.
    seed : int
        Seed of the order of symbols and of the noise.
    """
    _check("delayed_recall", n=n, steps=steps, noise=noise, seed=seed)
    check_whole("dataset 'delayed_recall': symbols", symbols, 2, 26)
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % symbols)
    x = np.zeros((n, steps, symbols + 1), np.float32)
    x[np.arange(n), 0, y] = 1.0
    x[:, 1:-1, :symbols] = noise * rng.standard_normal((n, steps - 2, symbols))
    x[:, -1, symbols] = 1.0
    given = {"n": n, "steps": steps, "symbols": symbols, "noise": noise, "seed": seed}
    names = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:symbols])
    return Dataset("delayed_recall", x, y, "classification", class_names=names, parameters=given)


def _run_lorenz(state: NDArray[np.float64], time: float) -> NDArray[np.float64]:
    """Let states (n, 3) of the Lorenz system run for some time."""
    count = max(1, round(time / LORENZ_STEP))
    h = time / count
    for _ in range(count):
        first = _lorenz_slope(state)
        second = _lorenz_slope(state + h / 2 * first)
        third = _lorenz_slope(state + h / 2 * second)
        fourth = _lorenz_slope(state + h * third)
        state = state + h / 6 * (first + 2 * second + 2 * third + fourth)
    return state


def _lorenz_slope(state: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y, z = state.T
    return np.stack([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z], axis=1)


def _check(name: str, **values: float) -> None:
    """Hold the parameters that these data sets share to their rules."""
    for key, value in values.items():
        where = f"dataset {name!r}: {key}"
        if key == "n":
            check_whole(where, value, 4, 10_000_000)
        elif key == "steps":
            check_whole(where, value, 2, 100_000)
        elif key == "seed":
            check_whole(where, value, 0, 2**32 - 1)
        else:
            check_finite(where, value)
