"""The crew: every share is done once, whoever does it; helpers change no bits, leave when they shall, and do help."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from engine import (
    LSTM,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    Residual,
    crew,
    machine,
    memory,
    program,
)
from engine.crew import LEAVE, MOST_SHARES, PRESENT, hand_in, helped, new_board, post, take, wait
from engine.layers.base import INPUTS
from engine.passes import cut_of_pass
from engine.shares import gather_share, shares_of
from engine.trainer import Trainer
from tests.engine.cases import difference, examples, scatter
from tests.engine.reference import ReferenceNetwork


@pytest.fixture
def helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Sets how many helpers there are, whatever the machine has."""
    pools: list[ThreadPoolExecutor] = []

    def choose(count: int) -> None:
        monkeypatch.setattr(crew, "count_helpers", lambda: count)
        if count:
            pool = ThreadPoolExecutor(count)
            pools.append(pool)
            monkeypatch.setattr(crew, "_pool", lambda: pool)

    yield choose
    for pool in pools:
        pool.shutdown()


# --- the board ----------------------------------------------------------------------------------------------------


def test_every_share_is_taken_once() -> None:
    board = new_board()
    assert take(board, False) == take(board, True) == -1
    for shares in (1, 3, MOST_SHARES):
        post(board, 0, 0, shares)
        assert sorted(take(board, bool(n % 2)) for n in range(shares)) == list(range(shares))
        assert take(board, False) == take(board, True) == -1


def test_helpers_begin_at_the_other_end() -> None:
    board = new_board()
    post(board, 0, 0, 4)
    assert [take(board, helper) for helper in (False, True, True, False)] == [0, 3, 2, 1]


def test_many_threads_take_every_share_once() -> None:
    board, rounds, taken = new_board(), 300, np.zeros((300, MOST_SHARES), int)
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            share = take(board, True)
            if share >= 0:
                taken[board[crew.OPERATION], share] += 1
                hand_in(board)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(rounds):
        shares = 1 + number % MOST_SHARES
        post(board, 0, number, shares)
        wait(board, shares)
        assert taken[number].sum() == shares
    ended.set()
    for thread in threads:
        thread.join()
    for number in range(rounds):
        assert taken[number].tolist() == [1] * (1 + number % MOST_SHARES) + [0] * (7 - number % MOST_SHARES)


def test_helpers_are_called_with_numbers_of_their_own_and_leave(helpers: Callable[[int], None]) -> None:
    helpers(3)
    board, seen = new_board(), []

    def work(number: int) -> None:
        seen.append(number)
        while not board[LEAVE]:
            time.sleep(0.001)

    with helped(board, work):
        while len(seen) < 3:
            time.sleep(0.001)
    assert sorted(seen) == [1, 2, 3]
    assert board[LEAVE] == 1


def test_what_goes_wrong_with_a_helper_is_raised(helpers: Callable[[int], None]) -> None:
    helpers(1)
    begun = threading.Event()

    def work(number: int) -> None:
        begun.set()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), helped(new_board(), work):
        begun.wait()


def test_helpers_that_had_no_time_to_begin_are_not_waited_for(helpers: Callable[[int], None]) -> None:
    helpers(1)
    calls: list[int] = []
    free = threading.Event()
    busy = crew._pool().submit(free.wait)
    with helped(new_board(), calls.append):
        pass
    free.set()
    busy.result()
    assert calls == []


# --- training -----------------------------------------------------------------------------------------------------


def conv() -> Network:
    layers = [Conv2D(6, 5, activation="relu"), MaxPool2D(), Conv2D(8, 3, padding="same"), Flatten(), Dense(4)]
    return Network(layers, (20, 20, 1))


def mixed() -> Network:
    """Convolutions that are taken together, the second around a projection, and wide layers shared one by one."""
    halved = Residual([Conv2D(8, 3, 2, "same", "relu"), Conv2D(8, 3, padding="same")], "relu")
    return Network([Conv2D(6, 5, activation="relu"), halved, Flatten(), Dense(300, "relu"), Dense(4)], (20, 20, 1))


def wide() -> Network:
    around = Residual([Dense(260, "relu")])
    return Network([Dense(250, "tanh"), Dropout(0.3), around, Dense(3)], (300,))


def tall() -> Network:
    return Network([Dense(20, "sigmoid"), Dense(12, "tanh"), Dense(3)], (700,))


def narrow() -> Network:
    return Network([Dense(600, "relu"), Dense(16, "tanh"), Dense(3)], (400,))


def recurrent() -> Network:
    return Network([LSTM(12, return_sequences=True), Flatten(), Dense(90, "gelu"), Dense(2)], (20, 3))


@pytest.mark.parametrize("make", [conv, mixed, wide, tall, narrow, recurrent])
def test_helpers_change_no_bits(make: Callable[[], Network], helpers: Callable[[int], None]) -> None:
    results = []
    for count in (0, 1, 3):
        helpers(count)
        network = make()
        x, y = examples(network, "mse", 150)
        history = network.fit(x, y, loss="mse", epochs=3, batch_size=64, validation_data=(x, y), clip_norm=5.0)
        results.append((network.parameters, history["loss"], history["val_loss"]))
    for result in results[1:]:
        assert all(np.array_equal(one, other) for one, other in zip(result, results[0], strict=True))


@pytest.mark.parametrize("make", [conv, mixed, wide, tall, narrow, recurrent])
def test_helpers_take_their_part(make: Callable[[], Network], helpers: Callable[[int], None]) -> None:
    helpers(1)
    network = make()
    x, y = examples(network, "mse", 640)
    training = Trainer(network, x, y, loss="mse", batch_size=64)
    assert any(shares_of(network.program, k, 64) > 1 for k in range(len(network.program.forward)))
    ends = time.monotonic() + 60
    while not training._space.runs[1].any():  # where a helper that takes a share writes what it is of
        training.train_epoch()
        assert time.monotonic() < ends, "the helper has done nothing"
    assert training._space.board[PRESENT] == 0


def test_small_networks_have_no_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_pool", lambda: pytest.fail("a thread was started for nothing"))
    monkeypatch.setattr(crew, "count_helpers", lambda: 1)
    network = Network([Dense(16, "tanh"), Dense(1)], (2,))
    x, y = examples(network, "mse", 200)
    network.fit(x, y, loss="mse", epochs=1, validation_data=(x, y))


@pytest.mark.parametrize("make", [conv, mixed, wide, tall, narrow, recurrent])
def test_shares_have_the_right_gradient(make: Callable[[], Network]) -> None:
    made = make()
    network = scatter(Network(made.layers, made.input_shape, dtype="float64"))
    x, y = examples(network, "mse", 40)
    naive = ReferenceNetwork(network)
    operations = range(len(network.program.forward))
    assert max(shares_of(network.program, k, 40) for k in operations) > 1 or shares_in_passes(network, 40) > 1
    value, gradient = network.gradient(x, y, "mse")
    assert difference(value, naive.loss(x, y, "mse")) < 1e-12
    assert difference(gradient, naive.gradient(x, y, "mse")) < 1e-12


def cut(network: Network, batch: int) -> tuple[int, int]:
    """How many operations are taken together, in how many shares."""
    together, shares = cut_of_pass(network.program, len(network.program.forward), batch)
    return int(together), int(shares)


def shares_in_passes(network: Network, batch: int) -> int:
    return cut(network, batch)[1]


def test_operations_are_taken_together_where_their_values_are_more_than_the_weights() -> None:
    for make in (conv, recurrent):
        network = make()
        assert cut(network, 64)[0] == len(network.program.forward) and shares_in_passes(network, 64) > 1
    assert cut(wide(), 64) == cut(tall(), 64) == (0, 1)
    assert cut(conv(), 1) == (0, 1)
    normed = Network([Conv2D(6, 5), BatchNorm(), Flatten(), Dense(4)], (20, 20, 1))
    assert cut(normed, 64)[0] == 1, "what comes into a BatchNorm must be seen whole"


def test_the_first_layers_are_taken_together_before_wide_ones() -> None:
    network = mixed()
    together, shares = cut(network, 64)
    assert together in network.plan.layer_ends and network.plan.layer_ends[1] <= together <= network.plan.layer_ends[2]
    assert shares == MOST_SHARES
    behind = range(together, len(network.program.forward))
    assert any(shares_of(network.program, k, 64) > 1 for k in behind)


@pytest.mark.parametrize("make", [conv, mixed, wide, tall, narrow, recurrent])
@pytest.mark.parametrize("batch", [1, 3, 37, 64])
def test_batches_of_all_sizes_are_seen_alike(make: Callable[[], Network], batch: int) -> None:
    """Example by example, one batch, cut or not, and the chunks of `evaluate` give the same loss and right answers."""
    made = make()
    network = Network(made.layers, made.input_shape, dtype="float64")
    x, y = examples(network, "mse", batch)
    alone = [network.evaluate(x[n : n + 1], y[n : n + 1], "mse")["loss"] for n in range(batch)]
    value, gradient = network.gradient(x, y, "mse")
    assert value == pytest.approx(np.mean(alone), rel=1e-12)
    assert network.evaluate(x, y, "mse")["loss"] == pytest.approx(value, rel=1e-12)
    parts = [network.gradient(x[n : n + 1], y[n : n + 1], "mse")[1] for n in range(batch)]
    assert difference(gradient, np.mean(parts, axis=0)) < 1e-12


def test_layers_with_many_inputs_and_few_units_are_cut_by_their_inputs() -> None:
    """Each share sums some of the inputs, and one more share adds the sums up."""
    for make, k in ((tall, 0), (narrow, 2)):
        network = scatter(make())
        assert network.program.work[k, 0] == INPUTS and shares_of(network.program, k, 64) > 1
        units, inputs = network.program.layout[k, program.Y_SIZE], network.program.layout[k, program.X_SIZE]
        space, run = machine.workspace(network.program, 64, network.dtype), network.new_run()
        run[machine.BATCH] = 64
        x = np.random.default_rng(0).normal(size=(64, *network.input_shape)).astype(network.dtype)
        space.values[: x.size] = x.ravel()
        machine.forward_pass(network.program, 0, k + 1, run, network.parameters, space)
        given = space.values[64 * network.program.layout[k, program.X_START] :][: 64 * inputs].reshape(64, inputs)
        found = space.values[64 * network.program.layout[k, program.Y_START] :][: 64 * units].reshape(64, units)
        layer = "0" if k == 0 else "1"
        whole = given @ network.weights[f"{layer}.weight"] + network.weights[f"{layer}.bias"]
        np.testing.assert_allclose(found, whole, rtol=1e-4, atol=1e-4)
        assert space.tape.any()  # what the second share summed


@pytest.mark.parametrize("inputs", [16, 33, 70])
def test_more_shares_than_blocks_of_inputs(inputs: int) -> None:
    network = scatter(Network([Dense(1, "tanh")], (inputs,), dtype="float64"))
    x = np.random.default_rng(1).normal(size=(4_000_000 // inputs, inputs))
    assert network.program.work[0, 0] == INPUTS and shares_of(network.program, 0, len(x)) > 1
    space, run = machine.workspace(network.program, len(x), network.dtype), network.new_run()
    run[machine.BATCH] = len(x)
    space.values[: x.size] = x.ravel()
    space.values[x.size :] = space.tape[:] = 7.0  # what was there before
    machine.forward_pass(network.program, 0, 1, run, network.parameters, space)
    found = space.values[x.size :][: len(x)]
    whole = x @ network.weights["0.weight"][:, 0] + network.weights["0.bias"]
    np.testing.assert_allclose(found, whole, rtol=1e-12, atol=1e-12)


@numba.njit
def copy_in_shares(start, shares, run, data, order, space):  # type: ignore[no-untyped-def]
    for share in range(shares):
        gather_share(start, share, shares, run, data, order, space)


@pytest.mark.parametrize(("batch", "features"), [(3, 1000), (1000, 3), (100, 100), (64, 31)])
def test_copying_a_batch_in_shares_copies_all_of_it(batch: int, features: int) -> None:
    rng = np.random.default_rng(batch)
    x = rng.normal(size=(2 * batch, features))
    y, weights = rng.normal(size=(2 * batch, 2)), rng.uniform(size=2 * batch)
    network = Network([Dense(2)], (features,), dtype="float64")
    order = rng.permutation(2 * batch)
    for shares in (1, 2, 8):
        space, run = machine.workspace(network.program, batch, network.dtype), network.new_run()
        run[machine.BATCH] = batch
        copy_in_shares(batch, shares, run, machine.Data(x, y, weights), order, space)
        taken = order[batch:]
        assert np.array_equal(space.values[: x[taken].size], x[taken].ravel())
        assert np.array_equal(space.targets, y[taken].ravel()) and np.array_equal(space.weights, weights[taken])


def test_buffers_begin_with_a_line_of_the_cache() -> None:
    network = tall()
    training = Trainer(network, np.zeros((5, 700)), np.zeros((5, 3)), loss="mse")
    space = training._space
    for array in (network.parameters, training.gradient, space.values, space.dvalues, space.runs, space.board):
        assert array.ctypes.data % memory.LINE == 0 and array.flags.writeable
    assert memory.zeros(0, np.float32).size == 0 and not memory.zeros(7, np.float64).any()


def test_dropout_draws_the_same_mask_in_shares() -> None:
    large = Network([Dropout(0.5)], (500,))
    x = np.ones((100, 500), np.float32)
    space, run = machine.workspace(large.program, 100, large.dtype), large.new_run()
    run[machine.BATCH], run[machine.TRAINING] = 100, 1
    assert shares_of(large.program, 0, 100) > 1
    space.values[: x.size] = x.ravel()
    machine.forward_pass(large.program, 0, 1, run, large.parameters, space)
    together = space.values[x.size :].copy()
    operation = large.layers[0].operations((500,))[0]
    y = np.zeros_like(together)
    whole = np.array([100, 1, 0, 0, 0, 0, 1, 100, 0, 0])
    kernel = operation.kernels(large.dtype)[0]
    kernel(whole, np.array([0]), np.array([0.5], np.float32), large.parameters, x.ravel(), y, y[:0])
    assert np.array_equal(together, y)
