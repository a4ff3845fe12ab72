"""What a network is trained towards: targets made of labels, and the loss as the machine calls it."""

from __future__ import annotations

import ctypes
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.errors import ConfigurationError, DataError
from engine.losses import Loss
from engine.metrics import Answers, accuracy_kernel
from engine.program import entry
from engine.validation import all_finite

if TYPE_CHECKING:
    from engine.network import Network


def build_objective(network: Network, loss: Loss, answers: Answers) -> machine.Objective:
    """Compile a loss for a network; ConfigurationError when it cannot follow the network's last activation."""
    from_logits = loss.from_logits(network.output_activation)
    outputs = prod(network.output_shape)
    accuracy, constants = accuracy_kernel(answers, outputs, loss, from_logits)
    return machine.Objective(
        count_operations(network, loss),
        entry(loss.kernel(), "loss", network.dtype.name),
        entry(accuracy, "accuracy", network.dtype.name),
        np.array([outputs], np.int64),
        np.array(constants, network.dtype),
    )


def measured_outputs(network: Network, loss: Loss, x: ArrayLike) -> NDArray[Any]:
    """What a loss is measured on: the network's logits where the loss takes these, else its predictions."""
    return network.logits(x) if loss.from_logits(network.output_activation) else network.predict(x)


def count_operations(network: Network, loss: Loss) -> int:
    """How many of a network's operations come before the loss: one that takes logits skips the last activation.

    ConfigurationError where that leaves none.
    """
    skips = loss.from_logits(network.output_activation) and network.output_activation != "linear"
    count = len(network.plan.operations) - skips
    if skips and count == 0:
        raise ConfigurationError(
            f"loss {loss.name!r} compares what comes into the last {network.output_activation!r}, and the network has "
            f"nothing before it: add a layer, such as Dense({prod(network.output_shape)})"
        )
    return count


def prepare_data(
    network: Network, x: ArrayLike, y: ArrayLike, loss: Loss, weights: ArrayLike | None = None
) -> tuple[machine.Data, Answers]:
    """Check examples and targets and lay them out for the machine.

    Parameters
    ----------
    network : Network
    x : array_like, shape (N, *input_shape)
    y : array_like
        Integer labels (N,), or float targets (N, *output_shape), or (N,) where the network has one output.
    loss : Loss
    weights : array_like, shape (N,), optional
        How much each example counts; 1 by default.

    Returns
    -------
    data : Data
    answers : Answers
        What can be right: the class where `y` holds labels or the loss compares classes, each output by itself where
        it compares probabilities one by one, nothing in a regression.

    Raises
    ------
    DataError
        For shapes that do not fit, values that are not finite, or labels outside the classes.
    ConfigurationError
        When the network's output is not one row of classes and the loss needs that.
    """
    inputs = network.check_inputs(x)
    examples = inputs.shape[0]
    if examples == 0:
        raise DataError("x holds no examples: give at least one")
    targets, answers = _targets(network, as_numbers("y", y), loss, examples)
    if weights is None:
        checked = np.ones(examples, network.dtype)
    else:
        checked = as_input(as_numbers("weights", weights), network.dtype)
        if checked.shape != (examples,) or not np.isfinite(checked).all() or (checked < 0).any():
            raise DataError(f"weights has the shape {checked.shape}: it must hold {examples} numbers of at least 0")
    return machine.Data(inputs, targets, checked), answers


def as_input(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Give values as the kernels take them: C-contiguous, in the network's dtype, and typed as writable.

    Kernels never write to what they are given to learn from. Data that are read-only, as data sets and recordings
    are, are therefore handed over where they lie: large ones would otherwise be held twice.
    """
    array = np.require(values, dtype, ["C"])
    if array.flags.writeable or not array.size:
        return np.require(array, dtype, ["C", "W"])
    memory = (ctypes.c_char * array.nbytes).from_address(array.ctypes.data)
    memory.owner = array  # type: ignore[attr-defined]  # which has to live as long as the view does
    return np.frombuffer(memory, array.dtype).reshape(array.shape)  # type: ignore[call-overload]


def as_numbers(name: str, values: ArrayLike) -> NDArray[Any]:
    """Give values as an array of numbers; DataError when they are something else, such as text or ragged rows."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"{name} holds rows of different lengths: all must have the same shape") from None
    if array.dtype.kind not in "fiub":
        raise DataError(f"{name} has the dtype {array.dtype}: it must hold numbers")
    return array


def _targets(network: Network, y: NDArray[Any], loss: Loss, examples: int) -> tuple[NDArray[Any], Answers]:
    outputs = prod(network.output_shape)
    if loss.link == "softmax" and (outputs < 2 or len(network.output_shape) > 1):
        raise ConfigurationError(
            f"loss {loss.name!r} compares classes, one output each: the network's output must have the shape "
            f"(classes,) with at least two of them, not {network.output_shape}"
        )
    if y.ndim == 0 or y.shape[0] != examples:
        raise DataError(f"y has the shape {y.shape}: it must have one entry for each of the {examples} examples of x")
    if y.ndim == 1 and y.dtype.kind in "iub":
        classes = max(outputs, 2)
        wrong = np.flatnonzero((y < 0) | (y >= classes))
        if wrong.size and (outputs > 1 or loss.link is not None):
            raise DataError(
                f"y holds the label {y[wrong[0]]} in example {wrong[0]}: this network tells {classes} classes apart, "
                f"numbered 0 to {classes - 1}"
            )
        if loss.labels_only:
            return np.require(y.reshape(-1, 1), network.dtype, ["C", "W"]), "class"
        if outputs > 1:
            return np.ascontiguousarray(np.eye(outputs, dtype=network.dtype)[y.astype(np.int64)]), "class"
        return np.require(y.reshape(-1, 1), network.dtype, ["C", "W"]), "" if wrong.size else "class"
    if loss.labels_only:
        raise DataError(f"y has the shape {y.shape} and dtype {y.dtype}: loss {loss.name!r} needs labels ({examples},)")
    if y.shape[1:] != network.output_shape and not (y.ndim == 1 and outputs == 1):
        raise DataError(
            f"y has the shape {y.shape}: this network needs labels ({examples},) or targets "
            f"({examples}, {', '.join(map(str, network.output_shape))})"
        )
    with np.errstate(over="ignore"):  # what overflows is infinite, and found below
        targets = as_input(y.reshape(examples, outputs), network.dtype)
    if not all_finite(targets):
        row = int(np.argwhere(~np.isfinite(targets))[0, 0])
        raise DataError(f"y holds a value that is not finite (NaN or infinite) in example {row}")
    if loss.link is not None and ((targets < 0) | (targets > 1)).any():
        row = int(np.argwhere((targets < 0) | (targets > 1))[0, 0])
        raise DataError(f"y holds {targets[row].tolist()} in example {row}: loss {loss.name!r} needs targets in [0, 1]")
    if loss.link is None:
        return targets, ""
    return targets, "class" if loss.link == "softmax" else "each"


def summarise(totals: NDArray[np.float64], classification: bool) -> dict[str, float]:
    """Turn the machine's totals (loss, right answers, examples) into means."""
    examples = max(totals[2], 1.0)
    means = {"loss": float(totals[0] / examples)}
    if classification:
        means["accuracy"] = float(totals[1] / examples)
    return means
