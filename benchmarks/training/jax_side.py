"""JAX's side: the whole epoch in one compiled scan over the batches."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from benchmarks.training.peers import Unsupported, Weights, supported
from benchmarks.training.workloads import Workload

Parameters = dict[str, jax.Array]
Apply = Callable[[dict[str, Any], Parameters, jax.Array], jax.Array]

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
}
LINKS = {"binary_crossentropy": "sigmoid", "categorical_crossentropy": "softmax"}


def _binary(logits: jax.Array, y: jax.Array) -> jax.Array:
    z, t = logits[:, 0], y
    return jnp.mean(jnp.maximum(z, 0) - z * t + jnp.log1p(jnp.exp(-jnp.abs(z))))


def _categorical(logits: jax.Array, y: jax.Array) -> jax.Array:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1))


LOSSES: dict[str, Callable[[jax.Array, jax.Array], jax.Array]] = {
    "mse": lambda outputs, y: jnp.mean((outputs - y) ** 2),
    "binary_crossentropy": _binary,
    "categorical_crossentropy": _categorical,
}


def _conv2d(settings: dict[str, Any], w: Parameters, x: jax.Array) -> jax.Array:
    strides, padding = settings.get("strides", 1), settings.get("padding", "valid").upper()
    pair = (strides, strides) if isinstance(strides, int) else tuple(strides)
    return (
        lax.conv_general_dilated(x, w["weight"], pair, padding, dimension_numbers=("NHWC", "HWIO", "NHWC")) + w["bias"]
    )


def _max_pool2d(settings: dict[str, Any], w: Parameters, x: jax.Array) -> jax.Array:
    size = settings.get("pool_size", 2)
    window = (1, size, size, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def _lstm(settings: dict[str, Any], w: Parameters, x: jax.Array) -> jax.Array:
    if settings.get("return_sequences"):
        raise Unsupported("no translation of return_sequences")
    units = settings["units"]

    def step(state: tuple[jax.Array, jax.Array], inputs: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        h, c = state
        i, f, g, o = jnp.split(inputs + h @ w["recurrent_weight"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    start = jnp.zeros((x.shape[0], units), x.dtype)
    return lax.scan(step, (start, start), (x @ w["weight"] + w["bias"]).swapaxes(0, 1))[0][0]


LAYERS: dict[str, Apply] = {
    "dense": lambda settings, w, x: x @ w["weight"] + w["bias"],
    "conv2d": _conv2d,
    "max_pool2d": _max_pool2d,
    "flatten": lambda settings, w, x: x.reshape(x.shape[0], -1),
    "lstm": _lstm,
}


def _sgd(w: Parameters, g: Parameters, state: Any, learning_rate: float) -> tuple[Parameters, Any]:
    return jax.tree.map(lambda a, b: a - learning_rate * b, w, g), state


def _adam(w: Parameters, g: Parameters, state: Any, learning_rate: float) -> tuple[Parameters, Any]:
    m, v, t = state
    t += 1
    m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
    v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
    root = jnp.sqrt(1 - 0.999**t)
    rate = learning_rate * root / (1 - 0.9**t)
    return jax.tree.map(lambda a, b, c: a - rate * b / (jnp.sqrt(c) + 1e-8 * root), w, m, v), (m, v, t)


OPTIMIZERS: dict[str, Any] = {"sgd": _sgd, "adam": _adam}


class Jax:
    def __init__(self, workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> None:
        self.workload = workload
        self.weights: Parameters = {name: jnp.asarray(w) for name, w in weights.items()}
        for layer in workload.layers:
            supported(LAYERS, "layer", layer["type"])
        self.measure = supported(LOSSES, "loss", workload.loss)
        settings = dict(workload.optimizer)
        self.update = partial(supported(OPTIMIZERS, "optimizer", settings.pop("name")), **settings)
        zeros = jax.tree.map(jnp.zeros_like, self.weights)
        self.state = (zeros, zeros, jnp.zeros(()))
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)
        self.step = jax.jit(self._step)
        self.epoch = jax.jit(self._epoch, donate_argnums=(0, 1))

    def outputs(self, weights: Parameters, x: jax.Array) -> jax.Array:
        for index, layer in enumerate(self.workload.layers):
            prefix = f"{index}."
            own = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
            x = LAYERS[layer["type"]](dict(layer), own, x)
            activation, last = layer.get("activation", "linear"), index == len(self.workload.layers) - 1
            if not (last and LINKS.get(self.workload.loss) == activation):
                x = supported(ACTIVATIONS, "activation", activation)(x)
        return x

    def mean_loss(self, weights: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        return self.measure(self.outputs(weights, x), y)

    def _step(self, carried: Any, batch: jax.Array) -> tuple[Any, jax.Array]:
        weights, state = carried
        loss, gradient = jax.value_and_grad(self.mean_loss)(weights, self.x[batch], self.y[batch])
        return self.update(weights, gradient, state), loss * batch.shape[0]

    def _epoch(self, weights: Parameters, state: Any, key: jax.Array) -> tuple[Parameters, Any, jax.Array]:
        size = self.workload.batch_size
        order = jax.random.permutation(key, self.x.shape[0])
        whole = self.x.shape[0] // size
        carried, losses = lax.scan(self._step, (weights, state), order[: whole * size].reshape(whole, size))
        total = losses.sum()
        if whole * size < self.x.shape[0]:
            carried, loss = self._step(carried, order[whole * size :])
            total += loss
        return *carried, total / self.x.shape[0]

    def loss(self) -> float:
        return float(jax.jit(self.mean_loss)(self.weights, self.x, self.y))

    def train(self, after_epoch: Callable[[], bool]) -> None:
        weights, state, key = jax.tree.map(jnp.copy, (self.weights, self.state, jax.random.key(0)))
        while True:
            key, now = jax.random.split(key)
            weights, state, loss = self.epoch(weights, state, now)
            loss.block_until_ready()
            if not after_epoch():
                return


def make(workload: Workload, weights: Weights, x: NDArray[np.float32], y: NDArray[Any]) -> Jax:
    return Jax(workload, weights, x, y)
