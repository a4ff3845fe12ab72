"""A neuron as a function of one number, and what becomes of it in series and in parallel."""

from scenes.wiring.scene import Wiring

__all__ = ["Wiring"]
