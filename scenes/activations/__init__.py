"""What activation functions are for: their slopes, and why layers need them."""

from scenes.activations.scene import Activations

__all__ = ["Activations"]
