"""Deeper networks see better, up to where training fails: from the literature, and measured."""

from scenes.depth.scene import Depth

__all__ = ["Depth"]
