"""The quick look before a long render: stills at even times on one sheet."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typst
from PIL import Image

from engine.errors import ConfigurationError, RenderError
from scenes.outputs import check_output, check_quality, save_image, whole_file
from scenes.parts import Part, capture, configured, even_frames, film_parts, make_part, measure_parts
from scenes.theme import DARK, Theme, rgb

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.films import Film
    from scenes.sinks import Progress
    from scenes.stage import BaseStage

STILL_WIDTH = 640  # of each still on the sheet, in pixels, at most
GAP = 12
LABEL = 30


def storyboard(
    scene: str | type[BaseStage],
    recordings: Any,
    output: str | os.PathLike[str],
    *,
    frames: int = 12,
    quality: str = "m",
    options: Mapping[str, Any] | None = None,
    stills: str | os.PathLike[str] | None = None,
    times: Sequence[float] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Stills of a scene at even times, with their times, on one PNG sheet.

    Parameters
    ----------
    scene, recordings, quality, options, overwrite, progress
        As for `scenes.rendering.render`.
    output : path
        The sheet.
    frames : int
        How many stills.
    stills : path, optional
        A folder for the single stills in full size as well.
    times : sequence of float, optional
        Seconds at which to take the stills, instead of even times.

    Returns
    -------
    Path
        The sheet.
    """
    parts = [make_part(scene, recordings, options)]
    return _storyboard(parts, output, frames, quality, stills, times, overwrite, progress)


def storyboard_film(
    film: str | Film,
    recordings: Mapping[str, Recording],
    output: str | os.PathLike[str],
    *,
    frames: int = 12,
    quality: str = "m",
    options: Mapping[str, Any] | None = None,
    stills: str | os.PathLike[str] | None = None,
    times: Sequence[float] | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    beats: Sequence[int] | None = None,
) -> Path:
    """Stills of a whole film, or of some of its beats, at even times on one PNG sheet; see `storyboard`."""
    parts = film_parts(film, recordings, options, beats)
    return _storyboard(parts, output, frames, quality, stills, times, overwrite, progress)


def _storyboard(
    parts: Sequence[Part],
    output: str | os.PathLike[str],
    frames: int,
    quality: str,
    stills: str | os.PathLike[str] | None,
    times: Sequence[float] | None,
    overwrite: bool,
    progress: Progress | None,
) -> Path:
    path = Path(output)
    width, height, rate = check_quality(quality)
    check_output(path, overwrite)
    if frames < 1:
        raise ConfigurationError(f"frames={frames}: a storyboard needs at least one still")
    with configured(parts, width, height, rate):
        measure = measure_parts(parts)
        total = measure.total
        if total == 0:
            raise RenderError(f"the scene {parts[0].scene.__name__} shows nothing: it has no frames")
        chosen = even_frames(total, frames)
        if times is not None:
            chosen = sorted({min(max(round(time * rate), 0), total - 1) for time in times})
        if progress is not None:
            progress.start(len(chosen))
        try:
            pictures = capture(parts, width, height, chosen, progress, measure.lengths)
        finally:
            if progress is not None:
                progress.stop()
        sheet = assemble([(pictures[frame], frame / rate) for frame in chosen], parts[0].theme)
    with whole_file(path) as temporary:
        save_image(sheet, temporary)
    if stills is not None:
        for frame in chosen:
            with whole_file(Path(stills) / f"{path.stem}-{frame / rate:07.2f}s.png") as temporary:
                save_image(pictures[frame], temporary)
    return path


def assemble(pictures: Sequence[tuple[np.ndarray, float]], theme: Theme = DARK) -> np.ndarray:
    """One sheet, uint8 (H, W, 3), of pictures with their times in seconds."""
    columns = max(1, math.ceil(math.sqrt(len(pictures) * 3 / 4)))
    rows = math.ceil(len(pictures) / columns)
    height, width = pictures[0][0].shape[:2]
    still_width = min(width, STILL_WIDTH)
    still_height = round(height * still_width / width)
    ground = tuple(round(255 * c) for c in rgb(theme.faint))
    sheet = Image.new(
        "RGB", (columns * (still_width + GAP) + GAP, rows * (still_height + LABEL + GAP) + GAP), color=ground
    )
    for k, (pixels, seconds) in enumerate(pictures):
        left = GAP + k % columns * (still_width + GAP)
        top = GAP + k // columns * (still_height + LABEL + GAP)
        picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
        if still_width != width:
            picture = picture.resize((still_width, still_height), Image.Resampling.LANCZOS)
        sheet.paste(picture, (left, top + LABEL))
        label = time_label(seconds, theme)
        sheet.paste(label, (left, top + (LABEL - label.height) // 2))
    return np.asarray(sheet)


def time_label(seconds: float, theme: Theme = DARK) -> Image.Image:
    """A small picture that says minutes and seconds."""
    minutes = f"{int(seconds // 60)}:{seconds % 60:05.2f}"
    source = (
        f'#set page(width: auto, height: auto, margin: 2pt, fill: rgb("{theme.faint}"))\n'
        f'#set text(font: "Libertinus Serif", size: 15pt, fill: rgb("{theme.text}"), number-width: "tabular")\n'
        f'#"{minutes}"'
    )
    png = typst.compile(source.encode(), format="png", ppi=96, ignore_system_fonts=True)
    return Image.open(io.BytesIO(png)).convert("RGB")
