"""The fully connected layer on the GPU: three products. The bias is one more row of the weight, times an input of 1."""

from __future__ import annotations

from engine.cuda.linking import device_code
from engine.cuda.products import keep, keep_and_activate, keep_slope, product
from engine.jit import like


@device_code
def with_ones(x, sizes, n, i):
    """X and a column of ones after it."""
    return x[n * sizes[0] + i] if i < sizes[0] else like(x[0], 1)


@device_code
def with_ones_transposed(x, sizes, i, n):
    return x[n * sizes[0] + i] if i < sizes[0] else like(x[0], 1)


@device_code
def by_outputs(values, sizes, row, o):
    """Rows of out_features values."""
    return values[row * sizes[1] + o]


@device_code
def by_outputs_transposed(values, sizes, o, row):
    return values[row * sizes[1] + o]


forward_product = product.given(
    left=with_ones, a_along_terms=True, right=by_outputs, b_along_terms=False, finish=keep_and_activate
)
gradient_product = product.given(
    left=with_ones_transposed, a_along_terms=False, right=by_outputs, b_along_terms=False, finish=keep
)
input_product = product.given(
    left=by_outputs, a_along_terms=True, right=by_outputs_transposed, b_along_terms=True, finish=keep_slope
)


@device_code
def dense_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """Y = [X 1] [W; b]."""
    sizes = (dims[0], dims[1])
    forward_product(
        team, shared, ways[0], 0, run[0], sizes[1], sizes[0] + 1, x, theta, sizes, code, y, activated, activated
    )


@device_code
def dense_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """d[W; b] = [X 1]ᵀ dY and dX = dY Wᵀ."""
    sizes = (dims[0], dims[1])
    first = gradient_product(
        team, shared, ways[1], 0, sizes[0] + 1, sizes[1], run[0], x, dy, sizes, 0, dtheta, dtheta, dtheta
    )
    if dx.size > 0:
        input_product(team, shared, ways[2], first, run[0], sizes[0], sizes[1], dy, theta, sizes, code, dx, before, x)


def dense_products(dims: tuple[int, ...], batch: int) -> list[tuple[int, int, int]]:
    """The sizes (m, n, k) of the three products."""
    in_features, out_features = dims[0], dims[1]
    return [
        (batch, out_features, in_features + 1),
        (in_features + 1, out_features, batch),
        (batch, in_features, out_features),
    ]
