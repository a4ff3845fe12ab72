"""Captions as SubRip subtitles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import srt  # type: ignore[import-untyped]

LINE_LENGTH = 42
LINES = 2


@dataclass(frozen=True)
class Cue:
    """One caption and when it is shown, in seconds from the beginning."""

    text: str
    start: float
    end: float

    def later(self, seconds: float) -> Cue:
        """The same cue in a film in which `seconds` go before."""
        return replace(self, start=self.start + seconds, end=self.end + seconds)


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
