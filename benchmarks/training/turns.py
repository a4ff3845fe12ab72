"""Fair turns: every side waits in a process of its own and trains only when it is its turn."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from benchmarks.training.peers import OURS, Peer, Unsupported
from benchmarks.training.workloads import Workload, make_data

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}

# Seconds before a turn, so that threads of the last side that wait actively have gone to sleep.
PAUSE = 0.05
# The largest relative difference between two sides' losses from the same weights.
TOLERANCE = 1e-4


class Mismatch(Exception):
    """A side that computes another loss from the same weights."""


@dataclass(frozen=True)
class Conditions:
    """How to measure.

    Attributes
    ----------
    rounds : int
        Turns of every side.
    seconds : float
        About how long a turn lasts.
    cores : int
        Processors that every side may use.
    clock : {"wall", "cpu"}
        What counts: time, or processor time, summed over threads, which other work on the machine hardly changes.
    data_dir : Path, optional
        Folder with MNIST's files.
    """

    rounds: int = 7
    seconds: float = 0.5
    cores: int = 1
    clock: str = "wall"
    data_dir: Path | None = None


@dataclass(frozen=True)
class Result:
    """What was measured for one workload: for each side, microseconds a step in each round."""

    workload: Workload
    rounds: Mapping[str, Sequence[float]]
    notes: Sequence[str]

    def step(self, name: str) -> float:
        """The median time of a step, in microseconds."""
        return median(self.rounds[name])

    def ratio(self, name: str) -> float:
        """How many times as long a peer takes as the engine: the median over the rounds."""
        return median(theirs / own for theirs, own in zip(self.rounds[name], self.rounds[OURS.name], strict=True))


def measure(workload: Workload, peers: Sequence[Peer], conditions: Conditions) -> Result:
    """Let all sides that can do it train the workload, round after round.

    Raises
    ------
    Mismatch
        When a side computes another loss than the engine from the same weights.
    """
    notes = []
    with ExitStack() as stack:
        stack.enter_context(_on_cores(conditions.cores))
        waiting: dict[str, Connection] = {}
        losses: dict[str, float] = {}
        for peer in [OURS, *peers]:
            connection = stack.enter_context(_process(peer, workload, conditions))
            answer = connection.recv()
            if isinstance(answer, Unsupported):
                notes.append(f"{peer.name} is left out of {workload.name!r}: {answer}")
                continue
            waiting[peer.name], losses[peer.name] = connection, answer
        own = losses[OURS.name]
        for name, loss in losses.items():
            if abs(loss - own) > TOLERANCE * abs(own):
                raise Mismatch(f"{name} computes the loss {loss} where the engine computes {own}: {workload.name}")
        for connection in waiting.values():  # compile, warm up and see how many epochs a turn should have
            _turn(connection)
        times: dict[str, list[float]] = {name: [] for name in waiting}
        for _ in range(conditions.rounds):
            for name, connection in waiting.items():
                time.sleep(PAUSE)
                times[name].append(_turn(connection))
    return Result(workload, times, notes)


@contextmanager
def _on_cores(count: int) -> Iterator[None]:
    """Stay on some processors; processes inherit that, and libraries count them when they are imported."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def _turn(connection: Connection) -> float:
    connection.send("go")
    answer = connection.recv()
    if isinstance(answer, BaseException):
        raise answer
    return float(answer)


@contextmanager
def _process(peer: Peer, workload: Workload, conditions: Conditions) -> Iterator[Connection]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work, args=(there, peer, workload, conditions), daemon=True)
    process.start()
    there.close()
    try:
        yield here
    finally:
        here.close()
        process.join(20)
        if process.is_alive():
            process.kill()


def work(connection: Connection, peer: Peer, workload: Workload, conditions: Conditions) -> None:
    """What a process does: build one side, tell its loss, then train whenever it is told to go."""
    from benchmarks.training.ours import make_network

    steps = -(-workload.examples // workload.batch_size)
    weights = {name: weight.copy() for name, weight in make_network(workload).weights.items()}
    try:
        side = peer.make(workload, weights, *make_data(workload, conditions.data_dir))
        connection.send(side.loss())
    except Unsupported as reason:
        connection.send(reason)
        return
    turn = _Turn(connection, conditions, steps)
    try:
        connection.recv()
        turn.began = turn.clock()
        side.train(turn.after_epoch)
    except (EOFError, BrokenPipeError):
        return  # the measuring is over


class _Turn:
    """Counts epochs, tells the time of a turn when it is complete, and waits for the next one."""

    def __init__(self, connection: Connection, conditions: Conditions, steps: int) -> None:
        self.connection, self.seconds, self.steps = connection, conditions.seconds, steps
        self.clock = CLOCKS[conditions.clock]
        self.began = 0.0
        self.epochs = 0  # in this turn so far
        self.whole: int | None = None  # in a whole turn; unknown in the first one

    def after_epoch(self) -> bool:
        self.epochs += 1
        now = self.clock()
        if self.whole is None:
            if self.epochs == 1:  # the first one compiled
                self.second = now
                return True
            if now - self.second < self.seconds and self.epochs < 1000:
                return True
            self.whole = self.epochs - 1
        elif self.epochs < self.whole:
            return True
        self.connection.send((now - self.began) / (self.epochs * self.steps) * 1e6)
        try:
            self.connection.recv()
        except EOFError:
            return False
        self.epochs, self.began = 0, self.clock()
        return True
