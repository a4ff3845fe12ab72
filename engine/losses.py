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
    return np.sign(output - target)


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
    return max(logit, like(logit, 0)) - logit * target + math.log1p(math.exp(-abs(logit)))


@kernel
def binary_crossentropy_derivative(logit, target):
    """σ(z) - t"""
    return sigmoid(logit) - target


# --- loops over a batch -------------------------------------------------------------------------------------------

rule: Any = None  # each copy of a loop has its own, given by `specialise`
derivative: Any = None


def elementwise_loss(run, dims, constants, outputs, targets, weights, doutputs, totals):
    """L = 1/(N K) Σ_n w_n Σ_k rule(y_nk, t_nk), over N examples with K outputs; adds N L to totals[0]."""
    batch, features = run[0], dims[0]
    scale = like(outputs[0], 1.0 / (batch * features))
    total = 0.0
    for n in range(batch):
        example = like(outputs[0], 0)
        for i in range(n * features, (n + 1) * features):
            example += rule(outputs[i], targets[i])
            doutputs[i] = weights[n] * scale * derivative(outputs[i], targets[i])
        total += weights[n] * example
    totals[0] += total / features


def categorical_crossentropy(run, dims, constants, outputs, targets, weights, doutputs, totals):
    """L = 1/N Σ_n w_n Σ_k -t_nk log softmax(z_n)_k, from logits z; dz_nk = w_n (Σ_j t_nj softmax(z_n)_k - t_nk) / N."""
    batch, classes = run[0], dims[0]
    scale = like(outputs[0], 1.0 / batch)
    for n in range(batch):
        start = n * classes
        largest, mass = outputs[start], targets[start]
        for i in range(start + 1, start + classes):
            largest = max(largest, outputs[i])
            mass += targets[i]
        total = like(largest, 0)
        for i in range(start, start + classes):
            doutputs[i] = math.exp(outputs[i] - largest)
            total += doutputs[i]
        log_total = math.log(total) + largest
        example = like(largest, 0)
        for i in range(start, start + classes):
            example += targets[i] * (log_total - outputs[i])
            doutputs[i] = weights[n] * scale * (mass * doutputs[i] / total - targets[i])
        totals[0] += weights[n] * example


def sparse_categorical_crossentropy(run, dims, constants, outputs, targets, weights, doutputs, totals):
    """L = 1/N Σ_n -w_n log softmax(z_n)_c, from logits z and the number c = targets[n] of the right class."""
    batch, classes = run[0], dims[0]
    scale = like(outputs[0], 1.0 / batch)
    for n in range(batch):
        start = n * classes
        largest = outputs[start]
        for i in range(start + 1, start + classes):
            largest = max(largest, outputs[i])
        total = like(largest, 0)
        for i in range(start, start + classes):
            doutputs[i] = math.exp(outputs[i] - largest)
            total += doutputs[i]
        for i in range(start, start + classes):
            doutputs[i] *= weights[n] * scale / total
        right = start + np.int64(targets[n])
        doutputs[right] -= weights[n] * scale
        totals[0] += weights[n] * (math.log(total) + largest - outputs[right])


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
