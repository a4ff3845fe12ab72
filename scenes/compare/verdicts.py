"""Sentences that say which of two or three trainings is ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.mobjects.loss_curve import loss_text
from scenes.numbers import cardinal, share_text, shortened

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
        NaN is behind all others.
    shares : bool
        Whether values are shares of right answers, of which more is better, or losses, of which less is.
    """

    names: Sequence[str]
    values: Sequence[float]
    shares: bool

    @property
    def texts(self) -> list[str]:
        """The values as they are written; what is written alike counts as equal."""
        return [share_text(value) if self.shares else loss_text(value) for value in self.values]

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
            return f"{self.pair(ahead)}\nlead after epoch {epoch:,}, both at {texts[ahead[0]]}."
        first, second = self.order[:2]
        if len(texts) == 2:
            return f"After epoch {epoch:,}, {texts[first]} against {texts[second]}:\n{self.name(first)} is ahead."
        return f"After epoch {epoch:,}, at {texts[first]},\n{self.name(first)} is ahead."

    def results(self) -> list[str]:
        """The captions that say how all of them ended: one for two, two for three."""
        ahead, texts = self.ahead, self.texts
        right = " right" if self.shares else ""
        if len(texts) == 2:
            return [",\n".join(self.result(k) for k in range(2)) + f"{right}."]
        if len(ahead) == len(texts):
            return [f"All {cardinal(len(texts))} end\nat {texts[0]}{right}."]
        if len(ahead) == 2:
            behind = self.order[-1]
            return [
                f"{self.pair(ahead)}\nend level, at {texts[ahead[0]]}{right}.",
                f"Behind them:\n{self.result(behind)}{right}.",
            ]
        first, *others = self.order
        best = "the most right answers" if self.shares else "the lowest loss"
        rest = ",\n".join(self.result(k) for k in sorted(others))
        return [f"{self.name(first)} ends with\n{best}: {texts[first]}.", f"{rest}{right}."]

    def result(self, k: int) -> str:
        """One name and its value."""
        return f"{self.name(k)}: {self.texts[k]}"
