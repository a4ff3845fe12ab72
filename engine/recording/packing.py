"""A recording as one piece, to be read on another machine: its files, and its data even where the run keeps none."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

from engine.errors import RecordingError
from engine.recording.description import read_description, write_description
from engine.recording.directory import DATA, EXPERIMENT, METRICS, OLD_SNAPSHOT, OLD_SNAPSHOTS, RUN, SNAPSHOTS
from engine.recording.files import read_file, write_file
from engine.recording.reader import Recording
from engine.recording.tensors import pack_tensors, plain

NEEDED = (RUN, METRICS)  # of which recordings are made; of the others there may be none
KNOWN = (*NEEDED, EXPERIMENT, DATA, SNAPSHOTS)


def pack_recording(recording: Recording) -> bytes:
    """All that pictures of a recording need, as an uncompressed ZIP archive."""
    path, buffer = recording.path, io.BytesIO()
    names = [*NEEDED, *recording.snapshot_files]
    if recording.experiment is not None:
        names.append(EXPERIMENT)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            archive.writestr(name, bytes(read_file(path / name, empty=name == METRICS)))
        if recording.data_description.stored:
            archive.writestr(DATA, bytes(read_file(path / DATA)))
        else:
            arrays = {name: plain(array) for name, array in recording.data.arrays().items()}
            archive.writestr(DATA, b"".join(pack_tensors(arrays, {"name": recording.data.name})))
    return buffer.getvalue()


def unpack_recording(content: bytes, folder: Path) -> Recording:
    """Make a run directory of a recording that came from elsewhere.

    Parameters
    ----------
    content : bytes
        From `pack_recording`; from whomever it is, nothing in it is executed, and nothing is written outside `folder`.
    folder : Path
        Made here; its name is the recording's.

    Raises
    ------
    RecordingError
        When it is not such an archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names) or not set(NEEDED) <= set(names):
                raise RecordingError("a packed recording lacks a file, or holds one twice")
            for entry in entries:
                _check(entry, len(content))
            folder.mkdir(parents=True)
            for entry in entries:
                if entry.filename.startswith(OLD_SNAPSHOTS + "/"):
                    (folder / OLD_SNAPSHOTS).mkdir(exist_ok=True)
                write_file(folder / entry.filename, archive.read(entry), durable=False)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise RecordingError(f"a packed recording is damaged: {error}") from None
    except OSError as error:
        raise RecordingError(f"{folder} cannot be written: {error.strerror or error}") from error
    run = read_description(folder / RUN)
    if not run.data.stored:  # here they are
        write_description(folder / RUN, replace(run, data=replace(run.data, stored=True)), durable=False)
    return Recording(folder)


def _check(entry: zipfile.ZipInfo, size: int) -> None:
    """Hold an entry to being one of a run's files, and no larger than what arrived."""
    folder, _, name = entry.filename.rpartition("/")
    ours = entry.filename in KNOWN or (folder == OLD_SNAPSHOTS and OLD_SNAPSHOT.fullmatch(name) is not None)
    if not ours:
        raise RecordingError(f"a packed recording holds {entry.filename!r}, which is no file of a run")
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > size or entry.flag_bits & 1:
        raise RecordingError(f"a packed recording holds {entry.filename!r} in a way that is not ours")
