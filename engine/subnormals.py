"""Subnormal numbers off: the processor takes 0 for numbers too small for their full precision.

Below 1.2e-38 (float32) arithmetic becomes a hundred times as slow on many processors, and numbers get there easily:
the moments of a unit whose gradient has become 0 shrink by a factor each step. PyTorch and XLA set the same switch.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.jit import kernel

# Flush-to-zero (results) and denormals-are-zero (operands) in x86's MXCSR, and FZ, which is both, in Arm's FPCR.
X86 = platform.machine().lower() in ("x86_64", "amd64")
ARM = platform.machine().lower() in ("aarch64", "arm64")
FLUSH = 0x8040 if X86 else 1 << 24 if ARM else 0


@intrinsic
def _read_mode(typing_context):
    """The processor's control register for floating-point numbers, int64; 0 where it is not known how."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        word, wide = ir.IntType(32), ir.IntType(64)
        if X86:
            place = cgutils.alloca_once(builder, word)
            store = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
            function = cgutils.get_or_insert_function(builder.module, store, "llvm.x86.sse.stmxcsr")
            builder.call(function, [builder.bitcast(place, ir.IntType(8).as_pointer())])
            return builder.zext(builder.load(place), wide)
        if ARM:
            read = ir.FunctionType(wide, [])
            return builder.call(cgutils.get_or_insert_function(builder.module, read, "llvm.aarch64.get.fpcr"), [])
        return ir.Constant(wide, 0)

    return types.int64(), codegen


@intrinsic
def _write_mode(typing_context, mode):
    """Set the register that `_read_mode` reads."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        word, wide = ir.IntType(32), ir.IntType(64)
        if X86:
            place = cgutils.alloca_once_value(builder, builder.trunc(args[0], word))
            load = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
            function = cgutils.get_or_insert_function(builder.module, load, "llvm.x86.sse.ldmxcsr")
            builder.call(function, [builder.bitcast(place, ir.IntType(8).as_pointer())])
        elif ARM:
            write = ir.FunctionType(ir.VoidType(), [wide])
            function = cgutils.get_or_insert_function(builder.module, write, "llvm.aarch64.set.fpcr")
            builder.call(function, [args[0]])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


read_mode: Any = _read_mode
write_mode: Any = _write_mode


@kernel
def flush_subnormals():
    """Switch subnormal numbers off in this thread; gives what `restore_subnormals` needs."""
    mode = read_mode()
    write_mode(mode | FLUSH)
    return mode


@kernel
def restore_subnormals(mode):
    """Put the switch back to where it was."""
    write_mode(mode)
