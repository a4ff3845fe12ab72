"""Autoencoders: images squeezed through two numbers, and what the two numbers mean."""

from scenes.code.scene import Code

__all__ = ["Code"]
