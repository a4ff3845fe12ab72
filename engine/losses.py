"""Loss functions: each scalar rule beside its derivative, and the loops that average them over a batch.

To add one: write its rule and derivative and give them a line in LOSSES.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine.activations import sigmoid, step
from engine.elementary import exp_of_negative, log1p_of_share, sign
from engine.errors import ConfigurationError
from engine.jit import kernel, like, specialise
from engine.registry import look_up

# --- scalar rules: loss = rule(output, target), and dloss/doutput = derivative(output, target) --------------------


@kernel
def squared_error(output, target):
    """(output - target)²"""
    return (output - target) * (output - target)


@kernel
def squared_error_derivative(output, target):
    """2 (output - target)"""
    return like(output, 2) * (output - target)


@kernel
def absolute_error(output, target):
    """|output - target|"""
    return abs(output - target)


@kernel
def absolute_error_derivative(output, target):
    """sign(output - target)"""
    return sign(output - target)


@kernel
def huber(output, target):
    """e²/2 where |e| ≤ 1, else |e| - 1/2, with e = output - target  (Huber, 1964)"""
    half, error = like(output, 0.5), abs(output - target)
    return half * error * error if error <= 1 else error - half


@kernel
def huber_derivative(output, target):
    """e cut to [-1, 1]"""
    return min(max(output - target, like(output, -1)), like(output, 1))


@kernel
def hinge(output, target):
    """max(0, 1 - s y), with s = 1 where the target is above 0, else -1  (Cortes and Vapnik, 1995)"""
    return max(like(output, 0), like(output, 1) - (output if target > 0 else -output))


@kernel
def hinge_derivative(output, target):
    """-s where s y < 1, else 0"""
    sign = like(output, 1) if target > 0 else like(output, -1)
    return -sign if sign * output < 1 else like(output, 0)


@kernel
def perceptron(logit, target):
    """max(0, -s z), with s = 1 where the target is above 0, else -1: nothing where the step gives the right answer"""
    return max(like(logit, 0), -logit if target > 0 else logit)


@kernel
def perceptron_derivative(logit, target):
    """step(z) - t: descending along it is the perceptron's rule (Rosenblatt, 1958)"""
    return step(logit) - (like(logit, 1) if target > 0 else like(logit, 0))


@kernel
def binary_crossentropy(logit, target):
    """-t log σ(z) - (1 - t) log(1 - σ(z)) = max(z, 0) - z t + log(1 + exp(-|z|)), which cannot overflow"""
    return max(logit, like(logit, 0)) - logit * target + log1p_of_share(exp_of_negative(-abs(logit)))


@kernel
def binary_crossentropy_derivative(logit, target):
    """σ(z) - t"""
    return sigmoid(logit) - target


# --- rows ---------------------------------------------------------------------------------------------------------


@kernel
def row_of(values, n, size):
    """The n-th row of a flat array: an index that begins at 0 lets loops over it be vectorised."""
    return values[n * size : (n + 1) * size]


@kernel
def largest_of(row):
    """max_i x_i"""
    largest = row[0]
    for i in range(1, row.size):
        largest = max(largest, row[i])
    return largest


@kernel
def powers_of_rows(x, y, rows, size):
    """y_ni = exp(x_ni - max_j x_nj)"""
    for n in range(rows):
        row, powers = row_of(x, n, size), row_of(y, n, size)
        largest = largest_of(row)
        for i in range(size):
            powers[i] = row[i] - largest
    for i in range(rows * size):
        y[i] = exp_of_negative(y[i])


# --- loops over a batch -------------------------------------------------------------------------------------------

rule: Any = None  # each copy of a loop has its own, given by `specialise`
derivative: Any = None


def elementwise_loss(run, dims, constants, outputs, targets, weights, doutputs, totals):
    """L = 1/(N K) Σ_n w_n Σ_k rule(y_nk, t_nk), over N examples with K outputs; adds N L to totals[0]."""
    batch, features = run[0], dims[0]
    scale = like(outputs[0], 1.0 / (run[7] * features))
    total = 0.0
    if features == 1:  # one loop over the examples, which can be vectorised as the loop over a row's outputs is
        for n in range(batch):
            total += weights[n] * rule(outputs[n], targets[n])
            doutputs[n] = weights[n] * scale * derivative(outputs[n], targets[n])
    else:
        for n in range(batch):
            row, target, drow = (
                row_of(outputs, n, features),
                row_of(targets, n, features),
                row_of(doutputs, n, features),
            )
            example, weight = like(outputs[0], 0), weights[n] * scale
            for i in range(features):
                example += rule(row[i], target[i])
                drow[i] = weight * derivative(row[i], target[i])
            total += weights[n] * example
    totals[0] += total / features


def categorical_crossentropy(run, dims, constants, outputs, targets, weights, doutputs, totals):
    """L = 1/N Σ_n w_n Σ_k -t_nk log softmax(z_n)_k, from logits z; dz_nk = w_n (Σ_j t_nj softmax(z_n)_k - t_nk) / N."""
    batch, classes = run[0], dims[0]
    scale = like(outputs[0], 1.0 / run[7])
    powers_of_rows(outputs, doutputs, batch, classes)
    for n in range(batch):
        row, target, drow = row_of(outputs, n, classes), row_of(targets, n, classes), row_of(doutputs, n, classes)
        total, mass, chosen = like(scale, 0), like(scale, 0), like(scale, 0)
        for i in range(classes):
            total += drow[i]
            mass += target[i]
            chosen += target[i] * (row[i] - row[0])
        # log softmax(z)_k = z_k - z_0 - (log Σ_j exp(z_j - max z) + max z - z_0)
        example = mass * (math.log(total) + largest_of(row) - row[0]) - chosen
        share, weight = weights[n] * scale * mass / total, weights[n] * scale
        for i in range(classes):
            drow[i] = share * drow[i] - weight * target[i]
        totals[0] += weights[n] * example


def sparse_categorical_crossentropy(run, dims, constants, outputs, targets, weights, doutputs, totals):
    """L = 1/N Σ_n -w_n log softmax(z_n)_c, from logits z and the number c = targets[n] of the right class."""
    batch, classes = run[0], dims[0]
    scale = like(outputs[0], 1.0 / run[7])
    powers_of_rows(outputs, doutputs, batch, classes)
    for n in range(batch):
        row, drow, right = row_of(outputs, n, classes), row_of(doutputs, n, classes), np.int64(targets[n])
        total = like(scale, 0)
        for i in range(classes):
            total += drow[i]
        share = weights[n] * scale / total
        for i in range(classes):
            drow[i] *= share
        drow[right] -= weights[n] * scale
        totals[0] += weights[n] * (math.log(total) + largest_of(row) - row[right])


# --- registry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loss:
    """A loss that training can name.

    Attributes
    ----------
    name, summary : str
        As the registry and ``neurofilm list losses`` show it.
    rule, derivative : kernel
        Scalar functions of one output and its target; unused where a whole loop is given.
    rows : function, optional
        Template of a loop over whole rows, where outputs of one example depend on each other.
    link : str, optional
        The last layer's activation whose inverse the loss contains: it is computed from that layer's logits.
    threshold : float
        Where an output of a network without logits turns from one answer to the other.
    labels_only : bool
        Whether targets are numbers of classes and stay so, instead of one column a class.
    """

    name: str
    summary: str
    rule: Any = None
    derivative: Any = None
    rows: Callable[..., None] | None = None
    link: str | None = None
    threshold: float = 0.5
    labels_only: bool = False

    def kernel(self) -> Any:
        """The compiled loop, with signature (run, dims, constants, outputs, targets, weights, doutputs, totals)."""
        return _kernel(self.name)

    def from_logits(self, activation: str) -> bool:
        """Whether the loss skips the last activation and reads its inputs.

        Raises ConfigurationError when this loss cannot follow that activation.
        """
        if self.link is None:
            return False
        if activation not in (self.link, "linear"):
            raise ConfigurationError(
                f"loss {self.name!r} needs a last layer with activation {self.link!r} (or 'linear', for logits), "
                f"not {activation!r}"
            )
        return True


@cache
def _kernel(name: str) -> Any:
    loss = LOSSES[name]
    if loss.rows is not None:
        return kernel(loss.rows)
    return specialise(elementwise_loss, name, rule=loss.rule, derivative=loss.derivative)


LOSSES: dict[str, Loss] = {
    entry.name: entry
    for entry in (
        Loss("mse", "mean squared error", squared_error, squared_error_derivative),
        Loss("mae", "mean absolute error", absolute_error, absolute_error_derivative),
        Loss("huber", "squared error near the target, absolute error beyond 1", huber, huber_derivative),
        Loss("hinge", "how far an answer is from right by a margin of 1", hinge, hinge_derivative, threshold=0.0),
        Loss(
            "perceptron",
            "how far a wrong answer is from the threshold; last activation step",
            perceptron,
            perceptron_derivative,
            link="step",
        ),
        Loss(
            "binary_crossentropy",
            "-log of the probability given to the right one of two answers; last activation sigmoid",
            binary_crossentropy,
            binary_crossentropy_derivative,
            link="sigmoid",
        ),
        Loss(
            "categorical_crossentropy",
            "-log of the probability given to the right class; last activation softmax",
            rows=categorical_crossentropy,
            link="softmax",
        ),
        Loss(
            "sparse_categorical_crossentropy",
            "the same, from the number of the class: no column for each",
            rows=sparse_categorical_crossentropy,
            link="softmax",
            labels_only=True,
        ),
    )
}


def get_loss(loss: str | Loss) -> Loss:
    """Look a loss up by name; an unknown name raises ConfigurationError with the nearest known ones."""
    return loss if isinstance(loss, Loss) else look_up("loss", LOSSES, loss)
