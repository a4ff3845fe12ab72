"""The loss around a large network."""

from scenes.landscape.scene import Landscape

__all__ = ["Landscape"]
