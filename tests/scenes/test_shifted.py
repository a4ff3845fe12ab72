"""Scene `shifted`: both networks' answers are their own for the image that is drawn, and nobody has seen it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import engine
from engine.datasets.distortions import shift
from engine.experiment import load_experiment
from engine.recording import Recording
from engine.run import run_experiment
from scenes.robustness import never_seen
from scenes.shifted import Shifted
from tests.scenes.layout import walk

EXPERIMENTS = Path(engine.__file__).with_name("experiments")


def trained(folder: Path, name: str, held_out: float, epochs: int) -> Recording:
    """A recording for which another share of the images is held out."""
    text = (EXPERIMENTS / f"{name}.toml").read_text()
    assert "validation = 0.2" in text
    (folder / f"{name}.toml").write_text(text.replace("validation = 0.2", f"validation = {held_out}"))
    return run_experiment(load_experiment(folder / f"{name}.toml").override(epochs=epochs), folder / name)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recording]:
    folder = tmp_path_factory.mktemp("shifted")
    return {"digits": trained(folder, "digits", 0.4, 15), "lenet-digits": trained(folder, "lenet-digits", 0.2, 4)}


@pytest.fixture(scope="module")
def scene(runs: dict[str, Recording]) -> Shifted:
    (built,) = walk(Shifted, runs)
    assert isinstance(built, Shifted)
    return built


def rows(images: np.ndarray) -> set[bytes]:
    return {np.asarray(image, dtype=np.float32).tobytes() for image in images.reshape(len(images), -1)}


def test_nobody_has_seen_the_images(scene: Shifted, runs: dict[str, Recording]) -> None:
    assert scene.held_out_from_all
    first, second = (rows(recording.data.x) for recording in runs.values())
    held_out = rows(runs["digits"].data.unseen[0])
    # what one holds out the other has partly learned from, so that it matters
    assert held_out & second
    shown = rows(scene.images)
    assert shown and shown <= held_out
    assert not shown & first and not shown & second


def test_without_common_images_none_is_said_to_be_new(runs: dict[str, Recording], tmp_path: Path) -> None:
    everything = run_experiment(load_experiment("moons").override(epochs=1), tmp_path / "moons")
    x, y, new = never_seen([runs["digits"], everything])
    assert not new and len(x) == len(y) == len(runs["digits"].data.unseen[0])


def test_the_answers_are_those_to_the_moved_image(scene: Shifted, runs: dict[str, Recording]) -> None:
    moved = shift(scene.image[None], right=float(scene.most))
    assert scene.panel.picture.values == pytest.approx(moved)
    for recording, bars, winner in zip(runs.values(), scene.columns, scene.winners, strict=True):
        network = recording.network()
        answers = network.predict(moved.reshape(1, *network.input_shape).astype(np.float32))[0]
        assert bars.values == pytest.approx(answers, abs=1e-6)
        assert winner == answers.argmax()


def test_what_is_said_is_so(scene: Shifted, runs: dict[str, Recording]) -> None:
    label = int(scene.labels[scene.number])
    for recording in runs.values():
        network = recording.network()
        given = scene.image.reshape(1, *network.input_shape).astype(np.float32)
        assert network.predict(given)[0].argmax() == label
    said = [cue.text.replace("\n", " ") for cue in scene.cues]
    assert said[0] == f"An image that neither has seen: both say {scene.named(label)}."
    outcome = next(text for text in said if text.startswith("By "))
    for name, winner in zip(("Dense", "convolutional"), scene.winners, strict=True):
        assert f"{name}: {'still' if winner == label else 'now'} {scene.named(winner)}" in outcome


def test_the_map_is_the_filters_own(scene: Shifted, runs: dict[str, Recording]) -> None:
    network = runs["lenet-digits"].network()
    moved = shift(scene.image[None], right=float(scene.most))
    given = moved.reshape(1, *network.input_shape).astype(np.float32)
    kinds = [layer["type"] for layer in runs["lenet-digits"].network_config["layers"]]
    maps = network.activations(given)[kinds.index("conv2d")][0]
    assert scene.map is not None
    assert scene.map.picture.values[0] == pytest.approx(maps[..., scene.filter], abs=1e-5)


def test_two_networks_are_needed(runs: dict[str, Recording]) -> None:
    only = {"digits": runs["digits"]}
    assert "the only one" in str(Shifted.fits_together(only))
    both = {"lenet-digits": runs["lenet-digits"], "digits": runs["digits"]}
    assert Shifted.fits_together(both) is None
    (built,) = walk(Shifted, both)  # the convolution comes first: there is no map to be shown
    assert isinstance(built, Shifted) and built.map is None
