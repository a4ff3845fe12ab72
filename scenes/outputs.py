"""Where pictures go: qualities, formats, and files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from engine.errors import ConfigurationError, RenderError, nearest
from scenes.encoding import FORMATS

# as manim's letters: width, height, frames per second
QUALITIES: dict[str, tuple[int, int, int]] = {
    "l": (854, 480, 15),
    "m": (1280, 720, 30),
    "h": (1920, 1080, 60),
    "p": (2560, 1440, 60),
    "k": (3840, 2160, 60),
}


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
    with contextlib.suppress(OSError):
        _remove_abandoned(path)
    temporary = path.with_name(f".{path.stem}-{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise RenderError(f"the output {path} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _remove_abandoned(path: Path) -> None:
    """Remove what killed processes were writing for `path`."""
    part = re.compile(rf"\.{re.escape(path.stem)}-(\d{{1,9}})\.part{re.escape(path.suffix)}")
    for name in os.listdir(path.parent):
        match = part.fullmatch(name)
        if match and not process_lives(int(match[1])):
            path.with_name(name).unlink(missing_ok=True)


def process_lives(process: int) -> bool:
    """Whether there is a process of this number, or no asking."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True


def save_image(pixels: np.ndarray, path: Path) -> None:
    """Write a frame uint8 (H, W, 4) as PNG."""
    Image.fromarray(np.ascontiguousarray(pixels[..., :3])).save(path, format="png")
