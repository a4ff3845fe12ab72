"""What neurofilm says when something is wrong: one sentence that names the thing, its value and the rule."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class NeurofilmError(Exception):
    """Base of every error that neurofilm raises on purpose; its text is one sentence for the user."""


class ConfigurationError(NeurofilmError, ValueError):
    """An argument, a network or an experiment that does not make sense."""


class DataError(NeurofilmError, ValueError):
    """Data that cannot be trained on: wrong shapes, NaN, labels outside the classes, unreadable files."""


class RecordingError(NeurofilmError):
    """A run directory that is missing, foreign, damaged or in use."""


class TrainingError(NeurofilmError):
    """Training that cannot go on, such as a loss that became NaN."""


class RenderError(NeurofilmError):
    """A picture that cannot be made from this recording, or an output that cannot be written."""


def nearest(kind: str, name: object, known: Iterable[str]) -> ConfigurationError:
    """Make the error for an unknown name, with the nearest known ones.

    Parameters
    ----------
    kind : str
        What the name should have named, such as ``"layer"``.
    name : object
        The name as it was given.
    known : iterable of str
        All names that would have been right.
    """
    names = sorted(known)
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(c) for c in close)}? " if close else ""
    return ConfigurationError(f"unknown {kind} {name!r}: {hint}(known: {', '.join(names)})")
