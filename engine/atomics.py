"""What threads in compiled loops need to agree: reads and writes of one number that no other thread can come between.

Each works on one place of an int64 array. All are sequentially consistent: what a thread wrote before is seen by those
that read the new number.
"""

from __future__ import annotations

import os
import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.jit import place

ORDER = "seq_cst"


@intrinsic
def _load(typing_context, array, index):
    """The number at ``array[index]``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        return builder.load_atomic(place(context, builder, signature.args[0], *args[:2]), ORDER, 8)

    return types.int64(array, types.intp), codegen


@intrinsic
def _store(typing_context, array, index, value):
    """Write `value` to ``array[index]``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        builder.store_atomic(args[2], place(context, builder, signature.args[0], *args[:2]), ORDER, 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), codegen


@intrinsic
def _add(typing_context, array, index, value):
    """Add `value` to ``array[index]``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        builder.atomic_rmw("add", place(context, builder, signature.args[0], *args[:2]), args[2], ORDER)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.int64), codegen


@intrinsic
def _replace(typing_context, array, index, expected, value):
    """Write `value` to ``array[index]`` if `expected` is what stands there; gives whether it was."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        at = place(context, builder, signature.args[0], *args[:2])
        return builder.extract_value(builder.cmpxchg(at, args[2], args[3], ORDER, ORDER), 1)

    return types.boolean(array, types.intp, types.int64, types.int64), codegen


@intrinsic
def _pause(typing_context):
    """Tell the processor that this thread waits in a loop."""
    machine = platform.machine().lower()

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        if machine in ("x86_64", "amd64"):
            pause = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"
            )
            builder.call(pause, [])
        elif machine in ("aarch64", "arm64"):
            hint = ir.FunctionType(ir.VoidType(), [ir.IntType(32)])
            wait = cgutils.get_or_insert_function(builder.module, hint, "llvm.aarch64.hint")
            builder.call(wait, [ir.Constant(ir.IntType(32), 1)])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def _rest(typing_context, microseconds):
    """Sleep for about so long, where the system has a call for that; elsewhere it does nothing."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        if os.name == "posix":
            number = ir.IntType(32)
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(number, [number]), "usleep")
            builder.call(function, [builder.trunc(args[0], number)])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


load: Any = _load
store: Any = _store
add: Any = _add
replace: Any = _replace
pause: Any = _pause
rest: Any = _rest
