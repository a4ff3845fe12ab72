"""Compiling the machine's loops in a second process, the first time, while this one compiles a network's kernels.

Numba compiles in Python, where threads would only take turns. What one process has compiled, the other finds in the
cache; and what it does not find there, for whatever reason, it compiles by itself.

Later they are loaded from the cache, where that is of use in a thread, while files are unpacked: not in Python.
"""

from __future__ import annotations

import atexit
import subprocess
import sys
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import typeof

from engine import machine
from engine.beside import beside
from engine.helping import address_for, help_out, helping_loops
from engine.jit import cache_is_cold
from engine.products import product_address
from engine.program import no_descent

_COMPILING: list[Compilation] = []  # none or one


class Compilation:
    """A process that compiles the machine for a dtype: `machine.run_batches` first, then what helpers need."""

    def __init__(self, dtype_name: str) -> None:
        code = (
            f"import sys; sys.path[:] = {sys.path!r}; from engine.ahead import compile_machine as c; c({dtype_name!r})"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._has_begun = False

    def wait(self, everything: bool) -> None:
        """Wait for the first part, or for everything."""
        assert self.process.stdout is not None
        if not self._has_begun:
            self.process.stdout.readline()  # nothing if it failed
            self._has_begun = True
        if everything:
            self.process.wait()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@cache
def compile_ahead(dtype_name: str) -> None:
    """Have another process compile the machine for a dtype, if nothing is compiled yet and a processor has time."""
    if numba.get_num_threads() < 2 or _COMPILING or not cache_is_cold():
        return
    try:
        _COMPILING.append(Compilation(dtype_name))
    except OSError:  # there is no interpreter to start, as in a program that has one built in
        return
    atexit.register(give_up)


def load_ahead(dtype_name: str) -> None:
    """Have a thread load what every network of a dtype needs, if anything is compiled yet.

    What goes wrong there does so again, and is raised, where it is needed.
    """
    if not cache_is_cold():
        beside(lambda: _load(dtype_name))


def _load(dtype_name: str) -> None:
    product_address(dtype_name)
    _compile_loop(_arguments(np.dtype(dtype_name)))


def settle(everything: bool) -> None:
    """Wait until another process has compiled `machine.run_batches`, or everything."""
    for compilation in _COMPILING:
        compilation.wait(everything)
    if everything:
        give_up()


def give_up() -> None:
    """End the other process, if there is one."""
    while _COMPILING:
        _COMPILING.pop().end()


def compile_machine(dtype_name: str) -> None:
    """Compile the loops that train networks of a dtype, with all that they call, into the cache; says "begun"."""
    arguments = _arguments(np.dtype(dtype_name))
    kind, program, objective, descent, _, theta, gradient, moments, data, order, space, run, *_ = arguments
    _compile_loop(arguments)
    print("begun", flush=True)
    shared = run, data, order, program, objective, theta, space, gradient, descent, moments
    for loop, given in helping_loops(shared, True, True).values():
        address_for(loop, given)
    help_out.compile(tuple(map(typeof, (kind, *shared))))


def _compile_loop(arguments: tuple[Any, ...]) -> None:
    """Compile the loop over batches for arguments of the types of these, or load it."""
    machine.run_batches.compile(tuple(map(typeof, arguments)))


def _arguments(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """Arguments of the types that `machine.run_batches` is called with."""
    vector, whole, number = np.zeros(1, dtype), np.zeros(1, np.int64), 0
    table, matrix = np.zeros((1, 8), np.int64), np.zeros((1, 1), dtype)
    program = machine.Program(whole, whole, table, matrix, table, np.zeros((1, 2), np.int64))
    objective = machine.Objective(number, number, number, whole, vector)
    data, space = machine.Data(matrix, matrix, vector), machine.workspace(program, 1, dtype)
    parts = number, program, objective, no_descent(dtype), np.zeros(1), vector, vector, vector
    return *parts, data, whole, space, whole, number, number, np.zeros(3)
