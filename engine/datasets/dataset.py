"""What a data set is: checked arrays, what their numbers mean, and a split into training and validation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.datasets.arrays import allot, copy_numbers, read_only, standardise
from engine.errors import DataError
from engine.validation import check_share

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples and their targets, ready to train on. The arrays are read-only, and copies of what could be changed.

    Parameters
    ----------
    name : str
        Name of the data set, or of the file it was read from.
    x : array_like, shape (N, \\*features)
        One sample a row; kept as C-contiguous float32. An array that is so already, and read-only, is not copied.
    y : array_like, shape (N,) or (N, k)
        Classification: class indices ``0 .. len(class_names) - 1``, kept as int64.
        Regression: k numbers a sample, kept as float32 of shape (N, k).
    task : {"classification", "regression"}
    feature_names : sequence of str
        One name for each number of a sample, in C order; empty when the numbers have no names.
    class_names : sequence of str
        Names of the classes in the order of their indices; empty for regression.
    parameters : mapping
        What the data were made with, such as ``{"n": 400, "turns": 1.0}``; JSON-able.
    target_names : sequence of str
        Names of the k columns of ``y`` (of the label, for classification), where they are known.
    image_shape : tuple of int, optional
        (height, width) or (height, width, channels) when a sample is an image, flattened or not.
    mean, scale : ndarray of float64, optional
        Present when the features are standardised: ``original = x * scale + mean``. Broadcastable to a sample.
    target_mean, target_scale : ndarray of float64, shape (k,), optional
        The same for the targets of a regression.
    labels : array_like, shape (N,), optional
        Classes of the samples that are not the target, for pictures and for even splits; kept as int64.
    label_names : sequence of str
        What those classes are called.

    Raises
    ------
    DataError
        When shapes do not match, a value is not finite, or a label is outside the classes.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[Any]
    task: Task
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    target_names: tuple[str, ...] = ()
    image_shape: tuple[int, ...] | None = None
    mean: NDArray[np.float64] | None = None
    scale: NDArray[np.float64] | None = None
    target_mean: NDArray[np.float64] | None = None
    target_scale: NDArray[np.float64] | None = None
    labels: NDArray[np.int64] | None = None
    label_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.task not in ("classification", "regression"):
            raise DataError(f"{self.name}: task={self.task!r} must be 'classification' or 'regression'")
        x = copy_numbers(self.name, "x", self.x)
        if x.ndim < 2:
            raise DataError(
                f"{self.name}: x has shape {x.shape}, and one row of features a sample, (N, features), is needed"
            )
        if x.shape[0] == 0 or x[0].size == 0:
            raise DataError(f"{self.name}: x has shape {x.shape}, and at least one sample with one feature is needed")
        y = self._checked_labels() if self.task == "classification" else self._checked_targets()
        if len(y) != len(x):
            raise DataError(f"{self.name}: x has {len(x)} samples and y has {len(y)}, and they must be as many")
        for key, values in (("x", x), ("y", y)):
            object.__setattr__(self, key, values)
            values.flags.writeable = False
        if self.labels is not None:
            if len(self.labels) != len(x):
                raise DataError(f"{self.name}: x has {len(x)} samples and {len(self.labels)} labels")
            object.__setattr__(self, "labels", read_only(np.array(self.labels, np.int64)))
        for key in ("feature_names", "class_names", "target_names", "label_names"):
            object.__setattr__(self, key, tuple(str(name) for name in getattr(self, key)))
        if self.feature_names and len(self.feature_names) != x[0].size:
            raise DataError(
                f"{self.name}: {len(self.feature_names)} feature names do not match the {x[0].size} "
                "features of a sample"
            )
        if self.image_shape is not None:
            object.__setattr__(self, "image_shape", tuple(int(size) for size in self.image_shape))
            if len(self.image_shape) not in (2, 3) or int(np.prod(self.image_shape)) != x[0].size:
                raise DataError(
                    f"{self.name}: image_shape={self.image_shape} does not match the {x[0].size} features of a sample"
                )
        object.__setattr__(self, "parameters", dict(self.parameters))

    def _checked_labels(self) -> NDArray[np.int64]:
        if len(self.class_names) < 2:
            raise DataError(f"{self.name}: {len(self.class_names)} class names, and at least two classes are needed")
        if len(set(self.class_names)) != len(self.class_names):
            raise DataError(f"{self.name}: two classes have the same name among {list(self.class_names)}")
        given = np.asarray(self.y)
        if given.dtype.kind not in "iub":
            raise DataError(f"{self.name}: labels of type {given.dtype}, and class indices must be integers")
        if given.ndim != 1:
            raise DataError(
                f"{self.name}: labels of shape {given.shape}, and one class index a sample, (N,), is needed"
            )
        labels = np.array(given, dtype=np.int64)
        outside = np.flatnonzero((labels < 0) | (labels >= len(self.class_names)))
        if outside.size:
            raise DataError(
                f"{self.name}: label {labels[outside[0]]} of sample {outside[0]} is outside the "
                f"{len(self.class_names)} classes 0 to {len(self.class_names) - 1}"
            )
        return labels

    def _checked_targets(self) -> NDArray[np.float32]:
        if self.class_names:
            raise DataError(f"{self.name}: class names {list(self.class_names)} do not belong to a regression")
        targets = copy_numbers(self.name, "y", self.y)
        if targets.ndim == 1:
            targets = targets.reshape(-1, 1)
        if targets.ndim != 2 or targets.shape[1] == 0:
            raise DataError(f"{self.name}: targets of shape {targets.shape}, and (N, k) is needed")
        return targets

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        kind = f"{len(self.class_names)} classes" if self.task == "classification" else f"{self.y.shape[1]} targets"
        return f"Dataset({self.name!r}, {len(self)} samples of shape {self.input_shape}, {kind})"

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.x.shape[1:]

    @property
    def class_counts(self) -> tuple[int, ...]:
        """How many samples each class has; empty for regression."""
        if self.task == "regression":
            return ()
        return tuple(int(count) for count in np.bincount(self.y, minlength=len(self.class_names)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over the bytes, shapes and types of ``x`` and ``y``."""
        sha = hashlib.sha256()
        for array in (self.x, self.y):
            sha.update(f"{array.dtype.str}{array.shape}".encode())
            sha.update(array.reshape(-1).view(np.uint8).data)
        return sha.hexdigest()

    def take(self, rows: NDArray[np.integer[Any]]) -> Dataset:
        """Give the same data set with only these rows, in this order."""
        x = read_only(self.x[rows])
        y = x if self.y is self.x else read_only(self.y[rows])
        return replace(self, x=x, y=y, labels=None if self.labels is None else self.labels[rows])

    def reconstruction(self) -> Dataset:
        """Give the same samples with themselves as their targets, for autoencoders; classes become `labels`."""
        y = self.x if self.x.ndim == 2 else self.x.reshape(len(self), -1)
        rulers = [None if ruler is None else np.resize(ruler, y.shape[1]) for ruler in (self.mean, self.scale)]
        classes = self.task == "classification"
        return replace(
            self,
            y=y,
            task="regression",
            class_names=(),
            target_names=self.feature_names,
            target_mean=rulers[0],
            target_scale=rulers[1],
            labels=self.y if classes else self.labels,
            label_names=self.class_names if classes else self.label_names,
        )

    def standardised(self, like: Dataset | None = None) -> Dataset:
        """Shift and scale features (and a regression's targets) to mean 0 and standard deviation 1.

        Flat samples are standardised feature by feature, samples with more dimensions channel by channel (the last
        axis). A feature that never changes is only shifted. Means and scales are always relative to the original
        numbers, however often this is called.

        Parameters
        ----------
        like : Dataset, optional
            A standardised data set with the same features, whose means and scales are used instead of this one's own:
            validation data are measured with the training data's ruler.
        """
        ruler = None if like is None else like._ruler(like.mean, like.scale)
        x, mean, scale = standardise(self.x, self.mean, self.scale, ruler)
        standard = replace(self, x=x, mean=mean, scale=scale)
        if self.task == "classification":
            return standard
        ruler = None if like is None else like._ruler(like.target_mean, like.target_scale)
        y, mean, scale = standardise(self.y, self.target_mean, self.target_scale, ruler)
        return replace(standard, y=y, target_mean=mean, target_scale=scale)

    def _ruler(
        self, mean: NDArray[np.float64] | None, scale: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if mean is None or scale is None:
            raise DataError(f"{self.name} is not standardised, and gives no mean and scale to standardise with")
        return mean, scale

    def split(self, validation: float, seed: int = 0) -> tuple[Dataset, Dataset | None]:
        """Hold a share of the samples out, drawn at random, from every class alike.

        Standardised data are standardised again with the training part's own mean and scale, so that the training
        never sees anything of what is held out.

        Parameters
        ----------
        validation : float
            Share to hold out, from 0 up to but not including 1; 0 holds nothing out.
        seed : int
            Seed of the draw.

        Returns
        -------
        train, validation : Dataset, Dataset or None
            Both keep the order of the rows.
        """
        train, held_out, _ = self.split_three(validation, 0.0, seed)
        return train, held_out

    def split_three(
        self, validation: float, test: float, seed: int = 0
    ) -> tuple[Dataset, Dataset | None, Dataset | None]:
        """Hold two shares out, as `split` does one: for choosing among trainings, and for the last word on one.

        Parameters
        ----------
        validation, test : float
            Shares of all samples, together below 1; 0 holds nothing out. The test part is drawn first, so that it
            stays the same whatever is held out for validation.
        seed : int
            Seed of the draws.

        Returns
        -------
        train, validation, test : Dataset, Dataset or None, Dataset or None
        """
        counts = {name: self._count_of(name, share) for name, share in (("validation", validation), ("test", test))}
        if sum(counts.values()) >= len(self):
            shares = " and ".join(
                f"{name}={share}" for name, share in (("validation", validation), ("test", test)) if share
            )
            raise DataError(
                f"{self.name}: {shares} of {len(self)} samples leaves none for training: choose another share"
            )
        rest, tested = self._hold_out(counts["test"], np.random.default_rng([seed, 1]))
        train, held_out = rest._hold_out(counts["validation"], np.random.default_rng(seed))
        if self.mean is None or train is self:
            return train, held_out, tested
        train = train.standardised()
        parts = (None if part is None else part.standardised(like=train) for part in (held_out, tested))
        return (train, *parts)  # type: ignore[return-value]

    def _count_of(self, name: str, share: float) -> int:
        count = round(check_share(name, share) * len(self))
        if share and not count:
            raise DataError(
                f"{self.name}: {name}={share} of {len(self)} samples leaves none for {name}: choose another share"
            )
        return count

    def _hold_out(self, count: int, rng: np.random.Generator) -> tuple[Dataset, Dataset | None]:
        if count == 0:
            return self, None
        groups = self.y if self.task == "classification" else self.labels
        groups = np.zeros(len(self), dtype=np.int64) if groups is None else groups
        chosen = np.zeros(len(self), dtype=bool)
        for group, share in enumerate(allot(count, np.bincount(groups))):
            chosen[rng.permutation(np.flatnonzero(groups == group))[:share]] = True
        return self.take(np.flatnonzero(~chosen)), self.take(np.flatnonzero(chosen))


def as_arrays(train: Dataset, validation: Dataset | None, test: Dataset | None) -> dict[str, NDArray[Any]]:
    """The arrays of a training by the names that recordings give them: "x", "y", "x_validation", "labels_test", …"""
    parts = {"": train, "_validation": validation, "_test": test}
    arrays = {f"{key}{end}": getattr(part, key) for end, part in parts.items() if part for key in ("x", "y", "labels")}
    return {key: array for key, array in arrays.items() if array is not None}
