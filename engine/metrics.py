"""How often a network is right: kernels that count, beside the loss, in the machine's loop."""

from __future__ import annotations

from typing import Any, Literal

from engine.jit import kernel
from engine.losses import Loss

# What can be right: the class of an example, each of its outputs by itself, or nothing (a regression).
Answers = Literal["class", "each", ""]


@kernel
def count_nothing(run, dims, constants, outputs, targets, totals):
    """Regression: no answer is right or wrong."""


@kernel
def count_largest(run, dims, constants, outputs, targets, totals):
    """Add to totals[1] the examples whose largest output is that of the right class."""
    features = dims[0]
    for start in range(0, run[0] * features, features):
        answer, truth = start, start
        for i in range(start + 1, start + features):
            if outputs[i] > outputs[answer]:
                answer = i
            if targets[i] > targets[truth]:
                truth = i
        totals[1] += answer == truth


@kernel
def count_class(run, dims, constants, outputs, targets, totals):
    """Add to totals[1] the examples whose largest output is number targets[n]."""
    features = dims[0]
    for n in range(run[0]):
        answer = 0
        for i in range(1, features):
            if outputs[n * features + i] > outputs[n * features + answer]:
                answer = i
        totals[1] += answer == targets[n]


@kernel
def count_above(run, dims, constants, outputs, targets, totals):
    """Add to totals[1] the share of outputs that lie on the target's side of the threshold constants[0].

    The target's own threshold is constants[1].
    """
    features = dims[0]
    right = 0
    for i in range(run[0] * features):
        right += (outputs[i] > constants[0]) == (targets[i] > constants[1])
    totals[1] += right / features


def accuracy_kernel(answers: Answers, outputs: int, loss: Loss, from_logits: bool) -> tuple[Any, tuple[float, float]]:
    """Choose the kernel that counts right answers, and its constants.

    Parameters
    ----------
    answers : Answers
    outputs : int
        Outputs of the network.
    loss : Loss
    from_logits : bool
        Whether the outputs are logits, which are above 0 where the probability is above one half.
    """
    if not answers:
        return count_nothing, (0.0, 0.0)
    if loss.labels_only:
        return count_class, (0.0, 0.0)
    if outputs > 1 and answers == "class":
        return count_largest, (0.0, 0.0)
    return count_above, (0.0 if from_logits else loss.threshold, 0.5)
