"""Captions, headings and read-outs in their places, and time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from manim import LEFT, RIGHT, FadeOut, Square, linear

from engine.errors import ConfigurationError, RenderError
from scenes.mobjects.glyphs import glyph
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.readout import Readout
from scenes.mobjects.slot import Slot
from scenes.mobjects.text import Label
from scenes.rendering import Part, configured, measure_parts, play
from scenes.sinks import StillSink
from scenes.stage import Stage, Stage3D, caption_lines, legend_of
from scenes.theme import CAPTION, DARK, HEADING, SAFE, TIMING, rgb

Picture = Callable[..., np.ndarray]


def stills(scene: type[Stage], frames: list[int], rate: int = 10, **options: object) -> dict[int, np.ndarray]:
    with configured([Part(scene, {}, options)], 854, 480, rate):
        sink = StillSink(480, 854, frames)
        play([Part(scene, {}, options)], sink)
    return {frame: pixels.astype(np.int64) for frame, pixels in sink.stills.items()}


def measure(scene: type[Stage], rate: int = 10):
    with configured([Part(scene, {}, {})], 854, 480, rate):
        return measure_parts([Part(scene, {}, {})])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("One line.", ["One line."]),
        ("Two lines,\nbroken by hand.", ["Two lines,", "broken by hand."]),
        ("  Spaces   are   one.  ", ["Spaces are one."]),
        (
            "The network bends the plane layer by layer, and never tears it.",
            ["The network bends the plane", "layer by layer, and never tears it."],
        ),
    ],
)
def test_captions_are_broken_evenly(text: str, lines: list[str]) -> None:
    broken = caption_lines(text)
    assert broken == lines or (len(broken) == 2 and abs(len(broken[0]) - len(broken[1])) < 12)
    assert " ".join(broken) == " ".join(text.split())


@pytest.mark.parametrize("text", ["word " * 30, "one\ntwo\nthree", "a" * 43, "a" * 43 + "\nb"])
def test_captions_that_are_too_long_are_refused(text: str) -> None:
    with pytest.raises(RenderError, match="at most 2 lines of 42 characters"):
        caption_lines(text)


class Speaking(Stage):
    def construct(self) -> None:
        self.caption("First.")
        self.wait(1.25)
        self.caption("Second, which is as long as it may be\nin two lines of forty-two characters.")
        self.caption("Second, which is as long as it may be\nin two lines of forty-two characters.")
        self.wait(1.0)
        self.caption(None)
        self.wait(0.5)
        self.caption("Last.")
        self.play_clock(0.75, lambda alpha: None)


@pytest.mark.parametrize("rate", [10, 15, 30, 60])
def test_captions_become_cues_at_their_times(rate: int) -> None:
    cues = measure(Speaking, rate).cues
    assert [(cue.text.split()[0], cue.start, cue.end) for cue in cues] == [
        ("First.", 0.0, 1.25),
        ("Second,", 1.25, 2.25),
        ("Last.", 2.75, 3.5),
    ]


def band(pixels: np.ndarray) -> np.ndarray:
    """How bright the caption's band is above the ground, int64 (h, W)."""
    top, bottom = (round(240 - 60 * y) for y in (CAPTION.top + 0.1, CAPTION.bottom - 0.1))
    return np.abs(pixels[top:bottom, :, :3] - pixels[0, 0, :3]).max(axis=-1)


def test_a_caption_fades_in_over_the_old_one_and_stays_in_its_band() -> None:
    frames = stills(Speaking, [0, 1, 2, 3, 8, 13, 15, 20, 25])
    assert band(frames[0]).max() == 0
    assert 0 < band(frames[1]).max() < band(frames[3]).max()
    assert np.array_equal(frames[3], frames[8])
    assert band(frames[25]).max() == 0
    for pixels in frames.values():
        rest = pixels.copy()
        rest[round(240 - 60 * (CAPTION.top + 0.1)) :] = pixels[0, 0]
        assert (rest == pixels[0, 0]).all(), "the caption leaves its band"
    second = band(frames[20])
    columns = np.flatnonzero(second.max(axis=0) > 60)
    assert columns[0] > 427 + 60 * SAFE.left and columns[-1] < 427 + 60 * SAFE.right
    assert abs(columns[0] + columns[-1] - 853) <= 3, "the caption is not centred"


def test_digits_are_equally_wide_so_that_read_outs_do_not_jitter(manim_settings: None) -> None:
    assert len({round(glyph(digit).advance, 4) for digit in "0123456789"}) == 1
    readout = Readout("loss", 1.0, ".4f", widest=-10.0)
    corners = readout.points.copy()
    places = {}
    for value in (0.1111, 0.8888, -9.1234, 5.5):
        readout.set_value(value)
        assert np.array_equal(readout.points, corners)
        placed = readout._placed()
        places[value] = [x for character, x, _ in placed if character == "."][0]
        assert placed[len("loss")][1] >= placed[len("loss") - 1][1], "the number runs into its name"
    assert np.ptp(list(places.values())) < 1e-9


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (0.98512, ".1%", "98.5%"),
        (-0.5, ".2f", "−0.50"),
        (599.6, "d", "600"),
        (float("nan"), ".2f", "–"),
        ("ok", "g", "ok"),
    ],
)
def test_numbers_are_written_as_a_reader_expects(manim_settings: None, value: object, style: str, text: str) -> None:
    assert Readout("x", value, style).text == text


class Reading(Stage):
    def construct(self) -> None:
        epoch = self.readout("epoch", "d", widest=600)
        self.readout("accuracy", ".1%", widest=1.0, value=0.5)
        self.play_clock(1.0, lambda alpha: epoch.set_value(600 * alpha), rate_func=linear)
        self.wait(0.5)
        assert epoch.text == "600"


def test_read_outs_change_in_their_corner_and_nowhere_else() -> None:
    frames = stills(Reading, [0, 5, 9, 12])
    changed = np.abs(frames[0] - frames[9]).max(axis=-1) > 0
    rows, columns = np.nonzero(changed)
    assert changed.any() and rows.max() < 60 and columns.min() > 600
    assert columns.max() < 427 + 60 * SAFE.right + 2


class Still(Stage):
    def construct(self) -> None:
        self.heading("Layer 1", "tanh")
        self.cloud = PointCloud(np.zeros((1, 2)), "#ffffff", radius=0.5)
        self.add(self.cloud)
        self.play_clock(1.0, lambda alpha: self.cloud.set_positions(np.array([[2 * alpha, 0.0]])), rate_func=linear)
        self.play(self.cloud.animate.shift(2 * LEFT), run_time=1.0, rate_func=linear)
        self.play(FadeOut(self.cloud), run_time=1.0, rate_func=linear)


@pytest.mark.parametrize("rate", [10, 15, 30])
def test_positions_are_functions_of_absolute_time(rate: int) -> None:
    times = [0.0, 0.4, 1.0, 1.2, 1.6, 2.0, 2.4, 2.8]
    frames = stills(Still, [round(t * rate) for t in times], rate)
    for time in times:
        pixels = frames[round(time * rate)]
        x = 2 * time if time < 1 else max(2 - 2 * (time - 1), 0)
        white = pixels[240, :, 0] - pixels[0, 0, 0]
        assert np.average(np.arange(854) + 0.5, weights=white) == pytest.approx(427 + 60 * x, abs=1)
        assert white.max() / (255 - pixels[0, 0, 0]) == pytest.approx(min(1, 3 - time), abs=0.02)


def test_frames_taken_alone_equal_frames_taken_in_a_row() -> None:
    alone = {frame: stills(Still, [frame])[frame] for frame in (0, 7, 13, 25)}
    row = stills(Still, list(range(30)))
    assert all(np.array_equal(alone[frame], row[frame]) for frame in alone)


class Odd(Stage):
    def construct(self) -> None:
        square = Square()
        for _ in range(7):
            self.play(square.animate.shift(0.1 * RIGHT), run_time=0.3)
            self.wait(0.1)
            self.wait(1 / 3)


@pytest.mark.parametrize("rate", [15, 24, 30, 60])
def test_a_scene_is_equally_long_at_every_rate(rate: int) -> None:
    assert measure(Odd, rate).total == round(7 * (0.3 + 0.1 + 1 / 3) * rate)


class Waiting(Stage):
    def construct(self) -> None:
        self.wait(1.0)
        self.wait_until(lambda: self.now > 1.45, max_time=10)
        self.wait(0.5)


def test_a_wait_ends_when_its_condition_holds() -> None:
    assert measure(Waiting, 10).total == 10 + 6 + 5


class Space(Stage3D):
    def construct(self) -> None:
        self.caption("In space.")
        self.set_camera_orientation(phi=1.0, theta=0.3)
        points = np.array([[0, 0, 1.5], [0, 0, -1.5], [1, 1, 0]])
        self.cloud = PointCloud(points, np.eye(3), radius=0.3)
        self.add(self.cloud)
        self.begin_ambient_camera_rotation(0.5)
        self.wait(1.0)
        self.stop_ambient_camera_rotation()


def test_points_in_space_lie_where_the_camera_projects_them() -> None:
    frames = stills(Space, [0, 5])
    assert np.array_equal(frames[5], stills(Space, [5])[5])
    assert not np.array_equal(frames[0][:400], frames[5][:400])
    with configured([Part(Space, {}, {})], 854, 480, 10):
        scene = Part(Space, {}, {}).build(StillSink(480, 854, []))
        scene.set_camera_orientation(phi=1.0, theta=0.3)
        scene.camera.reset_rotation_matrix()
        expected = scene.camera.project_points(np.array([[0, 0, 1.5], [0, 0, -1.5], [1, 1, 0.0]]))
    for k, colour in enumerate(np.eye(3)):
        match = (np.abs(frames[0][..., :3] - 255 * colour).max(axis=-1) < 40)[:400]
        rows, columns = np.nonzero(match)
        assert columns.mean() + 0.5 == pytest.approx(427 + 60 * expected[k, 0], abs=1.5)
        assert rows.mean() + 0.5 == pytest.approx(240 - 60 * expected[k, 1], abs=1.5)
    assert band(frames[5]).max() > 100


def test_a_slot_shows_one_thing_at_a_time(manim_settings: None, picture: Picture) -> None:
    slot = Slot(fade=1.0)
    slot.show(Square(fill_opacity=1, color="#ffffff").shift(3 * LEFT), 0.0)
    opacities = []
    for time in (0.0, 0.5, 1.0, 5.0):
        slot.time = time
        opacities.append(sum(opacity for _, opacity in slot.parts()))
    assert opacities == [0, 0.5, 1, 1]
    slot.show(Square(fill_opacity=1, color="#ffffff").shift(3 * RIGHT), 5.0)
    for time, expected in ((5.0, (1, 0)), (5.25, (0.5, 0)), (5.5, (0, 0)), (5.75, (0, 0.5)), (6.0, (0, 1))):
        slot.time = time
        pixels = picture(slot)[240, :, 0]
        shares = (pixels[[427 - 180, 427 + 180]] - pixels[0]) / (255 - pixels[0])
        assert shares == pytest.approx(expected, abs=0.02)
    assert slot.settled == 6.0


@pytest.mark.parametrize("text", ["Layer 1", "warp", "gap", "x", "Ärger", "'so'", "A very long heading " * 6])
def test_headings_stand_on_one_line(text: str) -> None:
    class Heading(Stage):
        def construct(self) -> None:
            self.heading(text, text)
            self.wait(1.0)
            self.label = self._slots["heading"].current

    pixels = stills(Heading, [9])[9]
    shown = np.abs(pixels[..., :3] - pixels[-1, -1, :3]).max(axis=-1) > 100
    rows, columns = np.nonzero(shown[:70])
    assert columns.min() >= 427 + 60 * SAFE.left - 2 and columns.max() <= 427 + 60 * HEADING.right + 1
    baseline = round(240 - 60 * (HEADING.top - 0.3))
    # feet stand on the baseline: what reaches below it are only tails
    below, above = shown[baseline + 1 : 70].sum(), shown[: baseline + 1].sum()
    assert above > 2 * below and shown[baseline - 2 : baseline].any()


@pytest.mark.parametrize("count", [1, 2, 12, 40])
def test_legends_name_the_classes(count: int) -> None:
    class Naming(Stage):
        def construct(self) -> None:
            names = ["a very long name of a class that would never end"] + [f"class {k}" for k in range(1, count)]
            self.legend([(name, self.theme.class_colour(k)) for k, name in enumerate(names)])
            self.wait(1.0)

    pixels = stills(Naming, [9])[9]
    shown = np.abs(pixels[..., :3] - pixels[0, 0, :3]).max(axis=-1) > 60
    rows, columns = np.nonzero(shown)
    assert columns.min() >= 427 + 60 * SAFE.left - 2 and columns.max() < 427 - 60
    assert rows.max() < 240 - 60 * CAPTION.top, "the legend reaches into the caption"
    discs = [
        np.abs(pixels[..., :3] - 255 * np.array(rgb(c))).max(axis=-1).min() for c in DARK.classes[: min(count, 10)]
    ]
    assert max(discs) <= 2


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown theme 'drak': did you mean 'dark'"):
        measure(type("Dark", (Odd,), {"options": {"theme": "drak"}}))


def test_manims_own_renderer_shows_a_stage_too(manim_settings: None) -> None:
    scene = Speaking()
    scene.render()
    assert scene.renderer.num_plays == 4
    assert np.abs(scene.renderer.camera.pixel_array[400:, :, 0].astype(int) - 14).max() > 100
    assert TIMING.fade > 0


def test_a_caption_is_there_until_it_could_be_read() -> None:
    class Reading(Stage):
        def construct(self) -> None:
            assert self.unread == 0
            self.read()
            assert self.now == 0  # there is nothing to be read
            self.caption("Thirty letters and blanks here")
            assert self.unread == pytest.approx(2.0)
            self.wait(0.5)
            self.read()
            assert self.now == pytest.approx(2.0)
            self.read()
            assert self.now == pytest.approx(2.0)
            self.caption("Short.")
            self.read(1.0)
            assert self.now == pytest.approx(3.0)

    measure(Reading)


def test_a_legend_has_no_more_lines_than_there_is_room_for() -> None:
    entries = [(f"class {k}", DARK.class_colour(k)) for k in range(20)]
    whole, short = legend_of(entries[:5], DARK, 5), legend_of(entries, DARK, 5)
    assert whole.height == pytest.approx(short.height, abs=0.05)
    assert [label.text for label in short if isinstance(label, Label)] == [
        "class 0", "class 1", "class 2", "class 3", "and 16 more",
    ]  # fmt: skip
