"""What is said of functions, by the ways that they go."""

from __future__ import annotations

from collections.abc import Sequence

ONE_WAY = ("linear", "step", "sigmoid", "tanh", "relu", "leaky_relu", "elu")  # activations that never turn round


def said_of_chain(ways: Sequence[int], steady: bool) -> str:
    """What a chain of two neurons does, by the ways it goes, and whether their activations go only one way."""
    if not ways:
        return "Over these numbers it hardly moves."
    if not steady:
        return "One function of another:\nthat is a function again."
    way = {1: "rises", -1: "falls"}[ways[0]]
    return f"It only {way}. However many in a row,\na chain like this never turns round."


def said_of_both(single: Sequence[Sequence[int]], ways: Sequence[int]) -> str:
    """What the whole does that no neuron does alone, if so."""
    names = {1: "rises", -1: "falls"}
    if len(ways) > 1 and all(len(each) <= 1 for each in single):
        return f"It {names[ways[0]]}, and it {names[ways[1]]}:\nnone of them does both alone."
    return "Out of their functions it makes\none of its own."
