"""What compared recordings are called, and which of them is said to be ahead."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.experiment import Experiment, load_experiment
from engine.run import run_experiment
from scenes.compare.names import ROOM, differences
from scenes.compare.verdicts import Standing
from scenes.registry import SceneEntry
from scenes.subtitles import caption_lines
from tests.scenes.test_compare import halves

MOONS = load_experiment("moons").override(epochs=1)


def with_layers(experiment: Experiment, **settings: Any) -> Experiment:
    """The experiment with settings of all its layers but the last changed."""
    *hidden, last = experiment.network.layers
    layers = (*(replace(layer, **settings) for layer in hidden), last)
    return replace(experiment, network=replace(experiment.network, layers=layers))


def trained(**settings: Any) -> Experiment:
    return replace(MOONS, training=replace(MOONS.training, **settings))


def of_data(**parameters: Any) -> Experiment:
    return replace(MOONS, dataset=replace(MOONS.dataset, parameters={**MOONS.dataset.parameters, **parameters}))


ALONE = {
    "width": ([MOONS.override(layers=(3,)), MOONS.override(layers=(3, 3))], ("2-3-1", "2-3-3-1")),
    "activation": (
        [MOONS.override(activation=name) for name in ("relu", "tanh", "sigmoid")],
        ("relu", "tanh", "sigmoid"),
    ),
    "initialisation": (
        [with_layers(MOONS, weight_init=name) for name in ("he_normal", "normal:0.01")],
        ("he normal start", "normal:0.01 start"),
    ),
    "learning rate": (
        [MOONS.override(learning_rate=rate) for rate in (0.001, 0.01, 0.1)],
        ("learning rate 0.001", "learning rate 0.01", "learning rate 0.1"),
    ),
    "optimizer": (
        [MOONS.override(optimizer=name, learning_rate=0.01) for name in ("sgd", "momentum", "adam")],
        ("sgd", "momentum", "adam"),
    ),
    "momentum": (
        [trained(optimizer={"name": "momentum", "momentum": share}) for share in (0.5, 0.9)],
        ("momentum 0.5", "momentum 0.9"),
    ),
    "schedule": (
        [trained(schedule={"name": name}) for name in ("constant", "cosine")],
        ("constant schedule", "cosine schedule"),
    ),
    "batch": ([MOONS.override(batch_size=size) for size in (8, "full")], ("batches of 8", "whole batches")),
    "clipping": ([trained(clip_norm=norm) for norm in (None, 1.0)], ("no clipping", "clipped at 1")),
    "seed": ([MOONS.override(seed=seed) for seed in (1, 2, 3)], ("seed 1", "seed 2", "seed 3")),
    "noise": ([of_data(noise=noise) for noise in (0.0, 0.3)], ("noise 0", "noise 0.3")),
    "epochs": ([MOONS.override(epochs=count) for count in (1, 2)], ("1 epoch", "2 epochs")),
    # the parameters of another data set are no difference
    "data": (
        [of_data(n=400, noise=0.1), replace(MOONS, dataset=replace(MOONS.dataset, name="circles", parameters={}))],
        ("moons", "circles"),
    ),
}


@pytest.mark.parametrize("what", ALONE)
def test_what_alone_is_different_is_the_name(what: str, tmp_path: Path) -> None:
    experiments, names = ALONE[what]
    recordings = [run_experiment(each, tmp_path / str(k)) for k, each in enumerate(experiments)]
    assert differences(recordings) == names


def test_several_differences_are_named_as_far_as_there_is_room(tmp_path: Path) -> None:
    made = [
        MOONS.override(optimizer="sgd", learning_rate=0.5),
        MOONS.override(optimizer="sgd", learning_rate=0.1),
        MOONS.override(optimizer="adam", learning_rate=0.1, seed=7, batch_size=100, epochs=2),
    ]
    recordings = [run_experiment(each, tmp_path / str(k)) for k, each in enumerate(made)]
    # the learning rate tells the first two apart, although the optimizer alone tells off the third
    assert differences(recordings) == ("sgd, learning rate 0.5", "sgd, learning rate 0.1", "adam, learning rate 0.1")
    two = differences(recordings[1:])
    assert two[0].startswith("sgd, ") and two[1].startswith("adam, ") and max(map(len, two)) <= ROOM


def test_what_there_is_of_it_is_counted(tmp_path: Path) -> None:
    blocks = [run_experiment(load_experiment(f"depth-{kind}4").override(epochs=1), tmp_path / f"{kind}4")
              for kind in ("", "residual-")]  # fmt: skip
    assert differences(blocks) == ("no residual block", "3 residual blocks")
    images = [
        run_experiment(load_experiment(name).override(epochs=1), tmp_path / name) for name in ("digits", "lenet-digits")
    ]
    assert differences(images) == ("no convolution", "2 convolutions")
    # what there is none of is left out where what there is tells them apart
    blocks.append(images[1])
    assert differences(blocks) == ("5 dense layers", "5 dense layers, 3 residual blocks", "3 dense layers")
    assert differences(halves(tmp_path)) == ("20 examples", "10 examples")


def test_the_same_twice_is_numbered(tmp_path: Path) -> None:
    one = run_experiment(MOONS, tmp_path / "one")
    assert differences([one, one]) == ("one (1)", "one (2)")
    assert differences([one, run_experiment(MOONS, tmp_path / "other")]) == ("one", "other")


NAMES = ("A", "B", "C")


@pytest.mark.parametrize(
    ("values", "shares", "after", "results"),
    [
        ((0.5, 0.75), True, "After epoch 7, 75.0% against 50.0%.\nIn the lead: B.", ["A: 50.0%,\nB: 75.0% right."]),
        ((0.5, 0.5), True, "After epoch 7 both\nare at 50.0%.", ["A: 50.0%,\nB: 50.0% right."]),
        ((0.5, 0.75), False, "After epoch 7, 0.50 against 0.75.\nIn the lead: A.", ["A: 0.50,\nB: 0.75."]),
        ((math.nan, 9.0), False, "After epoch 7, 9.00 against diverged.\nIn the lead: B.", ["A: diverged,\nB: 9.00."]),
        (
            (0.5, 0.75, 0.6), True, "After epoch 7, in the lead\nat 75.0%: B.",
            ["The most right answers at the end:\nB: 75.0%.", "A: 50.0%,\nC: 60.0% right."],
        ),
        (
            (0.75, 0.5, 0.75), True, "After epoch 7, level at 75.0%:\nA and C.",
            ["Level at the end, at 75.0% right:\nA and C.", "Behind them:\nB: 50.0% right."],
        ),
        ((0.75,) * 3, True, "After epoch 7 all three\nare at 75.0%.", ["All three end\nat 75.0% right."]),
        (
            (0.75, math.nan, 0.5), False, "After epoch 7, in the lead\nat 0.50: C.",
            ["The lowest loss at the end:\nC: 0.50.", "A: 0.75,\nB: diverged."],
        ),
        (
            (0.2, 0.2, math.nan), True, "After epoch 7, level at 20.0%:\nA and B.",
            ["Level at the end, at 20.0% right:\nA and B.", "Behind them:\nC: diverged."],
        ),
        # what is written alike is not called ahead
        ((0.12341, 0.12342), True, "After epoch 7 both\nare at 12.3%.", ["A: 12.3%,\nB: 12.3% right."]),
    ],
)  # fmt: skip
def test_who_is_ahead(values: tuple[float, ...], shares: bool, after: str, results: list[str]) -> None:
    standing = Standing(NAMES[: len(values)], values, shares)
    assert standing.after(7) == after
    assert standing.results() == results


@pytest.mark.parametrize("values", [(0.9, 0.8), (0.9, 0.9), (0.9, 0.8, 0.7), (0.9, 0.9, 0.7), (0.9, 0.9, 0.9)])
def test_long_names_and_numbers_have_room(values: tuple[float, ...]) -> None:
    for shares, scale in ((True, 1.0), (False, 1.2345e-12)):
        standing = Standing(["learning rate 0.000123456789, momentum"] * 3, [scale * value for value in values], shares)
        for text in (standing.after(1_000_000), *standing.results()):
            caption_lines(text)  # raises where one is too long


def test_a_scene_that_takes_any_keeps_the_order_in_which_they_are_given(tmp_path: Path) -> None:
    from scenes.parts import match_recordings

    given = {name: None for name in ("other", "one", "third")}
    known: Any = SceneEntry("m", "C", "s", experiments=("one", "two"))
    takes_any: Any = replace(known, any_runs=3)
    assert list(match_recordings(known, given)) == ["one", "two", "third"]  # type: ignore[arg-type]
    assert list(match_recordings(takes_any, given)) == ["other", "one", "third"]  # type: ignore[arg-type]
    assert (known.most_runs, takes_any.most_runs) == (2, 3)
