"""Scene `perceptron`: one neuron that fires or doesn't, and the rule by which it learns a line."""

from scenes.perceptron.scene import Perceptron

__all__ = ["Perceptron"]
