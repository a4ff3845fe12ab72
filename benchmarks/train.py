"""How long an optimisation step takes, beside PyTorch, JAX, scikit-learn and C: the same work, in one run, in turns.

Our time is that of whole epochs through `fit`: shuffling, measuring and recording a snapshot of every epoch included.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.training.peers import OURS, PEERS
from benchmarks.training.turns import CLOCKS, Conditions, Mismatch, Result, measure
from benchmarks.training.workloads import WORKLOADS


def make_table(results: Sequence[Result]) -> Table:
    """One row a workload: microseconds a step, and how many times as long each peer takes.

    "unrecorded" is the engine too, without a recorder.
    """
    table = Table(title="µs a step (and how many times ours)", title_justify="left")
    table.add_column("workload")
    for peer in [OURS, *PEERS]:
        table.add_column(peer.name, justify="right")
    table.add_column("to reach")
    for result in results:
        cells = [f"{result.step(OURS.name):,.1f}"]
        for peer in PEERS:
            there = peer.name in result.rounds
            cells.append(f"{result.step(peer.name):,.1f} ({result.ratio(peer.name):.2f})" if there else "–")
        goals = []
        for name, least in result.workload.goals.items():
            if name in result.rounds:
                reached = result.ratio(name) >= least
                goals.append(f"[{'green' if reached else 'red'}]{name} {least:g} {'✓' if reached else '✗'}[/]")
        table.add_row(result.workload.name, *cells, ", ".join(goals))
    return table


def main() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="only workloads whose name contains this")
    parser.add_argument("--peers", metavar="NAMES", help="only these peers, separated by commas")
    parser.add_argument("--rounds", type=int, default=7, help="turns of every side (default 7, at least 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long a turn lasts (default 0.5)")
    parser.add_argument("--cores", type=int, default=cores, help=f"processors for every side (default all, {cores})")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu counts processor time: for busy machines, with --cores 1"
    )
    parser.add_argument("--data-dir", type=Path, help="folder with MNIST's files; random images of its shape otherwise")
    parser.add_argument("--output", type=Path, metavar="FILE.json", help="where to write the measured times too")
    options = parser.parse_args()
    if options.rounds < 5:
        parser.error(f"--rounds={options.rounds} must be at least 5: fewer make no median")
    chosen = [workload for workload in WORKLOADS if (options.only or "").lower() in workload.name.lower()]
    if not chosen:
        parser.error(f"--only={options.only!r} fits none of: {'; '.join(each.name for each in WORKLOADS)}")

    conditions = Conditions(options.rounds, options.seconds, options.cores, options.clock, options.data_dir)
    console = Console(width=None if sys.stdout.isatty() else 160)
    peers = []
    for peer in PEERS:
        if options.peers and peer.name.lower() not in options.peers.lower().split(","):
            continue
        missing = peer.missing()
        if missing:
            console.print(missing)
        else:
            peers.append(peer)
    results = []
    for workload in chosen:
        with console.status(workload.name):
            try:
                results.append(measure(workload, peers, conditions))
            except Mismatch as error:
                raise SystemExit(str(error)) from None
        for note in results[-1].notes:
            if not note.startswith("C "):
                console.print(note)
    console.print(make_table(results))
    if options.output:
        measured = {result.workload.name: dict(result.rounds) for result in results}
        options.output.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
