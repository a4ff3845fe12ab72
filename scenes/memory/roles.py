"""Which part of the lesson a recording can play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.recording import Recording

SINE, LSTM, PLAIN, LORENZ = "rnn-sine", "lstm-adding", "rnn-adding", "lstm-lorenz"
RECURRENT = ("simple_rnn", "lstm", "gru")
MOST_STEPS = 60  # that a state can be drawn for side by side


def role(recording: Recording) -> str | None:
    """The experiment in whose place a recording can stand, or None."""
    network, data = recording.network_config, recording.data
    kinds = [layer["type"] for layer in network["layers"]]
    shape = tuple(network["input_shape"])
    if data.task != "regression" or len(shape) != 2 or len(kinds) != 2 or kinds[0] not in RECURRENT:
        return None
    if kinds[1] != "dense" or network["layers"][0].get("return_sequences"):
        return None
    outputs = network["layers"][1]["units"]
    if data.name == "adding":
        return {"lstm": LSTM, "simple_rnn": PLAIN}.get(kinds[0])
    if data.name == "lorenz":
        return LORENZ
    if kinds[0] == "simple_rnn" and shape[1] == outputs == 1 and shape[0] <= MOST_STEPS:
        return SINE
    return None


def by_role(recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    """The recordings by the experiment that they stand for; of several for one, the first."""
    found: dict[str, Recording] = {}
    for recording in recordings.values():
        known = role(recording)
        if known is not None:
            found.setdefault(known, recording)
    return found
