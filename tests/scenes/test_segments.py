"""Films in segments: the same frames as in one go, never a stale one, and nothing rendered twice."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import srt
from manim import RIGHT, Square, linear
from PIL import Image

import scenes.jobs
import scenes.segments
from engine.errors import RenderError
from engine.recording import Recording
from scenes.encoding import FORMATS, Encoder
from scenes.films import Beat, Film, Telling, Thumbnail
from scenes.joining import check_piece, join
from scenes.parts import TEXT_CACHE, Part, configured, even_frames, film_parts, measure_parts, play, text_cache
from scenes.registry import SCENES
from scenes.rendering import SEGMENTS, render_film
from scenes.segments import KEEP_DAYS, Segment, SegmentFolder, Size, cut, group, part_key
from scenes.sinks import StillSink
from scenes.stage import Stage
from scenes.subtitles import Cue
from scenes.timetable import Timetable, readable
from tests.scenes.conftest import SmallRun

SMALL = Size(160, 90, 15)


class Sliding(Stage):
    """A square that moves for two seconds and stands still for another, with two captions."""

    def construct(self) -> None:
        square = Square(2, color="#ffffff", fill_opacity=1, stroke_width=0)
        self.caption("It slides.")
        self.play(square.animate.shift(4 * RIGHT), run_time=2.0, rate_func=linear)
        self.caption("It stands.")
        self.wait(1.0)


FILM = Film(
    "small",
    "A small film",
    (
        Beat(Sliding, title="First", telling=Telling(transition="fade")),
        Beat(Sliding, telling=Telling({1: "Slowly.", 2: ""}, {2: 0.4}, pace=0.8)),
        Beat(Sliding, title="Last", telling=Telling({2: "At the end."}, transition="fade")),
    ),
)


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Small pictures in short segments, and Sliding as one of our own scenes; lists what is rendered."""
    rendered = []
    original = scenes.jobs.SegmentSink._open

    def note(self: Any, segment: Segment) -> None:
        rendered.append((segment.key, segment.first, segment.end))
        original(self, segment)

    monkeypatch.setattr(scenes.jobs.SegmentSink, "_open", note)
    monkeypatch.setattr(scenes.segments, "SEGMENT_SECONDS", 1)
    monkeypatch.setitem(scenes.outputs.QUALITIES, "l", (SMALL.width, SMALL.height, SMALL.rate))
    monkeypatch.setattr(scenes.segments, "scene_name", lambda part: f"scenes.test:{part.scene.__name__}")
    return rendered


def planes(path: Path) -> list[np.ndarray]:
    """Brightness of all frames, as it is in the file."""
    with av.open(str(path)) as container:
        return [
            np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, -1)[:, : frame.width].copy()
            for frame in container.decode(video=0)
        ]


def in_one_go(parts: Sequence[Part]) -> list[np.ndarray]:
    """The frames of a film, uint8 (H, W, 4), played from the first to the last beat."""
    with configured(parts, SMALL.width, SMALL.height, SMALL.rate):
        measured = measure_parts(parts)
        sink = StillSink(SMALL.height, SMALL.width, range(measured.total))
        play(parts, sink, measured.lengths)
    return [sink.stills[k] for k in range(measured.total)]


def test_frames_are_those_of_one_go_pixel_by_pixel(
    studio: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # an encoder that loses nothing shows which pixels it was given
    lossless = replace(FORMATS["mp4"], options={**FORMATS["mp4"].options, "crf": "0"})
    monkeypatch.setitem(FORMATS, "mp4", lossless)
    result = render_film(FILM, {}, tmp_path / "film.mp4", quality="l")
    frames = in_one_go(film_parts(FILM, {}, None))
    encoder = Encoder(tmp_path / "other.mp4", SMALL.width, SMALL.height, SMALL.rate)
    shown = planes(result.path)
    assert len(shown) == len(frames) == result.frames and len(studio) == 10
    for k, (pixels, found) in enumerate(zip(frames, shown, strict=True)):
        frame = encoder._to_yuv420(pixels)
        expected = np.frombuffer(frame.planes[0], np.uint8).reshape(SMALL.height, -1)[:, : SMALL.width]
        np.testing.assert_array_equal(found, expected, err_msg=f"frame {k}")
    encoder.abort()


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.webm"])
def test_segments_are_joined_without_a_gap(studio: list[Any], tmp_path: Path, name: str) -> None:
    result = render_film(FILM, {}, tmp_path / name, quality="l")
    lengths = [45, round(3 * 15 / 0.8) + 6, 45]
    assert result.frames == sum(lengths) and len(planes(result.path)) == result.frames
    with av.open(str(result.path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        order = [packet.dts for packet in packets if packet.dts is not None]
        assert order == sorted(set(order))
        times = sorted(float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None)
        assert times == pytest.approx([k / 15 for k in range(result.frames)], abs=0.001)
        if name != "film.webm":
            marks = [
                (c["metadata"]["title"], round(float(c["start"] * c["time_base"]) * 15)) for c in container.chapters()
            ]
            assert marks == [("First", 0), ("Last", lengths[0] + lengths[1])]
        assert stream.codec_context.color_primaries == stream.codec_context.colorspace == 1


def test_words_and_times_that_a_film_changes(studio: list[Any], tmp_path: Path) -> None:
    result = render_film(FILM, {}, tmp_path / "film.mp4", quality="l")
    assert result.subtitles is not None
    cues = list(srt.parse(result.subtitles.read_text(encoding="utf-8")))
    # the second beat takes 3 / 0.8 seconds, and 0.4 more in which the picture stands still
    second = 3 + 3 / 0.8 + 0.4
    expected = [
        ("It slides.", 0, 2),
        ("It stands.", 2, 3),
        ("Slowly.", 3, 3 + 2 / 0.8),
        ("It slides.", second, second + 2),
        ("At the end.", second + 2, second + 3),
    ]
    found = [(cue.content, cue.start.total_seconds(), cue.end.total_seconds()) for cue in cues]
    assert [text for text, *_ in found] == [text for text, *_ in expected]
    np.testing.assert_allclose([t[1:] for t in found], [t[1:] for t in expected], atol=1 / 15)


def test_a_scene_waits_for_readers(studio: list[Any], tmp_path: Path) -> None:
    """Its time slows down while a caption is there that takes longer to read; nothing jumps, and nothing stops."""
    words = "Forty-five characters take three seconds here"
    slow = Beat(Sliding, telling=Telling({1: words, 2: "Short."}, reading=15.0))
    result = render_film(replace(FILM, beats=(slow,)), {}, tmp_path / "film.mp4", quality="l")
    assert result.subtitles is not None
    cues = [(cue.start.total_seconds(), cue.end.total_seconds())
            for cue in srt.parse(result.subtitles.read_text(encoding="utf-8"))]  # fmt: skip
    assert len(words) == 45 and cues == [(0, 3), (3, 4)] and result.frames == 60
    frames = in_one_go(film_parts(replace(FILM, beats=(slow,)), {}, None))
    rows = [frame[45, :, 0].astype(float) - 14 for frame in frames]
    places = [float(np.average(np.arange(160), weights=row)) for row in rows]
    # four units of 11.25 pixels in three seconds, evenly
    np.testing.assert_allclose(places[:46], 79.5 + np.arange(46) * 45 / 45, atol=0.2)
    assert np.ptp(places[46:]) == 0


def test_timetables() -> None:
    cues = [Cue("x" * 30, 1.0, 2.0), Cue("x", 2.0, 3.0), Cue("x" * 60, 4.0, 5.0), Cue("", 6.0, 6.0)]
    table = readable(cues, 1.0, 15.0)
    assert table.scene == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0) and table.film == (0.0, 1.0, 3.0, 4.0, 5.0, 9.0)
    assert readable(cues, 2.0, 15.0).film == (0.0, 0.5, 2.5, 3.0, 3.5, 7.5)
    assert readable(cues, 0.5, 0.0) == Timetable(pace=0.5)
    for made in (table, Timetable(pace=0.4), readable(cues, 0.7, 3.0)):
        moments = np.linspace(0, 12, 50)
        there = [made.to_film(float(moment)) for moment in moments]
        assert there == sorted(there)
        np.testing.assert_allclose([made.to_scene(moment) for moment in there], moments, atol=1e-12)
    for cue in cues[:3]:
        shown = table.place(cue)
        assert shown.end - shown.start >= len(cue.text) / 15


def test_a_caption_that_a_scene_does_not_have(studio: list[Any], tmp_path: Path) -> None:
    film = replace(FILM, beats=(Beat(Sliding, telling=Telling({3: "Third."})),))
    with pytest.raises(RenderError, match="changes caption 3 of the scene Sliding, which has 2"):
        render_film(film, {}, tmp_path / "film.mp4", quality="l")


def test_what_did_not_change_is_not_rendered_again(studio: list[tuple[str, int, int]], tmp_path: Path) -> None:
    first = render_film(FILM, {}, tmp_path / "film.mp4", quality="l").path.read_bytes()
    count = len(studio)
    again = render_film(FILM, {}, tmp_path / "film.mp4", quality="l", overwrite=True)
    assert len(studio) == count and again.path.read_bytes() == first
    # one beat is told otherwise: its segments alone
    beats = (FILM.beats[0], replace(FILM.beats[1], telling=Telling({1: "Quickly."}, pace=2.0)), FILM.beats[2])
    render_film(replace(FILM, beats=beats), {}, tmp_path / "film.mp4", quality="l", overwrite=True)
    assert len(studio) == count + 2
    # and back again: the old ones are still there
    back = render_film(FILM, {}, tmp_path / "film.mp4", quality="l", overwrite=True)
    assert len(studio) == count + 2 and back.path.read_bytes() == first


def test_a_part_of_a_film(studio: list[Any], tmp_path: Path) -> None:
    result = render_film(FILM, {}, tmp_path / "part.mp4", quality="l", beats=[2, 3])
    assert result.frames == 62 + 45
    with av.open(str(result.path)) as container:
        # the second beat goes on with the first one's chapter
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["First", "Last"]
    count = len(studio)
    render_film(FILM, {}, tmp_path / "whole.mp4", quality="l")
    assert len(studio) == count + 3


def test_damage_to_a_segment_is_found(studio: list[Any], tmp_path: Path) -> None:
    first = render_film(FILM, {}, tmp_path / "film.mp4", quality="l").path.read_bytes()
    count = len(studio)
    rng = np.random.default_rng(3)
    files = sorted((tmp_path / SEGMENTS).iterdir())
    for k, path in enumerate(rng.choice(np.array(files), 4, replace=False)):
        content = bytearray(path.read_bytes())
        content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(content) if k % 2 else bytes(content[: len(content) // 2]))
    again = render_film(FILM, {}, tmp_path / "film.mp4", quality="l", overwrite=True)
    assert again.path.read_bytes() == first and count < len(studio) <= count + 4


def test_the_still_of_a_film(studio: list[Any], tmp_path: Path) -> None:
    film = replace(FILM, thumbnail=Thumbnail(3, 0.3))
    result = render_film(film, {}, tmp_path / "film.mp4", quality="l")
    assert result.thumbnail == tmp_path / "film-thumbnail.png"
    frame = in_one_go(film_parts(FILM, {}, None))[45 + 62 + int(0.3 * 45)]
    found = np.asarray(Image.open(result.thumbnail).convert("RGB")).astype(int)
    assert found.shape == (90, 160, 3) and np.abs(found - frame[..., :3]).mean() < 3


@pytest.mark.parametrize("name", ["film.gif", "film.png"])
def test_other_formats_are_made_in_one_go(studio: list[Any], tmp_path: Path, name: str) -> None:
    render_film(FILM, {}, tmp_path / name, quality="l")
    assert [path.name for path in tmp_path.iterdir()] == [name] and not studio


def test_a_fade_begins_and_ends_in_the_background(studio: list[Any]) -> None:
    frames = in_one_go(film_parts(FILM, {}, None, [1]))
    ground = frames[-1][0, 0, :3]
    for dark in (frames[0], frames[-1]):
        assert (dark[..., :3] == ground).all()
    lit = [np.abs(frame[..., :3].astype(int) - ground).sum() for frame in frames]
    assert lit[:4] == sorted(lit[:4]) and lit[-4:] == sorted(lit[-4:], reverse=True)


# --- what decides a picture -------------------------------------------------------------------------------------------


def parts_of(recording: Recording, **options: object) -> Part:
    return film_parts(Film("f", "F", (Beat("warp", ("r",), options),)), {"r": recording}, None)[0]


def test_whatever_decides_a_picture_changes_its_key(
    small_run: SmallRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spirals, other = small_run("spirals"), small_run("spirals-wide")
    part, size = parts_of(spirals), Size(854, 480, 15)
    keys = {
        "plain": part_key(part, size, "mp4"),
        "option": part_key(parts_of(spirals, clock="time"), size, "mp4"),
        "theme": part_key(parts_of(spirals, theme="light"), size, "mp4"),
        "recording": part_key(parts_of(other), size, "mp4"),
        "quality": part_key(part, Size(854, 480, 30), "mp4"),
        "format": part_key(part, size, "mov"),
        "pace": part_key(replace(part, telling=Telling(pace=0.5)), size, "mp4"),
        "caption": part_key(replace(part, telling=Telling({1: "a"})), size, "mp4"),
        "hold": part_key(replace(part, telling=Telling(holds={1: 1.0})), size, "mp4"),
        "fade": part_key(replace(part, telling=Telling(transition="fade")), size, "mp4"),
    }
    monkeypatch.setattr(scenes.segments, "code_digest", lambda: "other sources")
    keys["code"] = part_key(part, size, "mp4")
    assert None not in keys.values() and len(set(keys.values())) == len(keys)
    monkeypatch.undo()
    # the same again, in other objects
    assert part_key(parts_of(Recording(spirals.path)), size, "mp4") == keys["plain"]


def test_sources_and_libraries_are_in_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = scenes.segments.code_digest.__wrapped__
    before = digest()
    assert before == digest()
    monkeypatch.setattr(scenes.segments, "version", lambda name: "0" if name == "manim" else "1")
    changed = digest()
    assert changed != before
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + (b"#" if path.name == "stage.py" else b""))
    assert digest() not in (before, changed)


def test_scenes_of_others_have_no_key_and_are_rendered_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(scenes.outputs.QUALITIES, "l", (SMALL.width, SMALL.height, SMALL.rate))
    film = replace(FILM, beats=FILM.beats[:1])
    assert part_key(film_parts(film, {}, None)[0], SMALL, "mp4") is None
    first = render_film(film, {}, tmp_path / "film.mp4", quality="l").path.read_bytes()
    assert list((tmp_path / SEGMENTS).iterdir()) == []
    monkeypatch.setattr(Sliding, "construct", lambda self: self.wait(1))
    assert render_film(film, {}, tmp_path / "film.mp4", quality="l", overwrite=True).path.read_bytes() != first


def test_options_that_are_more_than_values_have_no_key(small_run: SmallRun) -> None:
    part = replace(parts_of(small_run("spirals")), options={"rule": len})
    assert part_key(part, Size(854, 480, 15), "mp4") is None


# --- the folder -------------------------------------------------------------------------------------------------------


def test_cuts_cover_a_part() -> None:
    for frames in (1, 7, 119, 120, 121, 1000):
        segments = cut("key", frames, 15)
        assert segments[0].first == 0 and segments[-1].end == frames
        assert all(a.end == b.first for a, b in zip(segments, segments[1:], strict=False))
        assert max(segment.frames for segment in segments) <= 1.5 * 8 * 15
        assert [s for run in group(segments, 300) for s in run] == segments
    assert cut("key", 400, 15)[0].key != cut("other", 400, 15)[0].key


def test_groups_follow_on_one_another() -> None:
    a, b, c, d = (Segment(name, k, k + 10) for name, k in (("a", 0), ("b", 10), ("c", 30), ("d", 40)))
    assert group([a, b, c, d], 100) == [[a, b], [c, d]]
    assert group([a, b, c, d], 10) == [[a], [b], [c], [d]]


def test_old_segments_are_pruned_and_nothing_else(tmp_path: Path) -> None:
    folder = SegmentFolder(tmp_path, "mp4")
    segments = cut("key", 500, 15)
    for segment in segments[:3]:
        folder.put(segment, segment.key.encode())
    old, used, fresh = (next(tmp_path.glob(f"{segment.key}*")) for segment in segments[:3])
    foreign, abandoned = tmp_path / "notes.txt", tmp_path / f".{'0' * 64}-99999999.part.mp4"
    passing = tmp_path / f".{'1' * 64}-{os.getpid()}.part.mp4"
    for path in (foreign, abandoned, passing):
        path.write_bytes(b"x")
    long_ago = time.time() - (KEEP_DAYS + 1) * 86400
    for path in (old, used, foreign):
        os.utime(path, (long_ago, long_ago))
    assert folder.find(segments[1]) == used
    folder.prune()
    assert set(tmp_path.iterdir()) == {used, fresh, foreign, passing}


def test_too_much_is_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = cut("key", 500, 15)
    for age, segment in enumerate(segments):
        SegmentFolder(tmp_path, "mp4").put(segment, bytes(100))
        (path,) = tmp_path.glob(f"{segment.key}*")
        os.utime(path, (time.time() - age - 1,) * 2)
    monkeypatch.setattr(scenes.segments, "KEEP_BYTES", 250)
    folder = SegmentFolder(tmp_path, "mp4")
    folder.prune()
    assert [folder.find(segment) is not None for segment in segments] == [True, True, False, False]


def test_nothing_is_written_through_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / SEGMENTS).symlink_to(outside)
    with pytest.raises(RenderError, match="is a link"):
        render_film(FILM, {}, tmp_path / "films" / "film.mp4", quality="l")
    folder = SegmentFolder(tmp_path / "own", "mp4")
    (segment,) = cut("key", 10, 15)
    content = b"segment"
    folder.put(segment, content)
    (path,) = folder.path.iterdir()
    path.rename(outside / path.name)
    path.symlink_to(outside / path.name)
    assert folder.find(segment) is None
    assert (outside / path.name).read_bytes() == content


def test_pieces_that_do_not_belong_together(studio: list[Any], tmp_path: Path) -> None:
    render_film(FILM, {}, tmp_path / "film.mp4", quality="l")
    pieces = sorted((tmp_path / SEGMENTS).glob("*.mp4"))[:2]
    lengths = [len(planes(piece)) for piece in pieces]
    with pytest.raises(RenderError, match="does not have the"):
        join(pieces, [lengths[0] + 1, lengths[1]], tmp_path / "x.mp4", "mp4", 15, [])
    other = tmp_path / "other.mp4"
    encoder = Encoder(other, 320, 180, 15, threads=1)
    encoder.write(np.zeros((180, 320, 4), np.uint8), 3)
    encoder.finish()
    with pytest.raises(RenderError, match="was encoded in another way"):
        join([pieces[0], other], [lengths[0], 3], tmp_path / "x.mp4", "mp4", 15, [])
    (tmp_path / "text.mp4").write_bytes(b"no film")
    with pytest.raises(RenderError, match="cannot be read"):
        join([tmp_path / "text.mp4"], [3], tmp_path / "x.mp4", "mp4", 15, [])
    check_piece(pieces[0].read_bytes(), "mp4", SMALL, lengths[0])
    wrong: list[tuple[Callable[[], bytes], int, str]] = [
        (lambda: b"no film", 3, "is no film"),
        (other.read_bytes, 3, "a film of another kind"),
        (pieces[0].read_bytes, lengths[0] + 1, "frames, and"),
    ]
    for content, frames, sentence in wrong:
        with pytest.raises(RenderError, match=sentence):
            check_piece(content(), "mp4", SMALL, frames)


@pytest.mark.parametrize("name", SCENES if os.environ.get("NEUROFILM_FUZZ") == "long" else ["warp", "boundary"])
def test_frames_can_be_drawn_from_the_middle_of_a_scene(small_run: SmallRun, name: str) -> None:
    """What segments rely on: a frame is the same whether those before it were drawn or not."""
    recordings = {chosen: small_run(chosen) for chosen in SCENES[name].experiments}
    parts = film_parts(Film("f", "F", (Beat(name, SCENES[name].experiments),)), recordings, None)
    with configured(parts, SMALL.width, SMALL.height, 5):
        chosen = even_frames(measure_parts(parts).total, 5)
        alone, before = (StillSink(SMALL.height, SMALL.width, frames) for frames in (chosen, neighbours(chosen)))
        play(parts, alone)
        play(parts, before)
    for frame in chosen:
        np.testing.assert_array_equal(alone.stills[frame], before.stills[frame], err_msg=f"frame {frame}")


def neighbours(chosen: Sequence[int]) -> list[int]:
    """Each frame with the three before it."""
    return sorted({max(0, frame - k) for frame in chosen for k in range(4)})


def test_what_killed_processes_set_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours, other = tmp_path / f"{TEXT_CACHE}99999999-abc", tmp_path / f"{TEXT_CACHE}{os.getpid()}-abc"
    foreign = tmp_path / f"{TEXT_CACHE}notes"
    for folder in (ours, other, foreign):
        folder.mkdir()
        (folder / "text.svg").write_text("x")
    made = Path(text_cache.__wrapped__())
    assert not ours.exists() and other.exists() and foreign.exists() and made.is_dir()
