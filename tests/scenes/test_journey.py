"""Scene `journey`: what it draws and says of an example, and of all of them, against the recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix

from engine import Dense, Network
from engine.analysis.history import example_history
from engine.datasets.dataset import Dataset
from engine.errors import RenderError
from engine.experiment import load_experiment
from engine.layers import Conv2D, Flatten
from engine.layers.base import Layer
from engine.recording import Recorder, Recording
from engine.run import run_experiment
from scenes.journey import Journey
from scenes.journey.answers import changes, relapses
from scenes.journey.choosing import Story, choose, story
from scenes.journey.confusion import Mistake, commonest_mistake, said_of_mistake
from scenes.journey.course import Course, early_and_even, told_apart
from scenes.journey.curves import epoch_ticks
from scenes.journey.focus import Focus
from scenes.journey.matrix import Confusion
from scenes.journey.path import against, between_which, how_long
from scenes.journey.scores import Scores
from scenes.journey.space import HiddenMap, HiddenSpace
from scenes.numbers import LONGEST_CLASS
from scenes.parts import make_part
from scenes.subtitles import caption_lines
from scenes.theme import DARK, Zone, rgb
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

EPOCHS = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Digits, with a snapshot of some steps as well."""
    experiment = load_experiment("digits").override(epochs=EPOCHS, snapshot_log=4)
    return run_experiment(experiment, tmp_path_factory.mktemp("journey") / "digits")


@pytest.fixture(scope="module")
def course(run: Recording) -> Course:
    return Course(run)


@pytest.fixture(scope="module")
def told(run: Recording) -> Journey:
    return cast(Journey, walk(Journey, run)[0])


def said(scene: Journey) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


def record(
    path: Path, layers: list[Layer], data: Dataset, loss: str = "categorical_crossentropy", epochs: int = 4,
    held_out: Dataset | None = None, optimizer: Any = "adam",
) -> Recording:  # fmt: skip
    network = Network(layers, data.x.shape[1:], seed=3)
    validation = None if held_out is None else (held_out.x, held_out.y)
    network.fit(data.x, data.y, loss=loss, optimizer=optimizer, epochs=epochs, validation_data=validation,
                record=Recorder(path, dataset=data))  # fmt: skip
    return Recording(path)


def table(classes: int, count: int = 90, features: int = 4, names: tuple[str, ...] = ()) -> Dataset:
    rng = np.random.default_rng(classes)
    labels = np.arange(count) % classes
    x = rng.normal(size=(classes, features))[labels] * 1.5 + rng.normal(size=(count, features))
    names = names or tuple(f"kind {k}" for k in range(classes))
    return Dataset("table", x.astype(np.float32), labels, "classification", class_names=names)


def at_moment(run: Recording, moment: float) -> Network:
    """The network of a moment, by the recording's own names for it."""
    if moment == round(moment):
        return run.network(int(moment))
    batch = run.training["batch_size"]
    return run.network(step=round(moment * -(-len(run.data.x) // batch)))


# What the outputs say


@pytest.mark.parametrize(
    ("layers", "loss", "kind"),
    [
        ([Dense(3, "softmax")], "categorical_crossentropy", "probability"),
        ([Dense(3)], "sparse_categorical_crossentropy", "probability"),
        ([Dense(3, "sigmoid")], "mse", "output"),
        ([Dense(1, "sigmoid")], "binary_crossentropy", "probability"),
        ([Dense(1)], "binary_crossentropy", "probability"),
        ([Dense(1, "sigmoid")], "mse", "output"),
        ([Dense(1, "tanh")], "hinge", "output"),
        ([Dense(1, "step")], "perceptron", "sum"),
    ],
)
def test_the_greatest_score_is_the_answer_that_counts(
    layers: list[Layer], loss: str, kind: str, tmp_path: Path
) -> None:
    data = table(3 if layers[0].output_shape((4,)) == (3,) else 2)
    optimizer = "perceptron" if loss == "perceptron" else "adam"
    recording = record(tmp_path / "run", layers, data, loss, 2, optimizer=optimizer)
    scores, network = Scores(recording), recording.network()
    found = scores.of(network, data.x)
    assert scores.kind == kind and found.shape == (90, len(data.class_names))
    assert np.mean(found.argmax(axis=1) == data.y) == pytest.approx(network.evaluate(data.x, data.y, loss)["accuracy"])
    logits = network.logits(data.x).astype(float)
    expected = {
        "categorical_crossentropy": lambda: softmax(logits, axis=1),
        "sparse_categorical_crossentropy": lambda: softmax(logits, axis=1),
        "binary_crossentropy": lambda: np.column_stack([expit(-logits[:, 0]), expit(logits[:, 0])]),
        "perceptron": lambda: np.column_stack([-logits[:, 0], logits[:, 0]]),
        "hinge": lambda: np.tanh(np.column_stack([-logits[:, 0], logits[:, 0]])),
        "mse": lambda: expit(logits if logits.shape[1] > 1 else np.column_stack([-logits[:, 0], logits[:, 0]])),
    }[loss]()
    np.testing.assert_allclose(found, expected, atol=2e-6)


# The course


def test_answers_are_the_recorded_networks(run: Recording, course: Course) -> None:
    data = run.data
    assert course.held_out and course.total == len(course.x)
    np.testing.assert_array_equal(course.x, data.x_validation)
    assert len(run.steps) > 3 and len(course.moments) > len(run.epochs)
    assert set(course.moments) >= set(run.epochs)
    for moment, answers in zip(course.moments, course.answers, strict=True):
        np.testing.assert_array_equal(answers, at_moment(run, moment).predict(data.x_validation).argmax(axis=1))


def test_history_is_the_engines(run: Recording, course: Course) -> None:
    found, expected = course.history, example_history(run, "validation")
    assert found.epochs == expected.epochs
    np.testing.assert_allclose(found.losses, expected.losses)
    for name in ("wrong", "learned", "forgotten"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_the_example_flips_is_wrong_at_first_and_right_in_the_end(course: Course) -> None:
    number = choose(course)
    answers, label = course.answers[:, number], course.y[number]
    assert answers[0] != label and answers[-1] == label
    flips = (np.diff(course.answers, axis=0) != 0).sum(axis=0)
    assert flips[number] >= max(3, np.median(flips))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([1, 2, 0, 1, 0, 0], Story(4, 1, False, True, 4)),
        ([0, 0, 0], Story(0, 0, True, True, 0)),
        ([1, 1], Story(0, 0, False, False, -1)),
        ([0, 2, 0, 2], Story(3, 2, True, False, -1)),
        ([1], Story(0, 0, False, False, -1)),
    ],
)
def test_stories_are_counted(answers: list[int], expected: Story) -> None:
    assert story(np.array(answers), 0) == expected


def test_sentences_say_what_is_the_case() -> None:
    assert changes(Story(0, 0, True, True, 0), "0") == "Its answer never changed:\nit is right all the time."
    assert changes(Story(0, 0, False, False, -1), "9") == "Its answer never changed:\nit is wrong all the time."
    assert changes(Story(1, 0, False, True, 3), "3") == "Its answer changed once.\nFrom epoch 3 on it is right."
    assert changes(Story(15, 0, False, False, -1), "9") == "Its answer changed 15 times.\nIn the end it is wrong."
    assert relapses(Story(4, 2, True, True, 4)) == "It was right, and then wrong again,\ntwice: no smooth improvement."
    assert relapses(Story(1, 0, False, True, 3)) == "As soon as it was right, it stayed right."
    assert relapses(Story(0, 0, True, True, 0)) is None and relapses(Story(2, 0, False, False, -1)) is None
    assert "where it was" in how_long(None) and "almost a straight" in how_long(1.02)
    assert how_long(3.14159) == "Its path is 3.1 times as long\nas the straight way from start to end."
    assert between_which("3", "3") == "At first and in the end the middle\nof “3” is nearest to it."


def test_sentences_have_room_for_long_names_and_large_numbers() -> None:
    names = told_apart(["a class with a very long name", "another class with a long name"], LONGEST_CLASS)
    texts = [
        said_of_mistake(Mistake(0, 1, 500_000, alone), names) for alone in (False, True)
    ] + [
        between_which(*names), between_which(names[0], names[0]), against(*names), how_long(12345.67),
        changes(Story(400, 200, False, True, 9), "10,000.00"), relapses(Story(400, 200, False, True, 9)),
    ]  # fmt: skip
    for text in texts:
        assert text is not None and caption_lines(text) == text.split("\n")


def test_many_moments_are_thinned_out_early_ones_least(tmp_path: Path) -> None:
    thin = early_and_even(np.arange(5001.0), 400)
    assert len(thin) <= 400 and thin[0] == 0 and thin[-1] == 5000
    assert np.array_equal(thin[:6], np.arange(6)) and np.diff(thin).max() < 60
    data = table(2, 20)
    recording = record(tmp_path / "run", [Dense(2, "softmax")], data, epochs=500)
    course = Course(recording)
    assert len(course.moments) <= 400 and course.moments[-1] == 500
    ticks = epoch_ticks(course, 6.0)
    assert [ticks[0][0], ticks[-1][0]] == [0, 500] and 3 < len(ticks) < 14
    assert [course.pace.moment(share) for _, share, _ in ticks] == pytest.approx([moment for moment, *_ in ticks])


def test_names_stay_apart_when_they_are_cut() -> None:
    assert told_apart(["one", "two"], 9) == ["one", "two"]
    assert told_apart(["a long name", "short"], 9) == ["a long n…", "short"]
    cut = told_apart([f"a very long name {k}" for k in range(12)], 9)
    assert len(set(cut)) == 12 and max(map(len, cut)) <= 9


# The curves


def test_curves_pass_through_the_recorded_outputs(told: Journey, run: Recording) -> None:
    curves, course, number = told.curves, told.course, told.number
    plot, starts = curves.plot, curves.lines.starts
    x = run.data.x_validation[number : number + 1]  # type: ignore[index]
    outputs = np.array([at_moment(run, moment).predict(x)[0] for moment in course.moments])
    curves.set_share(1.0)
    for k, label in enumerate(curves.order):
        line = curves.lines.points[starts[k] : starts[k + 1]]
        np.testing.assert_allclose((line[:, 1] - plot.bottom) / plot.height, outputs[:, label], atol=1e-6)
        np.testing.assert_allclose((line[:, 0] - plot.left) / plot.width, course.shares, atol=1e-9)
        np.testing.assert_allclose(curves.lines.colours[k, :3], rgb(told.focus.colour(label)), atol=1e-6)
    assert curves.order[-1] == told.label and curves.lines.widths[-1] == curves.lines.widths.max()
    # at some time in between nothing lies ahead of it
    curves.set_share(0.4)
    assert curves.lines.points[:, 0].max() == pytest.approx(plot.left + 0.4 * plot.width)
    k, way = course.between(0.4)
    now = (1 - way) * outputs[k] + way * outputs[k + 1]
    heights = (curves.dots.points[:, 1] - plot.bottom) / plot.height
    np.testing.assert_allclose(heights, now[curves.order[-len(heights) :]], atol=1e-6)
    curves.set_share(1.0)


def test_the_strip_has_the_colour_of_each_answer(told: Journey) -> None:
    curves, course = told.curves.set_share(1.0), told.course
    boxes = curves.strip.points.reshape(-1, 4, 3)
    colours = curves.strip.colours
    for share, answer in zip(course.shares, course.answers[:, told.number], strict=True):
        at = min(float(curves.across(share)), float(curves.across(1.0)) - 1e-9)
        inside = (boxes[:, 0, 0] <= at) & (at < boxes[:, 1, 0])
        assert inside.sum() == 1
        np.testing.assert_allclose(colours[inside][0, :3], rgb(told.focus.colour(answer)), atol=1e-6)


# The path


def test_the_plane_is_that_of_all_moments_and_stays(run: Recording) -> None:
    course = Course(run)
    space = HiddenSpace(course, 7)
    assert space.layer == 1 and space.width == 16 and space.neurons and len(space.places[0]) == len(course.x) - 1
    hidden = [at_moment(run, moment).activations(course.x)[1].astype(float) for moment in course.moments]
    chosen = np.unique(np.linspace(0, len(hidden) - 1, min(24, len(hidden))).round().astype(int))
    plane = PCA(2, svd_solver="full").fit(np.concatenate([hidden[k] for k in chosen]))
    signs = np.sign((plane.components_ * space.projection.components).sum(axis=1))
    for k in (0, len(hidden) // 2, -1):
        expected = plane.transform(hidden[k]) * signs
        np.testing.assert_allclose(space.path[k], expected[7], atol=1e-4)
        np.testing.assert_allclose(space.places[k], np.delete(expected, 7, axis=0), atol=1e-4)
    assert space.projection.explained == pytest.approx(plane.explained_variance_ratio_.sum(), abs=1e-6)
    # one scale for both axes and the whole run
    zone = Zone(-3, 3, -2, 2)
    shown = HiddenMap(space, Focus(course, 7, DARK), zone)
    corners = shown.chart.low, shown.chart.high
    for k in (0, 5, -1):
        shown.set_share(float(course.shares[k]))
        across = zone.width / (corners[1] - corners[0])[0]
        middle = (corners[0] + corners[1]) / 2
        np.testing.assert_allclose(shown.point.points[0, :2], across * (space.path[k] - middle), atol=1e-9)
        places = across * (space.places[k] - middle)
        np.testing.assert_allclose(shown.chart.cloud.points[:, :2], places[shown.order], atol=1e-9)
    colours = shown.chart.cloud.colours
    assert colours is not None
    own = [space.labels[shown.order] == k for k in shown.focus.classes]
    for k, mine in zip(shown.focus.classes, own, strict=True):
        np.testing.assert_allclose(colours[mine, :3], np.tile(rgb(shown.focus.colour(k)), (mine.sum(), 1)))
    others = ~np.any(own, axis=0)
    np.testing.assert_allclose(colours[others, :3], np.tile(rgb(DARK.faint), (others.sum(), 1)))
    assert not others[others.sum() :].any()  # what has no colour lies under what has one
    drawn = shown.path.points[:, :2]
    np.testing.assert_allclose(drawn, across * (space.path - middle), atol=1e-9)


def test_what_is_said_of_the_path(told: Journey) -> None:
    space, course = told.map.space, told.course
    steps = [np.hypot(*(b - a)) for a, b in zip(space.path, space.path[1:], strict=False)]
    ratio = sum(steps) / np.hypot(*(space.path[-1] - space.path[0]))
    assert f"{ratio:.1f} times as long" in said(told)
    hidden = told.recording.network().activations(course.x)[1].astype(float)
    others = np.delete(np.arange(len(course.x)), told.number)
    means = [hidden[others][course.y[others] == k].mean(axis=0) for k in range(10)]
    nearest = int(np.linalg.norm(np.array(means) - hidden[told.number], axis=1).argmin())
    assert nearest == space.nearest_class(course.moments[-1])
    assert f"that of “{nearest}”" in said(told) or f"middle of “{nearest}”" in said(told)


# The matrix


def test_the_matrix_holds_the_counts_of_every_moment(told: Journey, run: Recording) -> None:
    matrix, course = told.matrix, told.course
    y = run.data.y_validation
    for k in (0, len(course.moments) // 2, -1):
        matrix.set_share(float(course.shares[k]))
        answers = at_moment(run, course.moments[k]).predict(run.data.x_validation).argmax(axis=1)
        expected = confusion_matrix(y, answers, labels=range(10))
        shown = [number.text for number in matrix.numbers]
        assert shown == [f"{count}" if count else "" for count in expected.ravel()]
        shares = expected / expected.sum(axis=1, keepdims=True)
        tints = matrix.tiles.values[0]
        np.testing.assert_allclose(np.diag(tints), np.diag(shares), atol=1e-6)
        beside = ~np.eye(10, dtype=bool)
        assert ((tints[beside] < 0) == (expected[beside] > 0)).all() and (tints[beside] <= 0).all()
        # our example is counted in the cell that is outlined
        row, column = told.label, answers[told.number]
        middle = matrix.outline.points[:4, :2].mean(axis=0)
        np.testing.assert_allclose(middle, matrix.centers()[row, column], atol=1e-9)
    right = int(np.trace(expected))
    assert f"In the end {right} of {len(y)} are right" in said(told)  # type: ignore[arg-type]


def test_the_commonest_mistake_is_named(told: Journey, run: Recording) -> None:
    counts = confusion_matrix(run.data.y_validation, run.network().predict(run.data.x_validation).argmax(axis=1))
    np.fill_diagonal(counts, 0)
    worst = commonest_mistake(told.course)
    assert worst is not None and worst.often == counts.max() == counts[worst.truth, worst.answer]
    assert worst.alone == ((counts == counts.max()).sum() == 1)
    assert said_of_mistake(worst, told.course.names).replace("\n", " ") in said(told)


def test_of_many_classes_the_most_confused_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    data = table(20, 300)
    course = Course(record(tmp_path / "run", [Dense(8, "relu"), Dense(20, "softmax")], data))
    shown = Confusion(course, [3, 17])
    assert shown.elided and len(shown.rows) == 9 and {3, 17} <= set(shown.rows)
    assert shown.counts.shape[1:] == (9, 10)
    for counts, answers in zip(shown.counts, course.answers, strict=True):
        whole = confusion_matrix(course.y, answers, labels=range(20))
        np.testing.assert_array_equal(counts[:, :9], whole[np.ix_(shown.rows, shown.rows)])
        np.testing.assert_array_equal(counts.sum(axis=1), whole[shown.rows].sum(axis=1))
    last = confusion_matrix(course.y, course.answers[-1], labels=range(20))
    mistakes = last.sum(axis=0) + last.sum(axis=1) - 2 * np.diag(last)
    left_out = [k for k in range(20) if k not in shown.rows]
    assert mistakes[[k for k in shown.rows if k not in (3, 17)]].min() >= mistakes[left_out].max()


# The hardest


def test_the_hardest_are_wrong_most_often(told: Journey, run: Recording) -> None:
    x, y = run.data.x_validation, run.data.y_validation
    assert x is not None and y is not None
    wrong = np.array([run.network(epoch).predict(x).argmax(axis=1) != y for epoch in run.epochs]).sum(axis=0)
    assert len(told.hard) == 8 and len(set(told.hard)) == 8
    assert sorted(wrong[told.hard]) == sorted(np.sort(wrong)[-8:])
    last = run.network().predict(x).astype(float)
    mistaken = [k for k in told.hard if last[k].argmax() != y[k]]
    surest = max(mistaken, key=lambda k: float(last[k].max()))
    which = "all of these" if len(mistaken) == 8 else f"{len(mistaken)} of these 8"
    name = {8: "an 8"}.get(int(last[surest].argmax()), f"a {last[surest].argmax()}")
    assert f"Wrong to the end: {which}. Surest: it says {name}, " in said(told)
    share = float(re.findall(r"([\d.]+)%\.$", told.cues[-1].text)[0]) / 100
    assert share == pytest.approx(last[surest].max(), abs=0.006)


def test_captions_can_be_read(told: Journey) -> None:
    assert all(len(cue.text) / (cue.end - cue.start) < 15.1 for cue in told.cues)
    assert 60 < told.now < 120 and told.cues[-1].end == told.now
    label, count = told.label, len(told.course.x)
    assert told.cues[0].text == f"One of {count} images held out:\nit is {'an 8' if label == 8 else f'a {label}'}."
    first = int(told.recording.network(0).predict(told.course.x[told.number : told.number + 1]).argmax())
    assert f"{'an 8' if first == 8 else f'a {first}'}: wrong." in told.cues[1].text


# Other recordings


@pytest.mark.parametrize(
    ("layers", "data", "options"),
    [
        ([Dense(1, "sigmoid")], table(2), {}),
        ([Dense(5, "softmax")], table(5), {"epochs": (1, None)}),
        ([Dense(6, "tanh"), Dense(20, "softmax")],
         table(20, 120, names=tuple(f"a very long name of class {k}" for k in range(20))), {}),
        ([Conv2D(2, 3, activation="relu"), Flatten(), Dense(2, "softmax")],
         # without blue, which the theme that layouts are checked in has not
         Dataset("colours", np.random.default_rng(1).random((24, 6, 5, 3), dtype=np.float32) * [1, 1, 0],
                 np.arange(24) % 2, "classification", class_names=("upper", "lower"), image_shape=(6, 5, 3)),
         {"example": 5}),
        ([Dense(4, "tanh"), Dense(3, "softmax")], table(3, 3), {"epochs": (2, 2)}),
    ],
    ids=["one sum", "no hidden layer", "many long names", "colour images", "one moment of three examples"],
)  # fmt: skip
def test_any_classification_is_told(
    layers: list[Layer], data: Dataset, options: dict[str, Any], tmp_path: Path
) -> None:
    loss = "binary_crossentropy" if layers[-1].output_shape((4,)) == (1,) else "categorical_crossentropy"
    recording = record(tmp_path / "run", layers, data, loss)
    scene = cast(Journey, walk(Journey, recording, options)[0])
    assert hasattr(scene, "map") == (layers[-1].output_shape((4,)) != (1,))
    assert "it learns from" in scene.cues[0].text
    if "example" in options:
        assert scene.number == options["example"]
    if "epochs" in options:
        assert scene.cues[1].text.startswith(f"After epoch {options['epochs'][0]} the network says")
    if layers[0].output_shape(data.x.shape[1:]) == (5,):
        assert "Without a hidden layer: the outputs’ five sums" in said(scene)


@pytest.mark.parametrize("name", ["blobs", "gru-recall"])
def test_points_and_sequences(small_run: SmallRun, name: str) -> None:
    scene = cast(Journey, walk(Journey, small_run(name))[0])
    panel = scene.portrait.panel
    assert (panel is not None) == (name == "blobs")
    if panel is not None and panel.regions is not None:
        # the regions are the network's of the last moment
        answers = small_run(name).network().predict(panel.regions.lattice.places).argmax(axis=1)
        np.testing.assert_array_equal(panel.regions.scores.reshape(-1, 4).argmax(axis=1), answers)
        assert scene.portrait.point.points[0, :2] == pytest.approx(panel.look(scene.course.x[[scene.number]])[0])


def test_nothing_wrong_and_nothing_flipping(tmp_path: Path) -> None:
    x = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    data = Dataset("corners", x, np.repeat(np.arange(3), 4), "classification", class_names=("A", "B", "C"))
    network = Network([Dense(3, "tanh"), Dense(3, "softmax")], (3,), seed=0)
    for k in range(2):
        network.weights[f"{k}.weight"][:] = 3 * np.eye(3)
    network.fit(
        data.x, data.y, loss="categorical_crossentropy", epochs=2, record=Recorder(tmp_path / "run", dataset=data)
    )
    scene = cast(Journey, walk(Journey, Recording(tmp_path / "run"))[0])
    words = said(scene)
    assert "Its answer never changed: it is right all the time." in words and "then wrong again" not in words
    assert "In the end all 12 are right. At first it was 12." in words and "is taken for" not in words
    assert "Asked three times, it was never wrong. These had the largest losses." in words
    assert words.endswith("In the end it gets all of these right.")


def test_parts_can_be_chosen(run: Recording) -> None:
    scene = cast(Journey, walk(Journey, run, {"parts": ("confusion", "answers")})[0])
    assert hasattr(scene, "matrix") and hasattr(scene, "curves") and not hasattr(scene, "hard")
    assert said(scene).count("images held out") == 1


def test_what_does_not_fit_is_named(small_run: SmallRun, run: Recording, tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="an example that is classified: rnn-sine is trained for regression"):
        make_part(Journey, small_run("rnn-sine"), {})
    single = record(tmp_path / "single", [Dense(1, "sigmoid")], table(2), "binary_crossentropy", 1)
    assert Journey.possible({"single": single}) == ["answers", "confusion", "hardest"]
    with pytest.raises(RenderError, match="'path' of journey needs a space .* no hidden layer, and a single output"):
        walk(Journey, single, {"parts": "path"})
    with pytest.raises(RenderError, match="example=359 must be the number of an example .* 0 to 358"):
        walk(Journey, run, {"example": 359})
