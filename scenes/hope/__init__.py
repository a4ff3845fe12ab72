"""Scene `hope`: what one hopes the layers of a network look for, on an image taken apart."""

from scenes.hope.scene import Hope

__all__ = ["Hope"]
