"""`neurofilm storyboard`: stills of a scene or a film on one sheet, without encoding a video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.film import chosen_beats, load_film
from cli.options import (
    FILMS,
    SETTINGS,
    Beats,
    data_dir_option,
    example,
    output_option,
    overwrite_option,
    theme_option,
)
from cli.recordings import recordings_of_film, recordings_of_scene
from cli.render import default_stem, scene_options
from engine.errors import nearest

if TYPE_CHECKING:
    from scenes.films import Film


@click.command(
    context_settings=SETTINGS,
    epilog=example("neurofilm storyboard warp runs/spirals", "neurofilm storyboard spirals --frames 24"),
)
@click.argument("name", metavar="SCENE|FILM|FILE.toml")
@click.argument("runs", metavar="[RUN]...", type=click.Path(path_type=Path), nargs=-1)
@output_option("FILE.png", "The sheet to write.  [default: films/…-storyboard.png]")
@click.option("--frames", type=click.IntRange(min=1), default=12, metavar="NUMBER", help="Stills on the sheet.")
@click.option("--scenes", "scenes_", type=Beats(), metavar="2-4", help="Only these of a film's beats, from 1.")
@click.option("--film", is_flag=True, help="The film, where a scene has the same name.")
@theme_option
@data_dir_option
@overwrite_option
def storyboard(
    name: str,
    runs: tuple[Path, ...],
    output: Path | None,
    frames: int,
    scenes_: list[tuple[int, int | None]] | None,
    film: bool,
    theme: str | None,
    overwrite: bool,
) -> None:
    """Put stills of a scene or film on one sheet.

    The quick look before a long render: the stills are at even times, and no video is encoded. Without any RUN a SCENE
    is told with its own experiments; they and those of a FILM are trained where there is no run of them yet.
    """
    from scenes import FILMS as KNOWN_FILMS
    from scenes import SCENES

    if name in SCENES and not film:
        if scenes_ is not None:
            raise click.UsageError(f"--scenes chooses beats of a film, and {name!r} is a scene")
        _storyboard_scene(name, runs, output, frames, theme, overwrite)
    elif name in KNOWN_FILMS or name.endswith(".toml"):
        if runs:
            raise click.UsageError(f"the film {name!r} says which recordings it shows and takes no RUN")
        chosen = load_film(name)
        _storyboard_film(chosen, chosen_beats(chosen, scenes_), output, frames, theme, overwrite)
    else:
        raise nearest("scene or film", name, [*SCENES, *KNOWN_FILMS])


def _storyboard_scene(
    scene: str, runs: tuple[Path, ...], output: Path | None, frames: int, theme: str | None, overwrite: bool
) -> None:
    from cli.progress import FrameProgress
    from scenes.rendering import check_output
    from scenes.storyboards import storyboard as draw

    output = output or FILMS / f"{default_stem(scene, runs)}-storyboard.png"
    check_output(output, overwrite)  # before training, not after
    recordings = recordings_of_scene(scene, runs)
    progress, options = FrameProgress(output.name), scene_options(theme=theme)
    draw(scene, recordings, output, frames=frames, options=options, overwrite=overwrite, progress=progress)
    click.echo(str(output))


def _storyboard_film(
    film: Film, beats: list[int], output: Path | None, frames: int, theme: str | None, overwrite: bool
) -> None:
    from cli.progress import FrameProgress
    from scenes.rendering import check_output
    from scenes.storyboards import storyboard_film as draw

    output = output or FILMS / f"{film.name}-storyboard.png"
    check_output(output, overwrite)  # before training, not after
    recordings = recordings_of_film(film, beats)
    progress, options = FrameProgress(output.name), scene_options(theme=theme)
    draw(film, recordings, output, frames=frames, options=options, overwrite=overwrite, progress=progress, beats=beats)
    click.echo(str(output))
