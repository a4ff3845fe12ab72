"""Which of three recordings keeps features, which one they come from, and which one learns everything itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenes.images import image_fault

if TYPE_CHECKING:
    from engine.plan import Slot
    from engine.recording import Recording

MOST_OLD, MOST_NEW = 12, 5  # classes of the old task, which stand beside the network, and of the new one


@dataclass(frozen=True)
class Roles:
    """The recordings by what they do in the scene.

    Attributes
    ----------
    reused : Recording
        Of a network whose layers are frozen, all but the last.
    scratch : Recording
        Of one that learns the same with all of its layers.
    source : Recording
        Of the one that the frozen layers' weights come from.
    """

    reused: Recording
    scratch: Recording
    source: Recording


def weights_by_layer(recording: Recording) -> dict[int, list[Slot]]:
    """The arrays of every layer that has any, by its number."""
    layers: dict[int, list[Slot]] = {}
    for slot in recording.network().layout:
        layers.setdefault(int(slot.name.partition(".")[0]), []).append(slot)
    return layers


def frozen_layers(recording: Recording) -> list[int]:
    """The numbers of the layers with weights that keep them."""
    layers = recording.network_config["layers"]
    return [number for number in weights_by_layer(recording) if not layers[number].get("trainable", True)]


def reuse_fault(recording: Recording) -> str | None:
    """Why a recording is not one of a new last layer on layers that are kept; None if it is."""
    name, data, layers = recording.name, recording.data, recording.network_config["layers"]
    if data.task != "classification":
        return f"reuse shows how images are told apart: {name} is trained for {data.task}"
    if (fault := image_fault("reuse", recording)) is not None:
        return fault
    if len(data.class_names) > MOST_NEW:
        return f"reuse has room for {MOST_NEW} new classes: {name} has {len(data.class_names)}"
    weighted, frozen = list(weights_by_layer(recording)), frozen_layers(recording)
    if frozen != weighted[:-1] or not frozen:
        return (
            f"reuse shows a network whose layers are frozen, all but the last: of the {len(weighted)} layers of {name} "
            f"that have weights {len(frozen)} are"
        )
    if layers[weighted[-1]]["type"] != "dense" or weighted[-1] != len(layers) - 1:
        return f"reuse cuts off a dense layer at the end: that of {name} is {layers[-1]['type']!r}"
    return None


def is_source(recording: Recording, reused: Recording) -> bool:
    """Whether the frozen layers of one have the weights that the other's training ended with, in the same places."""
    own, given = reused.network(0), recording.network(recording.final_epoch)
    if [layer.name for layer in own.layers] != [layer.name for layer in given.layers]:
        return False
    frozen = set(frozen_layers(reused))
    names = [slot.name for slot in own.layout if int(slot.name.partition(".")[0]) in frozen]
    return all(name in given.weights and np.array_equal(own.weights[name], given.weights[name]) for name in names)


def learns_the_same(recording: Recording, reused: Recording) -> bool:
    """Whether nothing is frozen in a network that learns from the same examples."""
    if frozen_layers(recording):
        return False
    keys = ("x", "y", "x_validation", "y_validation")
    pairs = [(getattr(recording.data, key), getattr(reused.data, key)) for key in keys]
    return all((a is None) == (b is None) and (a is None or np.array_equal(a, b)) for a, b in pairs)


def roles_of(recordings: Mapping[str, Recording]) -> Roles | str:
    """The roles of the recordings, the first of which is the one that is reused; else a sentence that says what is
    missing."""
    reused, *others = recordings.values()
    if (fault := reuse_fault(reused)) is not None:
        return fault
    source = next((each for each in others if is_source(each, reused)), None)
    if source is None:
        return f"reuse needs the recording that the frozen layers of {reused.name} come from as well"
    if source.data.task != "classification" or len(source.data.class_names) > MOST_OLD:
        return f"reuse has room for {MOST_OLD} old classes: {source.name} has {len(source.data.class_names) or 'none'}"
    scratch = next((each for each in others if learns_the_same(each, reused)), None)
    if scratch is None:
        return f"reuse needs a recording that learns from the examples of {reused.name} with all layers as well"
    return Roles(reused, scratch, source)


def shares_images(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether any image is in both, of (N, …) and (M, …)."""
    known = {image.tobytes() for image in np.ascontiguousarray(first, np.float32)}
    return any(image.tobytes() in known for image in np.ascontiguousarray(second, np.float32))
