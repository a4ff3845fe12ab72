"""Whether helpers help a training on: tried out now and then, since sizes do not tell.

Where other programs want the processors, or where two of them are one that a machine lends twice, the threads of a crew
(see `engine.crew`) wait for each other, and a loop that works alone is up to twice as fast. The bits are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

# Seconds that a trial of the other way lasts, if a step is not longer; seconds between two trials at first and at most,
# but for trials that are long; the share of the time that they may take then; and to which part of its time the other
# way has to bring a step to be gone on with.
TRIAL, OFTEN, SELDOM, SHARE, FASTER = 0.002, 0.03, 0.5, 0.02, 0.9

FIRST_STEPS = 4  # until it is known how long one takes


class Pacing:
    """Cuts the steps of a training into pieces that are done with helpers or alone.

    Most go the way that was faster when both were tried last. In between, some steps go the other way.

    Attributes
    ----------
    helps : bool
        Whether helpers do.
    """

    def __init__(self) -> None:
        self.helps = True
        self._trying = False
        self._between = OFTEN
        self._steps, self._seconds = 0, 0.0  # of what goes one way, up to now
        self._step = 0.0  # seconds, of the way that is being gone

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
        """The steps from `first` up to `last`: pieces, as where each begins and ends and whether it has helpers.

        What a piece took must be told to `note` before the next one is asked for.
        """
        while first < last:
            helped, known = self.helps != self._trying, self._seconds / self._steps if self._steps else self._step
            left = (TRIAL if self._trying else self._between) - self._seconds
            steps = max(int(left / known), 1) if known else FIRST_STEPS
            stop = min(first + steps + helped, last)
            yield first, stop, helped
            first = stop

    def note(self, steps: int, seconds: float) -> None:
        """Take notice of how long a piece took, without its first step where it has helpers: these are yet to come."""
        if steps == 0:
            return
        self._steps, self._seconds = self._steps + steps, self._seconds + seconds
        if self._seconds < (TRIAL if self._trying else self._between):
            return
        step, took = self._seconds / self._steps, self._seconds
        self._steps, self._seconds = 0, 0.0
        if not self._trying:
            self._step = step
        elif step < FASTER * self._step:
            self.helps, self._step, self._between = not self.helps, step, OFTEN
        else:
            self._between = min(2 * self._between, max(SELDOM, took / SHARE))
        self._trying = not self._trying
