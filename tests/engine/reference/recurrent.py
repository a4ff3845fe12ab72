"""Reference recurrent layers: one step after another, one gate after another, and the chain rule back through time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engine.reference.activations import sech, sigmoid
from tests.engine.reference.layers import Case, ReferenceLayer, Weights

Array = NDArray[np.float64]


class Recurrent(ReferenceLayer):
    """Base: `step` takes the state on by one step and keeps what `step_backward` needs.

    A state is a dict of arrays (N, units); "h" is the hidden state. Weights are looked at gate by gate: ``w["weight"]``
    is a list of one matrix for each gate.
    """

    gates: tuple[str, ...]
    state: tuple[str, ...] = ("h",)
    cases: list[Case] = [
        ({"units": 3}, (4, 2)),
        ({"units": 3, "return_sequences": True}, (4, 2)),
        ({"units": 4, "return_sequences": True}, (1, 1)),
    ]

    def affine(self, x: Array) -> Array:
        state = {name: np.zeros((len(x), self.settings["units"])) for name in self.state}
        self.kept: list[dict[str, Array]] = []
        hidden = []
        for t in range(x.shape[1]):
            state = self.step(x[:, t], state)
            hidden.append(state["h"])
        return np.stack(hidden, axis=1) if self.settings["return_sequences"] else hidden[-1]

    def affine_backward(self, dz: Array) -> tuple[Array, Weights]:
        self.gradients = {name: np.zeros_like(value) for name, value in self.weights.items()}
        d = {name: np.zeros((len(dz), self.settings["units"])) for name in self.state}
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            if self.settings["return_sequences"]:
                d["h"] = d["h"] + dz[:, t]
            elif t == self.x.shape[1] - 1:
                d["h"] = d["h"] + dz
            dx[:, t], d = self.step_backward(self.kept[t], d)
        return dx, self.gradients

    def of(self, name: str, gate: str) -> Array:
        """The part of a weight, or of its gradient, that belongs to a gate."""
        return self._part(self.weights[name], gate)

    def add(self, name: str, gate: str, gradient: Array) -> None:
        part = self._part(self.gradients[name], gate)
        part += gradient

    def _part(self, array: Array, gate: str) -> Array:
        units = self.settings["units"]
        start = self.gates.index(gate) * units
        return array[..., start : start + units]

    def step(self, x: Array, state: dict[str, Array]) -> dict[str, Array]:
        raise NotImplementedError

    def step_backward(self, kept: dict[str, Array], d: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        raise NotImplementedError


class SimpleRNN(Recurrent):
    gates = ("h",)

    def step(self, x: Array, state: dict[str, Array]) -> dict[str, Array]:
        z = x @ self.weights["weight"] + state["h"] @ self.weights["recurrent_weight"] + self.weights["bias"]
        self.kept.append({"x": x, "h": state["h"], "z": z})
        return {"h": np.tanh(z)}

    def step_backward(self, kept: dict[str, Array], d: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        dz = d["h"] * sech(kept["z"]) ** 2
        self.add("weight", "h", kept["x"].T @ dz)
        self.add("recurrent_weight", "h", kept["h"].T @ dz)
        self.add("bias", "h", dz.sum(axis=0))
        return dz @ self.weights["weight"].T, {"h": dz @ self.weights["recurrent_weight"].T}


class LSTM(Recurrent):
    gates = ("input", "forget", "cell", "output")
    state = ("h", "c")

    def step(self, x: Array, state: dict[str, Array]) -> dict[str, Array]:
        z = {
            gate: x @ self.of("weight", gate) + state["h"] @ self.of("recurrent_weight", gate) + self.of("bias", gate)
            for gate in self.gates
        }
        c = sigmoid(z["forget"]) * state["c"] + sigmoid(z["input"]) * np.tanh(z["cell"])
        self.kept.append({"x": x, "h": state["h"], "before": state["c"], "c": c, **z})
        return {"h": sigmoid(z["output"]) * np.tanh(c), "c": c}

    def step_backward(self, kept: dict[str, Array], d: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        dc = d["c"] + d["h"] * sigmoid(kept["output"]) * sech(kept["c"]) ** 2
        upstream = {
            "input": dc * np.tanh(kept["cell"]),
            "forget": dc * kept["before"],
            "cell": dc * sigmoid(kept["input"]),
            "output": d["h"] * np.tanh(kept["c"]),
        }
        dx, dh = np.zeros_like(kept["x"]), np.zeros_like(kept["h"])
        for gate in self.gates:
            z = kept[gate]
            dz = upstream[gate] * (sech(z) ** 2 if gate == "cell" else sigmoid(z) * sigmoid(-z))
            self.add("weight", gate, kept["x"].T @ dz)
            self.add("recurrent_weight", gate, kept["h"].T @ dz)
            self.add("bias", gate, dz.sum(axis=0))
            dx += dz @ self.of("weight", gate).T
            dh += dz @ self.of("recurrent_weight", gate).T
        return dx, {"h": dh, "c": dc * sigmoid(kept["forget"])}


class GRU(Recurrent):
    gates = ("reset", "update", "candidate")

    def step(self, x: Array, state: dict[str, Array]) -> dict[str, Array]:
        a = {gate: x @ self.of("weight", gate) + self.of("bias", gate) for gate in self.gates}
        s = {
            gate: state["h"] @ self.of("recurrent_weight", gate) + self.of("recurrent_bias", gate)
            for gate in self.gates
        }
        reset, update = a["reset"] + s["reset"], a["update"] + s["update"]
        candidate = a["candidate"] + sigmoid(reset) * s["candidate"]
        kept = {"reset": reset, "update": update, "candidate": candidate, "share": s["candidate"]}
        self.kept.append({"x": x, "h": state["h"], **kept})
        return {"h": (1 - sigmoid(update)) * np.tanh(candidate) + sigmoid(update) * state["h"]}

    def step_backward(self, kept: dict[str, Array], d: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
        reset, update, candidate = kept["reset"], kept["update"], kept["candidate"]
        da = {"candidate": d["h"] * (1 - sigmoid(update)) * sech(candidate) ** 2}
        da["update"] = d["h"] * (kept["h"] - np.tanh(candidate)) * sigmoid(update) * sigmoid(-update)
        da["reset"] = da["candidate"] * kept["share"] * sigmoid(reset) * sigmoid(-reset)
        ds = {**da, "candidate": da["candidate"] * sigmoid(reset)}
        dx, dh = np.zeros_like(kept["x"]), d["h"] * sigmoid(update)
        for gate in self.gates:
            self.add("weight", gate, kept["x"].T @ da[gate])
            self.add("bias", gate, da[gate].sum(axis=0))
            self.add("recurrent_weight", gate, kept["h"].T @ ds[gate])
            self.add("recurrent_bias", gate, ds[gate].sum(axis=0))
            dx += da[gate] @ self.of("weight", gate).T
            dh = dh + ds[gate] @ self.of("recurrent_weight", gate).T
        return dx, {"h": dh}


LAYERS: dict[str, type[ReferenceLayer]] = {"simple_rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


def inside(layer: Recurrent) -> dict[str, Any]:
    """What a layer kept of its last forward pass, as arrays (N, steps, units) by name."""
    return {name: np.stack([kept[name] for kept in layer.kept], axis=1) for name in layer.kept[0]}
