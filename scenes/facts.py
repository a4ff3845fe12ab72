"""Numbers of a recording for the words of a film: ``{accuracy}`` in a caption is what the recording says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.errors import ConfigurationError, RenderError, nearest

if TYPE_CHECKING:
    from engine.recording import Recording

# {fact} of the beat's main recording, or {recording.fact}
PLACE = re.compile(r"\{(?:(?P<recording>[^{}]+)\.)?(?P<fact>\w+)\}")


def _measured(recording: Recording, name: str) -> float:
    """A measure on the training data with the parameters that training ended with."""
    measured = recording.evaluate(recording.final_epoch)
    if name not in measured:
        raise RenderError(f"{recording.name} has no {name}: it is not a classification")
    return measured[name]


def _last(recording: Recording, column: str) -> float:
    """The last value of a column of the metrics."""
    if column not in recording.metrics:
        raise RenderError(f"{recording.name} recorded no {column}: it held no data out")
    return float(recording.metrics[column][-1])


def _tested(recording: Recording, name: str) -> float:
    if recording.test is None or name not in recording.test:
        raise RenderError(f"{recording.name} was not measured on test data")
    return float(recording.test[name])


def _right(recording: Recording) -> int:
    return round(_measured(recording, "accuracy") * len(recording.data.x))


def _sizes(recording: Recording) -> str:
    network = recording.network()
    shapes = [network.input_shape, *network.layer_shapes]
    return "–".join("×".join(map(str, shape)) for shape in shapes)


FACTS: dict[str, Callable[[Recording], str]] = {
    "accuracy": lambda run: f"{_measured(run, 'accuracy'):.1%}",
    "loss": lambda run: f"{_measured(run, 'loss'):.3g}",
    "validation_accuracy": lambda run: f"{_last(run, 'val_accuracy'):.1%}",
    "validation_loss": lambda run: f"{_last(run, 'val_loss'):.3g}",
    "test_accuracy": lambda run: f"{_tested(run, 'accuracy'):.1%}",
    "test_loss": lambda run: f"{_tested(run, 'loss'):.3g}",
    "right": lambda run: f"{_right(run):,}",
    "wrong": lambda run: f"{len(run.data.x) - _right(run):,}",
    "examples": lambda run: f"{len(run.data.x):,}",
    "classes": lambda run: f"{len(run.data.class_names)}",
    "epochs": lambda run: f"{run.epochs[-1]:,}",
    "parameters": lambda run: f"{run.parameter_count:,}",
    "layers": lambda run: f"{len(run.network_config['layers'])}",
    "sizes": _sizes,
    "seed": lambda run: f"{run.network_config['seed']}",
}


def check_places(key: str, text: str) -> str:
    """Hold a text to having braces only round known facts."""
    for match in PLACE.finditer(text):
        if match["fact"] not in FACTS:
            raise nearest(f"fact in {key}", match["fact"], FACTS)
    if set(PLACE.sub("", text)) & set("{}"):
        raise ConfigurationError(
            f"{key}={text!r} has a brace that is not part of a fact such as {{accuracy}} or {{spirals.epochs}}"
        )
    return text


def filled(text: str, recordings: Mapping[str, Recording]) -> str:
    """A text with the recordings' numbers in the place of names in braces.

    Raises
    ------
    RenderError
        When it speaks of a recording that the beat is not told with, or of something that was not recorded.
    """

    def fill(match: re.Match[str]) -> str:
        name = match["recording"]
        if not recordings:
            raise RenderError(f"{match[0]} is a number of a recording, and the beat is told with none")
        if name is not None and name not in recordings:
            raise RenderError(f"{match[0]} names a recording that the beat is not told with ({', '.join(recordings)})")
        if match["fact"] not in FACTS:
            raise nearest("fact", match["fact"], FACTS)
        return FACTS[match["fact"]](next(iter(recordings.values())) if name is None else recordings[name])

    return PLACE.sub(fill, text)
