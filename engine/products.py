"""Matrix products of flat arrays, whole or a block at a time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.linalg import get_blas_kind

from engine.jit import kernel

# Blocks begin at multiples of this, which BLAS's own innermost blocks divide.
GRAIN = 32


@intrinsic
def _multiply(
    typing_context, flip_a, flip_b, m, n, k, a, a_start, a_stride, b, b_start, b_stride, c, c_start, c_stride
):
    """C (m, n) = A (m, k) B (k, n), each a block of a flat array: where it starts, and how far apart its rows are.

    With `flip_a`, A is the transpose of the block (k, m) that is given; likewise for B. This is the call behind
    ``np.dot(a, b, out)``, which takes whole arrays only.
    """
    kind = ord(get_blas_kind(c.dtype))

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> ir.Value:
        char, size, pointer = ir.IntType(8), context.get_value_type(types.intp), ir.IntType(8).as_pointer()
        (m, n, k), (block_a, block_b, block_c) = args[2:5], [args[i : i + 3] for i in (5, 8, 11)]

        def place(block: Any, array_type: Any) -> ir.Value:
            array = context.make_array(array_type)(context, builder, block[0])
            return builder.bitcast(builder.gep(array.data, [block[1]]), pointer)

        def scalar(value: float) -> ir.Value:
            constant = context.get_constant(c.dtype, value)
            return builder.bitcast(cgutils.alloca_once_value(builder, constant), pointer)

        def letter(flip: ir.Value) -> ir.Value:
            return builder.select(flip, ir.Constant(char, ord("t")), ir.Constant(char, ord("n")))

        takes = [char, char, char, size, size, size, pointer, pointer, size, pointer, size, pointer, pointer, size]
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(32), takes), "numba_xxgemm"
        )
        # Fortran has columns where C has rows: it is asked for Cᵀ = Bᵀ Aᵀ.
        builder.call(
            function,
            [
                ir.Constant(char, kind), letter(args[1]), letter(args[0]), n, m, k,
                scalar(1.0), place(block_b, b), block_b[2], place(block_a, a), block_a[2],
                scalar(0.0), place(block_c, c), block_c[2],
            ],
        )  # fmt: skip
        return context.get_dummy_value()

    boolean, intp = types.boolean, types.intp
    arguments = (boolean, boolean, intp, intp, intp, a, intp, intp, b, intp, intp, c, intp, intp)
    return types.void(*arguments), codegen


multiply: Any = _multiply


@kernel(counts=False)
def block_of(m, n, share, shares):
    """The rows and columns of a matrix (m, n) that make one of its shares: first row, rows, first column, columns.

    A share is a block of columns, or of rows where there are more of them.
    """
    length = max(m, n)
    grains = (length + GRAIN - 1) // GRAIN
    first, last = share * grains // shares * GRAIN, min((share + 1) * grains // shares * GRAIN, length)
    size = max(last - first, 0)
    if n >= m:
        return 0, m, first, size
    return first, size, 0, n


@kernel(counts=False)
def share_of_product(flip_a, a, flip_b, b, c, m, n, k, share, shares):
    """One of the shares of C (m, n) = A (m, k) B (k, n), all flat: the block that `block_of` gives.

    With `flip_a`, `a` holds Aᵀ (k, m); with `flip_b`, `b` holds Bᵀ (n, k).
    """
    row, rows, column, columns = block_of(m, n, share, shares)
    if rows > 0 and columns > 0:
        a_start, a_stride = (row, m) if flip_a else (row * k, k)
        b_start, b_stride = (column * k, k) if flip_b else (column, n)
        multiply(flip_a, flip_b, rows, columns, k, a, a_start, a_stride, b, b_start, b_stride, c, row * n + column, n)
