"""From recordings to a film file: one scene, or the beats of a film."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import RenderError
from scenes.encoding import FORMATS, Chapter, Encoder
from scenes.films import Beat, Film, Thumbnail
from scenes.joining import join, still_of
from scenes.outputs import QUALITIES, check_format, check_output, check_quality, save_image, whole_file
from scenes.palettes import choose_palette
from scenes.parts import (
    Measure,
    Part,
    capture,
    configured,
    even_frames,
    film_parts,
    find_film,
    find_scene,
    make_part,
    measure_parts,
    play,
    text_cache,
)
from scenes.production import Production, Studio
from scenes.segments import SegmentFolder, Size
from scenes.sinks import FilmSink, Progress
from scenes.stage import BaseStage
from scenes.subtitles import Cue, compose

if TYPE_CHECKING:
    from engine.recording import Recording

__all__ = [
    "QUALITIES",
    "Beat",
    "Film",
    "Measure",
    "Part",
    "RenderResult",
    "Studio",
    "check_output",
    "configured",
    "film_parts",
    "find_film",
    "find_scene",
    "make_part",
    "measure_parts",
    "play",
    "render",
    "render_film",
    "text_cache",
]

SEGMENTS = ".segments"  # the folder beside a film that keeps what was rendered of it
JOINED = ("mp4", "mov", "webm")  # formats whose segments can be put together; they have subtitles, too


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
    thumbnail : Path or None
        The still that stands for a film.
    """

    path: Path
    subtitles: Path | None
    frames: int
    seconds: float
    thumbnail: Path | None = None


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
    beats: Sequence[int] | None = None,
    studio: Studio | None = None,
) -> RenderResult:
    """Render the beats of a film, one after the other, into one file with its chapters.

    Each beat is rendered in segments, which are kept in the folder ``.segments`` beside the output: what did not change
    is not rendered again, and a film that was interrupted goes on where it stopped. GIF and PNG are made in one go.

    Parameters
    ----------
    film, recordings, output, quality, format, options, overwrite, progress
        See `render`; the recordings have the names that the film gives them.
    beats : sequence of int, optional
        Numbers of the beats to render, from 1 and ascending; by default all.
    studio : Studio, optional
        Who renders: other processes, through the interface of `concurrent.futures.Executor`; by default it is done in
        this one. The frames are the same.
    """
    script = find_film(film)
    path = Path(output)
    chosen = check_format(path, format)
    numbers = range(1, len(script.beats) + 1) if beats is None else beats
    parts = film_parts(script, recordings, options, numbers)
    if chosen not in JOINED:
        return _render(parts, output, quality, format, overwrite, progress)
    size = Size(*check_quality(quality))
    check_output(path, overwrite)
    folder = SegmentFolder(path.parent / SEGMENTS, chosen)
    production = Production(parts, size, folder, studio, progress)
    try:
        if progress is not None:
            progress.start(None)  # how much it is, is still to be seen
        production.measure()
        if progress is not None:
            progress.start(production.frames)
        pieces = production.render()
        lengths = [segment.frames for segments in production.segments for segment in segments]
        with whole_file(path) as temporary:
            join(pieces, lengths, temporary, chosen, size.rate, _chapters(script, parts, numbers, production))
        starts = production.starts
        cues = [cue.later(starts[k] / size.rate) for k, length in enumerate(production.lengths) for cue in length.cues]
        subtitles = _write_subtitles(path, cues)
        thumbnail = path.with_name(f"{path.stem}-thumbnail.png")
        piece, frame = production.locate(*_still(script.thumbnail, list(numbers)))
        image = still_of(pieces[piece], frame, size.rate)
        with whole_file(thumbnail) as temporary:
            image.save(temporary, format="png")
    finally:
        if progress is not None:
            progress.stop()
        production.discard_passing()
        folder.prune()
    return RenderResult(path, subtitles, production.frames, production.frames / size.rate, thumbnail)


def _chapters(script: Film, parts: Sequence[Part], numbers: Sequence[int], production: Production) -> list[Chapter]:
    """Where chapters begin and end; one that began before the first beat goes on in it."""
    before = [beat.title for beat in script.beats[: numbers[0]] if beat.title]
    titles = [part.title for part in parts]
    titles[0] = before[-1] if before else ""
    begins = [k for k, title in enumerate(titles) if title]
    starts = [*production.starts, production.frames]
    ends = [*begins[1:], len(parts)] if begins else []
    return [(titles[k], starts[k], starts[end]) for k, end in zip(begins, ends, strict=True)]


def _still(thumbnail: Thumbnail | None, numbers: Sequence[int]) -> tuple[int, float]:
    """Which of the parts the film's still is taken from, and the share of it that has passed."""
    if thumbnail is not None and thumbnail.beat in numbers:
        return numbers.index(thumbnail.beat), thumbnail.at
    return len(numbers) // 2, 0.5


def _write_subtitles(path: Path, cues: Sequence[Cue]) -> Path | None:
    """The film's captions beside it; none if it says nothing."""
    text = compose(cues)
    subtitles = path.with_suffix(".srt")
    if not text:
        return None
    with whole_file(subtitles) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return subtitles


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
    with configured(parts, width, height, rate):
        measure = measure_parts(parts)
        if measure.total == 0:
            raise RenderError(f"the scene {parts[0].scene.__name__} shows nothing: it has no frames")
        if progress is not None:
            progress.start(1 if format == "png" else measure.total)
        try:
            with whole_file(path) as temporary:
                if format == "png":
                    stills = capture(parts, width, height, [measure.total - 1], progress, measure.lengths)
                    save_image(stills[measure.total - 1], temporary)
                    frames, rate_out = 1, float(rate)
                else:
                    frames, rate_out = _encode(parts, measure, temporary, width, height, rate, format, progress)
        finally:
            if progress is not None:
                progress.stop()
    subtitles = _write_subtitles(path, measure.cues) if format in JOINED else None
    return RenderResult(path, subtitles, frames, frames / rate_out)


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
        palette = choose_palette(
            list(capture(parts, width, height, even_frames(measure.total, 12), None, measure.lengths).values())
        )
    starts = np.concatenate([[0], np.cumsum(measure.frames)])
    chapters = [
        (part.title, int(a), int(b)) for part, a, b in zip(parts, starts, starts[1:], strict=False) if part.title
    ]
    sink = FilmSink(Encoder(path, width, height, rate // step, format, palette, chapters), progress, step)
    try:
        play(parts, sink, measure.lengths)
        sink.finish()
    except BaseException:
        sink.abort()
        raise
    return sink.frames, rate / step
