"""Scene `hope`: its pieces are the image's, its names stand over the right layers, and it says what is a hope."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Dense, Flatten, Network, Recording
from engine.errors import RenderError
from engine.experiment import load_experiment
from engine.run import run_experiment
from scenes.hope import Hope
from scenes.hope.choice import MOST_PARTS, choose
from scenes.hope.pictures import EdgesPicture, PartsPicture
from scenes.hope.stairs import Stairs
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_experiment(load_experiment("digits").override(epochs=25), tmp_path_factory.mktemp("hope") / "digits")


def shown_pieces(scene: Hope) -> bool:
    members = scene.get_mobject_family_members()
    own = [tiles for member in members if isinstance(member, PartsPicture) for tiles in member.layers]
    own += [tiles for member in members if isinstance(member, EdgesPicture) for tiles in member.tiles]
    return any(tiles.opacity > 0 for tiles in own)


class Watched(Hope):
    """Notes at the end of each animation whether there are pieces, and whether the mark is there."""

    seen: list[tuple[bool, bool]]

    def play(self, *animations: object, **kwargs: object) -> None:
        super().play(*animations, **kwargs)
        marked = self.mark in self.mobjects and self.mark.word.opacity == 1
        self.seen = [*getattr(self, "seen", []), (shown_pieces(self), marked)]


@pytest.fixture(scope="module")
def scene(run: Recording) -> Watched:
    (built,) = walk(Watched, run)
    assert isinstance(built, Watched)
    return built


def said(scene: Hope) -> list[str]:
    return [cue.text.replace("\n", " ") for cue in scene.cues]


def test_the_image_was_held_out_and_is_taken_apart_whole(scene: Watched, run: Recording) -> None:
    data, main = run.data, scene.main
    assert data.x_validation is not None and data.y_validation is not None
    image = data.x_validation[main.number].reshape(8, 8)
    assert main.label == data.y_validation[main.number]
    assert scene.panel.picture.values[0] == pytest.approx(image)
    assert sum(layer.values[0] for layer in scene.pieces.layers) == pytest.approx(image)
    assert all(np.array_equal(layer.points, scene.pieces.layers[0].points) for layer in scene.pieces.layers)


def test_what_is_said_of_the_parts_is_so(scene: Watched, run: Recording) -> None:
    anatomy = scene.main.anatomy
    assert (anatomy.loops, anatomy.strokes) == (1, 1)  # of this data there are some with both
    assert f"This is a {scene.main.label}: you see it at once." in said(scene)[0].replace("an 8", "a 8")
    assert "they might be one loop and one stroke." in said(scene)[1]
    for other in scene.others_shown:
        assert other.label != scene.main.label and other.is_plain
        assert run.data.y_validation is not None and run.data.y_validation[other.number] == other.label
    assert len({other.label for other in scene.others_shown}) == len(scene.others_shown) == 4
    assert len({other.kind for other in scene.others_shown}) >= 3  # they differ in their parts


def test_what_is_no_data_is_marked_as_long_as_it_is_there(scene: Watched) -> None:
    assert scene.seen[0] == (False, False) and scene.seen[-1] == (True, True)
    assert all(marked for pieces, marked in scene.seen if pieces)
    assert sum(pieces for pieces, _ in scene.seen) > 10


def test_names_stand_over_the_layers_they_are_hoped_of(scene: Watched) -> None:
    stairs = scene.stairs
    assert stairs.columns_of == [0, 1, 2, 3] and stairs.hidden_layers == 2
    for box, name, column in zip(stairs.boxes, stairs.names, stairs.columns_of, strict=True):
        x = stairs.diagram.places[column][:, 0].mean()
        assert (box[0] + box[1]) / 2 == pytest.approx(x) and name.get_center()[0] == pytest.approx(x, abs=0.02)
    assert scene.edge_picture.box == pytest.approx(stairs.boxes[1])
    assert scene.pieces.box == pytest.approx(stairs.boxes[2])


def test_the_network_is_the_recorded_one_and_answers(scene: Watched, run: Recording) -> None:
    main, data = scene.main, run.data
    assert data.x_validation is not None
    network = run.network()
    example = data.x_validation[main.number]
    assert main.answer == network.predict(example[None])[0].argmax() == main.label
    signals = scene.stairs.diagram.signals(example)
    assert signals.values[-1].ravel() == pytest.approx(network.predict(example[None])[0], abs=1e-6)
    assert any(text.endswith("and that is right.") for text in said(scene))
    assert said(scene)[-1] == "But did it look for edges, loops and strokes? Its weights can tell."


def test_edges_are_where_they_are_in_the_image_until_they_are_moved_apart(scene: Watched) -> None:
    anatomy = scene.main.anatomy
    edges = anatomy.edges()
    picture = EdgesPicture(anatomy, edges, np.array([0.0, 8.0, 0.0, 8.0]))
    for tile, mask in zip(picture.tiles, edges.masks, strict=True):
        rows, columns = anatomy._in_image(np.argwhere(mask)).T  # middles of pixels, in pixels of the image
        left, right, bottom, top = *tile.points[[0, 1], 0], tile.points[2, 1], tile.points[0, 1]
        assert left <= columns.min() + 0.5 <= columns.max() + 0.5 <= right
        assert bottom <= 8 - rows.max() - 0.5 <= 8 - rows.min() - 0.5 <= top
        assert right - left <= np.ptp(columns) + 4 / anatomy.scale
    before = np.array([tile.get_center()[:2] for tile in picture.tiles]) - 4
    picture.set_box(picture.box, 1.0)
    after = np.array([tile.get_center()[:2] for tile in picture.tiles]) - 4
    assert after == pytest.approx(before * picture.fit)
    sizes = [(tile.points[1, 0] - tile.points[0, 0]) for tile in picture.tiles]
    picture.set_box(picture.box, 0.0)
    assert [1.3 * size / picture.fit for size in sizes] == pytest.approx(
        [tile.points[1, 0] - tile.points[0, 0] for tile in picture.tiles]
    )


def test_an_untrained_network_is_called_right_only_where_it_is(run: Recording) -> None:
    (built,) = walk(Hope, run, {"epochs": (0, 0)})
    assert isinstance(built, Hope)
    answer = built.main.answer
    texts = [text.replace("an 8", "a 8") for text in said(built)]
    right = answer == built.main.label
    assert f"It says a {answer}, {'and that is right' if right else f'but it is a {built.main.label}'}." in texts
    assert right == (built.stairs.marker.opacity == 1)


@pytest.mark.parametrize("label", [1, 4])
def test_a_class_can_be_asked_for(run: Recording, label: int) -> None:
    (built,) = walk(Hope, run, {"label": label})
    assert isinstance(built, Hope) and built.main.label == label
    count = len(built.main.anatomy.parts)
    assert 1 <= count <= MOST_PARTS and len(built.pieces.layers) == count
    with pytest.raises(RenderError, match="label=12 must be the number of a class"):
        choose(run.network(), run, 12)


@pytest.mark.parametrize(
    ("layers", "sentences"),
    [
        ((9,), ["The network has one hidden layer.", "to loops and strokes: all of it in one layer."]),
        ((9, 8, 7, 6), ["The network has four hidden layers.", "loops and strokes: the ones that follow."]),
    ],
)
def test_other_numbers_of_layers(tmp_path: Path, layers: tuple[int, ...], sentences: list[str]) -> None:
    (built,) = walk(Hope, run_experiment(load_experiment("digits").override(epochs=1, layers=layers), tmp_path / "run"))
    assert isinstance(built, Hope)
    hidden = len(layers)
    assert built.stairs.columns_of == [0, 1, hidden, hidden + 1] and built.stairs.hidden_layers == hidden
    assert all(any(sentence in text for text in said(built)) for sentence in sentences)
    ends = built.stairs.ties.points.reshape(-1, 2, 3)[:, 1]
    for end, column in zip(ends, built.stairs.columns_of, strict=True):
        assert end[0] == pytest.approx(built.stairs.diagram.places[column][:, 0].mean())


def test_convolutions_fit(small_run: SmallRun) -> None:
    (built,) = walk(Hope, small_run("lenet"))
    assert isinstance(built, Hope)
    assert built.stairs.hidden_layers == Stairs.hidden(small_run("lenet").build_network()) == 4


def images_of(folder: Path, x: np.ndarray) -> Recording:
    """A recording of images (N, h, w) of two classes that take turns."""
    network = Network([Flatten(), Dense(3, "relu"), Dense(1, "sigmoid")], x.shape[1:], seed=1)
    network.fit(x, np.arange(len(x)) % 2, loss="binary_crossentropy", epochs=1, record=folder)
    return Recording(folder)


def test_thick_things_are_no_strokes(tmp_path: Path) -> None:
    x = np.zeros((8, 10, 12), np.float32)
    x[::2, 2:8, 2:9] = x[1::2, 1:9, 3:9] = 1.0
    (built,) = walk(Hope, images_of(tmp_path / "run", x))
    assert isinstance(built, Hope)
    assert "there is only one piece." in said(built)[1]
    assert any("From edges to loops and pieces" in text or "to loops and pieces:" in text for text in said(built))
    assert "loops and pieces? Its weights can tell." in said(built)[-1]


def test_nothing_to_take_apart_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="are empty"):
        walk(Hope, images_of(tmp_path / "run", np.zeros((4, 6, 6), np.float32)))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("spirals", "grey images"), ("regression", "trained for regression"), ("autoencoder-digits", "trained for")],
)
def test_what_does_not_fit_gets_a_sentence(small_run: SmallRun, name: str, sentence: str) -> None:
    assert sentence in str(Hope.fits(small_run(name)))


def test_a_network_without_hidden_layers_does_not_fit(tmp_path: Path) -> None:
    flat = run_experiment(load_experiment("digits").override(epochs=1, layers=()), tmp_path / "flat")
    assert "hidden layers" in str(Hope.fits(flat))
    deep = run_experiment(load_experiment("digits").override(epochs=1, layers=(4,) * 14), tmp_path / "deep")
    assert "has room for 12 layers" in str(Hope.fits(deep))
