"""`neurofilm new`: the beginning of something of one's own."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from cli.options import SETTINGS, example
from engine.errors import ConfigurationError, RenderError


@click.group(context_settings=SETTINGS, epilog=example("neurofilm new film my-lesson"))
def new() -> None:
    """Start something of your own: a film."""


@new.command(context_settings=SETTINGS, epilog=example("neurofilm new film my-lesson"))
@click.argument("name", metavar="NAME")
def film(name: str) -> None:
    """Write NAME.toml, a film to be changed.

    It works as it is: `neurofilm film NAME.toml`. What can be changed in it is said beside it.
    """
    stem = name.removesuffix(".toml")
    if not stem or Path(stem).name != stem or stem.startswith((".", "-")) or "\\" in stem or not stem.isprintable():
        raise ConfigurationError(f"the name {name!r} must be able to name a file here: no slashes, no dot in front")
    path = Path(f"{stem}.toml")
    quoted = f'"{path}"' if " " in stem else str(path)
    text = resources.files("scenes.films").joinpath("template.toml").read_text(encoding="utf-8").format(file=quoted)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RenderError(f"{path} exists; choose another name") from None
    click.echo(f"{path}: change it, and look at it with neurofilm storyboard {quoted}")
