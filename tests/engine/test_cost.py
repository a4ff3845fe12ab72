"""What an answer costs: against counts by hand, and against loops that count every multiplication that they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from engine.analysis.cost import layer_costs, uses_of
from engine.errors import ConfigurationError
from engine.experiment import load_experiment
from engine.layers import (
    GRU,
    LSTM,
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool2D,
    Reshape,
    Residual,
    SimpleRNN,
    UpSample2D,
)
from engine.network import Network

Array = np.ndarray[Any, Any]


def multiplications(layers: Sequence[Layer], shape: tuple[int, ...]) -> list[int]:
    return [cost.multiplications for cost in layer_costs(layers, shape)]


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_the_classic_by_hand() -> None:
    layers = [Dense(16, "sigmoid"), Dense(16, "sigmoid"), Dense(10, "sigmoid")]
    costs = layer_costs(layers, (784,))
    assert [cost.multiplications for cost in costs] == [784 * 16, 16 * 16, 16 * 10]
    assert [cost.parameters for cost in costs] == [785 * 16, 17 * 16, 17 * 10] and {cost.uses for cost in costs} == {1}
    assert sum(cost.parameters for cost in costs) == Network(layers, (784,)).parameter_count == 13_002


def test_lenet_by_hand() -> None:
    costs = {cost.name: cost for cost in layer_costs(load_experiment("lenet").network.layers, (784,))}
    # 28×28 places of 5×5 for 6 filters, 10×10 places of 5×5×6 for 16 filters, then 400-120-84-10
    found = {name: cost.multiplications for name, cost in costs.items() if cost.multiplications}
    assert found == {"1": 784 * 25 * 6, "3": 100 * 150 * 16, "6": 400 * 120, "7": 120 * 84, "8": 84 * 10}
    assert sum(found.values()) == 416_520
    assert (costs["1"].uses, costs["3"].uses, costs["6"].uses) == (784, 100, 1)
    assert costs["1"].parameters == 26 * 6 and sum(cost.parameters for cost in costs.values()) == 61_706


def test_windows_that_move_farther_are_fewer() -> None:
    assert multiplications([Conv2D(4, (3, 2), strides=(2, 3))], (9, 8, 5)) == [4 * 3 * 30 * 4]  # ⌊6/2⌋+1 by ⌊6/3⌋+1
    assert multiplications([Conv2D(4, 3, strides=2, padding="same")], (9, 8, 5)) == [5 * 4 * 45 * 4]


def test_a_picture_that_no_memory_would_hold() -> None:
    dense, filters = (
        layer_costs([Dense(16)], (3_000_000,)),
        layer_costs([Conv2D(6, 5, padding="same")], (1000, 1000, 3)),
    )
    assert (dense[0].parameters, dense[0].multiplications) == (48_000_016, 48_000_000)
    assert (filters[0].parameters, filters[0].multiplications) == (456, 450_000_000)
    huge = layer_costs([Dense(1_000_000)], (3_000_000,))
    assert huge[0].multiplications == 3 * 10**12


def test_a_layer_that_nobody_has_counted_is_not_guessed() -> None:
    class Strange(Dense):
        name = "strange"

    assert uses_of(Strange(3), (2,), (3,)) == 1  # a kind of dense layer
    with pytest.raises(ConfigurationError, match="it is not known how often it uses them"):
        uses_of(Dropout(0.5), (2,), (2,))
    with pytest.raises(ConfigurationError, match="put Flatten"):
        layer_costs([Dense(3)], (2, 2))


# --- by loops that count ----------------------------------------------------------------------------------------------


class Counting:
    """Numbers that are multiplied by weights one at a time, and counted."""

    def __init__(self) -> None:
        self.count = 0

    def times(self, value: float, weight: float) -> float:
        self.count += 1
        return value * weight

    def product(self, x: Array, weight: Array) -> Array:
        """x @ weight, for one row."""
        return np.array([sum(self.times(x[i], weight[i, o]) for i in range(len(x))) for o in range(weight.shape[1])])


Weights = dict[str, Array]
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}  # fmt: skip


def sigmoid(z: Array) -> Array:
    return ACTIVATIONS["sigmoid"](z)


def dense(counting: Counting, layer: Any, w: Weights, x: Array) -> Array:
    return ACTIVATIONS[layer.activation](counting.product(x, w["weight"]) + w["bias"])


def convolution(counting: Counting, layer: Any, w: Weights, x: Array) -> Array:
    (height, width), (down, across) = layer.kernel_size, layer.strides
    if layer.padding == "same":
        pads = []
        for length, size, stride in zip(x.shape, (height, width), (down, across), strict=False):
            more = max((-(-length // stride) - 1) * stride + size - length, 0)
            pads.append((more // 2, more - more // 2))
        x = np.pad(x, [*pads, (0, 0)])
    weight = w["weight"].reshape(-1, layer.filters)
    rows = [
        [
            counting.product(x[i : i + height, j : j + width].ravel(), weight) + w["bias"]
            for j in range(0, x.shape[1] - width + 1, across)
        ]
        for i in range(0, x.shape[0] - height + 1, down)
    ]
    return ACTIVATIONS[layer.activation](np.array(rows))


def batch_norm(counting: Counting, layer: Any, w: Weights, x: Array) -> Array:
    normal = (x - w["running_mean"]) / np.sqrt(w["running_variance"] + layer.epsilon)
    flat = normal.reshape(-1, x.shape[-1])
    scaled = [[counting.times(row[c], w["scale"][c]) for c in range(len(row))] for row in flat]
    return np.array(scaled).reshape(x.shape) + w["shift"]


def recurrent(counting: Counting, layer: Any, w: Weights, x: Array) -> Array:
    hidden = cell = np.zeros(layer.units)
    outputs = []
    for step in x:
        given = counting.product(step, w["weight"]) + w["bias"]
        kept = counting.product(hidden, w["recurrent_weight"])
        if isinstance(layer, SimpleRNN):
            hidden = np.tanh(given + kept)
        elif isinstance(layer, LSTM):
            i, f, g, o = np.split(given + kept, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
            hidden = sigmoid(o) * np.tanh(cell)
        else:
            (r, z, n), (kr, kz, kn) = np.split(given, 3), np.split(kept + w["recurrent_bias"], 3)
            update = sigmoid(z + kz)
            hidden = (1 - update) * np.tanh(n + sigmoid(r + kr) * kn) + update * hidden
        outputs.append(hidden)
    return np.array(outputs) if layer.return_sequences else hidden


def residual(counting: Counting, layer: Any, w: Weights, x: Array) -> Array:
    y = x
    for number, each in enumerate(layer.layers):
        inner = {name.partition(".")[2]: value for name, value in w.items() if name.startswith(f"{number}.")}
        y = forward(counting, each, inner, y)
    if "projection" in w:
        steps = [-(-old // new) for old, new in zip(x.shape[:-1], y.shape, strict=False)]
        x = x[tuple(slice(None, None, step) for step in steps)]
        flat = [counting.product(row, w["projection"]) for row in x.reshape(-1, x.shape[-1])]
        x = np.array(flat).reshape(y.shape)
    return ACTIVATIONS[layer.activation](y + x)


LOOPS: list[tuple[type[Layer], Callable[[Counting, Any, Weights, Array], Array]]] = [
    (Dense, dense), (Conv2D, convolution), (BatchNorm, batch_norm), (SimpleRNN, recurrent), (LSTM, recurrent),
    (GRU, recurrent), (Residual, residual),
]  # fmt: skip


def forward(counting: Counting, layer: Layer, w: Weights, x: Array) -> Array:
    for kind, loop in LOOPS:
        if isinstance(layer, kind):
            return loop(counting, layer, w, x)
    if isinstance(layer, (Flatten, Reshape)):
        return x.reshape(layer.output_shape(x.shape))
    # without weights: by the network itself
    return Network([layer], x.shape, dtype="float64").predict(x[None])[0]


NETWORKS: dict[str, tuple[list[Layer], tuple[int, ...]]] = {
    "dense": ([Dense(5, "tanh"), Dropout(0.5), Dense(3, "sigmoid"), BatchNorm(), Activation("relu")], (4,)),
    "images": (
        [Reshape((6, 5, 2)), Conv2D(3, (3, 2), padding="same", activation="relu"), MaxPool2D(2), BatchNorm(),
         UpSample2D(2), Conv2D(2, 3, strides=(1, 2)), AvgPool2D((2, 1)), Flatten(), Dense(4, "tanh")],
        (60,),
    ),
    "same with strides": ([Conv2D(4, 3, strides=2, padding="same", activation="tanh"), Flatten(), Dense(2)], (7, 6, 3)),
    "a block with a way round": (
        [Residual((Dense(4, "tanh"), Residual((Dense(4),))), "relu"), Residual((Dense(3, "tanh"), Dense(2)))], (4,),
    ),
    "a block that shrinks images": (
        [Residual((Conv2D(4, 3, strides=2, padding="same", activation="relu"), BatchNorm())), Flatten(), Dense(2)],
        (6, 4, 3),
    ),
    "recurrent": ([SimpleRNN(3, return_sequences=True), Flatten(), Dense(2)], (5, 2)),
    "lstm": ([LSTM(3), Dense(2)], (4, 2)),
    "gru": ([GRU(3, return_sequences=True), GRU(2), Dense(1)], (4, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_loops_do_as_many(name: str) -> None:
    layers, shape = NETWORKS[name]
    network = Network(layers, shape, seed=1, dtype="float64")
    generator = np.random.default_rng(0)
    for slot in network.layout:
        # a variance is positive
        network.weights[slot.name][...] = generator.uniform(0.5, 1.5, slot.shape)
    x = generator.normal(size=shape)
    expected = [cost for cost in layer_costs(layers, shape) if "." not in cost.name]
    inner = {cost.name: cost.multiplications for cost in layer_costs(layers, shape)}
    value = x
    for number, (layer, cost) in enumerate(zip(layers, expected, strict=True)):
        counting = Counting()
        own = {n.partition(".")[2]: w for n, w in network.weights.items() if n.partition(".")[0] == str(number)}
        value = forward(counting, layer, own, value)
        assert value.shape == cost.output_shape
        within = sum(count for name, count in inner.items() if name.startswith(f"{number}."))
        assert counting.count == cost.multiplications + within
    # the loops are those of this network
    np.testing.assert_allclose(value, network.predict(x[None])[0], rtol=1e-9)
    assert sum(cost.parameters for cost in layer_costs(layers, shape)) == network.parameter_count
