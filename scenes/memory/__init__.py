"""Networks that remember: a state that is carried along, gates that guard it, and how far a forecast holds."""

from scenes.memory.scene import Memory

__all__ = ["Memory"]
