"""Convolution on the GPU: products with images that are unfolded on the fly, and projections with strides.

The sizes are those that `engine.layers.windows` lays out, and after them the number of filters.
"""

from __future__ import annotations

from engine.cuda.linking import device_code
from engine.cuda.products import add_on, keep, keep_and_activate, keep_slope, product
from engine.cuda.team import ME, SIZE, barrier
from engine.jit import like


@device_code
def window(x, sizes, row, tap):
    """What window `row` of the batch sees at `tap`: 0 on the padding, and 1 after the last tap, for the bias."""
    height, width, channels, size_down, size_right, down, right, windows_down, windows_right = sizes[:9]
    if tap == size_down * size_right * channels:
        return like(x[0], 1)
    image, place = row // (windows_down * windows_right), row % (windows_down * windows_right)
    h = place // windows_right * down + tap // (size_right * channels) - sizes[11]
    w = place % windows_right * right + tap // channels % size_right - sizes[12]
    if h < 0 or h >= height or w < 0 or w >= width:
        return like(x[0], 0)
    return x[((image * height + h) * width + w) * channels + tap % channels]


@device_code
def window_transposed(x, sizes, tap, row):
    return window(x, sizes, row, tap)


@device_code
def by_filters(values, sizes, row, f):
    """Rows of as many values as there are filters."""
    return values[row * sizes[13] + f]


@device_code
def seen_by(dy, sizes, place, term):
    """The gradient of the window that sees a place of the images with tap and filter `term`, 0 where none does."""
    height, width, _, _, size_right, down, right, windows_down, windows_right = sizes[:9]
    filters = sizes[13]
    tap, inside = term // filters, place % (height * width)
    h = inside // width + sizes[11] - tap // size_right
    w = inside % width + sizes[12] - tap % size_right
    if h < 0 or w < 0 or h % down != 0 or w % right != 0 or h // down >= windows_down or w // right >= windows_right:
        return like(dy[0], 0)
    row = (place // (height * width) * windows_down + h // down) * windows_right + w // right
    return dy[row * filters + term % filters]


@device_code
def weight_of_channel(theta, sizes, term, channel):
    """The weight of tap and filter `term` on a channel."""
    filters = sizes[13]
    return theta[(term // filters * sizes[2] + channel) * filters + term % filters]


forward_product = product.given(
    left=window, a_along_terms=True, right=by_filters, b_along_terms=False, finish=keep_and_activate
)
gradient_product = product.given(
    left=window_transposed, a_along_terms=False, right=by_filters, b_along_terms=False, finish=keep
)
input_product = product.given(
    left=seen_by, a_along_terms=True, right=weight_of_channel, b_along_terms=False, finish=keep_slope
)


@device_code
def all_sizes(dims):
    """The sizes, read once."""
    return (
        dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6], dims[7], dims[8], dims[9], dims[10], dims[11],
        dims[12], dims[13],
    )  # fmt: skip


@device_code
def convolution_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """Y = [U(X) 1] [W; b]: row (n, i, j) of U(X) is what window (i, j) of image n sees."""
    sizes = all_sizes(dims)
    rows, taps = y.size // sizes[13], theta.size // sizes[13]
    forward_product(team, shared, ways[0], 0, rows, sizes[13], taps, x, theta, sizes, code, y, activated, activated)


@device_code
def convolution_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """d[W; b] = [U(X) 1]ᵀ dY, and dX from the windows that see each place."""
    sizes = all_sizes(dims)
    rows, taps = y.size // sizes[13], theta.size // sizes[13]
    first = gradient_product(team, shared, ways[1], 0, taps, sizes[13], rows, x, dy, sizes, 0, dtheta, dtheta, dtheta)
    if dx.size > 0:
        places, terms = x.size // sizes[2], sizes[3] * sizes[4] * sizes[13]
        input_product(team, shared, ways[2], first, places, sizes[2], terms, dy, theta, sizes, code, dx, before, x)


def convolution_products(dims: tuple[int, ...], batch: int) -> list[tuple[int, int, int]]:
    """The sizes (m, n, k) of the three products."""
    height, width, channels, size_down, size_right, _, _, windows_down, windows_right = dims[:9]
    rows, taps, filters = batch * windows_down * windows_right, size_down * size_right * channels + 1, dims[13]
    return [
        (rows, filters, taps),
        (taps, filters, rows),
        (batch * height * width, channels, size_down * size_right * filters),
    ]


# --- the projection of residual blocks ----------------------------------------------------------------------------
# dims: height, width, channels of the input, the same of the output, strides down and right


@device_code
def at_strides(x, sizes, row, channel):
    """The input at the place that belongs to place `row` of the output."""
    places, out_width = sizes[3] * sizes[4], sizes[4]
    place = row % places
    h, w = place // out_width * sizes[6], place % out_width * sizes[7]
    return x[((row // places * sizes[0] + h) * sizes[1] + w) * sizes[2] + channel]


@device_code
def at_strides_transposed(x, sizes, channel, row):
    return at_strides(x, sizes, row, channel)


@device_code
def by_channels(values, sizes, row, channel):
    return values[row * sizes[5] + channel]


@device_code
def gradient_at(tape, sizes, place, channel):
    """The gradient of the output at a place of the input, 0 where no stride meets it."""
    inside = place % (sizes[0] * sizes[1])
    h, w = inside // sizes[1], inside % sizes[1]
    if h % sizes[6] != 0 or w % sizes[7] != 0 or h // sizes[6] >= sizes[3] or w // sizes[7] >= sizes[4]:
        return like(tape[0], 0)
    row = (place // (sizes[0] * sizes[1]) * sizes[3] + h // sizes[6]) * sizes[4] + w // sizes[7]
    return tape[row * sizes[5] + channel]


@device_code
def by_channels_transposed(values, sizes, channel, row):
    return values[row * sizes[5] + channel]


projection = product.given(left=at_strides, a_along_terms=True, right=by_channels, b_along_terms=False, finish=keep)
projection_gradient = product.given(
    left=at_strides_transposed, a_along_terms=False, right=by_channels, b_along_terms=False, finish=keep
)
projection_input = product.given(
    left=gradient_at, a_along_terms=True, right=by_channels_transposed, b_along_terms=True, finish=add_on
)


@device_code
def project_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """y = x, and tape = x P at every `stride`-th place, with P (in_channels, out_channels)."""
    sizes = (dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6], dims[7])
    for i in range(team[ME], x.size, team[SIZE]):
        y[i] = x[i]
    rows = run[0] * sizes[3] * sizes[4]
    projection(team, shared, ways[0], 0, rows, sizes[5], sizes[2], x, theta, sizes, 0, tape, tape, tape)


@device_code
def project_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """dP = Σ xᵀ tape over examples and places; dx = dy, plus tape Pᵀ at every `stride`-th place."""
    sizes = (dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6], dims[7])
    rows = run[0] * sizes[3] * sizes[4]
    for i in range(team[ME], dx.size, team[SIZE]):
        dx[i] = dy[i]
    barrier()
    first = projection_gradient(
        team, shared, ways[1], 0, sizes[2], sizes[5], rows, x, tape, sizes, 0, dtheta, dtheta, dtheta
    )
    if dx.size > 0:
        places = run[0] * sizes[0] * sizes[1]
        projection_input(team, shared, ways[2], first, places, sizes[2], sizes[5], tape, theta, sizes, 0, dx, dx, dx)


def project_products(dims: tuple[int, ...], batch: int) -> list[tuple[int, int, int]]:
    """The sizes (m, n, k) of the three products."""
    rows = batch * dims[3] * dims[4]
    return [(rows, dims[5], dims[2]), (dims[2], dims[5], rows), (batch * dims[0] * dims[1], dims[2], dims[5])]
