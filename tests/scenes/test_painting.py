"""What is painted: against slow and obvious rasterisers, and against the same picture drawn by manim."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from manim import DOWN, LEFT, ORIGIN, PI, RIGHT, UP, Circle, FadeIn, ManimColor, MovingCamera, Square, Transform, VGroup

from scenes.mobjects.field import ClassField, Field, ValueField, ramp_between
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.mobjects.surface import Surface
from scenes.mobjects.text import Formula, Label
from scenes.mobjects.view import View
from scenes.painting.mobject import Painted
from scenes.theme import DARK, Zone, rgb

Picture = Callable[..., np.ndarray]
GROUND = np.array(rgb(DARK.background)) * 255
FINE = 6  # subpixels a side of the obvious rasterisers


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def waves(count: int = 8) -> list[np.ndarray]:
    t = np.linspace(0, 1, 60)
    return [np.column_stack([6 * t - 3, np.sin(6 * t + k) + k * 0.3]) for k in range(count)]


def opaque_ramp() -> np.ndarray:
    return ramp_between([(0, DARK.classes[0], 1), (0.5, DARK.background, 1), (1, DARK.classes[1], 1)])


def saddle(rows: int = 31, columns: int = 41) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    return x * x - y + 0.3 * np.sin(4 * x)


def bumps(rows: int = 31, columns: int = 41) -> np.ndarray:
    """Scores of five classes, each highest somewhere else."""
    y, x = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    return np.stack([-((x - cx) ** 2) - (y - cy) ** 2 for cx, cy in rng().uniform(-0.8, 0.8, (5, 2))], axis=-1)


MOBJECTS: dict[str, Callable[[], Painted]] = {
    "discs": lambda: PointCloud(rng().normal(size=(200, 2)) * 1.5, DARK.class_colours(np.arange(200)), radius=0.08),
    "outlined discs": lambda: PointCloud(
        rng().normal(size=(200, 2)) * 1.5, DARK.class_colours(np.arange(200)), radius=0.1, outline=DARK.background
    ),
    "clear discs of many sizes": lambda: PointCloud(
        rng().normal(size=(200, 2)) * 1.5,
        DARK.class_colours(np.arange(200)),
        radius=rng().uniform(0.004, 0.3, 200),
        outline="#ffffff",
        opacity=0.5,
    ),
    "lines of many widths": lambda: Polylines(waves(), DARK.class_colours(np.arange(8)), width=np.linspace(0.5, 9, 8)),
    "clear lines": lambda: Polylines(
        waves(), np.column_stack([DARK.class_colours(np.arange(8)), np.linspace(0.2, 1, 8)]), width=6, opacity=0.7
    ),
    "lines of blended colours": lambda: Polylines(
        waves(), np.tile(np.linspace([1, 0, 0], [0, 1, 0], 60), (8, 1)), width=6, per_vertex=True
    ),
    "image": lambda: Field(rng().random((8, 8)), Zone(-2, 2, -2, 2), smooth=False),
    "picture": lambda: Field(0.3 + 0.4 * rng().random((3, 4, 3)), Zone(-1.5, 1.5, -1, 1)),
    "turned picture": lambda: Field(0.3 + 0.4 * rng().random((3, 4, 3)), Zone(-1.5, 1.5, -1, 1)).rotate(0.4).shift(UP),
    "values": lambda: ValueField(saddle(), Zone(-1.5, 1.5, -1, 1), opaque_ramp(), -2, 2, levels=[0.0], line_width=3),
    "turned values": lambda: ValueField(
        saddle(), Zone(-1.5, 1.5, -1, 1), opaque_ramp(), -2, 2, levels=[0.0], line_width=3
    ).rotate(0.3),
    "classes": lambda: ClassField(bumps(), Zone(-1.5, 1.5, -1, 1), DARK.class_colours(np.arange(5)), line_width=2),
    "surface": lambda: Surface(saddle(12, 15), levels=[0.0], mesh=3, view=View(tilt=0.7, time=2)),
    "readout": lambda: Readout("loss", -0.0123, ".4f").scale(3).move_to(ORIGIN),
    "haloed readout": lambda: Readout("loss", -0.0123, ".4f", halo=DARK.classes[0]).scale(3).move_to(ORIGIN),
    "still": lambda: Still(
        VGroup(Label("one\ntwo", size=60), Formula("W = mat(1, 2; 3, 4)").shift(2 * DOWN)), halo=DARK.classes[0]
    ).rotate(0.2),
}


@pytest.mark.parametrize("height", [480, 1080])
@pytest.mark.parametrize("name", MOBJECTS)
def test_painted_and_drawn_by_manim_look_the_same(picture: Picture, name: str, height: int) -> None:
    mobject = MOBJECTS[name]()
    painted = picture(mobject, height=height)
    drawn = picture(mobject, camera=MovingCamera, height=height)
    shown = np.abs(drawn[..., :3] - GROUND).max(axis=-1) > 8
    assert shown.sum() > 500, "the picture is empty"
    difference = np.abs(painted - drawn)[..., :3].max(axis=-1)
    # cairo covers edges in steps of 1/15 or so, lines of blended colours are drawn in pieces of one colour, and
    # borders of classes in steps of squares
    assert difference[shown].mean() < (6 if "blended" in name else 4)
    assert (difference > 64).sum() < (0.015 if name == "classes" else 0.004) * shown.sum()


def covered(inside: Callable[[np.ndarray, np.ndarray], np.ndarray], height: int = 480, width: int = 854) -> np.ndarray:
    """The share of each pixel, float64 (H, W), that lies within a shape given in scene coordinates, by counting."""
    x = ((np.arange(width * FINE) + 0.5) / FINE - width / 2) / (height / 8)
    y = (height / 2 - (np.arange(height * FINE) + 0.5) / FINE) / (height / 8)
    shape = inside(x[None, :], y[:, None])
    return shape.reshape(height, FINE, width, FINE).mean(axis=(1, 3))


def over(ground: np.ndarray, colour: str, cover: np.ndarray) -> np.ndarray:
    return ground + (np.array(rgb(colour)) * 255 - ground) * cover[..., None]


def test_discs_cover_what_a_disc_covers(picture: Picture) -> None:
    centres, radii = np.array([[0.313, 0.217], [1.4, -1.02], [-2, 1.5], [7.05, 0]]), np.array([0.5, 0.052, 0.2, 0.3])
    cloud = PointCloud(centres, "#ffffff", radius=radii, opacity=0.8)
    expected = np.broadcast_to(GROUND, (480, 854, 3))
    for (cx, cy), radius in zip(centres, radii, strict=True):
        disc = covered(lambda x, y, cx=cx, cy=cy, r=radius: (x - cx) ** 2 + (y - cy) ** 2 < r * r)
        expected = over(expected, "#ffffff", 0.8 * disc)
    difference = np.abs(picture(cloud)[..., :3] - expected)
    assert difference.max() < 24
    assert difference.mean() < 0.01


@pytest.mark.parametrize("width", [0.6, 1.7, 4.0, 20.0])
def test_a_line_covers_what_a_capsule_covers(picture: Picture, width: float) -> None:
    a, b = np.array([-2.33, -0.71]), np.array([1.9, 2.2])

    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along = np.clip(((x - a[0]) * (b - a)[0] + (y - a[1]) * (b - a)[1]) / ((b - a) @ (b - a)), 0, 1)
        return np.hypot(x - a[0] - along * (b - a)[0], y - a[1] - along * (b - a)[1]) < width / 200

    shown = picture(Polylines([np.stack([a, b])], "#ffffff", width=width))[..., :3]
    expected = over(np.broadcast_to(GROUND, shown.shape), "#ffffff", covered(inside))
    # a line thinner than a pixel is spread over the pixel, but is as bright in all
    assert (shown - GROUND).sum() == pytest.approx((expected - GROUND).sum(), rel=0.04)
    assert np.abs(shown - expected).max() < (40 if width > 1.7 else 110)


def test_a_clear_line_does_not_show_its_joints(picture: Picture) -> None:
    bent = np.array([[-3, -1], [0, 1], [0.1, 1], [0.2, -1], [-3, 1.2]])
    shown = picture(Polylines([bent], "#ffffff", width=20, opacity=0.5))[..., 0]
    assert shown.max() == pytest.approx(GROUND[0] + (255 - GROUND[0]) / 2, abs=1)


def test_a_line_has_a_gap_where_a_vertex_is_nan(picture: Picture) -> None:
    line = np.array([[-3, 0], [-1, 0], [np.nan, np.nan], [1, 0], [3, 0]])
    row = picture(Polylines([line], "#ffffff", width=4))[240, :, 0]
    assert row[427 - 120] > 200 and row[427 + 120] > 200
    assert row[427] == pytest.approx(GROUND[0], abs=1)


def test_a_line_that_goes_back_where_it_came_from_is_painted(picture: Picture) -> None:
    there = np.array([[-3.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    back = np.concatenate([there, there[1:2]])
    assert np.array_equal(picture(Polylines([back], DARK.text)), picture(Polylines([there], DARK.text)))


def test_far_away_and_broken_points_paint_nothing(picture: Picture) -> None:
    far = np.array([[1e30, 0], [np.inf, 1], [np.nan, 0], [-1e9, 1e9], [1e5, 2e5]])
    cloud, lines = PointCloud(far, "#ffffff"), Polylines([far, far[::-1]], "#ffffff")
    assert np.array_equal(picture(cloud, lines), picture())


def test_a_field_is_blended_between_its_samples(picture: Picture) -> None:
    shown = picture(Field(np.array([[0.0, 1.0], [0.5, 0.25]]), Zone(-2, 2, -1, 1)))
    left, right, top, bottom = 427 - 120, 427 + 120, 240 - 60, 240 + 60
    u, v = np.meshgrid((np.arange(240) + 0.5) / 240, (np.arange(120) + 0.5) / 120)
    expected = 255 * ((0 * (1 - u) + 1.0 * u) * (1 - v) + (0.5 * (1 - u) + 0.25 * u) * v)
    assert np.abs(shown[top:bottom, left:right, 0] - expected).max() <= 1
    outside = shown.copy()
    outside[top:bottom, left:right] = shown[0, 0]
    assert np.abs(outside - shown[0, 0]).max() <= 1


def test_an_image_shows_cells_of_one_colour(picture: Picture) -> None:
    cells = rng().integers(0, 256, (4, 5, 3), dtype=np.uint8)
    shown = picture(Field(cells, Zone(-2.5, 2.5, -2, 2), smooth=False))[..., :3]
    for r in range(4):
        for c in range(5):
            middle = shown[120 + 60 * r + 5 : 120 + 60 * r + 55, 277 + 60 * c + 5 : 277 + 60 * c + 55]
            assert np.abs(middle - cells[r, c]).max() <= 1


def test_the_border_of_two_classes_is_where_their_scores_are_equal(picture: Picture) -> None:
    scores = np.array([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [0.5, 0.5]]])
    shown = picture(ClassField(scores, Zone(-2, 2, -1, 1), np.array([[1.0, 0, 0], [0, 0, 1]])))[..., :3]
    # at height v the first class leads from where u (2 - v) = 1 on
    for row in (185, 210, 240, 270, 290):
        v = (row + 0.5 - 180) / 120
        border = 427 - 120 + 240 / (2 - v)
        reds = shown[row, 307:547, 0] / 255
        assert reds[0] == 0 and reds.sum() == pytest.approx(547 - border, abs=0.1)


def test_an_iso_line_lies_where_the_value_is(picture: Picture) -> None:
    # the value at (x, y) is x² + y², linear pieces of 0.05 units
    x = np.linspace(-3, 3, 121)
    values = x[None, :] ** 2 + x[:, None] ** 2
    dark = ramp_between([(0, DARK.background, 1), (1, DARK.background, 1)])
    field = ValueField(values, Zone(-3, 3, -3, 3), dark, 0, 18, levels=[4.0], line_width=4, line_color="#ffffff")
    shown = picture(field)[..., 0]
    rows, columns = np.nonzero(shown > 200)
    distance = np.hypot((columns + 0.5 - 427) / 60, (240 - rows - 0.5) / 60)
    assert len(rows) > 500
    assert np.abs(distance - 2).max() < 0.04
    assert shown[240, 427 + 120] > 200 and shown[240 - 120, 427] > 200


@pytest.mark.parametrize("name", MOBJECTS)
def test_opacity_is_of_the_whole(picture: Picture, name: str) -> None:
    mobject = MOBJECTS[name]()
    assert np.array_equal(picture(mobject.copy().set_opacity(0)), picture())
    full, half = picture(mobject.copy().set_opacity(1)), picture(mobject.copy().set_opacity(0.5))
    if "discs" in name or "lines" in name:
        return  # overlapping parts shine through each other, or are clear by themselves
    # edges and lines within are as clear as the whole, not half as wide
    assert np.abs(half - (full + picture()) / 2).max() <= 3


@pytest.mark.parametrize("name", MOBJECTS)
def test_fades_come_from_nothing_and_end_whole(picture: Picture, name: str) -> None:
    mobject = MOBJECTS[name]()
    whole = picture(mobject)
    animation = FadeIn(mobject)
    animation.begin()
    assert np.array_equal(picture(mobject), picture())
    animation.interpolate(0.5)
    assert 0 < np.abs(picture(mobject) - picture()).sum() < np.abs(whole - picture()).sum()
    animation.finish()
    assert np.array_equal(picture(mobject), whole)


@pytest.mark.parametrize("name", ["outlined discs", "lines of many widths", "image", "readout", "still"])
def test_a_moving_frame_shows_what_moving_the_mobject_would(picture: Picture, name: str) -> None:
    mobject = MOBJECTS[name]()

    def look(camera: MovingCamera) -> None:
        camera.frame.scale(0.5).shift(RIGHT + 0.5 * UP)

    painted = picture(mobject, prepare=look)
    drawn = picture(mobject, prepare=look, camera=MovingCamera)
    shown = np.abs(drawn[..., :3] - GROUND).max(axis=-1) > 8
    assert shown.any()
    assert np.abs(painted - drawn)[shown].mean() < 4


def test_what_is_fixed_in_the_frame_stays(picture: Picture) -> None:
    cloud = PointCloud(rng().normal(size=(50, 2)), "#ffffff")
    cloud.fixed_in_frame = True
    square = Square(fill_opacity=1).shift(2 * LEFT)

    def look(camera: MovingCamera) -> None:
        camera.add_fixed_in_frame_mobjects(square)
        camera.frame.scale(0.5).shift(RIGHT)

    assert np.array_equal(picture(cloud, square, prepare=look), picture(cloud, square))


def test_mobjects_are_painted_in_manims_order(picture: Picture) -> None:
    cloud = PointCloud(np.zeros((1, 2)), "#ff0000", radius=1)
    circle = Circle(0.5, color="#00ff00", fill_opacity=1, stroke_width=0)
    assert picture(cloud, circle)[240, 427, :3].tolist() == [0, 255, 0]
    assert picture(circle, cloud)[240, 427, :3].tolist() == [255, 0, 0]
    circle.set_z_index(1)
    assert picture(circle, cloud)[240, 427, :3].tolist() == [0, 255, 0]


def test_manim_moves_the_data_of_a_painted_mobject(manim_settings: None) -> None:
    points = rng().normal(size=(20, 2))
    cloud = PointCloud(points, "#ffffff")
    cloud.shift(RIGHT).rotate(PI / 2, about_point=ORIGIN)
    assert np.allclose(cloud.points[:, :2], np.column_stack([-points[:, 1], points[:, 0] + 1]))
    cloud.apply_function(lambda p: p * (1, 2, 1))
    assert np.allclose(cloud.points[:, 1], 2 * (points[:, 0] + 1))
    assert cloud.get_left()[0] == pytest.approx(cloud.points[:, 0].min())
    assert VGroup(cloud).height == pytest.approx(np.ptp(cloud.points[:, 1]))


def test_a_transformation_blends_data_colours_and_sizes(manim_settings: None) -> None:
    first = PointCloud(rng().normal(size=(20, 2)), "#ff0000", radius=0.1)
    second = PointCloud(rng().normal(size=(20, 2)) + 3, "#0000ff", radius=0.3)
    before, after = first.copy(), second.copy()
    animation = Transform(first, second, rate_func=lambda t: t)
    animation.begin()
    animation.interpolate(0.25)
    assert np.allclose(first.points, 0.75 * before.points + 0.25 * after.points)
    assert np.allclose(first.colours[0], [0.75, 0, 0.25, 1])
    assert np.allclose(first.radius, 0.15)
    animation.finish()
    assert np.allclose(first.points, after.points) and np.allclose(first.colours, after.colours)
    with pytest.raises(ValueError, match="20 points cannot be transformed into one with 3"):
        Transform(first, PointCloud(np.zeros((3, 2)), "#ffffff")).begin()


def test_set_color_recolours_all_parts(manim_settings: None) -> None:
    cloud = PointCloud(rng().normal(size=(20, 2)), DARK.class_colours(np.arange(20))).set_color("#112233")
    assert np.allclose(cloud.colours[:, :3], ManimColor("#112233").to_rgb())
    assert cloud.opacity == 1


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: PointCloud(np.zeros((4, 2)), np.zeros((3, 3))), "4 positions do not match 3 colours"),
        (lambda: PointCloud(np.zeros((4, 1)), "#ffffff"), r"shape \(N, 2\) or \(N, 3\), not \(4, 1\)"),
        (lambda: Polylines([np.zeros((4, 2))], np.zeros((2, 3))), "1 lines do not match 2 colours"),
        (lambda: PointCloud(np.zeros((4, 2)), "#ffffff").set_positions(np.zeros((5, 2))), "cannot take 5 positions"),
        (lambda: Polylines(np.zeros((2, 4, 2)), "#ffffff").set_lines(np.zeros((2, 5, 2))), "8 vertices cannot take 10"),
        (lambda: Field(np.zeros((2, 2, 7)), Zone(0, 1, 0, 1)), "a picture must have shape"),
        (lambda: ValueField(np.zeros((2, 2)), Zone(0, 1, 0, 1), np.zeros((2, 3)), 1, 1), "low=1 must be less"),
    ],
)
def test_data_that_do_not_fit_are_refused(manim_settings: None, build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
