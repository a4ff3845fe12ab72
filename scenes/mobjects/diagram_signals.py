"""What passes through a network's diagram: weights, activations and gradients of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.analysis.anatomy import Part, anatomy, mean_response, part_values
from engine.analysis.backward import gradients
from engine.errors import ConfigurationError
from engine.layers import Recurrent
from engine.losses import Loss
from engine.network import Network
from scenes.mobjects.diagram_plan import CANDIDATE, Column, Link, Plan
from scenes.mobjects.neuron_fields import RANGES

CHUNK = 64  # examples that are passed at a time when scales are measured
Ranges = list[tuple[float, float]]


@dataclass
class Signals:
    """What one example makes of a diagram's columns and links.

    Attributes
    ----------
    values : list of ndarray
        All values of each column, of its shape.
    bright : list of ndarray
        Between 0 and 1, how bright each neuron (S,) or the pixels of each image (M, h, w) are that are drawn.
    passed : list of ndarray (E,)
        What each connection that is drawn passes on; see `contributions` and `gradient_signals`.
    are_gradients : bool
    """

    values: list[np.ndarray]
    bright: list[np.ndarray]
    passed: list[np.ndarray]
    are_gradients: bool = False


def drawn_weights(network: Network, plan: Plan) -> list[np.ndarray]:
    """The weight (E,) of each connection that is drawn, link by link; 1 where values are only handed on.

    That of a convolution is the sum of the kernel between two maps; that of a gated layer belongs to what it would
    write, not to its gates.
    """
    return [_link_weights(network, plan, k) for k in range(len(plan.links))]


def _link_weights(network: Network, plan: Plan, k: int) -> np.ndarray:
    link = plan.links[k]
    if not link.is_weighted:
        return np.ones(len(link.pairs))
    weight = np.asarray(network.weights[f"{link.name}.weight"], dtype=np.float64)
    if link.kind == "kernels":
        weight = weight.sum(axis=(0, 1))
    return _drawn(plan, k, _own_columns(network, link, weight))


def _own_columns(network: Network, link: Link, weight: np.ndarray) -> np.ndarray:
    """Of gated layers' weights (features, gates * units) those of the candidate."""
    if link.kind != "recurrent":
        return weight
    layer = part_of(network, link.name).layer
    assert isinstance(layer, Recurrent)
    first = CANDIDATE.get(type(layer), 0) * layer.units
    return weight[:, first : first + layer.units]


def _drawn(plan: Plan, k: int, matrix: np.ndarray) -> np.ndarray:
    """The entries of a matrix (before, after) that belong to connections of link k."""
    before, after = np.array(plan.columns[k].numbers), np.array(plan.columns[k + 1].numbers)
    pairs = plan.links[k].pairs
    return np.asarray(matrix[before[pairs[:, 0]], after[pairs[:, 1]]], dtype=np.float64)


def part_of(network: Network, name: str) -> Part:
    """The part of a network with that name."""
    return next(part for part in anatomy(network) if part.name == name)


def column_values(network: Network, plan: Plan, x: ArrayLike) -> list[np.ndarray]:
    """The values of each column for a few examples, (N, *shape); of sequences, at the last step."""
    examples = np.asarray(x, dtype=np.float64)
    found = part_values(network, examples)
    return [_shaped(column, examples if column.part is None else found[column.part.name]) for column in plan.columns]


def _shaped(column: Column, values: np.ndarray) -> np.ndarray:
    if column.kind == "neurons" and len(column.shape) == 2:
        return np.asarray(values[:, -1], dtype=np.float64)
    return np.asarray(values, dtype=np.float64).reshape(len(values), *column.shape)


def column_ranges(network: Network, plan: Plan, x: ArrayLike) -> Ranges:
    """What is dark and what is bright in each column, between which brightness is proportional.

    That is what its activation lies between. Others are measured: from the least (or 0) to the mean of each example's
    largest, since the largest of all would leave most of them dark.
    """
    examples = np.asarray(x)
    lows: list[list[float]] = [[0.0] for _ in plan.columns]
    highs: list[list[float]] = [[] for _ in plan.columns]
    for start in range(0, len(examples), CHUNK):
        values = column_values(network, plan, examples[start : start + CHUNK])
        for low, high, each in zip(lows, highs, values, strict=True):
            finite = np.nan_to_num(each)
            low.append(float(finite.min()))
            high += finite.reshape(len(each), -1).max(axis=1).tolist()
    measured = [(min(low), max(float(np.mean(high)), min(low) + 1e-9)) for low, high in zip(lows, highs, strict=True)]
    return [RANGES.get(column.activation, pair) for column, pair in zip(plan.columns, measured, strict=True)]


def activation_signals(network: Network, plan: Plan, example: ArrayLike, ranges: Ranges) -> Signals:
    """One example, of the input's shape, on its way forward."""
    values = [values[0] for values in column_values(network, plan, np.asarray(example)[None])]
    bright = [
        np.clip(np.nan_to_num((visible(column, each) - low) / (high - low)), 0.0, 1.0)
        for column, each, (low, high) in zip(plan.columns, values, ranges, strict=True)
    ]
    return Signals(values, bright, contributions(network, plan, values))


def visible(column: Column, values: np.ndarray) -> np.ndarray:
    """The values that are drawn: of neurons (S,), of images (M, h, w)."""
    if column.kind == "neurons":
        return values[column.numbers]
    maps = np.moveaxis(values, -1, 0)
    return maps if column.kind == "pixels" else maps[column.numbers]


def node_values(column: Column, values: np.ndarray) -> np.ndarray:
    """What stands at the end of each connection (S,): a neuron's value, or the mean of a map."""
    if column.kind == "maps":
        return np.asarray(values.mean(axis=(0, 1))[column.numbers])
    return np.asarray(values.reshape(-1)[column.numbers])


def contributions(network: Network, plan: Plan, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What each connection that is drawn passes on, link by link.

    Parameters
    ----------
    values : sequence of ndarray
        Of each column, for one example.

    Returns
    -------
    list of ndarray (E,)
        Weight times activation; of convolutions, what one map adds to the mean of another; of sequences, at the last
        step. Where there are no weights, the value that is handed on.
    """
    found = []
    for k, link in enumerate(plan.links):
        before, after = plan.columns[k], plan.columns[k + 1]
        if link.kind == "kernels":
            part = part_of(network, link.name)
            response = mean_response(network, part, values[k].reshape(part.input_shape))
            found.append(_drawn(plan, k, response))
        elif link.is_weighted:
            carried = node_values(before, values[k])[link.pairs[:, 0]]
            found.append(_link_weights(network, plan, k) * carried)
        else:
            found.append(node_values(after, values[k + 1])[link.pairs[:, 1]])
    return found


def gradient_signals(
    network: Network, plan: Plan, example: ArrayLike, target: Any, loss: str | Loss, common: bool = False
) -> Signals:
    """The gradients of one example's loss.

    Parameters
    ----------
    example : array, of the input's shape
    target : int, or array of the output's shape
    loss : str or Loss
    common : bool
        Whether all columns share one scale, so that it can be seen how gradients shrink, or each has its own.

    Returns
    -------
    Signals
        `values` are the gradients with respect to each neuron's sum, before its activation, of the input with respect
        to the data; `bright` is their size as a share of the largest. `passed` is the gradient with respect to each
        connection's weight; of a kernel, its length (the root of the sum of squares); without weights, the gradient
        that is handed back.
    """
    found = gradients(network, np.asarray(example)[None], np.asarray(target)[None], loss)
    values = []
    for k, column in enumerate(plan.columns):
        if column.part is None:
            gradient = found.inputs
        elif column.part.name in found.sums:
            gradient = found.sums[column.part.name]
        else:
            # an activation layer that the loss passes over
            gradient = found.sums[plan.links[k - 1].name]
        values.append(_shaped(column, gradient)[0])
    sizes = [np.abs(visible(column, each)) for column, each in zip(plan.columns, values, strict=True)]
    tops = [float(size.max(initial=0.0)) for size in sizes]
    tops = [max(tops)] * len(tops) if common else tops
    passed = []
    for k, link in enumerate(plan.links):
        if not link.is_weighted:
            passed.append(node_values(plan.columns[k + 1], np.abs(values[k + 1]))[link.pairs[:, 1]])
            continue
        weight = np.asarray(found.weights[f"{link.name}.weight"], dtype=np.float64)
        if link.kind == "kernels":
            weight = np.sqrt((weight**2).sum(axis=(0, 1)))
        passed.append(_drawn(plan, k, _own_columns(network, link, weight)))
    bright = [size / max(top, 1e-30) for size, top in zip(sizes, tops, strict=True)]
    return Signals(values, bright, passed, are_gradients=True)


def matching_weights(plan: Plan, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The drawn entries (E,) of one matrix (in_features, out_features) for each link between neurons."""
    if len(weights) != len(plan.links):
        raise ConfigurationError(f"{len(weights)} matrices of weights do not match {len(plan.links)} links")
    for k, weight in enumerate(weights):
        needed = (plan.columns[k].count, plan.columns[k + 1].count)
        if np.shape(weight) != needed:
            raise ConfigurationError(f"link {k} takes weights of the shape {needed}, not {np.shape(weight)}")
    return [_drawn(plan, k, np.asarray(weight, dtype=np.float64)) for k, weight in enumerate(weights)]
