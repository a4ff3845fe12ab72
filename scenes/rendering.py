"""From recordings to a film file: one scene, or the beats of a film."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import RenderError
from scenes.encoding import FORMATS, Encoder
from scenes.films import Beat, Film
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
from scenes.sinks import FilmSink, Progress
from scenes.stage import BaseStage
from scenes.subtitles import compose

if TYPE_CHECKING:
    from engine.recording import Recording

__all__ = [
    "QUALITIES",
    "Beat",
    "Film",
    "Measure",
    "Part",
    "RenderResult",
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
                    stills = capture(parts, width, height, [measure.total - 1], progress, measure.frames)
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
        palette = choose_palette(
            list(capture(parts, width, height, even_frames(measure.total, 12), None, measure.frames).values())
        )
    starts = np.concatenate([[0], np.cumsum(measure.frames)])
    chapters = [
        (part.title, int(a), int(b)) for part, a, b in zip(parts, starts, starts[1:], strict=False) if part.title
    ]
    sink = FilmSink(Encoder(path, width, height, rate // step, format, palette, chapters), progress, step)
    try:
        play(parts, sink, measure.frames)
        sink.finish()
    except BaseException:
        sink.abort()
        raise
    return sink.frames, rate / step
