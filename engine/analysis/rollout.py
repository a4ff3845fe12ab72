"""A network that says what comes next, fed with its own answers: how far it keeps to what really comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ConfigurationError
from engine.validation import check_whole

if TYPE_CHECKING:
    from engine.network import Network


def roll_out(network: Network, x: ArrayLike, steps: int) -> NDArray[np.float64]:
    """Let a network go on with sequences by itself.

    Each answer is put behind the sequence, whose first value is dropped, so that the network always reads as many
    values as it was trained with. After as many steps as a sequence is long it sees nothing but its own answers.

    Parameters
    ----------
    network : Network
        Takes sequences of shape (length, features) and gives the (features,) that come next.
    x : array_like, shape (N, length, features)
        What it begins with.
    steps : int
        How many values it says.

    Returns
    -------
    ndarray of float64, shape (N, steps, features)

    Raises
    ------
    ConfigurationError
        When what the network gives is not what it reads at a step.
    """
    shape = tuple(network.input_shape)
    if len(shape) != 2 or tuple(network.output_shape) != (shape[-1],):
        raise ConfigurationError(
            f"a network goes on with sequences when it takes (length, features) and gives (features,): "
            f"{network!r} takes {shape} and gives {tuple(network.output_shape)}"
        )
    check_whole("steps", steps, 1, 1_000_000)
    seen = np.array(network.check_inputs(x).reshape(-1, *shape))
    said = np.empty((len(seen), steps, shape[1]))
    for k in range(steps):
        answers = network.predict(seen)
        said[:, k] = answers
        seen = np.concatenate([seen[:, 1:], answers[:, None]], axis=1)
    return said
