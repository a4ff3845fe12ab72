"""What the tests of damaged and hostile files have in common: how files are changed, and what must hold after."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from engine.errors import NeurofilmError
from engine.recording.files import BLANK, checksum

# Bytes that parsers stumble over
NASTY = [
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\n", b"\r", b'"', b"'", b",",
    b";", b"\t", b"-1", b"1e999", b"nan", b"inf", b"99999999999999999999", b"{", b"}", b"[", b"]", b"=", b"#",
    b"..", b"/", b"\\", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"true", b"null", b"1_0", b"0x10",
    b"\x1b[2J", b"<", b"()", b"%s",
]  # fmt: skip

MEMORY = 1 << 30  # bytes that reading a small file may ask for at most, beyond what the process has

place = st.floats(0, 1)
changes = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), place, st.integers(0, 7)),
        st.tuples(st.just("set"), place, st.integers(0, 255)),
        st.tuples(st.just("insert"), place, st.one_of(st.sampled_from(NASTY), st.binary(min_size=1, max_size=8))),
        st.tuples(st.just("replace"), place, st.one_of(st.sampled_from(NASTY), st.binary(min_size=1, max_size=8))),
        st.tuples(st.just("cut"), place, place),
        st.tuples(st.just("copy"), place, place),
        st.tuples(st.just("end"), place, st.just(0)),
    ),
    min_size=1,
    max_size=4,
)

# What somebody could write in the place of a value
values = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=4),
    st.sampled_from([
        10**12, -(10**12), 10**30, 1e308, "../../x", "/dev/zero", "\0", "\ud800", "dense", "relu", [], {}, [[]],
        {"type": "dense", "units": 10**9}, {"name": "sgd"}, [1] * 9, [2, -1], [10**9, 10**9],
    ]),
)  # fmt: skip


def mutate(contents: bytes, made: list[tuple[str, float, Any]]) -> bytes:
    """Apply `changes` to a file."""
    for kind, at, what in made:
        k = min(int(at * len(contents)), max(len(contents) - 1, 0))
        if kind == "insert":
            contents = contents[:k] + what + contents[k:]
        elif kind == "replace":
            contents = contents[:k] + what + contents[k + len(what) :]
        elif kind == "end":
            contents = contents[:k]
        elif not contents:
            continue
        elif kind == "flip":
            contents = contents[:k] + bytes([contents[k] ^ 1 << what]) + contents[k + 1 :]
        elif kind == "set":
            contents = contents[:k] + bytes([what]) + contents[k + 1 :]
        else:
            first, last = sorted((k, int(what * len(contents))))
            contents = contents[:first] + (contents[first:last] * 2 if kind == "copy" else b"") + contents[last:]
    return contents


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where all values within a JSON value are."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, (*path, key))


def put(document: Any, at: float, value: Any) -> Any:
    """A copy of a JSON value in which the one at a place, from 0 to 1, is another."""
    document = json.loads(json.dumps(document))
    everywhere = list(places(document))
    *way, last = everywhere[min(int(at * len(everywhere)), len(everywhere) - 1)]
    inner = document
    for key in way:
        inner = inner[key]
    inner[last] = value
    return document


def sign(text: bytes) -> bytes:
    """Give a file with a blank checksum the right one, as an attacker would."""
    return text.replace(BLANK, checksum(text).encode(), 1)


def sentence_or(read: Callable[[], Any]) -> Any:
    """What `read` gives, or None where it raises one sentence; everything else is a failure."""
    try:
        with limited_memory():
            return read()
    except NeurofilmError as error:
        text = str(error)
        assert text and "\n" not in text.strip() and len(text) < 2000, text
        return None


@contextlib.contextmanager
def limited_memory() -> Iterator[None]:
    """Let the process ask for no more than `MEMORY` beyond what it has, where the system can hold it to that."""
    if sys.platform != "linux":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
