"""What an answer costs: multiplications and parameters, layer by layer, and for pictures that are larger."""

from scenes.cost.scene import Cost

__all__ = ["Cost"]
