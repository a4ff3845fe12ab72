"""Scene `weights`: the weights of the first layer as images that form over training, one close up, and the others."""

from scenes.weights.scene import Weights

__all__ = ["Weights"]
