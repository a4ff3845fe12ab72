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
        srt.Subtitle(None, timedelta(seconds=round(cue.start, 3)), timedelta(seconds=round(cue.end, 3)), cue.text)
        for cue in cues
        if round(cue.end - cue.start, 3) > 0
    )
