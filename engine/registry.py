"""How names and settings become entries of a registry: with the nearest known names when they don't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from engine.errors import ConfigurationError, nearest

Entry = TypeVar("Entry")


def look_up(kind: str, registry: Mapping[str, Entry], name: Any) -> Entry:
    """The entry of that name; ConfigurationError with the nearest known names when there is none."""
    if not isinstance(name, str) or name not in registry:
        raise nearest(kind, name, registry)
    return registry[name]


def construct(
    kind: str, registry: Mapping[str, type[Entry]], given: str | Mapping[str, Any] | Entry, key: str = "name"
) -> Entry:
    """Make an instance of a registered dataclass.

    Parameters
    ----------
    kind : str
        What the registry holds, for messages, such as ``"optimizer"``.
    registry : mapping of str to type
    given : str, mapping or instance
        A name, settings such as ``{"name": "adam", "learning_rate": 0.01}``, or what is returned as it is.
    key : str
        The setting that holds the name.

    Raises
    ------
    ConfigurationError
        For an unknown name or setting (with the nearest known ones), or a setting that is missing.
    """
    if not isinstance(given, (str, Mapping)):
        if isinstance(given, tuple(registry.values())):
            return given
        raise nearest(kind, given, registry)
    settings: dict[str, Any] = {key: given} if isinstance(given, str) else dict(given)
    name = settings.pop(key, None)
    entry = look_up(kind, registry, name)
    known = [each.name for each in fields(entry)]  # type: ignore[arg-type]
    for setting in settings:
        if setting not in known:
            raise nearest(f"setting of {kind} {name!r}", setting, known)
    try:
        return entry(**settings)
    except TypeError:
        raise ConfigurationError(
            f"{kind} {name!r} cannot be made from {settings or 'no settings'}: it takes {', '.join(known)}"
        ) from None
