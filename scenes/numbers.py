"""Numbers of a recording in the corner of the frame, and as words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenes.mobjects.readout import Readout
from scenes.replay import Replay
from scenes.stage import BaseStage

if TYPE_CHECKING:
    from engine.recording import Recording

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CARDINALS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
BEGIN_WITH_A_VOWEL = "8AEFHILMNORSX"  # when they are read aloud
LONGEST_CLASS = 14  # letters of a class in a sentence
LOSSES_LOOKED_AT = 24


def training_readouts(stage: BaseStage, replay: Replay) -> dict[str, Readout]:
    """Epoch, loss and, for classification, accuracy at the top right; for `PlayTraining` to follow."""
    recording, theme = stage.recording, stage.theme
    within = [epoch for epoch in recording.epochs if replay.first <= epoch <= replay.last] or [recording.epochs[0]]
    looked_at = within[:: max(1, len(within) // LOSSES_LOOKED_AT)]
    highest = max(recording.evaluate(epoch)["loss"] for epoch in looked_at)
    found = {
        "epoch": stage.readout("epoch", ",d", recording.epochs[-1]),
        "loss": stage.readout("loss", ".3f", highest, color=theme.loss),
    }
    if recording.data.task == "classification":
        found["accuracy"] = stage.readout("accuracy", ".1%", 1.0, color=theme.accuracy)
    return found


def right_answers(recording: Recording, epoch: int) -> tuple[int, int, bool]:
    """How many examples an epoch's network gets right, of how many, and whether they were held out from training."""
    data = recording.data
    x, y = data.unseen
    answers = recording.network(epoch).predict(x)
    winners = answers[:, 0] > 0.5 if answers.shape[1] == 1 else answers.argmax(axis=1)
    return int(np.count_nonzero(winners.astype(np.int64) == y)), len(y), data.holds_out


def ordinal(number: int) -> str:
    """First, second, …; from 11 on in digits."""
    if 1 <= number <= len(ORDINALS):
        return ORDINALS[number - 1]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def cardinal(number: int) -> str:
    """No, one, two, …; from 13 on in digits."""
    return CARDINALS[number] if number < len(CARDINALS) else f"{number:,}"


def counted(count: int, noun: str) -> str:
    """A number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def number_word(count: int, noun: str) -> str:
    """A number, small ones in words, with its noun."""
    return f"{cardinal(count)} {noun}{'' if count == 1 else 's'}"


def shortened(name: str, longest: int, trailing: str | None = None) -> str:
    """A name of at most `longest` letters; where it is cut, spaces (or the letters `trailing`) go from its end."""
    return name if len(name) <= longest else name[: longest - 1].rstrip(trailing) + "…"


def class_name(name: str) -> str:
    """A class in a sentence, with its article; long names are cut."""
    name = shortened(name, LONGEST_CLASS)
    if len(name) != 1:
        return f"“{name}”"
    return f"{'an' if name.upper() in BEGIN_WITH_A_VOWEL else 'a'} {name}"


def certainty(share: float) -> str:
    """A probability in per cent that is never rounded up to certainty."""
    if share >= 0.9995:
        return "over 99.9%"
    return f"{share:.1%}" if share >= 0.99 else f"{share:.0%}"


def share_text(share: float) -> str:
    """A share in per cent, never rounded up to all."""
    return "100%" if share == 1 else f"{min(share, 0.9994):.1%}"
