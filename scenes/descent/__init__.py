"""How a network is trained: downhill, over a landscape of losses."""

from scenes.descent.scene import Descent

__all__ = ["Descent"]
