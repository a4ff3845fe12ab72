"""A network told in words: its shapes and how many parameters each layer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.layers.base import Shape

if TYPE_CHECKING:
    from engine.network import Network


def shape_text(shape: Shape) -> str:
    """A shape such as 28×28×1."""
    return "×".join(map(str, shape))


def summary(network: Network) -> str:
    """A table of layers, output shapes and parameter counts."""
    rows = [("layer", "output", "parameters"), ("input", shape_text(network.input_shape), "")]
    described = zip(network.layers, network.layer_shapes, network.layer_spans, strict=True)
    for index, (layer, shape, (start, stop)) in enumerate(described):
        title = f"{index} {layer} {getattr(layer, 'activation', '')}".rstrip()
        rows.append((title, shape_text(shape), f"{stop - start:,}"))
    rows.append(("total", "", f"{network.parameter_count:,}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}".rstrip() for row in rows)
