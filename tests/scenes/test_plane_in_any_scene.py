"""The moving plane in a scene of manim's own, with manim's own camera."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from manim import Scene, config, tempconfig

from engine.analysis.isoline import Bounds
from engine.analysis.passage import Passage
from engine.experiment import Experiment
from engine.layers import Dense
from engine.network import Network
from engine.recording import Recording
from engine.run import run_experiment
from scenes import (
    FlowThroughLayer,
    MovingPlane,
    PlayTraining,
    PointCloud,
    PullBack,
    Readout,
    Replay,
    Stage,
)
from scenes.theme import Zone

SQUARE = Bounds(-1.0, 1.0, -1.0, 1.0)
TINY = """
name = "tiny"
seed = 1
[dataset]
name = "moons"
n = 40
[network]
layers = [{type = "dense", units = 2, activation = "tanh"}, {type = "dense", units = 1, activation = "sigmoid"}]
[training]
epochs = 6
"""


@pytest.fixture
def plane(manim_settings: None) -> MovingPlane:
    network = Network([Dense(2, "tanh"), Dense(2, "tanh"), Dense(1, "sigmoid")], (2,), seed=2)
    x = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    return MovingPlane(Passage(network), x, np.arange(30) % 2, SQUARE, Zone(-3, 3, -3, 3), across=5)


def run(scene: type[Scene], folder: Path) -> Scene:
    settings = {"pixel_width": 160, "pixel_height": 90, "frame_rate": 5, "media_dir": str(folder), "dry_run": True}
    with tempconfig({**settings, "verbosity": "ERROR", "progress_bar": "none", "notify_outdated_version": False}):
        built = scene()
        built.render()
    return built


def test_flow_and_back(plane: MovingPlane, tmp_path: Path) -> None:
    start = plane.cloud.points.copy()
    seen = []

    class Mine(Scene):
        def construct(self) -> None:
            self.add(plane)
            for layer in range(2):
                self.play(FlowThroughLayer(plane, layer, run_time=0.4))
                seen.append((plane.layer, plane.share, plane.cloud.points.copy()))
            self.play(PullBack(plane, run_time=0.6))

    run(Mine, tmp_path)
    assert [(layer, share) for layer, share, _ in seen] == [(0, 1.0), (1, 1.0)]
    for k, (_, _, points) in enumerate(seen):
        assert not np.allclose(points, start)
        expected = plane.passage.positions(plane.points_carried, k)[:, :2]
        plane.rest(k + 1)
        np.testing.assert_allclose(points[:, :2], plane.view.look(expected), atol=1e-9)
    plane.rest(0)
    np.testing.assert_allclose(plane.cloud.points, start, atol=1e-9)


def test_half_a_flow_stops_half_way(plane: MovingPlane) -> None:
    flow = FlowThroughLayer(plane, 1, start=0.0, end=0.5)
    assert flow.run_time == pytest.approx(plane.courses[1].seconds / 2)
    flow.interpolate(1.0)
    assert (plane.layer, plane.share) == (1, 0.5)


def test_the_way_back_is_the_way_forward(plane: MovingPlane) -> None:
    back = PullBack(plane)
    assert back.where(0.0) == (1, pytest.approx(1.0)) and back.where(1.0) == (0, 0.0)
    first, second = (course.seconds for course in plane.courses)
    assert back.where(0.5 * second / (first + second)) == (1, pytest.approx(0.5))
    assert back.where((second + 0.25 * first) / (first + second)) == (0, pytest.approx(0.75))


def test_training_is_played_with_its_numbers(tmp_path: Path) -> None:
    recording: Recording = run_experiment(Experiment.from_toml(TINY), tmp_path / "tiny")
    followed = []

    class Mine(Scene):
        def construct(self) -> None:
            readouts = {"epoch": Readout("epoch", style="d"), "accuracy": Readout("accuracy", style=".1%")}
            play = PlayTraining(
                Replay(recording),
                follow=lambda network: followed.append(network.parameters.copy()),
                readouts=readouts,
                run_time=1.0,
            )
            self.play(play)
            assert readouts["epoch"].text == "6"
            assert readouts["accuracy"].text == f"{recording.evaluate(6)['accuracy']:.1%}"

    run(Mine, tmp_path)
    np.testing.assert_array_equal(followed[0], recording.parameters(0))
    np.testing.assert_array_equal(followed[-1], recording.parameters(6))


@pytest.mark.parametrize("base", [Scene, Stage])
def test_what_training_moves_keeps_its_layer_and_is_drawn_anew(tmp_path: Path, base: type[Scene]) -> None:
    recording = run_experiment(Experiment.from_toml(TINY), tmp_path / "tiny")
    frames = []

    class Mine(base):  # type: ignore[misc, valid-type]
        def construct(self) -> None:
            replay = Replay(recording)
            below = PointCloud(np.zeros((1, 2)), "#ff0000", radius=0.6)
            cover = PointCloud(np.zeros((1, 2)), "#ffffff", radius=0.5)
            self.add(below, cover)
            follow = lambda network: setattr(below, "radius", 0.6 + np.abs(network.parameters[:1]))  # noqa: E731
            self.play(PlayTraining(replay, below, follow=follow, run_time=1.0))
            assert self.mobjects[:2] == [below, cover] and not below.updaters

        def update_to_time(self, t: float) -> None:
            super().update_to_time(t)
            self.renderer.update_frame(self, self.moving_mobjects)
            frames.append(self.renderer.camera.pixel_array.copy())

    run(Mine, tmp_path)
    assert len(frames) >= 5
    assert all((frame[45, 80, :3] == 255).all() for frame in frames)
    assert not np.array_equal(frames[0], frames[-1])


def movie_of(size: float, folder: Path) -> np.ndarray:
    """The last frame of a scene that reads from a file, as a recording does: its code does not change with it."""
    file = folder / "size.txt"
    file.write_text(str(size), encoding="utf-8")

    class Sized(Scene):
        def construct(self) -> None:
            cloud = PointCloud(np.zeros((1, 2)), "#ffffff", radius=0.5)

            def grow(cloud: PointCloud, dt: float) -> None:
                if dt > 0:
                    cloud.radius = np.array([float(file.read_text())])

            cloud.add_updater(grow)
            self.add(cloud)
            self.wait(0.5)

    settings = {"pixel_width": 160, "pixel_height": 90, "frame_rate": 10, "media_dir": str(folder)}
    with tempconfig({**settings, "verbosity": "ERROR", "progress_bar": "none", "notify_outdated_version": False}):
        scene = Sized()
        scene.render()
        assert not config["disable_caching"], "the setting is the user's"
        with av.open(str(scene.renderer.file_writer.movie_file_path)) as container:
            return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)][-1]


def test_no_picture_comes_from_manims_cache(tmp_path: Path) -> None:
    small, large = movie_of(0.5, tmp_path), movie_of(2.0, tmp_path)
    assert 4 * (small > 128).sum() < (large > 128).sum()
