"""The benchmarks of pictures: what they measure is what they say, and memory stays flat."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from manim import tempconfig

from benchmarks.pictures import films, memory, mobjects, workers
from scenes.films import Beat, Film
from scenes.mobjects.point_cloud import PointCloud
from scenes.painting.camera import PaintCamera
from scenes.parts import Part
from scenes.stage import Stage


def test_memory_stays_flat_over_many_pictures_and_texts() -> None:
    grown = memory.growth(60.0, 160, 90, 4)
    assert grown < 20, f"memory grew by {grown:.0f} MB over 15 captions: over 3 minutes that would be too much"


def test_memory_that_is_not_given_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Leaking(memory.LongScene):
        kept: ClassVar[list[np.ndarray]] = []

        def caption(self, text: str | None) -> None:
            super().caption(text)
            self.kept.append(np.ones(3_000_000))

    monkeypatch.setattr(memory, "LongScene", Leaking)
    assert memory.growth(40.0, 160, 90, 4) > 40


def test_one_second_out_of_several_is_taken() -> None:
    assert films.within(0, 3 * films.RATE, 3) == list(range(films.RATE))
    assert films.within(films.RATE - 2, 3 * films.RATE + 2, 3) == [58, 59, 180, 181]


class Short(Stage):
    """Two seconds of a point that moves."""

    def construct(self) -> None:
        cloud = PointCloud(np.zeros((1, 2)), "#ffffff")
        self.play_clock(2.0, lambda share: cloud.set_positions(np.array([[share, 0.0]])), cloud)


def test_a_scene_s_times_are_of_all_its_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WIDTH", 640), ("HEIGHT", 360), ("RATE", 10), ("BURST", 7)):
        monkeypatch.setattr(films, name, value)
    whole, sampled = (films.scene_times(Part(Short, {}, {}), tmp_path, every, 2) for every in (1, 2))
    for times in whole + sampled:
        assert times.length == 2.0
        for taken in (times.building, times.drawing, times.encoding):
            assert taken.wall > 0 and taken.work > 0
        assert times.rendering.wall == 2 * times.building.wall + times.drawing.wall
        assert times.rendering.work == 2 * times.building.work + times.drawing.work


def test_clocks_are_added_one_by_one() -> None:
    assert films.Clocks(3.0, 5.0) - films.Clocks(1.0, 2.0) + films.Clocks(0.5, 0.5) * 2 == films.Clocks(3.0, 4.0)


def test_a_film_is_rendered_anew_each_time() -> None:
    film = Film("card", "Of one card", (Beat("words", options={"title": "One card"}),))
    first, second = (workers.rendered(film, {}, 1, "l") for _ in range(2))
    assert first.seconds == second.seconds > 1
    assert min(first.taken.wall, first.taken.work) > 0 and second.taken.work > 0.2 * first.taken.work


def test_workers_are_compared_turn_by_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    walls = {1: iter([99.0, 8.0, 12.0, 10.0]), 3: iter([5.0, 4.0, 4.0])}  # the first is not counted: it compiles

    def rendered(film: Film, recordings: object, count: int, quality: str) -> workers.Rendering:
        return workers.Rendering(films.Clocks(next(walls[count]), 10.0 if count == 1 else 12.0), 78.0)

    monkeypatch.setattr(workers, "rendered", rendered)
    monkeypatch.setattr(workers, "recording_of", lambda name, folder, epochs: name)
    workers.report(tmp_path, "spirals", 3, 1, 3, "m")
    assert "| spirals | 78 | 10 | 4 | 2.50x | 1.20 | 1.6x |" in capsys.readouterr().out


@pytest.mark.parametrize("make", [mobjects.points_and_grid, mobjects.diagram, mobjects.image_panel])
def test_both_sides_draw_the_same_picture(make: object) -> None:
    with tempconfig({"pixel_width": 320, "pixel_height": 180, "frame_height": 8.0, "frame_width": 128 / 9}):
        pair = make()  # type: ignore[operator]
        pictures = []
        for mobject in (pair.painted, pair.plain()):
            camera = PaintCamera()
            camera.capture_mobjects([mobject])
            pictures.append(camera.pixel_array[..., :3].astype(np.int64))
    shown = pictures[1].max(axis=-1) > 40
    assert shown.sum() > 1000
    assert np.abs(pictures[0] - pictures[1])[shown].mean() < 30
