"""`neurofilm storyboard`: stills of a scene or a film on one sheet, without encoding a video."""

from __future__ import annotations

from pathlib import Path

import click

from cli.options import (
    FILMS,
    SETTINGS,
    data_dir_option,
    example,
    find_run,
    output_option,
    overwrite_option,
    theme_option,
)
from engine.errors import nearest


@click.command(
    context_settings=SETTINGS,
    epilog=example("neurofilm storyboard warp runs/spirals", "neurofilm storyboard spirals --frames 24"),
)
@click.argument("name", metavar="SCENE|FILM")
@click.argument("run", metavar="[RUN]", type=click.Path(path_type=Path), required=False)
@output_option("FILE.png", "The sheet to write.  [default: films/…-storyboard.png]")
@click.option("--frames", type=click.IntRange(min=1), default=12, metavar="NUMBER", help="Stills on the sheet.")
@theme_option
@data_dir_option
@overwrite_option
def storyboard(name: str, run: Path | None, output: Path | None, frames: int, theme: str, overwrite: bool) -> None:
    """Put stills of a scene or film on one sheet.

    The quick look before a long render: the stills are at even times, and no video is encoded. A SCENE needs a RUN;
    a FILM trains what it needs, like `neurofilm film`.
    """
    from scenes import FILMS as KNOWN_FILMS
    from scenes import SCENES

    if name in SCENES:
        if run is None:
            raise click.UsageError(f"the scene {name!r} needs a RUN, such as runs/spirals")
        _storyboard_scene(name, find_run(run), output, frames, theme, overwrite)
    elif name in KNOWN_FILMS:
        if run is not None:
            raise click.UsageError(f"the film {name!r} trains its own runs and takes no RUN")
        _storyboard_film(name, output, frames, theme, overwrite)
    else:
        raise nearest("scene or film", name, [*SCENES, *KNOWN_FILMS])


def _storyboard_scene(scene: str, run: Path, output: Path | None, frames: int, theme: str, overwrite: bool) -> None:
    from cli.progress import FrameProgress
    from engine.recording import Recording
    from scenes.storyboards import storyboard as draw

    output = output or FILMS / f"{run.resolve().name}-{scene}-storyboard.png"
    recordings = {run.resolve().name: Recording(run)}
    progress, options = FrameProgress(output.name), {"theme": theme}
    draw(scene, recordings, output, frames=frames, options=options, overwrite=overwrite, progress=progress)
    click.echo(str(output))


def _storyboard_film(film: str, output: Path | None, frames: int, theme: str, overwrite: bool) -> None:
    from cli.film import film_experiments, find_or_train_all
    from cli.progress import FrameProgress
    from scenes.rendering import check_output
    from scenes.storyboards import storyboard_film as draw

    output = output or FILMS / f"{film}-storyboard.png"
    check_output(output, overwrite)  # before training, not after
    recordings = find_or_train_all(film_experiments(film))
    progress, options = FrameProgress(output.name), {"theme": theme}
    draw(film, recordings, output, frames=frames, options=options, overwrite=overwrite, progress=progress)
    click.echo(str(output))
