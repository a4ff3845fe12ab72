"""A film in segments: where a part is cut, what decides its pictures, and the folder that keeps what was rendered."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import RenderError
from scenes.outputs import process_lives
from scenes.subtitles import Cue
from scenes.timetable import Timetable

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.parts import Part

SEGMENT_SECONDS = 8
KEEP_DAYS = 14
KEEP_BYTES = 4 << 30
LARGEST_MEASURE = 1 << 24  # bytes of a measure that are read
# What draws, besides our own sources
LIBRARIES = ("av", "manim", "numba", "numpy", "pillow", "scipy", "svgelements", "typst")
SEGMENT = re.compile(r"([0-9a-f]{64})-([0-9a-f]{16})\.(mp4|mov|webm)")
MEASURE = re.compile(r"([0-9a-f]{64})\.json")
PASSING = re.compile(r"\.[0-9a-f]{64}-(\d{1,9})\.part(\.\w+)?")


@dataclass(frozen=True)
class Size:
    """Of the pictures: width, height, frames per second."""

    width: int
    height: int
    rate: int


@dataclass(frozen=True)
class Length:
    """How many frames a part has, what it says when, in seconds from its beginning, and how its time passes."""

    frames: int
    cues: tuple[Cue, ...]
    timetable: Timetable = field(default_factory=Timetable)


@dataclass(frozen=True)
class Segment:
    """The frames of a part from `first` up to `end`, under the key of all that decides them."""

    key: str
    first: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.first


@cache
def code_digest() -> str:
    """SHA-256 (hex) of what decides pictures besides what is shown: sources, libraries, the kind of machine."""
    digest = hashlib.sha256(f"{platform.python_version()} {platform.machine()}".encode())
    for library in LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    root = Path(__file__).parent.parent
    for package in ("engine", "scenes"):
        for source in sorted((root / package).rglob("*.py")):
            digest.update(str(source.relative_to(root)).encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()


def identity(recording: Recording) -> list[str]:
    """What pictures may depend on in a recording: its contents, its name and the experiment that it is of."""
    experiment = recording.experiment
    return [recording.name, recording.digest, "" if experiment is None else experiment.to_toml()]


def part_key(part: Part, size: Size, format_name: str) -> str | None:
    """SHA-256 (hex) of all that decides the pictures of a part; None where that cannot be said.

    That is so for scenes whose sources are not ours to read, and for options that are more than plain values.
    """
    scene = scene_name(part)
    if scene is None:
        return None
    telling = asdict(part.telling)
    described = {
        "code": code_digest(),
        "scene": scene,
        "recordings": [[name, *identity(recording)] for name, recording in part.recordings.items()],
        "options": plain(dict(part.options)),
        "telling": {
            **telling,
            "captions": sorted(telling["captions"].items()),
            "holds": sorted(telling["holds"].items()),
        },
        "size": [size.width, size.height, size.rate],
        "format": format_name,
    }
    if described["options"] is None:
        return None
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def scene_name(part: Part) -> str | None:
    """Where a scene that ships with neurofilm can be imported from: ``"scenes.warp.scene:Warp"``."""
    module, name = part.scene.__module__, part.scene.__qualname__
    return f"{module}:{name}" if module.startswith("scenes.") and name.isidentifier() else None


def plain(value: Any) -> Any:
    """A value made of lists, dicts, text, numbers and booleans, with tuples as lists; None if it has anything else."""
    if value is None:
        return ["none"]
    if isinstance(value, (str, int, float)):
        return value
    parts: list[Any]
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return None
        parts = [plain(part) for part in value.values()]
        return None if any(part is None for part in parts) else dict(zip(value, parts, strict=True))
    if isinstance(value, (list, tuple)):
        parts = [plain(part) for part in value]
        return None if any(part is None for part in parts) else parts
    return None


def cut(key: str, frames: int, rate: int) -> list[Segment]:
    """The segments of a part: about equally long, none much longer than `SEGMENT_SECONDS`.

    Where they are cut depends on the part alone, so that the film is the same whoever renders it.
    """
    count = max(1, round(frames / (SEGMENT_SECONDS * rate)))
    ends = [frames * k // count for k in range(count + 1)]
    return [
        Segment(hashlib.sha256(f"{key} {a} {b} {frames}".encode()).hexdigest(), a, b)
        for a, b in zip(ends, ends[1:], strict=False)
        if b > a
    ]


class SegmentFolder:
    """What was rendered of films, each piece under the key of all that decides it, with a checksum in its name.

    Parameters
    ----------
    path : Path
        Made when it is missing; a link in its place is refused.
    format_name : str
    """

    def __init__(self, path: Path, format_name: str) -> None:
        self.path, self.format_name = path, format_name
        if path.is_symlink():
            raise RenderError(f"{path} is a link: remove it, so that segments are written nowhere else")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RenderError(f"the folder {path} cannot be made: {error.strerror}") from error
        self.used: set[Path] = set()

    def find(self, segment: Segment) -> Path | None:
        """The file of a segment, if it is there and whole."""
        for path in self.path.glob(f"{segment.key}-*.{self.format_name}"):
            match = SEGMENT.fullmatch(path.name)
            if match is None or path.is_symlink() or not path.is_file():
                continue
            if _digest(path) == match[2]:
                os.utime(path)
                self.used.add(path)
                return path
            path.unlink(missing_ok=True)  # it was damaged
        return None

    @contextmanager
    def writing(self, segment: Segment) -> Iterator[Path]:
        """A temporary name for a segment to be written to, which gets its own at the end, or is removed."""
        temporary = self.path / f".{segment.key}-{os.getpid()}.part.{self.format_name}"
        try:
            yield temporary
            os.replace(temporary, self.path / f"{segment.key}-{_digest(temporary)}.{self.format_name}")
        except OSError as error:
            raise RenderError(f"a segment cannot be written to {self.path}: {error.strerror or error}") from error
        finally:
            temporary.unlink(missing_ok=True)

    def put(self, segment: Segment, content: bytes) -> None:
        """Keep a segment that was rendered elsewhere."""
        with self.writing(segment) as temporary:
            temporary.write_bytes(content)

    def length(self, key: str) -> Length | None:
        """How long a part is, if that was measured and what was noted is whole."""
        path = self.path / f"{key}.json"
        try:
            if path.is_symlink() or path.stat().st_size > LARGEST_MEASURE:
                return None
            checksum, _, body = path.read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != checksum:
                return None
            noted = json.loads(body)
            os.utime(path)
            self.used.add(path)
            table = Timetable(tuple(noted["scene"]), tuple(noted["film"]), noted["pace"])
            return Length(noted["frames"], tuple(Cue(*cue) for cue in noted["cues"]), table)
        except OSError:
            return None

    def keep_length(self, key: str, length: Length) -> None:
        """Note how long a part is."""
        cues = [[cue.text, cue.start, cue.end, cue.number] for cue in length.cues]
        body = json.dumps({"frames": length.frames, "cues": cues, **asdict(length.timetable)}).encode()
        temporary = self.path / f".{key}-{os.getpid()}.part"
        try:
            temporary.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            os.replace(temporary, self.path / f"{key}.json")
        except OSError as error:
            raise RenderError(f"{self.path} cannot be written to: {error.strerror or error}") from error
        finally:
            temporary.unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what no film has used for two weeks, or what is too much; and what killed processes left."""
        kept: list[tuple[float, int, Path]] = []
        now = time.time()
        for path in self.path.iterdir():
            with contextlib.suppress(OSError):
                passing = PASSING.fullmatch(path.name)
                if passing is not None and not process_lives(int(passing[1])):
                    path.unlink()
                elif SEGMENT.fullmatch(path.name) or MEASURE.fullmatch(path.name):
                    status = path.lstat()
                    if path in self.used:
                        continue
                    if now - status.st_mtime > KEEP_DAYS * 86400:
                        path.unlink()
                    else:
                        kept.append((status.st_mtime, status.st_size, path))
        room = KEEP_BYTES
        for _, size, path in sorted(kept, reverse=True):
            room -= size
            if room < 0:
                with contextlib.suppress(OSError):
                    path.unlink()


def group(segments: Sequence[Segment], most: int) -> list[list[Segment]]:
    """Segments of one part in runs that follow on one another, of at most `most` frames, or of one segment."""
    groups: list[list[Segment]] = []
    for segment in segments:
        last = groups[-1] if groups else []
        if last and last[-1].end == segment.first and segment.end - last[0].first <= most:
            last.append(segment)
        else:
            groups.append([segment])
    return groups


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
