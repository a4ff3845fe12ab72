"""`neurofilm bench`: how neurofilm compares."""

from __future__ import annotations

import time
from pathlib import Path

import click

from cli.options import SETTINGS, data_dir_option, example, overwrite_option
from engine.errors import NeurofilmError, RenderError


class Disagreement(NeurofilmError):
    """A known result was not reached."""


@click.group(context_settings=SETTINGS, epilog=example("neurofilm bench results"))
def bench() -> None:
    """Measure neurofilm against what is known."""


@bench.command(
    context_settings=SETTINGS, epilog=example("neurofilm bench results", "neurofilm bench results bullseye linear")
)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@data_dir_option
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.md", help="Write the table here too.")
@overwrite_option
def results(names: tuple[str, ...], output: Path | None, overwrite: bool) -> None:
    """Train what is published or proved of small networks, and compare.

    NAMES choose among the results; all of them take some minutes. Handwritten digits are MNIST's where its files are
    at hand (see --data-dir), else scikit-learn's small ones. The exit status is 1 where a result is not reached.
    """
    from cli.train import announce_compilation
    from engine.datasets.mnist import is_at_hand
    from engine.registry import look_up
    from engine.results import RESULTS, Measured, as_table

    chosen = {name: look_up("result", RESULTS, name) for name in names or RESULTS}
    if output is not None and output.exists() and not overwrite:
        raise RenderError(f"{output} exists already; give --overwrite to replace it")
    mnist = is_at_hand("mnist")
    announce_compilation()
    measured: dict[str, Measured] = {}
    for name, result in chosen.items():
        click.echo(f"{name}: {result.described(mnist)}", err=True)
        began = time.perf_counter()
        measured[name] = result.measure(mnist)
        seconds = time.perf_counter() - began
        click.echo(f"  known: {result.expected(mnist)}", err=True)
        click.echo(f"  measured: {measured[name].text} ({seconds:.0f} s)", err=True)
    table = as_table(measured, mnist)
    click.echo(table)
    if output is not None:
        output.write_text(table + "\n", encoding="utf-8")
    missed = [name for name, result in measured.items() if not result.agrees]
    if missed:
        raise Disagreement(f"not reached: {', '.join(missed)}")
