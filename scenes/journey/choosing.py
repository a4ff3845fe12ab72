"""Which example is followed: one whose answer flips, is wrong at first, and right at the end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scenes.journey.course import Course
from scenes.numbers import number_word

ENOUGH = 8  # flips that can be told apart in the picture; more are only restless
TOO_MANY = 0.5  # what each flip beyond that counts against an example
OTHER_ANSWER = 1.0  # what each different answer counts for it
FORGOTTEN, OFTEN = 1.5, 3  # what it counts, up to so many times, that it had been right and then was wrong
SEEN = 0.012  # share of the playing time that an answer has to last to be seen
SHARED = 0.5  # share of all examples from which on a flip is no example's own
GOOD_END = 4.0  # what it counts that it is wrong at first, and that it is right at the end


class Story(NamedTuple):
    """What became of one example.

    Attributes
    ----------
    flips : int
        How often the answer was another one than at the moment before.
    forgotten : int
        How often it was right and then wrong.
    first, last : bool
        Whether it was right at the first and at the last moment.
    since : int
        The number of the moment from which on it was right to the end; -1 where it is wrong at the end.
    """

    flips: int
    forgotten: int
    first: bool
    last: bool
    since: int


def story(answers: np.ndarray, label: int) -> Story:
    """What became of an example of a class with the answers (M,)."""
    right = answers == label
    flips = int(np.count_nonzero(answers[1:] != answers[:-1]))
    forgotten = int(np.count_nonzero(right[:-1] & ~right[1:]))
    wrong = np.flatnonzero(~right)
    since = -1 if not right[-1] else (int(wrong[-1]) + 1 if len(wrong) else 0)
    return Story(flips, forgotten, bool(right[0]), bool(right[-1]), since)


def times(count: int) -> str:
    """How often, small numbers in words."""
    return {1: "once", 2: "twice"}.get(count, number_word(count, "time"))


def spoken(moment: float) -> str:
    """A moment, in epochs, as it stands in a sentence."""
    return f"{moment:,.0f}" if moment == round(moment) else f"{moment:,.2f}"


def choose(course: Course) -> int:
    """The number of the example whose story is worth telling.

    That is one that is wrong at first and right at the end, whose answer flips often enough to be seen but not all the
    time, and among several classes; where there is none such, the one that comes nearest to it. Flips that most
    examples share, as long as the network gives all of them one answer, are not its own.
    """
    answers, right, shares = course.answers, course.right(), course.shares
    flipped = answers[1:] != answers[:-1]
    own = flipped & (flipped.mean(axis=1, keepdims=True) < SHARED)
    halves = (shares[1:] + shares[:-1]) / 2
    seen = np.zeros(answers.shape[1])
    for n in range(answers.shape[1]):
        # an answer's time is from the flip to it until the flip from it
        at = halves[own[:, n]]
        seen[n] = np.count_nonzero(np.diff([*at, 1.0]) >= SEEN) if len(at) else 0
    unseen = own.sum(axis=0) - seen
    worth = np.minimum(seen, ENOUGH) - TOO_MANY * (np.maximum(seen - ENOUGH, 0) + unseen)
    different = np.array([len(np.unique(column)) for column in np.where(own, answers[1:], answers[-1]).T])
    worth += OTHER_ANSWER * (different - 1)
    worth += FORGOTTEN * np.minimum((right[:-1] & own).sum(axis=0), OFTEN)
    worth += GOOD_END * (right[-1].astype(float) + ~right[0])
    final = course.scores.of(course.network(course.moments[-1]), course.x)
    # of equal ones that which is told apart most clearly in the end
    ranks = np.argsort(np.argsort(final[np.arange(len(final)), course.y], kind="stable"), kind="stable")
    return int(np.argmax(worth + ranks / (len(ranks) + 1)))
