"""Features that were learned for one task serve another: the last layer is cut off, and a new one learns."""

from scenes.reuse.scene import Reuse

__all__ = ["Reuse"]
