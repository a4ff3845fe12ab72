"""How long an optimisation step takes on an NVIDIA GPU, beside PyTorch's eager mode, its CUDA graphs and our own CPU.

The same work, in one run, in turns, as in `benchmarks.train`. "floor" is the least time that the GPU's arithmetic,
memory and launches allow, and how many times as long ours takes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.training.peers import OURS, Peer
from benchmarks.training.turns import Conditions, Mismatch, Result, measure
from benchmarks.training.workloads import WORKLOADS
from engine.devices import describe_gpu, simulated, what_is_missing

GPU = Peer("GPU", "benchmarks.training.ours_cuda", "engine", "")
EAGER = Peer("PyTorch eager", "benchmarks.training.pytorch_cuda", "torch", "pip install 'neurofilm[bench]'")
GRAPHS = Peer("PyTorch graphs", "benchmarks.training.pytorch_graphs", "torch", "pip install 'neurofilm[bench]'")
PEERS = [GPU, EAGER, GRAPHS]

# At least how many times as fast as each of them the GPU shall be, by the workload's beginning.
GOALS = {
    "2-16-16-1": {EAGER.name: 20.0},
    "784-16-16-10 sigmoid, SGD, batch 32": {EAGER.name: 8.0},
    "784-128-64-10": {OURS.name: 1.0},
    "784-512-512-10": {EAGER.name: 1.0, OURS.name: 1.0},
    "conv": {EAGER.name: 1.0, OURS.name: 1.0},
}


def ratio(result: Result, name: str) -> float:
    """How many times as long a side takes as our GPU: the median over the rounds."""
    return median(theirs / own for theirs, own in zip(result.rounds[name], result.rounds[GPU.name], strict=True))


def make_table(results: Sequence[Result], floors: Sequence[float]) -> Table:
    """One row a workload: microseconds a step, and how many times as long as our GPU each other side takes."""
    table = Table(title="µs a step (and how many times our GPU's)", title_justify="left")
    table.add_column("workload")
    for name in (GPU.name, "floor", EAGER.name, GRAPHS.name, "our CPU", "to reach"):
        table.add_column(name, justify="right")
    for result, floor in zip(results, floors, strict=True):
        own = result.step(GPU.name)
        cells = [f"{own:,.1f}", f"{floor * 1e6:,.2f} ({own / (floor * 1e6):,.1f})"]
        for name in (EAGER.name, GRAPHS.name, OURS.name):
            there = name in result.rounds
            cells.append(f"{result.step(name):,.1f} ({ratio(result, name):.2f})" if there else "–")
        goals = next((goal for start, goal in GOALS.items() if result.workload.name.startswith(start)), {})
        reached = [
            f"{name} {least:g} {'✓' if ratio(result, name) >= least else '✗'}"
            for name, least in goals.items()
            if name in result.rounds
        ]
        table.add_row(result.workload.name, *cells, ", ".join(reached))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cuda", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="only workloads whose name contains this")
    parser.add_argument("--rounds", type=int, default=7, help="turns of every side (default 7, at least 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long a turn lasts (default 0.5)")
    options = parser.parse_args()
    if options.rounds < 5:
        parser.error(f"--rounds={options.rounds} must be at least 5: fewer make no median")
    missing = what_is_missing()
    if missing or simulated():
        raise SystemExit(f"there is no GPU to measure: {missing or describe_gpu()}")
    from benchmarks.training.gpu_floor import measure_floor, work_of

    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(describe_gpu())
    floor = measure_floor()
    console.print(str(floor))
    conditions = Conditions(options.rounds, options.seconds, os.cpu_count() or 1)
    peers, results, floors = [], [], []
    for peer in PEERS:
        left_out = peer.missing() or _without_cuda(peer)
        if left_out:
            console.print(left_out)
        else:
            peers.append(peer)
    for workload in [each for each in WORKLOADS if options.only.lower() in each.name.lower()]:
        with console.status(workload.name):
            try:
                results.append(measure(workload, peers, conditions))
            except Mismatch as error:
                raise SystemExit(str(error)) from None
        steps = -(-workload.examples // workload.batch_size)
        floors.append(work_of(workload).seconds(floor, steps))
        for note in results[-1].notes:
            console.print(note)
    console.print(make_table(results, floors))


def _without_cuda(peer: Peer) -> str | None:
    """One sentence when PyTorch is there but cannot use the GPU."""
    if peer.needs != "torch":
        return None
    import torch

    if torch.cuda.is_available():
        return None
    return f"{peer.name} is left out, since this PyTorch ({torch.__version__}) does not see the GPU"


if __name__ == "__main__":
    main()
