"""One example through a whole training: its answers, its path, its place among all others, and the hardest ones."""

from scenes.journey.scene import Journey

__all__ = ["Journey"]
