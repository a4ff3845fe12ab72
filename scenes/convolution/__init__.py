"""Scene `convolution`: a filter that slides over an image, and what whole networks make of it."""

from scenes.convolution.scene import Convolution

__all__ = ["Convolution"]
