"""Captions as SubRip subtitles."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import srt  # type: ignore[import-untyped]

from engine.errors import RenderError

LINE_LENGTH = 42
LINES = 2


@dataclass(frozen=True)
class Cue:
    """One caption and when it is shown, in seconds from the beginning; its number among the scene's, from 1."""

    text: str
    start: float
    end: float
    number: int = 0

    def later(self, seconds: float) -> Cue:
        """The same cue in a film in which `seconds` go before."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


def caption_lines(text: str) -> list[str]:
    """The lines of a caption, broken evenly if it is one long line; `RenderError` if it does not fit."""
    lines = [" ".join(line.split()) for line in text.strip().split("\n")]
    if len(lines) == 1 and len(lines[0]) > LINE_LENGTH:
        # the narrowest width that gives as few lines as the widest makes them about equally long
        wrapped = [
            textwrap.wrap(lines[0], width, break_long_words=False, break_on_hyphens=False)
            for width in range(1, LINE_LENGTH + 1)
        ]
        lines = next(broken for broken in wrapped if len(broken) == len(wrapped[-1]))
    longest = max(lines, key=len)
    if len(lines) > LINES or len(longest) > LINE_LENGTH:
        raise RenderError(
            f"the caption {text!r} has {len(lines)} lines, the longest of {len(longest)} characters: "
            f"a caption has at most {LINES} lines of {LINE_LENGTH} characters"
        )
    return lines


def compose(cues: Iterable[Cue]) -> str:
    """The text of an ``.srt`` file; cues that take no time are left out."""
    return srt.compose(
        srt.Subtitle(None, _time(cue.start), _time(cue.end), _plain(cue.text))
        for cue in cues
        if round(cue.end - cue.start, 3) > 0
    )


def _time(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds, 3))


def _plain(text: str) -> str:
    """Text in which players see neither the end of a cue nor the times of another one."""
    return "\n".join(line for line in text.replace("-->", "→").split("\n") if line.strip())
