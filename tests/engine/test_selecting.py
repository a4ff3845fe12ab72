"""Some samples of a data set, and its classes put together anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset_section import DatasetSection
from engine.datasets import load_dataset
from engine.datasets.selecting import group_classes, select_samples
from engine.errors import ConfigurationError, DataError
from engine.experiment import Experiment

PARITY = {"even": ("0", "2", "4", "6", "8"), "odd": ("1", "3", "5", "7", "9")}


def test_samples_are_those_of_these_numbers() -> None:
    whole = load_dataset("digits")
    some = DatasetSection(name="digits", samples="5-9").load()
    np.testing.assert_array_equal(some.x, whole.x[5:10])
    np.testing.assert_array_equal(some.y, whole.y[5:10])
    assert some.class_names == whole.class_names
    with pytest.raises(DataError, match="digits has the samples 0 to 1796: samples=5-1797 reaches beyond them"):
        select_samples(whole, 5, 1797)


def test_classes_are_put_together() -> None:
    whole = load_dataset("digits")
    data = DatasetSection(name="digits", groups=PARITY).load()
    assert data.class_names == ("even", "odd") and data.label_names == whole.class_names
    np.testing.assert_array_equal(data.y, whole.y % 2)
    np.testing.assert_array_equal(data.labels, whole.y)
    np.testing.assert_array_equal(data.x, whole.x)
    assert data.digest != whole.digest and data.parameters["groups"]["odd"] == ["1", "3", "5", "7", "9"]


def test_classes_in_no_group_are_left_out() -> None:
    whole = load_dataset("digits")
    some = DatasetSection(name="digits", groups=["7", "3"]).load()  # type: ignore[arg-type]
    kept = np.isin(whole.y, (3, 7))
    np.testing.assert_array_equal(some.x, whole.x[kept])
    assert some.class_names == ("7", "3") and (np.array([7, 3])[some.y] == whole.y[kept]).all()


def test_the_test_part_has_the_same_classes(mnist_folder: Path) -> None:
    section = DatasetSection(name="mnist", samples="0-19", groups=PARITY)
    test = section.own_test()
    assert test is not None and len(section.load()) == 20 and len(test) == 10  # samples are of the training part
    assert test.class_names == ("even", "odd") and test.y.tolist() == [0, 1] * 5


def test_an_autoencoder_keeps_the_groups_as_labels() -> None:
    data = DatasetSection(name="digits", task="reconstruction", groups=PARITY).load()
    assert data.task == "regression" and data.label_names == ("even", "odd")


def test_what_is_left_is_standardised_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b,kind\n" + "".join(f"{row},{row * row % 7},{'xyz'[row % 3]}\n" for row in range(30)))
    for section in (
        DatasetSection(file=str(path), samples="10-19"),
        DatasetSection(file=str(path), groups={"x or y": ("x", "y"), "z": ("z",)}, samples="3-29"),
        DatasetSection(file=str(path), groups={"x": ("x",), "y": ("y",)}),
    ):
        data = section.load()
        np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(data.x.std(axis=0), 1, atol=1e-5)
        assert data.mean is not None and data.scale is not None
        assert {tuple(row) for row in np.rint(data.x * data.scale + data.mean)} <= {(r, r * r % 7) for r in range(30)}


def test_what_is_grouped_has_to_be_there() -> None:
    digits = load_dataset("digits")
    with pytest.raises(ConfigurationError, match=r"unknown class of digits '10': did you mean"):
        group_classes(digits, {"few": ("0", "10"), "other": ("2",)})
    with pytest.raises(DataError, match="curve has no classes that groups="):
        group_classes(load_dataset("curve"), PARITY)
    with pytest.raises(DataError, match="at least one sample"):
        group_classes(select_samples(digits, 0, 2), {"seven": ("7",), "eight": ("8",)})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"samples": "9-5"}, "dataset.samples='9-5' must be the numbers of the first and the last sample, such as"),
        ({"samples": "all"}, "dataset.samples='all' must be the numbers"),
        ({"samples": 5}, "dataset.samples=5 must be text in quotes"),
        ({"groups": 5}, "dataset.groups=5 must be a table of keys and values"),
        ({"groups": ["1"]}, r"dataset.groups=.* must be at least two groups, with each class in one of them"),
        ({"groups": {"a": ["1"], "b": ["1"]}}, "must be at least two groups, with each class in one of them"),
        ({"groups": {"a": "1", "b": ["2"]}}, "dataset.groups.a='1' must be a list of names of classes"),
        ({"groups": {"a": [], "b": ["2"]}}, r"dataset.groups.a=\[\] must be a list of names of classes"),
        ({"groups": {"a": [1], "b": ["2"]}}, "dataset.groups.a=1 must be text in quotes"),
    ],
)
def test_what_is_no_selection_gets_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        DatasetSection(name="digits", **changes)


def test_a_selection_is_part_of_what_decides_a_run() -> None:
    text = 'name = "a"\n[dataset]\nname = "digits"\nsamples = "0-99"\ngroups = { one = ["1"], other = ["2", "3"] }\n'
    experiment = Experiment.from_toml(text)
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    assert experiment.dataset.groups == {"one": ("1",), "other": ("2", "3")}
    for before, after in (("0-99", "0-98"), ('"2", "3"', '"3"'), ("one =", "first =")):
        assert Experiment.from_toml(text.replace(before, after)).digest != experiment.digest
