"""Sums as they are written, in numbers that are rounded: = where those give what is written behind it, else ≈."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scenes.mobjects.writing import number_text
from scenes.subtitles import LINE_LENGTH


def short(value: float) -> str:
    """A number in about three digits."""
    size = abs(value)
    style = ".2f" if size < 9.995 else ".1f" if size < 99.95 else ".0f" if size < 99999.5 else ".0e"
    return number_text(float(value), style)


def shown(value: float) -> float:
    """The value that a number has as it is written."""
    return float(short(value).replace("−", "-"))


def product_text(a: float, b: float) -> str:
    """A product and its value."""
    sign = "=" if short(shown(a) * shown(b)) == short(a * b) else "≈"
    return f"{short(a)} × {bracketed(b)} {sign} {short(a * b)}"


def sum_text(terms: Sequence[float], total: float) -> str:
    """Terms and what they add up to."""
    sign = "=" if short(sum(shown(term) for term in terms)) == short(total) else "≈"
    return f"{' '.join(signed(term, k == 0) for k, term in enumerate(terms))} {sign} {short(total)}"


def whole_sum(x: np.ndarray, weights: np.ndarray, total: float) -> str:
    """Each number times its weight, and the bias, and under it what that is; only that where there is no room."""
    pairs = [(float(a), float(w)) for a, w in zip(x, weights, strict=False)]
    products = [f"{signed(a, k == 0)} × {bracketed(w)}" for k, (a, w) in enumerate(pairs)]
    line = " ".join([*products, signed(weights[-1])])
    if len(line) > LINE_LENGTH:
        return f"Its sum is {short(total)}."
    from_shown = sum(shown(a) * shown(w) for a, w in pairs) + shown(weights[-1])
    return f"{line}\n{'=' if short(from_shown) == short(total) else '≈'} {short(total)}"


def signed(value: float, is_first: bool = False) -> str:
    """A number with the sign that adds it to what is before it."""
    text = short(value)
    if is_first:
        return text
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"


def bracketed(value: float) -> str:
    """A number behind a sign."""
    text = short(value)
    return f"({text})" if text.startswith("−") else text
