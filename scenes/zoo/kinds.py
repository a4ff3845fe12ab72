"""What kind of network a recording is of, by its layers, and what is said of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scenes.numbers import right_answers
from scenes.replay import epochs_shown

if TYPE_CHECKING:
    from engine.recording import Recording


class Kind(NamedTuple):
    """A kind of network: the experiment that it is told with, its title, and the idea of it in a caption."""

    experiment: str
    title: str
    idea: str


# From the simplest on, as the story goes.
KINDS: dict[str, Kind] = {
    "perceptron": Kind("perceptron", "Perceptron", "One neuron that fires or doesn't:\nit can draw one line."),
    "feed_forward": Kind("xor", "Feed-forward network", "A hidden layer in between:\nits lines are put together."),
    "deep": Kind("digits", "Deep feed-forward network", "More layers: each works with\nwhat the one before has made."),
    "convolutional": Kind(
        "lenet", "Convolutional network", "A small filter slides over the image:\nthe same few weights everywhere."
    ),
    "residual": Kind(
        "resnet-small", "Residual network", "Ways round the layers: what goes in\nis added to what comes out."
    ),
    "recurrent": Kind("rnn-sine", "Recurrent network", "What comes out goes back in:\nit remembers what it has read."),
    "lstm": Kind("lstm-adding", "LSTM", "Three gates guard its memory:\nwhat comes in, stays, and goes out."),
    "gru": Kind("gru-recall", "GRU", "The same idea with two gates, and fewer\nweights for as many neurons."),
    "autoencoder": Kind(
        "autoencoder-linear", "Autoencoder", "Through a narrow middle and back:\nit rebuilds what it is shown."
    ),
    "deep_autoencoder": Kind(
        "autoencoder-deep", "Deep autoencoder", "With more layers on both sides\nthe narrow code can bend."
    ),
}
EXPERIMENTS = tuple(kind.experiment for kind in KINDS.values())
# What data sets are, where their names do not say it.
TASKS = {
    "blobs": "two clouds of points",
    "xor": "four squares of points",
    "digits": "handwritten digits",
    "mnist": "handwritten digits",
    "sine": "going on with a wave",
    "adding": "adding two marked numbers of a hundred",
    "delayed_recall": "naming what was seen long before",
    "lorenz": "going on with a chaotic motion",
    "bullseye": "a disc in a ring",
}


def kind_of(recording: Recording) -> str | None:
    """The name of a recording's kind in `KINDS`, or None where it is none of them."""
    network = recording.network_config
    layers = network["layers"]
    kinds = {layer["type"] for layer in layers}
    for name, found in (("residual", "residual"), ("conv2d", "convolutional"), ("lstm", "lstm"), ("gru", "gru"),
                        ("simple_rnn", "recurrent")):  # fmt: skip
        if name in kinds:
            return found
    dense = [layer for layer in layers if layer["type"] == "dense"]
    if not dense or kinds - {"dense", "flatten", "dropout", "batch_norm"}:
        return None
    widths = [layer["units"] for layer in dense]
    inputs = 1
    for size in network["input_shape"]:
        inputs *= size
    if recording.data.task != "classification" and widths[-1] == inputs and min(widths) < inputs and len(widths) > 1:
        return "autoencoder" if len(widths) == 2 else "deep_autoencoder"
    if len(widths) == 1:
        return "perceptron" if dense[0]["activation"] == "step" else None
    return "feed_forward" if len(widths) == 2 else "deep"


def by_kind(recordings: Mapping[str, Recording]) -> dict[str, Recording]:
    """The recordings by the experiment of their kind; of several of a kind, the first."""
    found: dict[str, Recording] = {}
    for recording in recordings.values():
        kind = kind_of(recording)
        if kind is not None:
            found.setdefault(KINDS[kind].experiment, recording)
    return found


def task_of(recording: Recording) -> str:
    """What a network has learned, in a few words."""
    return TASKS.get(recording.data.name, recording.data.name.replace("_", " "))


def result_of(recording: Recording, epochs: tuple[int | None, int | None] | None = None) -> str:
    """What it can do at the last epoch that is asked for, as a caption."""
    epoch, data = epochs_shown(recording, epochs)[-1], recording.data
    noun = "images" if data.image_shape is not None else "points" if data.x.ndim == 2 else "sequences"
    if data.task == "classification":
        right, count, held_out = right_answers(recording, epoch)
        amount = f"All {count:,}" if right == count else f"{right:,} of {count:,}"
        return f"{amount} {'new ' if held_out else ''}{noun} are right."
    error, held_out = held_out_error(recording, epoch)
    which = f"new {noun}" if held_out else f"the {noun} it learned from"
    return f"Its mean squared error\non {which} is {plain(error)}."


def plain(number: float) -> str:
    """Two digits that count, never with a power of ten."""
    return np.format_float_positional(float(f"{number:.2g}"), trim="-")


def held_out_error(recording: Recording, epoch: int) -> tuple[float, bool]:
    """The mean squared error at an epoch, and whether on examples that were held out."""
    data = recording.data
    x, y = data.unseen
    said = recording.network(epoch).predict(x)
    return float(((said - y.reshape(said.shape)) ** 2).mean(dtype="float64")), data.holds_out
