"""The user's own data: CSV and NPZ files, checked cell by cell, standardised, classes named."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.datasets.archives import read_npz
from engine.datasets.arrays import LARGEST, check_numbers, standardise
from engine.datasets.dataset import Dataset, Task
from engine.errors import ConfigurationError, DataError, nearest

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null"})
SUFFIXES = (".csv", ".tsv", ".npz")
MOST_CLASSES = 20  # so many different whole numbers are still taken for classes


def read_table(
    path: str | Path,
    target: str | None = None,
    *,
    features: Sequence[str] | None = None,
    task: Task | None = None,
) -> Dataset:
    """Read a CSV or NPZ file as a data set, its features standardised to mean 0 and standard deviation 1.

    A CSV file has one header row of column names; comma, semicolon or tab part the cells. An NPZ file has arrays
    ``x`` of shape (N, \\*features) and ``y`` of shape (N,) or (N, k).

    What the target is decides the task: text is classes, named in sorted order; whole numbers of at most 20 different
    values, each met twice on average, are classes, named by the numbers; other numbers are a regression, standardised
    as the features are.

    Parameters
    ----------
    path : str or Path
        A file ending in ``.csv``, ``.tsv`` or ``.npz``.
    target : str, optional
        Column to predict; the last one unless it is given. Only for CSV.
    features : sequence of str, optional
        Columns to predict from; all others unless they are given. Only for CSV.
    task : {"classification", "regression"}, optional
        Overrules what the target looks like.

    Raises
    ------
    ConfigurationError
        When a column is not there; with the nearest names.
    DataError
        When the file cannot be used; one sentence with the file, row (the header is row 1) and column.
    """
    path = readable_file(path)
    if task not in (None, "classification", "regression"):
        raise ConfigurationError(f"task={task!r} must be 'classification' or 'regression'")
    if path.suffix.lower() == ".npz":
        if target is not None or features is not None:
            raise ConfigurationError(
                f"{path}: target and features choose columns of a CSV file, and an NPZ file has "
                "its arrays x and y instead"
            )
        return _from_npz(path, task)
    return _from_csv(path, target, features, task)


def readable_file(path: str | Path) -> Path:
    """Give the path of a data file that is there and of a kind that is read; else raise DataError."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path} does not end in .csv, .tsv or .npz, the kinds of files that are read")
    if path.is_dir():
        raise DataError(f"{path} is a folder, and a file is needed")
    if not path.exists():
        raise DataError(f"{path} does not exist")
    return path


def _from_csv(path: Path, target: str | None, features: Sequence[str] | None, task: Task | None) -> Dataset:
    names, rows = _read_cells(path)
    target = names[-1] if target is None else target
    for column in (target, *(features or ())):
        if column not in names:
            raise nearest(f"column of {path.name}", column, names)
    chosen = [name for name in names if name != target] if features is None else list(features)
    if target in chosen:
        raise ConfigurationError(f"{path.name}: column {target!r} is the target and cannot be a feature too")
    if len(set(chosen)) != len(chosen) or not chosen:
        raise ConfigurationError(f"{path.name}: features={chosen} must name at least one column, and each only once")
    columns = {name: [(row, cells[names.index(name)]) for row, cells in rows] for name in (*chosen, target)}
    x = np.column_stack([_column_of_numbers(path.name, name, columns[name]) for name in chosen])
    y, classes = _target(path.name, target, columns[target], task)
    return _standard_dataset(path, x, y, classes, tuple(chosen), (target,))


def _from_npz(path: Path, task: Task | None) -> Dataset:
    arrays = read_npz(path)
    x, y = arrays["x"], arrays["y"]
    if x.ndim < 2 or x[:1].size == 0:
        raise DataError(f"{path.name}: x has shape {x.shape}, and (N, features) with at least one feature is needed")
    if y.ndim == 0 or len(y) != len(x):
        raise DataError(f"{path.name}: x of shape {x.shape} and y of shape {y.shape} must have one row a sample each")
    check_numbers(path.name, "x", x)
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    classes: tuple[str, ...] = ()
    if y.dtype.kind in "US":
        cells = [(row, str(value)) for row, value in enumerate(y.astype(str).ravel())]
        y, classes = _target(path.name, "y", cells, task)
    else:
        check_numbers(path.name, "y", y)
        if y.ndim == 1 and _are_classes(y, task, f"{path.name}: y"):
            y, classes = _number_classes(y)
    return _standard_dataset(path, x, y, classes, (), ())


def _standard_dataset(
    path: Path,
    x: NDArray[Any],
    y: NDArray[Any],
    classes: tuple[str, ...],
    features: tuple[str, ...],
    targets: tuple[str, ...],
) -> Dataset:
    if len(x) < 2:
        raise DataError(f"{path.name} has only {len(x)} row of data, and at least 2 are needed")
    if len(classes) == 1:
        what = f"the target {targets[0]!r}" if targets else "y"
        raise DataError(f"{path.name}: {what} has only one class, {classes[0]!r}, and there is nothing to tell apart")
    x, mean, scale = standardise(x.astype(np.float64))
    common: dict[str, Any] = {"feature_names": features, "target_names": targets, "mean": mean, "scale": scale}
    if classes:
        return Dataset(path.stem, x, y, "classification", class_names=classes, **common)
    y, mean, scale = standardise(y.astype(np.float64).reshape(len(y), -1))
    return Dataset(path.stem, x, y, "regression", target_mean=mean, target_scale=scale, **common)


def _read_cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Give the column names, and every row that is not empty with its number, the header being row 1."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not UTF-8 text (byte 0x{error.object[error.start]:02x} at {error.start}): "
            "save it as CSV in UTF-8"
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    header_line = next((line for line in text.split("\n") if line.strip(" \r,;\t")), "")
    if not header_line:
        raise DataError(f"{path.name} is empty")
    delimiter = max(",;\t", key=header_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise DataError(f"{path.name} is not a CSV file: {error}") from None
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    if not filled:
        raise DataError(f"{path.name} is empty")
    (_, names), *body = filled
    _check_header(path.name, names)
    for number, row in body:
        if len(row) != len(names):
            raise DataError(f"{path.name}: row {number} has {len(row)} cells, and the header has {len(names)}")
    if not body:
        raise DataError(f"{path.name} has a header and no rows of data")
    return names, body


def _check_header(file: str, names: list[str]) -> None:
    if all(_number(name) is not None for name in names):
        raise DataError(f"{file}: the first row holds only numbers, and a header with the columns' names is needed")
    for place, name in enumerate(names):
        if not name:
            raise DataError(f"{file}: column {place + 1} has no name: name it, or leave it out if it only counts rows")
        if name in names[:place]:
            raise DataError(
                f"{file}: columns {names.index(name) + 1} and {place + 1} are both called {name!r}, and "
                "names must differ"
            )
    if len(names) < 2:
        raise DataError(f"{file} has only the column {names[0]!r}, and a target and at least one feature are needed")


def _column_of_numbers(file: str, name: str, cells: list[tuple[int, str]]) -> NDArray[np.float64]:
    values = np.empty(len(cells))
    for place, (row, cell) in enumerate(cells):
        where = f"{file}: row {row}, column {name!r}"
        if cell.lower() in MISSING:
            raise DataError(
                f"{where}: the value is missing{f' ({cell!r})' if cell else ''}: fill it in or leave the row out"
            )
        value = _number(cell)
        if value is None:
            hint = ""
            if _number(cell.replace(",", ".")) is not None:
                hint = ": write decimals with a point"
            elif all(_number(other) is None for _, other in cells):
                hint = (
                    ", nor is anything in this column: leave it out, or list the features in an experiment's TOML file"
                )
            raise DataError(f"{where}: {cell!r} is not a number{hint}")
        if not abs(value) <= LARGEST:
            raise DataError(f"{where}: {cell} is {'too large for float32' if math.isfinite(value) else 'not finite'}")
        values[place] = value
    return values


def _target(
    file: str,
    name: str,
    cells: list[tuple[int, str]],
    task: Task | None,
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Give the targets and, for classes, their names."""
    numbers = sum(_number(cell) is not None for _, cell in cells)
    present = sum(cell.lower() not in MISSING for _, cell in cells)
    # a column of numbers with a slip in it is to be mended, not to be taken for a thousand classes
    if task == "regression" or 2 * numbers > present or not present:
        values = _column_of_numbers(file, name, cells)
        return _number_classes(values) if _are_classes(values, task, f"{file}: the target {name!r}") else (values, ())
    for row, cell in cells:
        if cell.lower() in MISSING:
            raise DataError(
                f"{file}: row {row}, column {name!r}: the class is missing: fill it in or leave the row out"
            )
    texts = np.array([cell for _, cell in cells])
    classes, y = np.unique(texts, return_inverse=True)
    if len(classes) > len(texts) / 2 and len(classes) > 2:
        raise DataError(
            f"{file}: the target {name!r} has {len(classes)} different texts in {len(texts)} rows, too "
            "many to be classes: choose another target"
        )
    return y, tuple(str(c) for c in classes)


def _are_classes(values: NDArray[Any], task: Task | None, what: str) -> bool:
    """Say whether numbers are class labels: by the task where it is given, else by how they look."""
    if task == "regression":
        return False
    whole = bool(np.all(values == np.floor(values)))
    if task == "classification":
        if not whole:
            raise DataError(f"{what} has numbers that are not whole, and cannot be taken for classes")
        return True
    different = len(np.unique(values))
    return whole and different <= MOST_CLASSES and 2 * different <= len(values)


def _number_classes(values: NDArray[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    classes, y = np.unique(values, return_inverse=True)
    return y.astype(np.int64), tuple(str(int(c)) for c in classes)


def _number(cell: str) -> float | None:
    try:
        return float(cell) if "_" not in cell else None  # float() reads 1_000, a spreadsheet does not
    except ValueError:
        return None
