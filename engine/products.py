"""Matrix products of blocks of flat arrays; large ones are shared out among several threads."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.linalg import get_blas_kind

from engine.jit import kernel

# Products of fewer multiplications than this take less time than sharing them out.
SHARED_FROM = 8_000_000

# A block for each so many multiplications, from 2 to 8 blocks. What is shared out, and with it the bits, depends on
# sizes alone and not on the number of threads.
BLOCK_SIZE, MOST_BLOCKS = 32_000_000, 8

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


@kernel
def product(flip_a, a, flip_b, b, c, m, n, k):
    """C (m, n) = A (m, k) B (k, n), all flat.

    With `flip_a`, `a` holds Aᵀ (k, m); with `flip_b`, `b` holds Bᵀ (n, k).
    """
    multiply(flip_a, flip_b, m, n, k, a, 0, m if flip_a else k, b, 0, k if flip_b else n, c, 0, n)


@kernel(parallel=True)
def blocks_of_product(flip_a, a, flip_b, b, c, m, n, k):
    """`product` in blocks of columns of C, or of rows where C has more of them."""
    a_stride, b_stride = m if flip_a else k, k if flip_b else n
    grains = (max(m, n) + GRAIN - 1) // GRAIN
    blocks = min(max(2, m * n * k // BLOCK_SIZE), MOST_BLOCKS)
    for block in prange(blocks):
        first, last = block * grains // blocks * GRAIN, (block + 1) * grains // blocks * GRAIN
        size = min(last, max(m, n)) - first
        if size > 0 and n >= m:
            b_start = first * k if flip_b else first
            multiply(flip_a, flip_b, m, size, k, a, 0, a_stride, b, b_start, b_stride, c, first, n)
        elif size > 0:
            a_start = first if flip_a else first * k
            multiply(flip_a, flip_b, size, n, k, a, a_start, a_stride, b, 0, b_stride, c, first * n, n)


@kernel
def shared_product(flip_a, a, flip_b, b, c, m, n, k):
    """`product` on several threads where it is large."""
    if m * n * k < SHARED_FROM:
        product(flip_a, a, flip_b, b, c, m, n, k)
    else:
        blocks_of_product(flip_a, a, flip_b, b, c, m, n, k)
