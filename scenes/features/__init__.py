"""Scene `features`: what the layers of a network of images look for, and which pixels decide."""

from scenes.features.scene import Features

__all__ = ["Features"]
