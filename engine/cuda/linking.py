"""Device functions made of the engine's own Python code, so that nothing is written twice.

A scalar rule is a kernel of the CPU; its Python function, compiled again for the GPU, is the same rule there. Code for
the GPU alone is marked with `device_code`. It calls other functions by global names, some of which (`left`, `activate`,
`barrier`) have no meaning yet: a `Linker` puts in what they mean for one program, and compiles all that is called.

Under Numba's simulator (NUMBA_ENABLE_CUDASIM=1) the same functions run as plain Python.
"""

from __future__ import annotations

import builtins
import dis
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import CodeType, FunctionType
from typing import Any

import numba.cuda

from engine.devices import simulated
from engine.elementary import exp_of_negative, expm1_of_negative, log1p_of_share, normal_tail
from engine.jit import like
from engine.losses import row_of

cuda: Any = numba.cuda

SIMULATED = simulated()


@dataclass(frozen=True, eq=False)
class Code:
    """A Python function for the GPU, and what some of the global names in it mean.

    Attributes
    ----------
    function : callable
    names : mapping of str to object
        What names mean in it and in the code that it calls; they go before those of the Linker.
    inline : bool
        Whether it becomes a part of its callers: the GPU's compiler cannot return a part of an array otherwise.
    """

    function: Callable[..., Any]
    names: Mapping[str, Any] = field(default_factory=dict)
    inline: bool = False

    def given(self, **names: Any) -> Code:
        """The same code with more names given."""
        return Code(self.function, {**self.names, **names}, self.inline)


def device_code(function: Callable[..., Any]) -> Any:
    """Mark a function as code for the GPU (a decorator)."""
    return Code(function)


def device_view(function: Callable[..., Any]) -> Any:
    """Mark a function that returns a part of an array (a decorator)."""
    return Code(function, inline=True)


# --- what the two targets have instead of each other's ------------------------------------------------------------


@device_code
def exp(x):
    """e^x: the GPU's own is as fast as the polynomial that a CPU can vectorise"""
    return math.exp(x)


@device_code
def expm1(x):
    return math.expm1(x)


@device_code
def log1p(x):
    return math.log1p(x)


@device_code
def upper_tail(z):
    """Φ(-z) = erfc(z / √2) / 2"""
    return like(z, 0.5) * math.erfc(z * like(z, 0.7071067811865476))


REPLACED = {
    id(exp_of_negative): exp,
    id(expm1_of_negative): expm1,
    id(log1p_of_share): log1p,
    id(normal_tail): upper_tail,
    id(row_of): device_view(row_of.py_func),
}


def _block_barrier() -> None:
    cuda.syncthreads()


def _grid_barrier() -> None:
    cuda.cg.this_grid().sync()


def _simulated_block_barrier() -> None:
    threading.current_thread().syncthreads()  # type: ignore[attr-defined]  # the simulator's threads


def _simulated_grid_barrier() -> None:
    from numba.cuda.simulator.kernelapi import GridGroup

    GridGroup().sync()


# All threads of a block, or of the grid, wait for each other, and see what the others wrote before.
BLOCK_BARRIER = Code(_simulated_block_barrier if SIMULATED else _block_barrier)
GRID_BARRIER = Code(_simulated_grid_barrier if SIMULATED else _grid_barrier)


# --- linking ------------------------------------------------------------------------------------------------------


class Linker:
    """Compiles code for the GPU, with the meaning of its names; each function once.

    Parameters
    ----------
    names : mapping of str to object
        What the names mean that no module defines: functions (`Code` or kernels of the CPU) and numbers.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = dict(names)
        self._made: dict[Any, Any] = {}
        self._kept: list[Any] = []  # so that ids stay theirs

    def kernel(self, code: Code, **options: Any) -> Any:
        """The kernel whose threads all run this code."""
        return cuda.jit(**options)(self._copy(code, {}))

    def function(self, value: Any) -> Any:
        """The device function of `Code` or of a kernel of the CPU."""
        return self._function(value, {})

    def _function(self, value: Any, inherited: Mapping[str, Any]) -> Any:
        code = _as_code(value)
        reached = self._reached(code, inherited)
        names = {name: each for name, each in {**inherited, **code.names}.items() if name in reached}
        key = (code.function, tuple(sorted((name, id(each)) for name, each in names.items())))
        if key not in self._made:
            self._kept.append(names)
            copy = self._copy(code, names)
            inline = "always" if code.inline else "never"
            self._made[key] = copy if SIMULATED else cuda.jit(device=True, inline=inline)(copy)
        return self._made[key]

    def _copy(self, code: Code, names: Mapping[str, Any]) -> FunctionType:
        """A copy of the function in which every name has its meaning."""
        python = code.function
        assert isinstance(python, FunctionType)
        meaning = {"__builtins__": builtins, "__name__": python.__module__}
        known = {**python.__globals__, **self.names, **names}
        for name in _global_names(python.__code__) & known.keys():
            value = known[name]
            meaning[name] = self._function(value, names) if _is_code(value) else value
        copy = FunctionType(python.__code__, meaning, python.__name__, python.__defaults__)
        copy.__module__, copy.__qualname__ = python.__module__, python.__qualname__
        return copy

    def _reached(self, code: Code, inherited: Mapping[str, Any]) -> frozenset[str]:
        """The global names in a function and in all that it calls."""
        names = {**inherited, **code.names}
        known = {**code.function.__globals__, **self.names, **names}
        reached = _global_names(code.function.__code__)
        for name in reached & known.keys():
            if _is_code(known[name]):
                reached = reached | self._reached(_as_code(known[name]), names)
        return reached


def _is_code(value: Any) -> bool:
    return isinstance(value, Code) or hasattr(value, "py_func") or id(value) in REPLACED


def _as_code(value: Any) -> Code:
    return value if isinstance(value, Code) else REPLACED.get(id(value)) or Code(value.py_func)


@cache
def _global_names(code: CodeType) -> frozenset[str]:
    return frozenset(each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL")
