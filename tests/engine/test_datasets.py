"""Data sets: what they promise about shape, balance, geometry and seeds, and what a Dataset refuses."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from engine.datasets import DATASETS, Dataset, generators, load_dataset
from engine.datasets.dataset import as_arrays
from engine.errors import ConfigurationError, DataError

GENERATED = sorted(name for name in DATASETS if hasattr(generators, name) and name != "digits")
NOISY = [name for name in GENERATED if "noise" in DATASETS[name].defaults]


def labelled(n: int = 10, **changes: Any) -> Dataset:
    x = np.linspace(0, 1, 2 * n).reshape(n, 2)
    given = {"name": "small", "x": x, "y": np.arange(n) % 2, "task": "classification", "class_names": ("a", "b")}
    return Dataset(**(given | changes))


def line_accuracy(data: Dataset) -> float:
    """What a straight line (for several classes, several) can do at best, found by scikit-learn."""
    model = LogisticRegression(C=1e4, max_iter=5000).fit(data.x, data.y)
    return float(model.score(data.x, data.y))


@pytest.mark.parametrize("name", GENERATED)
def test_generated_data_have_the_promised_shape(name: str) -> None:
    for n in (37, 200):
        data = load_dataset(name, n=n)
        assert data.x.shape == (n, 1 if name == "interval" else 2) and data.x.dtype == np.float32
        assert data.y.shape == (n,) and data.y.dtype == np.int64
        assert max(data.class_counts) - min(data.class_counts) <= 1 and sum(data.class_counts) == n
        assert np.abs(data.x).max() < 1.4 and np.ptp(data.x, axis=0).min() > 0.8
        assert data.parameters == DATASETS[name].defaults | {"n": n}
        assert len(data.feature_names) == data.x.shape[1]


@pytest.mark.parametrize("name", GENERATED)
def test_the_seed_decides_everything(name: str) -> None:
    noise = {"noise": 0.05} if name in NOISY else {}
    one, same, other = (load_dataset(name, n=60, seed=seed, **noise) for seed in (3, 3, 4))
    assert one.digest == same.digest != other.digest
    np.testing.assert_array_equal(one.x, same.x)


@pytest.mark.parametrize("name", NOISY)
def test_noise_moves_points_by_as_much_as_it_says(name: str) -> None:
    clean, noisy = load_dataset(name, n=4000, noise=0.0), load_dataset(name, n=4000, noise=0.03)
    if name in ("moons", "circles"):  # shuffled by scikit-learn; compare them as sets through their curves
        reached = KNeighborsClassifier(1).fit(clean.x, clean.y).kneighbors(noisy.x)[0]
        assert 0.005 < reached.mean() < 0.03
        return
    np.testing.assert_array_equal(clean.y, noisy.y)
    assert np.std(noisy.x - clean.x) == pytest.approx(0.03, rel=0.05)


@pytest.mark.parametrize("turns", [0.5, 1.0, 2.5])
def test_spiral_arms_wind_and_interleave(turns: float) -> None:
    data = load_dataset("spirals", n=2000, turns=turns)
    arms = [data.x[data.y == label].astype(float) for label in (0, 1)]
    np.testing.assert_allclose(arms[1], -arms[0], atol=1e-6)  # half a turn apart
    radius, angle = np.hypot(*arms[0].T), np.unwrap(np.arctan2(arms[0][:, 1], arms[0][:, 0]))
    assert radius[0] == pytest.approx(0.1, abs=1e-6) and radius[-1] == pytest.approx(1.0, abs=1e-6)
    assert angle[-1] - angle[0] == pytest.approx(2 * np.pi * turns, rel=1e-4)
    # radius grows evenly with the angle (Archimedes)
    np.testing.assert_allclose(radius, 0.1 + 0.9 * (angle - angle[0]) / (2 * np.pi * turns), atol=1e-4)
    steps = np.hypot(*np.diff(arms[0], axis=0).T)
    assert steps.max() / steps.min() < 1.02  # evenly spaced


def test_walking_outwards_through_spirals_meets_the_arms_in_turn() -> None:
    data = load_dataset("spirals", n=4000, turns=3.0)
    radius, angle = np.hypot(*data.x.T), np.arctan2(data.x[:, 1], data.x[:, 0])
    ray = np.flatnonzero(radius * np.abs(angle - 1.0) < 0.01)
    met = data.y[ray[np.argsort(radius[ray])]]
    turns = met[np.flatnonzero(np.diff(met, prepend=-1))]
    assert len(turns) >= 6 and np.all(np.diff(turns) != 0)


@pytest.mark.parametrize(
    ("name", "at_most"), [("two_curves", 0.95), ("spirals", 0.75), ("bullseye", 0.75), ("interval", 0.8),
                          ("xor", 0.7), ("moons", 0.95), ("circles", 0.65)],
)  # fmt: skip
def test_no_line_parts_them_but_their_neighbours_do(name: str, at_most: float) -> None:
    data = load_dataset(name)
    assert line_accuracy(data) < at_most
    neighbours = KNeighborsClassifier(3).fit(data.x, data.y)
    assert neighbours.score(data.x, data.y) > 0.99


def test_lines_part_blobs() -> None:
    data = load_dataset("blobs", classes=5, spread=0.08)
    assert len(data.class_names) == 5 and line_accuracy(data) > 0.99


@pytest.mark.parametrize("name", ["bullseye", "interval"])
def test_the_inner_class_lies_within_the_outer(name: str) -> None:
    data = load_dataset(name, n=2000)
    radius = np.linalg.norm(data.x, axis=1)
    assert radius[data.y == 0].max() <= 1 / 3 + 1e-6
    assert radius[data.y == 1].min() >= 2 / 3 - 1e-6 and radius.max() <= 1
    assert radius[data.y == 0].max() > 0.3 and radius.max() > 0.99
    outer = data.x[data.y == 1, 0]
    assert 0.4 < np.mean(outer > 0) < 0.6  # on both sides


def test_the_disc_is_evenly_filled() -> None:
    data = load_dataset("bullseye", n=20_000)
    radius = np.linalg.norm(data.x[data.y == 0], axis=1)
    # a quarter of a disc's area lies within half its radius
    assert np.mean(radius < 1 / 6) == pytest.approx(0.25, abs=0.02)


def test_xor_is_the_sign_of_the_product() -> None:
    data = load_dataset("xor", gap=0.2)
    np.testing.assert_array_equal(data.y, np.prod(data.x, axis=1) < 0)
    assert np.abs(data.x).min() >= 0.2 - 1e-6


def test_one_curve_bulges_into_the_other() -> None:
    data = load_dataset("two_curves")
    upper, lower = (data.x[data.y == label] for label in (0, 1))
    assert lower[:, 1].max() > upper[:, 1].min()
    np.testing.assert_allclose(upper[:, 1] - lower[:, 1], 0.5, atol=1e-6)
    assert line_accuracy(load_dataset("two_curves", height=0.1)) == 1.0


def test_digits_are_images_between_0_and_1() -> None:
    data = load_dataset("digits")
    assert data.x.shape == (1797, 64) and data.image_shape == (8, 8)
    assert data.x.min() == 0 and data.x.max() == 1
    assert data.class_names == tuple("0123456789") and min(data.class_counts) > 170


def test_spirals_do_not_wait_for_scikit_learn() -> None:
    code = "import sys; from engine.datasets import load_dataset; load_dataset('spirals'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" in done.stdout and "sklearn" not in done.stdout


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("spiral", {}, "unknown dataset 'spiral': did you mean 'spirals' or 'interval'? (known: "
                       f"{', '.join(sorted(DATASETS))})"),
        ("spirals", {"turn": 2}, "unknown parameter of dataset 'spirals' 'turn': did you mean 'turns'? "
                                 "(known: n, noise, seed, turns)"),
        ("digits", {"n": 5}, "dataset 'digits' takes no parameters, and n=5 was given"),
        ("spirals", {"n": 3}, "dataset 'spirals': n=3 must be a whole number from 4 to 10000000"),
        ("spirals", {"n": 40.5}, "dataset 'spirals': n=40.5 must be a whole number"),
        ("spirals", {"n": True}, "dataset 'spirals': n=True must be a whole number"),
        ("spirals", {"turns": "two"}, "dataset 'spirals': turns='two' must be a number"),
        ("spirals", {"turns": 0}, "dataset 'spirals': turns=0.0 must be a finite number above 0"),
        ("moons", {"noise": -0.1}, "dataset 'moons': noise=-0.1 must be a finite number of at least 0"),
        ("moons", {"noise": float("nan")}, "dataset 'moons': noise=nan must be a finite number of at least 0"),
        ("xor", {"seed": -1}, "dataset 'xor': seed=-1 must be a whole number from 0 to 4294967295"),
        ("xor", {"gap": 1.0}, "dataset 'xor': gap=1.0 must be a number from 0 up to but not including 1"),
        ("circles", {"factor": 1}, "dataset 'circles': factor=1.0 must be a number from 0 up to but not including 1"),
        ("bullseye", {"inner": 0.7}, "dataset 'bullseye': inner=0.7 and outer=0.6666666666666666 must satisfy "
                                     "0 < inner < outer < 1"),
        ("blobs", {"classes": 27}, "dataset 'blobs': classes=27 must be a whole number from 2 to 26"),
    ],
)  # fmt: skip
def test_wrong_parameters_get_one_sentence(name: str, parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_dataset(name, **parameters)
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"x": np.zeros(10)}, "small: x has shape (10,), and one row of features a sample, (N, features), is needed"),
        ({"x": np.zeros((0, 2)), "y": np.zeros(0, int)},
         "small: x has shape (0, 2), and at least one sample with one feature is needed"),
        ({"x": np.array([["a", "b"]])}, "small: x is of type <U1, and real numbers are needed"),
        ({"x": np.where(np.arange(20) == 7, np.nan, 0.0).reshape(10, 2)}, "small: x[3, 1] = nan is not finite"),
        ({"x": np.full((10, 2), 1e39)}, "small: x[0, 0] = 1e+39 is too large for float32"),
        ({"y": np.zeros(9, int)}, "small: x has 10 samples and y has 9, and they must be as many"),
        ({"y": np.arange(10)}, "small: label 2 of sample 2 is outside the 2 classes 0 to 1"),
        ({"y": -np.arange(10)}, "small: label -1 of sample 1 is outside the 2 classes 0 to 1"),
        ({"y": np.zeros(10)}, "small: labels of type float64, and class indices must be integers"),
        ({"y": np.zeros((10, 1), int)},
         "small: labels of shape (10, 1), and one class index a sample, (N,), is needed"),
        ({"class_names": ("a",)}, "small: 1 class names, and at least two classes are needed"),
        ({"class_names": ("a", "a")}, "small: two classes have the same name among ['a', 'a']"),
        ({"feature_names": ("one",)}, "small: 1 feature names do not match the 2 features of a sample"),
        ({"image_shape": (2, 2)}, "small: image_shape=(2, 2) does not match the 2 features of a sample"),
        ({"task": "regression"}, "small: class names ['a', 'b'] do not belong to a regression"),
        ({"task": "ranking"}, "small: task='ranking' must be 'classification' or 'regression'"),
    ],
)  # fmt: skip
def test_bad_data_get_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as error:
        labelled(**changes)
    assert str(error.value) == sentence


def test_arrays_are_read_only_copies() -> None:
    x = np.ones((4, 2), np.float32)
    data = labelled(x=x, y=[0, 1, 0, 1])
    x[0, 0] = 5
    assert data.x[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        data.x[0, 0] = 2
    with pytest.raises(AttributeError):
        data.name = "other"  # type: ignore[misc]


def test_the_digest_sees_every_bit_and_the_shape() -> None:
    data = labelled()
    x = data.x.copy()
    x[0, 0] = np.nextafter(x[0, 0], 1)
    others = [labelled(x=x), labelled(y=1 - data.y), labelled(x=data.x.reshape(10, 2, 1))]
    assert len({data.digest, *(other.digest for other in others)}) == 4
    assert labelled(name="renamed").digest == data.digest


def test_targets_of_a_regression_become_columns() -> None:
    data = Dataset("line", np.ones((5, 1)), np.arange(5.0), "regression")
    assert data.y.shape == (5, 1) and data.y.dtype == np.float32 and data.class_counts == ()


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_a_split_is_stratified_and_complete(share: float) -> None:
    labels = np.repeat([0, 1, 2], [60, 30, 10])
    data = Dataset("three", np.arange(100.0)[:, None], labels, "classification", class_names=("a", "b", "c"))
    train, held_out = data.split(share, seed=5)
    assert held_out is not None and len(held_out) == round(100 * share)
    together = np.concatenate([train.x[:, 0], held_out.x[:, 0]])
    np.testing.assert_array_equal(np.sort(together), np.arange(100))
    for counts, part in ((train.class_counts, 1 - share), (held_out.class_counts, share)):
        np.testing.assert_allclose(counts, np.array([60, 30, 10]) * part, atol=1)
    assert np.all(np.diff(train.x[:, 0]) > 0) and np.all(np.diff(held_out.x[:, 0]) > 0)


def test_a_split_depends_on_its_seed_alone() -> None:
    data = load_dataset("moons", n=100)
    first, same, other = (data.split(0.3, seed)[1] for seed in (1, 1, 2))
    assert first is not None and same is not None and other is not None
    assert first.digest == same.digest != other.digest
    assert data.split(0.0) == (data, None)


def test_a_rare_class_is_kept_for_training() -> None:
    labels = np.repeat([0, 1], [99, 1])
    data = Dataset("rare", np.zeros((100, 1)), labels, "classification", class_names=("a", "b"))
    for seed in range(5):
        assert data.split(0.6, seed)[0].class_counts[1] == 1


@pytest.mark.parametrize("share", [-0.1, 1.0, 1, "half", True, float("nan")])
def test_a_share_is_from_0_to_below_1(share: Any) -> None:
    with pytest.raises(ConfigurationError) as error:
        labelled().split(share)
    assert str(error.value) == f"validation={share!r} must be a number from 0 up to but not including 1"


@pytest.mark.parametrize(("share", "part"), [(0.01, "validation"), (0.99, "training")])
def test_a_split_leaves_something_on_both_sides(share: float, part: str) -> None:
    with pytest.raises(DataError) as error:
        labelled().split(share)
    assert str(error.value) == f"small: validation={share} of 10 samples leaves none for {part}: choose another share"


def test_standardising_keeps_the_way_back() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal([5, -300, 2], [0.1, 40, 0], (50, 3)).astype(np.float32)
    data = Dataset("raw", x, rng.normal(7, 3, 50), "regression").standardised()
    np.testing.assert_allclose(data.x.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.x.std(axis=0), [1, 1, 0], atol=1e-5)  # the constant feature is only shifted
    assert data.mean is not None and data.scale is not None and data.target_mean is not None
    np.testing.assert_allclose(data.x * data.scale + data.mean, x, rtol=1e-5)
    assert data.scale[2] == 1 and data.target_mean[0] == pytest.approx(7, abs=1.5)


def test_held_out_samples_are_measured_with_the_training_ruler() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(100, 20, (80, 2)).astype(np.float32)
    raw = Dataset("raw", x, rng.normal(3, 2, 80), "regression")
    train, held_out = raw.standardised().split(0.25, seed=2)
    assert held_out is not None
    plain_train, plain_held_out = raw.split(0.25, seed=2)
    assert plain_held_out is not None
    mean, scale = plain_train.x.mean(axis=0, dtype=float), plain_train.x.std(axis=0, dtype=float)
    np.testing.assert_allclose(train.x, (plain_train.x - mean) / scale, atol=1e-5)
    np.testing.assert_allclose(held_out.x, (plain_held_out.x - mean) / scale, atol=1e-5)
    y_mean, y_scale = plain_train.y.mean(dtype=float), plain_train.y.std(dtype=float)
    np.testing.assert_allclose(held_out.y, (plain_held_out.y - y_mean) / y_scale, atol=1e-5)
    assert held_out.mean is not None
    np.testing.assert_allclose(held_out.mean, mean, rtol=1e-6)


def test_images_are_standardised_channel_by_channel() -> None:
    x = np.random.default_rng(0).uniform(0, [1, 10], (20, 4, 4, 2))
    data = labelled(x=x, y=np.arange(20) % 2, image_shape=(4, 4, 2)).standardised()
    assert data.mean is not None and data.mean.shape == (2,)
    np.testing.assert_allclose(data.x.mean(axis=(0, 1, 2)), 0, atol=1e-6)


def test_a_ruler_has_to_be_one() -> None:
    with pytest.raises(DataError, match="^small is not standardised, and gives no mean and scale to standardise with$"):
        labelled().standardised(like=labelled())


def test_three_parts_are_complete_and_stratified() -> None:
    labels = np.repeat([0, 1], [60, 40])
    data = Dataset("two", np.arange(100.0)[:, None], labels, "classification", class_names=("a", "b"))
    train, held_out, tested = data.split_three(0.2, 0.1, seed=3)
    assert held_out is not None and tested is not None
    assert [part.class_counts for part in (train, held_out, tested)] == [(42, 28), (12, 8), (6, 4)]
    together = np.concatenate([part.x[:, 0] for part in (train, held_out, tested)])
    np.testing.assert_array_equal(np.sort(together), np.arange(100))
    # the test part stays the same whatever is held out for validation, and without it the split is the old one
    other = data.split_three(0.5, 0.1, seed=3)[2]
    assert other is not None and other.digest == tested.digest
    alone, expected = data.split_three(0.2, 0.0, seed=3)[1], data.split(0.2, seed=3)[1]
    assert alone is not None and expected is not None and alone.digest == expected.digest


def test_the_test_part_is_measured_with_the_training_ruler() -> None:
    rng = np.random.default_rng(1)
    data = Dataset("raw", rng.normal(100, 20, (80, 2)), rng.normal(3, 2, 80), "regression").standardised()
    train, held_out, tested = data.split_three(0.25, 0.25)
    assert train.mean is not None and train.scale is not None and held_out is not None and tested is not None
    np.testing.assert_allclose(train.x.mean(axis=0), 0, atol=1e-6)
    for part in (held_out, tested):
        np.testing.assert_array_equal(part.mean, train.mean)
    original = {round(float(value), 2) for value in data.x[:, 0] * data.scale[0] + data.mean[0]}  # type: ignore[index]
    assert {round(float(value), 2) for value in tested.x[:, 0] * train.scale[0] + train.mean[0]} <= original


def test_two_shares_leave_something_to_train_on() -> None:
    with pytest.raises(DataError) as error:
        labelled().split_three(0.5, 0.5)
    expected = "small: validation=0.5 and test=0.5 of 10 samples leaves none for training: choose another share"
    assert str(error.value) == expected


def test_what_nobody_can_change_is_not_copied() -> None:
    x = np.ones((4, 2), np.float32)
    x.flags.writeable = False
    assert labelled(x=x, y=[0, 1, 0, 1]).x is x


def test_a_reconstruction_has_itself_as_target_and_keeps_the_classes() -> None:
    data = load_dataset("digits").reconstruction()
    assert data.task == "regression" and data.y is data.x and data.class_names == () and data.image_shape == (8, 8)
    np.testing.assert_array_equal(data.labels, load_dataset("digits").y)
    assert data.label_names == tuple("0123456789")
    train, held_out, tested = data.split_three(0.2, 0.1, seed=2)
    plain = load_dataset("digits").split_three(0.2, 0.1, seed=2)
    for part, other in zip((train, held_out, tested), plain, strict=True):
        assert part is not None and other is not None and part.y is part.x
        np.testing.assert_array_equal(part.x, other.x)  # the classes are split evenly, though they are not the target
        np.testing.assert_array_equal(part.labels, other.y)
    names = {f"{key}{end}" for key in ("x", "y", "labels") for end in ("", "_validation", "_test")}
    assert set(as_arrays(train, held_out, tested)) == names
    assert set(as_arrays(train, None, None)) == {"x", "y", "labels"}


def test_a_reconstruction_of_standardised_data_has_their_ruler() -> None:
    x = np.random.default_rng(0).normal([5, -300], [0.1, 40], (50, 2))
    data = labelled(x=x, y=np.arange(50) % 2).standardised().reconstruction()
    train, held_out = data.split(0.2)
    for part in (train, held_out):
        assert part is not None
        np.testing.assert_array_equal(part.x, part.y)
        np.testing.assert_array_equal(part.mean, part.target_mean)
    pictures = labelled(x=np.random.default_rng(0).uniform(size=(10, 2, 2, 3))).standardised().reconstruction()
    assert pictures.y.shape == (10, 12) and pictures.target_scale is not None and pictures.scale is not None
    np.testing.assert_array_equal(pictures.target_scale[:6], [*pictures.scale, *pictures.scale])
