"""The recurrent layers on the GPU.

What does not depend on the step before is one product over all steps of all examples: the inputs times their weights,
and, once the gradients of the gates are known, the gradients of weights and inputs. In between, a step at a time, a
thread takes the gates of one unit of one example. Their parameters are [W; bias, for a GRU alone] and [R; bias].

The tape holds, each by examples: the gates of all steps, later their gradients; the hidden states from h_{-1} = 0 on;
the cell states of an LSTM likewise, or for a GRU what its gates got from the hidden state, later the gradients of that;
dh and dc of the step that is under way.
"""

from __future__ import annotations

from typing import Any

from engine.cuda.layers.dense import by_outputs, by_outputs_transposed, with_ones, with_ones_transposed
from engine.cuda.linking import device_code
from engine.cuda.products import keep, product
from engine.cuda.team import ME, SIZE, barrier
from engine.jit import like

GATES: Any = None  # of the layer; given below
INPUT_BIAS: Any = None  # 1 where the inputs have a bias of their own
cell_forward: Any = None
cell_backward: Any = None
bounded: Any = None  # tanh and the logistic function in the network's precision; given by a Linker
gate: Any = None


@device_code
def before_transposed(hidden, sizes, i, row):
    """The hidden states before each step, and ones after them; sizes are steps, units · gates, units."""
    steps, units = sizes[0], sizes[2]
    return hidden[(row // steps * (steps + 1) + row % steps) * units + i] if i < units else like(hidden[0], 1)


input_product = product.given(left=with_ones, a_along_terms=True, right=by_outputs, b_along_terms=False, finish=keep)
input_gradient = product.given(
    left=with_ones_transposed, a_along_terms=False, right=by_outputs, b_along_terms=False, finish=keep
)
hidden_gradient = product.given(
    left=before_transposed, a_along_terms=False, right=by_outputs, b_along_terms=False, finish=keep
)
sequence_gradient = product.given(
    left=by_outputs, a_along_terms=True, right=by_outputs_transposed, b_along_terms=True, finish=keep
)


@device_code
def from_hidden(theta, hidden, at, units, column):
    """Column `column` of [h 1] [R; bias], for the hidden state that begins at `at`."""
    total = theta[units * GATES * units + column]
    for j in range(units):
        total += hidden[at + j] * theta[j * GATES * units + column]
    return total


@device_code
def recurrent_forward(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    """Gates from the inputs at once, then the cells step by step."""
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    width, rows = GATES * units, (features + INPUT_BIAS) * GATES * units
    gates_size, states_size = batch * steps * width, batch * (steps + 1) * units
    gates, hidden = tape[:gates_size], tape[gates_size : gates_size + states_size]
    other, recurrent = tape[gates_size + states_size :], theta[rows:]
    input_product(
        team, shared, ways[0], 0, batch * steps, width, features + INPUT_BIAS, x, theta, (features, width), 0, gates,
        gates, gates,
    )  # fmt: skip
    for i in range(team[ME], batch * units, team[SIZE]):
        start = i // units * (steps + 1) * units + i % units
        hidden[start] = like(x[0], 0)
        other[start] = like(x[0], 0)
    barrier()
    for t in range(steps):
        for i in range(team[ME], batch * units, team[SIZE]):
            n, u = i // units, i % units
            h = cell_forward(recurrent, gates, hidden, other, n, u, t, steps, units)
            hidden[(n * (steps + 1) + t + 1) * units + u] = h
            if dims[3] == 1:
                y[(n * steps + t) * units + u] = h
            elif t == steps - 1:
                y[i] = h
        barrier()


@device_code
def recurrent_backward(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    """Gradients of the gates step by step, then those of the parameters and inputs at once."""
    batch, steps, features, units = run[0], dims[0], dims[1], dims[2]
    width, rows = GATES * units, (features + INPUT_BIAS) * GATES * units
    gates_size, states_size = batch * steps * width, batch * (steps + 1) * units
    other_at, scratch_at = gates_size + states_size, tape.size - 2 * batch * units
    gates, hidden, other = tape[:gates_size], tape[gates_size:other_at], tape[other_at:scratch_at]
    dhidden, dcell = tape[scratch_at : scratch_at + batch * units], tape[scratch_at + batch * units :]
    recurrent, through = theta[rows:], other if GATES == 3 else gates  # where the gradients lie that R gets
    for i in range(team[ME], batch * units, team[SIZE]):
        dhidden[i] = like(x[0], 0)
        dcell[i] = like(x[0], 0)
    for t in range(steps - 1, -1, -1):
        for i in range(team[ME], batch * units, team[SIZE]):
            n, u = i // units, i % units
            dh = dhidden[i]
            if dims[3] == 1:
                dh += dy[(n * steps + t) * units + u]
            elif t == steps - 1:
                dh += dy[i]
            dhidden[i] = cell_backward(gates, hidden, other, dcell, dh, n, u, t, steps, units)
        barrier()
        if t > 0:
            for i in range(team[ME], batch * units, team[SIZE]):
                start, total = (i // units * steps + t) * width, dhidden[i]
                for j in range(width):
                    total += through[start + j] * recurrent[i % units * width + j]
                dhidden[i] = total
    first = input_gradient(
        team, shared, ways[1], 0, features + INPUT_BIAS, width, batch * steps, x, gates, (features, width), 0,
        dtheta, dtheta, dtheta,
    )  # fmt: skip
    drecurrent, sizes = dtheta[rows:], (steps, width, units)
    first = hidden_gradient(
        team, shared, ways[2], first, units + 1, width, batch * steps, hidden, through, sizes, 0, drecurrent,
        drecurrent, drecurrent,
    )  # fmt: skip
    if dx.size > 0:
        sequence_gradient(
            team, shared, ways[3], first, batch * steps, features, width, gates, theta, (features, width), 0, dx, dx, dx
        )


def recurrent_products(gates: int, input_bias: int) -> Any:
    """The sizes (m, n, k) of the four products."""

    def products(dims: tuple[int, ...], batch: int) -> list[tuple[int, int, int]]:
        steps, features, units = dims[:3]
        width, rows = gates * units, batch * steps
        return [
            (rows, width, features + input_bias),
            (features + input_bias, width, rows),
            (units + 1, width, rows),
            (rows, features, width),
        ]

    return products


def recurrent_tape(gates: int, others: int) -> Any:
    """How long the tape of an example is; `others` is what it holds besides for each step and unit."""

    def tape(dims: tuple[int, ...]) -> int:
        steps, units = dims[0], dims[2]
        return units * (gates * steps + (1 + others) * (steps + 1) + 2)

    return tape


# --- cells --------------------------------------------------------------------------------------------------------


@device_code
def rnn_forward(recurrent, gates, hidden, other, n, u, t, steps, units):
    """h_t = tanh(a + Rᵀ h_{t-1} + b)"""
    at, before = (n * steps + t) * units + u, (n * (steps + 1) + t) * units
    return bounded(gates[at] + from_hidden(recurrent, hidden, before, units, u))


@device_code
def rnn_backward(gates, hidden, other, dcell, dh, n, u, t, steps, units):
    """dz = dh (1 - h²)"""
    h = hidden[(n * (steps + 1) + t + 1) * units + u]
    gates[(n * steps + t) * units + u] = dh * (like(h, 1) - h * h)
    return like(h, 0)


@device_code
def lstm_forward(recurrent, gates, hidden, other, n, u, t, steps, units):
    """[i, f, g, o] = [σ, σ, tanh, σ](a + Rᵀ h_{t-1} + b);  c_t = f c_{t-1} + i g;  h_t = o tanh c_t."""
    at, before = (n * steps + t) * 4 * units + u, (n * (steps + 1) + t) * units
    admitted = gate(gates[at] + from_hidden(recurrent, hidden, before, units, u))
    kept = gate(gates[at + units] + from_hidden(recurrent, hidden, before, units, units + u))
    candidate = bounded(gates[at + 2 * units] + from_hidden(recurrent, hidden, before, units, 2 * units + u))
    shown = gate(gates[at + 3 * units] + from_hidden(recurrent, hidden, before, units, 3 * units + u))
    gates[at], gates[at + units], gates[at + 2 * units], gates[at + 3 * units] = admitted, kept, candidate, shown
    cell = kept * other[before + u] + admitted * candidate
    other[before + units + u] = cell
    return shown * bounded(cell)


@device_code
def lstm_backward(gates, hidden, other, dcell, dh, n, u, t, steps, units):
    """do = dh tanh c_t,  dc += dh o (1 - tanh² c_t),  di = dc g,  df = dc c_{t-1},  dg = dc i,  then dc ← dc f."""
    at, before, one = (n * steps + t) * 4 * units + u, (n * (steps + 1) + t) * units, like(dh, 1)
    admitted, kept, candidate, shown = gates[at], gates[at + units], gates[at + 2 * units], gates[at + 3 * units]
    bound = bounded(other[before + units + u])
    dc = dcell[n * units + u] + dh * shown * (one - bound * bound)
    gates[at] = dc * candidate * admitted * (one - admitted)
    gates[at + units] = dc * other[before + u] * kept * (one - kept)
    gates[at + 2 * units] = dc * admitted * (one - candidate * candidate)
    gates[at + 3 * units] = dh * bound * shown * (one - shown)
    dcell[n * units + u] = dc * kept
    return like(dh, 0)


@device_code
def gru_forward(recurrent, gates, hidden, other, n, u, t, steps, units):
    """r = σ(a_r + s_r);  z = σ(a_z + s_z);  n = tanh(a_n + r s_n);  h_t = n + z (h_{t-1} - n), with s = Rᵀ h + c."""
    at, before = (n * steps + t) * 3 * units + u, (n * (steps + 1) + t) * units
    reset = gate(gates[at] + from_hidden(recurrent, hidden, before, units, u))
    update = gate(gates[at + units] + from_hidden(recurrent, hidden, before, units, units + u))
    share = from_hidden(recurrent, hidden, before, units, 2 * units + u)
    candidate = bounded(gates[at + 2 * units] + reset * share)
    gates[at], gates[at + units], gates[at + 2 * units] = reset, update, candidate
    other[at + 2 * units] = share
    return candidate + update * (hidden[before + u] - candidate)


@device_code
def gru_backward(gates, hidden, other, dcell, dh, n, u, t, steps, units):
    """da_n = dh (1 - z) (1 - n²),  da_z = dh (h_{t-1} - n) z (1 - z),  da_r = da_n s_n r (1 - r);  ds = [da_r, da_z,
    da_n r].
    """
    at, before, one = (n * steps + t) * 3 * units + u, (n * (steps + 1) + t) * units, like(dh, 1)
    reset, update, candidate = gates[at], gates[at + units], gates[at + 2 * units]
    dn = dh * (one - update) * (one - candidate * candidate)
    dz = dh * (hidden[before + u] - candidate) * update * (one - update)
    dr = dn * other[at + 2 * units] * reset * (one - reset)
    gates[at], gates[at + units], gates[at + 2 * units] = dr, dz, dn
    other[at], other[at + units], other[at + 2 * units] = dr, dz, dn * reset
    return dh * update


def recurrent_kind(forward: Any, backward: Any, gates: int, input_bias: int, others: int) -> dict[str, Any]:
    """What KINDS says of a recurrent layer."""
    names = {"GATES": gates, "INPUT_BIAS": input_bias, "cell_forward": forward, "cell_backward": backward}
    return {
        "forward": recurrent_forward.given(**names),
        "backward": recurrent_backward.given(**names),
        "products": recurrent_products(gates, input_bias),
        "tape": recurrent_tape(gates, others),
    }


RECURRENT = {
    "simple_rnn": recurrent_kind(rnn_forward, rnn_backward, 1, 0, 1),
    "lstm": recurrent_kind(lstm_forward, lstm_backward, 4, 0, 1),
    "gru": recurrent_kind(gru_forward, gru_backward, 3, 1, 3),
}
