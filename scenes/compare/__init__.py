"""Two or three trainings side by side, on one counter."""

from scenes.compare.scene import Compare

__all__ = ["Compare"]
