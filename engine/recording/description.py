"""run.json: what a run is, in a file that a person can read and that is checked when it is read back."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from engine.errors import RecordingError
from engine.recording.files import BLANK, checksum, read_file, write_file

FORMAT = "neurofilm recording"
VERSION = 2  # 1 had a file for each snapshot

State = Literal["running", "finished", "stopped", "interrupted", "diverged"]

LIMIT = 1 << 24  # bytes of run.json that are read

CHECKSUM = re.compile(rb'^\{\n  "checksum": "([0-9a-f]{8})",\n')
SAFE_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


class Slot(NamedTuple):
    """Where one named array lies in the flat parameter vector."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class DataDescription:
    """What the data are called and what they are; the arrays are in data.safetensors.

    `stored` is False when they were too large to be copied and the experiment makes them again. `arrays` gives the
    dtype, shape and SHA-256 of each array. Earlier versions of 0.1 noted in `sha256` that of the data set before it was
    split.
    """

    name: str
    task: str
    arrays: dict[str, dict[str, Any]]
    stored: bool = True
    sha256: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    feature_names: list[str] = field(default_factory=list)
    class_names: list[str] = field(default_factory=list)
    target_names: list[str] = field(default_factory=list)
    label_names: list[str] = field(default_factory=list)
    image_shape: list[int] | None = None

    def count(self, part: str = "") -> int:
        """How many examples a part has: "" to train on, "validation", "test"; 0 where there is no such part."""
        array = self.arrays.get(f"x_{part}" if part else "x")
        return 0 if array is None else int(array["shape"][0])


@dataclass(frozen=True)
class RunDescription:
    """The contents of run.json.

    `last_epoch` is the last epoch that was recorded, known once the run has ended; `best_epoch` the one that early
    stopping found best, `test` what was measured on the test data at the end, each None when there is none;
    `experiment_sha256` is that of experiment.toml, None when there is none.
    """

    network: dict[str, Any]
    dtype: str
    layout: list[Slot]
    training: dict[str, Any]
    data: DataDescription
    state: State = "running"
    message: str = ""
    last_epoch: int | None = None
    best_epoch: int | None = None
    test: dict[str, float] | None = None
    experiment_sha256: str | None = None
    snapshot_every: int = 1
    snapshot_steps: list[int] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def parameter_count(self) -> int:
        return self.layout[-1].stop if self.layout else 0


@cache
def versions() -> dict[str, str]:
    """Versions of what decides the bits of a training."""
    try:
        ours = version("neurofilm")
    except PackageNotFoundError:
        ours = "not installed"
    return {
        "neurofilm": ours,
        "numpy": np.__version__,
        "numba": version("numba"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def write_description(path: Path, run: RunDescription, durable: bool = True) -> None:
    """Write run.json; see `write_file`."""
    values = {"checksum": BLANK.decode(), "format": FORMAT, "version": VERSION, **vars(run)}
    values["layout"] = [slot._asdict() for slot in run.layout]
    values["data"] = vars(run.data)
    text = json.dumps(values, indent=2, ensure_ascii=False).encode() + b"\n"
    write_file(path, text.replace(BLANK, checksum(text).encode(), 1), durable=durable)


def read_description(path: Path) -> RunDescription:
    """Read run.json and check it.

    Raises
    ------
    RecordingError
        When it is missing, damaged, not one of ours, or of a newer format.
    """
    text = bytes(read_file(path, LIMIT))
    try:
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise RecordingError(f"{path} does not belong to a neurofilm recording")
    except (ValueError, RecursionError):
        raise RecordingError(f"{path} is damaged: it is not JSON") from None
    found = values.get("version")
    if type(found) is int and found > VERSION:
        raise RecordingError(
            f"{path} was written by a newer neurofilm (format {found}, and this one reads up to {VERSION}): upgrade it"
        )
    match = CHECKSUM.match(text)
    if match is None or checksum(text.replace(match[1], BLANK, 1)).encode() != match[1]:
        raise RecordingError(f"{path} is damaged or was changed by hand: its checksum does not match its contents")
    try:
        json.dumps(values, ensure_ascii=False).encode()  # fails at halves of characters, which JSON can write too
        return _checked(values)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise RecordingError(f"{path} is not a valid description of a run: {error}") from None


def _checked(values: dict[str, Any]) -> RunDescription:
    """Make a description of JSON values, or raise ValueError, TypeError or KeyError."""
    for name in ("checksum", "format", "version"):
        del values[name]
    layout = [Slot(str(s["name"]), tuple(s["shape"]), s["start"], s["stop"]) for s in values.pop("layout")]
    data = DataDescription(**values.pop("data"))
    run = RunDescription(layout=layout, data=data, **values)
    check_layout(layout)
    expect(run.dtype in ("float32", "float64"), f"dtype is {run.dtype!r}")
    expect(run.state in get_args(State), f"state is {run.state!r}")
    for name in ("network", "training", "versions"):
        expect(isinstance(getattr(run, name), dict), f"{name} is not an object")
    expect(isinstance(run.training.get("loss", ""), str), "the loss is not text")
    expect(isinstance(run.training.get("early_stopping"), dict | None), "early_stopping is not an object")
    for name in ("last_epoch", "best_epoch"):
        epoch = getattr(run, name)
        expect(epoch is None or _is_count(epoch), f"{name} is {epoch!r}")
    measured = isinstance(run.test, dict) and all(isinstance(value, float) for value in run.test.values())
    expect(run.test is None or measured, f"test is {run.test!r}")
    for name in ("message", "experiment_sha256"):
        text = getattr(run, name)
        expect(isinstance(text, str | None), f"{name} is not text")
    expect(_is_count(run.snapshot_every) and run.snapshot_every > 0, f"snapshot_every is {run.snapshot_every!r}")
    expect(all(map(_is_count, run.snapshot_steps)), "snapshot_steps are not numbers of steps")
    _check_data(data)
    return run


def _check_data(data: DataDescription) -> None:
    expect(isinstance(data.name, str), "the name of the data is not text")
    expect(data.task in ("classification", "regression"), f"the task is {data.task!r}")
    expect(isinstance(data.arrays, dict) and {"x", "y"} <= set(data.arrays), "the data have no x or no y")
    for name, array in data.arrays.items():
        expect(bool(SAFE_NAME.fullmatch(name)), f"an array of the data is called {name!r}")
        expect(isinstance(array["dtype"], str) and isinstance(array["sha256"], str), f"{name} is not described")
        shaped = isinstance(array["shape"], list) and array["shape"] and all(map(_is_count, array["shape"]))
        expect(bool(shaped), f"{name} has the shape {array['shape']!r}")
    for name in ("feature_names", "class_names", "target_names", "label_names"):
        expect(all(isinstance(text, str) for text in getattr(data, name)), f"{name} are not texts")
    features = prod(data.arrays["x"]["shape"][1:])
    expect(len(data.feature_names) in (0, features), f"{len(data.feature_names)} feature_names for {features} features")
    if data.image_shape is not None:
        shape = data.image_shape
        shaped = isinstance(shape, list) and len(shape) in (2, 3) and all(map(_is_count, shape))
        expect(shaped and prod(shape) == features, f"image_shape is {shape!r}")


def check_layout(layout: list[Slot]) -> None:
    """Raise ValueError unless the slots follow each other without gaps from 0 on."""
    start = 0
    for slot in layout:
        expect(bool(SAFE_NAME.fullmatch(slot.name)), f"a tensor is called {slot.name!r}")
        expect(all(map(_is_count, (*slot.shape, slot.start, slot.stop))), f"{slot.name} has no place")
        expect(slot.start == start and slot.stop == start + prod(slot.shape), f"{slot.name} is not where it should be")
        start = slot.stop
    expect(len({slot.name for slot in layout}) == len(layout), "two tensors have the same name")


def as_json(what: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of settings as JSON gives them back.

    Raises
    ------
    RecordingError
        When they cannot be written as JSON.
    """
    try:
        copied: dict[str, Any] = json.loads(json.dumps(values))
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{what} cannot be recorded: {error}") from None
    return copied


def expect(condition: bool, otherwise: str) -> None:
    """Raise ValueError unless the condition holds."""
    if not condition:
        raise ValueError(otherwise)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0
