"""`neurofilm list`: what there is to choose from, straight from the registries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

import click

from cli.options import SETTINGS, example

Rows = Iterable[tuple[str, str]]


def _registry(module: str, name: str) -> Callable[[], Rows]:
    """The entries of a registry with their summaries; it is imported when they are asked for."""

    def rows() -> Rows:
        registry: Mapping[str, Any] = getattr(import_module(module), name)
        return [(key, entry.summary) for key, entry in registry.items()]

    return rows


def _experiments() -> Rows:
    from engine.experiment import list_experiments, load_experiment

    return [(name, load_experiment(name).description) for name in list_experiments()]


def _datasets() -> Rows:
    from engine.datasets import DATASETS

    return [
        (name, f"{entry.summary} ({', '.join(f'{key}={value}' for key, value in entry.defaults.items())})")
        for name, entry in DATASETS.items()
    ]


def _scenes() -> Rows:
    from scenes import SCENES

    return [
        (name, f"{entry.summary} ({', '.join(entry.experiments)})" if entry.experiments else entry.summary)
        for name, entry in SCENES.items()
    ]


KINDS: dict[str, Callable[[], Rows]] = {
    "experiments": _experiments,
    "datasets": _datasets,
    "scenes": _scenes,
    "films": _registry("scenes", "FILMS"),
    "layers": _registry("engine.layers", "LAYERS"),
    "activations": _registry("engine.activations", "ACTIVATIONS"),
    "initializers": _registry("engine.initializers", "INITIALIZERS"),
    "losses": _registry("engine.losses", "LOSSES"),
    "optimizers": _registry("engine.optimizers", "OPTIMIZERS"),
    "schedules": _registry("engine.schedules", "SCHEDULES"),
}


@click.command(
    "list",
    context_settings=SETTINGS,
    epilog=example("neurofilm list", "neurofilm list datasets"),
)
@click.argument("what", type=click.Choice(tuple(KINDS)), required=False)
def list_command(what: str | None) -> None:
    """Show what there is to choose from.

    WHAT is one kind of thing; without it, all are shown. On a terminal the lists are tables; in a pipe they are lines
    of name, tab, summary.
    """
    kinds = [what] if what else list(KINDS)
    if sys.stdout.isatty():
        _print_tables(kinds)
        return
    for kind in kinds:
        for name, summary in KINDS[kind]():
            click.echo("\t".join([name, summary] if what else [kind, name, summary]))


def _print_tables(kinds: list[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for kind in kinds:
        table = Table(title=kind, title_justify="left", box=box.SIMPLE, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        for name, summary in KINDS[kind]():
            table.add_row(Text(name), Text(summary))
        console.print(table)
