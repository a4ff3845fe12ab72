"""The only place that names compiler flags, the kernel cache and calls through addresses.

Numba checks whether a cached function's own file has changed, but not the files of the helpers it calls. The cache
folder is therefore keyed by a digest of every source file that holds kernels; folders of earlier sources are pruned.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable
from platformdirs import user_cache_path

# Never True as a whole: with "nnan" and "ninf" the compiler may assume that a diverging loss cannot happen,
# and isnan(loss) becomes False.
FASTMATH = frozenset({"nsz", "arcp", "contract", "afn", "reassoc"})

CACHE_FOLDERS_KEPT = 4


def kernel(function: Callable[..., Any] | None = None, *, counts: bool = True) -> Any:
    """Compile a function lazily with the project's flags and cache (a decorator).

    Parameters
    ----------
    function : callable
        Written in Numba's subset of Python. It must trust its arguments: callers validate.
    counts : bool
        False for a kernel that neither makes nor returns arrays, nor do kernels that it calls return any: it then
        does not count references to arrays, which it would do atomically and as often as it looks at one.
    """
    if function is None:
        return lambda given: kernel(given, counts=counts)
    options: dict[str, Any] = {
        "cache": True, "nogil": True, "error_model": "numpy", "fastmath": set(FASTMATH), "_nrt": counts,
        "no_cfunc_wrapper": True,
    }  # fmt: skip
    config: Any = numba.config
    previous = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder(function.__module__.partition(".")[0]))
    try:
        return numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = previous


def inner(function: Callable[..., Any] | None = None, *, counts: bool = False) -> Any:
    """Make a function one that kernels call, and only they: it is compiled with each of them (a decorator).

    A kernel comes with a wrapper for calls from Python, which can take as long to compile as the kernel itself. In
    Python, an inner function remains what it is. `counts` is that of `kernel`.
    """
    if function is None:
        return lambda given: inner(given, counts=counts)
    options = {"nogil": True, "error_model": "numpy", "fastmath": set(FASTMATH), "_nrt": counts}
    return register_jitable(**options)(function)


def specialise(template: Callable[..., Any], name: str, *, counts: bool = True, **names: Any) -> Any:
    """Compile a copy of `template` in which some global names mean something else.

    A loop is written once, calling a scalar function by a global name, and specialised for each scalar function:
    ``specialise(elementwise_forward, "tanh", rule=tanh)``. A closure would do the same, but Numba cannot find
    closures over compiled functions in its cache again. `counts` is that of `kernel`.
    """
    copy = FunctionType(template.__code__, {**template.__globals__, **names}, name)
    copy.__module__ = template.__module__
    copy.__qualname__ = f"{template.__qualname__}_{name}"
    copy.__doc__ = template.__doc__
    return kernel(copy, counts=counts)


def address(compiled: Any, signature: Any) -> int:
    """Compile a kernel for one signature (from the cache if it is there) and give the address of its machine code.

    The address stays valid as long as the kernel lives; kernels live in modules.
    """
    compiled.compile(signature)
    result = compiled.overloads[signature.args]
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


@intrinsic
def _call(typing_context, entry, arguments):
    """Call the kernel at address `entry` (from `address`) with a tuple of arguments; the kernel returns nothing.

    A table of addresses lets one compiled loop walk any network: the loop's type does not depend on which kernels
    are in the table. Against ``numba.typed.List`` of first-class functions it loads three times faster.
    """
    signature = types.void(entry, arguments)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        inner = types.void(*arguments.types)
        function_type = context.call_conv.get_function_type(inner.return_type, inner.args)
        pointer = builder.inttoptr(args[0], function_type.as_pointer())
        values = cgutils.unpack_tuple(builder, args[1], len(arguments.types))
        status, _ = context.call_conv.call_function(builder, pointer, inner.return_type, inner.args, values)
        with cgutils.if_unlikely(builder, status.is_error):
            context.call_conv.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return signature, codegen


call: Any = _call


@intrinsic
def _part(typing_context, buffer, start, size):
    """The `size` values of a flat C-contiguous array from `start` on, as an array that does not own them.

    A slice counts references to its buffer atomically, which costs more than a small kernel; this one does not, so the
    buffer must outlive it.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        array_type = signature.args[0]
        source = cgutils.create_struct_proxy(array_type)(context, builder, args[0])
        made = cgutils.create_struct_proxy(array_type)(context, builder)
        width = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(array_type.dtype)))
        made.data = builder.gep(source.data, [args[1]])
        made.shape = cgutils.pack_array(builder, [args[2]])
        made.strides = cgutils.pack_array(builder, [width])
        made.itemsize = width
        made.nitems = args[2]
        made.meminfo = cgutils.get_null_value(made.meminfo.type)
        made.parent = cgutils.get_null_value(made.parent.type)
        return made._getvalue()

    return buffer(buffer, types.intp, types.intp), codegen


part: Any = _part


def place(context: Any, builder: Any, array_type: Any, array: ir.Value, index: ir.Value) -> ir.Value:
    """In the code of an intrinsic, where the number lies that has an index in a flat array."""
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


@intrinsic
def _from_bits(typing_context, bits):
    """The float32 whose bits are those of an int32; compilers can vectorise what is built this way."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), codegen


from_bits: Any = _from_bits


def by_precision(single: Any, double: Any) -> Any:
    """A function for use in kernels: the kernel `single` where its argument is float32, else the kernel `double`."""

    def chosen(x):
        raise NotImplementedError("only kernels can call this function")

    @overload(chosen, jit_options={"fastmath": set(FASTMATH), "error_model": "numpy"})
    def choose(x):
        function = single if x == types.float32 else double
        return lambda x: function(x)

    return chosen


def cache_root() -> Path:
    """The folder that holds the kernel caches: NUMBA_CACHE_DIR if the user set it, else the user's cache folder."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen) if chosen else user_cache_path("neurofilm")


@cache
def cache_folder(package: str = "engine") -> Path:
    """The cache folder for the kernels of one top-level package, keyed by its sources and the engine's."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for source in sorted({*_kernel_sources("engine"), *_kernel_sources(package)}):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    folder = cache_root() / f"{package}-kernels-{digest.hexdigest()[:16]}"
    _prune(folder, f"{package}-kernels-*")
    return folder


def cache_is_cold(package: str = "engine") -> bool:
    """Whether no kernel of these sources has been compiled yet, so that the first run will take a while."""
    return next(cache_folder(package).rglob("*.nbi"), None) is None


def _kernel_sources(package: str) -> list[Path]:
    """Source files of a sibling package that hold kernels: those that mention this module."""
    folder = Path(__file__).parent.parent / package
    return [path for path in folder.rglob("*.py") if b"engine.jit" in path.read_bytes()] if folder.is_dir() else []


def _prune(current: Path, pattern: str) -> None:
    """Remove all but the most recently used cache folders of earlier sources."""
    try:
        current.mkdir(parents=True, exist_ok=True)
        os.utime(current)
        others = sorted(current.parent.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        return  # a cache that cannot be written is Numba's to report, with its own fallback folder
    for folder in others[CACHE_FOLDERS_KEPT:]:
        if folder != current:
            shutil.rmtree(folder, ignore_errors=True)


@kernel
def like(sample, value):
    """`value` in the floating-point type of `sample`: a bare literal would promote float32 arithmetic to float64."""
    return type(sample)(value)
