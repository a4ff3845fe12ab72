"""Weights that a network takes over from a recorded one: how features that were learned once are used again."""

from __future__ import annotations

from engine.errors import ConfigurationError
from engine.network import Network
from engine.plan import Slot
from engine.recording import Recording


def take_weights(network: Network, source: Recording) -> list[str]:
    """Give each layer the weights of the recorded layer of the same number, where all their shapes are the same.

    The weights are those that the recorded training ended with: of the best epoch where early stopping took it back,
    else of the last.

    Parameters
    ----------
    network : Network
        Changed in place.
    source : Recording

    Returns
    -------
    list of str
        A sentence for each layer with weights that keeps its own, and why.

    Raises
    ------
    ConfigurationError
        When no layer fits, or a frozen layer does not, which would be left as it was drawn.
    """
    other = source.network(source.final_epoch)
    own, theirs = _by_layer(network), _by_layer(other)
    kept: dict[int, str] = {}
    for number, slots in own.items():
        difference = _difference(slots, theirs.get(number, []))
        if not difference:
            for name in slots:
                network.weights[name.name][...] = other.weights[name.name]
            continue
        if not network.layers[number].trainable:
            raise ConfigurationError(
                f"layer {number} ({network.layers[number]}) is frozen and can take no weights from {source.path}: "
                f"{difference}"
            )
        kept[number] = f"layer {number} ({network.layers[number]}) begins anew: {difference}"
    if len(kept) == len(own):
        first = next(iter(kept.values()), "it has no weights").partition(": ")[2]
        raise ConfigurationError(f"no layer of the network can take weights from {source.path}: {first}")
    return list(kept.values())


def _by_layer(network: Network) -> dict[int, list[Slot]]:
    """The arrays of each layer that has any, by its number."""
    layers: dict[int, list[Slot]] = {}
    for slot in network.layout:
        layers.setdefault(int(slot.name.partition(".")[0]), []).append(slot)
    return layers


def _difference(own: list[Slot], theirs: list[Slot]) -> str:
    """What keeps one layer's arrays from being another's; empty when nothing does."""
    shapes = {slot.name: slot.shape for slot in theirs}
    for slot in own:
        name = slot.name.partition(".")[2]
        if slot.name not in shapes:
            return f"there is no {name} in that layer there"
        if shapes[slot.name] != slot.shape:
            ours, others = ("×".join(map(str, shape)) for shape in (slot.shape, shapes[slot.name]))
            return f"its {name} is {ours}, and {others} there"
    return "" if len(own) == len(theirs) else "the layer there has more arrays"
