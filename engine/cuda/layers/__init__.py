"""What the GPU computes for each kind of operation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.cuda.layers import batch_norm, convolution, dense, elementwise, pooling
from engine.cuda.layers.recurrent import RECURRENT
from engine.cuda.linking import Code

Products = Callable[[tuple[int, ...], int], list[tuple[int, int, int]]]


@dataclass(frozen=True)
class Kind:
    """One kind of operation.

    Attributes
    ----------
    forward, backward : Code
        With the signatures::

            forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated)
            backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before)

        All threads run them, and meet at a barrier afterwards. The arrays are those of the CPU's kernels (see
        `engine.layers.base.Operation`); `run` is a tuple (batch, training, step, seed), `shared` scratch space of the
        block.
    fuses : bool
        Whether it also does the work of activation functions beside it: `code` is then the number of the one that
        follows (forward; `activated` is its output) or comes before (backward; `before` is its input, and `dx` that
        of its input), and 0 where there is none.
    products : callable, optional
        ``products(dims, batch)``: the sizes (m, n, k) of its matrix products; `ways` says how each is computed.
    tape : callable, optional
        ``tape(dims)``: how many values of tape an example needs, where it is not as many as on the CPU.
    fixed : bool
        Whether it is compiled for its sizes, `dims` being a tuple then: what divides by them, to find its way in
        images, takes a tenth of the instructions with numbers that the compiler knows.
    """

    forward: Code
    backward: Code
    fuses: bool = False
    products: Products | None = None
    tape: Callable[[tuple[int, ...]], int] | None = None
    fixed: bool = False


KINDS: dict[str, Kind] = {
    "dense": Kind(dense.dense_forward, dense.dense_backward, True, dense.dense_products),
    "activation": Kind(elementwise.activation_forward, elementwise.activation_backward),
    "softmax": Kind(elementwise.softmax_rows_forward, elementwise.softmax_rows_backward),
    "dropout": Kind(elementwise.dropout_forward, elementwise.dropout_backward),
    "batch_norm": Kind(batch_norm.batch_norm_forward, batch_norm.batch_norm_backward),
    "convolution": Kind(
        convolution.convolution_forward,
        convolution.convolution_backward,
        True,
        convolution.convolution_products,
        fixed=True,
    ),
    "max_pool": Kind(pooling.max_pool_forward, pooling.max_pool_backward, fixed=True),
    "average_pool": Kind(pooling.average_pool_forward, pooling.average_pool_backward, fixed=True),
    "upsample": Kind(pooling.upsample_forward, pooling.upsample_backward, fixed=True),
    "branch": Kind(elementwise.branch_forward, elementwise.branch_backward),
    "project": Kind(
        convolution.project_forward, convolution.project_backward, False, convolution.project_products, fixed=True
    ),
    "merge": Kind(elementwise.merge_forward, elementwise.merge_backward),
    **{name: Kind(**settings) for name, settings in RECURRENT.items()},
}
