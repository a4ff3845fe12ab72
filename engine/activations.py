"""Activation functions: each scalar rule beside its derivative, and the loops that apply them to a batch.

To add one: write its rule and derivative and give them a line in ACTIVATIONS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine.elementary import exp_of_negative, expm1_of_negative, log1p_of_share, normal_tail
from engine.jit import kernel, like, specialise
from engine.registry import look_up

# --- scalar rules: y = rule(x), and dy/dx = derivative(x, y) ------------------------------------------------------


@kernel
def step(x):
    """y = 1 where x > 0, else 0"""
    return like(x, 1) if x > 0 else like(x, 0)


@kernel
def step_derivative(x, y):
    """dy/dx = 0, everywhere but at 0 where there is none"""
    return like(x, 0)


@kernel
def linear(x):
    """y = x"""
    return x


@kernel
def linear_derivative(x, y):
    """dy/dx = 1"""
    return like(x, 1)


@kernel
def relu(x):
    """y = max(x, 0)"""
    return max(x, like(x, 0))


@kernel
def relu_derivative(x, y):
    """dy/dx = 1 where x > 0, else 0"""
    return like(x, 1) if x > 0 else like(x, 0)


@kernel
def tanh(x):
    """y = tanh x"""
    return math.tanh(x)


@kernel
def tanh_single(x):
    """y = tanh x to 2.3e-7, as a ratio of polynomials: the compiler can vectorise it, as it cannot a call to libm.

    Coefficients of the float32 approximation in the Eigen library (`ptanh`), which clamps at ±9 where tanh x rounds
    to ±1.
    """
    z = min(max(x, like(x, -9)), like(x, 9))
    s = z * z
    p = like(x, -2.76076847742355e-16)
    p = p * s + like(x, 2.00018790482477e-13)
    p = p * s + like(x, -8.60467152213735e-11)
    p = p * s + like(x, 5.12229709037114e-08)
    p = p * s + like(x, 1.48572235717979e-05)
    p = p * s + like(x, 6.37261928875436e-04)
    p = p * s + like(x, 4.89352455891786e-03)
    q = like(x, 1.19825839466702e-06)
    q = q * s + like(x, 1.18534705686654e-04)
    q = q * s + like(x, 2.26843463243900e-03)
    q = q * s + like(x, 4.89352518554385e-03)
    return z * p / q


@kernel
def tanh_derivative(x, y):
    """dy/dx = 1 - y²"""
    return like(y, 1) - y * y


@kernel
def sigmoid(x):
    """y = 1 / (1 + exp(-x)), without overflow"""
    e = exp_of_negative(-abs(x))
    return (like(x, 1) if x >= 0 else e) / (like(x, 1) + e)


@kernel
def sigmoid_single(x):
    """y = (1 + tanh(x/2)) / 2, the same function through the vectorisable tanh, whose rounding must not leave [0, 1]"""
    half = like(x, 0.5)
    return min(max(half + half * tanh_single(half * x), like(x, 0)), like(x, 1))


@kernel
def sigmoid_derivative(x, y):
    """dy/dx = y (1 - y)"""
    return y * (like(y, 1) - y)


@kernel
def leaky_relu(x):
    """y = x where x > 0, else 0.01 x  (Maas et al., 2013)"""
    return x if x > 0 else like(x, 0.01) * x


@kernel
def leaky_relu_derivative(x, y):
    """dy/dx = 1 where x > 0, else 0.01"""
    return like(x, 1) if x > 0 else like(x, 0.01)


@kernel
def elu(x):
    """y = x where x > 0, else exp(x) - 1  (Clevert et al., 2016)"""
    return x if x > 0 else expm1_of_negative(x)


@kernel
def elu_derivative(x, y):
    """dy/dx = 1 where x > 0, else exp(x) = y + 1"""
    return like(x, 1) if x > 0 else y + like(x, 1)


@kernel
def softplus(x):
    """y = log(1 + exp x) = max(x, 0) + log(1 + exp(-|x|)), which cannot overflow"""
    return max(x, like(x, 0)) + log1p_of_share(exp_of_negative(-abs(x)))


@kernel
def softplus_derivative(x, y):
    """dy/dx = σ(x)"""
    return sigmoid(x)


@kernel
def gelu(x):
    """y = x Φ(x), with Φ the normal distribution function, and Φ(x) = 1 - Φ(-x)  (Hendrycks and Gimpel, 2016)"""
    tail = normal_tail(abs(x))
    return x * (tail if x < 0 else like(x, 1) - tail)


@kernel
def gelu_derivative(x, y):
    """dy/dx = Φ(x) + x φ(x), with φ the normal density and Φ(x) = y / x"""
    distribution = y / x if x != 0 else like(x, 0.5)
    return distribution + x * like(x, 0.3989422804014327) * exp_of_negative(-like(x, 0.5) * x * x)


@kernel
def silu(x):
    """y = x σ(x)  (Elfwing et al., 2018)"""
    return x * sigmoid(x)


@kernel
def silu_single(x):
    """y = x σ(x) through the vectorisable tanh"""
    return x * sigmoid_single(x)


@kernel
def silu_derivative(x, y):
    """dy/dx = σ(x) (1 + x (1 - σ(x)))"""
    s, one = sigmoid(x), like(x, 1)
    return s * (one + x * (one - s))


# --- loops over a batch -------------------------------------------------------------------------------------------

rule: Any = None  # each copy of a loop has its own, given by `specialise`
derivative: Any = None


def elementwise_forward(run, dims, constants, theta, x, y, tape):
    """y_i = rule(x_i)"""
    for i in range(x.size):
        y[i] = rule(x[i])


def elementwise_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx_i = dy_i · derivative(x_i, y_i)"""
    for i in range(x.size):
        dx[i] = dy[i] * derivative(x[i], y[i])


def softmax_forward(run, dims, constants, theta, x, y, tape):
    """y_j = exp(x_j - max x) / Σ_k exp(x_k - max x), over the last axis of length dims[0]"""
    features = dims[0]
    for start in range(0, x.size, features):
        largest = x[start]
        for j in range(start + 1, start + features):
            largest = max(largest, x[j])
        total = like(largest, 0)
        for j in range(start, start + features):
            y[j] = exp_of_negative(x[j] - largest)
            total += y[j]
        for j in range(start, start + features):
            y[j] /= total


def softmax_backward(run, dims, constants, theta, x, y, tape, dy, dx, dtheta):
    """dx_j = y_j (dy_j - Σ_k dy_k y_k)"""
    features = dims[0]
    for start in range(0, x.size, features):
        inner = like(y[start], 0)
        for j in range(start, start + features):
            inner += dy[j] * y[j]
        for j in range(start, start + features):
            dx[j] = y[j] * (dy[j] - inner)


# --- registry -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Activation:
    """An activation function that a layer can name.

    Attributes
    ----------
    name, summary : str
        As the registry and ``neurofilm list activations`` show it.
    rule, derivative : kernel
        Scalar functions ``rule(x)`` and ``derivative(x, y)``; unused where whole-row loops are given.
    single : kernel, optional
        A faster `rule` that is accurate to float32 only.
    slope : bool
        Whether it has a slope to descend along; without one, backpropagation cannot train what lies before it.
    odd : bool
        Whether ``rule(-x) == -rule(x)``: flipping the signs of a unit's weights is then a symmetry of the network.
    rows : pair of functions, optional
        Templates for functions that act on whole rows instead of single values.
    """

    name: str
    summary: str
    rule: Any = None
    derivative: Any = None
    single: Any = None
    slope: bool = True
    odd: bool = False
    rows: tuple[Callable[..., None], Callable[..., None]] | None = None

    def rule_for(self, dtype: np.dtype[Any]) -> Any:
        """The scalar rule for values of `dtype`: for float32 the faster one, where there is one."""
        return self.single if self.single is not None and np.dtype(dtype) == np.float32 else self.rule

    def kernels(self, dtype: np.dtype[Any]) -> tuple[Any, Any]:
        """The forward and the backward kernel for arrays of `dtype`."""
        return _kernels(self.name, np.dtype(dtype).name)


@cache
def _kernels(name: str, dtype: str) -> tuple[Any, Any]:
    activation = ACTIVATIONS[name]
    if activation.rows is not None:
        return kernel(activation.rows[0]), kernel(activation.rows[1])
    rule = activation.rule_for(np.dtype(dtype))
    return (
        specialise(elementwise_forward, rule.__name__, rule=rule),
        specialise(elementwise_backward, name, derivative=activation.derivative),
    )


ACTIVATIONS: dict[str, Activation] = {
    entry.name: entry
    for entry in (
        Activation("step", "1 above 0, else 0: the perceptron's", step, step_derivative, slope=False),
        Activation("linear", "x, unchanged", linear, linear_derivative, odd=True),
        Activation("relu", "max(x, 0)", relu, relu_derivative),
        Activation("sigmoid", "1 / (1 + exp(-x)), between 0 and 1", sigmoid, sigmoid_derivative, sigmoid_single),
        Activation("tanh", "tanh x, between -1 and 1", tanh, tanh_derivative, tanh_single, odd=True),
        Activation("leaky_relu", "x above 0, else 0.01 x", leaky_relu, leaky_relu_derivative),
        Activation("elu", "x above 0, else exp x - 1", elu, elu_derivative),
        Activation("softplus", "log(1 + exp x), a smooth relu", softplus, softplus_derivative),
        Activation("gelu", "x times the normal distribution function of x", gelu, gelu_derivative),
        Activation("silu", "x times its sigmoid", silu, silu_derivative, silu_single),
        Activation("softmax", "exp x over its sum: probabilities of classes", rows=(softmax_forward, softmax_backward)),
    )
}


def get_activation(name: str) -> Activation:
    """Look an activation up by name; an unknown name raises ConfigurationError with the nearest known ones."""
    return look_up("activation", ACTIVATIONS, name)
