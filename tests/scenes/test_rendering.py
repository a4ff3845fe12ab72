"""Films as files: exact frames, true colours, whole files only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import pytest
import srt
from manim import RIGHT, Square, linear
from PIL import Image

from engine.errors import ConfigurationError, RenderError
from scenes.encoding import Encoder
from scenes.films import Beat, Film
from scenes.painting.conversion import convert_to_yuv420
from scenes.rendering import QUALITIES, render, render_film
from scenes.sinks import FilmSink
from scenes.stage import Stage
from scenes.storyboards import storyboard, storyboard_film
from scenes.theme import DARK, rgb

COLOURS = [
    DARK.background,
    *DARK.classes,
    DARK.positive,
    DARK.negative,
    DARK.highlight,
    DARK.loss,
    "#ff0000",
    "#00ff00",
]


class Swatches(Stage):
    """Every colour that means something, as a large square."""

    def construct(self) -> None:
        for k, colour in enumerate(COLOURS):
            square = Square(1.6, color=colour, fill_opacity=1, stroke_width=0)
            self.add(square.move_to([(k % 6 - 2.5) * 1.8, (1 - k // 6) * 1.8, 0]))
        self.wait(0.4)


class Sliding(Stage):
    """A square that moves to the right for a second and waits for another 0.6, with a caption."""

    OPTIONS: ClassVar[tuple[str, ...]] = ("caption",)
    speed = 2.0

    def construct(self) -> None:
        square = Square(1, color="#ffffff", fill_opacity=1, stroke_width=0)
        self.caption(self.options.get("caption", "It slides."))
        self.play(square.animate.shift(self.speed * RIGHT), run_time=1.0, rate_func=linear)
        self.wait(0.6)


class Failing(Stage):
    def construct(self) -> None:
        self.wait(0.5)
        raise ZeroDivisionError("in the middle of a scene")


class Empty(Stage):
    def construct(self) -> None:
        self.add(Square())


class Progress:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.frames: list[int] = []
        self.stopped = 0

    def start(self, total: int | None) -> None:
        self.total = total

    def update(self, frame: int) -> None:
        self.frames.append(frame)

    def stop(self) -> None:
        self.stopped += 1


def decode(path: Path) -> tuple[list[np.ndarray], av.VideoStream]:
    """All frames, uint8 (H, W, 3), converted as the file says it is coded, and the stream."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return frames, stream


def decode_as_709(path: Path) -> np.ndarray:
    """The first frame, float64 (H, W, 3) from 0 to 255, computed from its planes by the formulas of BT.709."""
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        planes = [
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width].astype(float)
            for plane in frame.planes
        ]
    luma = (planes[0] - 16) / 219
    blue, red = ((plane.repeat(2, 0).repeat(2, 1) - 128) / 224 for plane in planes[1:])
    r, b = luma + 1.5748 * red, luma + 1.8556 * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.stack([r, g, b], axis=-1) * 255


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_colours_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = render(Swatches, None, tmp_path / "swatches.mp4", quality="l").path
    shown = decode_as_709(path)
    for k, colour in enumerate(COLOURS):
        x, y = 427 + 60 * (k % 6 - 2.5) * 1.8, 240 - 60 * (1 - k // 6) * 1.8
        middle = shown[round(y) - 20 : round(y) + 20, round(x) - 20 : round(x) + 20].mean(axis=(0, 1))
        assert np.abs(middle - np.array(rgb(colour)) * 255).max() <= 3, colour
    _, stream = decode(path)
    assert stream.codec_context.color_primaries == stream.codec_context.color_trc == 1
    assert stream.codec_context.colorspace == 1 and stream.codec_context.color_range == 1
    assert stream.codec_context.pix_fmt == "yuv420p"


@pytest.mark.parametrize("name", ["swatches.webm", "swatches.mov", "swatches.gif", "swatches.png"])
def test_other_formats_have_the_same_colours(tmp_path: Path, name: str) -> None:
    path = render(Swatches, None, tmp_path / name, quality="l").path
    shown = np.asarray(Image.open(path).convert("RGB")) if name.endswith("png") else decode(path)[0][0]
    tolerance = {"gif": 16, "png": 0.5}.get(name[-3:], 6)
    for k, colour in enumerate(COLOURS):
        x, y = 427 + 60 * (k % 6 - 2.5) * 1.8, 240 - 60 * (1 - k // 6) * 1.8
        middle = shown[round(y) - 20 : round(y) + 20, round(x) - 20 : round(x) + 20].mean(axis=(0, 1))
        assert np.abs(middle - np.array(rgb(colour)) * 255).max() <= tolerance, (colour, middle)
    assert leftovers(tmp_path) == [name]


def test_conversion_follows_bt709() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 48, 4), dtype=np.uint8)
    luma, blue, red = np.zeros((32, 64), np.uint8), np.zeros((16, 24), np.uint8), np.zeros((16, 24), np.uint8)
    convert_to_yuv420(pixels.view(np.uint32)[..., 0], luma, blue, red)
    r, g, b = (pixels[..., c] / 255 for c in range(3))
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    assert np.abs(luma[:, :48] - (16 + 219 * y)).max() <= 0.51
    for plane, chroma in ((blue, (b - y) / 1.8556), (red, (r - y) / 1.5748)):
        assert np.abs(plane - (128 + 224 * chroma.reshape(16, 2, 24, 2).mean(axis=(1, 3)))).max() <= 0.52


@pytest.mark.parametrize("quality", ["l", "m"])
def test_a_film_has_exactly_its_frames(tmp_path: Path, quality: str) -> None:
    width, height, rate = QUALITIES[quality]
    progress = Progress()
    result = render(Sliding, None, tmp_path / "sliding.mp4", quality=quality, progress=progress)
    frames, stream = decode(result.path)
    assert len(frames) == result.frames == round(1.6 * rate)
    assert result.seconds == pytest.approx(1.6)
    assert stream.average_rate == rate and frames[0].shape == (height, width, 3)
    scale = height / 8
    for k in range(0, len(frames), 4):
        row = frames[k][round(height / 2), :, 0].astype(float) - frames[k][0, 0, 0]
        expected = width / 2 + scale * 2 * min(k / rate, 1)
        assert np.average(np.arange(width) + 0.5, weights=np.clip(row - 20, 0, None)) == pytest.approx(expected, abs=1)
    assert progress.total == len(frames) and progress.frames[-1] == len(frames) and progress.stopped == 1
    assert progress.frames == sorted(progress.frames)


def test_the_subtitles_lie_beside_the_film(tmp_path: Path) -> None:
    result = render(Sliding, None, tmp_path / "films" / "sliding.mp4", quality="l")
    assert result.subtitles == tmp_path / "films" / "sliding.srt"
    cues = list(srt.parse(result.subtitles.read_text(encoding="utf-8")))
    assert [(cue.content, cue.start.total_seconds(), cue.end.total_seconds()) for cue in cues] == [
        ("It slides.", 0.0, 1.6)
    ]
    assert leftovers(tmp_path / "films") == ["sliding.mp4", "sliding.srt"]


def test_the_file_can_be_played_while_it_loads(tmp_path: Path) -> None:
    content = render(Sliding, None, tmp_path / "sliding.mp4", quality="l").path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_gif_keeps_its_time(tmp_path: Path) -> None:
    result = render(Sliding, None, tmp_path / "sliding.gif", quality="l")
    with Image.open(result.path) as image:
        total = sum(image.seek(k) or image.info["duration"] for k in range(image.n_frames))
    assert result.frames == 24 and result.subtitles is None
    assert total == pytest.approx(1600, abs=60)


def test_a_png_is_the_last_frame(tmp_path: Path) -> None:
    path = render(Sliding, None, tmp_path / "sliding.png", quality="l").path
    row = np.asarray(Image.open(path).convert("RGB"))[240, :, 0].astype(float) - 14
    assert np.average(np.arange(854) + 0.5, weights=row) == pytest.approx(427 + 120, abs=0.5)


def test_options_and_recordings_reach_the_scene(tmp_path: Path) -> None:
    seen = {}

    class Asking(Sliding):
        OPTIONS = ("other",)
        options = {"caption": "Default.", "other": 1}

        def construct(self) -> None:
            seen.update(options=dict(self.options), recording=self.recording, names=list(self.recordings))
            super().construct()

    first, second = object(), object()
    render(Asking, {"a": first, "b": second}, tmp_path / "a.mp4", quality="l", options={"caption": "Given."})
    assert seen["options"] == {"caption": "Given.", "other": 1}
    assert seen["recording"] is first and seen["names"] == ["a", "b"]


FILM = Film(
    "two",
    "Two beats",
    (
        Beat(Sliding, ("a",), {"caption": "One."}, "The first"),
        Beat(Swatches, ("b",), {}, "The second"),
        Beat(Sliding, (), {"caption": "Three."}, "The third"),
    ),
)


def test_the_beats_of_a_film_follow_each_other(tmp_path: Path) -> None:
    result = render_film(FILM, {"a": object(), "b": object()}, tmp_path / "film.mp4", quality="l")
    frames, _ = decode(result.path)
    assert result.frames == len(frames) == 24 + 6 + 24
    times = [packet.pts for packet in av.open(str(result.path)).demux(video=0) if packet.pts is not None]
    assert sorted(set(times)) == sorted(times) and len(times) == 54
    cues = list(srt.parse(result.subtitles.read_text(encoding="utf-8")))
    assert [(cue.content, round(cue.start.total_seconds() * 15, 2)) for cue in cues] == [("One.", 0), ("Three.", 30)]
    with av.open(str(result.path)) as container:
        chapters = [(c["metadata"]["title"], float(c["start"] * c["time_base"])) for c in container.chapters()]
    assert [title for title, _ in chapters] == ["The first", "The second", "The third"]
    assert [start for _, start in chapters] == pytest.approx([0, 24 / 15, 30 / 15], abs=0.01)


def test_a_film_says_which_recording_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="needs a recording of 'b'"):
        render_film(FILM, {"a": object()}, tmp_path / "film.mp4")


def test_a_failing_scene_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        render(Failing, None, tmp_path / "failing.mp4", quality="l")
    assert leftovers(tmp_path) == []


def test_a_failing_encoder_stops_the_scene_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Encoder, pixels: np.ndarray, repeat: int = 1) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Encoder, "write", fail)
    with pytest.raises(RenderError, match="sliding.mp4 cannot be written: No space left on device"):
        render(Sliding, None, tmp_path / "sliding.mp4", quality="l")
    assert leftovers(tmp_path) == []


INTERRUPTED = """
import signal
import sys
from pathlib import Path
from typing import ClassVar

signal.signal(signal.SIGINT, signal.default_int_handler)  # which a suite that runs in the background takes away

from scenes.rendering import render
from scenes.stage import Stage

class Long(Stage):
    def construct(self):
        self.play_clock(1000, lambda alpha: print("frame", flush=True))

render(Long, None, Path(sys.argv[1]), quality="l")
"""


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    root = Path(__file__).parent.parent.parent
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", INTERRUPTED, str(tmp_path / "long.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    for _ in range(20):
        assert process.stdout.readline() == "frame\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0 and "KeyboardInterrupt" in errors
    assert leftovers(tmp_path) == []


def test_an_output_that_exists_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(RenderError, match=r"film.mp4 exists; choose another name or pass --overwrite"):
        render(Sliding, None, path, quality="l")
    assert path.read_bytes() == b"precious"
    render(Sliding, None, path, quality="l", overwrite=True)
    assert len(decode(path)[0]) == 24


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scene": "wrap"}, ConfigurationError, "unknown scene 'wrap': did you mean 'warp'"),
        ({"quality": "x"}, ConfigurationError, "unknown quality 'x'"),
        ({"format": "avi"}, ConfigurationError, "unknown format 'avi'"),
        ({"output": "film.webm", "format": "mp4"}, ConfigurationError, "ends in .webm but the format is mp4"),
        ({"scene": Empty}, RenderError, "Empty shows nothing"),
        ({"output": "."}, RenderError, "is a folder"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: dict, error: type[Exception], message: str) -> None:
    given = {"scene": Sliding, "recordings": None, "output": "film.mp4", **arguments}
    given["output"] = tmp_path / given["output"]
    with pytest.raises(error, match=message):
        render(**given)
    assert leftovers(tmp_path) == []


def test_a_scene_that_does_not_fit_says_why(tmp_path: Path) -> None:
    class Choosy(Sliding):
        @classmethod
        def fits(cls, recording: object) -> str | None:
            return "the network has 3 inputs, but this scene shows a plane"

    with pytest.raises(RenderError, match="has 3 inputs"):
        render(Choosy, object(), tmp_path / "film.mp4")


def test_a_storyboard_shows_stills_at_even_times(tmp_path: Path) -> None:
    path = storyboard(Sliding, None, tmp_path / "board.png", frames=6, quality="l", stills=tmp_path / "stills")
    sheet = np.asarray(Image.open(path))
    assert sheet.shape[2] == 3 and sheet.shape[1] > 2 * 640
    stills = sorted((tmp_path / "stills").iterdir())
    assert len(stills) == 6
    places = []
    for still in stills:
        row = np.asarray(Image.open(still).convert("RGB"))[240, :, 0].astype(float) - 14
        places.append((np.average(np.arange(854) + 0.5, weights=row) - 427) / 120)
    times = [int((k + 0.5) * 24 / 6) / 15 for k in range(6)]
    assert places == pytest.approx([min(time, 1) for time in times], abs=0.01)
    assert [still.stem.split("-")[-1] for still in stills] == [f"{time:07.2f}s" for time in times]
    assert leftovers(tmp_path) == ["board.png", "stills"]


def test_a_storyboard_of_a_film_spans_its_beats(tmp_path: Path) -> None:
    progress = Progress()
    recordings = {"a": object(), "b": object()}
    storyboard_film(FILM, recordings, tmp_path / "board.png", frames=10, quality="l", progress=progress)
    assert progress.total == 10 and progress.frames[-1] == 10 and progress.stopped == 1
    assert progress.frames == sorted(progress.frames)


def test_a_storyboard_can_be_asked_for_times(tmp_path: Path) -> None:
    storyboard(Sliding, None, tmp_path / "board.png", quality="l", times=[0.2, 1.0, 99.0], stills=tmp_path / "stills")
    # a time after the end is the last frame
    names = [path.stem.removeprefix("board-") for path in sorted((tmp_path / "stills").iterdir())]
    assert names == ["0000.20s", "0001.00s", "0001.53s"]


def test_frames_are_encoded_while_the_next_are_drawn(tmp_path: Path) -> None:
    sink = FilmSink(Encoder(tmp_path / "a.mp4", 64, 64, Fraction(10)))
    for k in range(20):
        pixels = sink.buffer()
        pixels[:] = 12 * k
        sink.put([k], pixels)
    sink.finish()
    levels = [frame.mean() for frame in decode(tmp_path / "a.mp4")[0]]
    assert levels == pytest.approx([12 * k for k in range(20)], abs=4)
