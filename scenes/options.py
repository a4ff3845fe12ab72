"""What scenes can be asked for: an option of one name means the same in all of them, and is held to one rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.errors import ConfigurationError, nearest
from engine.validation import check_finite, check_text, check_whole
from scenes.theme import THEMES


def check_epochs(key: str, value: Any) -> None:
    """Hold a value to being a pair of the first and last epoch, either of them None."""
    is_pair = isinstance(value, (tuple, list)) and len(value) == 2
    if not is_pair or not all(end is None or (type(end) is int and end >= 0) for end in value):
        raise ConfigurationError(f"{key}={value!r} must be two numbers of epochs, such as 0 and 100")
    if None not in value and value[0] > value[1]:
        raise ConfigurationError(f"{key}={value!r} ends before it starts")


def check_names(key: str, value: Any) -> None:
    """Hold a value to being a list of names."""
    if not isinstance(value, (tuple, list)) or not all(isinstance(name, str) for name in value):
        raise ConfigurationError(f"{key}={value!r} must be a list of names")


def check_parts(key: str, value: Any) -> None:
    """Hold a value to being a name or a list of names."""
    if not isinstance(value, str):
        check_names(key, value)


def check_number(key: str, value: Any) -> None:
    """Hold a value to being a whole number that counts something from 0."""
    check_whole(key, value, 0)


def check_amount(key: str, value: Any) -> None:
    """Hold a value to being a number above 0."""
    check_finite(key, value, positive=True)


def check_theme(key: str, value: Any) -> None:
    """Hold a value to being the name of a theme."""
    if value not in THEMES:
        raise nearest("theme", value, THEMES)


def check_switch(key: str, value: Any) -> None:
    """Hold a value to being true or false."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{key}={value!r} must be true or false")


# The rules that values are held to, whichever scene is asked; what is not here, a scene checks by itself.
RULES: dict[str, Callable[[str, Any], object]] = {
    "theme": check_theme,
    "parts": check_parts,
    "epochs": check_epochs,
    "names": check_names,
    "label": check_number,
    "example": check_number,
    "learning_rate": check_amount,
    "brief": check_switch,
    "heading": check_text,
    "title": check_text,
    "text": check_text,
    "seconds": check_amount,
}


def given_names(options: Mapping[str, Any], count: int) -> tuple[str, ...]:
    """The option ``names``, of which there is one for each of `count` things; empty where it is not given."""
    names = tuple(options.get("names") or ())
    if names and len(names) != count:
        raise ConfigurationError(f"options.names={names!r} must be {count} names, one for each recording")
    return names


def check_known(scene: str, options: Mapping[str, Any], known: Iterable[str]) -> None:
    """See that a scene knows all options that it is given, and that their values make sense.

    Parameters
    ----------
    scene : str
        What it is called in messages.
    options : dict of str to object
        None is as good as nothing.
    known : iterable of str
        Names of the options that the scene knows.

    Raises
    ------
    ConfigurationError
        For an unknown option (with the nearest known ones), or a value that breaks the rule.
    """
    known = set(known)
    for name, value in options.items():
        if name not in known:
            raise nearest(f"option of {scene}", name, known)
        if name in RULES and value is not None:
            RULES[name](f"options.{name}", value)
