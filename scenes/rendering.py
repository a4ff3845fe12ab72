"""From recordings to a film file: one scene, or the beats of a film."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import ConfigurationError, RenderError, nearest
from scenes.encoding import FORMATS, Encoder
from scenes.films import Beat, Film
from scenes.frames import FrameCounter, FrameRenderer, FrameSink, frame_config
from scenes.registry import FILMS, SCENES
from scenes.sinks import FilmSink, Progress, StillSink
from scenes.stage import BaseStage
from scenes.subtitles import Cue, compose
from scenes.theme import find_theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.recording import Recording

# as manim's letters: width, height, frames per second
QUALITIES: dict[str, tuple[int, int, int]] = {
    "l": (854, 480, 15),
    "m": (1280, 720, 30),
    "h": (1920, 1080, 60),
    "p": (2560, 1440, 60),
    "k": (3840, 2160, 60),
}

Recordings = "Recording | Sequence[Recording] | Mapping[str, Recording]"


@dataclass(frozen=True)
class RenderResult:
    """What a rendering left.

    Attributes
    ----------
    path : Path
    subtitles : Path or None
        The ``.srt`` file beside it, for films with captions.
    frames : int
    seconds : float
        How long the film runs.
    """

    path: Path
    subtitles: Path | None
    frames: int
    seconds: float


@dataclass(frozen=True)
class Part:
    """A scene with all that it needs, ready to be built."""

    scene: type[BaseStage]
    recordings: Mapping[str, Recording]
    options: Mapping[str, Any]
    title: str = ""

    def build(self, sink: FrameSink, first_frame: int = 0) -> BaseStage:
        """The scene, about to be rendered into `sink`; only within `configured`."""
        attributes: dict[str, Any] = {
            "recordings": dict(self.recordings),
            "options": {**self.scene.options, **self.options},
            "__module__": self.scene.__module__,
        }
        if self.recordings:
            attributes["recording"] = next(iter(self.recordings.values()))
        # manim builds scenes without arguments, so what a scene needs are attributes of a class of its own
        scene_class: type[BaseStage] = type(self.scene.__name__, (self.scene,), attributes)
        return scene_class(renderer=FrameRenderer(sink, scene_class.camera_class, first_frame))


@dataclass(frozen=True)
class Measure:
    """How long each part is, in frames, and what it says."""

    frames: tuple[int, ...]
    cues: tuple[Cue, ...]

    @property
    def total(self) -> int:
        return sum(self.frames)


def render(
    scene: str | type[BaseStage],
    recordings: Any,
    output: str | os.PathLike[str],
    *,
    quality: str = "m",
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> RenderResult:
    """Render one scene to a file.

    Parameters
    ----------
    scene : str or type
        A name in ``SCENES`` or a `Stage` subclass.
    recordings : Recording, sequence or dict of them
    output : path
        Written under another name first, so that it is never half there.
    quality : {"l", "m", "h", "p", "k"}
    format : {"mp4", "webm", "gif", "mov", "png"}, optional
        By default what the name of `output` says, else mp4. ``png`` is the last frame.
    options : dict, optional
        For the scene.
    overwrite : bool
        Whether `output` may replace a file.
    progress : Progress, optional
        Has ``start(total_frames)``, ``update(frame)`` and ``stop()``.

    Raises
    ------
    ConfigurationError
        For an unknown scene, quality or format.
    RenderError
        If the scene does not fit the recording, or the output cannot be written.
    """
    return _render([make_part(scene, recordings, options)], output, quality, format, overwrite, progress)


def render_film(
    film: str | Film,
    recordings: Mapping[str, Recording],
    output: str | os.PathLike[str],
    *,
    quality: str = "m",
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> RenderResult:
    """Render the beats of a film, one after the other, into one file with a chapter each; see `render`."""
    return _render(film_parts(film, recordings, options), output, quality, format, overwrite, progress)


def _render(
    parts: Sequence[Part],
    output: str | os.PathLike[str],
    quality: str,
    format: str | None,
    overwrite: bool,
    progress: Progress | None,
) -> RenderResult:
    path = Path(output)
    format = check_format(path, format)
    width, height, rate = check_quality(quality)
    check_output(path, overwrite)
    subtitles = path.with_suffix(".srt")
    with configured(parts, width, height, rate):
        measure = measure_parts(parts)
        if measure.total == 0:
            raise RenderError(f"the scene {parts[0].scene.__name__} shows nothing: it has no frames")
        if progress is not None:
            progress.start(1 if format == "png" else measure.total)
        try:
            with whole_file(path) as temporary:
                if format == "png":
                    stills = capture(parts, width, height, [measure.total - 1], progress)
                    save_image(stills[measure.total - 1], temporary)
                    frames, rate_out = 1, float(rate)
                else:
                    frames, rate_out = _encode(parts, measure, temporary, width, height, rate, format, progress)
        finally:
            if progress is not None:
                progress.stop()
    text = compose(measure.cues) if format in ("mp4", "webm", "mov") else ""
    if text:
        with whole_file(subtitles) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return RenderResult(path, subtitles if text else None, frames, frames / rate_out)


def _encode(
    parts: Sequence[Part],
    measure: Measure,
    path: Path,
    width: int,
    height: int,
    rate: int,
    format: str,
    progress: Progress | None,
) -> tuple[int, float]:
    """Render all parts into one file; gives the number of frames and their rate."""
    highest = FORMATS[format].highest_rate
    step = 1 if highest is None else max(1, -(-rate // int(highest)))
    palette = None
    if format == "gif":
        from scenes.palettes import choose_palette

        palette = choose_palette(list(capture(parts, width, height, even_frames(measure.total, 12)).values()))
    starts = np.concatenate([[0], np.cumsum(measure.frames)])
    chapters = [
        (part.title, int(a), int(b)) for part, a, b in zip(parts, starts, starts[1:], strict=False) if part.title
    ]
    sink = FilmSink(Encoder(path, width, height, rate // step, format, palette, chapters), progress, step)
    try:
        play(parts, sink)
        sink.finish()
    except BaseException:
        sink.abort()
        raise
    return sink.frames, rate / step


# What scenes.storyboard shares


def play(parts: Sequence[Part], sink: FrameSink) -> Measure:
    """Play all parts one after the other into a sink."""
    frames: list[int] = []
    cues: list[Cue] = []
    for part in parts:
        scene = part.build(sink, sum(frames))
        scene.render()
        renderer = scene.renderer
        cues += [cue.later(sum(frames) / renderer.camera.frame_rate) for cue in scene.cues]
        frames.append(renderer.frame)
    return Measure(tuple(frames), tuple(cues))


def measure_parts(parts: Sequence[Part]) -> Measure:
    """How long the parts are and what they say, without drawing."""
    return play(parts, FrameCounter())


def capture(
    parts: Sequence[Part], width: int, height: int, frames: Sequence[int], progress: Progress | None = None
) -> dict[int, np.ndarray]:
    """Single frames by number, uint8 (H, W, 4)."""
    sink = StillSink(height, width, frames, progress)
    play(parts, sink)
    return sink.stills


def even_frames(total: int, count: int) -> list[int]:
    """Numbers of `count` frames at even distances, each in the middle of its share."""
    count = min(count, total)
    return [int((k + 0.5) * total / count) for k in range(count)]


def make_part(
    scene: str | type[BaseStage], recordings: Any, options: Mapping[str, Any] | None, title: str = ""
) -> Part:
    """Find the scene and see that it fits the recording."""
    scene_class = find_scene(scene)
    named = name_recordings(recordings)
    if named:
        reason = scene_class.fits(next(iter(named.values())))
        if reason is not None:
            raise RenderError(reason)
    return Part(scene_class, named, dict(options or {}), title)


def film_parts(film: str | Film, recordings: Mapping[str, Recording], options: Mapping[str, Any] | None) -> list[Part]:
    """The parts of a film by name or script."""
    script = find_film(film)
    parts = []
    for beat in script.beats:
        missing = [name for name in beat.recordings if name not in recordings]
        if missing:
            raise RenderError(f"the film {script.name!r} needs a recording of {missing[0]!r}, which was not given")
        chosen = {name: recordings[name] for name in beat.recordings} if beat.recordings else dict(recordings)
        parts.append(make_part(beat.scene, chosen, {**beat.options, **(options or {})}, beat.title))
    return parts


def find_scene(scene: str | type[BaseStage]) -> type[BaseStage]:
    """The class of a scene given by name or as itself."""
    if not isinstance(scene, str):
        return scene
    if scene not in SCENES:
        raise nearest("scene", scene, SCENES)
    entry = SCENES[scene]
    found: type[BaseStage] = getattr(import_module(entry.module), entry.class_name)
    return found


def find_film(film: str | Film) -> Film:
    """The script of a film given by name or as itself."""
    if isinstance(film, Film):
        return film
    if film not in FILMS:
        raise nearest("film", film, FILMS)
    found: Film = import_module(FILMS[film].module).FILM
    return found


def name_recordings(recordings: Any) -> dict[str, Recording]:
    """Recordings by name, from one, several or a dict."""
    if recordings is None:
        return {}
    if isinstance(recordings, Mapping):
        return dict(recordings)
    several = recordings if isinstance(recordings, Sequence) else [recordings]
    return {getattr(recording, "name", str(k)): recording for k, recording in enumerate(several)}


def check_quality(quality: str) -> tuple[int, int, int]:
    """Width, height and rate of a quality letter."""
    if quality not in QUALITIES:
        raise nearest("quality", quality, QUALITIES)
    return QUALITIES[quality]


def check_format(path: Path, format: str | None) -> str:
    """The format to write, from the argument or the file's name."""
    known = [*FORMATS, "png"]
    ending = path.suffix.removeprefix(".").lower()
    if format is None:
        format = ending if ending in known else "mp4"
    if format not in known:
        raise nearest("format", format, known)
    if ending in known and ending != format:
        raise ConfigurationError(f"the output {path} ends in .{ending} but the format is {format}; change one of them")
    return format


def check_output(path: Path, overwrite: bool) -> None:
    """Refuse an output that exists or cannot be."""
    if path.is_dir():
        raise RenderError(f"the output {path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise RenderError(f"the output {path} exists; choose another name or pass --overwrite")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` to write to; it takes the place of `path` at the end, or is removed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RenderError(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    temporary = path.with_name(f".{path.stem}-{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise RenderError(f"the output {path} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def configured(parts: Sequence[Part], width: int, height: int, rate: int) -> Iterator[None]:
    """Manim's configuration for these parts; scenes are built and rendered inside."""
    theme = find_theme(str({**parts[0].scene.options, **parts[0].options}.get("theme", "dark")))
    with frame_config(width, height, rate, text_cache(), theme.background):
        yield


@cache
def text_cache() -> str:
    """A folder for set text that lasts as long as the process; manim writes there without a lock."""
    folder = tempfile.TemporaryDirectory(prefix="neurofilm-")
    atexit.register(folder.cleanup)
    return folder.name


def save_image(pixels: np.ndarray, path: Path) -> None:
    """Write a frame uint8 (H, W, 4) as PNG."""
    from PIL import Image

    Image.fromarray(np.ascontiguousarray(pixels[..., :3])).save(path, format="png")


__all__ = ["QUALITIES", "Beat", "Film", "RenderResult", "render", "render_film"]
