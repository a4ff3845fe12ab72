"""The table [dataset] of an experiment: which data, and what is held out of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.datasets import Dataset, checked_parameters, entry, load_dataset, read_table
from engine.datasets.images import check_size, image_files, read_images
from engine.datasets.mnist import DATA_DIR
from engine.datasets.mnist import SOURCES as MNIST_SOURCES
from engine.datasets.selecting import group_classes, select_samples
from engine.datasets.tables import readable_file
from engine.errors import ConfigurationError
from engine.validation import check_choice, check_keys, check_share, check_table, check_text, check_whole

RECONSTRUCTION = "reconstruction"  # the task of an autoencoder, whose targets are its inputs

SOURCES = ("name", "file", "folder")
# Settings that only some sources have, and what they choose from.
OF_A_FILE = ("target", "features")
OF_A_FOLDER = ("size", "colour")


@dataclass(frozen=True)
class DatasetSection:
    """Which data: one of DATASETS by name with its parameters, a CSV or NPZ file, or a folder of images.

    Parameters
    ----------
    name : str, optional
        Name in DATASETS; either this, `file` or `folder`.
    file : str, optional
        Path of a CSV, TSV or NPZ file.
    folder : str, optional
        Path of a folder that holds a folder of images for each class.
    target, features
        Which columns of a file to use, see `read_table`.
    task : str, optional
        "reconstruction" makes the samples their own targets, as an autoencoder needs; for a file also
        "classification" or "regression", which overrule what the target looks like.
    size : int or (int, int), optional
        Of the images of a folder, a side or height and width; 28 by default.
    colour : bool, optional
        Whether the images of a folder keep their colours; by default they do not.
    samples : str, optional
        Numbers of the first and the last sample that are taken, such as ``"0-899"``; by default all are.
    groups : mapping or sequence of str, optional
        New classes, each with the names of those that become it: ``{ even = ["0", "2"], odd = ["1", "3"] }``; or names
        of classes that stay what they are. Samples of other classes are left out.
    seed : int
        Decides what is drawn and what is held out. The experiment's own seed leaves the data as they are.
    validation, test : float
        Shares of the samples that are held out, 0 <= share < 1: for measuring after every epoch, and once at the end.
        Data sets that come with a test part of their own use that one.
    parameters : mapping
        The data set's parameters other than the seed; those left out get their defaults.
    """

    name: str | None = None
    file: str | None = None
    folder: str | None = None
    target: str | None = None
    features: tuple[str, ...] | None = None
    task: str | None = None
    size: int | tuple[int, int] | None = None
    colour: bool | None = None
    samples: str | None = None
    groups: Mapping[str, tuple[str, ...]] | None = None
    seed: int = 0
    validation: float = 0.0
    test: float = 0.0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if sum(getattr(self, source) is not None for source in SOURCES) != 1:
            raise ConfigurationError(
                "[dataset] needs one of name (of a data set), file (a table) and folder (of images), and only one"
            )
        check_whole("dataset.seed", self.seed, 0, 2**32 - 1)
        for key in ("validation", "test"):
            object.__setattr__(self, key, check_share(f"dataset.{key}", getattr(self, key)))
        if self.validation + self.test >= 1:
            raise ConfigurationError(
                f"dataset.validation={self.validation} and dataset.test={self.test} must leave something to train on"
            )
        for key in SOURCES:
            if getattr(self, key) is not None:
                check_text(f"dataset.{key}", getattr(self, key))
        if self.samples is not None:
            self._sample_range()
        if self.groups is not None:
            object.__setattr__(self, "groups", _checked_groups(self.groups))
        if self.name is not None:
            self._check_named(self.name)
            return
        check_keys("[dataset]", self.parameters, [part.name for part in fields(self) if part.name != "parameters"])
        if self.file is not None:
            self._check_file(self.file)
        elif self.folder is not None:
            self._check_folder(self.folder)

    def _check_named(self, name: str) -> None:
        defaults = entry(name).defaults
        self._refuse((*OF_A_FILE, *OF_A_FOLDER), f"the data set {name!r}")
        self._check_task(RECONSTRUCTION)
        if self.test and entry(name).test is not None:
            raise ConfigurationError(
                f"dataset.test={self.test}: the data set {name!r} comes with a test part of its own, which is used"
            )
        given = check_table("dataset.parameters", self.parameters)
        common = ("name", "seed", "validation", "test", "task", "samples", "groups")
        check_keys(f"[dataset] {name!r}", given, [*(key for key in defaults if key != "seed"), *common])
        parameters = defaults | checked_parameters(name, given)
        parameters.pop("seed", None)
        object.__setattr__(self, "parameters", parameters)

    def _check_file(self, file: str) -> None:
        object.__setattr__(self, "file", str(Path(file)))
        self._refuse(OF_A_FOLDER, f"the file {Path(file).name}")
        self._check_task("classification", "regression", RECONSTRUCTION)
        if self.target is not None:
            check_text("dataset.target", self.target)
        if self.features is not None:
            if not isinstance(self.features, (list, tuple)):
                raise ConfigurationError(f"dataset.features={self.features!r} must be a list of column names")
            columns = tuple(check_text("dataset.features", column) for column in self.features)
            object.__setattr__(self, "features", columns)

    def _check_folder(self, folder: str) -> None:
        object.__setattr__(self, "folder", str(Path(folder)))
        self._refuse(OF_A_FILE, f"the folder {Path(folder).name}")
        self._check_task(RECONSTRUCTION)
        object.__setattr__(self, "size", check_size("dataset.size", 28 if self.size is None else self.size))
        if not isinstance(self.colour, bool | None):
            raise ConfigurationError(f"dataset.colour={self.colour!r} must be true or false")
        object.__setattr__(self, "colour", bool(self.colour))

    def _refuse(self, settings: tuple[str, ...], source: str) -> None:
        """Raise ConfigurationError for a setting that belongs to another kind of source."""
        for key in settings:
            if getattr(self, key) is not None:
                belongs = "columns of a file" if key in OF_A_FILE else "pictures of a folder of images"
                raise ConfigurationError(
                    f"dataset.{key}={getattr(self, key)!r} is about {belongs}, and {source} has none"
                )

    def _check_task(self, *tasks: str) -> None:
        if self.task is not None:
            check_choice("dataset.task", self.task, tasks)

    def _sample_range(self) -> tuple[int, int]:
        """The numbers of the first and the last sample."""
        first, _, last = check_text("dataset.samples", self.samples).replace(" ", "").partition("-")
        if not (first.isdecimal() and last.isdecimal() and len(last) < 12 and int(first) <= int(last)):
            raise ConfigurationError(
                f"dataset.samples={self.samples!r} must be the numbers of the first and the last sample, such as 0-899"
            )
        return int(first), int(last)

    def load(self) -> Dataset:
        """Make or read the data set; DataError or ConfigurationError when that cannot be done."""
        reconstruct = self.task == RECONSTRUCTION
        if self.file is not None:
            task: Any = None if reconstruct else self.task
            data = read_table(self.file, self.target, features=self.features, task=task)
        elif self.folder is not None:
            assert self.size is not None
            data = read_images(self.folder, size=self.size, colour=bool(self.colour))
        else:
            assert self.name is not None
            seed = {"seed": self.seed} if "seed" in entry(self.name).defaults else {}
            data = load_dataset(self.name, **self.parameters, **seed)
        if self.samples is not None:
            data = select_samples(data, *self._sample_range())
        return self._posed(data)

    def _posed(self, data: Dataset) -> Dataset:
        """The data with the task that is asked for."""
        if self.groups is not None:
            data = group_classes(data, self.groups)
        return data.reconstruction() if self.task == RECONSTRUCTION else data

    def own_test(self) -> Dataset | None:
        """The test part that the data set comes with, if it does."""
        made = None if self.name is None else entry(self.name).test
        if made is None:
            return None
        return self._posed(made())

    @property
    def is_packed(self) -> bool:
        """Whether to load the data is mostly to unpack files, beside which other threads can work."""
        return self.name in MNIST_SOURCES

    def table(self) -> dict[str, Any]:
        """The section as a TOML table."""
        keys = [part.name for part in fields(self) if part.name != "parameters"]
        values = {key: getattr(self, key) for key in keys if getattr(self, key) is not None}
        tidy = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
        if self.groups is not None:
            tidy["groups"] = {name: list(classes) for name, classes in self.groups.items()}
        return tidy | dict(self.parameters)

    def content(self) -> dict[str, Any]:
        """What decides the data: the section, with the contents of a file or a folder in place of its path."""
        table = self.table()
        if self.file is not None:
            table["file"] = hashlib.sha256(readable_file(self.file).read_bytes()).hexdigest()
        elif self.folder is not None:
            files = {str(path.relative_to(self.folder)): path.read_bytes() for path in image_files(self.folder)}
            digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
            table["folder"] = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
        return table


def _checked_groups(given: Any) -> dict[str, tuple[str, ...]]:
    """New classes with those that become them; whether there are such classes is seen when the data are there."""
    if isinstance(given, (list, tuple)):
        given = {check_text("dataset.groups", name): [name] for name in given}
    groups = {}
    for name, classes in check_table("dataset.groups", given).items():
        if not isinstance(classes, (list, tuple)) or not classes:
            raise ConfigurationError(f"dataset.groups.{name}={classes!r} must be a list of names of classes")
        groups[name] = tuple(check_text(f"dataset.groups.{name}", each) for each in classes)
    members = [each for classes in groups.values() for each in classes]
    if len(groups) < 2 or len(set(members)) < len(members):
        raise ConfigurationError(
            f"dataset.groups={given!r} must be at least two groups, with each class in one of them"
        )
    return groups


def load_data(section: DatasetSection) -> Dataset:
    """Load the section's data; the last few are kept, since an experiment asks for its data several times."""
    keys = [part.name for part in fields(section)]
    description = json.dumps({key: getattr(section, key) for key in keys})
    stamp: Any
    if section.file is not None:
        status = readable_file(section.file).stat()
        stamp = (status.st_mtime_ns, status.st_size)
    elif section.folder is not None:
        stamp = tuple((str(path), path.stat().st_mtime_ns) for path in image_files(section.folder))
    else:
        stamp = os.environ.get(DATA_DIR)
    return _load_data(description, stamp)


def forget_data() -> None:
    """Let go of what `load_data` keeps, so that training does not hold large data twice."""
    _load_data.cache_clear()


@lru_cache(maxsize=4)
def _load_data(description: str, stamp: Any) -> Dataset:
    return DatasetSection(**json.loads(description)).load()
