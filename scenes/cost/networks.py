"""What networks cost, and in which words that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from engine.analysis.cost import LayerCost, layer_costs
from engine.layers import Conv2D, Dense, Layer
from scenes.numbers import counted, share_text

if TYPE_CHECKING:
    from engine.recording import Recording

EXACT = 10_000_000  # from here on numbers are rounded in sentences
TITLES = {"conv2d": "convolution", "simple_rnn": "recurrent", "batch_norm": "batch norm"}


@dataclass(frozen=True)
class Counted:
    """A network, or a layer of one that has not been made, with what it costs.

    Attributes
    ----------
    name : str
        What it is called in pictures.
    costs : sequence of LayerCost
        Of its layers that multiply by weights.
    parameters : int
        All of them.
    recording : Recording or None
        None where it is only computed.
    """

    name: str
    costs: Sequence[LayerCost]
    parameters: int
    recording: Recording | None = None

    @property
    def multiplications(self) -> int:
        return sum(cost.multiplications for cost in self.costs)

    @property
    def weights(self) -> int:
        """Those parameters that values are multiplied by."""
        return sum(cost.weights for cost in self.costs)

    @property
    def right(self) -> float | None:
        """The share of right answers on data that were held out, where that was measured."""
        if self.recording is None or "val_accuracy" not in self.recording.metrics:
            return None
        return float(self.recording.metrics["val_accuracy"][self.recording.final_epoch])


def counted_recording(recording: Recording) -> Counted:
    """What a recorded network costs."""
    network = recording.network()
    return counted_layers(kind_of(network.layers, network.input_shape), network.layers, network.input_shape, recording)


def counted_layers(
    name: str, layers: Sequence[Layer], shape: tuple[int, ...], recording: Recording | None = None
) -> Counted:
    """What layers cost that need not exist."""
    costs = layer_costs(layers, shape)
    multiplying = [cost for cost in costs if cost.multiplications]
    return Counted(name, multiplying, sum(cost.parameters for cost in costs), recording)


def all_counted(recordings: Iterable[Recording]) -> list[Counted]:
    """What some recorded networks cost, from the cheapest to the dearest; those that are built alike only once."""
    found: dict[str, Counted] = {}
    for recording in recordings:
        found.setdefault(str([layer["type"] for layer in recording.network_config["layers"]]) + str(
            [(slot.name, slot.shape) for slot in recording.network().layout]), counted_recording(recording)
        )  # fmt: skip
    return sorted(found.values(), key=lambda each: each.multiplications)


def kind_of(layers: Sequence[Layer], shape: tuple[int, ...]) -> str:
    """A network in a few letters: the units of dense layers, or how many there are of each kind."""
    costs = [cost for cost in layer_costs(layers, shape) if cost.multiplications and cost.layer.name != "batch_norm"]
    if len(costs) == 1 and isinstance(costs[0].layer, Dense):
        return counted(costs[0].layer.units, "neuron")
    if all(isinstance(cost.layer, Dense) and "." not in cost.name for cost in costs):
        return "–".join(str(size) for size in (prod(shape), *(prod(cost.output_shape) for cost in costs)))
    kinds = Counter(cost.layer.name for cost in costs)
    return ", ".join(
        counted(count, "convolution") if kind == "conv2d" else f"{count} {TITLES.get(kind, kind)}"
        for kind, count in kinds.items()
    )


def terms_of(cost: LayerCost) -> str:
    """How a layer's multiplications come about, such as ``"784 × 16"``."""
    layer = cost.layer
    if isinstance(layer, Conv2D):
        return f"{cost.uses:,} places × {cost.weights // layer.filters:,} × {layer.filters:,}"
    if isinstance(layer, Dense):
        return f"{cost.input_shape[0]:,} × {layer.units:,}"
    return f"{cost.uses:,} × {cost.weights:,}"


def title_of(cost: LayerCost) -> str:
    """What a layer is called beside its number."""
    return TITLES.get(cost.layer.name, cost.layer.name)


def large(number: int) -> str:
    """A number in a sentence; from ten millions on rounded, so that it can be read."""
    for size, word in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if number >= max(size, EXACT):
            return f"{number / size:.3g} {word}"
    return f"{number:,}"


def times(ratio: float) -> str:
    """How many times as much."""
    return f"{ratio:.1f}" if ratio < 10 else large(round(ratio))


def compared(networks: Sequence[Counted]) -> str | None:
    """What more arithmetic has brought, of the cheapest and the dearest network with one task; None without two."""
    groups: dict[tuple[str, ...], list[Counted]] = {}
    for each in networks:
        if each.recording is not None and each.right is not None:
            key = (each.recording.data.name, *each.recording.data.class_names)
            groups.setdefault(key, []).append(each)
    together = max(groups.values(), key=len, default=[])
    if len(together) < 2:
        return None
    first, last = together[0], together[-1]
    assert first.right is not None and last.right is not None
    before, after = share_text(first.right), share_text(last.right)
    ratio = times(last.multiplications / first.multiplications)
    assert first.recording is not None
    what = "examples" if first.recording.data.image_shape is None else "images"
    if before == after:
        return f"{ratio} times the arithmetic,\nand as many right: {after} of new {what}."
    if last.right > first.right:
        return f"{ratio} times the arithmetic: {after} of new\n{what} right instead of {before}."
    return f"{ratio} times the arithmetic, and fewer\nright: {after} of new {what}, not {before}."


def first_layers(recordings: Mapping[str, Recording]) -> tuple[Dense | None, Conv2D | None]:
    """The first dense layer that any of the networks begins with, and the first convolution."""
    dense: Dense | None = None
    convolution: Conv2D | None = None
    for recording in recordings.values():
        for layer in recording.network().layers:
            if isinstance(layer, Dense):
                dense = dense or layer
                break
            if isinstance(layer, Conv2D):
                convolution = convolution or layer
                break
    return dense, convolution
