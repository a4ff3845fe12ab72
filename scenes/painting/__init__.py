"""Mobjects that paint themselves into the frame with Numba, and the cameras that let them."""
