"""`neurofilm film`: train what a film needs, then render it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import (
    FILMS,
    SETTINGS,
    Beats,
    data_dir_option,
    example,
    output_option,
    overwrite_option,
    quality_option,
    theme_option,
)
from cli.recordings import recordings_of_film
from engine.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from scenes.films import Film
    from scenes.parts import Part
    from scenes.production import Studio


@click.command(
    context_settings=SETTINGS,
    epilog=example(
        "neurofilm film spirals -q h", "neurofilm film my-lesson.toml --scenes 2-4", "neurofilm film untangle --script"
    ),
)
@click.argument("name", metavar="NAME|FILE.toml")
@quality_option("m")
@theme_option
@click.option("--scenes", "scenes_", type=Beats(), metavar="2-4", help="Only these of the film's beats, from 1.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="NUMBER", help="Processes that render.  [default: one a core]"
)
@click.option("--cluster", metavar="tcp://HOST:PORT", help="A Dask scheduler whose workers render.")
@click.option("--script", is_flag=True, help="Only print what is said when, with the captions' numbers.")
@data_dir_option
@output_option("FILE", "The video to write.  [default: films/NAME.mp4]")
@overwrite_option
def film(
    name: str,
    quality: str,
    theme: str | None,
    scenes_: list[tuple[int, int | None]] | None,
    workers: int | None,
    cluster: str | None,
    script: bool,
    output: Path | None,
    overwrite: bool,
) -> None:
    """Train what a film needs, then render it.

    NAME is one of `neurofilm list films`, FILE a film of your own, which `neurofilm new film` starts. A finished run of
    an experiment under runs/ is used as it is. What is rendered is kept scene by scene in films/.segments: what did not
    change is not rendered again, and a film that was interrupted goes on where it stopped.
    """
    if cluster is not None and workers is not None:
        raise click.UsageError("--cluster has workers of its own: give it or --workers, not both")
    chosen = load_film(name)
    beats = chosen_beats(chosen, scenes_)

    from cli.progress import FrameProgress
    from cli.render import complete_output, report, scene_options
    from scenes.rendering import check_output, film_parts, render_film

    stem = chosen.name if scenes_ is None else f"{chosen.name}-{_spelled(scenes_)}"
    output, _ = complete_output(output, None, FILMS / stem)
    if not script:
        check_output(output, overwrite)  # before training, not after
    recordings = recordings_of_film(chosen, beats)
    options = scene_options(theme=theme)
    if script:
        print_script(film_parts(chosen, recordings, options, beats), beats)
        return
    with saying_that_it_goes_on(), studio_for(workers, cluster) as studio:
        result = render_film(
            chosen,
            recordings,
            output,
            quality=quality,
            options=options,
            overwrite=overwrite,
            progress=FrameProgress(output.name),
            beats=beats,
            studio=studio,
        )
    report(result)


def load_film(name: str) -> Film:
    """The film that is meant: one of our own by name, or a file."""
    from scenes import FILMS as KNOWN
    from scenes.films.file import read_film
    from scenes.parts import find_film

    if name in KNOWN:
        return find_film(name)
    if name.endswith(".toml"):
        return read_film(name)
    if Path(f"{name}.toml").is_file():
        raise ConfigurationError(f"unknown film {name!r}: for the file {name}.toml give its whole name")
    raise nearest("film", name, KNOWN)


def chosen_beats(film: Film, ranges: Sequence[tuple[int, int | None]] | None) -> list[int]:
    """Numbers of the beats that were asked for, from 1 and ascending."""
    count = len(film.beats)
    if ranges is None:
        return list(range(1, count + 1))
    chosen: set[int] = set()
    for first, last in ranges:
        if first > count or (last is not None and last > count):
            raise ConfigurationError(f"--scenes: the film {film.name!r} has the beats 1 to {count}")
        chosen |= set(range(first, (last or count) + 1))
    return sorted(chosen)


def _spelled(ranges: Sequence[tuple[int, int | None]]) -> str:
    """How a choice of beats is written in a file's name."""
    return "+".join(str(first) if first == last else f"{first}-{last or ''}" for first, last in ranges)


@contextmanager
def studio_for(workers: int | None, cluster: str | None) -> Iterator[Studio | None]:
    """Who renders; nobody else than this process where one worker is enough."""
    if cluster is not None:
        from scenes.cluster import cluster_studio

        with cluster_studio(cluster) as studio:
            yield studio
        return
    from scenes.production import Studio
    from scenes.workers import ProcessWorkers, available_cores

    count = workers or available_cores()
    if count == 1:
        yield None
        return
    pool = ProcessWorkers(count)
    try:
        yield Studio(pool, count)
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def saying_that_it_goes_on() -> Iterator[None]:
    """Say after Ctrl-C that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("What is rendered is kept: the same command goes on with it.", err=True)
        raise


def print_script(parts: Sequence[Part], numbers: Sequence[int]) -> None:
    """Print the beats with their captions: their numbers, and when they are shown."""
    from scenes.jobs import measure
    from scenes.outputs import QUALITIES
    from scenes.segments import Size

    size, before = Size(*QUALITIES["l"]), 0.0
    for number, part in zip(numbers, parts, strict=True):
        length = measure(part, size)
        title = f"  {part.title}" if part.title else ""
        click.echo(f"{number}.{title}  [{part.scene.__name__}, {length.frames / size.rate:.1f} s]")
        for cue in length.cues:
            text = cue.text.replace("\n", " / ")
            click.echo(f"{_minutes(before + cue.start)}  {cue.number:3}  {text}")
        before += length.frames / size.rate


def _minutes(seconds: float) -> str:
    return f"{int(seconds // 60):3}:{seconds % 60:04.1f}"
