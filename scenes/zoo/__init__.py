"""The architectures that can be trained here, as one family of diagrams."""

from scenes.zoo.scene import Zoo

__all__ = ["Zoo"]
