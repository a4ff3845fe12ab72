"""Scene `backprop`: one example, one step of gradient descent, with all its numbers."""

from scenes.backprop.scene import Backprop

__all__ = ["Backprop"]
