"""The layers, and the registry from which networks, the command line and the tests take them."""

from __future__ import annotations

from typing import Any

from engine.errors import ConfigurationError, nearest
from engine.layers.base import Layer, Operation, Parameter, Shape
from engine.layers.dense import Dense

LAYERS: dict[str, type[Layer]] = {layer.name: layer for layer in (Dense,)}

__all__ = ["LAYERS", "Dense", "Layer", "Operation", "Parameter", "Shape", "layer_from_config"]


def layer_from_config(config: dict[str, Any]) -> Layer:
    """Build a layer from its settings, such as ``{"type": "dense", "units": 2, "activation": "tanh"}``.

    Raises
    ------
    ConfigurationError
        For an unknown type (with the nearest known ones), or a setting that the layer does not have.
    """
    settings = dict(config)
    kind = settings.pop("type", None)
    if kind not in LAYERS:
        raise nearest("layer", kind, LAYERS)
    try:
        return LAYERS[kind](**settings)
    except TypeError:
        known = list(LAYERS[kind].__dataclass_fields__)  # type: ignore[attr-defined]
        raise ConfigurationError(
            f"layer {kind!r} cannot be made from the settings {', '.join(settings) or '(none)'}: "
            f"it takes {', '.join(known)}"
        ) from None
