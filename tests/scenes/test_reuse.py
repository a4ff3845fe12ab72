"""Scene `reuse`: what is kept, cut off and learned is what the recordings say, and so are the sentences."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.recording import Recording
from scenes.mobjects.tiles import Tiles
from scenes.reuse import Reuse
from scenes.reuse.cutting import Cut
from scenes.reuse.race import conclusions
from scenes.reuse.roles import Roles, roles_of, shares_images
from scenes.reuse.scene import packed, question
from scenes.theme import DARK, Zone
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

NAMES = ("transfer", "transfer-scratch", "pretrain")


@pytest.fixture(scope="module")
def recordings(small_run: SmallRun) -> dict[str, Recording]:
    return {name: small_run(name) for name in NAMES}


@pytest.fixture(scope="module")
def scene(recordings: dict[str, Recording]) -> Reuse:
    (built,) = walk(Reuse, recordings)
    assert isinstance(built, Reuse)
    return built


def said(scene: Reuse) -> list[str]:
    return [cue.text.replace("\n", " ") for cue in scene.cues]


def right(recording: Recording, epoch: int) -> float:
    """The share of right answers on what was held out."""
    data = recording.data
    assert data.x_validation is not None
    return float((recording.network(epoch).predict(data.x_validation).argmax(axis=1) == data.y_validation).mean())


# --- who is who -------------------------------------------------------------------------------------------------------


def test_roles_do_not_depend_on_the_order_of_the_others(recordings: dict[str, Recording]) -> None:
    reused, scratch, source = recordings.values()
    for others in ((scratch, source), (source, scratch)):
        found = roles_of({"main": reused, "a": others[0], "b": others[1]})
        assert isinstance(found, Roles)
        assert (found.reused, found.scratch, found.source) == (reused, scratch, source)


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("spirals",), "reuse shows networks of grey images: spirals was trained on rows of numbers"),
        (("regression",), "reuse shows how images are told apart: regression is trained for regression"),
        (("digits",), "reuse has room for 5 new classes: digits has 10"),
        (("transfer-scratch",), "reuse shows a network whose layers are frozen, all but the last: of the 4 layers of "
                                "transfer-scratch-digits that have weights 0 are"),
        (("transfer", "transfer-scratch"), "reuse needs the recording that the frozen layers of transfer-digits come "
                                           "from as well"),
        (("transfer", "transfer-scratch", "lenet"), "reuse needs the recording that the frozen layers of"),
        (("transfer", "pretrain"), "reuse needs a recording that learns from the examples of transfer-digits with all "
                                   "layers as well"),
        (("transfer", "pretrain", "lenet"), "reuse needs a recording that learns from the examples of"),
    ],
)  # fmt: skip
def test_recordings_that_are_not_for_it_are_told_why(
    small_run: SmallRun, names: tuple[str, ...], sentence: str
) -> None:
    fault = Reuse.fits_together({name: small_run(name) for name in names})
    assert fault is not None and fault.startswith(sentence)


# --- what is drawn ----------------------------------------------------------------------------------------------------


def test_the_examples_are_shown_class_by_class(scene: Reuse, recordings: dict[str, Recording]) -> None:
    data = recordings["transfer"].data
    shown = np.concatenate(scene.groups)
    assert sorted(shown.tolist()) == list(range(40))
    for k, group in enumerate(scene.groups):
        assert set(data.y[group].tolist()) == {k}


def test_boxes_are_as_large_as_they_can_be() -> None:
    zone = Zone(-3.0, 3.0, -2.0, 2.0)
    for count in (1, 7, 19, 21, 25):
        boxes = packed(count, zone)
        side = boxes[0, 1] - boxes[0, 0]
        assert np.allclose(boxes[:, 3] - boxes[:, 2], side) and len(boxes) == count
        assert boxes[:, 0].min() >= -3 - 1e-9 and boxes[:, 1].max() <= 3 + 1e-9
        assert boxes[:, 2].min() >= -2 - 1e-9 and boxes[:, 3].max() <= 2 + 1e-9
        # one more in each row or column would not fit
        others = [
            min(6 / (c + 0.12 * (c - 1)), 4 / (r + 0.12 * (r - 1)))
            for c in range(1, count + 1)
            for r in [-(-count // c)]
        ]
        assert side == pytest.approx(max(others))


def test_only_the_last_layer_changes_where_features_are_kept(scene: Reuse, recordings: dict[str, Recording]) -> None:
    kept, scratch = scene.race.strips
    last = kept.link_of_edge == len(kept.plan.links) - 1
    drawn = []
    for share in (0.0, 1.0):
        scene.race.show(share)
        drawn.append([strip.signed.copy() for strip in scene.race.strips])
    weighted = np.isin(kept.link_of_edge, [k for k, link in enumerate(kept.plan.links) if link.is_weighted])
    assert np.array_equal(drawn[0][0][~last], drawn[1][0][~last])
    # a neuron that is never active has weights that do not change
    assert (drawn[0][0][last] != drawn[1][0][last]).any(axis=1).mean() > 0.3
    assert (drawn[0][1][weighted] != drawn[1][1][weighted]).any(axis=1).mean() > 0.5
    for strip, name in ((kept, "transfer"), (scratch, "transfer-scratch")):
        assert strip.network is not None
        assert np.array_equal(strip.network.parameters, recordings[name].parameters(-1))


def test_the_outputs_beside_the_curves_are_what_the_networks_answer(
    scene: Reuse, recordings: dict[str, Recording]
) -> None:
    scene.race.show(1.0)
    for strip, name in zip(scene.race.strips, ("transfer", "transfer-scratch"), strict=True):
        data = recordings[name].data
        assert data.x_validation is not None
        answers = recordings[name].network().predict(data.x_validation[:1])[0]
        assert np.argsort(strip.look.bright[-1]).tolist() == np.argsort(answers).tolist()


def test_the_curves_are_what_was_measured(scene: Reuse, recordings: dict[str, Recording]) -> None:
    for name, recording in (("with kept features", "transfer"), ("from scratch", "transfer-scratch")):
        series = scene.race.curves.series[name]
        np.testing.assert_array_equal(series.epochs, [0, 1, 2])
        np.testing.assert_allclose(series.values, [right(recordings[recording], epoch) for epoch in (0, 1, 2)])


def test_the_image_and_its_answers_are_those_of_the_networks(scene: Reuse, recordings: dict[str, Recording]) -> None:
    data = recordings["transfer"].data
    old = recordings["pretrain"].network().predict(data.x)
    assert old.max(axis=1).argmax() == scene.number and old[scene.number].argmax() == scene.winner
    new = recordings["transfer"].network(0).predict(data.x[scene.number : scene.number + 1])[0]
    np.testing.assert_allclose(scene.bars.values, new, rtol=1e-6)
    assert len(scene.bars.names) == 2


def test_a_cut_takes_the_last_layer_and_nothing_else(scene: Reuse) -> None:
    diagram = scene.diagram_of(scene.source)
    cut = Cut(diagram, DARK)
    last = diagram.link_of_edge == len(diagram.plan.links) - 1

    def state(share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        cut.set_share(share)
        emphasis = diagram.emphasis
        return emphasis.edges.copy(), emphasis.nodes[-1].copy(), np.array(cut.blade.points)

    assert (state(0.0)[0] == 1).all() and (state(0.0)[1] == 1).all()
    edges, nodes, _ = state(1.0)
    assert (edges[last] == 0).all() and (edges[~last] == 1).all() and (nodes == 0).all()
    assert all(name.opacity == (0 if name.get_center()[0] > cut.x else 1) for name in diagram.names)
    # from the top down, and whatever was shown before
    half = state(0.35)
    gone = half[0][last] < 0.5
    assert 0 < gone.sum() < last.sum() and cut.heights[gone].min() >= cut.heights[~gone].max() - 1e-9
    state(0.9)
    assert all(np.array_equal(a, b) for a, b in zip(half, state(0.35), strict=True))


# --- what is said -----------------------------------------------------------------------------------------------------


def test_numbers_in_captions_are_those_of_the_recordings(scene: Reuse, recordings: dict[str, Recording]) -> None:
    reused, scratch, source = recordings.values()
    captions = " ".join(said(scene))
    total = sum(values.size for values in reused.network().weights.values())
    learned = 128 * 2 + 2
    assert (scene.learning, scene.kept) == (learned, total - learned)
    assert scene.race.learning == [learned, total]
    assert "Even or odd? These 40 images have to be enough." in captions
    assert "This network has learned from 800 other images to tell 10 classes apart." in captions
    assert f"It gets {right(source, 2):.1%} of new images right." in captions
    assert f"{scene.learning:,} numbers to learn" in captions
    assert "The curves: how many of 757 images that neither has seen are right." in captions
    results = [right(recording, 2) for recording in (reused, scratch)]
    assert f"At the end {results[0]:.1%} are right with kept features, {results[1]:.1%} from scratch." in captions
    epoch = next(int(match[1]) for text in said(scene) if (match := re.match(r"After epoch (\d+): ", text)))
    then = [right(recording, epoch) for recording in (reused, scratch)]
    assert f"After epoch {epoch}: {then[0]:.1%} right with kept features, {then[1]:.1%} from scratch." in captions


def test_what_is_said_at_the_end_follows_the_numbers(recordings: dict[str, Recording]) -> None:
    reused, scratch, _ = recordings.values()

    class Perfect:
        """From scratch, all of its own examples are right."""

        data, final_epoch = scratch.data, 2

        @staticmethod
        def evaluate(epoch: int) -> dict[str, float]:
            return {"accuracy": 1.0}

    two = (reused, Perfect())
    better = conclusions(two, [0.95, 0.8], True, 258)  # type: ignore[arg-type]
    assert [text.replace("\n", " ") for text in better] == [
        "At the end 95.0% are right with kept features, 80.0% from scratch.",
        "From scratch it knows its 40 by heart, which says little about others.",
        "What was learned for one task serves another: only 258 numbers are new.",
    ]
    even = conclusions(two, [0.95, 0.95], True, 258)  # type: ignore[arg-type]
    assert len(even) == 2 and even[-1].startswith("Both do as well, and one of them\nhad only 258")
    worse = conclusions(two, [0.7, 0.95], True, 258)  # type: ignore[arg-type]
    assert worse[-1].startswith("Here the old features do not serve")
    # nothing is said of others where none were held out
    assert len(conclusions(two, [1.0, 0.8], False, 258)) == 2  # type: ignore[arg-type]


def test_the_question_is_asked_where_names_are_short() -> None:
    assert question(("even", "odd")) == "Even or odd?"
    assert question(("8", "9")) == "8 or 9?"
    assert question(("a pullover", "a t-shirt", "a pair of trousers")) == "3 new classes."


def test_images_that_are_in_both_are_found() -> None:
    x = np.random.default_rng(0).random((5, 4)).astype(np.float32)
    assert shares_images(x[:3], x[2:]) and not shares_images(x[:2], x[2:])


def test_the_images_are_the_data(scene: Reuse, recordings: dict[str, Recording]) -> None:
    tiles = [mobject for mobject in scene.diagram.images.values() if isinstance(mobject, Tiles)]
    image = recordings["transfer"].data.x[scene.number].reshape(1, 8, 8)
    shown = tiles[0].values
    # brightness grows with the pixel
    order = np.argsort(image.ravel(), kind="stable")
    assert (np.diff(shown.ravel()[order]) >= -1e-6).all()
