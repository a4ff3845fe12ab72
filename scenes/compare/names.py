"""What recordings are called by what is different about them, and what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scenes.numbers import cardinal, counted

if TYPE_CHECKING:
    from engine.recording import Recording

ROOM = 28  # letters of a name that has more in it than it needs
SHAPING = ("flatten", "reshape")  # layers that compute nothing
PLAIN = {"dense", "residual", "dropout", "batch_norm", "activation"}  # of networks whose widths say what they are
NOUNS = {"conv2d": "convolution", "residual": "residual block", "dense": "dense layer", "dropout": "dropout layer"}
# How a setting is called with its value; others by their own names.
SETTINGS = {
    "activation": "{}",
    "weight_init": "{} start",
    "filters": "{} filters",
    "rate": "dropout {}",
    "learning_rate": "learning rate {}",
}
ALWAYS = ("activation", "weight_init")  # settings that are told of layers of other kinds, too
OWN = ("type", "layers", "units", "trainable", "shape")  # what is told otherwise, or not at all

Naming = Callable[["Recording"], str]


def differences(recordings: Sequence[Recording]) -> tuple[str, ...]:
    """What recordings are called: by all that is different about them, as far as there is room.

    The first that tells any of them apart has a place in the names; so has what tells those apart that were alike
    before, and then whatever else is different and short enough. Recordings that differ in nothing have their own
    names.
    """
    texts = [told for told in aspects(recordings) if len(set(told)) > 1]
    alike = 1
    chosen: list[int] = []
    for k in range(len(texts)):
        groups = len(set(zip(*(texts[j] for j in (*chosen, k)), strict=True)))
        if groups > alike:
            alike = groups
            chosen.append(k)
    for k in range(len(texts)):
        if k not in chosen and all(len(name) <= ROOM for name in joined(texts, [*chosen, k])):
            chosen.append(k)
    names = joined(texts, chosen) if chosen else tuple(recording.name for recording in recordings)
    if len(set(names)) == len(names):
        return names
    return tuple(f"{name} ({k})" for k, name in enumerate(names, 1))


def joined(texts: Sequence[Sequence[str]], chosen: Sequence[int]) -> tuple[str, ...]:
    """Names of some aspects, in their order; what there is none of is left out where the names stay different."""
    parts = [[text for text in of_one if text] for of_one in zip(*(texts[k] for k in sorted(chosen)), strict=True)]
    whole = tuple(map(", ".join, parts))
    short = tuple(", ".join([text for text in of_one if not text.startswith("no ")] or of_one[:1]) for of_one in parts)
    return short if len(set(short)) == len(set(whole)) else whole


def aspects(recordings: Sequence[Recording]) -> Iterator[tuple[str, ...]]:
    """How each recording can be called, aspect by aspect, what is most worth telling first."""
    layers = [computing_layers(recording.network_config["layers"]) for recording in recordings]
    kinds = [Counter(str(layer["type"]) for layer in each) for each in layers]
    dense = all(set(each) <= PLAIN for each in kinds)
    if dense:
        yield tuple(
            "-".join(str(size) for size in (int(np.prod(recording.network_config["input_shape"])), *units(each)))
            for recording, each in zip(recordings, layers, strict=True)
        )
    for kind in dict.fromkeys(kind for each in kinds for kind in each):
        if not (dense and kind == "dense"):
            noun = NOUNS.get(kind, kind.replace("_", " "))
            yield tuple(counted(each[kind], noun) if each[kind] else f"no {noun}" for each in kinds)
    same = all([layer["type"] for layer in each] == [layer["type"] for layer in layers[0]] for each in layers)
    if not dense and same:
        yield tuple("-".join(map(str, units(each))) + " units" for each in layers)
    known = dict.fromkeys((*ALWAYS, *(key for each in layers for layer in each for key in layer)))
    for key in known:
        if key not in OWN and (same or key in ALWAYS):
            yield tuple(setting(key, [layer[key] for layer in each if key in layer]) for each in layers)
    yield tuple(counted(sum(not layer["trainable"] for layer in each), "frozen layer") for each in layers)
    yield tuple(map(origin, recordings))
    for table, noun in (("optimizer", ""), ("schedule", " schedule")):
        tables = [recording.training[table] for recording in recordings]
        yield tuple(each["name"] + noun for each in tables)
        for key in tables[0]:
            if key != "name" and all(key in each for each in tables):
                yield tuple(setting(key, [each[key]]) for each in tables)
    for told in OTHERS:
        yield tuple(map(told, recordings))
    made_with = [parameters(recording) for recording in recordings]
    if len(set(map(data_name, recordings))) == 1:  # those of other data sets mean something else
        for key in made_with[0]:
            if all(key in each for each in made_with):
                yield tuple(setting(key, [each[key]]) for each in made_with)
    yield tuple(f"seed {recording.training.get('seed')}" for recording in recordings)


def computing_layers(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All layers that compute something; a residual block comes before those within it."""
    found: list[Mapping[str, Any]] = []
    for layer in layers:
        if layer["type"] not in SHAPING:
            found += [layer, *computing_layers(layer["layers"] if layer["type"] == "residual" else ())]
    return found


def units(layers: Sequence[Mapping[str, Any]]) -> list[int]:
    """How many neurons the layers have that consist of neurons."""
    return [layer["units"] for layer in layers if "units" in layer]


def setting(key: str, values: Sequence[Any]) -> str:
    """A setting and its values, each of them once; of activations and initial weights all but the last layer's."""
    if key in ALWAYS:
        values = values[:-1] or values
    texts = dict.fromkeys(
        f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ") for value in values
    )
    if not texts:
        return ""
    return SETTINGS.get(key, key.replace("_", " ") + " {}").format(" and ".join(texts))


def origin(recording: Recording) -> str:
    """Which run's weights a training began with."""
    source = None if recording.experiment is None else recording.experiment.network.weights_from
    return "fresh weights" if source is None else f"from {source.replace(chr(92), '/').rstrip('/').split('/')[-1]}"


def parameters(recording: Recording) -> Mapping[str, Any]:
    """What the recording's data set was made with."""
    return {} if recording.experiment is None else recording.experiment.dataset.parameters


def batches(recording: Recording) -> str:
    """How many examples a step is made from."""
    size = recording.training.get("batch_size")
    return "whole batches" if size is None or size >= len(recording.data.x) else f"batches of {size:,}"


def clipping(recording: Recording) -> str:
    """Whether long gradients are cut."""
    norm = recording.training.get("clip_norm")
    return "no clipping" if norm is None else f"clipped at {norm:g}"


def data_name(recording: Recording) -> str:
    """The data set that a recording is of."""
    section = None if recording.experiment is None else recording.experiment.dataset
    given = None if section is None else section.name or section.file or section.folder
    return "" if given is None else str(given).replace("\\", "/").rstrip("/").split("/")[-1]


def balance(recording: Recording) -> str:
    """Whether classes count differently."""
    weighs = recording.experiment is not None and recording.experiment.training.class_weights is not None
    return "weighted classes" if weighs else "unweighted classes"


def stopping(recording: Recording) -> str:
    """Whether training could end early."""
    stops = recording.experiment is not None and recording.experiment.training.early_stopping is not None
    return "early stopping" if stops else "no early stopping"


OTHERS: tuple[Naming, ...] = (
    batches,
    lambda recording: str(recording.training["loss"]).replace("_", " "),
    clipping,
    balance,
    stopping,
    data_name,
    lambda recording: counted(len(recording.data.x), "example"),
    lambda recording: counted(recording.training["epochs"], "epoch"),
)


def what_is_shared(recordings: Sequence[Recording]) -> str:
    """What recordings have in common, in a sentence."""
    first, *others = recordings
    number = cardinal(len(recordings))
    same_data = all(
        np.array_equal(getattr(first.data, key), getattr(other.data, key)) for other in others for key in ("x", "y")
    )
    same_layers = all(
        other.network_config[key] == first.network_config[key] for other in others for key in ("layers", "input_shape")
    )
    starts = [recording.parameters(recording.epochs[0]) for recording in recordings]
    same_start = same_layers and all(np.array_equal(start, starts[0]) for start in starts)
    if same_data and same_start:
        differ = any(other.training != first.training for other in others)
        return f"The same network and the same data,\ntrained {f'in {number} ways' if differ else 'alike'}."
    if same_data and same_layers:
        return "The same layers and the same data,\nbut other weights to begin with."
    if same_data:
        return f"{number.capitalize()} networks learn\nfrom the same data."
    if same_start:
        return "The same network, which begins\nwith the same weights, on different data."
    if len(recordings) > 2:
        return f"{number.capitalize()} networks learn,\nnot all from the same data."
    return f"{number.capitalize()} networks learn,\neach from its own data."
