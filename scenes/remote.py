"""What workers on other machines do: recordings come with the job, and what was rendered goes back with the result."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine.errors import RenderError
from engine.recording import Recording
from engine.recording.packing import pack_recording, unpack_recording
from scenes.jobs import Job, Source, measure, part_of, render_segments
from scenes.parts import text_cache
from scenes.segments import Length, Segment, SegmentFolder, Size

# what was sent before, by the checksum of all its bytes
_unpacked: dict[str, Recording] = {}


def pack(recording: Recording) -> bytes:
    """A recording to be sent along with jobs; its name goes first."""
    return recording.name.encode() + b"\0" + pack_recording(recording)


def measure_remotely(job: Job, size: Size, *packs: bytes) -> Length:
    """`scenes.jobs.measure`, on another machine; a pack for each of the job's recordings."""
    return measure(part_of(job, lambda source: _open(job, source, packs)), size)


def render_remotely(
    job: Job, length: Length, segments: Sequence[Segment], format_name: str, size: Size, *packs: bytes
) -> list[bytes]:
    """`scenes.jobs.render_segments`, on another machine: the contents of the segments' files."""
    part = part_of(job, lambda source: _open(job, source, packs))
    with tempfile.TemporaryDirectory(dir=text_cache()) as name:
        folder = SegmentFolder(Path(name), format_name)
        render_segments(part, length, segments, folder, size, lambda count: None)
        found = [folder.find(segment) for segment in segments]
        return [path.read_bytes() for path in found if path is not None]


def _open(job: Job, source: Source, packs: Sequence[bytes]) -> Recording:
    """The recording that came along for a source: unpacked once, and checked for being what was asked for."""
    position = next(k for k, (_, other) in enumerate(job.recordings) if other == source)
    sent = packs[position]
    key = hashlib.sha256(sent).hexdigest()
    if key not in _unpacked:
        name, _, content = sent.partition(b"\0")
        _unpacked[key] = unpack_recording(content, Path(text_cache()) / "recordings" / key / _folder_name(name))
    recording = _unpacked[key]
    if recording.digest != source.digest:
        raise RenderError(f"the recording {recording.name} did not arrive as it was sent")
    recording.check_network()
    return recording


def _folder_name(name: bytes) -> str:
    text = name.decode(errors="replace")
    if not text or Path(text).name != text or text in (".", "..") or not text.isprintable() or "\\" in text:
        raise RenderError(f"a recording was sent under the name {text!r}, which is no folder's")
    return text
