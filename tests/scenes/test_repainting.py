"""Frames that are painted only where something has changed are, to the bit, those that are painted anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from manim import Mobject, Square, VGroup

from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.rectangles import Rectangles
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.painting.camera import PaintCamera, PaintingMixin, PaintThreeDCamera
from scenes.painting.canvas import Canvas, PixelBox
from scenes.painting.mobject import Painted
from scenes.painting.repainting import merged, tells
from scenes.parts import configured, make_part, play
from scenes.registry import SCENES
from tests.scenes.conftest import SmallRun
from tests.scenes.control import MOBJECTS

# Cuts that fall anywhere, at even and odd places, into wide and narrow pieces
ACROSS, DOWN = [0, 97, 98, 300, 411, 427, 640, 801, 854], [0, 33, 120, 187, 188, 241, 250, 377, 480]


def parts_of(mobject: Mobject) -> list[Painted]:
    return [member for member in mobject.get_family() if isinstance(member, Painted)]


@pytest.mark.parametrize("name", MOBJECTS)
def test_painted_piece_by_piece_looks_as_painted_at_once(manim_settings: None, name: str) -> None:
    parts = parts_of(MOBJECTS[name]())
    at_once, pieces = PaintCamera(), PaintCamera()
    at_once.capture_mobjects(parts)
    for left, top in product(range(len(ACROSS) - 1), range(len(DOWN) - 1)):
        canvas = pieces.canvas()
        canvas.clip[:] = ACROSS[left], ACROSS[left + 1], DOWN[top], DOWN[top + 1]
        for part in parts:
            part.paint(canvas)
    assert np.array_equal(at_once.pixel_array, pieces.pixel_array)


@pytest.mark.parametrize("name", MOBJECTS)
def test_nothing_is_painted_beyond_the_extent(manim_settings: None, name: str) -> None:
    for part in parts_of(MOBJECTS[name]()):
        camera = PaintCamera()
        canvas = camera.canvas()
        box = part.extent(canvas)
        assert box is not None and tells(type(part))
        part.paint(canvas)
        rows, columns = np.nonzero((camera.pixel_array != camera.background).any(axis=2))
        if len(rows):
            assert box.left <= columns.min() and columns.max() < box.right
            assert box.top <= rows.min() and rows.max() < box.bottom


@pytest.mark.parametrize("name", MOBJECTS)
def test_an_imprint_stays_while_nothing_changes(name: str) -> None:
    mobject = MOBJECTS[name]()
    before = [part.imprint() for part in parts_of(mobject)]
    assert before == [part.imprint() for part in parts_of(mobject.copy())]
    mobject.shift([0.3, 0, 0])
    assert all(a != b for a, b in zip(before, [part.imprint() for part in parts_of(mobject)], strict=True))


def moved(picture: dict[str, Any], name: str) -> None:
    picture[name].points[:, 0] += 0.37  # in place: no attribute is set


def recoloured(picture: dict[str, Any], name: str) -> None:
    picture[name].colours[0, :3] = 1 - picture[name].colours[0, :3]


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "nothing": lambda p: None,
    "points in place": lambda p: moved(p, "cloud"),
    "what lies under others": lambda p: moved(p, "boxes"),
    "a part's colour in place": lambda p: recoloured(p, "lines"),
    "a width in place": lambda p: p["lines"].widths.__setitem__(1, 9.0),
    "a radius": lambda p: setattr(p["cloud"], "radius", p["cloud"].radius * 1.5),
    "an opacity": lambda p: p["boxes"].set_opacity(0.4),
    "gone by opacity": lambda p: p["cloud"].set_opacity(0.0),
    "there again": lambda p: p["cloud"].set_opacity(1.0),
    "a number": lambda p: p["number"].set_value(0.5),
    "text that is moved out of the frame": lambda p: p["text"].shift([9.0, 0.0, 0.0]),
    "and back, larger": lambda p: p["text"].shift([-9.0, 0.0, 0.0]).scale(1.5),
    "a copy in the place of the original": lambda p: p.update(cloud=p["cloud"].copy().shift([0.0, 0.5, 0.0])),
    "something new": lambda p: p.update(more=PointCloud(np.array([[1.0, -1.0]]), "#ff0000", 0.4)),
    "another order": lambda p: p.update(boxes=p.pop("boxes")),
    "something gone": lambda p: p.pop("lines"),
    "two at once, far apart": lambda p: (moved(p, "number"), moved(p, "cloud")),
    "gaps": lambda p: p["cloud"].points.__setitem__((slice(0, 3), 1), np.nan),
}


def some_picture() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "boxes": Rectangles(np.array([[-3.0, 1.0, -2.0, 1.5], [0.5, 2.5, -1.0, 2.0]]), rng.random((2, 3))),
        "lines": Polylines(rng.normal(size=(5, 9, 2)), rng.random((5, 3)), 4.0),
        "cloud": PointCloud(rng.normal(size=(30, 2)), rng.random((30, 3)), 0.1, outline="#000000"),
        "number": Readout("loss", 0.25, ".3f", halo="#202020").move_to([5.0, 3.0, 0.0]),
        "text": Still(Label("what is said", size=40), halo="#202020", opacity=0.9).shift([-4.0, -3.0, 0.0]),
    }


def assert_as_anew(camera: PaintingMixin, mobjects: Sequence[Mobject], change: str) -> None:
    anew = type(camera)()
    anew.capture_mobjects(mobjects)
    assert np.array_equal(camera.pixel_array, anew.pixel_array), change


def test_changes_of_every_kind(manim_settings: None) -> None:
    picture, camera = some_picture(), PaintCamera()
    camera.repaint(list(picture.values()))
    for name, change in CHANGES.items():
        before = camera.pixel_array.copy()
        change(picture)
        mobjects = list(picture.values())
        camera.repaint(mobjects)
        assert_as_anew(camera, mobjects, name)
        assert np.array_equal(before, camera.pixel_array) == (name == "nothing"), name


def test_a_camera_that_moves_and_other_grounds(manim_settings: None) -> None:
    mobjects, camera = list(some_picture().values()), PaintCamera()
    camera.repaint(mobjects)
    camera.frame.scale(0.6).shift([1.0, 0.3, 0.0])
    camera.repaint(mobjects)
    mobjects[1].shift([0.2, 0.0, 0.0])
    camera.repaint(mobjects)
    anew = PaintCamera()
    anew.frame.scale(0.6).shift([1.0, 0.3, 0.0])
    anew.capture_mobjects(mobjects)
    assert np.array_equal(camera.pixel_array, anew.pixel_array)
    camera.background_color = anew.background_color = "#336699"
    camera.repaint(mobjects)
    anew.reset()
    anew.capture_mobjects(mobjects)
    assert np.array_equal(camera.pixel_array, anew.pixel_array)


def test_a_frame_that_was_captured_otherwise_is_painted_anew(manim_settings: None) -> None:
    mobjects, camera = list(some_picture().values()), PaintCamera()
    camera.repaint(mobjects)
    camera.capture_mobjects([PointCloud(np.zeros((1, 2)), "#ffffff", 3.0)])
    camera.repaint(mobjects)
    assert_as_anew(camera, mobjects, "captured")


class Own(Painted):
    """A mobject of somebody's own, that tells nothing of what it depends on."""

    level = 0.0

    def paint(self, canvas: Canvas) -> None:
        canvas.pixels[10:50, 10:50, 0] = self.level


class Reddening(PointCloud):
    """Paints in its own way what the base tells of."""

    level = 0.0

    def paint(self, canvas: Canvas) -> None:
        super().paint(canvas)
        canvas.pixels[10:50, 10:50, 0] = self.level


@pytest.mark.parametrize("own", [lambda: Own(np.zeros((1, 2))), lambda: Reddening(np.zeros((1, 2)), "#ffffff")])
def test_what_tells_nothing_is_always_painted(manim_settings: None, own: Callable[[], Any]) -> None:
    mobject, camera = own(), PaintCamera()
    assert not tells(type(mobject))
    for level in (50, 200):
        mobject.level = level
        camera.repaint([mobject])
        assert camera.pixel_array[20, 20, 0] == level


def test_plain_vectors_are_always_drawn(manim_settings: None) -> None:
    square, camera = Square(fill_opacity=1), PaintCamera()
    for colour in ("#ff0000", "#00ff00"):
        square.set_color(colour)
        camera.repaint([VGroup(square)])
        assert_as_anew(camera, [square], colour)


def test_a_camera_in_space_paints_everything(manim_settings: None) -> None:
    cloud, camera = PointCloud(np.random.default_rng(0).normal(size=(9, 3)), "#ffffff", 0.2), PaintThreeDCamera()
    for theta in (0.0, 0.5):
        camera.set_theta(theta)
        camera.set_phi(1.0)
        camera.repaint([cloud])
        anew = PaintThreeDCamera()
        anew.set_theta(theta)
        anew.set_phi(1.0)
        anew.capture_mobjects([cloud])
        assert np.array_equal(camera.pixel_array, anew.pixel_array)


def test_boxes_are_merged_where_little_else_is_between() -> None:
    near, far = (
        [PixelBox(0, 100, 0, 100), PixelBox(110, 200, 0, 90), PixelBox(50, 60, 20, 150)],
        PixelBox(1000, 1500, 700, 900),
    )
    assert sorted(merged([*near, far])) == [PixelBox(0, 200, 0, 150), far]
    rng = np.random.default_rng(0)
    corners = np.sort(rng.integers(0, 1000, (40, 2, 2)), axis=2)
    boxes = [PixelBox(*x, *y) for x, y in corners.tolist()]
    found = merged(boxes)
    assert all(any(box.union(other) == other for other in found) for box in boxes)
    assert not any(a.union(b) in (a, b) for a, b in pairwise(found))


@dataclass
class Counts:
    """How many frames were painted in part, and how many wholly."""

    partly: int = 0
    wholly: int = 0


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """Every frame that is painted in part is compared with one that is painted anew by the same camera."""
    counts = Counts()
    repaint, capture = PaintingMixin.repaint, PaintingMixin._capture

    def counted(self: PaintingMixin, mobjects: Iterable[Mobject], **kwargs: Any) -> None:
        counts.wholly += 1
        capture(self, mobjects, **kwargs)

    def compare(self: PaintingMixin, mobjects: Iterable[Mobject]) -> None:
        mobjects, before = list(mobjects), counts.wholly
        repaint(self, mobjects)
        if counts.wholly == before:
            counts.partly += 1
            kept = self.pixel_array.copy()
            self.reset()
            capture(self, mobjects)
            different = np.argwhere((kept != self.pixel_array).any(axis=2))
            assert not len(different), f"in frame {counts.partly} pixels {different[:3].tolist()} are not as anew"

    monkeypatch.setattr(PaintingMixin, "_capture", counted)
    monkeypatch.setattr(PaintingMixin, "repaint", compare)
    yield counts


class Nowhere:
    """Takes all frames and keeps none."""

    def __init__(self, height: int, width: int) -> None:
        self.pixels = np.zeros((height, width, 4), np.uint8)
        self.frames = 0

    def wants(self, first: int, last: int) -> Iterable[int]:
        return range(first, last)

    def buffer(self) -> np.ndarray:
        return self.pixels

    def put(self, frames: Sequence[int], pixels: np.ndarray) -> None:
        self.frames += 1


@pytest.mark.parametrize(
    ("name", "options"),
    [("warp", {"clock": "time"}), ("boundary", {}), ("flow", {}), ("neuron", {}), ("descent", {"parts": "race"})],
)
def test_scenes(small_run: SmallRun, compared: Counts, name: str, options: dict[str, str]) -> None:
    part = make_part(name, {run: small_run(run) for run in SCENES[name].experiments}, options)
    with configured([part], 854, 480, 6):
        sink = Nowhere(480, 854)
        play([part], sink)
    assert compared.partly > 0.6 * sink.frames > 20
