"""Too simple, right, too complex; and what is done against learning noise by heart."""

from scenes.overfit.scene import Overfit

__all__ = ["Overfit"]
