"""`neurofilm render`: one scene, as a video or a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import (
    FILMS,
    FORMATS,
    SETTINGS,
    EpochRange,
    data_dir_option,
    example,
    find_run,
    output_option,
    overwrite_option,
    quality_option,
    theme_option,
)
from cli.recordings import recordings_of_scene
from engine.errors import ConfigurationError, nearest

if TYPE_CHECKING:
    from scenes.rendering import RenderResult


@click.command(
    context_settings=SETTINGS,
    epilog=example(
        "neurofilm render warp",
        "neurofilm render warp runs/spirals --clock time -q h",
        "neurofilm render compare runs/slow runs/right runs/fast",
    ),
)
@click.argument("scene", metavar="SCENE")
@click.argument("runs", metavar="[RUN]...", type=click.Path(path_type=Path), nargs=-1)
@quality_option("m")
@output_option("FILE", "What to write.  [default: films/RUN-SCENE.mp4]")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Of the output.  [default: as FILE ends, or mp4]")
@click.option("--epochs", type=EpochRange(), metavar="A:B", help="The epochs to show.  [default: all]")
@click.option("--clock", type=click.Choice(("depth", "time")), help="What passes: the layers, or training.")
@theme_option
@data_dir_option
@overwrite_option
def render(
    scene: str,
    runs: tuple[Path, ...],
    quality: str,
    output: Path | None,
    format_: str | None,
    epochs: tuple[int | None, int | None] | None,
    clock: str | None,
    theme: str | None,
    overwrite: bool,
) -> None:
    """Render one scene of one or several recordings.

    SCENE is one of `neurofilm list scenes`, RUN a run directory or the name of one under runs/. Without any RUN the
    scene is told with its own experiments, which are trained where there is no run of them yet.
    """
    check_scene(scene, clock)
    output, format_ = complete_output(output, format_, FILMS / default_stem(scene, runs))

    from cli.progress import FrameProgress
    from scenes.parts import check_options
    from scenes.rendering import check_output
    from scenes.rendering import render as render_scene

    options = scene_options(epochs=epochs, clock=clock, theme=theme)
    check_options(scene, options)  # this and the next before training, not after
    if not runs:
        check_output(output, overwrite)

    result = render_scene(
        scene,
        recordings_of_scene(scene, runs),
        output,
        quality=quality,
        format=format_,
        options=options,
        overwrite=overwrite,
        progress=FrameProgress(output.name),
    )
    report(result)


def check_scene(scene: str, clock: str | None) -> None:
    from scenes import SCENES

    if scene not in SCENES:
        raise nearest("scene", scene, SCENES)
    clocks = SCENES[scene].clocks
    if clock is not None and clock not in clocks:
        raise ConfigurationError(f"the scene {scene!r} has no clock {clock!r}: it runs by {' or '.join(clocks)}")


def default_stem(scene: str, runs: Sequence[Path]) -> str:
    """What a picture of a scene is called."""
    return "-".join([*(find_run(run).resolve().name for run in runs), scene])


def scene_options(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def complete_output(output: Path | None, format_: str | None, stem: Path) -> tuple[Path, str]:
    """Output and format, each from the other where only one was given; scenes.rendering checks that they agree."""
    if output is None:
        format_ = format_ or "mp4"
        return stem.with_name(f"{stem.name}.{format_}"), format_
    suffix = output.suffix.removeprefix(".").lower()
    if format_ is None and suffix not in FORMATS:
        raise click.UsageError(f"{output} does not end in one of {', '.join(FORMATS)}; rename it or give --format")
    return output, format_ or suffix


def report(result: RenderResult) -> None:
    """Say where the video is."""
    click.echo(f"{result.path}: {result.frames} frames, {result.seconds:.1f} s")
