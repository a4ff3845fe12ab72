"""The picture that it all is made for: a network bends the plane until a straight line will do."""

from scenes.warp.scene import Warp

__all__ = ["Warp"]
