"""Code that is chosen by number: the GPU has no addresses of functions that a table could hold.

Each choice is a function that compares the number with its own, and else asks the next one. All threads take the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.cuda.linking import Code, device_code

NUMBER: Any = None  # given below, with what is chosen and the choice between the others
FIXED: Any = None
this: Any = None
others: Any = None

Variants = Sequence[tuple[Code, tuple[int, ...] | None]]


@device_code
def choose_forward(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    if kind == NUMBER:
        this(team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated)
    else:
        others(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated)


@device_code
def choose_fixed_forward(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    if kind == NUMBER:
        this(team, shared, ways, run, FIXED, constants, theta, x, y, tape, code, activated)
    else:
        others(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated)


@device_code
def no_forward(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, code, activated):
    pass


@device_code
def choose_backward(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    if kind == NUMBER:
        this(team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before)
    else:
        others(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before)


@device_code
def choose_fixed_backward(
    kind, team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before
):  # fmt: skip
    if kind == NUMBER:
        this(team, shared, ways, run, FIXED, constants, theta, x, y, tape, dy, dx, dtheta, code, before)
    else:
        others(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before)


@device_code
def no_backward(kind, team, shared, ways, run, dims, constants, theta, x, y, tape, dy, dx, dtheta, code, before):
    pass


@device_code
def choose_rule(code, x):
    return this(x) if code == NUMBER else others(code, x)


@device_code
def no_rule(code, x):
    return x


@device_code
def choose_slope(code, x, y):
    return this(x, y) if code == NUMBER else others(code, x, y)


@device_code
def no_slope(code, x, y):
    return x


def forward_of(variants: Variants) -> Code:
    """Code that runs the variant number `kind`; the sizes of some are fixed when they are compiled."""
    return _choose(choose_forward, choose_fixed_forward, no_forward, variants)


def backward_of(variants: Variants) -> Code:
    """The same, backwards."""
    return _choose(choose_backward, choose_fixed_backward, no_backward, variants)


def _choose(choose: Code, choose_fixed: Code, last: Code, variants: Variants) -> Code:
    for number, (entry, dims) in enumerate(variants):
        if dims is None:
            last = choose.given(this=entry, others=last, NUMBER=number)
        else:
            last = choose_fixed.given(this=entry, others=last, NUMBER=number, FIXED=dims)
    return last


def rule_of(rules: Sequence[Any]) -> Code:
    """Code that applies rule number `code`, counted from 1."""
    last: Code = no_rule
    for number, rule in enumerate(rules, 1):
        last = choose_rule.given(this=rule, others=last, NUMBER=number)
    return last


def slope_of(derivatives: Sequence[Any]) -> Code:
    """The same for derivatives."""
    last: Code = no_slope
    for number, derivative in enumerate(derivatives, 1):
        last = choose_slope.given(this=derivative, others=last, NUMBER=number)
    return last
