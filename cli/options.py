"""What several commands share: settings, options, types of values, where outputs go."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.errors import RecordingError

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "show_default": True}
RUNS = Path("runs")
FILMS = Path("films")
QUALITIES = ("l", "m", "h", "p", "k")
DATA_DIR = "NEUROFILM_DATA_DIR"  # as engine.datasets.mnist has it, which is slow to import
FORMATS = ("mp4", "webm", "gif", "mov", "png")
THEMES = ("dark", "light")

Command = TypeVar("Command", bound=Callable[..., Any])


def example(*lines: str) -> str:
    """The last paragraph of a command's help."""
    heading = "Example:" if len(lines) == 1 else "Examples:"
    return "\n".join(["\b", heading, *(f"  {line}" for line in lines)])


class BatchSize(click.ParamType):
    """A number of samples, or the word "full"."""

    name = "batch size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        return "full" if value == "full" else click.IntRange(min=1).convert(value, param, ctx)


class EpochRange(click.ParamType):
    """First and last epoch, such as 0:100; either may be left out."""

    name = "A:B"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, int | None]:
        if isinstance(value, tuple):
            return value
        first, colon, last = str(value).partition(":")
        try:
            ends = (int(first) if first else None, int(last) if last else None)
        except ValueError:
            colon = ""
        if not colon:
            self.fail(f"{value!r} is not a range of epochs such as 0:100, 50: or :200", param, ctx)
        if any(end is not None and end < 0 for end in ends):
            self.fail(f"{value!r} holds a negative epoch; epochs count from 0, the untrained network", param, ctx)
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            self.fail(f"{value!r} ends before it starts", param, ctx)
        return ends


class Beats(click.ParamType):
    """Numbers of a film's beats, such as 2-4 or 1,3 or 5-: pairs of first and last, None for the film's last."""

    name = "2-4"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[tuple[int, int | None]]:
        if isinstance(value, list):
            return value
        ranges: list[tuple[int, int | None]] = []
        for part in str(value).split(","):
            match = re.fullmatch(r"\s*([1-9]\d{0,5})\s*(-\s*([1-9]\d{0,5})?)?\s*", part, re.ASCII)
            if match is None:
                self.fail(f"{value!r} is not a choice of beats such as 2-4, 3, 5- or 1,3", param, ctx)
            first = int(match[1])
            last = first if match[2] is None else int(match[3]) if match[3] else None
            if last is not None and last < first:
                self.fail(f"{value!r} ends before it starts", param, ctx)
            ranges.append((first, last))
        return ranges


def overwrite_option(command: Command) -> Command:
    return click.option("--overwrite", is_flag=True, help="Replace an output that exists.")(command)


def quality_option(default: str) -> Callable[[Command], Command]:
    return click.option(
        "-q",
        "--quality",
        type=click.Choice(QUALITIES),
        default=default,
        help="480p15, 720p30, 1080p60, 1440p60 or 2160p60.",
    )


def output_option(metavar: str, help: str) -> Callable[[Command], Command]:
    return click.option("-o", "--output", type=click.Path(path_type=Path), metavar=metavar, help=help)


def theme_option(command: Command) -> Command:
    """In which colours scenes are drawn; it goes to them as an option, where it is given."""
    help_ = "Colours of the pictures.  [default: dark, or what a film says]"
    return click.option("--theme", type=click.Choice(THEMES), help=help_)(command)


def data_dir_option(command: Command) -> Command:
    """The folder of published data sets; for this command it takes the place of what the environment names."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="FOLDER",
        expose_value=False,
        is_eager=True,
        callback=_use_data_dir,
        help=f"Where files of MNIST and the like are.  [default: {DATA_DIR}, or downloaded once]",
    )(command)


def _use_data_dir(context: click.Context, parameter: click.Parameter, folder: Path | None) -> None:
    if folder is None:
        return
    before = os.environ.get(DATA_DIR)

    def restore() -> None:
        os.environ.pop(DATA_DIR, None)
        if before is not None:
            os.environ[DATA_DIR] = before

    context.call_on_close(restore)
    os.environ[DATA_DIR] = str(folder.resolve())


def printable(text: str) -> str:
    """Text from a file, with what would steer the terminal made visible."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def find_run(run: Path) -> Path:
    """The run directory that is meant: a path, or the name of one under runs/."""
    if not run.exists() and len(run.parts) == 1 and (RUNS / run).is_dir():
        return RUNS / run
    if not run.exists():
        known = sorted(path.name for path in RUNS.glob("*") if (path / "run.json").is_file())
        hint = f"runs/ holds {', '.join(known)}" if known else "train one first: neurofilm train EXPERIMENT"
        raise RecordingError(f"there is no run directory {str(run)!r}; {hint}")
    return run
