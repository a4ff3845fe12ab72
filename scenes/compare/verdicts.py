"""Sentences that say which of two or three trainings is ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.mobjects.loss_curve import loss_text
from scenes.numbers import cardinal, share_text, shortened
from scenes.subtitles import LINE_LENGTH

LONGEST = 28  # letters of a name in a caption, which leave room for a number
HALF = 18  # of each of two names in a line
TRAILING = " -,"  # what a name is not cut behind


@dataclass(frozen=True)
class Standing:
    """Where trainings stand at one moment.

    Attributes
    ----------
    names : sequence of str
    values : sequence of float
        NaN for one whose training has diverged, which is behind all others.
    shares : bool
        Whether values are shares of right answers, of which more is better, or losses, of which less is.
    """

    names: Sequence[str]
    values: Sequence[float]
    shares: bool

    @property
    def texts(self) -> list[str]:
        """The values as they are written; what is written alike counts as equal."""
        return [value_text(value, self.shares) for value in self.values]

    @property
    def order(self) -> list[int]:
        """Numbers of the trainings, the best one first."""
        signed = -np.asarray(self.values) if self.shares else np.asarray(self.values)
        return [int(k) for k in np.argsort(np.where(np.isnan(signed), np.inf, signed), kind="stable")]

    @property
    def ahead(self) -> list[int]:
        """Those that none of the others is ahead of."""
        return [k for k in self.order if self.texts[k] == self.texts[self.order[0]]]

    def name(self, k: int, letters: int = LONGEST) -> str:
        """A name that fits into a sentence."""
        return shortened(self.names[k], letters, TRAILING)

    def pair(self, ahead: Sequence[int]) -> str:
        """Two names, in the order in which the pictures stand."""
        one, other = sorted(ahead)
        return f"{self.name(one, HALF)} and {self.name(other, HALF)}"

    def after(self, epoch: int) -> str:
        """Who is ahead after an epoch."""
        ahead, texts = self.ahead, self.texts
        if len(ahead) == len(texts):
            all_ = "both" if len(texts) == 2 else f"all {cardinal(len(texts))}"
            return f"After epoch {epoch:,} {all_}\nare at {texts[0]}."
        if len(ahead) == 2:
            return f"After epoch {epoch:,}, level at {texts[ahead[0]]}:\n{self.pair(ahead)}."
        first, second = self.order[:2]
        # names may be of one or of many, as in "90 examples"
        if len(texts) > 2:
            return f"After epoch {epoch:,}, in the lead\nat {texts[first]}: {self.name(first)}."
        line = f"After epoch {epoch:,}, {texts[first]} against {texts[second]}."
        return f"{line if len(line) <= LINE_LENGTH else f'After epoch {epoch:,},'}\nIn the lead: {self.name(first)}."

    def results(self) -> list[str]:
        """The captions that say how all of them ended: one for two, two for three."""
        ahead, texts = self.ahead, self.texts
        if len(texts) == 2:
            return [self.listed([0, 1])]
        if len(ahead) == len(texts):
            return [f"All {cardinal(len(texts))} end\nat {texts[0]}{self.right(ahead[0])}."]
        if len(ahead) == 2:
            level = f"Level at the end, at {texts[ahead[0]]}{self.right(ahead[0])}:\n{self.pair(ahead)}."
            return [level, f"Behind them:\n{self.listed(self.order[-1:])}"]
        first, *others = self.order
        best = "The most right answers" if self.shares else "The lowest loss"
        return [f"{best} at the end:\n{self.result(first)}.", self.listed(sorted(others))]

    def listed(self, chosen: Sequence[int]) -> str:
        """Names and values, one in a line."""
        return ",\n".join(self.result(k) for k in chosen) + f"{self.right(chosen[-1])}."

    def result(self, k: int) -> str:
        """One name and its value."""
        return f"{self.name(k)}: {self.texts[k]}"

    def right(self, k: int) -> str:
        """What follows a value so that it is said what it is a share of."""
        return " right" if self.shares and not np.isnan(self.values[k]) else ""


def value_text(value: float, is_share: bool) -> str:
    """A share of right answers or a loss; NaN stands for a training that has diverged."""
    if np.isnan(value):
        return "diverged"
    return share_text(value) if is_share else loss_text(value)
